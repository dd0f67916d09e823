//! How much money, for how long, with which bounds, and on which channel?
//!
//! "250k over 8 weeks, tv at most 60k, roi of at least 2.5", 8万，搜索不超过2万. A number belongs to a time, to the ROI that
//! is asked for, to a channel's bound (the nearest channel, where "at least" or 不超过 stands at the number), or it is the
//! total. In a split to try each number goes to the channel that follows or precedes it, as the sentence begins. What
//! is none of these ("by half", −500, a second amount) is named, so that nothing is planned that was not asked for.

use serde_json::{Map, Value, json};

use super::names::{Name, Thing};
use super::numbers::number_at;
use super::reading::Reading;
use super::text::as_typed;
use super::times::{Mention, Unit, Way, When};
use crate::domain::MONTH_DAYS;

/// Money below this is a count or a rate, unless a currency or a scale ("5k") stands at it.
const MONEY_MIN: f64 = 100.0;
/// ROI that anybody would ask for.
const ROI_MAX: f64 = 50.0;
/// Years from today's in which a number can be a year.
const YEARS_NEAR: i32 = 5;
/// Tokens between a number and what it belongs to.
const NEAR: usize = 8;
/// A number that is no part of a time.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Figure {
    value: f64,
    from: usize,
    to: usize,
    /// A currency or a scale stands at it.
    marked: bool,
    /// A minus stands at it.
    negative: bool,
}

/// What a bound says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Side {
    Least,
    Most,
    Both,
}

/// Times that were said; "1.2m" is money here, no months, and no budget is for the year 2000.
fn times<'r>(r: &'r Reading<'_>) -> impl Iterator<Item = &'r Mention> {
    let million = |time: &&Mention| {
        time.to == time.from + 2
            && r.s.tokens.get(time.from).is_some_and(|token| token.number().is_some())
            && r.s.tokens.get(time.from + 1).is_some_and(|token| token.is("m") && !token.spaced)
    };
    let this_year = i32::from(r.today.date().year());
    let far = move |time: &&Mention| {
        let only =
            r.s.tokens.get(time.from).filter(|_| time.to == time.from + 1).and_then(|token| token.whole());
        only.is_some_and(|year| (year - this_year).abs() > YEARS_NEAR)
    };
    r.times.iter().filter(move |time| !million(time) && !far(time))
}

fn figures(r: &Reading<'_>) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut at = 0;
    while at < r.s.tokens.len() {
        let in_time = times(r).find(|time| time.from <= at && at < time.to);
        if let Some(time) = in_time {
            at = time.to.max(at + 1);
            continue;
        }
        let in_name = r.names.iter().any(|name| name.from <= at && at < name.to);
        match number_at(&r.s.tokens, at) {
            Some(said) if !in_name && said.value.is_finite() => {
                let scaled = said.end > at + 1 || said.value >= 1000.0;
                let money = r.s.cue(said.end, "money").is_some() || r.s.cue_before(at, "money").is_some();
                let amount =
                    !matches!(r.s.text(said.end), "半" | "倍" | "次" | "个") && !is_share(r, said.end);
                if amount {
                    figures.push(Figure {
                        value: said.value,
                        from: at,
                        to: said.end,
                        marked: scaled || money,
                        negative: is_negative(r, at),
                    });
                }
                at = said.end.max(at + 1);
            }
            _ => at += 1,
        }
    }
    figures
}

fn is_share(r: &Reading<'_>, at: usize) -> bool {
    matches!(r.s.text(at), "%" | "percent" | "pct" | "折" | "成")
}

/// Whether a minus stands at the number, not the dash of a range.
fn is_negative(r: &Reading<'_>, at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return false };
    let glued = r.s.tokens.get(at).is_some_and(|token| !token.spaced);
    let ranges = before.checked_sub(1).is_some_and(|at| number_ends(r, at));
    match r.s.text(before) {
        "-" | "−" | "–" => glued && !ranges,
        _ => r.s.cue_before(at, "minus").is_some(),
    }
}

/// Whether a number, its scale or its currency stands here.
fn number_ends(r: &Reading<'_>, at: usize) -> bool {
    let scaled = |from: usize| number_at(&r.s.tokens, from).is_some_and(|said| said.end > at);
    (at.saturating_sub(1)..=at).any(scaled) || r.s.cue(at, "money").is_some()
}

