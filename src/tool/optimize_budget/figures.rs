//! A plan's figures: facts, the headline first, and a row a channel.

use super::{Objective, Output};
use crate::domain::{Column, Fact, Table, Unit};
use crate::model::mix::Kind;
use crate::model::plan::Plan;
use crate::tool::{budget, media};

pub(super) fn facts(output: &Output, margin: Option<f64>) -> Vec<Fact> {
    let money = Unit::Money(output.currency);
    let unit = unit(output);
    let plan = &output.plan;
    let mut facts = vec![
        media::estimate("expected", plan.expected, unit),
        Fact::new("total", plan.total, money),
        Fact::new("weeks", f64::from(output.weeks), Unit::Weeks),
        media::estimate("reference", plan.reference, unit),
        media::estimate("gain", plan.gain, if output.objective == Objective::Profit { money } else { unit }),
        Fact::new("p_better", budget::unsure(plan.p_better), Unit::Share),
        Fact::new("gap", plan.gap, Unit::Share),
        Fact::new("tested_share", plan.tested_share, Unit::Share),
        Fact::new("moved", moved(plan), money),
        Fact::new("p_inside", 0.9, Unit::Share),
    ];
    facts.extend(plan.profit.map(|profit| media::estimate("profit", profit, money)));
    let deficit = plan.profit.filter(|profit| profit.value < 0.0);
    facts.extend(deficit.map(|profit| Fact::new("deficit", -profit.value, money)));
    if let Some((_, brings)) = plan.next {
        let unit = if unit == Unit::Count { Unit::Count } else { Unit::Ratio };
        // orders of one unit of money are a small fraction: of a thousand
        let scale = if unit == Unit::Count { 1000.0 } else { 1.0 };
        facts.push(
            Fact::new("next_unit", scale * brings.value, unit).within(scale * brings.lo, scale * brings.hi),
        );
        if unit == Unit::Count {
            facts.push(Fact::new("thousand", scale, money));
        }
    }
    if let Some(margin) = margin.filter(|margin| *margin > 0.0 && unit != Unit::Count) {
        facts.push(Fact::new("break_even", 1.0 / margin, Unit::Ratio));
        facts.push(Fact::new("margin", margin, Unit::Share));
    }
    let judged: f64 =
        plan.channels.iter().filter(|channel| channel.judged).map(|channel| channel.spend).sum();
    if judged > 0.0 && unit != Unit::Count {
        facts.push(Fact::new("roi", plan.expected.value / judged, Unit::Ratio));
    }
    if let Some(best) = plan.best_total {
        facts.push(Fact::new("best_total", best.total, money));
        if let (Some(most), Some(own)) = (best.profit, plan.profit) {
            facts.push(Fact::new("best_profit", most, money));
            facts.push(Fact::new("loss", (most - own.value).max(0.0), money));
        }
    }
    if let Some(roi) = plan.roi {
        facts.push(Fact::new("target_roi", roi.target, Unit::Ratio));
        facts.push(Fact::new("best_roi", roi.best, Unit::Ratio));
        if let Some(largest) = roi.largest_total {
            facts.push(Fact::new("roi_total", largest.total, money));
        }
    }
    if let Some(inside) = &output.inside {
        facts.push(Fact::new("inside_total", inside.total, money));
        facts.push(media::estimate("inside_expected", inside.expected, unit));
    }
    facts
}

fn unit(output: &Output) -> Unit {
    let kind = if output.objective == Objective::Orders { Kind::Orders } else { Kind::Revenue };
    budget::unit(kind, output.currency)
}

/// Money that changes its channel.
fn moved(plan: &Plan) -> f64 {
    0.5 * plan.channels.iter().map(|channel| (channel.spend - channel.reference).abs()).sum::<f64>()
}

pub(super) fn table(output: &Output) -> Table {
    let money = Some(Unit::Money(output.currency));
    let unit = unit(output);
    let next = if unit == Unit::Count { Unit::Count } else { Unit::Ratio };
    let columns = [
        ("channel", None),
        ("planned_spend", money),
        ("as_today", money),
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
        rows: output.plan.channels.iter().map(budget::row).collect(),
    }
}
