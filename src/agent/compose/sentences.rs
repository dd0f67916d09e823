//! Where does a sentence end, and may it be shown?

use crate::agent::claims;
use crate::agent::ledger::Ledger;

/// The sentences that pass both checks, as they stood; what was kept back is noted.
pub(in crate::agent) fn checked(
    text: &str,
    ledger: &Ledger,
    acted: bool,
    withheld: &mut Vec<String>,
) -> String {
    let mut kept = String::new();
    for (sentence, tail) in sentences(text) {
        let number = ledger.check(sentence).map_err(|violation| violation.to_string());
        let claim = claims::check(sentence, acted).map_err(|claim| claim.to_string());
        match number.and(claim) {
            Ok(()) => {
                kept.push_str(sentence);
                kept.push_str(tail);
            }
            Err(why) => {
                tracing::warn!(why, "a sentence was kept back");
                withheld.push(why);
            }
        }
    }
    kept.trim().to_owned()
}

/// Whether a text names an address: no sentence of ours sends anybody anywhere.
pub(in crate::agent) fn has_address(text: &str) -> bool {
    ["://", "www."].iter().any(|mark| text.contains(mark))
}

/// Sentences with the blanks and line ends behind them; a list's line is one sentence, its ordinal included.
pub fn sentences(text: &str) -> Vec<(&str, &str)> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let at = |index: usize| chars.get(index).map_or('\0', |(_, c)| *c);
    let offset = |index: usize| chars.get(index).map_or(text.len(), |(offset, _)| *offset);
    let mut found = Vec::new();
    let (mut start, mut index) = (0, 0);
    while index < chars.len() {
        let c = at(index);
        let mut end = index + 1;
        let closing = matches!(c, '。' | '！' | '？' | '!' | '?')
            || (c == '.' && matches!(at(index + 1), ' ' | '\n' | '\0') && !ordinal(&chars, start, index));
        if !closing && c != '\n' {
            index += 1;
            continue;
        }
        if c == '\n' {
            end = index;
        } else {
            while matches!(at(end), '"' | '”' | '’' | ')' | '）' | '」') {
                end += 1;
            }
        }
        let mut tail = end;
        while matches!(at(tail), ' ' | '\n') {
            tail += 1;
        }
        let (from, middle, to) = (offset(start), offset(end), offset(tail));
        if let (Some(sentence), Some(blank)) = (text.get(from..middle), text.get(middle..to)) {
            found.push((sentence, blank));
        }
        start = tail;
        index = tail.max(index + 1);
    }
    if let Some(rest) = text.get(offset(start)..).filter(|rest| !rest.is_empty()) {
        found.push((rest, ""));
    }
    found
}

/// Whether the full stop at `index` ends nothing but a list's number.
fn ordinal(chars: &[(usize, char)], start: usize, index: usize) -> bool {
    chars
        .get(start..index)
        .is_some_and(|head| !head.is_empty() && head.iter().all(|(_, c)| c.is_ascii_digit() || *c == ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_keep_decimals_ordinals_and_line_ends() {
        let text = "Revenue was €93.36. Fine (really.) Yes!\n1. Emma: €12.\n2. Liam\n\n净额€8.4万。好";
        let parts = sentences(text);
        let only: Vec<&str> = parts.iter().map(|(sentence, _)| *sentence).collect();
        assert_eq!(
            only,
            ["Revenue was €93.36.", "Fine (really.) Yes!", "1. Emma: €12.", "2. Liam", "净额€8.4万。", "好"]
        );
        let whole: String = parts.iter().flat_map(|(sentence, tail)| [*sentence, *tail]).collect();
        assert_eq!(whole, text);
    }

    #[test]
    fn our_own_messages_claim_no_action() {
        for (key, en, zh) in crate::prompts::Prompts::load().unwrap().messages() {
            for (sentence, _) in [en, zh].into_iter().flat_map(sentences) {
                assert_eq!(claims::check(sentence, false), Ok(()), "{key}");
            }
        }
    }
}