/// Where a wording of this small word starts and ends.
fn wordings(r: &Reading<'_>, key: &str) -> Vec<(usize, usize)> {
    (0..r.s.tokens.len()).filter_map(|at| Some((at, r.s.cue(at, key)?))).collect()
}

fn channels<'r>(r: &'r Reading<'_>) -> Vec<&'r Name> {
    r.names.iter().filter(|name| name.thing == Thing::Channel).collect()
}

/// Tokens between two stretches.
fn apart(a: (usize, usize), b: (usize, usize)) -> usize {
    if a.1 <= b.0 { b.0 - a.1 } else { a.0.saturating_sub(b.1) }
}

/// Revenue per unit of spend that is asked for, with the number's place.
fn roi(r: &Reading<'_>) -> Option<(f64, usize)> {
    let percent = |at: usize| matches!(r.s.text(at), "%" | "percent");
    for (from, to) in wordings(r, "target_roi") {
        let near = (0..r.s.tokens.len()).filter_map(|at| {
            let said = number_at(&r.s.tokens, at)?;
            let value = if percent(said.end) { said.value / 100.0 } else { said.value };
            let inside = times(r).any(|time| time.from <= at && at < time.to);
            let fits = value > 0.0 && value <= ROI_MAX && !inside;
            (fits && apart((from, to), (at, said.end)) <= NEAR).then_some((value, at, said.end))
        });
        // behind the word before in front of it
        let best = near.min_by_key(|(_, at, end)| (usize::from(*at < from), apart((from, to), (*at, *end))));
        if let Some((value, at, _)) = best {
            return Some((value, at));
        }
    }
    None
}

/// The side of a bound that a number is, by the word in front of it or right behind it (2万以内).
fn side(r: &Reading<'_>, figure: &Figure) -> Option<Side> {
    let at = |key: &str| {
        // "35000 with at least 5000": what is followed by a number is that one's
        let own = |end: usize| (end..=end + 1).all(|at| number_at(&r.s.tokens, at).is_none());
        // "fix tv at 2000": the channel may stand between
        let before = if key == "exactly" { 3 } else { 1 };
        let near = |place: &(usize, usize)| {
            (place.1 <= figure.from && figure.from - place.1 <= before)
                || (figure.to <= place.0 && place.0 - figure.to <= 1 && own(place.1))
        };
        wordings(r, key).into_iter().filter(near).map(|place| place.1 - place.0).max()
    };
    if at("exactly").is_some() {
        return Some(Side::Both);
    }
    match (at("least"), at("most")) {
        // "no more than" is more than "more than"
        (Some(least), Some(most)) => Some(if least > most { Side::Least } else { Side::Most }),
        (Some(_), None) => Some(Side::Least),
        (None, Some(_)) => Some(Side::Most),
        (None, None) => None,
    }
}

/// A channel with its least and its most.
type Bounded = (String, Option<f64>, Option<f64>);

