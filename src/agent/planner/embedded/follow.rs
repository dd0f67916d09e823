//! Does this question only change something of the one before ("and Paris?", 改成24个月, "by month then")?

use serde_json::{Map, Value};

use super::budget;
use super::classifier::Opinion;
use super::earlier;
use super::numbers::number_at;
use super::reading::{Reading, TIME_GROUPS};
use super::slots::{Slot, read_all, slots};
use super::text::{Kind, as_typed};
use crate::agent::{Call, Memory};

/// How much of a sentence may stay unexplained when it opens or ends like a follow-up.
const UNEXPLAINED_MOST: usize = 2;
/// The same where somebody of a list is meant: 详细说说第二个 can mean little else.
const UNEXPLAINED_OF_LIST: usize = 6;
/// A word of fewer letters is no name that is asked back for.
const UNKNOWN_LETTERS: usize = 3;

/// The last call with what this sentence changes; nothing if the sentence stands on its own.
pub(super) fn revised(last: &Call, r: &Reading<'_>) -> Option<Call> {
    let mut new = read_all(&last.tool, r);
    let cue = r.s.has("follow");
    // what only looks back has nothing to say of a time ahead
    if r.looks_ahead() && !slots(&last.tool).contains(&Slot::HorizonMonths) {
        return None;
    }
    // a figure of the past changes nothing of a forecast: it is another question; a plan can be made for orders
    let of_the_past = match last.tool.as_str() {
        "query_metrics" => false,
        "optimize_budget" => {
            let narrowed =
                r.period_and_comparison().0.is_some() || r.group().is_some() || !r.names.is_empty();
            !cue || narrowed && !new.contains_key("bounds")
        }
        _ => true,
    };
    if of_the_past && !r.metrics().is_empty() {
        return None;
    }
    // figure, time and group or filter: nothing is missing, however the sentence opens
    let named = |key: &str| new.contains_key(key);
    if let Some(period) = earlier::period(last, r).filter(|_| !named("metric")) {
        new.insert("period".into(), period);
        new.shift_remove("compare_to");
    }
    let named = |key: &str| new.contains_key(key);
    if named("metric") && named("period") && (named("group_by") || named("filter")) {
        return None;
    }
    let unexplained = unexplained(r);
    // a sentence with a figure, its time or its group needs none before it; nor does a ranking with its time
    let ranked = ["top", "group_by", "period"].iter().all(|key| new.contains_key(*key));
    let whole = new.contains_key("metric") && new.len() > 1 || names_both(&new) || ranked;
    let follows = if cue { unexplained <= UNEXPLAINED_MOST } else { unexplained == 0 && !whole };
    if !follows {
        return None;
    }
    if last.tool == "query_metrics" && new.is_empty() {
        new.extend(r.hinted_metric().filter(|_| cue).map(|metric| ("metric".to_owned(), metric.into())));
    }
    let everything = cue && r.s.has("whole");
    if new.is_empty() && !everything {
        return None;
    }
    let mut args = last.args.clone();
    let money = |args: &Map<String, Value>| args.get("total").and_then(Value::as_f64);
    if let (Some(before), Some(more)) =
        (money(&args), money(&new).filter(|_| r.s.has("on_top") || r.s.has("add")))
    {
        new.insert("total".into(), budget::whole(before + more));
    }
    if everything {
        for key in ["filter", "group_by", "top", "segment", "customer"] {
            args.shift_remove(key);
        }
    }
    change(&mut args, new);
    Some(Call { tool: last.tool.clone(), args })
}

