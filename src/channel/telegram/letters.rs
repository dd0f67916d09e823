//! What was read and is not answered yet?
//!
//! Telegram forgets an update once the next request names a later one. So each batch is written down, with the numbers
//! of its updates, before that: a question survives the end of the process, and one that Telegram sends again is known.
//! What is written of a letter follows its answer: the turn that makes it, and the messages that are there already.

use serde::{Deserialize, Serialize};

use super::allow::CHANNEL;
use crate::domain::{Lang, Principal};
use crate::store::Record;

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
    /// Where the answer goes.
    pub chat: i64,
    /// Whose it is.
    pub principal: Principal,
    /// What is wanted.
    pub wish: Wish,
    /// The language their Telegram is set to.
    pub lang: Lang,
    /// Conversation and turn of the answer, once it is begun.
    pub turn: Option<(String, u32)>,
    /// Ids of the answer's messages that are there.
    pub sent: Vec<i32>,
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
