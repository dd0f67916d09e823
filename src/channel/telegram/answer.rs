//! How does a letter get its answer?
//!
//! Commands are answered from the words, questions by the agent; what it says is shown while it says it.

use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use serde_json::Map;
use teloxide::types::ChatId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::button::{Button, keyboard};
use super::delivery::{Delivery, Lost};
use super::desk::Desk;
use super::letters::{Letter, Talk, Wish};
use super::sheet::Sheet;
use crate::agent::memory::Session;
use crate::agent::turn::Turn;
use crate::agent::{Event, Question};
use crate::domain::{Lang, Principal};
use crate::store::{StoreError, off_thread};

/// A stopped turn that is not closed by then is left to close by itself.
const CLOSING: Duration = Duration::from_secs(2);
/// Sample questions of `/start`.
const SAMPLES: usize = 3;

impl Desk {
    pub(super) async fn answer(&self, letter: Letter, stop: &CancellationToken) -> Result<(), Lost> {
        let chat = ChatId(letter.chat);
        let typing = async {
            loop {
                self.post.typing(chat).await;
                tokio::time::sleep(self.post.pace.typing).await;
            }
        };
        tokio::select! {
            answered = self.write(letter, stop) => answered,
            () = typing => Ok(()),
        }
    }

    async fn write(&self, letter: Letter, stop: &CancellationToken) -> Result<(), Lost> {
        let lang = self.tongue(&letter.principal, letter.lang).await?;
        let none = Map::new();
        let (text, buttons) = match letter.wish.clone() {
            Wish::Ask { text, pressed } => return self.ask(letter, text, pressed, stop).await,
            Wish::Start => {
                let labels = self.samples(lang);
                (
                    self.words("start", lang, &none),
                    keyboard(labels.iter().map(|(label, button)| (label, *button))),
                )
            }
            Wish::Help => (self.words("help", lang, &none), None),
            Wish::New => {
                let mut talk = self.talk(&letter.principal).await?;
                talk.number += 1;
                let store = self.store().clone();
                off_thread(move || store.put(&talk)).await?;
                (self.words("new", lang, &none), None)
            }
            Wish::Unknown => (self.words("unknown", lang, &none), None),
            Wish::NoText => (self.words("no_text", lang, &none), None),
        };
        let notes = Sheet::saying(text).draft();
        let mut delivery = Delivery::new(&self.post, self.store(), letter);
        tokio::select! {
            biased;
            () = stop.cancelled() => Ok(()),
            done = delivery.whole(&notes, buttons.as_ref()) => done,
        }
    }

    /// Asks the agent and shows what it says while it says it. The letter's number is the question's key: after a restart
    /// an answer that was begun goes on, and one that was complete is only shown.
    async fn ask(
        &self,
        letter: Letter,
        text: String,
        pressed: bool,
        stop: &CancellationToken,
    ) -> Result<(), Lost> {
        let mut sheet = Sheet::of_question(&text, pressed);
        let conversation = self.talk(&letter.principal).await?.conversation();
        let principal = letter.principal.clone();
        let question = Question { principal, conversation: Some(conversation.clone()), text, lang: None };
        // of its own: whoever reads no longer is not the person who says stop
        let quit = stop.child_token();
        let mut events = self.agent.take_once(question, letter.name(), quit.clone());
        let mut delivery = Delivery::new(&self.post, self.store(), letter);
        let drawn = tokio::select! {
            biased;
            () = stop.cancelled() => None,
            drawn = self.draw(&mut events, &mut sheet, &mut delivery) => Some(drawn),
        };
        if let Some(Ok(())) = drawn {
            if !sheet.is_over() {
                return Err(Lost::Unsaid);
            }
            return self.finish(sheet, &conversation, &mut delivery, stop).await;
        }
        // Nobody reads on. The turn must be closed before the next one is counted.
        quit.cancel();
        let rest = async { while events.next().await.is_some() {} };
        if tokio::time::timeout(CLOSING, rest).await.is_err() {
            tracing::warn!("a stopped question is slow to end");
        }
        drawn.unwrap_or(Ok(()))
    }

