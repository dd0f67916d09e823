//! How does a message get to a chat once, whatever Telegram and the network say?
//!
//! What was refused for a while is sent again: after the seconds a 429 names, after a growing wait where the network or
//! the server failed. An edit may be sent twice without harm. A new message may not, and a lost answer does not tell
//! whether it is there. So after a retry that made message N the ids between the last one known before and N are tried:
//! ids of a bot's private chats are counted together, a bot can edit only its own messages, and one of ours that nobody
//! knows is the doubled one, which is deleted.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use teloxide::payloads::setters::*;
use teloxide::payloads::{AnswerCallbackQuery, DeleteMessage, EditMessageText, SendChatAction, SendMessage};
use teloxide::types::{
    CallbackQueryId, ChatAction, ChatId, InlineKeyboardMarkup, LinkPreviewOptions, MessageId, ParseMode,
};
use tokio::time::Instant;

use super::html::{Part, Rich, shortened};
use super::pace::Pace;
use super::wire::{Fault, Sent, Wire};

/// Ids of our messages that are remembered a chat.
const REMEMBERED: usize = 200;
/// Ids that are tried for a doubled message.
const TRIED: i32 = 10;
/// UTF-16 units of a picture's caption.
const CAPTION: usize = 1_024;
/// Characters of what a press of a button answers.
const TOAST: usize = 200;

/// What becomes a message.
#[derive(Clone, Debug)]
pub(super) enum Body<'a> {
    Text(&'a Part),
    Photo { png: &'a [u8], caption: &'a str },
}

/// The way to all chats.
pub(super) struct Post {
    pub(super) wire: Wire,
    pub(super) pace: Pace,
    // std mutex: nothing awaits while it is held
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    /// The highest message id known of any chat.
    highest: i32,
    chats: HashMap<ChatId, Chat>,
}

#[derive(Default)]
struct Chat {
    /// Nothing goes there before.
    held: Option<Instant>,
    /// No edit goes there before.
    next_edit: Option<Instant>,
    ours: VecDeque<i32>,
}

impl Post {
    pub(super) fn new(wire: Wire, pace: Pace) -> Self {
        Self { wire, pace, book: Mutex::default() }
    }

    /// Takes note of a message's id that Telegram told.
    pub(super) fn seen(&self, id: i32) {
        let mut book = self.book();
        book.highest = book.highest.max(id);
    }

    /// Makes a message and gives back its id; a refusal is one for good.
    pub(super) async fn create(
        &self,
        chat: ChatId,
        body: Body<'_>,
        keyboard: Option<&InlineKeyboardMarkup>,
    ) -> Result<i32, Fault> {
        let known = self.book().highest;
        let mut doubtful = false;
        let mut plain = false;
        let mut failures = 0;
        let id = loop {
            self.free(chat).await;
            match self.send(chat, &body, keyboard, plain).await {
                Ok(sent) => break sent.message_id,
                Err(Fault::Wait(wait)) => self.hold(chat, wait),
                Err(Fault::Down { unheard, why }) => {
                    tracing::warn!(why, "a message did not go through; it is sent again");
                    doubtful |= !unheard;
                    tokio::time::sleep(self.pace.wait(failures)).await;
                    failures += 1;
                }
                // Our HTML is well-formed; should Telegram think otherwise, the words go without looks.
                Err(fault) if fault.says("can't parse") && !plain && matches!(body, Body::Text(_)) => {
                    plain = true
                }
                Err(fault) => return Err(fault),
            }
        };
        let ours = |book: &mut Book| {
            let chat = book.chats.entry(chat).or_default();
            chat.ours.push_back(id);
            let surplus = chat.ours.len().saturating_sub(REMEMBERED);
            chat.ours.drain(..surplus);
        };
        ours(&mut self.book());
        self.seen(id);
        // Before anything was seen of the chats, an id says nothing about what came before it.
        if doubtful && known > 0 {
            for double in (id.saturating_sub(TRIED).max(known + 1)..id).rev() {
                let mine = self.book().chats.get(&chat).is_some_and(|chat| chat.ours.contains(&double));
                if !mine && self.is_double(chat, double, &body).await {
                    tracing::info!("a message that was there twice is deleted");
                    // Deleted or not to be deleted: there is nothing more to do about it.
                    let _ = self.delete(chat, double).await;
                }
            }
        }
        Ok(id)
    }

    /// Changes a message's text; tries until it is done or refused for good.
    pub(super) async fn edit(
        &self,
        chat: ChatId,
        id: i32,
        part: &Part,
        keyboard: Option<&InlineKeyboardMarkup>,
    ) -> Result<(), Fault> {
        let mut failures = 0;
        loop {
            tokio::time::sleep_until(self.edit_at(chat)).await;
            match self.try_edit(chat, id, part, keyboard).await {
                Err(Fault::Wait(_)) => {}
                Err(Fault::Down { .. }) => {
                    tokio::time::sleep(self.pace.wait(failures)).await;
                    failures += 1;
                }
                done => return done,
            }
        }
    }

    /// When the next edit may go.
    pub(super) fn edit_at(&self, chat: ChatId) -> Instant {
        let book = self.book();
        let chat = book.chats.get(&chat);
        let both = chat.into_iter().flat_map(|chat| [chat.held, chat.next_edit]);
        both.flatten().max().unwrap_or_else(Instant::now)
    }

