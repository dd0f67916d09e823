//! What does every plan of a fitted mix start from?
//!
//! What each channel has seen, what is spent today, today's split of a total, and the weeks ahead under the judging draws.

use std::cell::Cell;

use super::cents::cents;
use super::{Ask, Course, Limits, Objective, PlanError, Room, Seen, TotalFound, choose};
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

    /// The total in today's shares, the same each week.
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
        let week = |share: f64| std::iter::repeat_n(share * total / weeks as f64, weeks);
        self.seen.iter().enumerate().map(share).flat_map(week).collect()
    }
}
