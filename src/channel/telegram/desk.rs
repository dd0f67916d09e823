//! Whose letter is answered when?
//!
//! One mailbox a person, whose letters are answered one after the other; people do not wait for each other. `/cancel`
//! and buttons do not wait in it: the first stops what runs and throws away what waits, a press is answered at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Map;
use teloxide::types::ChatId;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::letters::Letter;
use super::post::Post;
use crate::agent::Agent;
use crate::domain::{Lang, Principal};
use crate::render::Scope;
use crate::store::{Store, off_thread};

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
        if let Err(error) = off_thread(move || store.delete::<Letter>(&key)).await {
            tracing::error!(%error, "an answered letter could not be taken out; it will be answered again");
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.agent.house().store
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
