//! Where does a question stand, and what comes next?
//!
//! A turn decides and does no I/O: [`Turn::next`] says what to do, the driver does it and tells the result. The turn is
//! saved after each telling, so a restart, an approval hours later, a replay and a test go the same way.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::memory::Session;
use super::{Answer, Call, Choice, Memory, Plan};
use crate::domain::{Cancelled, Lang, Principal};
use crate::llm::Spent;
use crate::store::Record;
use crate::tool::{ErrorKind, Outcome, ToolError};

/// What one turn may use up.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Limits {
    /// Times the planner is asked.
    pub plans: u32,
    /// Calls of tools.
    pub calls: usize,
    /// Times arguments go back to the planner.
    pub repairs: u32,
    /// Wall time, as the driver tells it.
    pub seconds: u64,
    /// Tokens of language models, read and written; the step that goes beyond is the last.
    #[serde(default = "tokens")]
    pub tokens: u64,
    /// Money for language models, in millionths; without a limit where `None`.
    #[serde(default)]
    pub micros: Option<u64>,
}

fn tokens() -> u64 {
    120_000
}

impl Default for Limits {
    fn default() -> Self {
        Self { plans: 6, calls: 8, repairs: 2, seconds: 120, tokens: tokens(), micros: None }
    }
}

/// The same call is run this often; one more is one too many.
const SAME_CALL: usize = 2;
/// The column whose names "the first one" may mean.
const LISTED: &str = "customer";
/// A turn that brought the process down this often is given up.
const RESUMES: u32 = 2;

/// What to do next.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// Ask the planner; with the reason, where its last call could not run.
    AskPlanner {
        /// Path, reason and allowed values of the arguments that were refused.
        repair: Option<String>,
    },
    /// Run these calls, by index.
    RunTools(Vec<(usize, Call)>),
    /// Wait until the right person confirms these calls, by index.
    AwaitApproval(Vec<usize>),
    /// Make sentences of what there is.
    Compose,
    /// Nothing more.
    Done,
}

/// Why a turn ends before its work is complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The asker pressed stop.
    Cancelled,
    /// Wall time is up.
    OutOfTime,
    /// Too many plans or calls.
    OutOfSteps,
    /// The planner went round in circles.
    Repeated,
    /// No planner could plan.
    NoPlan,
    /// It brought the process down more than once.
    GivenUp,
}

/// A call and how it went.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CallRecord {
    /// As planned.
    pub call: Call,
    /// Checked arguments, defaults filled in; `None` until it ran.
    pub args: Option<Value>,
    /// `None` until it ran.
    pub result: Option<CallResult>,
    /// How long it took.
    pub seconds: f64,
    /// Waits for a person.
    pub awaits_approval: bool,
}

/// What a call gave.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallResult {
    /// Figures.
    Answered(Box<Outcome<Value>>),
    /// A reason.
    Failed(ToolError),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Planning,
    Running,
    Approving,
    Composing,
    Done,
}

/// One question on its way to its answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Turn {
    /// The conversation's id.
    pub conversation: String,
    /// 1 for the first question.
    pub number: u32,
    /// Who asked.
    pub principal: Principal,
    /// The question, cleaned.
    pub question: String,
    /// The answer's language.
    pub lang: Lang,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// The data it is answered from.
    pub data_version: u64,
    /// What was said before.
    pub memory: Memory,
    /// `llm` or `embedded`.
    pub planner: String,
    /// The plan in force.
    pub plan: Option<Plan>,
    /// Every call.
    pub calls: Vec<CallRecord>,
    /// Why it ended early.
    pub stop: Option<Stop>,
    /// What the checks kept from the reader, for the log and the tests.
    pub withheld: Vec<String>,
    /// The answer, once composed.
    pub answer: Option<Box<Answer>>,
    /// The choices behind the answer's labels.
    pub choices: Vec<Choice>,
    /// Why no language model is asked any more: key of a message, section `model`.
    #[serde(default)]
    pub degraded: Option<String>,
    /// What language models have used up.
    #[serde(default)]
    pub spent: Spent,
    /// What the question is known by where a channel may ask it twice.
    #[serde(default)]
    pub key: Option<String>,
    limits: Limits,
    phase: Phase,
    plans: u32,
    repairs: u32,
    repair: Option<String>,
    resumes: u32,
}

impl Turn {
    /// A question that was just asked in this conversation.
    pub fn new(
        session: &Session,
        question: String,
        lang: Lang,
        asked_at: Timestamp,
        data_version: u64,
        limits: Limits,
    ) -> Self {
        Self {
            conversation: session.conversation.clone(),
            number: session.turns + 1,
            principal: session.principal.clone(),
            question,
            lang,
            asked_at,
            data_version,
            memory: session.memory.clone(),
            planner: String::new(),
            plan: None,
            calls: Vec::new(),
            stop: None,
            withheld: Vec::new(),
            answer: None,
            choices: Vec::new(),
            degraded: None,
            spent: Spent::default(),
            key: None,
            limits,
            phase: Phase::Planning,
            plans: 0,
            repairs: 0,
            repair: None,
            resumes: 0,
        }
    }