/// What is asked of somebody who was named before ("and his orders?", 那她呢) or shown ("tell me about the first one",
/// 第二位呢). What sounds like a question for the metrics is one for the profile; what sounds like none of ours must
/// say little else.
pub(super) fn of_person(memory: &Memory, r: &Reading<'_>, opinion: &Opinion) -> Option<Call> {
    if r.person().is_some() {
        return None;
    }
    let shown = r
        .place()
        .and_then(|place| memory.listed.get(place.checked_sub(1)?))
        .map(|id| Value::from(id.clone()));
    let named = || {
        let calls = memory.calls.iter().rev();
        calls.filter(|_| r.pronoun()).find_map(|call| Some((call, call.args.get("customer")?.clone())))
    };
    let (before, customer) = match shown {
        Some(customer) => (None, customer),
        None => named().map(|(before, customer)| (Some(before), customer))?,
    };
    let unexplained = unexplained(r);
    let most = if before.is_none() { UNEXPLAINED_OF_LIST } else { UNEXPLAINED_MOST };
    // nothing but the pronoun: the same again
    let same = unexplained == 0 && r.metrics().is_empty() && !r.looks_ahead();
    let class = opinion.ranked.first().map_or("", |(name, _)| name.as_str());
    let tool = match class {
        _ if same => before.map_or("customer_profile", |before| before.tool.as_str()),
        "predict_clv" if r.looks_ahead() || before.is_some() => class,
        "recommend_products" => class,
        "predict_clv" | "customer_profile" | "query_metrics" => "customer_profile",
        "injection" | "not_yet" | "ambiguous" | "out_of_scope" | "derive" if unexplained <= most => {
            if r.looks_ahead() { "predict_clv" } else { "customer_profile" }
        }
        _ => return None,
    };
    let mut args = match before.filter(|before| before.tool == tool) {
        Some(before) => before.args.clone(),
        None => Map::new(),
    };
    args.extend(read_all(tool, r));
    args.insert("customer".into(), customer);
    for key in ["segment", "top", "product"] {
        args.shift_remove(key);
    }
    Some(Call { tool: tool.to_owned(), args })
}

/// "Their revenue": the call for the segment that was spoken of before, where it names no other customers.
pub(super) fn of_group(mut call: Call, segment: &str) -> Call {
    let args = &mut call.args;
    match call.tool.as_str() {
        "query_metrics" if args.get("group_by").and_then(Value::as_str) != Some("segment") => {
            let filter = args.entry("filter").or_insert_with(|| Value::Object(Map::new()));
            if let Some(filter) = filter.as_object_mut() {
                filter.entry("segment").or_insert_with(|| segment.into());
            }
        }
        "predict_clv" if !args.contains_key("customer") => {
            args.entry("segment").or_insert_with(|| segment.into());
        }
        _ => {}
    }
    call
}

/// Horizon and customer or count: a question of its own.
fn names_both(new: &Map<String, Value>) -> bool {
    new.contains_key("customer") && new.contains_key("horizon_months")
}

/// Puts the new values in the place of the old ones, and drops what they contradict.
fn change(args: &mut Map<String, Value>, mut new: Map<String, Value>) {
    let old_group = args.get("group_by").and_then(Value::as_str).map(str::to_owned);
    if let Some(group) = new.get("group_by").and_then(Value::as_str) {
        if let Some(Value::Object(filter)) = args.get_mut("filter") {
            filter.shift_remove(group);
        }
        if TIME_GROUPS.contains(&group) {
            args.shift_remove("top");
        }
    }
    for key in ["bounds", "allocation"] {
        if let (Some(old), Some(list)) = (args.get(key), new.get(key)) {
            let both = budget::merged(old, list);
            new.insert(key.to_owned(), both);
        }
    }
    if let Some(Value::Object(filter)) = new.shift_remove("filter") {
        let regroups = new.contains_key("group_by");
        let mut merged = match args.shift_remove("filter") {
            Some(Value::Object(old)) => old,
            _ => Map::new(),
        };
        for (key, value) in filter {
            for (one, other) in [("product", "category"), ("category", "product")] {
                if key == one {
                    merged.shift_remove(other);
                }
            }
            if !regroups && old_group.as_deref() == Some(key.as_str()) {
                args.shift_remove("group_by");
                args.shift_remove("top");
            }
            merged.insert(key, value);
        }
        args.insert("filter".into(), Value::Object(merged));
    }
    if new.contains_key("customer") {
        args.shift_remove("segment");
        args.shift_remove("top");
        args.shift_remove("product");
    }
    if new.contains_key("product") || new.contains_key("category") {
        for key in ["product", "category", "customer", "segment"] {
            args.shift_remove(key);
        }
    }
    if new.contains_key("segment") || new.contains_key("top") {
        args.shift_remove("customer");
    }
    if new.contains_key("segment") {
        args.shift_remove("product");
    }
    args.extend(new);
    if args.get("filter").is_some_and(|filter| filter.as_object().is_some_and(Map::is_empty)) {
        args.shift_remove("filter");
    }
}

