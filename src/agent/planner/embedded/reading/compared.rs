//! Which days does a sentence ask for, and what are they set against?

use super::super::times::{Mention, When};
use super::{Reading, is_joint};
use crate::domain::{Day, NamedPeriod, Period, Span};

impl Reading<'_> {
    /// Which days, and what they are set against.
    pub(in crate::agent::planner::embedded) fn period_and_comparison(
        &self,
    ) -> (Option<Period>, Option<&'static str>) {
        let past: Vec<Mention> =
            self.times.iter().copied().filter(|time| time.when.period(self.today).is_some()).collect();
        for hit in self.s.of("compare") {
            let outside: Vec<Mention> =
                past.iter().copied().filter(|time| !hit.overlaps(time.from, time.to)).collect();
            let led = self.versus_before(hit.from).is_some();
            let free = outside.len() == past.len();
            if led || free || !outside.is_empty() {
                let key = if hit.key == "previous_year" { "previous_year" } else { "previous_period" };
                return (self.joined(&outside), Some(key));
            }
        }
        if let Some((main, key)) = self.versus(&past) {
            return (main, Some(key));
        }
        let growth = self.s.has("growth").then_some("previous_period");
        (self.joined(&past), growth)
    }

    /// The first time, or the range of two that touch (5月和6月).
    fn joined(&self, past: &[Mention]) -> Option<Period> {
        let first = past.first()?;
        if let (Some(second), When::Days(a)) = (past.get(1), first.when)
            && let When::Days(b) = second.when
            && (first.to..second.from).all(|at| is_joint(self.s.text(at)))
            && a.to.plus(1) == b.from
        {
            return Some(Period::range(a.from, b.to));
        }
        first.when.period(self.today)
    }

    /// A versus word that ends before `at`, small words between.
    fn versus_before(&self, at: usize) -> Option<usize> {
        let mut at = at;
        while matches!(
            self.s.text(at.wrapping_sub(1)),
            "the" | "in" | "of" | "with" | "those" | "that" | "for"
        ) {
            at -= 1;
        }
        self.s.cue_before(at, "versus")
    }

    /// "this month vs last month", 5月比4月, "compare April with May".
    fn versus(&self, past: &[Mention]) -> Option<(Option<Period>, &'static str)> {
        let weak = |at: usize| matches!(self.s.text(at), "跟" | "和" | "与" | "同");
        let compares = (0..self.s.tokens.len()).any(|at| {
            matches!(
                self.s.text(at),
                "比" | "差" | "compare" | "comparing" | "difference" | "vs" | "versus" | "较"
            )
        });
        let reference = past.iter().position(|time| {
            self.versus_before(time.from).is_some_and(|at| !weak(at) || compares)
                || (compares && time.from > 0 && past.len() == 2 && past.first() != Some(time))
        })?;
        let other = past.iter().enumerate().find(|(i, _)| *i != reference).map(|(_, time)| *time);
        let reference = *past.get(reference)?;
        let Some(main) = other else { return Some(Self::against(reference.when, self.today)) };
        let data = Span { from: Day(0), to: self.today };
        let days = |time: Mention| time.when.period(self.today)?.resolve(self.today, data).ok();
        let (a, b) = (days(main)?, days(reference)?);
        let (main, a, b, reference) =
            if a.from >= b.from { (main, a, b, reference) } else { (reference, b, a, main) };
        let a_year = (a.from.since(b.from) - 365).abs() <= 10;
        let last_year = reference.when == When::Named(NamedPeriod::LastYear) && a.days() < 300;
        let key = if a_year && a.days() < 300 || last_year { "previous_year" } else { "previous_period" };
        Some((main.when.period(self.today), key))
    }

    /// Only the other side is said: "orders vs last week" are this week's.
    fn against(reference: When, today: Day) -> (Option<Period>, &'static str) {
        use NamedPeriod as P;
        let running = |name| (Some(Period::Named(name)), "previous_period");
        match reference {
            When::Named(P::LastWeek) => running(P::ThisWeek),
            When::Named(P::LastMonth) => running(P::ThisMonth),
            When::Named(P::LastQuarter) => running(P::ThisQuarter),
            When::Named(P::LastYear) => (None, "previous_year"),
            When::Days(span) if today.since(span.to) > 330 => (None, "previous_year"),
            _ => (None, "previous_period"),
        }
    }
}
