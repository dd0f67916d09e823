//! How is one call run, and who hears how it ended?
//!
//! The arguments are mended and checked, a tool that reads runs on a blocking thread until it ends, is stopped or time
//! is up, and each end leaves an audit row.

use std::sync::Arc;
use std::time::Instant;

use futures::future::join_all;
use serde_json::Value;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use super::{Inner, Outlet};
use crate::agent::audit::{self, Called, Verdict};
use crate::agent::recall::Conversation;
use crate::agent::repair;
use crate::agent::turn::{Step, Stop, Turn};
use crate::agent::{Call, DoneCall, Event};
use crate::domain::{Lang, Work};
use crate::render::Templates;
use crate::store::{StoreError, off_thread};
use crate::tool::schema;
use crate::tool::{Effect, Outcome, ToolContext, ToolError};
use crate::warehouse::Seen;

impl Inner {
    /// Runs calls and takes note of them: those that read, side by side; one that works on figures of others, after.
    pub(super) async fn run_calls(
        self: &Arc<Self>,
        turn: &mut Turn,
        calls: Vec<(usize, Call)>,
        seen: &Seen,
        deadline: tokio::time::Instant,
        out: &Outlet,
    ) -> Result<(), StoreError> {
        for group in side_by_side(calls) {
            // Stopped while the calls before ran.
            if !matches!(turn.next(), Step::RunTools(_)) {
                break;
            }
            let asked = &*turn;
            let running =
                group.into_iter().map(|(index, call)| self.run_call(asked, index, call, seen, deadline, out));
            let (answered, stopped): (Vec<Run>, Vec<Run>) =
                join_all(running).await.into_iter().partition(|run| !matches!(run.ended, Ended::Stopped(_)));
            // A stop ends the turn, so what was computed by then is told first.
            for run in answered.into_iter().chain(stopped) {
                self.take_note(turn, run, out).await?;
                self.save(turn).await?;
            }
        }
        Ok(())
    }

    /// Runs one call.
    async fn run_call(
        self: &Arc<Self>,
        turn: &Turn,
        index: usize,
        call: Call,
        seen: &Seen,
        deadline: tokio::time::Instant,
        out: &Outlet,
    ) -> Run {
        out.send(Event::ToolStarted { tool: call.tool.clone() }).await;
        out.send(Event::Status(self.word(&call.tool, turn.lang))).await;
        let begun = Instant::now();
        let checked = self.check(turn, &call);
        let args =
            checked.as_ref().map_or_else(|_| Value::Object(call.args.clone()), |(args, _)| args.clone());
        let as_run = checked.is_ok().then(|| args.clone());
        let mut ended = match checked {
            Err(error) => Ended::Ran(Err(error)),
            Ok((_, Effect::Propose)) => Ended::Proposed,
            Ok((_, Effect::Read)) => self.run_read(turn, &call.tool, args.clone(), seen, deadline, out).await,
        };
        // What came back after the stop button is not told.
        if matches!(ended, Ended::Ran(_)) && out.cancel.is_cancelled() {
            ended = Ended::Stopped(Stop::Cancelled);
        }
        Run { index, call, args, as_run, ended, seconds: begun.elapsed().as_secs_f64() }
    }

    /// Audits a call that ended, and tells the turn and whoever draws it.
    async fn take_note(&self, turn: &mut Turn, run: Run, out: &Outlet) -> Result<(), StoreError> {
        let Run { index, call, args, as_run, ended, seconds } = run;
        self.audit(turn, &call.tool, args.clone(), ended.verdict()).await?;
        let result = match ended {
            Ended::Proposed => {
                turn.proposes(index, args);
                return Ok(());
            }
            Ended::Stopped(why) => {
                turn.end_early(why);
                return Ok(());
            }
            Ended::Ran(result) => result,
        };
        let error = result.as_ref().err().map(ToString::to_string);
        if let Some(error) = &error {
            tracing::info!(tool = call.tool, error, "a tool gave no answer");
        }
        let ok = error.is_none();
        turn.ran(index, as_run, result.map(|outcome| *outcome), seconds);
        let call = DoneCall { tool: call.tool, args, ok, error: None, seconds };
        out.send(Event::ToolFinished { call }).await;
        Ok(())
    }

    /// Runs a tool that only reads, until it ends, is stopped, or time is up.
    async fn run_read(
        self: &Arc<Self>,
        turn: &Turn,
        tool: &str,
        args: Value,
        seen: &Seen,
        deadline: tokio::time::Instant,
        out: &Outlet,
    ) -> Ended {
        let stop = out.cancel.child_token();
        let work = self.work(turn, tool, args, seen, &stop, out);
        let done = tokio::select! {
            biased;
            () = out.cancel.cancelled() => return Ended::Stopped(Stop::Cancelled),
            done = tokio::time::timeout_at(deadline, work) => done,
        };
        match done {
            Ok(Ok(result)) => Ended::Ran(result.map(Box::new)),
            Ok(Err(panic)) => Ended::Ran(Err(ToolError::internal(panic))),
            Err(_) => {
                stop.cancel();
                Ended::Stopped(Stop::OutOfTime)
            }
        }
    }

