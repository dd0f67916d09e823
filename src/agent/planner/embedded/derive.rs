//! Which of the conversation's figures does "what's the difference?" speak of?

use serde_json::json;

use super::numbers::number_at;
use super::reading::Reading;
use crate::agent::Call;

/// More figures than this are never meant at once.
const MOST: usize = 8;

/// The last two, in the order they were asked for; a share is the newest as a part of the one before it; a sum takes as
/// many as are named.
pub(super) fn call(op: &str, figures: &[String], r: &Reading<'_>) -> Call {
    let n = if op == "sum" { named(r).unwrap_or(2) } else { 2 }.min(figures.len());
    let mut facts: Vec<&String> = figures.iter().rev().take(n).collect();
    if op != "share" {
        facts.reverse();
    }
    let args = json!({ "op": op, "facts": facts });
    Call { tool: "derive".into(), args: args.as_object().cloned().unwrap_or_default() }
}

/// "the last three figures"
fn named(r: &Reading<'_>) -> Option<usize> {
    let numbers = (0..r.s.tokens.len()).filter_map(|at| number_at(&r.s.tokens, at));
    numbers.map(|said| said.value as usize).find(|n| (2..=MOST).contains(n))
}
