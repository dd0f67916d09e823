//! How does a message get to a chat once, whatever Telegram and the network say?
//!
//! What was refused for a while is sent again: after the seconds a 429 names, after a growing wait where the network or
//! the server failed. An edit may be sent twice without harm; a new message may not, and where its answer was lost,
//! `lost` looks for the one that may be there.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use teloxide::payloads::setters::*;
use teloxide::payloads::{AnswerCallbackQuery, DeleteMessage, EditMessageText, SendChatAction, SendMessage};
use teloxide::types::{
    CallbackQueryId, ChatAction, ChatId, InlineKeyboardMarkup, LinkPreviewOptions, MessageId, ParseMode,
};
use tokio::time::Instant;

use super::html::{Part, shortened};
use super::pace::Pace;
use super::wire::{Fault, Sent, Wire};

/// Chats whose messages are remembered; strangers who write to a public bot are many.
const CHATS: usize = 1000;
/// Ids of our messages that are remembered a chat.
const REMEMBERED: usize = 200;
/// UTF-16 units of a picture's caption.
pub(super) const CAPTION: usize = 1_024;
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

    /// The highest message id that Telegram told.
    pub(super) fn highest(&self) -> i32 {
        self.book().highest
    }

    /// Asks until Telegram says yes or no. A 429 holds the chat for as long as it names; where the network or the server
    /// fails, each wait is twice the one before, up to [`Pace::longest_wait`]. That has no end of its own: `/cancel` and
    /// the end of the process drop it, and what was to be said is in its letter.
    pub(super) async fn until_heard<R, F: Future<Output = Result<R, Fault>>>(
        &self,
        chat: Option<ChatId>,
        ask: impl Fn() -> F,
    ) -> Result<R, Fault> {
        let mut failures = 0;
        loop {
            if let Some(chat) = chat {
                self.free(chat).await;
            }
            match (ask().await, chat) {
                (Err(Fault::Wait(wait)), Some(chat)) => self.hold(chat, wait),
                (Err(Fault::Wait(wait)), None) => tokio::time::sleep(wait).await,
                (Err(Fault::Down { .. }), _) => {
                    tokio::time::sleep(self.pace.wait(failures)).await;
                    failures += 1;
                }
                (heard, _) => return heard,
            }
        }
    }

    /// Makes a message and gives back its id; a refusal is one for good.
    pub(super) async fn create(
        &self,
        chat: ChatId,
        body: Body<'_>,
        keyboard: Option<&InlineKeyboardMarkup>,
    ) -> Result<i32, Fault> {
        let known = self.highest();
        let doubtful = AtomicBool::new(false);
        let once = async |plain: bool| {
            let sent = self.send(chat, &body, keyboard, plain).await;
            if matches!(sent, Err(Fault::Down { unheard: false, .. })) {
                doubtful.store(true, Ordering::Relaxed);
            }
            sent
        };
        let id = match self.until_heard(Some(chat), || once(false)).await {
            // Our HTML is well-formed; should Telegram think otherwise, the words go without looks.
            Err(fault) if fault.is_of_html() && matches!(body, Body::Text(_)) => {
                self.until_heard(Some(chat), || once(true)).await?.message_id
            }
            sent => sent?.message_id,
        };
        self.remember(chat, id);
        if doubtful.into_inner() {
            self.delete_double(chat, known, id, &body).await;
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
        let once = async || {
            tokio::time::sleep_until(self.edit_at(chat)).await;
            self.try_edit(chat, id, part, keyboard).await
        };
        self.until_heard(Some(chat), once).await
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
                Err(fault) if fault.is_of_html() && !plain => {
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
        let delete = DeleteMessage::new(chat, MessageId(id));
        self.until_heard(Some(chat), || self.wire.call::<_, bool>(&delete)).await.map(|_| ())
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
        let heard = self.until_heard(None, || self.wire.call::<_, bool>(&answer));
        if let Ok(Err(fault)) = tokio::time::timeout(self.pace.second * 60, heard).await {
            tracing::info!(%fault, "the press of a button was not answered");
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

    /// Takes note of a message of ours.
    pub(super) fn remember(&self, chat: ChatId, id: i32) {
        self.seen(id);
        let mut book = self.book();
        if book.chats.len() >= CHATS {
            let now = Instant::now();
            let waits = |at: Option<Instant>| at.is_some_and(|at| at > now);
            book.chats.retain(|other, known| *other == chat || waits(known.held) || waits(known.next_edit));
        }
        let chat = book.chats.entry(chat).or_default();
        chat.ours.push_back(id);
        let surplus = chat.ours.len().saturating_sub(REMEMBERED);
        chat.ours.drain(..surplus);
    }

    /// Whether it is one of ours that we know of.
    pub(super) fn is_known(&self, chat: ChatId, id: i32) -> bool {
        self.book().chats.get(&chat).is_some_and(|chat| chat.ours.contains(&id))
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
