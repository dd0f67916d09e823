//! Which days does "last month" mean?
//!
//! DEFINITIONS §2. Ranges are inclusive; a running period ends today.

use jiff::civil::Weekday;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Day, Span};

/// The named periods.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NamedPeriod {
    #[serde(rename = "last_7_days")]
    Last7Days,
    #[serde(rename = "last_30_days")]
    Last30Days,
    #[serde(rename = "last_90_days")]
    Last90Days,
    ThisWeek,
    LastWeek,
    ThisMonth,
    LastMonth,
    ThisQuarter,
    LastQuarter,
    ThisYear,
    LastYear,
    All,
}

/// A named period, or two inclusive dates.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Period {
    /// Relative to today.
    Named(NamedPeriod),
    /// Both dates included.
    Range(Dates),
}

/// Both dates included.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dates {
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

/// Why a period has no days in the data.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PeriodError {
    /// The dates are in the wrong order.
    #[error("the period ends ({to}) before it starts ({from}); swap the dates")]
    Reversed {
        /// As given.
        from: Day,
        /// As given.
        to: Day,
    },
    /// No day of the period has data.
    #[error("no data between {} and {}; there is data from {} to {}", .asked.from, .asked.to, .available.from, .available.to)]
    Outside {
        /// What was asked for.
        asked: Span,
        /// What there is.
        available: Span,
    },
}

impl Period {
    /// Two inclusive dates.
    pub fn range(from: Day, to: Day) -> Self {
        Self::Range(Dates { from, to })
    }

    /// The days meant, cut at today; `data` is the first and last day with an order.
    pub fn resolve(self, today: Day, data: Span) -> Result<Span, PeriodError> {
        let span = match self {
            Self::Range(Dates { from, to }) if from > to => return Err(PeriodError::Reversed { from, to }),
            Self::Range(Dates { from, to }) => Span { from, to },
            Self::Named(name) => name.span(today, data),
        };
        if span.to < data.from || span.from > today {
            return Err(PeriodError::Outside { asked: span, available: data });
        }
        Ok(Span { from: span.from, to: span.to.min(today) })
    }

    /// The period before, of equal kind (DEFINITIONS §2): a running calendar period against the same number of
    /// days of the one before; a complete one against the whole one before; else the equally long range just before.
    pub fn previous(self, span: Span, today: Day) -> Span {
        let before = |from: Day, step: fn(Day, i32) -> Day| {
            let start = step(from, -1);
            let end = from.plus(-1);
            let running = span.to < step(from, 1).plus(-1);
            Span { from: start, to: if running { start.plus(span.days() - 1).min(end) } else { end } }
        };
        let running = span.to == today;
        match self {
            Self::Named(NamedPeriod::ThisWeek | NamedPeriod::LastWeek) => {
                before(span.from, |day, n| day.plus(7 * n))
            }
            Self::Named(NamedPeriod::ThisMonth | NamedPeriod::LastMonth) => {
                before(span.from, Day::month_start)
            }
            Self::Named(NamedPeriod::ThisQuarter | NamedPeriod::LastQuarter) => {
                before(span.from, Day::quarter_start)
            }
            Self::Named(NamedPeriod::ThisYear | NamedPeriod::LastYear) => before(span.from, Day::year_start),
            Self::Range(_) => {
                // A calendar period given by its dates is still one.
                let whole = |from: Day, next: Day| span.from == from && (span.to == next.plus(-1));
                let from = span.from;
                if whole(from.year_start(0), from.year_start(1)) {
                    before(from, Day::year_start)
                } else if whole(from.quarter_start(0), from.quarter_start(1)) {
                    before(from, Day::quarter_start)
                } else if whole(from.month_start(0), from.month_start(1)) {
                    before(from, Day::month_start)
                } else if from.weekday() == Weekday::Monday && span.days() == 7 && !running {
                    before(from, |day, n| day.plus(7 * n))
                } else {
                    Span { from: from.plus(-span.days()), to: from.plus(-1) }
                }
            }
            Self::Named(_) => Span { from: span.from.plus(-span.days()), to: span.from.plus(-1) },
        }
    }

    /// The same days a year earlier; whole weeks by 364 days so that weekdays match.
    pub fn previous_year(self, span: Span) -> Span {
        match self {
            Self::Named(NamedPeriod::ThisWeek | NamedPeriod::LastWeek | NamedPeriod::Last7Days) => {
                Span { from: span.from.plus(-364), to: span.to.plus(-364) }
            }
            _ => Span { from: span.from.plus_years(-1), to: span.to.plus_years(-1) },
        }
    }
}

