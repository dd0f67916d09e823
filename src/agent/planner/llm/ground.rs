//! What of a small model's plan can be trusted?
//!
//! Which of the tools that the words leave open. Its arguments are taken only where the tool cannot do without them and
//! the question's own words say them; everything else is read by the slots.

use serde_json::Value;

use crate::agent::planner::embedded::Advice;
use crate::agent::{Call, Plan};
use crate::tool::Entry;

/// The embedded plan as the model's plan settles it; `None` where it stays as it is.
pub(super) fn helped(plan: &Plan, words: &Advice, catalogue: &[Entry], question: &str) -> Option<Plan> {
    let Plan::Calls(calls) = plan else { return None };
    let meant = calls.first()?;
    let ours = match &words.plan {
        // Two readings that agree are the model's as much as the words'.
        Plan::Calls(ours) => {
            return ours.iter().any(|call| call.tool == meant.tool).then(|| words.plan.clone());
        }
        Plan::Clarify { key, choices, .. } if key == "which" => {
            &choices.iter().find(|choice| choice.call.tool == meant.tool)?.call
        }
        _ => words.open.iter().find(|call| call.tool == meant.tool)?,
    };
    Some(Plan::Calls(vec![complete(ours, meant, catalogue, question)?]))
}

/// Our call with the model's word for what is missing and cannot be; `None` where it cannot run even so.
fn complete(ours: &Call, meant: &Call, catalogue: &[Entry], question: &str) -> Option<Call> {
    let entry = catalogue.iter().find(|entry| entry.name == ours.tool)?;
    let schema = (entry.schema)();
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let mut call = ours.clone();
    for name in required.filter_map(Value::as_str) {
        if let (false, Some(value)) = (call.args.contains_key(name), meant.args.get(name))
            && said(value, question)
        {
            call.args.insert(name.to_owned(), value.clone());
        }
    }
    (entry.check)(&Value::Object(call.args.clone())).ok().map(|_| call)
}

/// Whether the question says this value.
fn said(value: &Value, question: &str) -> bool {
    let question = question.to_lowercase();
    match value {
        Value::String(text) => question.contains(&text.to_lowercase().replace('_', " ")),
        Value::Number(number) => question.contains(&number.to_string()),
        _ => false,
    }
}
