//! How far can a plan be trusted, and which step lifts it?
//!
//! DEFINITIONS §10: the worst of interval width, skill on unseen weeks, P(better), extrapolation and diagnostics; at most
//! `review_first` unless tests cover half of the moved money, at most `directional` where no test exists, since P is not
//! calibrated.

use super::{Estimate, Plan};
use crate::domain::Grade;
use crate::model::mix::Mix;

/// A component that limits the grade: the grade, what it is and its mend (keys of `prompts/words/grade.toml`).
pub type Limit = (Grade, &'static str, &'static str);

/// Half-width of the 90 % interval over the value: ready, review_first.
const WIDTH: [f64; 2] = [0.20, 0.50];
/// Skill on unseen weeks: ready, review_first.
const SKILL: [f64; 2] = [0.05, 0.0];
/// P(better): ready, review_first, directional; below that no plan.
pub const P_BETTER: [f64; 3] = [0.95, 0.80, 0.60];
/// Largest planned week over the largest seen: ready, review_first.
const STRETCH: [f64; 2] = [1.0, 1.25];
/// R-hat that NUTS must not pass.
const R_HAT: f64 = 1.01;
/// Share of the moved money that tests must cover.
const TESTED: f64 = 0.5;
/// Spread of ln ROI over its prior's, above which the data say little.
const PRIOR: f64 = 0.8;

/// Everything that keeps the plan from `ready`.
pub fn limits(plan: &Plan, mix: &Mix) -> Vec<Limit> {
    let mut limits = model_limits(&plan.expected, mix);
    let [ready, review, directional] = P_BETTER;
    limits.extend(match plan.p_better {
        p if p >= ready => None,
        p if p >= review => Some((Grade::ReviewFirst, "better_not_sure", "lift_test")),
        p if p >= directional => Some((Grade::Directional, "better_not_sure", "lift_test")),
        _ => Some((Grade::NeedsData, "better_not_sure", "lift_test")),
    });
    limits.extend(stretch(plan));
    if mix.tests.is_empty() {
        limits.push((Grade::Directional, "no_lift_test", "lift_test"));
    } else if plan.tested_share < TESTED {
        limits.push((Grade::ReviewFirst, "moved_untested", "lift_test"));
    }
    // what moves much of the money on little knowledge
    let all: f64 = plan.channels.iter().map(|c| (c.spend - c.reference).abs()).sum();
    let blind = |name: &str| mix.channels.iter().any(|c| c.name == name && c.prior_share > PRIOR);
    let blindly: f64 = plan
        .channels
        .iter()
        .filter(|c| c.judged && blind(&c.name))
        .map(|c| (c.spend - c.reference).abs())
        .sum();
    if all > 0.0 && blindly / all > 0.5 {
        limits.push((Grade::Directional, "prior_dominated", "lift_test"));
    }
    limits
}

/// What limits a what-if: all but the comparison.
pub fn simulation_limits(plan: &Plan, mix: &Mix) -> Vec<Limit> {
    let mut limits = model_limits(&plan.expected, mix);
    limits.extend(stretch(plan));
    if mix.tests.is_empty() {
        limits.push((Grade::ReviewFirst, "no_lift_test", "lift_test"));
    }
    limits
}

fn stretch(plan: &Plan) -> Option<Limit> {
    match plan.stretch {
        None => Some((Grade::NeedsData, "channel_never_used", "move_in_steps")),
        Some(stretch) if stretch > STRETCH[1] => Some((Grade::Directional, "beyond_seen", "move_in_steps")),
        Some(stretch) if stretch > STRETCH[0] + 1e-9 => {
            Some((Grade::ReviewFirst, "beyond_seen", "move_in_steps"))
        }
        Some(_) => None,
    }
}

fn model_limits(expected: &Estimate, mix: &Mix) -> Vec<Limit> {
    let mut limits = Vec::new();
    let Estimate { value, lo, hi } = *expected;
    let width = if value > 0.0 && lo > 0.0 { 0.5 * (hi - lo) / value } else { f64::INFINITY };
    if width > WIDTH[1] {
        limits.push((Grade::Directional, "interval_wide", "lift_test"));
    } else if width > WIDTH[0] {
        limits.push((Grade::ReviewFirst, "interval_wide", "lift_test"));
    }
    match skill(mix) {
        None => limits.push((Grade::NeedsData, "few_origins", "more_history")),
        Some(skill) if skill < SKILL[1] => {
            limits.push((Grade::Directional, "no_better_than_naive", "more_history"));
        }
        Some(skill) if skill < SKILL[0] => {
            limits.push((Grade::ReviewFirst, "no_better_than_naive", "more_history"));
        }
        Some(_) => {}
    }
    let diagnostics = &mix.diagnostics;
    if mix.rough() {
        limits.push((Grade::Directional, "draws_rough", "lift_test"));
    } else if diagnostics.flat
        || diagnostics.r_hat.is_some_and(|r_hat| r_hat > R_HAT)
        || diagnostics.divergences.is_some_and(|divergences| divergences > 0)
    {
        limits.push((Grade::ReviewFirst, "draws_rough", "lift_test"));
    }
    limits
}

/// 1 − error / naive error on weeks that the fit did not see.
fn skill(mix: &Mix) -> Option<f64> {
    let rmse = |naive: bool| {
        mix.holdout
            .iter()
            .find(|row| (row.method == "naive") == naive)
            .map(|row| row.rmse)
            .filter(|rmse| *rmse > 0.0)
    };
    Some(1.0 - rmse(false)? / rmse(true)?)
}
