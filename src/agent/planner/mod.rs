//! Which tool, with which arguments, answers this question?

mod embedded;

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

pub use embedded::EmbeddedPlanner;
pub(crate) use embedded::parse_number;

use super::{Memory, Plan, ShopDays};
use crate::domain::{Entities, Lang, Role};

/// All a planner may look at.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// The question as typed.
    pub question: String,
    /// Its language.
    pub lang: Lang,
    /// Whose catalogue is offered.
    pub role: Role,
    /// The shop's day and data.
    pub days: ShopDays,
    /// What was said before.
    pub memory: Memory,
    /// Names in the shop's data.
    pub entities: Arc<Entities>,
    /// Why the last plan's call could not run, when the planner is asked again (twice at most).
    pub repair: Option<String>,
}

/// A planner that could not plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub struct PlanError(pub String);

/// Turns a question into a [`Plan`].
pub trait Planner: Send + Sync {
    /// `llm` or `embedded`.
    fn name(&self) -> &'static str;
    /// Plans one question.
    fn plan<'a>(&'a self, request: &'a PlanRequest) -> BoxFuture<'a, Result<Plan, PlanError>>;
}
