//! Is a message there whose id nobody wrote down?
//!
//! A lost answer does not tell whether the message is there. Ids of a bot's private chats are counted together, and a
//! bot can edit only its own messages; so the ids behind the last one known before are tried with an edit to what the
//! message says, and one of ours that nobody knows is it. In the process that sent it, it is the doubled one of a retry and is
//! deleted; a process that comes after the one that sent it goes on with it.

use std::borrow::Cow;

use teloxide::types::{ChatId, InlineKeyboardMarkup};

use super::html::{Part, Rich, shortened};
use super::post::{Body, CAPTION, Post};
use super::wire::Fault;

/// Ids that are tried.
const TRIED: i32 = 10;

impl Post {
    /// The message with this body that an earlier process may have sent when `after` was the highest id it knew. Only a
    /// message of ours takes an edit; those of the same answer (`others`) are another part of it, and of other answers
    /// there are none, since a mailbox answers one letter at a time.
    pub(super) async fn find(
        &self,
        chat: ChatId,
        after: i32,
        others: &[i32],
        body: &Body<'_>,
        keyboard: Option<&InlineKeyboardMarkup>,
    ) -> Result<Option<i32>, Fault> {
        let stand_in = stand_in(body);
        let Some(part) = stand_in.as_ref() else { return Ok(None) };
        let mut found = None;
        for id in after.saturating_add(1)..=after.saturating_add(TRIED) {
            if others.contains(&id) || self.is_known(chat, id) {
                continue;
            }
            match self.until_heard(Some(chat), || self.try_edit(chat, id, part, keyboard)).await {
                Err(fault) if fault.gone() => return Err(fault),
                Err(fault) if !(fault.is_of_picture() && matches!(body, Body::Photo { .. })) => {}
                _ if found.is_none() => {
                    self.remember(chat, id);
                    found = Some(id);
                }
                // That process had sent it twice.
                _ => drop(self.delete(chat, id).await),
            }
        }
        Ok(found)
    }

    /// Takes away what a retry has doubled: a message of ours between the highest id known before and its own.
    pub(super) async fn delete_double(&self, chat: ChatId, known: i32, id: i32, body: &Body<'_>) {
        // Before anything was seen of the chats, an id says nothing about what came before it.
        if known == 0 {
            return;
        }
        for double in (id.saturating_sub(TRIED).max(known + 1)..id).rev() {
            if !self.is_known(chat, double) && self.is_double(chat, double, body).await {
                tracing::info!("a message that was there twice is deleted");
                // Deleted or not to be deleted: there is nothing more to do about it.
                let _ = self.delete(chat, double).await;
            }
        }
    }

    /// Whether this id is a message of ours: only then does Telegram take an edit, or find nothing to change.
    async fn is_double(&self, chat: ChatId, id: i32, body: &Body<'_>) -> bool {
        let Some(part) = stand_in(body) else { return false };
        self.edit(chat, id, &part, None).await.map_or_else(|fault| fault.is_of_picture(), |()| true)
    }
}

/// What a message is edited to, to learn whether it is ours. A picture's text cannot be edited, and Telegram says so in
/// other words than of a message not ours; of an empty text it would say that it is empty.
fn stand_in<'a>(body: &Body<'a>) -> Option<Cow<'a, Part>> {
    match body {
        Body::Text(part) => Some(Cow::Borrowed(*part)),
        Body::Photo { caption, .. } => {
            let text = shortened(caption, CAPTION);
            let some = if text.trim().is_empty() { "–" } else { text.as_str() };
            Rich::from(some).parts().into_iter().next().map(Cow::Owned)
        }
    }
}
