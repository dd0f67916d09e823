//! Who asks the planner, runs the tools and keeps the turn?
//!
//! All I/O of a turn: the planner is awaited, tools run on blocking threads with a stop button and a deadline, the turn
//! is saved after each step, events go to whoever draws them. Every decision is [`Turn`]'s.

mod again;
mod calls;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::stream::{Stream, poll_fn};
use jiff::Timestamp;
use serde_json::Map;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

use super::album::Album;
use super::compose::{Composer, Delivery, TemplateComposer, compose, sentences};
use super::guard;
use super::memory::Session;
use super::pictures::Picture;
use super::planner::{Allowance, PlanRequest, Planner};
use super::turn::{Limits, Step, Stop, Turn};
use super::{Answer, Event, Plan, ShopDays, why};
use crate::domain::{Clock, Day, Lang, Principal, Span};
use crate::llm::Spent;
use crate::model::Models;
use crate::render::{Scope, Templates, chart};
use crate::store::{Store, StoreError, off_thread};
use crate::tool::Entry;
use crate::warehouse::{Live, Seen};

/// The tools, made once.
pub type Catalogue = Arc<Vec<Entry>>;

/// Everything the agent is made of; the composition root fills it, a test may fill it otherwise.
pub struct House {
    /// Turns and sessions are kept here.
    pub store: Store,
    /// The shop's columns, and the names in them.
    pub columns: Live,
    /// Fitted models.
    pub models: Arc<Models>,
    /// Both hands of the clock.
    pub clock: Clock,
    /// All words, compiled.
    pub templates: Arc<Templates>,
    /// The tools.
    pub catalogue: Catalogue,
    /// Chooses the calls.
    pub planner: Arc<dyn Planner>,
    /// Writes the sentences.
    pub composer: Arc<dyn Composer>,
    /// Where pictures are kept as files; `None` keeps none.
    pub album: Option<Album>,
    /// What a turn may use up.
    pub limits: Limits,
}

/// A question with who asks it.
#[derive(Clone, Debug)]
pub struct Question {
    /// As the channel has proved.
    pub principal: Principal,
    /// The conversation to go on with; `None` begins one.
    pub conversation: Option<String>,
    /// As typed.
    pub text: String,
    /// The answer's language where it is not the question's.
    pub lang: Option<Lang>,
}

impl Question {
    /// The language in which to say that it cannot be answered.
    fn told_in(&self) -> Lang {
        self.lang.unwrap_or_else(|| Lang::of(&self.text))
    }
}

/// The agent; clones share everything.
#[derive(Clone)]
pub struct Agent(Arc<Inner>);

struct Inner {
    house: House,
    // std mutex: nothing awaits while it is held
    busy: Mutex<HashMap<Vec<u8>, Arc<tokio::sync::Mutex<()>>>>,
}

/// Turns back in which an answer with figures is looked for.
const LOOKED_BACK: usize = 8;
/// The share of a turn's time in which language models may be asked, for the plan and the sentences together.
const MODELS_SHARE: f64 = 0.75;
/// How many events may wait for a slow reader.
const EVENTS: usize = 256;

impl Agent {
    /// From its parts.
    pub fn new(house: House) -> Self {
        Self(Arc::new(Inner { house, busy: Mutex::default() }))
    }

    /// The parts.
    pub fn house(&self) -> &House {
        &self.0.house
    }

    /// Answers a question; the stream ends with `Done`, or with `Failed` where nothing could be answered.
    pub fn handle(
        &self,
        principal: Principal,
        conversation: Option<String>,
        text: &str,
        cancel: CancellationToken,
    ) -> impl Stream<Item = Event> + Send + Unpin + use<> {
        self.take(Question { principal, conversation, text: text.to_owned(), lang: None }, cancel)
    }

    /// The same with every choice of the asker.
    pub fn take(
        &self,
        question: Question,
        cancel: CancellationToken,
    ) -> impl Stream<Item = Event> + Send + Unpin + use<> {
        self.begin(question, None, cancel)
    }

