//! How do updates come in, and what happens to each?
//!
//! Long polling by one process. A batch is written down before the next request confirms it; refusals, `/cancel` and
//! presses are answered beside the mailboxes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};
use teloxide::payloads::setters::*;
use teloxide::payloads::{GetUpdates, SetMyCommands};
use teloxide::types::{AllowedUpdate, BotCommand, ChatId, Update, UpdateKind};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::desk::Desk;
use super::hear::{Heard, hear};
use super::letters::{self, Batch, Letter, Wish};
use super::wire::{Fault, Wire};
use super::{Settings, Stopped};
use crate::domain::Lang;
use crate::store::{StoreError, off_thread};

/// Refusals a chat is sent in a minute; who knocks more often hears nothing. A group hears one.
const REFUSALS: u32 = 5;

/// Where updates come in.
pub(super) struct Door {
    desk: Arc<Desk>,
    wire: Wire,
    bot: u64,
    settings: Settings,
    /// When a chat was first refused in the last minute, and how often.
    refused: HashMap<ChatId, (Instant, u32)>,
}

impl Door {
    pub(super) fn new(desk: Arc<Desk>, wire: Wire, bot: u64, settings: Settings) -> Self {
        Self { desk, wire, bot, settings, refused: HashMap::new() }
    }

    /// Answers until `end` is cancelled, or Telegram will not have us.
    pub(super) async fn open(&mut self, end: &CancellationToken) -> anyhow::Result<()> {
        let mut known = self.wake().await?;
        let mut offset = None;
        let (mut failures, mut conflicts) = (0, 0);
        let mut bearable = self.settings.pace.conflicts;
        loop {
            let asked = self.updates(offset, self.settings.pace.poll_seconds);
            let batch = tokio::select! {
                biased;
                () = end.cancelled() => break,
                () = self.wire.revoked.cancelled() => return Err(Stopped::Token.into()),
                batch = asked => batch,
            };
            let wait = match batch {
                Ok(updates) => {
                    (failures, conflicts) = (0, 0);
                    bearable = self.settings.pace.conflicts * 4;
                    let numbers: Vec<u32> = updates.iter().map(|update| update.id.0).collect();
                    let next = numbers.iter().copied().max();
                    let new: Vec<Update> =
                        updates.into_iter().filter(|update| !known.contains(&update.id.0)).collect();
                    if !new.is_empty() {
                        // all of them: those known before may come once more until the next question confirms them
                        self.take(new, &numbers).await?;
                        known = numbers;
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
                    tracing::info!(%fault, "no messages could be fetched; trying again");
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
    async fn wake(&mut self) -> anyhow::Result<Vec<u32>> {
        let (store, bot) = (self.desk.store().clone(), self.bot);
        let (letters, batch) = off_thread(move || {
            // one that cannot be read holds up nobody else's
            let unread = |error: &StoreError| tracing::error!(%error, "a letter cannot be read and is left");
            let letters = store.scan::<Letter>().filter_map(|letter| letter.inspect_err(unread).ok());
            let mut letters: Vec<Letter> = letters.filter(|letter| letter.bot == bot).collect();
            letters.sort_by_key(|letter| letter.update);
            Ok((letters, store.get::<Batch>(&bot.to_be_bytes())?))
        })
        .await?;
        for mut letter in letters {
            for id in letter.sent.iter().chain(&letter.sending).chain([&letter.message]) {
                self.desk.post.seen(*id);
            }
            // The list may be another one by now; a private chat has its person's id.
            let id = u64::try_from(letter.chat).unwrap_or_default();
            match self.settings.allow.principal(id) {
                Some(principal) => {
                    letter.principal = principal;
                    self.desk.deliver(letter);
                }
                None => {
                    letters::settle(self.desk.store(), &letter).await?;
                    self.refuse(ChatId(letter.chat), "stranger", letter.lang, &named("id", id));
                }
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

    /// Takes what is new of a batch: letters are written down with the batch's numbers before anything is answered.
    async fn take(&mut self, updates: Vec<Update>, numbers: &[u32]) -> anyhow::Result<()> {
        let mut letters: Vec<Letter> = Vec::new();
        let (mut cancelled, mut said) = (Vec::new(), Vec::new());
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
                    let lang = self.desk.tongue(&principal, lang).await.unwrap_or(lang);
                    said.push((chat, self.desk.words(key, lang, &Map::new())));
                    cancelled.push(principal);
                }
                Heard::Press { query, message, chat, principal, lang, button } => {
                    let waits = letters.iter().any(|letter| letter.principal == principal);
                    let busy = waits || self.desk.busy(&principal);
                    let asked = match button {
                        Some(button) => self.desk.pressed(&principal, button, busy).await,
                        None => Ok(None),
                    };
                    // what cannot be read of one person's talk stops nobody else's
                    let asked = asked.unwrap_or_else(|error| {
                        tracing::error!(%error, "what a button stands for cannot be read");
                        None
                    });
                    let lang = self.desk.tongue(&principal, lang).await.unwrap_or(lang);
                    let stale = asked.is_none().then(|| self.desk.words("stale", lang, &Map::new()));
                    let desk = self.desk.clone();
                    self.desk.spawn(async move { desk.post.toast(query, stale.as_deref()).await });
                    letters.extend(asked.map(|text| Letter {
                        bot: self.bot,
                        update: number,
                        message,
                        chat: chat.0,
                        principal,
                        lang: Lang::of(&text),
                        wish: Wish::Ask { text, pressed: true },
                        sent: Vec::new(),
                        pictures: Vec::new(),
                        sending: None,
                    }));
                }
                Heard::Letter(letter) => letters.push(*letter),
            }
        }
        let batch = Batch { bot: self.bot, updates: numbers.to_vec() };
        letters::take(self.desk.store(), batch, letters.clone(), cancelled).await?;
        letters.into_iter().for_each(|letter| self.desk.deliver(letter));
        // Only now does it hold after the end of this process too.
        said.into_iter().for_each(|(chat, text)| self.desk.say(chat, text));
        Ok(())
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
    pub(super) fn menu(&self) {
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
