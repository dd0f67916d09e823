//! What can the embedded planner tell a planner that asks a language model?

use super::{EmbeddedPlanner, Features, chosen, may_call};
use crate::agent::planner::PlanRequest;
use crate::agent::{Call, Choice, Plan};
use crate::domain::Lang;

/// A tool that the words make less likely than this is none of those left open.
const OPEN: f32 = 0.15;

/// What the words of a question lead to, read once.
#[derive(Debug)]
pub(in crate::agent::planner) struct Advice {
    /// The embedded plan.
    pub(in crate::agent::planner) plan: Plan,
    /// Where that plan asks what is meant at all: calls of the tools that are possible, most likely first, with what the
    /// words say for their arguments.
    pub(in crate::agent::planner) open: Vec<Call>,
}

impl EmbeddedPlanner {
    /// The plan of the words, and what they leave open.
    pub(in crate::agent::planner) fn advise(&self, request: &PlanRequest) -> Advice {
        if let Some(call) = chosen(request) {
            return Advice { plan: Plan::Calls(vec![call]), open: Vec::new() };
        }
        let index = self.index(&request.entities);
        let reading = self.read(&request.question, &index, request.days.today);
        let plan = self.of_group(request, &reading, &index);
        let open = match &plan {
            Plan::Clarify { key, .. } if key == "what" => {
                let ranked = self.classifier.judge(&Features::of(&reading)).ranked;
                let tools = ranked.iter().filter(|(name, p)| *p >= OPEN && may_call(request.role, name));
                tools.map(|(tool, _)| self.plain_call(&reading, tool)).collect()
            }
            _ => Vec::new(),
        };
        Advice { plan, open }
    }

    /// A call as something to choose.
    pub(in crate::agent::planner) fn choice(&self, call: Call, lang: Lang) -> Choice {
        Choice { label: self.label(&call, lang), call }
    }
}
