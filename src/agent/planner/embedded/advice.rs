//! What can the embedded planner tell a planner that asks a language model?

use super::reading::Reading;
use super::{EmbeddedPlanner, Features};
use crate::agent::planner::PlanRequest;
use crate::agent::{Call, Choice};
use crate::domain::Lang;

impl EmbeddedPlanner {
    /// The tool's call with what the question's own words say for its arguments.
    pub(in crate::agent::planner) fn call_of(&self, request: &PlanRequest, tool: &str) -> Call {
        let index = self.index(&request.entities);
        let reading = Reading::new(&request.question, &self.vocabulary, &index, request.days.today);
        self.plain_call(&reading, tool)
    }

    /// How likely the question is one of this class (a tool, or a kind of refusal).
    pub(in crate::agent::planner) fn likely(&self, request: &PlanRequest, class: &str) -> f32 {
        let index = self.index(&request.entities);
        let reading = Reading::new(&request.question, &self.vocabulary, &index, request.days.today);
        let opinion = self.classifier.judge(&Features::of(&reading));
        opinion.ranked.iter().find(|(name, _)| name == class).map_or(0.0, |(_, p)| *p)
    }

    /// A call as something to choose.
    pub(in crate::agent::planner) fn choice(&self, call: Call, lang: Lang) -> Choice {
        Choice { label: self.label(&call, lang), call }
    }
}