    /// Key of a turn of a conversation.
    pub fn key_of(conversation: &str, principal: &Principal, number: u32) -> Vec<u8> {
        let mut key = Session::key_of(conversation, principal);
        key.push(0);
        key.extend(number.to_be_bytes());
        key
    }

    /// What to do next; asking changes nothing.
    pub fn next(&self) -> Step {
        match self.phase {
            Phase::Planning => Step::AskPlanner { repair: self.repair.clone() },
            Phase::Running => {
                Step::RunTools(self.open().map(|(index, record)| (index, record.call.clone())).collect())
            }
            Phase::Approving => {
                Step::AwaitApproval(self.open().filter(|(_, r)| r.awaits_approval).map(|(i, _)| i).collect())
            }
            Phase::Composing => Step::Compose,
            Phase::Done => Step::Done,
        }
    }

    /// Wall time it may take.
    pub fn seconds_max(&self) -> u64 {
        self.limits.seconds
    }

    /// A language model has used this up.
    pub fn spend(&mut self, spent: Spent) {
        self.spent = self.spent.and(spent);
    }

    /// The language model failed; the rest of the turn does without it and says why.
    pub fn degrade(&mut self, why: &str) {
        self.degraded.get_or_insert_with(|| why.to_owned());
    }

    /// Whether a language model may be asked for one more step after this much more was used up.
    pub fn affords(&self, more: Spent) -> bool {
        let spent = self.spent.and(more);
        spent.tokens < self.limits.tokens && self.limits.micros.is_none_or(|limit| spent.micros < limit)
    }

    /// The planner has planned.
    pub fn planned(&mut self, planner: &str, plan: Plan) {
        self.plans += 1;
        let asked_again = self.repair.take().is_some();
        self.planner = planner.to_owned();
        let wanted = match &plan {
            Plan::Calls(calls) => calls.clone(),
            Plan::Reply(_) | Plan::Clarify { .. } | Plan::Handoff | Plan::Refuse(_) => Vec::new(),
        };
        self.plan = Some(plan);
        if asked_again && wanted.len() == 1 && wanted.first() == self.calls.last().map(|record| &record.call)
        {
            // Refused arguments once more: nothing new can come of it, so the asker is told why.
            self.phase = Phase::Composing;
            return;
        }
        for call in wanted {
            if self.calls.len() >= self.limits.calls {
                self.stop.get_or_insert(Stop::OutOfSteps);
                break;
            }
            if self.calls.iter().filter(|record| record.call == call).count() >= SAME_CALL {
                self.stop.get_or_insert(Stop::Repeated);
                continue;
            }
            self.calls.push(CallRecord {
                call,
                args: None,
                result: None,
                seconds: 0.0,
                awaits_approval: false,
            });
        }
        self.after_calls();
    }

    /// The planner could not plan.
    pub fn not_planned(&mut self, planner: &str) {
        self.planner = planner.to_owned();
        self.end_early(Stop::NoPlan);
    }

    /// A call would change something: a person must confirm it first.
    pub fn proposes(&mut self, index: usize, args: Value) {
        if let Some(record) = self.calls.get_mut(index) {
            record.args = Some(args);
            record.awaits_approval = true;
        }
        if self.open().all(|(_, record)| record.awaits_approval) {
            self.phase = Phase::Approving;
        }
    }

    /// The person has decided; refused calls end without a result.
    pub fn decided(&mut self, approved: bool) {
        if self.phase != Phase::Approving {
            return;
        }
        for record in self.calls.iter_mut().filter(|record| record.result.is_none() && record.awaits_approval)
        {
            record.awaits_approval = false;
            if !approved {
                record.result = Some(CallResult::Failed(ToolError::refused()));
            }
        }
        self.phase = Phase::Running;
        self.after_calls();
    }

    /// A call has run. The outcome is kept as its JSON says it, so that a resumed turn sees the very same; an outcome
    /// that JSON cannot hold (a figure that is no number) is the tool's fault.
    pub fn ran(
        &mut self,
        index: usize,
        args: Option<Value>,
        result: Result<Outcome<Value>, ToolError>,
        seconds: f64,
    ) {
        let kept = result.and_then(|outcome| {
            let bytes = serde_json::to_vec(&outcome).map_err(ToolError::internal)?;
            serde_json::from_slice(&bytes).map_err(ToolError::internal)
        });
        if let Some(record) = self.calls.get_mut(index) {
            record.args = args.or(record.args.take());
            record.seconds = seconds;
            record.result = Some(match kept {
                Ok(outcome) => CallResult::Answered(Box::new(outcome)),
                Err(error) => CallResult::Failed(error),
            });
        }
        self.after_calls();
    }

