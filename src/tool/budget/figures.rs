//! Which figures, rows and picture does every plan have, whoever split the money?

use crate::domain::{
    Axis, Caption, Cell, Chart, ChartKind, Column, Currency, Fact, Label, Point, Series, SeriesRole, Table,
    Unit,
};
use crate::model::plan::{ChannelPlan, Plan};
use crate::tool::media::estimate;

/// Facts of a plan, the headline first; `unit` is that of what it brings, `gain` that of what is made large.
pub(in crate::tool) fn facts(
    plan: &Plan,
    currency: Currency,
    unit: Unit,
    gain: Unit,
    margin: Option<f64>,
) -> Vec<Fact> {
    let money = Unit::Money(currency);
    let mut facts = vec![
        estimate("expected", plan.expected, unit),
        Fact::new("total", plan.total, money),
        Fact::new("weeks", plan.weeks as f64, Unit::Weeks),
        estimate("reference", plan.reference, unit),
        estimate("gain", plan.gain, gain),
        Fact::new("p_better", unsure(plan.p_better), Unit::Share),
        Fact::new("p_inside", 0.9, Unit::Share),
    ];
    facts.extend(plan.profit.map(|profit| estimate("profit", profit, money)));
    let deficit = plan.profit.filter(|profit| profit.value < 0.0);
    facts.extend(deficit.map(|profit| Fact::new("deficit", -profit.value, money)));
    if plan.channels.iter().any(|channel| !channel.judged) {
        facts.push(Fact::new("judged_total", plan.judged_spend(), money));
        facts.push(Fact::new("kept_total", plan.total - plan.judged_spend(), money));
    }
    if unit == Unit::Count {
        return facts;
    }
    if let Some(margin) = margin.filter(|margin| *margin > 0.0) {
        facts.push(Fact::new("break_even", 1.0 / margin, Unit::Ratio));
        facts.push(Fact::new("margin", margin, Unit::Share));
    }
    let judged = plan.judged_spend();
    if judged > 0.0 {
        facts.push(Fact::new("roi", plan.expected.value / judged, Unit::Ratio));
    }
    facts
}

/// A share that is never said to be certain.
fn unsure(p: f64) -> f64 {
    p.clamp(0.01, 0.99)
}

/// A row a channel: plan, today's split of the same money, a week of it at least and at most, what it brings, and what
/// the next unit would.
pub(in crate::tool) fn table(plan: &Plan, currency: Currency, unit: Unit) -> Table {
    let money = Some(Unit::Money(currency));
    let next = if unit == Unit::Count { Unit::Count } else { Unit::Ratio };
    let columns = [
        ("channel", None),
        ("planned_spend", money),
        (reference_key(plan), money),
        ("week_least", money),
        ("week_most", money),
        ("expected_response", Some(unit)),
        ("lo", Some(unit)),
        ("hi", Some(unit)),
        ("next_unit", Some(next)),
    ];
    let column = |(key, unit): (&str, Option<Unit>)| Column { key: key.into(), unit };
    Table {
        columns: columns.into_iter().map(column).collect(),
        rows: plan.channels.iter().map(row).collect(),
    }
}

/// What the split beside the plan is called.
fn reference_key(plan: &Plan) -> &'static str {
    if plan.paused() { "as_so_far" } else { "as_today" }
}

fn row(channel: &ChannelPlan) -> Vec<Cell> {
    let ends = |better: fn(f64, f64) -> f64, start: f64| channel.weekly.iter().copied().fold(start, better);
    let judged = |value: f64| if channel.judged { Cell::Number(value) } else { Cell::Empty };
    vec![
        Cell::Text(channel.name.clone()),
        Cell::Number(channel.spend),
        Cell::Number(channel.reference),
        Cell::Number(ends(f64::min, f64::INFINITY)),
        Cell::Number(ends(f64::max, 0.0)),
        judged(channel.response.value),
        judged(channel.response.lo),
        judged(channel.response.hi),
        channel.next_unit.map_or(Cell::Empty, Cell::Number),
    ]
}

/// Each channel's money, in today's split and in this one.
pub(in crate::tool) fn beside_today(plan: &Plan, currency: Currency, caption: &str) -> Chart {
    let column = |key: &str| Label::word("column", key);
    let x = Axis::of_names(column("channel"));
    let y = Axis::of(column("planned_spend"), Unit::Money(currency));
    let mut chart = Chart::new(ChartKind::GroupedBar, Caption::new(caption), x, y);
    chart.categories = plan.channels.iter().map(|channel| Label::word("channel", &channel.name)).collect();
    let series = |key: &str, role: SeriesRole, of: fn(&ChannelPlan) -> f64| {
        let points = plan.channels.iter().map(|channel| Point::of(Some(of(channel)))).collect();
        Series { role, ..Series::main(column(key), points) }
    };
    chart.series = vec![
        series(reference_key(plan), SeriesRole::Before, |channel| channel.reference),
        series("planned_spend", SeriesRole::Main, |channel| channel.spend),
    ];
    chart
}