/// Bounds by channel, with the places of their numbers.
fn bounded(r: &Reading<'_>) -> (Vec<Bounded>, Vec<usize>) {
    let names = channels(r);
    let figures = figures(r);
    let mut bounds: Vec<Bounded> = Vec::new();
    let mut used = Vec::new();
    let nearest = |figure: &Figure| {
        let distance = |name: &&&Name| {
            let between = name.to.min(figure.to)..name.from.max(figure.from);
            // what stands behind a comma or an "and" belongs to the next number
            let cut = between.into_iter().any(|at| {
                matches!(
                    r.s.text(at),
                    "," | "，" | "、" | ";" | "；" | "。" | "and" | "but" | "和" | "且" | "而"
                )
            });
            apart((name.from, name.to), (figure.from, figure.to)) + if cut { NEAR / 2 } else { 0 }
        };
        names.iter().filter(|name| distance(name) <= NEAR).min_by_key(distance).map(|name| name.text.clone())
    };
    let mut set = |name: String, min: Option<f64>, max: Option<f64>| match bounds
        .iter_mut()
        .find(|(known, _, _)| *known == name)
    {
        Some((_, least, most)) => (*least, *most) = (min.or(*least), max.or(*most)),
        None => bounds.push((name, min, max)),
    };
    for name in &names {
        if r.s.cue_before(name.from, "without").is_some() {
            set(name.text.clone(), None, Some(0.0));
        }
    }
    for (i, figure) in figures.iter().enumerate() {
        if used.contains(&figure.from) || figure.negative {
            continue;
        }
        let next = figures.get(i + 1);
        let range = next.filter(|next| {
            let joint = (figure.to..next.from)
                .all(|at| matches!(r.s.text(at), "and" | "to" | "-" | "到" | "至" | "和"));
            let between =
                matches!(r.s.text(figure.from.wrapping_sub(1)), "between" | "from" | "在" | "介" | "于")
                    || r.s.says(next.to, &["之", "间"])
                    || matches!(r.s.text(next.to), "间");
            joint && next.from > figure.to && (between || r.s.text(figure.to) != "and")
        });
        if let (Some(next), Some(name)) = (range, nearest(figure)) {
            set(name, Some(figure.value), Some(next.value));
            used.extend([figure.from, next.from]);
        } else if let (Some(side), Some(name)) = (side(r, figure), nearest(figure)) {
            match side {
                Side::Least => set(name, Some(figure.value), None),
                Side::Most => set(name, None, Some(figure.value)),
                Side::Both => set(name, Some(figure.value), Some(figure.value)),
            }
            used.push(figure.from);
        }
    }
    (bounds, used)
}

/// Bounds of channels.
pub(super) fn bounds(r: &Reading<'_>) -> Option<Value> {
    let (bounds, _) = bounded(r);
    let bound = |(channel, min, max): Bounded| {
        let mut bound = Map::new();
        bound.insert("channel".into(), channel.into());
        bound.extend(min.map(|min| ("min".to_owned(), whole(min))));
        bound.extend(max.map(|max| ("max".to_owned(), whole(max))));
        Value::Object(bound)
    };
    (!bounds.is_empty()).then(|| bounds.into_iter().map(bound).collect())
}

/// Amounts that are no bound and no ROI, in the order in which they were said.
fn amounts(r: &Reading<'_>) -> Vec<Figure> {
    let (_, used) = bounded(r);
    let target = roi(r).map(|(_, at)| at);
    let free = |figure: &Figure| {
        !used.contains(&figure.from)
            && target != Some(figure.from)
            && (figure.marked || figure.negative || figure.value >= MONEY_MIN)
    };
    figures(r).into_iter().filter(free).collect()
}

fn can_be_spent(figure: &Figure) -> bool {
    figure.value >= 1.0 && !figure.negative
}

/// The money to spend: the first amount that is nothing else.
pub(super) fn total(r: &Reading<'_>) -> Option<Value> {
    amounts(r).iter().find(|figure| can_be_spent(figure)).map(|figure| whole(figure.value))
}

/// [`total`] as it was typed.
pub(super) fn total_typed(r: &Reading<'_>) -> Option<String> {
    let amounts = amounts(r);
    let figure = amounts.iter().find(|figure| can_be_spent(figure))?;
    let to = r.s.cue(figure.to, "money").unwrap_or(figure.to);
    r.s.tokens.get(figure.from..to).map(as_typed)
}

/// What a plan would leave out: an amount that cannot be spent, one beside the total that is nothing else.
pub(super) fn left_out(r: &Reading<'_>) -> Option<String> {
    let amounts = amounts(r);
    let total = amounts.iter().position(can_be_spent);
    let beside = amounts.iter().enumerate().find(|(at, _)| Some(*at) != total).map(|(_, figure)| {
        let from = if figure.negative { figure.from - 1 } else { figure.from };
        let to = r.s.cue(figure.to, "money").unwrap_or(figure.to);
        (from, to)
    });
    let (from, to) = beside.or_else(|| change(r))?;
    r.s.tokens.get(from..to).map(as_typed)
}

/// Where a change against today is said ("by half", 减少20%): a plan and a trial take amounts.
pub(super) fn change(r: &Reading<'_>) -> Option<(usize, usize)> {
    let target = roi(r).map(|(_, at)| at);
    let share = |at: usize| {
        let said = number_at(&r.s.tokens, at)?;
        let free = target != Some(at) && !r.names.iter().any(|name| name.from <= at && at < name.to);
        (free && is_share(r, said.end)).then_some((at, said.end + 1))
    };
    let word = wordings(r, "change_by").into_iter().next();
    word.or_else(|| (0..r.s.tokens.len()).find_map(share))
}

