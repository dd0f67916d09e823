//! How far can a plan be trusted, and which step lifts it?
//!
//! DEFINITIONS §10: the worst of interval width, skill on unseen weeks, P(better), extrapolation and diagnostics; at most
//! `review_first` unless tests cover half of the moved money, at most `directional` where no test exists, since P is not
//! calibrated.

use super::{ChannelPlan, Plan};
use crate::domain::Grade;
use crate::model::mix::Mix;
use crate::model::mix::trust::Limit;

/// P(better): ready, review_first, directional; below that no plan.
pub const P_BETTER: [f64; 3] = [0.95, 0.80, 0.60];
/// Largest planned week over the largest seen: ready, review_first.
const STRETCH: [f64; 2] = [1.0, 1.25];
/// Share of the moved money that tests must cover.
const TESTED: f64 = 0.5;

/// Everything that keeps the plan from `ready`.
pub fn limits(plan: &Plan, mix: &Mix) -> Vec<Limit> {
    let mut limits = mix.limits(&plan.expected);
    let [ready, review, directional] = P_BETTER;
    limits.extend(match plan.p_better {
        // nothing moved is neither better nor worse
        _ if plan.stands_still() => None,
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
    // what moves most of the money, or brings most, on little knowledge
    let moved = parts(plan, |channel| channel.spend - channel.reference);
    limits.extend(mix.blind(&moved).or_else(|| mix.blind(&parts(plan, |channel| channel.response.value))));
    limits
}

/// What limits a what-if: all but the comparison.
pub fn simulation_limits(plan: &Plan, mix: &Mix) -> Vec<Limit> {
    let mut limits = mix.limits(&plan.expected);
    limits.extend(stretch(plan));
    limits.extend(mix.blind(&parts(plan, |channel| channel.response.value)));
    if mix.tests.is_empty() {
        limits.push((Grade::ReviewFirst, "no_lift_test", "lift_test"));
    }
    limits
}

/// A figure of each judged channel.
fn parts(plan: &Plan, of: fn(&ChannelPlan) -> f64) -> Vec<f64> {
    plan.channels.iter().filter(|channel| channel.judged).map(of).collect()
}

fn stretch(plan: &Plan) -> Option<Limit> {
    match plan.stretch() {
        None => Some((Grade::NeedsData, "channel_never_used", "move_in_steps")),
        Some(stretch) if stretch > STRETCH[1] => Some((Grade::Directional, "beyond_seen", "move_in_steps")),
        Some(stretch) if stretch > STRETCH[0] + 1e-9 => {
            Some((Grade::ReviewFirst, "beyond_seen", "move_in_steps"))
        }
        Some(_) => None,
    }
}
