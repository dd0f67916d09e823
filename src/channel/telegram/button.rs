//! What does a button stand for?
//!
//! A button's data are at most 64 bytes, so it names the place of what it stands for: the conversation, the turn whose
//! answer offered it, and which of the offers. A press on an older answer's button is told from one that counts.

use teloxide::types::{InlineKeyboardButton, InlineKeyboardMarkup};

use super::html::shortened;

/// UTF-16 units of a button's label; what is longer no telephone shows.
const LABEL: usize = 120;

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Button {
    /// A sample question of `/start`.
    Sample { index: usize },
    /// A choice offered by the answer of this turn.
    Choice { conversation: u32, turn: u32, index: usize },
    /// A follow-up question offered by the answer of this turn.
    Next { conversation: u32, turn: u32, index: usize },
}

impl Button {
    pub(super) fn data(self) -> String {
        match self {
            Self::Sample { index } => format!("s:{index}"),
            Self::Choice { conversation, turn, index } => format!("c:{conversation}:{turn}:{index}"),
            Self::Next { conversation, turn, index } => format!("n:{conversation}:{turn}:{index}"),
        }
    }

    pub(super) fn parse(data: &str) -> Option<Self> {
        let mut parts = data.split(':');
        let kind = parts.next()?;
        let numbers = parts.map(|part| part.parse().ok()).collect::<Option<Vec<u32>>>()?;
        match (kind, numbers.as_slice()) {
            ("s", [index]) => Some(Self::Sample { index: usize::try_from(*index).ok()? }),
            ("c", [conversation, turn, index]) => Some(Self::Choice {
                conversation: *conversation,
                turn: *turn,
                index: usize::try_from(*index).ok()?,
            }),
            ("n", [conversation, turn, index]) => Some(Self::Next {
                conversation: *conversation,
                turn: *turn,
                index: usize::try_from(*index).ok()?,
            }),
            _ => None,
        }
    }
}

/// One button a line; `None` without any.
pub(super) fn keyboard<'a>(
    buttons: impl IntoIterator<Item = (&'a String, Button)>,
) -> Option<InlineKeyboardMarkup> {
    let rows: Vec<Vec<InlineKeyboardButton>> = buttons
        .into_iter()
        .filter(|(label, _)| !label.trim().is_empty())
        .map(|(label, button)| vec![InlineKeyboardButton::callback(shortened(label, LABEL), button.data())])
        .collect();
    (!rows.is_empty()).then(|| InlineKeyboardMarkup::new(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_short_and_read_back() {
        let most = u32::MAX;
        for button in [
            Button::Sample { index: 2 },
            Button::Choice { conversation: most, turn: most, index: 9 },
            Button::Next { conversation: 1, turn: most, index: 0 },
        ] {
            assert!(button.data().len() <= 64);
            assert_eq!(Button::parse(&button.data()), Some(button));
        }
        for data in ["", "x:1:2:3", "c:1:2", "n:-1:2:3", "s:", "c:1:2:3:4", "n:99999999999:1:1"] {
            assert_eq!(Button::parse(data), None, "{data}");
        }
    }
}
