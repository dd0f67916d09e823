//! Which split of a total brings most, which total pays best, and which one still reaches a target ROI?
//!
//! A split is chosen on draws that never judge it. A total is one number, read off its curve: it is found on the choosing
//! draws where profit is climbed, while what it brings, and the ROI that a target is set against, are always taken from
//! the judging draws, so that no answer states a figure on the draws that were to make it large.

use super::ascent::{Aim, climb};
use super::cents::cents;
use super::{Ask, Course, Game, Room, TotalFound};
use crate::domain::Cancelled;
use crate::model::mix::Draw;

/// Draws a plan is chosen by at most: more make the choice slower, hardly better.
const CHOOSING: usize = 48;
/// Totals tried for a target ROI, and halvings between two of them.
const TOTALS: usize = 9;
const HALVINGS: usize = 6;
/// How much doubt counts in choosing (see [`Aim::doubt`]). Measured on demo shops 1–10 without lift tests: mean regret
/// 1.13 % at 0 (one of ten harmful), .92 % at 1, .88 % at 2 (none); with tests .5 % at 1 and 2.
const DOUBT: f64 = 1.0;

/// A plan that was chosen, before it is set in cents.
pub(super) struct Chosen {
    pub(super) plan: Vec<f64>,
    /// How far its mean value may lie below the best there is, of the bound.
    pub(super) gap: f64,
}

/// How a target ROI fares over the totals of the judged channels.
pub(super) struct Reached {
    /// The best ROI, and its total.
    pub(super) best: (f64, f64),
    /// The largest total that reaches the target.
    pub(super) largest: Option<f64>,
}

/// Climbs that a question needs, for progress.
pub(super) fn climbs(ask: &Ask) -> u64 {
    let target = ask.target_roi.map_or(0, |_| (TOTALS + HALVINGS) as u64);
    1 + target + u64::from(ask.margin.is_some())
}

impl Game<'_> {
    /// The best split of the room's total; a little of its mean is given up where the draws disagree about it.
    pub(super) fn choose(&self, room: &Room, total: f64) -> Result<Chosen, Cancelled> {
        let room = Room { total: Some(total), ..room.clone() };
        let start = self.reference(total);
        self.best(&room, &Aim { rate: 1.0, cost: 0.0, doubt: DOUBT, reference: Some(&start) }, &start)
    }

    /// The total that pays best within the bounds.
    pub(super) fn pays(&self, room: &Room, margin: f64) -> Result<TotalFound, Cancelled> {
        let room = Room { total: None, ..room.clone() };
        let start = self.reference(self.today() * room.weeks as f64);
        let aim = Aim { rate: margin, cost: 1.0, doubt: 0.0, reference: None };
        let plan = self.best(&room, &aim, &start)?.plan;
        Ok(self.found(&room, &plan))
    }

    fn best(&self, room: &Room, aim: &Aim<'_>, start: &[f64]) -> Result<Chosen, Cancelled> {
        let mut course = Course::new(&self.choosing(), &self.history, room.weeks);
        let best = climb(&mut course, room, aim, start, self.work)?;
        self.step();
        let gap = if best.upper_bound > 0.0 { 1.0 - best.value / best.upper_bound } else { 0.0 };
        Ok(Chosen { plan: best.plan, gap: gap.clamp(0.0, 1.0) })
    }

    fn choosing(&self) -> Vec<&Draw> {
        let from = if self.mix.choosing.is_empty() {
            std::slice::from_ref(&self.mix.point)
        } else {
            &self.mix.choosing
        };
        let step = from.len().div_ceil(CHOOSING).max(1);
        from.iter().step_by(step).collect()
    }

    /// What a plan of the judged channels costs and brings.
    pub(super) fn found(&self, room: &Room, plan: &[f64]) -> TotalFound {
        let response = self.judging.value(plan);
        let total: f64 = plan.iter().sum();
        let (_, most) = room.sums();
        TotalFound {
            total: cents(total),
            response,
            profit: self.ask.margin.map(|margin| margin * response - total),
            at_end: total >= most * (1.0 - 1e-3),
        }
    }

    /// Which totals within the bounds reach the target.
    pub(super) fn reach(&self, room: &Room, target: f64) -> Result<Reached, Cancelled> {
        let (least, most) = room.sums();
        let least = least.max(0.02 * most);
        let at = |total: f64| -> Result<f64, Cancelled> {
            let plan = self.choose(room, total)?.plan;
            Ok(if total > 0.0 { self.judging.value(&plan) / total } else { 0.0 })
        };
        let step = (most - least) / (TOTALS - 1) as f64;
        let mut found = Reached { best: (0.0, least), largest: None };
        for i in 0..TOTALS {
            let total = least + step * i as f64;
            let roi = at(total)?;
            if roi > found.best.0 {
                found.best = (roi, total);
            }
            if roi >= target {
                found.largest = Some(total);
            }
        }
        // between the last total that reaches it and the next
        if let Some(low) = found.largest {
            let (mut low, mut high) = (low, (low + step).min(most));
            for _ in 0..HALVINGS {
                let middle = 0.5 * (low + high);
                if at(middle)? >= target { low = middle } else { high = middle }
            }
            found.largest = Some(low);
        }
        Ok(found)
    }
}
