//! Whose letter is answered when?
//!
//! One mailbox a person, whose letters are answered one after the other; people do not wait for each other. `/cancel`
//! and buttons do not wait in it: the first stops what runs and throws away what waits, a press is answered at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use serde_json::Map;
use teloxide::types::ChatId;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::button::{Button, keyboard};
use super::delivery::{Delivery, Lost, blocking, keep};
use super::letters::{Letter, Talk, Wish};
use super::post::Post;
use super::sheet::Sheet;
use crate::agent::memory::Session;
use crate::agent::turn::{Step, Turn};
use crate::agent::{Agent, Event, Question};
use crate::domain::{Lang, Principal};
use crate::render::Scope;
use crate::store::{Store, StoreError};

/// A stopped turn that is not closed by then is left to close by itself.
const CLOSING: Duration = Duration::from_secs(2);
/// Sample questions of `/start`.
const SAMPLES: usize = 3;

/// Everything that answering needs.
pub(super) struct Desk {
    pub(super) agent: Agent,
    pub(super) post: Post,
    /// No new letter is begun any more.
    pub(super) closing: CancellationToken,
    /// What is not answered by now is kept for the next start.
    pub(super) closed: CancellationToken,
    // std mutexes: nothing awaits while they are held
    boxes: Mutex<HashMap<String, Mailbox>>,
    tasks: Mutex<JoinSet<()>>,
}

/// One person's letters.
#[derive(Clone)]
struct Mailbox {
    letters: UnboundedSender<(u64, Letter)>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Counted up by `/cancel`; letters of an earlier count are not answered.
    count: u64,
    /// Letters in the box, the one in hand included.
    open: usize,
    /// The stop button of the one in hand.
    stop: Option<CancellationToken>,
}

impl Desk {
    pub(super) fn new(agent: Agent, post: Post) -> Arc<Self> {
        Arc::new(Self {
            agent,
            post,
            closing: CancellationToken::new(),
            closed: CancellationToken::new(),
            boxes: Mutex::default(),
            tasks: Mutex::default(),
        })
    }

    /// Puts a letter, which is written down already, into its mailbox.
    pub(super) fn deliver(self: &Arc<Self>, letter: Letter) {
        let mut boxes = lock(&self.boxes);
        let mailbox = boxes.entry(letter.principal.id.clone()).or_insert_with(|| {
            let (letters, receiver) = unbounded_channel();
            let state = Arc::<Mutex<State>>::default();
            self.spawn(self.clone().work(receiver, state.clone()));
            Mailbox { letters, state }
        });
        let count = {
            let mut state = lock(&mailbox.state);
            state.open += 1;
            state.count
        };
        // The receiver lives as long as the desk is open; later the letter is in the store.
        let _ = mailbox.letters.send((count, letter));
    }

    /// Stops what runs and what waits; whether there was anything.
    pub(super) fn cancel(&self, principal: &Principal) -> bool {
        let Some(mailbox) = lock(&self.boxes).get(&principal.id).cloned() else { return false };
        let mut state = lock(&mailbox.state);
        state.count += 1;
        if let Some(stop) = state.stop.take() {
            stop.cancel();
        }
        state.open > 0
    }

    /// Whether a question of theirs is being answered or waits.
    pub(super) fn busy(&self, principal: &Principal) -> bool {
        let boxes = lock(&self.boxes);
        boxes.get(&principal.id).is_some_and(|mailbox| lock(&mailbox.state).open > 0)
    }

