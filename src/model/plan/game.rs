//! What does every plan of a fitted mix start from?
//!
//! What each channel has seen, what is spent today, today's split of a total, and the weeks ahead under the judging draws.

use std::cell::Cell;

use super::cents::cents;
use super::{Ask, Bound, Course, Limits, Objective, PlanError, Room, Seen, TotalFound, choose};
use crate::domain::Work;
use crate::model::mix::Mix;

/// A mix, prepared for planning.
pub(super) struct Game<'a> {
    pub(super) mix: &'a Mix,
    pub(super) ask: &'a Ask,
    pub(super) history: Vec<&'a [f64]>,
    pub(super) seen: Vec<Seen>,
    /// The weeks ahead under the judging draws.
    pub(super) judging: Course,
    pub(super) work: &'a dyn Work,
    /// Climbs so far, and in all.
    steps: (Cell<u64>, u64),
}

impl<'a> Game<'a> {
    pub(super) fn new(mix: &'a Mix, ask: &'a Ask, work: &'a dyn Work) -> Result<Self, PlanError> {
        if mix.channels.is_empty() {
            return Err(PlanError::NothingJudged);
        }
        work.check()?;
        let history: Vec<&[f64]> = mix.channels.iter().map(|channel| channel.media.as_slice()).collect();
        let seen = mix.channels.iter().map(|channel| Seen::of(&channel.spend)).collect();
        let draws: Vec<_> =
            if mix.judging.is_empty() { vec![&mix.point] } else { mix.judging.iter().collect() };
        let judging = Course::new(&draws, &history, ask.weeks.max(1));
        Ok(Self { mix, ask, history, seen, judging, work, steps: (Cell::new(0), choose::climbs(ask)) })
    }

    /// One climb more is done.
    pub(super) fn step(&self) {
        let (done, all) = (self.steps.0.get() + 1, self.steps.1);
        self.steps.0.set(done);
        self.work.progress("mix_plan", done.min(all), all);
    }

    /// Every plan up to the largest weeks.
    pub(super) fn unbound(&self) -> Room {
        let limits = |seen: &Seen| Limits { week: (0.0, seen.largest), whole: (0.0, f64::INFINITY) };
        Room { limits: self.seen.iter().map(limits).collect(), weeks: self.judging.weeks(), total: None }
    }

    /// What channels without a judgement go on to take.
    pub(super) fn kept(&self) -> f64 {
        self.mix.left_out.iter().map(|left| cents(Seen::of(&left.spend).today) * self.ask.weeks as f64).sum()
    }

    /// A week of the judged channels today.
    pub(super) fn today(&self) -> f64 {
        self.seen.iter().map(|seen| seen.today).sum()
    }

    /// The total where none is asked. Profit: what pays best, less where only less reaches the target. Response: all that
    /// reaches the target. Where nothing reaches it, the total that comes nearest to it.
    pub(super) fn total(&self, pays: Option<&TotalFound>, target: Option<&choose::Reached>) -> f64 {
        let reaches = target.map(|found| found.largest.unwrap_or(found.best.1));
        let total = match (pays, reaches) {
            (Some(pays), Some(reaches)) if self.ask.objective == Objective::Profit => pays.total.min(reaches),
            (_, Some(reaches)) => reaches,
            (Some(pays), None) => pays.total,
            (None, None) => self.today() * self.ask.weeks as f64,
        };
        cents(total)
    }

    /// The total in today's shares, the same each week; where somebody gave bounds, as near to that as they allow.
    pub(super) fn reference(&self, total: f64) -> Vec<f64> {
        let today = self.today();
        let all: f64 = self.mix.channels.iter().flat_map(|channel| &channel.spend).sum();
        let share = |(c, seen): (usize, &Seen)| {
            // nothing spent of late: the shares of all weeks
            if today > 0.0 {
                seen.today / today
            } else {
                self.mix.channels[c].spend.iter().sum::<f64>() / all.max(1e-9)
            }
        };
        let weeks = self.ask.weeks;
        let shares: Vec<f64> = self.seen.iter().enumerate().map(share).collect();
        let parts = within(&shares, &self.ask.bounds, total);
        parts.into_iter().flat_map(|part| std::iter::repeat_n(part / weeks as f64, weeks)).collect()
    }
}

/// A total in these shares, each part inside its bounds: one factor on the shares, and what that leaves over (where only
/// channels without a share have room) in order.
fn within(shares: &[f64], bounds: &[Bound], total: f64) -> Vec<f64> {
    let held = |factor: f64| -> Vec<f64> {
        let part = |(share, bound): (&f64, &Bound)| {
            (share * factor).max(bound.min.unwrap_or(0.0)).min(bound.max.unwrap_or(f64::INFINITY))
        };
        shares.iter().zip(bounds).map(part).collect()
    };
    let plain = held(total);
    let sum = |parts: &[f64]| parts.iter().sum::<f64>();
    if (sum(&plain) - total).abs() <= 1e-9 * total.max(1.0) {
        return plain;
    }
    let (mut low, mut high) = (0.0, 1e6 * total.max(1.0));
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if sum(&held(middle)) > total { high = middle } else { low = middle }
    }
    let mut parts = held(low);
    let mut left = total - sum(&parts);
    for (part, bound) in parts.iter_mut().zip(bounds) {
        let step = (bound.max.unwrap_or(f64::INFINITY) - *part).clamp(0.0, left.max(0.0));
        *part += step;
        left -= step;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn todays_shares_are_brought_inside_the_bounds() {
        let bound = |min, max| Bound { min, max };
        let none = Bound::default();
        let check = |shares: [f64; 3], bounds: [Bound; 3], wanted: [f64; 3]| {
            let parts = within(&shares, &bounds, 100.0);
            assert!(parts.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6), "{parts:?}");
        };
        check([0.5, 0.3, 0.2], [none; 3], [50.0, 30.0, 20.0]);
        check([0.5, 0.3, 0.2], [bound(None, Some(20.0)), none, none], [20.0, 48.0, 32.0]);
        check([0.5, 0.3, 0.2], [bound(Some(75.0), None), none, none], [75.0, 15.0, 10.0]);
        check([0.5, 0.5, 0.0], [bound(None, Some(20.0)), bound(None, Some(30.0)), none], [20.0, 30.0, 50.0]);
        // bounds that leave no room are no room for a fault
        check([0.5, 0.5, 0.0], [bound(None, Some(20.0)); 3], [20.0; 3]);
    }
}