    /// The same, once.
    pub(super) async fn try_edit(
        &self,
        chat: ChatId,
        id: i32,
        part: &Part,
        keyboard: Option<&InlineKeyboardMarkup>,
    ) -> Result<(), Fault> {
        let mut plain = false;
        loop {
            self.book().chats.entry(chat).or_default().next_edit = Some(Instant::now() + self.pace.edit_gap);
            let text = if plain { &part.plain } else { &part.html };
            let mut edit = EditMessageText::new(chat, MessageId(id), text).link_preview_options(no_preview());
            edit.parse_mode = (!plain).then_some(ParseMode::Html);
            edit.reply_markup = keyboard.cloned();
            match self.wire.call::<_, serde_json::Value>(&edit).await {
                Ok(_) => return Ok(()),
                Err(fault) if fault.says("message is not modified") => return Ok(()),
                Err(fault) if fault.says("can't parse") && !plain => {
                    plain = true;
                    tokio::time::sleep_until(self.edit_at(chat)).await;
                }
                Err(fault) => {
                    if let Fault::Wait(wait) = fault {
                        self.hold(chat, wait);
                    }
                    return Err(fault);
                }
            }
        }
    }

    /// Takes a message away; tries until it is gone or refused for good.
    pub(super) async fn delete(&self, chat: ChatId, id: i32) -> Result<(), Fault> {
        let mut failures = 0;
        loop {
            self.free(chat).await;
            match self.wire.call::<_, bool>(&DeleteMessage::new(chat, MessageId(id))).await {
                Err(Fault::Wait(wait)) => self.hold(chat, wait),
                Err(Fault::Down { .. }) => {
                    tokio::time::sleep(self.pace.wait(failures)).await;
                    failures += 1;
                }
                done => return done.map(|_| ()),
            }
        }
    }

    /// "Typing", for five seconds; of no importance.
    pub(super) async fn typing(&self, chat: ChatId) {
        if self.book().chats.get(&chat).and_then(|chat| chat.held).is_none_or(|held| held <= Instant::now()) {
            let typing = SendChatAction::new(chat, ChatAction::Typing);
            if let Err(Fault::Wait(wait)) = self.wire.call::<_, bool>(&typing).await {
                self.hold(chat, wait);
            }
        }
    }

    /// Answers the press of a button, with words or without; after a minute Telegram wants no answer any more.
    pub(super) async fn toast(&self, query: CallbackQueryId, text: Option<&str>) {
        let mut answer = AnswerCallbackQuery::new(query);
        answer.text = text.map(|text| shortened(text, TOAST));
        answer.show_alert = text.map(|_| true);
        for failures in 0..6 {
            match self.wire.call::<_, bool>(&answer).await {
                Err(Fault::Wait(wait)) => tokio::time::sleep(wait).await,
                Err(Fault::Down { .. }) => tokio::time::sleep(self.pace.wait(failures)).await,
                Err(fault) => return tracing::info!(%fault, "the press of a button was not answered"),
                Ok(_) => return,
            }
        }
    }

    async fn send(
        &self,
        chat: ChatId,
        body: &Body<'_>,
        keyboard: Option<&InlineKeyboardMarkup>,
        plain: bool,
    ) -> Result<Sent, Fault> {
        match body {
            Body::Photo { png, caption } => {
                self.wire.photo(chat, png, &shortened(caption, CAPTION), keyboard).await
            }
            Body::Text(part) => {
                let text = if plain { &part.plain } else { &part.html };
                let mut message = SendMessage::new(chat, text).link_preview_options(no_preview());
                message.parse_mode = (!plain).then_some(ParseMode::Html);
                message.reply_markup = keyboard.cloned().map(Into::into);
                self.wire.call(&message).await
            }
        }
    }

    /// Whether this id is a message of ours: only then does Telegram take an edit, or find nothing to change.
    async fn is_double(&self, chat: ChatId, id: i32, body: &Body<'_>) -> bool {
        let caption;
        let part = match body {
            Body::Text(part) => *part,
            // A picture's text cannot be edited, and Telegram says so in other words than of a message not ours; of an
            // empty text it would say that it is empty.
            Body::Photo { caption: text, .. } => {
                let text = shortened(text, CAPTION);
                let some = if text.trim().is_empty() { "–" } else { text.as_str() };
                caption = Rich::from(some).parts().into_iter().next();
                let Some(caption) = &caption else { return false };
                caption
            }
        };
        match self.edit(chat, id, part, None).await {
            Ok(()) => true,
            Err(fault) => fault.says("no text in the message"),
        }
    }

    /// Waits until something may go to this chat.
    async fn free(&self, chat: ChatId) {
        loop {
            let held = self.book().chats.get(&chat).and_then(|chat| chat.held);
            match held.filter(|held| *held > Instant::now()) {
                Some(held) => tokio::time::sleep_until(held).await,
                None => return,
            }
        }
    }

    fn hold(&self, chat: ChatId, wait: Duration) {
        let until = Instant::now() + wait;
        let mut book = self.book();
        let chat = book.chats.entry(chat).or_default();
        chat.held = Some(chat.held.map_or(until, |held| held.max(until)));
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}
