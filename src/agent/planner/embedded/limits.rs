//! What does a sentence ask for that the call chosen for it cannot do?
//!
//! An answer to another question than was asked is worse than a question back: what was said and has no argument is
//! named, and the call without it is offered.

use serde_json::{Value, json};

use super::names::Thing;
use super::reading::Reading;
use super::{budget, follow};
use crate::agent::Call;
use crate::agent::ledger::Ledger;
use crate::agent::planner::PlanRequest;
use crate::domain::Entities;

/// A question back in the place of a call.
pub(super) struct Limit {
    /// Key of the message, section `clarify`.
    pub key: &'static str,
    /// What it names.
    pub params: Value,
    /// What is offered instead.
    pub instead: Vec<Call>,
}

impl Limit {
    fn new(key: &'static str, instead: Vec<Call>) -> Self {
        Self { key, params: Value::Null, instead }
    }

    fn about(key: &'static str, asked: &str, instead: Vec<Call>) -> Self {
        Self { key, params: json!({ "asked": asked }), instead }
    }
}

/// The call that is meant: amounts with a bound are to be planned, not tried; money shared between the channels that
/// are named leaves none for the others.
pub(super) fn meant(mut call: Call, r: &Reading<'_>, entities: &Entities) -> Call {
    if call.tool == "simulate_budget" && ["exactly", "least", "most"].iter().any(|cue| r.s.has(cue)) {
        call = Call { tool: "optimize_budget".into(), args: super::slots::read_all("optimize_budget", r) };
    }
    let named = r.all_names(Thing::Channel);
    if call.tool == "optimize_budget" && named.len() > 1 && r.s.has("only_between") {
        let others = entities.channels.iter().filter(|channel| !named.contains(channel));
        let none: Value = others.map(|channel| json!({ "channel": channel, "max": 0 })).collect();
        let bounds = call.args.get("bounds").map_or(none.clone(), |bounds| budget::merged(&none, bounds));
        call.args.insert("bounds".into(), bounds);
    }
    call
}

/// Money that is imagined, not spent: no question for the figures of the past.
pub(super) fn imagines_spend(r: &Reading<'_>) -> bool {
    r.s.has("what_if") && budget::change(r).is_some() && (r.s.has("ads") || r.name(Thing::Channel).is_some())
}

/// What the call leaves out of the sentence.
pub(super) fn of(call: &Call, r: &Reading<'_>, request: &PlanRequest) -> Option<Limit> {
    let has = |argument: &str| call.args.contains_key(argument);
    let again = || vec![call.clone()];
    match call.tool.as_str() {
        "customer_profile" if !has("customer") => Some(Limit::new("customer", Vec::new())),
        "simulate_budget" => other_money(request).or_else(|| {
            let amounts = has("allocation") && budget::change(r).is_none();
            (!amounts).then(|| Limit::new("allocation", Vec::new()))
        }),
        "optimize_budget" => other_money(request).or_else(|| kept(r)).or_else(|| {
            if r.s.has("all_on") {
                return Some(Limit::new("allocation", again()));
            }
            let left_out = budget::left_out(r);
            let limited = left_out.map(|asked| Limit::about("budget_limited", &asked, again()));
            limited.or_else(|| on_top(call, r))
        }),
        "channel_performance" => kept(r).or_else(|| {
            let asked = follow::unknown(r).filter(|_| !has("channel"))?;
            Some(Limit::about("channel_unknown", &asked, again()))
        }),
        "recommend_products" => recommendation(call, r),
        "find_audience" => audience(call, r),
        "segment_customers" => r.method_later().map(|asked| Limit::about("segment_method", &asked, again())),
        "model_report" => {
            let Some(Err(asked)) = r.model() else { return None };
            let offered = ["bg_nbd", "mbg_nbd"].map(|model| super::with(call, "model", model));
            Some(Limit::about("model", &asked, offered.into()))
        }
        "predict_clv" => {
            if let Some(Err(asked)) = r.model() {
                let offered = ["bg_nbd", "mbg_nbd", "auto"].map(|model| super::with(call, "model", model));
                return Some(Limit::about("model", &asked, offered.into()));
            }
            let name = r.name(Thing::City).or_else(|| r.name(Thing::Category))?;
            Some(Limit::about("clv_limited", &name.text, again()))
        }
        _ => None,
    }
}

/// A budget in money that the shop's books are not in: there is no rate (DEFINITIONS §1).
fn other_money(request: &PlanRequest) -> Option<Limit> {
    let mut said = Ledger::default();
    said.question(&request.question);
    let asked = said.other_money(request.currency)?;
    let params = json!({ "asked": asked, "currency": request.currency.to_string() });
    Some(Limit { key: "budget_currency", params, instead: Vec::new() })
}

/// Money on top of what is spent today, where no plan was made to which it could be added: nobody said how much it is in
/// all.
fn on_top(call: &Call, r: &Reading<'_>) -> Option<Limit> {
    budget::total(r).filter(|said| r.s.has("on_top") && call.args.get("total") == Some(said))?;
    let asked = budget::total_typed(r)?;
    let mut best = call.clone();
    best.args.shift_remove("total");
    Some(Limit::about("budget_on_top", &asked, vec![call.clone(), best]))
}

/// A channel that shall stay as it is; nobody said at how much.
fn kept(r: &Reading<'_>) -> Option<Limit> {
    let name = r.name(Thing::Channel).filter(|_| r.s.has("untouched"))?;
    Some(Limit::about("budget_kept", &name.text, Vec::new()))
}

fn recommendation(call: &Call, r: &Reading<'_>) -> Option<Limit> {
    let targets = ["customer", "segment", "product"];
    let target = targets.iter().any(|argument| call.args.contains_key(*argument));
    if let Some(name) = r.name(Thing::Category).or_else(|| r.name(Thing::City)) {
        return Some(Limit::about("recommend_limited", &name.text, vec![call.clone()]));
    }
    let asked = follow::unknown(r).filter(|_| !target)?;
    Some(Limit::about("recommend_for", &asked, vec![call.clone()]))
}

fn audience(call: &Call, r: &Reading<'_>) -> Option<Limit> {
    if !call.args.contains_key("product") && !call.args.contains_key("category") {
        return Some(Limit::new("audience_for", Vec::new()));
    }
    let city = r.name(Thing::City).map(|name| name.text.clone());
    let by = || r.s.phrase("contact").filter(|_| r.s.has("consent"));
    city.or_else(by).map(|asked| Limit::about("audience_limited", &asked, vec![call.clone()]))
}