    fn begin(
        &self,
        question: Question,
        key: Option<String>,
        cancel: CancellationToken,
    ) -> impl Stream<Item = Event> + Send + Unpin + use<> {
        let (events, receiver) = channel(EVENTS);
        let inner = self.0.clone();
        tokio::spawn(async move {
            let out = Outlet { events, cancel };
            let conversation =
                question.conversation.clone().unwrap_or_else(|| new_id(inner.house.clock.now()));
            let done = AssertUnwindSafe(inner.question(&question, &conversation, key, &out));
            match done.catch_unwind().await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => inner.broken(&error, question.told_in(), &out).await,
                // The panic's own message is in the log by the hook that every program has.
                Err(_) => {
                    tracing::error!(conversation, "answering a question panicked; its turn is given up");
                    inner.fallen(&question, &conversation, &out).await;
                }
            }
        });
        stream_of(receiver)
    }

    /// The latest turn of a conversation that has what is wanted, for channels that give its parts out.
    pub async fn last_turn(
        &self,
        principal: &Principal,
        conversation: &str,
        wanted: fn(&Turn) -> bool,
    ) -> Result<Option<Turn>, StoreError> {
        let session = self.0.session(conversation, principal).await?;
        self.0.last_turn(&session, wanted).await
    }

    /// The whole answer of a question, without a stream.
    pub async fn ask(&self, question: Question, cancel: CancellationToken) -> Result<Answer, String> {
        use futures::StreamExt;
        let mut stream = self.take(question, cancel);
        let mut failed = None;
        while let Some(event) = stream.next().await {
            match event {
                Event::Done(answer) => return Ok(*answer),
                Event::Failed(why) => failed = Some(why),
                _ => {}
            }
        }
        Err(failed.unwrap_or_default())
    }
}

fn stream_of(mut receiver: Receiver<Event>) -> impl Stream<Item = Event> + Send + Unpin {
    poll_fn(move |context| receiver.poll_recv(context))
}

/// What is known of the text before it is drawn.
struct Shown {
    /// Nothing could be done.
    failed: bool,
    /// Bytes of it that were shown while it was written.
    spoken: usize,
}

/// Where events go, and the stop button.
struct Outlet {
    events: Sender<Event>,
    cancel: CancellationToken,
}

impl Outlet {
    /// A reader that has gone does not stop the turn: it is kept, and can be read later.
    async fn send(&self, event: Event) {
        let _ = self.events.send(event).await;
    }
}

impl Inner {
    async fn question(
        self: &Arc<Self>,
        question: &Question,
        conversation: &str,
        key: Option<String>,
        out: &Outlet,
    ) -> Result<(), StoreError> {
        let now = self.house.clock.now();
        let busy = self.busy(&Session::key_of(conversation, &question.principal));
        let _one_at_a_time = busy.lock().await;
        let mut session = self.session(conversation, &question.principal).await?;
        if let Some(turn) = self.unfinished(&session).await? {
            if key.is_some() && turn.key == key {
                return self.drive(turn, session, self.house.columns.seen(), out).await;
            }
            // A crash cut the last turn off; it is finished first, so that this question can follow it.
            let (events, mut nobody) = channel(EVENTS);
            let quiet = Outlet { events, cancel: out.cancel.clone() };
            tokio::spawn(async move { while nobody.recv().await.is_some() {} });
            self.drive(turn, session.clone(), self.house.columns.seen(), &quiet).await?;
            session = self.session(conversation, &question.principal).await?;
        }
        if let Some(turn) = self.answered(&session, key.as_deref()).await? {
            self.tell(&turn, out).await;
            return Ok(());
        }
        let lang = question.lang.unwrap_or_else(|| session.lang_of(&question.text));
        let text = match guard::clean(&question.text) {
            Ok(text) => text,
            Err(why) => {
                out.send(Event::Failed(self.say(why.message(), lang))).await;
                return Ok(());
            }
        };
        if let Some(asked) = why::asked(&text, self.house.templates.prompts()) {
            let chosen = question.lang.or_else(|| Some(Lang::of(&text)).filter(|lang| *lang == Lang::Zh));
            return self.explain(&session, asked, chosen, out).await;
        }
        let text = session.memory.follow_up(&text).map_or(text.clone(), str::to_owned);
        let inner = self.clone();
        off_thread(move || inner.house.columns.refresh(&inner.house.store)).await?;
        let seen = self.house.columns.seen();
        let version = seen.warehouse.data_version;
        let mut turn = Turn::new(&session, text, lang, now, version, self.house.limits);
        turn.key = key;
        self.save(&turn).await?;
        self.drive(turn, session, seen, out).await
    }