    async fn audit(&self, turn: &Turn, tool: &str, args: Value, verdict: Verdict) -> Result<(), StoreError> {
        let (store, clock, tool) = (self.house.store.clone(), self.house.clock, tool.to_owned());
        let (principal, conversation) = (turn.principal.clone(), turn.conversation.clone());
        let (turn, data_version) = (turn.number, turn.data_version);
        off_thread(move || {
            let (principal, conversation, tool, args) = (&principal, &conversation, &tool, &args);
            let called = Called { principal, conversation, turn, tool, args, verdict, data_version };
            audit::note(&store, &clock, &called)
        })
        .await
    }

    /// The call's canonical arguments; a tool outside the role's catalogue does not exist.
    fn check(&self, turn: &Turn, call: &Call) -> Result<(Value, Effect), ToolError> {
        let role = turn.principal.role;
        let entry = self.house.catalogue.iter().find(|entry| entry.name == call.tool);
        let Some(entry) = entry.filter(|entry| entry.roles.contains(&role)) else {
            tracing::warn!(tool = call.tool, ?role, "a tool outside the role's catalogue was called");
            return Err(ToolError::forbidden());
        };
        let schema = schema::render(&(entry.schema)(), schema::Rendering::Plain);
        let planned = Value::Object(call.args.clone());
        let (mended, _) = repair::repair(&planned, &schema, self.house.templates.prompts());
        let args = (entry.check)(&mended)?;
        let effect = (entry.effect)(&args)?;
        Ok((args, effect))
    }

    /// Runs the tool on a blocking thread.
    fn work(
        self: &Arc<Self>,
        turn: &Turn,
        tool: &str,
        args: Value,
        seen: &Seen,
        stop: &CancellationToken,
        out: &Outlet,
    ) -> tokio::task::JoinHandle<Result<Outcome<Value>, ToolError>> {
        let (inner, warehouse) = (self.clone(), seen.warehouse.clone());
        let tool = tool.to_owned();
        let principal = turn.principal.clone();
        let said = Conversation {
            store: self.house.store.clone(),
            conversation: turn.conversation.clone(),
            principal: principal.clone(),
            number: turn.number,
        };
        let watch = Watch {
            stop: stop.clone(),
            events: out.events.clone(),
            templates: self.house.templates.clone(),
            lang: turn.lang,
        };
        tokio::task::spawn_blocking(move || {
            let house = &inner.house;
            let entry = house.catalogue.iter().find(|entry| entry.name == tool);
            let entry = entry.ok_or_else(ToolError::forbidden)?;
            let context = ToolContext {
                principal: &principal,
                store: &house.store,
                warehouse: &warehouse,
                models: &house.models,
                clock: house.clock,
                said: &said,
                work: &watch,
            };
            (entry.run)(&context, &args)
        })
    }
}

/// Calls in the order of their plan, parted before and after each that names a figure of this answer (`c1.revenue`).
fn side_by_side(calls: Vec<(usize, Call)>) -> Vec<Vec<(usize, Call)>> {
    let mut groups: Vec<Vec<(usize, Call)>> = Vec::new();
    let mut open = false;
    for (index, call) in calls {
        let waits = call.args.values().any(names_a_figure);
        match groups.last_mut() {
            Some(group) if open && !waits => group.push((index, call)),
            _ => groups.push(vec![(index, call)]),
        }
        open = !waits;
    }
    groups
}

fn names_a_figure(value: &Value) -> bool {
    match value {
        Value::String(text) => text
            .strip_prefix('c')
            .and_then(|rest| rest.split_once('.'))
            .is_some_and(|(call, _)| !call.is_empty() && call.chars().all(|c| c.is_ascii_digit())),
        Value::Array(values) => values.iter().any(names_a_figure),
        Value::Object(object) => object.values().any(names_a_figure),
        _ => false,
    }
}

/// A call that ended.
struct Run {
    index: usize,
    call: Call,
    args: Value,
    /// Canonical arguments, where they passed the check.
    as_run: Option<Value>,
    ended: Ended,
    seconds: f64,
}

/// How a call ended.
enum Ended {
    Ran(Result<Box<Outcome<Value>>, ToolError>),
    Proposed,
    Stopped(Stop),
}

impl Ended {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Ran(Ok(_)) => Verdict::Answered,
            Self::Ran(Err(error)) => Verdict::Failed(error.kind),
            Self::Proposed => Verdict::Proposed,
            Self::Stopped(_) => Verdict::Stopped,
        }
    }
}

/// What a tool sees of the outside.
struct Watch {
    stop: CancellationToken,
    events: Sender<Event>,
    templates: Arc<Templates>,
    lang: Lang,
}

impl Work for Watch {
    fn progress(&self, what: &str, done: u64, total: u64) {
        let word = self.templates.prompts().word("work", what, self.lang);
        // A full queue drops a progress line, never the work.
        let _ = self.events.try_send(Event::Status(format!("{word} {done}/{total}")));
    }
    fn cancelled(&self) -> bool {
        self.stop.is_cancelled()
    }
}