/// Revenue per unit of spend to reach.
pub(super) fn target_roi(r: &Reading<'_>) -> Option<Value> {
    roi(r).map(|(value, _)| json!((value * 1e6).round() / 1e6))
}

/// Weeks ahead.
pub(super) fn weeks(r: &Reading<'_>) -> Option<Value> {
    let weeks = |when: When| match when {
        When::Lasting(count, unit, Way::Future | Way::Unsaid) => Some(match unit {
            Unit::Day => count / 7.0,
            Unit::Week => count,
            Unit::Month => count * MONTH_DAYS / 7.0,
            Unit::Quarter => count * 13.0,
            Unit::Year => count * 52.0,
        }),
        When::Days(span) if span.to > r.today => Some(f64::from(span.days()) / 7.0),
        When::Lasting(..) | When::Named(_) | When::Days(_) => None,
    };
    let weeks = times(r).find_map(|time| weeks(time.when))?.round();
    Some(Value::from(weeks as i64))
}

/// What should be large, where it is said.
pub(super) fn objective(r: &Reading<'_>) -> Option<Value> {
    let named = |key: &str| r.s.of("metric").any(|hit| hit.key == key);
    let objective = if named("gross_profit") || r.s.has("for_profit") {
        "profit"
    } else if named("orders") || r.s.has("for_orders") {
        "orders"
    } else if named("revenue") || r.s.has("for_revenue") {
        "revenue"
    } else {
        return None;
    };
    Some(objective.into())
}

/// A split to try: each channel with its money.
pub(super) fn allocation(r: &Reading<'_>) -> Option<Value> {
    let names = channels(r);
    let figures: Vec<Figure> = figures(r);
    let near_name = |figure: &Figure| {
        names.iter().any(|name| apart((name.from, name.to), (figure.from, figure.to)) <= NEAR)
    };
    let money: Vec<&Figure> = figures.iter().filter(|figure| near_name(figure) && !figure.negative).collect();
    let (first_name, first_money) = (names.first()?, money.first()?);
    let number_first = first_money.from < first_name.from;
    let mut parts: Vec<(String, f64)> = Vec::new();
    for name in &names {
        if parts.iter().any(|(known, _)| *known == name.text) {
            continue;
        }
        // the number in front of the name and behind the name before, or behind it and in front of the next
        let own = money.iter().filter(|figure| {
            if number_first {
                let before = names
                    .iter()
                    .filter(|other| other.to <= name.from)
                    .map(|other| other.to)
                    .max()
                    .unwrap_or(0);
                figure.to <= name.from && figure.from >= before
            } else {
                let after = names.iter().filter(|other| other.from >= name.to).map(|other| other.from).min();
                figure.from >= name.to && after.is_none_or(|after| figure.to <= after)
            }
        });
        let own = if number_first {
            own.max_by_key(|figure| figure.from)
        } else {
            own.min_by_key(|figure| figure.from)
        };
        parts.extend(own.map(|figure| (name.text.clone(), figure.value)));
    }
    let part = |(channel, spend): (String, f64)| json!({ "channel": channel, "spend": whole(spend) });
    (!parts.is_empty()).then(|| parts.into_iter().map(part).collect())
}

/// New parts of a list by channel in the place of the old ones of the same channels.
pub(super) fn merged(old: &Value, new: &Value) -> Value {
    let empty = Vec::new();
    let (old, new) = (old.as_array().unwrap_or(&empty), new.as_array().unwrap_or(&empty));
    let named = |part: &Value| part.get("channel").cloned();
    let kept = old.iter().filter(|part| new.iter().all(|other| named(other) != named(part)));
    kept.chain(new).cloned().collect()
}

/// A whole amount is written without a point.
pub(super) fn whole(value: f64) -> Value {
    let cents = (value * 100.0).round() / 100.0;
    if cents.fract().abs() < 1e-9 && cents.abs() < 9e15 { Value::from(cents as i64) } else { json!(cents) }
}
