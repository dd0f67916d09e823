//! How does a question become an answer?
//!
//! `turn` is the state machine (no I/O), `driver` does its I/O, a planner chooses typed calls, the composer makes
//! sentences, the ledger lets through only figures that a tool computed. Channels see [`Event`]s.

mod album;
pub mod audit;
pub mod claims;
pub mod compose;
pub mod driver;
pub mod guard;
pub mod ledger;
pub mod memory;
pub mod pictures;
pub mod planner;
pub mod recall;
pub mod repair;
pub mod turn;
pub mod why;

pub use album::Album;
pub use driver::{Agent, Catalogue, House, Question};
pub use pictures::Picture;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{Day, Evidence, Fact, Lang, Span, Table};

/// One call of a tool, as a planner wrote it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Tool's name.
    pub tool: String,
    /// Arguments; what is left out takes its default.
    pub args: Map<String, Value>,
}

/// What a planner may answer; the same small grammar for every planner.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Compute these.
    Calls(Vec<Call>),
    /// Say this; its figures still pass the ledger.
    Reply(String),
    /// Ask back: message `clarify.<key>` with parameters, and up to three choices.
    Clarify {
        /// Key of the message.
        key: String,
        /// What the message names.
        params: Map<String, Value>,
        /// What can be chosen.
        choices: Vec<Choice>,
    },
    /// A person takes over.
    Handoff,
    /// Not for us.
    Refuse(Refusal),
}

/// Something to choose, with what it means.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Choice {
    /// In the asker's language; also what a person may type to choose it.
    pub label: String,
    /// What is computed when it is chosen.
    pub call: Call,
}

/// Why nothing is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Not about this shop.
    OutOfScope,
    /// Tries to get round the rules or at somebody else's data.
    Injection,
    /// Could not be understood, nor narrowed to a few choices.
    NotUnderstood,
    /// About the shop, but no tool answers it so far.
    NotYet,
}

impl Refusal {
    /// The file of its words, `prompts/refusals/NAME.md`.
    pub fn topic(self) -> &'static str {
        match self {
            Self::OutOfScope => "out_of_scope",
            Self::Injection => "injection",
            Self::NotUnderstood => "ambiguous",
            Self::NotYet => "not_yet",
        }
    }
}

/// What a conversation remembers: slots of recent calls, and choices that wait for an answer.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Recent calls, newest last; a follow-up changes slots of the last.
    pub calls: Vec<Call>,
    /// Choices offered by the last answer.
    pub pending: Vec<Choice>,
    /// Recent questions, newest last.
    pub questions: Vec<String>,
    /// Follow-up questions offered by the last answer.
    #[serde(default)]
    pub offered: Vec<String>,
    /// Ids of the headlines of recent answers (`t2.c1.revenue`), newest last.
    #[serde(default)]
    pub figures: Vec<String>,
    /// Ids of the customers that the last answer with a list of them showed, in its order.
    #[serde(default)]
    pub listed: Vec<String>,
}

impl Memory {
    /// How many calls and questions are kept.
    const KEEP: usize = 8;

    /// Takes note of the figure an answer was about.
    pub fn figure(&mut self, id: String) {
        self.figures.push(id);
        let surplus = self.figures.len().saturating_sub(Self::KEEP);
        self.figures.drain(..surplus);
    }

    /// Takes note of what a question led to.
    pub fn record(&mut self, question: &str, plan: &Plan) {
        self.questions.push(question.to_owned());
        self.pending.clear();
        self.offered.clear();
        match plan {
            Plan::Calls(calls) => self.calls.extend(calls.iter().cloned()),
            Plan::Clarify { choices, .. } => self.pending.clone_from(choices),
            Plan::Reply(_) | Plan::Handoff | Plan::Refuse(_) => {}
        }
        let surplus = self.calls.len().saturating_sub(Self::KEEP);
        self.calls.drain(..surplus);
        let surplus = self.questions.len().saturating_sub(Self::KEEP);
        self.questions.drain(..surplus);
    }
}

/// What a channel draws.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// What is going on, in the asker's language.
    Status(String),
    /// A tool began.
    ToolStarted {
        /// Its name.
        tool: String,
    },
    /// A tool ended.
    ToolFinished {
        /// The call.
        call: DoneCall,
    },
    /// A whole checked sentence with the blanks and line ends behind it.
    Text(String),
    /// Rows to draw, heads and cells in the asker's language come from the words.
    Table(Table),
    /// A picture, after the text and the table.
    Chart(Box<Picture>),
    /// Things to choose.
    Choices(Vec<String>),
    /// Useful follow-up questions.
    Next(Vec<String>),
    /// The answer is complete.
    Done(Box<Answer>),
    /// It could not be done: one sentence with the mend.
    Failed(String),
}

/// A call and how it went.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DoneCall {
    /// Tool's name.
    pub tool: String,
    /// Arguments as run, defaults filled in.
    pub args: Value,
    /// Whether it answered.
    pub ok: bool,
    /// In the asker's language, where it did not.
    pub error: Option<String>,
    /// How long it took.
    pub seconds: f64,
}

/// A fact with the label people read; the contract of `ask --json`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LabelledFact {
    /// The fact itself.
    #[serde(flatten)]
    pub fact: Fact,
    /// In the asker's language.
    pub label: String,
    /// Index of the call, from 1.
    pub call: usize,
}

/// A whole answer; the contract of `ask --json`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// Conversation's id, to go on with.
    pub conversation: String,
    /// Which turn of it, from 1; a fact of this answer is `t<turn>.<id>` for later ones.
    #[serde(default)]
    pub turn: u32,
    /// The question's language.
    pub language: Lang,
    /// Who planned: `llm` or `embedded`.
    pub planner: String,
    /// Who wrote: `llm` where any sentence is a language model's, else `template`.
    #[serde(default)]
    pub composer: String,
    /// What was called.
    pub calls: Vec<DoneCall>,
    /// The text.
    pub text: String,
    /// Every figure.
    pub facts: Vec<LabelledFact>,
    /// How sure, call by call (`call` from 1).
    pub evidence: Vec<CallEvidence>,
    /// Paths of pictures (PNG).
    pub charts: Vec<String>,
    /// What can be chosen.
    pub choices: Vec<String>,
    /// Follow-up questions that run.
    pub next: Vec<String>,
    /// The data this was computed from.
    pub data_version: u64,
    /// From question to answer.
    pub seconds: f64,
}

/// The evidence of one call.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CallEvidence {
    /// Index of the call, from 1.
    pub call: usize,
    /// The evidence.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// The shop's day and days with orders, as planners need them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShopDays {
    /// The shop's day.
    pub today: Day,
    /// First and last day with an order.
    pub data: Span,
}
