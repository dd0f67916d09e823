//! Which tool, with which arguments, answers this question?

mod embedded;
mod llm;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

pub use embedded::EmbeddedPlanner;
pub(crate) use embedded::parse_number;
pub use llm::LlmPlanner;

use super::{Memory, Plan, ShopDays};
use crate::domain::{Currency, Entities, Lang, Role};
use crate::llm::Spent;

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
    /// The currency of the shop's books.
    pub currency: Currency,
    /// Why the last plan's call could not run, when the planner is asked again (twice at most).
    pub repair: Option<String>,
}

/// A planner that could not plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub struct PlanError(pub String);

/// What a model may use up for this step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// The end of its time; one for all that a turn asks of models.
    pub until: Instant,
    /// Whether tokens and money are left.
    pub affordable: bool,
}

impl Allowance {
    /// Wall time that is left.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// A plan, and who made it.
#[derive(Clone, PartialEq, Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// `llm` or `embedded`.
    pub by: &'static str,
    /// Why the model is not asked any more in this turn: key of a message, section `model`.
    pub degraded: Option<&'static str>,
    /// What it cost.
    pub spent: Spent,
}

/// Turns a question into a [`Plan`].
pub trait Planner: Send + Sync {
    /// `llm` or `embedded`.
    fn name(&self) -> &'static str;
    /// Plans one question.
    fn plan<'a>(&'a self, request: &'a PlanRequest) -> BoxFuture<'a, Result<Plan, PlanError>>;
    /// The same, saying who planned and what it cost; for planners that may hand the question on.
    fn plan_within<'a>(
        &'a self,
        request: &'a PlanRequest,
        _: Allowance,
    ) -> BoxFuture<'a, Result<Planned, PlanError>> {
        Box::pin(async move {
            let plan = self.plan(request).await?;
            Ok(Planned { plan, by: self.name(), degraded: None, spent: Spent::default() })
        })
    }
}
