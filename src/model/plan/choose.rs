//! Which split of a total brings most, which total pays best, and which one still reaches a target ROI?
//!
//! A split is chosen on draws that never judge it. A total is one number, read off its curve: it is found on the choosing
//! draws where profit is climbed, while what it brings, and the ROI that a target is set against, are always taken from
//! the judging draws, so that no answer states a figure on the draws that were to make it large.

use super::ascent::{Aim, climb};
use super::cents::{cents, in_cents};
use super::{Ask, Course, Game, Room, TotalFound};
use crate::domain::Cancelled;
use crate::model::mix::Draw;

/// Draws a plan is chosen by at most: more make the choice slower, hardly better.
const CHOOSING: usize = 48;
/// Totals tried for a target ROI, halvings of the step around the best of them, and between two of them.
const TOTALS: usize = 17;
const CLOSER: usize = 6;
const HALVINGS: usize = 8;
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
    let target = ask.target_roi.map_or(0, |_| (TOTALS + 2 * CLOSER + HALVINGS) as u64);
    1 + target + 2 * u64::from(ask.margin.is_some())
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
        let total = cents(self.best(&room, &aim, &start)?.plan.iter().sum());
        // what it brings is what the plan for this total brings
        let split = in_cents(&self.choose(&room, total)?.plan, &Room { total: Some(total), ..room.clone() });
        Ok(TotalFound { total, ..self.found(&room, &split) })
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

    /// Which totals within the bounds reach the target: a grid of them, ever closer around the best, then between the
    /// largest that reaches it and the next.
    pub(super) fn reach(&self, room: &Room, target: f64) -> Result<Reached, Cancelled> {
        let (least, most) = room.sums();
        let least = least.max(0.02 * most);
        let at = |total: f64| -> Result<(f64, f64), Cancelled> {
            let total = cents(total).clamp(least, most.max(least));
            let room = Room { total: Some(total), ..room.clone() };
            let plan = in_cents(&self.choose(&room, total)?.plan, &room);
            Ok((if total > 0.0 { self.judging.value(&plan) / total } else { 0.0 }, total))
        };
        let mut step = (most - least) / (TOTALS - 1) as f64;
        let mut tried = Vec::new();
        let better = |best: (f64, f64), one: (f64, f64)| if one.0 > best.0 { one } else { best };
        for i in 0..TOTALS {
            tried.push(at(least + step * i as f64)?);
        }
        let mut best = tried.iter().copied().fold((0.0, least), better);
        for _ in 0..CLOSER {
            step *= 0.5;
            for total in [best.1 - step, best.1 + step] {
                if (least..=most).contains(&total) {
                    tried.push(at(total)?);
                } else {
                    self.step();
                }
            }
            best = tried.iter().copied().fold(best, better);
        }
        tried.sort_by(|a, b| a.1.total_cmp(&b.1));
        let last = tried.iter().rposition(|(roi, _)| *roi >= target);
        let mut largest = last.map(|last| tried[last].1);
        if let (Some(low), Some(next)) = (&mut largest, last.and_then(|last| tried.get(last + 1))) {
            let mut high = next.1;
            for _ in 0..HALVINGS {
                let middle = at(0.5 * (*low + high))?;
                if middle.0 >= target { *low = middle.1 } else { high = middle.1 }
            }
        } else {
            (0..HALVINGS).for_each(|_| self.step());
        }
        Ok(Reached { best, largest })
    }
}