    /// Ends with what there is: the answer is made of the facts so far.
    pub fn end_early(&mut self, stop: Stop) {
        if self.phase != Phase::Done {
            self.stop = Some(stop);
            self.phase = Phase::Composing;
        }
    }

    /// The answer is made.
    pub fn composed(&mut self, answer: Answer, choices: Vec<Choice>, withheld: Vec<String>) {
        // a turn that ended early leaves no call without an end
        for record in self.calls.iter_mut().filter(|record| record.result.is_none()) {
            record.result = Some(CallResult::Failed(Cancelled.into()));
        }
        self.answer = Some(Box::new(answer));
        self.choices = choices;
        self.withheld = withheld;
        self.phase = Phase::Done;
    }

    /// It was found unfinished by a new process; what was computed on other data than there are now is computed anew.
    pub fn resumed(&mut self, data_version: u64) {
        self.resumes += 1;
        if self.data_version != data_version {
            self.data_version = data_version;
            self.calls.clear();
            self.plan = None;
            self.phase = Phase::Planning;
        }
        if self.resumes > RESUMES {
            self.end_early(Stop::GivenUp);
        }
    }

    /// Whether a call that changes something has succeeded. Only reading tools exist so far.
    pub fn acted(&self) -> bool {
        false
    }

    /// The conversation after this turn.
    pub fn close(&self, session: &mut Session) {
        let asked = Plan::Clarify { key: String::new(), params: Map::new(), choices: self.choices.clone() };
        let kept = match &self.plan {
            Some(Plan::Calls(calls)) => Plan::Calls(calls.iter().map(|call| self.kept(call)).collect()),
            Some(plan) => plan.clone(),
            None => Plan::Handoff,
        };
        session.memory.record(&self.question, &kept);
        if !self.choices.is_empty() && !matches!(self.plan, Some(Plan::Clarify { .. })) {
            session.memory.questions.pop();
            session.memory.record(&self.question, &asked);
        }
        if let Some(answer) = &self.answer {
            session.memory.offered.clone_from(&answer.next);
        }
        for (index, record) in self.calls.iter().enumerate() {
            if let Some(CallResult::Answered(outcome)) = &record.result {
                if let Some(headline) = outcome.facts.first() {
                    session.memory.figure(format!("t{}.c{}.{}", self.number, index + 1, headline.id));
                }
                if let Some(customers) = outcome.table.as_ref().map(|table| table.texts(LISTED))
                    && !customers.is_empty()
                {
                    session.memory.listed = customers;
                }
            }
        }
        session.turns = self.number;
        session.lang = self.lang;
    }

    /// What a conversation goes on from after this call: itself, but for a name that nothing is known of.
    fn kept(&self, call: &Call) -> Call {
        let mut call = call.clone();
        let result =
            self.calls.iter().rev().find(|record| record.call == call).and_then(|r| r.result.as_ref());
        if let Some(CallResult::Failed(error)) = result
            && error.kind == ErrorKind::NotFound
            && let Some(unknown) = error.params.get("text").and_then(Value::as_str)
        {
            drop_text(&mut call.args, unknown);
        }
        call
    }

    fn open(&self) -> impl Iterator<Item = (usize, &CallRecord)> {
        self.calls.iter().enumerate().filter(|(_, record)| record.result.is_none())
    }

    /// Once no call is open: bad arguments go back to the planner, everything else is said.
    fn after_calls(&mut self) {
        if self.open().next().is_some() {
            self.phase = Phase::Running;
            return;
        }
        self.phase = Phase::Composing;
        let refused = self.calls.iter().rev().find_map(|record| match &record.result {
            Some(CallResult::Failed(error)) if error.kind == ErrorKind::InvalidArgs => {
                let args = Value::Object(record.call.args.clone());
                Some(format!("{error} (the call was {} with {args})", record.call.tool))
            }
            _ => None,
        });
        let last_failed = matches!(
            self.calls.last().and_then(|record| record.result.as_ref()),
            Some(CallResult::Failed(error)) if error.kind == ErrorKind::InvalidArgs
        );
        if !last_failed || self.stop.is_some() {
            return;
        }
        if self.plans >= self.limits.plans {
            self.stop = Some(Stop::OutOfSteps);
        } else if self.repairs < self.limits.repairs {
            self.repairs += 1;
            self.repair = refused;
            self.phase = Phase::Planning;
        }
    }
}

/// Takes out the arguments with this text, and a filter that holds nothing else.
fn drop_text(args: &mut Map<String, Value>, text: &str) {
    args.retain(|_, value| match value {
        Value::String(said) => said != text,
        Value::Object(inner) => {
            drop_text(inner, text);
            !inner.is_empty()
        }
        _ => true,
    });
}

impl Record for Turn {
    const TABLE: &'static str = "turn";
    const VERSION: u8 = 1;
    const JSON: bool = true;
    fn key(&self) -> Vec<u8> {
        Self::key_of(&self.conversation, &self.principal, self.number)
    }
}