    /// Shows the text while it comes.
    async fn draw(
        &self,
        events: &mut (impl futures::Stream<Item = Event> + Send + Unpin),
        sheet: &mut Sheet,
        delivery: &mut Delivery<'_>,
    ) -> Result<(), Lost> {
        let mut due: Option<Instant> = None;
        loop {
            let next = tokio::select! {
                biased;
                event = events.next() => event,
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    let more = delivery.draft(&sheet.draft()).await?;
                    due = more.then(|| self.post.edit_at(delivery.chat()));
                    continue;
                }
            };
            let Some(event) = next else { return Ok(()) };
            if sheet.take(event) && due.is_none() {
                let settled = Instant::now() + self.post.pace.settle;
                due = Some(if delivery.begun() {
                    settled.max(self.post.edit_at(delivery.chat()))
                } else {
                    settled
                });
            }
        }
    }

    async fn finish(
        &self,
        sheet: Sheet,
        conversation: &str,
        delivery: &mut Delivery<'_>,
        stop: &CancellationToken,
    ) -> Result<(), Lost> {
        let templates = &self.agent.house().templates;
        let mut talk = self.talk(&delivery.letter.principal).await?;
        if talk.lang != Some(sheet.lang()) {
            talk.lang = Some(sheet.lang());
            let store = self.store().clone();
            off_thread(move || store.put(&talk)).await?;
        }
        let whole = async {
            let buttons = sheet.keyboard(conversation.parse().unwrap_or_default());
            let notes = sheet.whole(templates, templates.prompts()).await;
            delivery.whole(&notes, buttons.as_ref()).await
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => Ok(()),
            done = whole.boxed() => done,
        }
    }

    /// The question that a button stands for; `None` where its answer is no longer the newest.
    pub(super) async fn pressed(
        &self,
        principal: &Principal,
        button: Button,
        busy: bool,
    ) -> Result<Option<String>, StoreError> {
        let (conversation, number, index, choice) = match button {
            Button::Sample { index } => return Ok(self.sample(index)),
            Button::Choice { conversation, turn, index } => (conversation, turn, index, true),
            Button::Next { conversation, turn, index } => (conversation, turn, index, false),
        };
        let talk = self.talk(principal).await?;
        let session = self.session(principal, &talk.conversation()).await?;
        if busy || talk.number != conversation || session.turns != number {
            return Ok(None);
        }
        let turn = self.turn(principal, &talk.conversation(), number).await?;
        let answer = turn.and_then(|turn| turn.answer);
        let offered = answer.map(|answer| if choice { answer.choices } else { answer.next });
        Ok(offered.and_then(|offered| offered.into_iter().nth(index)))
    }

    /// The sample questions of both languages, one after the other; a button names its place among them.
    fn samples(&self, lang: Lang) -> Vec<(String, Button)> {
        let first = Lang::ALL.iter().position(|known| *known == lang).unwrap_or_default() * SAMPLES;
        (first..first + SAMPLES)
            .filter_map(|index| Some((self.sample(index)?, Button::Sample { index })))
            .collect()
    }

    fn sample(&self, index: usize) -> Option<String> {
        let lang = *Lang::ALL.get(index / SAMPLES)?;
        Some(self.words(&format!("sample_{}", index % SAMPLES + 1), lang, &Map::new()))
    }

    /// The language to say something in: that of what was written, else of the last answer.
    pub(super) async fn tongue(&self, principal: &Principal, written: Lang) -> Result<Lang, StoreError> {
        match written {
            Lang::Zh => Ok(Lang::Zh),
            Lang::En => Ok(self.talk(principal).await?.lang.unwrap_or(written)),
        }
    }

    async fn talk(&self, principal: &Principal) -> Result<Talk, StoreError> {
        let (store, id) = (self.store().clone(), principal.id.clone());
        off_thread(move || {
            Ok(store.get::<Talk>(id.as_bytes())?.unwrap_or(Talk { id, number: 1, lang: None }))
        })
        .await
    }

    async fn session(&self, principal: &Principal, conversation: &str) -> Result<Session, StoreError> {
        let (store, principal, conversation) =
            (self.store().clone(), principal.clone(), conversation.to_owned());
        off_thread(move || {
            let kept = store.get::<Session>(&Session::key_of(&conversation, &principal))?;
            Ok(kept.unwrap_or_else(|| Session::new(&conversation, &principal)))
        })
        .await
    }

    async fn turn(
        &self,
        principal: &Principal,
        conversation: &str,
        number: u32,
    ) -> Result<Option<Turn>, StoreError> {
        let (store, key) = (self.store().clone(), Turn::key_of(conversation, principal, number));
        off_thread(move || store.get::<Turn>(&key)).await
    }
}
