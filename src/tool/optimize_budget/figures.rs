//! Which figures may an answer on the best split say, beside those of every plan?

use super::{Objective, Output};
use crate::domain::{Fact, Unit};
use crate::model::mix::{Kind, TODAY_WEEKS};
use crate::model::plan::{self, Plan};
use crate::tool::budget::{self, figures};
use crate::tool::media;

/// Profit that lies lower by less than this share is as good.
const FLAT: f64 = 0.005;

pub(super) fn facts(output: &Output, margin: Option<f64>) -> Vec<Fact> {
    let money = Unit::Money(output.currency);
    let unit = unit(output);
    let plan = &output.plan;
    let gain = if output.objective == Objective::Profit { money } else { unit };
    let mut facts = figures::facts(plan, output.currency, unit, gain, margin);
    facts.extend([
        Fact::new("gap", plan.gap, Unit::Share),
        Fact::new("tested_share", plan.tested_share, Unit::Share),
        Fact::new("moved", moved(plan), money),
    ]);
    let (least, most) = plan::bounds::USUAL;
    facts.extend([
        Fact::new("usual_least", least, Unit::Share),
        Fact::new("usual_most", most, Unit::Ratio),
        Fact::new("today_weeks", TODAY_WEEKS as f64, Unit::Weeks),
    ]);
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
    if let Some(best) = plan.best_total {
        facts.push(Fact::new("best_total", best.total, money));
        if let (Some(most), Some(own)) = (best.profit, plan.profit) {
            facts.push(Fact::new("best_profit", most, money));
            let loss = most - own.value;
            // near its top profit is flat, and a difference in the last digits is none
            facts.extend((loss > FLAT * most.abs()).then(|| Fact::new("loss", loss, money)));
        }
    }
    if let Some(roi) = plan.roi {
        facts.push(Fact::new("target_roi", roi.target, Unit::Ratio));
        facts.push(Fact::new("best_roi", roi.best, Unit::Ratio));
        facts.push(Fact::new("best_roi_total", roi.best_total, money));
        facts.extend(roi.largest_total.map(|largest| Fact::new("roi_total", largest, money)));
    }
    if let Some(inside) = &output.inside {
        facts.push(Fact::new("inside_total", inside.total, money));
        facts.push(media::estimate("inside_expected", inside.expected, unit));
    }
    facts
}

pub(super) fn unit(output: &Output) -> Unit {
    let kind = if output.objective == Objective::Orders { Kind::Orders } else { Kind::Revenue };
    budget::unit(kind, output.currency)
}

/// Money that changes its channel.
fn moved(plan: &Plan) -> f64 {
    0.5 * plan.channels.iter().map(|channel| (channel.spend - channel.reference).abs()).sum::<f64>()
}
