//! How does a conversation go in Telegram?
//!
//! Long polling, by one process. `hear` tells what an update wants and from whom, before anything else happens; `desk`
//! has a mailbox a person and answers its letters; `sheet` is an answer as messages, `delivery` brings them into the
//! chat, `post` obeys Telegram's limits, `wire` is one request. teloxide's own dispatcher is not used: it would keep
//! `/cancel` waiting behind a running question.

mod allow;
mod button;
mod delivery;
mod desk;
mod hear;
pub mod html;
mod letters;
mod pace;
mod post;
mod sheet;
mod table;
mod wire;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};
use teloxide::payloads::setters::*;
use teloxide::payloads::{GetMe, GetUpdates, SetMyCommands};
use teloxide::types::{AllowedUpdate, BotCommand, ChatId, Update, UpdateKind};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use allow::{AllowError, AllowList};
pub use letters::{Batch, Letter, Talk, Wish};
pub use pace::Pace;

use delivery::blocking;
use desk::Desk;
use hear::{Heard, hear};
use post::Post;
use wire::{Fault, Wire};

use crate::agent::Agent;
use crate::domain::Lang;

/// Attempts to reach Telegram at the start, before somebody is told.
const TRIES: u32 = 5;
/// Refusals a chat is sent in a minute; who knocks more often hears nothing. A group hears one.
const REFUSALS: u32 = 5;

/// What the person who runs the bot sets.
#[derive(Clone)]
pub struct Settings {
    /// As BotFather gave it.
    pub token: String,
    /// Another Bot API server than Telegram's own.
    pub api: Option<String>,
    /// Who may ask.
    pub allow: AllowList,
    /// How long we wait.
    pub pace: Pace,
}

/// Why the bot stops.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("Telegram does not know the bot's token; set MERCATO_TELEGRAM_TOKEN to what BotFather gave")]
    Token,
    #[error(
        "another process asks Telegram for this bot's messages, and only one may; end it, or take another bot's token"
    )]
    Conflict,
    #[error(
        "Telegram sends this bot's messages to a web address; take that back first (deleteWebhook of the Bot API)"
    )]
    Webhook,
    #[error(
        "{0}; look at the network, or set MERCATO_TELEGRAM_API_URL to a Bot API server that can be reached"
    )]
    Unreachable(Fault),
}