/// Tokens that no slot and no small word explains; per cent signs, quotes and the like say nothing.
pub(super) fn unexplained(r: &Reading<'_>) -> usize {
    let words = r.s.tokens.iter().zip(explained(r));
    words.filter(|(token, done)| !done && token.kind != Kind::Mark).count()
}

/// A name that the shop does not have, as typed: a word of no vocabulary, or Han where somebody or something is named
/// (给张三推荐, 买了咖啡机的人).
pub(super) fn unknown(r: &Reading<'_>) -> Option<String> {
    let s = &r.s;
    let explained = explained(r);
    let strange = |at: usize| explained.get(at).is_some_and(|done| !done);
    let kind = |at: usize| s.tokens.get(at).map(|token| token.kind);
    let latin = (0..s.tokens.len()).find(|at| {
        strange(*at)
            && kind(*at) == Some(Kind::Word)
            && s.text(*at).chars().count() >= UNKNOWN_LETTERS
            && !r.knows(s.text(*at))
    });
    let han = || {
        let begins = |at: usize| {
            s.cue_before(at, "name_follows").is_some() && kind(at) == Some(Kind::Han) && strange(at)
        };
        let from = (0..s.tokens.len()).find(|at| begins(*at))?;
        // 张三: a numeral may be a part of a name
        let goes_on = |at: usize| strange(at) || number_at(&s.tokens, at).is_some();
        let ends =
            |at: &usize| !goes_on(*at) || kind(*at) != Some(Kind::Han) || s.cue(*at, "name_ends").is_some();
        let to = (from..=s.tokens.len()).find(ends)?;
        (to - from > 1).then_some((from, to))
    };
    let (from, to) = latin.map(|at| (at, at + 1)).or_else(han)?;
    s.tokens.get(from..to).map(as_typed)
}

/// What each token is taken for: whether a slot or a small word explains it.
fn explained(r: &Reading<'_>) -> Vec<bool> {
    const SMALL: [&str; 29] = [
        "filler",
        "persons",
        "earlier",
        "follow",
        "top",
        "list",
        "counted",
        "whole",
        "versus",
        "by",
        "other",
        "growth",
        "trend",
        "discount_rate",
        "undiscounted",
        "to",
        "person",
        "target_roi",
        "least",
        "most",
        "exactly",
        "without",
        "add",
        "on_top",
        "change_by",
        "money",
        "for_profit",
        "for_orders",
        "for_revenue",
    ];
    let s = &r.s;
    let mut explained = vec![false; s.tokens.len()];
    let mut mark = |from: usize, to: usize| {
        for done in explained.iter_mut().take(to).skip(from) {
            *done = true;
        }
    };
    for time in &r.times {
        mark(time.from, time.to);
    }
    for name in &r.names {
        mark(name.from, name.to);
    }
    for hit in s.hits.iter().filter(|hit| hit.kind != "metric_hint" && hit.kind != "city") {
        mark(hit.from, hit.to);
    }
    for at in 0..s.tokens.len() {
        for key in SMALL {
            if let Some(to) = s.cue(at, key) {
                mark(at, to);
            }
        }
        for key in [
            "before",
            "after",
            "day",
            "week",
            "month",
            "quarter",
            "product",
            "city",
            "channel",
            "cohort_month",
        ] {
            if let Some(to) = s.grouping(at, key) {
                mark(at, to);
            }
        }
        if let Some(said) = number_at(&s.tokens, at) {
            mark(at, said.end);
        }
    }
    explained
}
