//! What is said to a question that comes a second time?
//!
//! A channel that was cut off does not know how far it came, so it asks again under the same key: what was not begun is
//! asked, what was begun goes on, and what was answered is told again word for word.

use futures::Stream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Agent, Inner, Outlet, Question, Shown};
use crate::agent::Event;
use crate::agent::compose::{Delivery, TemplateComposer, compose};
use crate::agent::memory::Session;
use crate::agent::planner::Allowance;
use crate::agent::turn::Turn;
use crate::store::{StoreError, off_thread};

impl Agent {
    /// Answers a question once, however often it is asked under this key.
    pub fn take_once(
        &self,
        question: Question,
        key: String,
        cancel: CancellationToken,
    ) -> impl Stream<Item = Event> + Send + Unpin + use<> {
        self.begin(question, Some(key), cancel)
    }
}

impl Inner {
    /// A complete turn that was asked under this key, among the conversation's last ones.
    pub(super) async fn answered(
        &self,
        session: &Session,
        key: Option<&str>,
    ) -> Result<Option<Turn>, StoreError> {
        let Some(key) = key.map(str::to_owned) else { return Ok(None) };
        self.last_turn(session, move |turn| turn.key.as_ref() == Some(&key)).await
    }

    /// Tells an answer again. Its text is the one that was told; tables and pictures are made anew from what the turn
    /// kept, by no model.
    pub(super) async fn tell(&self, turn: &Turn, out: &Outlet) {
        let Some(answer) = turn.answer.as_deref() else { return };
        let delivery = Delivery {
            events: tokio::sync::mpsc::channel(1).0,
            cancel: CancellationToken::new(),
            allowance: Allowance { until: Instant::now(), affordable: false },
        };
        let made = compose(turn, &self.house.templates, &TemplateComposer, &delivery).await;
        let mut pictures = made.pictures;
        if pictures.len() == answer.charts.len() {
            for (picture, path) in pictures.iter_mut().zip(&answer.charts) {
                picture.path = Some(path.clone());
            }
        }
        self.draw(answer, made.tables, pictures, Shown { failed: made.failed, spoken: 0 }, out).await;
    }

    /// A question that brought its task down gets one sentence. Its turn is taken out: it would do the same again, and
    /// stand in the way of the next question.
    pub(super) async fn fallen(&self, question: &Question, conversation: &str, out: &Outlet) {
        let busy = self.busy(&Session::key_of(conversation, &question.principal));
        let _one_at_a_time = busy.lock().await;
        if let Err(error) = self.take_out(question, conversation).await {
            tracing::error!(%error, "a turn that failed could not be taken out");
        }
        out.send(Event::Failed(self.say("error.internal", question.told_in()))).await;
    }

    async fn take_out(&self, question: &Question, conversation: &str) -> Result<(), StoreError> {
        let session = self.session(conversation, &question.principal).await?;
        let key = Turn::key_of(conversation, &question.principal, session.turns + 1);
        let store = self.house.store.clone();
        off_thread(move || store.delete::<Turn>(&key)).await
    }
}