    /// Says where a figure of the last answer with figures comes from; the conversation stays as it is.
    async fn explain(
        &self,
        session: &Session,
        asked: &str,
        lang: Option<Lang>,
        out: &Outlet,
    ) -> Result<(), StoreError> {
        let begun = Instant::now();
        let with_figures = self.last_turn(session, why::has_figures).await?;
        let last = if with_figures.is_none() { self.last_turn(session, |_| true).await? } else { None };
        let Some(turn) = with_figures.or(last) else {
            out.send(Event::Failed(self.say("why.nothing_asked", lang.unwrap_or(session.lang)))).await;
            return Ok(());
        };
        let lang = lang.unwrap_or(turn.lang);
        let said = why::explain(&turn, asked, lang, &self.house.templates);
        let Some(answer) = turn.answer.map(|answer| *answer) else { return Ok(()) };
        let answer = Answer {
            language: lang,
            composer: TemplateComposer.name().to_owned(),
            text: said.text,
            facts: said.facts,
            charts: Vec::new(),
            choices: Vec::new(),
            next: Vec::new(),
            seconds: begun.elapsed().as_secs_f64(),
            ..answer
        };
        self.draw(&answer, said.tables, Vec::new(), Shown { failed: false, spoken: 0 }, out).await;
        Ok(())
    }

    /// The latest of the conversation's last turns that has what is wanted.
    async fn last_turn(
        &self,
        session: &Session,
        wanted: impl Fn(&Turn) -> bool + Send + 'static,
    ) -> Result<Option<Turn>, StoreError> {
        let (store, session) = (self.house.store.clone(), session.clone());
        off_thread(move || {
            for number in (1..=session.turns).rev().take(LOOKED_BACK) {
                let key = Turn::key_of(&session.conversation, &session.principal, number);
                match store.get::<Turn>(&key)? {
                    Some(turn) if wanted(&turn) => return Ok(Some(turn)),
                    _ => {}
                }
            }
            Ok(None)
        })
        .await
    }

    /// Steps a turn to its end, on the columns that it began with.
    async fn drive(
        self: &Arc<Self>,
        mut turn: Turn,
        mut session: Session,
        seen: Seen,
        out: &Outlet,
    ) -> Result<(), StoreError> {
        let begun = Instant::now();
        let all = Duration::from_secs(turn.seconds_max());
        let deadline = tokio::time::Instant::now() + all;
        // templates need some of the time
        let models_until = tokio::time::Instant::now() + all.mul_f64(MODELS_SHARE);
        loop {
            let allowance = Allowance {
                until: models_until,
                affordable: turn.degraded.is_none() && turn.affords(Spent::default()),
            };
            match turn.next() {
                Step::AskPlanner { repair } => {
                    self.ask_planner(&mut turn, repair, &seen, allowance, deadline, out).await
                }
                Step::RunTools(calls) => {
                    self.run_calls(&mut turn, calls, &seen, deadline, out).await?;
                    continue;
                }
                // Nothing proposes so far; a channel will draw the approval and tell the decision.
                Step::AwaitApproval(_) => turn.decided(false),
                Step::Compose => {
                    let delivery =
                        Delivery { events: out.events.clone(), cancel: out.cancel.clone(), allowance };
                    let (templates, composer) = (&self.house.templates, self.house.composer.as_ref());
                    let made = compose(&turn, templates, composer, &delivery).await;
                    turn.spend(made.spent);
                    if let Some(why) = made.degraded {
                        turn.degrade(why);
                    }
                    let shown = Shown { failed: made.failed, spoken: made.spoken };
                    let pictures = self.keep_pictures(&turn, made.pictures).await;
                    let mut answer = made.answer;
                    answer.charts = pictures.iter().filter_map(|picture| picture.path.clone()).collect();
                    answer.seconds = begun.elapsed().as_secs_f64();
                    turn.composed(answer.clone(), made.choices, made.withheld);
                    turn.close(&mut session);
                    self.finish(&turn, &session).await?;
                    self.draw(&answer, made.tables, pictures, shown, out).await;
                    continue;
                }
                Step::Done => return Ok(()),
            }
            self.save(&turn).await?;
        }
    }

