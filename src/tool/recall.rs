//! What was computed earlier in this conversation?

use super::ToolError;
use crate::domain::{Evidence, Fact};

/// The facts of one conversation of one asker.
pub trait Recall: Send + Sync {
    /// The fact of this id: `t<turn>.c<call>.<name>`, or `c<call>.<name>` for the newest turn that has it.
    fn fact(&self, id: &str) -> Result<Option<Said>, ToolError>;
}

/// A fact with where it comes from.
#[derive(Clone, PartialEq, Debug)]
pub struct Said {
    /// With its turn: `t2.c1.revenue`.
    pub id: String,
    /// The fact, under the name its tool gave it.
    pub fact: Fact,
    /// The tool.
    pub tool: String,
    /// The row of a table it stood in, and the names its question was narrowed to.
    pub about: Vec<String>,
    /// What the answer rested on.
    pub evidence: Evidence,
}

/// A call outside any conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NothingSaid;

impl Recall for NothingSaid {
    fn fact(&self, _: &str) -> Result<Option<Said>, ToolError> {
        Ok(None)
    }
}
