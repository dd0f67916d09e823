//! What does an answer look like in a chat?
//!
//! Text first, tables behind it, then pictures whose caption is their text alternative; what can be chosen or asked next
//! as buttons under the last message. While sentences still come, only the text is shown.

use teloxide::types::InlineKeyboardMarkup;

use super::button::{Button, keyboard};
use super::html::{Part, Rich, Style};
use super::post::Body;
use super::table;
use crate::agent::{Event, Picture};
use crate::domain::{Lang, Table};
use crate::prompts::Prompts;
use crate::render::{Templates, chart};

/// An answer as its events tell it.
#[derive(Default)]
pub(super) struct Sheet {
    /// The question of a button, which leaves no trace in the chat by itself.
    pressed: Option<String>,
    text: String,
    tables: Vec<Table>,
    pictures: Vec<Picture>,
    choices: Vec<String>,
    next: Vec<String>,
    /// Turn and language, once they are known.
    done: Option<(u32, Lang)>,
    /// Whether the agent has come to its end.
    over: bool,
}

/// One message of it.
pub(super) enum Note {
    Text(Part),
    Photo { png: Vec<u8>, caption: String },
}

impl Note {
    pub(super) fn is_picture(&self) -> bool {
        matches!(self, Self::Photo { .. })
    }

    /// As it is sent.
    pub(super) fn body(&self) -> Body<'_> {
        match self {
            Self::Text(part) => Body::Text(part),
            Self::Photo { png, caption } => Body::Photo { png, caption },
        }
    }

    /// What an edit could change of it.
    pub(super) fn html(&self) -> String {
        match self {
            Self::Text(part) => part.html.clone(),
            Self::Photo { .. } => String::new(),
        }
    }
}

impl Sheet {
    /// A question's answer, before anything is known of it.
    pub(super) fn of_question(text: &str, pressed: bool) -> Self {
        Self { pressed: pressed.then(|| text.to_owned()), ..Self::default() }
    }

    /// A short text of ours.
    pub(super) fn saying(text: String) -> Self {
        Self { text, ..Self::default() }
    }

    /// Takes an event; whether more of the text can be shown now.
    pub(super) fn take(&mut self, event: Event) -> bool {
        match event {
            Event::Text(text) => {
                self.text.push_str(&text);
                return true;
            }
            Event::Failed(text) => {
                self.over = true;
                self.text = text;
                return true;
            }
            Event::Table(table) => self.tables.push(table),
            Event::Chart(picture) => self.pictures.push(*picture),
            Event::Choices(choices) => self.choices = choices,
            Event::Next(next) => self.next = next,
            Event::Done(answer) => {
                self.over = true;
                self.text = answer.text;
                self.done = Some((answer.turn, answer.language));
            }
            Event::Status(_) | Event::ToolStarted { .. } | Event::ToolFinished { .. } => {}
        }
        false
    }

    /// Whether all of it is known: the agent has answered, or said why not.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// The answer's language.
    pub(super) fn lang(&self) -> Lang {
        self.done.map_or_else(|| Lang::of(&self.text), |(_, lang)| lang)
    }

    fn words(&self) -> Rich {
        let mut rich = Rich::default();
        if let Some(question) = &self.pressed {
            rich.push(Style::Bold, question);
            rich.push(Style::Plain, "\n");
        }
        rich.push(Style::Plain, self.text.trim());
        rich
    }

    /// The text so far.
    pub(super) fn draft(&self) -> Vec<Note> {
        if self.text.trim().is_empty() { Vec::new() } else { notes(&self.words()) }
    }

    /// The whole answer.
    pub(super) async fn whole(self, templates: &std::sync::Arc<Templates>, prompts: &Prompts) -> Vec<Note> {
        let lang = self.lang();
        let mut rich = self.words();
        for rows in &self.tables {
            rich.push(Style::Plain, "\n\n");
            table::add(&mut rich, prompts, rows, lang);
        }
        let mut notes = notes(&rich);
        for picture in self.pictures {
            let templates = templates.clone();
            let caption = picture.alt.clone();
            let png =
                tokio::task::spawn_blocking(move || png(&picture, &templates, lang)).await.ok().flatten();
            match png {
                Some(png) => notes.push(Note::Photo { png, caption }),
                // What the picture would have said can be read.
                None => notes.extend(self::notes(&Rich::from(caption.as_str()))),
            }
        }
        notes
    }

    /// The buttons under it.
    pub(super) fn keyboard(&self, conversation: u32) -> Option<InlineKeyboardMarkup> {
        let (turn, _) = self.done?;
        let choices = self
            .choices
            .iter()
            .enumerate()
            .map(|(index, label)| (label, Button::Choice { conversation, turn, index }));
        let next = self
            .next
            .iter()
            .enumerate()
            .map(|(index, label)| (label, Button::Next { conversation, turn, index }));
        keyboard(choices.chain(next))
    }
}

fn notes(rich: &Rich) -> Vec<Note> {
    rich.parts().into_iter().filter(|part| !part.is_blank()).map(Note::Text).collect()
}

/// The picture's file, or the picture drawn again where there is none.
fn png(picture: &Picture, templates: &Templates, lang: Lang) -> Option<Vec<u8>> {
    if let Some(bytes) = picture.path.as_ref().and_then(|path| std::fs::read(path).ok()) {
        return Some(bytes);
    }
    match chart::png(&picture.draw(templates, lang).svg) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            tracing::warn!(%error, "a picture could not be drawn");
            None
        }
    }
}