    async fn ask_planner(
        &self,
        turn: &mut Turn,
        repair: Option<String>,
        seen: &Seen,
        allowance: Allowance,
        deadline: tokio::time::Instant,
        out: &Outlet,
    ) {
        out.send(Event::Status(self.word("reading_question", turn.lang))).await;
        let planner = &self.house.planner;
        // A reply to offered choices needs no planner.
        if let Some(call) = turn.memory.chosen(&turn.question).filter(|_| repair.is_none()) {
            let plan = Plan::Calls(vec![call.clone()]);
            turn.planned("embedded", plan);
            return;
        }
        let request = PlanRequest {
            question: turn.question.clone(),
            lang: turn.lang,
            role: turn.principal.role,
            days: self.days(seen),
            memory: turn.memory.clone(),
            entities: seen.entities.clone(),
            currency: seen.warehouse.shop.currency,
            repair,
        };
        let plan = tokio::select! {
            biased;
            () = out.cancel.cancelled() => return turn.end_early(Stop::Cancelled),
            plan = tokio::time::timeout_at(deadline, planner.plan_within(&request, allowance)) => plan,
        };
        match plan {
            Ok(Ok(planned)) => {
                turn.spend(planned.spent);
                if let Some(why) = planned.degraded {
                    turn.degrade(why);
                }
                turn.planned(planned.by, planned.plan);
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "the planner failed");
                turn.not_planned(planner.name());
            }
            Err(_) => turn.end_early(Stop::OutOfTime),
        }
    }

    /// Draws the pictures into files; one that cannot be written is still an event, without a path.
    async fn keep_pictures(self: &Arc<Self>, turn: &Turn, mut pictures: Vec<Picture>) -> Vec<Picture> {
        if pictures.is_empty() || self.house.album.is_none() {
            return pictures;
        }
        let (inner, lang) = (self.clone(), turn.lang);
        let (conversation, number) = (turn.conversation.clone(), turn.number);
        let unwritten = pictures.clone();
        let drawn = tokio::task::spawn_blocking(move || {
            for (index, picture) in pictures.iter_mut().enumerate() {
                let Some(album) = &inner.house.album else { continue };
                let bytes = match chart::png(&picture.draw(&inner.house.templates, lang).svg) {
                    Ok(bytes) => bytes,
                    Err(error) => {
                        tracing::warn!(%error, "a picture could not be drawn");
                        continue;
                    }
                };
                match album.keep(&conversation, number, index + 1, &bytes) {
                    Ok(path) => picture.path = Some(path.display().to_string()),
                    Err(error) => tracing::warn!(%error, "a picture could not be written"),
                }
            }
            pictures
        });
        drawn.await.unwrap_or(unwritten)
    }

    async fn draw(
        &self,
        answer: &Answer,
        tables: Vec<crate::domain::Table>,
        pictures: Vec<Picture>,
        shown: Shown,
        out: &Outlet,
    ) {
        if shown.failed {
            out.send(Event::Failed(answer.text.clone())).await;
        } else {
            for (sentence, tail) in sentences(answer.text.get(shown.spoken..).unwrap_or_default()) {
                out.send(Event::Text(format!("{sentence}{tail}"))).await;
            }
        }
        for table in tables {
            out.send(Event::Table(table)).await;
        }
        for picture in pictures {
            out.send(Event::Chart(Box::new(picture))).await;
        }
        if !answer.choices.is_empty() {
            out.send(Event::Choices(answer.choices.clone())).await;
        }
        if !answer.next.is_empty() {
            out.send(Event::Next(answer.next.clone())).await;
        }
        out.send(Event::Done(Box::new(answer.clone()))).await;
    }

    async fn broken(&self, error: &StoreError, lang: Lang, out: &Outlet) {
        tracing::error!(%error, "a turn could not be kept");
        let why = Map::from_iter([("why".to_owned(), error.to_string().into())]);
        let said = self.house.templates.message("error.not_kept", &Scope::words(lang, &why));
        out.send(Event::Failed(said.unwrap_or_else(|_| error.to_string()))).await;
    }

    fn days(&self, seen: &Seen) -> ShopDays {
        let clock = self.house.clock;
        match seen.warehouse.order_days() {
            Some(data) => ShopDays { today: clock.today(data.to), data },
            None => {
                let now = jiff::tz::Offset::UTC.to_datetime(clock.now()).date();
                let today = clock.today(Day::from(now));
                ShopDays { today, data: Span { from: today, to: today } }
            }
        }
    }

    fn word(&self, key: &str, lang: Lang) -> String {
        self.house.templates.prompts().word("work", key, lang).to_owned()
    }

    fn say(&self, key: &str, lang: Lang) -> String {
        self.house.templates.message(key, &Scope::words(lang, &Map::new())).unwrap_or_else(|_| key.to_owned())
    }

    fn busy(&self, key: &[u8]) -> Arc<tokio::sync::Mutex<()>> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        // Conversations nobody is in are forgotten, so the map stays as small as the traffic.
        busy.retain(|_, lock| Arc::strong_count(lock) > 1);
        busy.entry(key.to_vec()).or_default().clone()
    }

    async fn session(&self, conversation: &str, principal: &Principal) -> Result<Session, StoreError> {
        let key = Session::key_of(conversation, principal);
        let store = self.house.store.clone();
        let kept = off_thread(move || store.get::<Session>(&key)).await?;
        Ok(kept.unwrap_or_else(|| Session::new(conversation, principal)))
    }

    /// The turn after the last complete one, where a crash left it.
    async fn unfinished(self: &Arc<Self>, session: &Session) -> Result<Option<Turn>, StoreError> {
        let key = Turn::key_of(&session.conversation, &session.principal, session.turns + 1);
        let inner = self.clone();
        off_thread(move || {
            let House { store, columns, .. } = &inner.house;
            let Some(mut turn) = store.get::<Turn>(&key)? else { return Ok(None) };
            columns.refresh(store)?;
            turn.resumed(columns.seen().warehouse.data_version);
            // counted before it goes on: a turn that brings the process down must not come up for ever
            store.put(&turn)?;
            Ok(Some(turn))
        })
        .await
    }

    async fn save(&self, turn: &Turn) -> Result<(), StoreError> {
        let (store, turn) = (self.house.store.clone(), turn.clone());
        off_thread(move || store.put(&turn)).await
    }

    /// The complete turn and the conversation after it, together or not at all.
    async fn finish(&self, turn: &Turn, session: &Session) -> Result<(), StoreError> {
        let (store, turn, session) = (self.house.store.clone(), turn.clone(), session.clone());
        off_thread(move || {
            let mut edit = store.edit();
            edit.put(&turn)?;
            edit.put(&session)?;
            edit.commit()
        })
        .await
    }
}

/// A conversation's id from the time it began.
fn new_id(now: Timestamp) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut rest = now.as_microsecond().unsigned_abs();
    let mut id = Vec::new();
    while rest > 0 {
        id.push(DIGITS.get((rest % 36) as usize).copied().map_or('0', char::from));
        rest /= 36;
    }
    id.iter().rev().collect()
}