/// Answers until `end` is cancelled, or Telegram will not have us. `ready` is told the bot's name.
pub async fn run(
    agent: Agent,
    settings: Settings,
    end: CancellationToken,
    ready: impl FnOnce(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let wire = Wire::new(&settings.token, settings.api.as_deref(), settings.pace)?;
    let (bot, name) = tokio::select! {
        biased;
        () = end.cancelled() => return Ok(()),
        known = who_are_we(&wire, settings.pace) => known?,
    };
    let desk = Desk::new(agent, Post::new(wire.clone(), settings.pace));
    let mut door = Door { desk: desk.clone(), wire, bot, settings, refused: HashMap::new() };
    door.menu();
    ready(&name)?;
    let done = door.open(&end).await;
    desk.close(door.settings.pace.grace).await;
    done
}

/// The bot's id and name.
async fn who_are_we(wire: &Wire, pace: Pace) -> anyhow::Result<(u64, String)> {
    #[derive(serde::Deserialize)]
    struct Me {
        id: u64,
        #[serde(default)]
        username: String,
    }
    let mut tries = 0;
    loop {
        match wire.call::<_, Me>(&GetMe::new()).await {
            Ok(me) => return Ok((me.id, me.username)),
            Err(fault) if fault.is(401) || fault.is(404) => return Err(Stopped::Token.into()),
            Err(Fault::Wait(wait)) => tokio::time::sleep(wait).await,
            Err(fault) if tries + 1 >= TRIES => return Err(Stopped::Unreachable(fault).into()),
            Err(_) => tokio::time::sleep(pace.wait(tries)).await,
        }
        tries += 1;
    }
}

/// Where updates come in.
struct Door {
    desk: Arc<Desk>,
    wire: Wire,
    bot: u64,
    settings: Settings,
    /// When a chat was first refused in the last minute, and how often.
    refused: HashMap<ChatId, (Instant, u32)>,
}

impl Door {
    async fn open(&mut self, end: &CancellationToken) -> anyhow::Result<()> {
        let mut known = self.wake().await?;
        let mut offset = None;
        let (mut failures, mut conflicts) = (0, 0);
        let mut bearable = self.settings.pace.conflicts;
        loop {
            let asked = self.updates(offset, self.settings.pace.poll_seconds);
            let batch = tokio::select! {
                biased;
                () = end.cancelled() => break,
                batch = asked => batch,
            };
            let wait = match batch {
                Ok(updates) => {
                    (failures, conflicts) = (0, 0);
                    bearable = self.settings.pace.conflicts * 4;
                    let next = updates.iter().map(|update| update.id.0).max();
                    let new: Vec<Update> =
                        updates.into_iter().filter(|update| !known.contains(&update.id.0)).collect();
                    if !new.is_empty() {
                        known = self.take(new).await?;
                    }
                    offset = next.map_or(offset, |next| Some(next.wrapping_add(1)));
                    continue;
                }
                Err(fault) if fault.is(401) || fault.is(404) => return Err(Stopped::Token.into()),
                Err(fault) if fault.is(409) && fault.says("webhook") => return Err(Stopped::Webhook.into()),
                Err(fault) if fault.is(409) => {
                    conflicts += 1;
                    if conflicts > bearable {
                        return Err(Stopped::Conflict.into());
                    }
                    tracing::warn!("another process asks Telegram for this bot's messages too");
                    self.settings.pace.second * 2
                }
                Err(Fault::Wait(wait)) => wait,
                Err(fault) => {
                    tracing::warn!(%fault, "no messages could be fetched; trying again");
                    failures += 1;
                    self.settings.pace.wait(failures - 1)
                }
            };
            tokio::select! {
                biased;
                () = end.cancelled() => break,
                () = tokio::time::sleep(wait) => {}
            }
        }
        if let Some(offset) = offset {
            // Confirms what was taken; where it fails, the numbers in the store tell what comes again.
            let _ = tokio::time::timeout(self.settings.pace.second, self.updates(Some(offset), 0)).await;
        }
        Ok(())
    }

    /// Letters that an earlier process did not answer; the numbers of its last updates.
    async fn wake(&self) -> anyhow::Result<Vec<u32>> {
        let (store, bot) = (self.desk.store().clone(), self.bot);
        let (letters, batch) = blocking(move || {
            let mut letters: Vec<Letter> = store.scan::<Letter>().collect::<Result<_, _>>()?;
            letters.retain(|letter| letter.bot == bot);
            letters.sort_by_key(|letter| letter.update);
            Ok((letters, store.get::<Batch>(&bot.to_be_bytes())?))
        })
        .await?;
        for letter in letters {
            // Who is no longer on the list, or as something else, gets no answer any more.
            let id = u64::try_from(letter.chat).unwrap_or_default();
            if self.settings.allow.principal(id).as_ref() == Some(&letter.principal) {
                self.desk.deliver(letter);
            } else {
                let (store, key) = (self.desk.store().clone(), crate::store::Record::key(&letter));
                blocking(move || store.delete::<Letter>(&key)).await?;
            }
        }
        Ok(batch.map(|batch| batch.updates).unwrap_or_default())
    }

    async fn updates(&self, offset: Option<u32>, seconds: u32) -> Result<Vec<Update>, Fault> {
        let mut request = GetUpdates::new()
            .timeout(seconds)
            .allowed_updates([AllowedUpdate::Message, AllowedUpdate::CallbackQuery]);
        request.offset = offset.and_then(|offset| i32::try_from(offset).ok());
        self.wire.call(&request).await
    }

    /// Takes a batch: letters are written down with the batch's numbers before anything is answered.
    async fn take(&mut self, updates: Vec<Update>) -> anyhow::Result<Vec<u32>> {
        let numbers: Vec<u32> = updates.iter().map(|update| update.id.0).collect();
        let mut letters: Vec<Letter> = Vec::new();
        for update in updates {
            if let UpdateKind::Message(message) = &update.kind {
                self.desk.post.seen(message.id.0);
            }
            let number = update.id.0;
            match hear(update, self.bot, &self.settings.allow, self.desk.agent.house().templates.prompts()) {
                Heard::Nothing => {}
                Heard::Group { chat, lang } => self.refuse(chat, "group", lang, &Map::new()),
                Heard::Stranger { chat, id, lang } => self.refuse(chat, "stranger", lang, &named("id", id)),
                Heard::NoPress { query, id, lang } => {
                    let text = self.desk.words("stranger", lang, &named("id", id));
                    let desk = self.desk.clone();
                    self.desk.spawn(async move { desk.post.toast(query, Some(&text)).await });
                }
                Heard::Cancel { chat, principal, lang } => {
                    let before = letters.len();
                    letters.retain(|letter| letter.principal != principal);
                    let stopped = self.desk.cancel(&principal) || letters.len() < before;
                    let key = if stopped { "stopped" } else { "nothing_runs" };
                    let lang = self.desk.tongue(&principal, lang).await?;
                    self.desk.say(chat, self.desk.words(key, lang, &Map::new()));
                }
                Heard::Press { query, chat, principal, lang, button } => {
                    let waits = letters.iter().any(|letter| letter.principal == principal);
                    let busy = waits || self.desk.busy(&principal);
                    let asked = match button {
                        Some(button) => self.desk.pressed(&principal, button, busy).await?,
                        None => None,
                    };
                    let lang = self.desk.tongue(&principal, lang).await?;
                    let said = asked.is_none().then(|| self.desk.words("stale", lang, &Map::new()));
                    let desk = self.desk.clone();
                    self.desk.spawn(async move { desk.post.toast(query, said.as_deref()).await });
                    letters.extend(asked.map(|text| Letter {
                        bot: self.bot,
                        update: number,
                        chat: chat.0,
                        principal,
                        lang: Lang::of(&text),
                        wish: Wish::Ask { text, pressed: true },
                        turn: None,
                        sent: Vec::new(),
                    }));
                }
                Heard::Letter(letter) => letters.push(*letter),
            }
        }
        let (store, kept) = (self.desk.store().clone(), letters.clone());
        let batch = Batch { bot: self.bot, updates: numbers.clone() };
        blocking(move || {
            let mut edit = store.edit();
            for letter in kept.iter() {
                edit.put(letter)?;
            }
            edit.put(&batch)?;
            edit.commit()
        })
        .await?;
        letters.into_iter().for_each(|letter| self.desk.deliver(letter));
        Ok(numbers)
    }

    /// Says no, a few times a minute.
    fn refuse(&mut self, chat: ChatId, key: &str, lang: Lang, params: &Map<String, Value>) {
        let minute = self.settings.pace.second * 60;
        let now = Instant::now();
        self.refused.retain(|_, (first, _)| now.duration_since(*first) < minute);
        let (_, times) = self.refused.entry(chat).or_insert((now, 0));
        *times += 1;
        let most = if chat.is_user() { REFUSALS } else { 1 };
        if *times <= most {
            self.desk.say(chat, self.desk.words(key, lang, params));
        }
    }

    /// The menu of commands, in both languages; a bot without one works too.
    fn menu(&self) {
        for lang in Lang::ALL {
            let commands = ["start", "new", "why", "cancel", "help"];
            let describe = |key: &&str| {
                BotCommand::new(*key, self.desk.words(&format!("menu_{key}"), lang, &Map::new()))
            };
            let mut menu = SetMyCommands::new(commands.iter().map(describe).collect::<Vec<_>>());
            // English is also the menu of everybody else.
            menu.language_code = (lang != Lang::En).then(|| lang.code().to_owned());
            let wire = self.wire.clone();
            self.desk.spawn(async move {
                if let Err(fault) = wire.call::<_, bool>(&menu).await {
                    tracing::info!(%fault, "the menu of commands could not be set");
                }
            });
        }
    }
}

fn named(name: &str, value: impl Into<Value>) -> Map<String, Value> {
    BTreeMap::from([(name.to_owned(), value.into())]).into_iter().collect()
}
