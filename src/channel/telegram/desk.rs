//! Whose letter is answered when?
//!
//! One mailbox a person, whose letters are answered one after the other; people do not wait for each other. `/cancel`
//! and buttons do not wait in it: the first stops what runs and throws away what waits, a press is answered at once. A
//! letter leaves its mailbox answered, cancelled, or with a sentence that there is no answer; whatever breaks on the way,
//! the next letter is answered.

use std::any::Any;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use serde_json::Map;
use teloxide::types::ChatId;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::delivery::Lost;
use super::html::Rich;
use super::letters::{self, Letter};
use super::post::{Body, Post};
use super::wire::Fault;
use crate::agent::Agent;
use crate::domain::{Lang, Principal};
use crate::render::Scope;
use crate::store::Store;

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

/// What became of a letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ended {
    /// It needs no answer any more.
    Settled,
    /// Telegram does not know us any more; the letter waits for the next start.
    Unheard,
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
            if let Err(fault) = desk.tell(chat, &text).await {
                tracing::info!(%fault, "a message was refused");
            }
        });
    }

    async fn tell(&self, chat: ChatId, text: &str) -> Result<(), Fault> {
        for part in Rich::from(text).parts() {
            self.post.create(chat, Body::Text(&part), None).await?;
        }
        Ok(())
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
                let ended = tokio::select! {
                    biased;
                    () = self.closed.cancelled() => return,
                    ended = self.to_the_end(&letter, &stop) => ended,
                };
                if ended == Ended::Unheard {
                    return;
                }
            }
            if let Err(error) = letters::settle(self.store(), &letter).await {
                tracing::error!(%error, "an answered letter could not be taken out; it will be answered again");
            }
            let mut state = lock(&state);
            state.open = state.open.saturating_sub(1);
            state.stop = None;
        }
    }

    /// Answers a letter, or tells its person that there is no answer.
    async fn to_the_end(&self, letter: &Letter, stop: &CancellationToken) -> Ended {
        let lost = match guarded(self.answer(letter.clone(), stop)).await {
            Ok(Ok(())) => return Ended::Settled,
            Ok(Err(Lost::Fault(fault))) if fault.is(401) => return Ended::Unheard,
            Ok(Err(Lost::Fault(fault))) if fault.gone() => {
                tracing::info!(%fault, "an answer had nowhere to go");
                return Ended::Settled;
            }
            Ok(Err(error)) => error.to_string(),
            Err(panic) => panic,
        };
        tracing::error!(
            why = lost,
            update = letter.update,
            "a letter could not be answered; its person is told"
        );
        let lang = self.tongue(&letter.principal, letter.lang).await.unwrap_or(letter.lang);
        let sorry = self.words("broken", lang, &Map::new());
        let told = tokio::select! {
            biased;
            () = stop.cancelled() => Ok(()),
            told = self.tell(ChatId(letter.chat), &sorry) => told,
        };
        match told {
            Err(fault) if fault.is(401) => Ended::Unheard,
            Err(fault) => {
                tracing::error!(%fault, "nor could its person be told");
                Ended::Settled
            }
            Ok(()) => Ended::Settled,
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.agent.house().store
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a panic said, where the work ends in one: the mailbox goes on with the next letter.
async fn guarded<T>(work: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| said(panic.as_ref()))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_only_the_work_it_happens_in() {
        assert_eq!(guarded(async { 7 }).await, Ok(7));
        let broken: Result<(), String> = guarded(async { panic!("index {} is out of bounds", 3) }).await;
        assert_eq!(broken, Err("index 3 is out of bounds".into()));
    }
}
