//! Which of an answer's messages are there already?
//!
//! An answer is a row of messages. What is there is edited where it differs, what is not is sent, in order. Each new
//! message is written into the letter, so that an answer that a restart cut off goes on where it was.

use teloxide::types::{ChatId, InlineKeyboardMarkup};

use super::letters::{Letter, keep};
use super::post::{Body, Post};
use super::sheet::Note;
use super::wire::Fault;
use crate::store::{Store, StoreError};

/// An answer on its way.
pub(super) struct Delivery<'a> {
    pub(super) post: &'a Post,
    pub(super) store: &'a Store,
    pub(super) letter: Letter,
    /// What the messages show; `None` where that is not known, after a restart.
    shown: Vec<Option<String>>,
}

/// Why an answer does not get there.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the agent ended without an answer")]
    Unsaid,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(post: &'a Post, store: &'a Store, letter: Letter) -> Self {
        let shown = letter.sent.iter().map(|_| None).collect();
        Self { post, store, letter, shown }
    }

    pub(super) fn chat(&self) -> ChatId {
        ChatId(self.letter.chat)
    }

    /// Whether something is there to be edited.
    pub(super) fn begun(&self) -> bool {
        !self.letter.sent.is_empty()
    }

    /// Shows the text so far: new parts are sent, and one edit is made; whether more is to be edited.
    pub(super) async fn draft(&mut self, notes: &[Note]) -> Result<bool, Lost> {
        let chat = self.chat();
        let mut edited = false;
        for (index, note) in notes.iter().enumerate() {
            let Note::Text(part) = note else { break };
            match self.letter.sent.get(index).copied() {
                None => match self.create(note, None).await {
                    // The whole answer tries again, and says so where it is refused too.
                    Err(Lost::Fault(fault)) if !fault.gone() && !fault.is(401) => {
                        tracing::info!(%fault, "a draft could not be sent");
                        return Ok(false);
                    }
                    made => made?,
                },
                Some(_) if self.shows(index, &part.html) => {}
                Some(_) if edited => return Ok(true),
                Some(id) => {
                    edited = true;
                    match self.post.try_edit(chat, id, part, None).await {
                        Ok(()) => self.note(index, &part.html),
                        // What an edit of a draft did not do, the next one does.
                        Err(Fault::Wait(_) | Fault::Down { .. }) => return Ok(true),
                        Err(fault) => tracing::info!(%fault, "a draft could not be shown"),
                    }
                }
            }
        }
        Ok(false)
    }

    /// Makes the chat show the whole answer.
    pub(super) async fn whole(
        &mut self,
        notes: &[Note],
        keyboard: Option<&InlineKeyboardMarkup>,
    ) -> Result<(), Lost> {
        let chat = self.chat();
        // A draft that was longer leaves messages behind, one of before a restart perhaps a text where now a picture is.
        let right = notes.iter().zip(&self.letter.sent);
        let right =
            right.take_while(|(note, id)| note.is_picture() == self.letter.pictures.contains(id)).count();
        while self.letter.sent.len() > right {
            if let Some(id) = self.letter.sent.pop() {
                self.shown.pop();
                self.post.delete(chat, id).await.or_else(only_lost)?;
            }
        }
        for (index, note) in notes.iter().enumerate() {
            let keyboard = keyboard.filter(|_| index + 1 == notes.len());
            match (self.letter.sent.get(index).copied(), note) {
                (None, _) => self.create(note, keyboard).await?,
                (Some(_), Note::Photo { .. }) => {}
                (Some(_), Note::Text(part)) if keyboard.is_none() && self.shows(index, &part.html) => {}
                (Some(id), Note::Text(part)) => match self.post.edit(chat, id, part, keyboard).await {
                    Ok(()) => self.note(index, &part.html),
                    Err(fault) if fault.gone() => return Err(fault.into()),
                    Err(fault) => {
                        // Somebody deleted it, or it takes no edits: it comes again, at the end.
                        tracing::info!(%fault, "a message could not be edited and is sent again");
                        self.post.delete(chat, id).await.or_else(only_lost)?;
                        let id = self.post.create(chat, Body::Text(part), keyboard).await?;
                        if let Some(sent) = self.letter.sent.get_mut(index) {
                            *sent = id;
                        }
                        self.note(index, &part.html);
                        self.keep().await?;
                    }
                },
            }
        }
        Ok(())
    }

    /// Sends a message. Telegram has no key by which it would know a message that comes twice, so a process that is
    /// killed between its answer and our note of it cannot tell whether the message is there. Of the two mistakes we
    /// would rather say a thing twice than not at all, and make that rare: that a message is being sent is written down
    /// before, and the next process looks for it behind the ids known then, by an edit to what it says (which does
    /// nothing where it is there). Twice it stands only where ten messages of others came in between.
    async fn create(&mut self, note: &Note, keyboard: Option<&InlineKeyboardMarkup>) -> Result<(), Lost> {
        let chat = self.chat();
        let body = note.body();
        let lost = match self.letter.sending {
            Some(after) => self.post.find(chat, after, &self.letter.sent, &body, keyboard).await?,
            None => {
                self.letter.sending = Some(self.post.highest());
                self.keep().await?;
                None
            }
        };
        let mut picture = note.is_picture();
        let id = match lost {
            Some(id) => id,
            None => match (self.post.create(chat, body, keyboard).await, note) {
                (Err(fault), Note::Photo { caption, .. }) if !fault.gone() => {
                    tracing::warn!(%fault, "a picture was refused; its text goes instead");
                    picture = false;
                    let part = super::html::Rich::from(caption.as_str()).parts().into_iter().next();
                    self.post.create(chat, Body::Text(&part.unwrap_or_default()), keyboard).await?
                }
                (made, _) => made?,
            },
        };
        self.letter.sending = None;
        self.letter.sent.push(id);
        if picture {
            self.letter.pictures.push(id);
        }
        self.shown.push(Some(note.html()));
        Ok(self.keep().await?)
    }

    async fn keep(&self) -> Result<(), StoreError> {
        keep(self.store, &self.letter).await
    }

    fn shows(&self, index: usize, html: &str) -> bool {
        matches!(self.shown.get(index), Some(Some(shown)) if shown == html)
    }

    fn note(&mut self, index: usize, html: &str) {
        if let Some(shown) = self.shown.get_mut(index) {
            *shown = Some(html.to_owned());
        }
    }
}

fn only_lost(fault: Fault) -> Result<(), Fault> {
    if fault.gone() { Err(fault) } else { Ok(()) }
}
