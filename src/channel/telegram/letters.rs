//! What was read and is not answered yet?
//!
//! Telegram forgets an update once the next request names a later one. So each batch is written down, with the numbers
//! of its updates, before that: a question survives the end of the process, and one that Telegram sends again is known.
//! What is written of a letter follows its answer: the messages that are there already, and that one is being sent. A
//! letter is taken out once it is answered or cancelled; where its answer does not get through for good, its person is
//! told first.

use serde::{Deserialize, Serialize};

use super::allow::CHANNEL;
use crate::domain::{Lang, Principal};
use crate::store::{Record, Store, StoreError, off_thread};

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// `/start`
    Start,
    /// `/help`
    Help,
    /// `/new`
    New,
    /// A question, or `/why`.
    Ask {
        /// As typed, or as the button says it.
        text: String,
        /// Whether it came by a button, which leaves no trace in the chat.
        pressed: bool,
    },
    /// A command we do not have.
    Unknown,
    /// A picture, a voice, a file.
    NoText,
}

/// A message that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The bot's id, for update numbers are each bot's own.
    pub bot: u64,
    /// Telegram's number of the update.
    pub update: u32,
    /// The message it came as, or whose button was pressed: the answer's have higher ids.
    #[serde(default)]
    pub message: i32,
    /// Where the answer goes.
    pub chat: i64,
    /// Whose it is.
    pub principal: Principal,
    /// What is wanted.
    pub wish: Wish,
    /// The language their Telegram is set to.
    pub lang: Lang,
    /// Ids of the answer's messages that are there.
    pub sent: Vec<i32>,
    /// Those of them that are pictures.
    #[serde(default)]
    pub pictures: Vec<i32>,
    /// Set while a message is being sent: the highest message id known before. A process that ends before Telegram's
    /// answer is written down leaves it here, and the next one looks for the message behind that id.
    #[serde(default)]
    pub sending: Option<i32>,
}

impl Letter {
    /// What its question is known by: Telegram numbers each bot's updates.
    pub(super) fn name(&self) -> String {
        format!("{CHANNEL}:{}:{}", self.bot, self.update)
    }
}

impl Record for Letter {
    const TABLE: &'static str = "telegram_letter";
    const VERSION: u8 = 1;
    const JSON: bool = true;
    /// `channel 00 id 00 bot update`: the table is one of conversations, so that forgetting a person finds it.
    fn key(&self) -> Vec<u8> {
        let mut key = format!("{CHANNEL}\0{}\0", self.principal.id).into_bytes();
        key.extend(self.bot.to_be_bytes());
        key.extend(self.update.to_be_bytes());
        key
    }
}

/// The updates of the last batch, which Telegram may send again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The bot's id.
    pub bot: u64,
    /// Their numbers.
    pub updates: Vec<u32>,
}

impl Record for Batch {
    const TABLE: &'static str = "telegram_batch";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        self.bot.to_be_bytes().to_vec()
    }
}

/// Which conversation somebody is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// Whose it is.
    pub id: String,
    /// `/new` counts it up.
    pub number: u32,
    /// The language of their last answer.
    pub lang: Option<Lang>,
}

impl Talk {
    /// The conversation's id for the agent.
    pub fn conversation(&self) -> String {
        self.number.to_string()
    }
}

impl Record for Talk {
    const TABLE: &'static str = "telegram_talk";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        self.id.as_bytes().to_vec()
    }
}

/// Writes down what a batch has: the letters in it, and that those of people who cancelled are wanted no more.
pub(super) async fn take(
    store: &Store,
    batch: Batch,
    letters: Vec<Letter>,
    cancelled: Vec<Principal>,
) -> Result<(), StoreError> {
    let store = store.clone();
    off_thread(move || {
        store.update(|edit| {
            for open in store.scan::<Letter>().take_while(|_| !cancelled.is_empty()) {
                let open = open?;
                // By id: somebody's role may be another than when the letter was written.
                if open.bot == batch.bot && cancelled.iter().any(|who| who.id == open.principal.id) {
                    edit.delete::<Letter>(&open.key())?;
                }
            }
            letters.iter().try_for_each(|letter| edit.put(letter))?;
            edit.put(&batch)
        })
    })
    .await
}

/// Writes down how far a letter's answer is; one that was cancelled meanwhile stays out.
pub(super) async fn keep(store: &Store, letter: &Letter) -> Result<(), StoreError> {
    let (store, letter) = (store.clone(), letter.clone());
    off_thread(move || {
        // The edit reads before we look, so a letter that is taken out after the look makes a conflict.
        let mut edit = store.edit();
        edit.put(&letter)?;
        if store.get::<Letter>(&letter.key())?.is_none() {
            return Ok(());
        }
        match edit.commit() {
            Err(StoreError::Conflict) => Ok(()),
            done => done,
        }
    })
    .await
}

/// Takes out a letter that needs no answer any more.
pub(super) async fn settle(store: &Store, letter: &Letter) -> Result<(), StoreError> {
    let (store, key) = (store.clone(), letter.key());
    off_thread(move || store.delete::<Letter>(&key)).await
}
