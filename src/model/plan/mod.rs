//! How should a budget be spread over channels and weeks, and is that better than what is done today?
//!
//! DEFINITIONS §9. [`course`] says what a plan brings, [`room`] and [`bounds`] which plans are allowed, [`ascent`] climbs to
//! the best of them, [`choose`] asks it for a split, a total or a target ROI on some of the posterior draws, [`cents`] sets
//! it in cents, and [`judge`] sets it against today's split on the others; [`found`] is what is said of it, [`trust`] grades it.

mod ascent;
pub mod bounds;
mod cents;
mod choose;
mod course;
mod found;
mod game;
mod judge;
mod room;
pub mod trust;

use serde::{Deserialize, Serialize};

use super::mix::Mix;
use crate::domain::{Cancelled, Work};
pub use bounds::{Bound, BoundsError, Reach, Seen};
use cents::{cents, even, in_cents};
pub use course::{Course, TAIL};
pub use found::{ChannelPlan, Plan, RoiFound, TotalFound};
use game::Game;
pub use room::{Limits, Room};

/// What should be large.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// What the weeks count: revenue or orders.
    #[default]
    Response,
    /// Margin of the response, less spend.
    Profit,
}

/// What is asked.
#[derive(Clone, PartialEq, Debug)]
pub struct Ask {
    /// Money for all channels; `None`: as much as pays.
    pub total: Option<f64>,
    /// Weeks.
    pub weeks: usize,
    /// What should be large.
    pub objective: Objective,
    /// Revenue per unit of spend that must be reached.
    pub target_roi: Option<f64>,
    /// By judged channel.
    pub bounds: Vec<Bound>,
    /// Margin of a unit of revenue.
    pub margin: Option<f64>,
}

/// Least part of what unjudged channels take that must be left for the others.
const LEFT_LEAST: f64 = 0.01;

/// Why there is no plan.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "the names say what each is")]
pub enum PlanError {
    /// No channel can be judged.
    NothingJudged,
    /// No profit without a margin.
    MarginUnknown,
    Bounds(BoundsError),
    /// Neither a total nor any spend of late to start from.
    NothingToday,
    /// Channels without a judged response take this already.
    BelowKept {
        kept: f64,
    },
    Cancelled,
}

impl From<Cancelled> for PlanError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

/// The best plan for what is asked.
pub fn plan(mix: &Mix, ask: &Ask, work: &dyn Work) -> Result<Plan, PlanError> {
    let game = Game::new(mix, ask, work)?;
    if ask.objective == Objective::Profit && ask.margin.is_none() {
        return Err(PlanError::MarginUnknown);
    }
    let kept = game.kept();
    let asked = match ask.total {
        // a few cents are no budget
        Some(total) if total < kept * (1.0 + LEFT_LEAST) => return Err(PlanError::BelowKept { kept }),
        Some(total) => Some(total - kept),
        // neither a margin nor a target says how much: as much as today
        None if ask.margin.is_none() && ask.target_roi.is_none() => Some(game.today() * ask.weeks as f64),
        None => None,
    };
    if ask.total.is_none() && game.today() <= 0.0 && ask.bounds.iter().all(|bound| *bound == Bound::default())
    {
        return Err(PlanError::NothingToday);
    }
    let (room, reach) = bounds::room(&game.seen, &ask.bounds, ask.weeks, asked).map_err(PlanError::Bounds)?;
    let pays = ask.margin.map(|margin| game.pays(&room, margin)).transpose()?;
    let target = ask.target_roi.map(|target| game.reach(&room, target)).transpose()?;
    let total = asked.unwrap_or_else(|| game.total(pays.as_ref(), target.as_ref()));
    let chosen = game.choose(&room, total)?;
    let split = in_cents(&chosen.plan, &Room { total: Some(total), ..room.clone() });
    let mut plan = game.judge(&room, &split, total, reach)?;
    plan.gap = chosen.gap;
    plan.total_found = ask.total.is_none();
    plan.best_total = pays.map(|found| TotalFound { total: cents(found.total + kept), ..found });
    plan.roi = ask.target_roi.zip(target).map(|(target, found)| {
        let planned = if total > 0.0 { plan.expected.value / total } else { 0.0 };
        RoiFound {
            target,
            planned,
            reached: planned >= target * (1.0 - 1e-3),
            best: found.best.0.max(planned),
            best_total: cents(kept + if planned > found.best.0 { total } else { found.best.1 }),
            largest_total: found.largest.map(|largest| cents(largest + kept)),
        }
    });
    Ok(plan)
}

/// Where a plan goes beyond what was seen: the one for the largest total that does not, every channel at its largest week
/// or at the most it may have. `None` where a least that somebody gave lies beyond by itself.
pub fn inside(mix: &Mix, ask: &Ask, plan: &Plan, work: &dyn Work) -> Result<Option<Plan>, PlanError> {
    let Reach::Beyond(_) = plan.reach else { return Ok(None) };
    let game = Game::new(mix, ask, work)?;
    let weeks = game.judging.weeks();
    let most = |(seen, bound): (&Seen, &Bound)| {
        let week = seen.largest.min(bound.max.map_or(f64::INFINITY, |max| max / weeks as f64));
        let week = (week * 100.0 + 1e-6).floor() / 100.0;
        bound.min.is_none_or(|min| min <= week * weeks as f64).then_some(week)
    };
    let Some(most) = game.seen.iter().zip(&ask.bounds).map(most).collect::<Option<Vec<f64>>>() else {
        return Ok(None);
    };
    let plan: Vec<f64> = most.iter().flat_map(|week| std::iter::repeat_n(*week, weeks)).collect();
    Ok(Some(game.judge(&game.unbound(), &plan, plan.iter().sum(), Reach::Seen)?))
}

/// What a given plan brings (`spend`: by judged channel, over all weeks), against the same total split as today.
pub fn simulate(mix: &Mix, ask: &Ask, spend: &[f64], work: &dyn Work) -> Result<Plan, PlanError> {
    let game = Game::new(mix, ask, work)?;
    let weeks = game.judging.weeks();
    let plan: Vec<f64> = spend.iter().flat_map(|spend| even(*spend, weeks)).collect();
    Ok(game.judge(&game.unbound(), &plan, spend.iter().sum(), Reach::Usual)?)
}