impl NamedPeriod {
    /// All of them with the names used in arguments.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::Last7Days, "last_7_days"),
        (Self::Last30Days, "last_30_days"),
        (Self::Last90Days, "last_90_days"),
        (Self::ThisWeek, "this_week"),
        (Self::LastWeek, "last_week"),
        (Self::ThisMonth, "this_month"),
        (Self::LastMonth, "last_month"),
        (Self::ThisQuarter, "this_quarter"),
        (Self::LastQuarter, "last_quarter"),
        (Self::ThisYear, "this_year"),
        (Self::LastYear, "last_year"),
        (Self::All, "all"),
    ];

    fn span(self, today: Day, data: Span) -> Span {
        let until_today = |from| Span { from, to: today };
        let before = |from: Day, next: Day| Span { from, to: next.plus(-1) };
        match self {
            Self::Last7Days => until_today(today.plus(-6)),
            Self::Last30Days => until_today(today.plus(-29)),
            Self::Last90Days => until_today(today.plus(-89)),
            Self::ThisWeek => until_today(today.week_start()),
            Self::LastWeek => before(today.week_start().plus(-7), today.week_start()),
            Self::ThisMonth => until_today(today.month_start(0)),
            Self::LastMonth => before(today.month_start(-1), today.month_start(0)),
            Self::ThisQuarter => until_today(today.quarter_start(0)),
            Self::LastQuarter => before(today.quarter_start(-1), today.quarter_start(0)),
            Self::ThisYear => until_today(today.year_start(0)),
            Self::LastYear => before(today.year_start(-1), today.year_start(0)),
            Self::All => data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }
    fn data() -> Span {
        Span { from: day("2024-07-01"), to: day("2026-06-30") }
    }

    #[track_caller]
    fn check(period: Period, today: &str, expected: &str, previous: &str, year: &str) {
        let span = period.resolve(day(today), data()).unwrap();
        assert_eq!(span.to_string(), expected);
        assert_eq!(period.previous(span, day(today)).to_string(), previous, "previous period");
        assert_eq!(period.previous_year(span).to_string(), year, "previous year");
    }

    #[test]
    fn the_table_of_the_definitions() {
        use NamedPeriod as P;
        let named = Period::Named;
        let t = "2026-06-30";
        check(
            named(P::Last7Days),
            t,
            "2026-06-24 … 2026-06-30",
            "2026-06-17 … 2026-06-23",
            "2025-06-25 … 2025-07-01",
        );
        check(
            named(P::Last30Days),
            t,
            "2026-06-01 … 2026-06-30",
            "2026-05-02 … 2026-05-31",
            "2025-06-01 … 2025-06-30",
        );
        check(
            named(P::Last90Days),
            t,
            "2026-04-02 … 2026-06-30",
            "2026-01-02 … 2026-04-01",
            "2025-04-02 … 2025-06-30",
        );
        check(
            named(P::ThisWeek),
            t,
            "2026-06-29 … 2026-06-30",
            "2026-06-22 … 2026-06-23",
            "2025-06-30 … 2025-07-01",
        );
        check(
            named(P::LastWeek),
            t,
            "2026-06-22 … 2026-06-28",
            "2026-06-15 … 2026-06-21",
            "2025-06-23 … 2025-06-29",
        );
        check(
            named(P::ThisMonth),
            t,
            "2026-06-01 … 2026-06-30",
            "2026-05-01 … 2026-05-31",
            "2025-06-01 … 2025-06-30",
        );
        check(
            named(P::ThisMonth),
            "2026-03-30",
            "2026-03-01 … 2026-03-30",
            "2026-02-01 … 2026-02-28",
            "2025-03-01 … 2025-03-30",
        );
        check(
            named(P::LastMonth),
            t,
            "2026-05-01 … 2026-05-31",
            "2026-04-01 … 2026-04-30",
            "2025-05-01 … 2025-05-31",
        );
        check(
            named(P::LastQuarter),
            t,
            "2026-01-01 … 2026-03-31",
            "2025-10-01 … 2025-12-31",
            "2025-01-01 … 2025-03-31",
        );
        check(
            named(P::ThisYear),
            t,
            "2026-01-01 … 2026-06-30",
            "2025-01-01 … 2025-06-30",
            "2025-01-01 … 2025-06-30",
        );
        let march = Period::range(day("2026-03-01"), day("2026-03-31"));
        check(march, t, "2026-03-01 … 2026-03-31", "2026-02-01 … 2026-02-28", "2025-03-01 … 2025-03-31");
        let odd = Period::range(day("2026-03-05"), day("2026-03-14"));
        check(odd, t, "2026-03-05 … 2026-03-14", "2026-02-23 … 2026-03-04", "2025-03-05 … 2025-03-14");
    }

    #[test]
    fn days_outside_the_data_are_said() {
        let early = Period::range(day("2020-01-01"), day("2020-12-31"));
        assert!(matches!(early.resolve(day("2026-06-30"), data()), Err(PeriodError::Outside { .. })));
        let reversed = Period::range(day("2026-02-01"), day("2026-01-01"));
        assert!(matches!(reversed.resolve(day("2026-06-30"), data()), Err(PeriodError::Reversed { .. })));
    }
}
