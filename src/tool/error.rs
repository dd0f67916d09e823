//! Why did a tool not answer, and what can the asker do about it?

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{Cancelled, PeriodError};
use crate::store::StoreError;

/// The kinds of failure; one row a kind, so that a new kind can't miss its retry rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "their names say what they are")]
pub enum ErrorKind {
    InvalidArgs,
    NotFound,
    Ambiguous,
    NotEnoughData,
    Forbidden,
    Timeout,
    Cancelled,
    Unavailable,
    Internal,
}

impl ErrorKind {
    /// Whether the same call may succeed later without a change.
    pub fn retryable(self) -> bool {
        match self {
            Self::Timeout | Self::Unavailable => true,
            Self::InvalidArgs
            | Self::NotFound
            | Self::Ambiguous
            | Self::NotEnoughData
            | Self::Forbidden
            | Self::Cancelled
            | Self::Internal => false,
        }
    }
}

/// A failure with two texts: `log` for the log, and for people the message `code` of `prompts/messages.toml`
/// (section `error`), filled with `params`, in the asker's language.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{code} {params:?} {log}")]
pub struct ToolError {
    /// Kind.
    pub kind: ErrorKind,
    /// Key of the message for people.
    pub code: String,
    /// What the message names.
    pub params: Map<String, Value>,
    /// Names that were possible, where one was ambiguous or unknown.
    pub candidates: Vec<String>,
    /// For the log only.
    pub log: String,
}

impl ToolError {
    fn new(kind: ErrorKind, code: &str) -> Self {
        Self { kind, code: code.into(), params: Map::new(), candidates: Vec::new(), log: String::new() }
    }

    /// Arguments that make no sense.
    pub fn invalid(code: &str) -> Self {
        Self::new(ErrorKind::InvalidArgs, code)
    }

    /// Something named that is not there.
    pub fn not_found(code: &str) -> Self {
        Self::new(ErrorKind::NotFound, code)
    }

    /// Several things of that name.
    pub fn ambiguous(code: &str, candidates: Vec<String>) -> Self {
        Self { candidates, ..Self::new(ErrorKind::Ambiguous, code) }
    }

    /// The data are too thin.
    pub fn not_enough_data(code: &str) -> Self {
        Self::new(ErrorKind::NotEnoughData, code)
    }

    /// The person who had to confirm it said no.
    pub fn refused() -> Self {
        Self::new(ErrorKind::Forbidden, "refused")
    }

    /// Outside the asker's catalogue: it does not exist for them.
    pub fn forbidden() -> Self {
        Self::new(ErrorKind::Forbidden, "forbidden")
    }

    /// A fault of ours.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self { log: error.to_string(), ..Self::new(ErrorKind::Internal, "internal") }
    }

    /// The same, naming one more thing.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    /// The same, with the names that would have been possible.
    #[must_use]
    pub fn among(mut self, candidates: Vec<String>) -> Self {
        self.candidates = candidates;
        self
    }
}

impl From<Cancelled> for ToolError {
    fn from(_: Cancelled) -> Self {
        Self::new(ErrorKind::Cancelled, "cancelled")
    }
}

impl From<StoreError> for ToolError {
    fn from(error: StoreError) -> Self {
        Self { log: error.to_string(), ..Self::new(ErrorKind::Unavailable, "store") }
    }
}

impl From<PeriodError> for ToolError {
    fn from(error: PeriodError) -> Self {
        match error {
            PeriodError::Reversed { from, to } => {
                Self::invalid("period_reversed").with("from", from.to_string()).with("to", to.to_string())
            }
            PeriodError::Outside { asked, available } => Self::not_enough_data("period_without_data")
                .with("from", asked.from.to_string())
                .with("to", asked.to.to_string())
                .with("first", available.from.to_string())
                .with("last", available.to.to_string()),
        }
    }
}