    /// Something that goes on beside the mailboxes, and is waited for at the end.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Waits for open answers, so long; what is open then is kept.
    pub(super) async fn close(&self, grace: Duration) {
        self.closing.cancel();
        let mut tasks = std::mem::take(&mut *lock(&self.tasks));
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, all).await.is_err() {
            tracing::warn!("open answers are kept and will be sent at the next start");
            self.closed.cancel();
            tasks.shutdown().await;
        }
    }

    /// A message of ours, `telegram.KEY`.
    pub(super) fn words(&self, key: &str, lang: Lang, params: &Map<String, serde_json::Value>) -> String {
        let filled =
            self.agent.house().templates.message(&format!("telegram.{key}"), &Scope::words(lang, params));
        filled.unwrap_or_else(|error| {
            tracing::error!(%error, "a message could not be filled");
            String::new()
        })
    }

    /// Says something short, beside the mailboxes.
    pub(super) fn say(self: &Arc<Self>, chat: ChatId, text: String) {
        let desk = self.clone();
        self.spawn(async move {
            for part in super::html::Rich::from(text.as_str()).parts() {
                if let Err(fault) = desk.post.create(chat, super::post::Body::Text(&part), None).await {
                    return tracing::info!(%fault, "a message was refused");
                }
            }
        });
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

    async fn work(self: Arc<Self>, mut letters: UnboundedReceiver<(u64, Letter)>, state: Arc<Mutex<State>>) {
        loop {
            let next = tokio::select! {
                biased;
                () = self.closing.cancelled() => break,
                next = letters.recv() => next,
            };
            let Some((count, letter)) = next else { return };
            let stop = CancellationToken::new();
            let stopped = {
                let mut state = lock(&state);
                state.stop = Some(stop.clone());
                state.count != count
            };
            if !stopped {
                let answered = tokio::select! {
                    biased;
                    () = self.closed.cancelled() => return,
                    answered = self.answer(letter.clone(), &stop) => answered,
                };
                if let Err(error) = answered {
                    // Blocked, or the disk is full: the next letter may fare better.
                    tracing::warn!(%error, "an answer could not be delivered");
                }
            }
            self.settle(&letter).await;
            let mut state = lock(&state);
            state.open = state.open.saturating_sub(1);
            state.stop = None;
        }
        // What /cancel threw away is not to be answered at the next start.
        while let Ok((count, letter)) = letters.try_recv() {
            if lock(&state).count != count {
                self.settle(&letter).await;
            }
        }
    }

    /// A letter that needs no answer any more.
    async fn settle(&self, letter: &Letter) {
        let (store, key) = (self.store().clone(), crate::store::Record::key(letter));
        if let Err(error) = blocking(move || store.delete::<Letter>(&key)).await {
            tracing::error!(%error, "an answered letter could not be taken out; it will be answered again");
        }
    }

    async fn answer(&self, letter: Letter, stop: &CancellationToken) -> Result<(), Lost> {
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
                blocking(move || store.put(&talk)).await?;
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

    /// Asks the agent and shows what it says while it says it; a turn that was begun before a restart goes on.
    async fn ask(
        &self,
        mut letter: Letter,
        text: String,
        pressed: bool,
        stop: &CancellationToken,
    ) -> Result<(), Lost> {
        let principal = letter.principal.clone();
        let mut sheet = Sheet::of_question(&text, pressed);
        let (conversation, number) = match letter.turn.clone() {
            Some(turn) => turn,
            None => {
                let conversation = self.talk(&principal).await?.conversation();
                let number = self.session(&principal, &conversation).await?.turns + 1;
                letter.turn = Some((conversation.clone(), number));
                keep(self.store(), &letter).await?;
                (conversation, number)
            }
        };
        let kept = self.turn(&principal, &conversation, number).await?;
        let mut delivery = Delivery::new(&self.post, self.store(), letter);
        if let Some(mut turn) = kept {
            if turn.next() != Step::Done {
                self.agent.resume(&principal, &conversation, stop.clone()).await?;
                turn = self.turn(&principal, &conversation, number).await?.unwrap_or(turn);
            }
            let sheet = sheet.of_turn(&turn, &self.agent.house().templates).await;
            return self.finish(sheet, &conversation, &mut delivery, stop).await;
        }
        let question = Question { principal, conversation: Some(conversation.clone()), text, lang: None };
        let mut events = self.agent.take(question, stop.clone());
        let drawn = tokio::select! {
            biased;
            () = stop.cancelled() => None,
            drawn = self.draw(&mut events, &mut sheet, &mut delivery) => Some(drawn),
        };
        match drawn {
            Some(drawn) => drawn?,
            None => {
                // The turn must be closed before the next one is counted.
                let rest = async { while events.next().await.is_some() {} };
                if tokio::time::timeout(CLOSING, rest).await.is_err() {
                    tracing::warn!("a stopped question is slow to end");
                }
                return Ok(());
            }
        }
        self.finish(sheet, &conversation, &mut delivery, stop).await
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
            blocking(move || store.put(&talk)).await?;
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

    pub(super) fn store(&self) -> &Store {
        &self.agent.house().store
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
        blocking(move || Ok(store.get::<Talk>(id.as_bytes())?.unwrap_or(Talk { id, number: 1, lang: None })))
            .await
    }

    async fn session(&self, principal: &Principal, conversation: &str) -> Result<Session, StoreError> {
        let (store, principal, conversation) =
            (self.store().clone(), principal.clone(), conversation.to_owned());
        blocking(move || {
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
        blocking(move || store.get::<Turn>(&key)).await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
