//! Which days are "the week before", after the days of the last answer?

use serde_json::Value;

use super::reading::Reading;
use crate::agent::Call;
use crate::domain::{Day, NamedPeriod, Period, Span};

/// The days before those of the last call, in the unit that is named; nothing where the sentence sets one against the
/// other ("than the week before") or the tool looks ahead.
pub(super) fn period(last: &Call, r: &Reading<'_>) -> Option<Value> {
    let (at, to) = (0..r.s.tokens.len()).find_map(|at| Some((at, r.s.cue(at, "earlier")?)))?;
    if !super::slots::slots(&last.tool).contains(&super::slots::Slot::Period)
        || r.s.cue_before(at, "versus").is_some()
        || r.s.has("growth")
    {
        return None;
    }
    let said = match last.args.get("period") {
        Some(period) => serde_json::from_value(period.clone()).ok()?,
        None => Period::Named(NamedPeriod::Last30Days),
    };
    let unit = (at..to).find_map(|at| r.s.unit(at)).map(|hit| hit.key);
    let days = before(said, unit.as_deref(), r.today)?;
    serde_json::to_value(Period::range(days.from, days.to)).ok()
}

fn before(said: Period, unit: Option<&str>, today: Day) -> Option<Span> {
    let span = said.resolve(today, Span { from: Day(0), to: today }).ok()?;
    let from = span.from;
    Some(match unit {
        Some("day") => Span { from: from.plus(-1), to: from.plus(-1) },
        Some("week") => Span { from: from.plus(-7), to: from.plus(-1) },
        Some("month") => Span { from: from.month_start(-1), to: from.month_start(0).plus(-1) },
        Some("quarter") => Span { from: from.quarter_start(-1), to: from.quarter_start(0).plus(-1) },
        Some("year") if span.days() < 300 => said.previous_year(span),
        Some("year") => Span { from: from.year_start(-1), to: from.year_start(0).plus(-1) },
        _ => said.previous(span, today),
    })
}
