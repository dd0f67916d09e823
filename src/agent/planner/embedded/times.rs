//! Which times does a sentence speak of, looking back or ahead?
//!
//! Named periods, pieces of the calendar, ranges, "since April", "past 6 weeks", 近半年, 三年内, "two months ago".
//! A month without a year is the nearest one that has begun. The tool decides what a time means for it: `query_metrics`
//! looks back, `predict_clv` looks ahead.

mod lasting;
mod single;

use self::lasting::{ago, lasting};
use self::single::single;
use super::calendar::{Part, Point, month_name, month_number, point_at, small_int};
use super::numbers::number_at;
use super::sentence::Sentence;
use crate::domain::{Day, MONTH_DAYS, NamedPeriod, Period, Span};

/// A time that was said: tokens `from..to`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Mention {
    /// What was said.
    pub when: When,
    /// First token.
    pub from: usize,
    /// The token after the last.
    pub to: usize,
}

/// What was said about time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum When {
    /// "last month".
    Named(NamedPeriod),
    /// "March to May".
    Days(Span),
    /// "6 months", and whether they lie behind or ahead.
    Lasting(f64, Unit, Way),
}

/// Units of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// Where a duration lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    Past,
    Future,
    Unsaid,
}

impl Unit {
    fn from_key(key: &str) -> Option<Self> {
        Some(match key {
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => return None,
        })
    }

    fn months(self, count: f64) -> f64 {
        match self {
            Self::Day => count / MONTH_DAYS,
            Self::Week => count * 7.0 / MONTH_DAYS,
            Self::Month => count,
            Self::Quarter => 3.0 * count,
            Self::Year => 12.0 * count,
        }
    }
}

impl When {
    /// The period meant, looking back; nothing for what lies ahead.
    pub(super) fn period(self, today: Day) -> Option<Period> {
        match self {
            Self::Named(name) => Some(Period::Named(name)),
            Self::Days(span) => Some(calendar_name(span, today)),
            Self::Lasting(_, _, Way::Future) => None,
            Self::Lasting(count, unit, Way::Past | Way::Unsaid) => trailing(count, unit, today),
        }
    }

    /// The horizon in months, looking ahead; nothing for what lies behind.
    pub(super) fn horizon_months(self) -> Option<i64> {
        match self {
            Self::Lasting(count, unit, Way::Future | Way::Unsaid) => {
                Some((unit.months(count).round() as i64).max(1))
            }
            Self::Lasting(..) | Self::Named(_) | Self::Days(_) => None,
        }
    }
}

/// A whole month, quarter or week that has a name is given by it, so that a running one stays running.
fn calendar_name(span: Span, today: Day) -> Period {
    let spans = |from: Day, next: Day| span == Span { from, to: next.plus(-1) };
    let named = [
        (NamedPeriod::ThisMonth, spans(today.month_start(0), today.month_start(1))),
        (NamedPeriod::LastMonth, spans(today.month_start(-1), today.month_start(0))),
        (NamedPeriod::ThisQuarter, spans(today.quarter_start(0), today.quarter_start(1))),
        (NamedPeriod::LastQuarter, spans(today.quarter_start(-1), today.quarter_start(0))),
        (NamedPeriod::ThisYear, spans(today.year_start(0), today.year_start(1))),
        (NamedPeriod::LastYear, spans(today.year_start(-1), today.year_start(0))),
        (NamedPeriod::LastWeek, spans(today.week_start().plus(-7), today.week_start())),
    ];
    let name = named.into_iter().find(|(_, same)| *same).map(|(name, _)| name);
    name.map_or_else(|| Period::range(span.from, span.to), Period::Named)
}

/// The last so many days, weeks, months up to today; the usual ones have names.
fn trailing(count: f64, unit: Unit, today: Day) -> Option<Period> {
    let days = match unit {
        Unit::Day => count,
        Unit::Week => 7.0 * count,
        Unit::Month | Unit::Quarter | Unit::Year => {
            let months = unit.months(count);
            if (months - 1.0).abs() < 1e-9 {
                return Some(Period::Named(NamedPeriod::Last30Days));
            }
            if (months - 3.0).abs() < 1e-9 {
                return Some(Period::Named(NamedPeriod::Last90Days));
            }
            if months.fract().abs() < 1e-9 && (1.0..=600.0).contains(&months) {
                return Some(Period::range(months_back(today, months as i32), today));
            }
            months * MONTH_DAYS
        }
    };
    if !(1.0..=20_000.0).contains(&days) {
        return None;
    }
    Some(match days.round() as i32 {
        7 => Period::Named(NamedPeriod::Last7Days),
        30 => Period::Named(NamedPeriod::Last30Days),
        90 => Period::Named(NamedPeriod::Last90Days),
        days => Period::range(today.plus(1 - days), today),
    })
}

/// First of the days that make the last whole `months` up to today.
fn months_back(today: Day, months: i32) -> Day {
    let next = today.plus(1);
    if next == next.month_start(0) {
        return next.month_start(-months);
    }
    let start = next.month_start(-months);
    let last = start.month_start(1).plus(-1);
    start.plus(i32::from(next.date().day()) - 1).min(last)
}

/// Every time in the sentence, from left to right.
pub(super) fn mentions(s: &Sentence<'_>, today: Day) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < s.tokens.len() {
        let candidates = [
            range(s, at, today),
            since(s, at, today),
            lasting(s, at, today),
            ago(s, at, today),
            single(s, at, today),
        ];
        match candidates.into_iter().flatten().max_by_key(|mention| mention.to) {
            Some(mention) if mention.to > at => {
                at = mention.to;
                found.push(mention);
            }
            _ => at += 1,
        }
    }
    found
}

/// "March to May", 3到5月, "1–15 June", "between Jan and Mar 2025", "from last month until now".
fn range(s: &Sentence<'_>, at: usize, today: Day) -> Option<Mention> {
    let mut start = at;
    while matches!(s.text(start), "from" | "between" | "从" | "自") || (start > at && s.text(start) == "the")
    {
        start += 1;
    }
    let between = s.text(start.wrapping_sub(1)) == "between";
    let joint = |at: usize| -> Option<usize> {
        if between && s.text(at) == "and" { Some(at + 1) } else { s.cue(at, "to") }
    };
    let days = |span, to| Some(Mention { when: When::Days(span), from: at, to });
    if let Some((first, end)) = shared_part(s, start, &joint, today) {
        return days(first, end);
    }
    let (first, end) = point_at(s, start, today)?;
    let next = joint(end)?;
    let next = next + usize::from(s.text(next) == "the");
    if let Some((last, end)) = point_at(s, next, today) {
        return days(first.through(last, today)?, end);
    }
    // "June 1-15", 5月1日到15日
    if let (Part::Date(month, _), Some(day)) = (first.part, number_at(&s.tokens, next)) {
        let closed = matches!(s.text(day.end), "日" | "号" | "th" | "st" | "nd" | "rd");
        let last = Point { year: first.year, part: Part::Date(month, small_int(day.value, 31)?) };
        return days(first.through(last, today)?, day.end + usize::from(closed));
    }
    let now = s.cue(next, "now").or_else(|| (s.says(next, &["昨", "天"])).then_some(next + 2))?;
    days(Span { from: first.days(today)?.from, to: today }, now)
}

/// Both ends share what is said once: 3到5月, 3-5月, "1 to 15 June".
fn shared_part(
    s: &Sentence<'_>,
    start: usize,
    joint: &dyn Fn(usize) -> Option<usize>,
    today: Day,
) -> Option<(Span, usize)> {
    let (year, at) = match point_at(s, start, today) {
        Some((Point { year: Some(year), part: Part::Year }, end)) => (Some(year), end),
        _ if s.says(start, &["去", "年"]) => (Some(today.date().year() - 1), start + 2),
        _ if s.says(start, &["今", "年"]) => (Some(today.date().year()), start + 2),
        _ => (None, start),
    };
    let first = number_at(&s.tokens, at)?;
    let first_end = first.end + usize::from(matches!(s.text(first.end), "th" | "st" | "nd" | "rd"));
    let next = joint(first_end)?;
    let next = next + usize::from(s.text(next) == "the");
    let with_year = |point: Point| Point { year: point.year.or(year), ..point };
    if let (Some(month), Some(second)) =
        (month_number(s, at).or(small_int(first.value, 12)), number_at(&s.tokens, next))
        && s.text(second.end) == "月"
        && second.value <= 12.0
    {
        let last = Point { year, part: Part::Month(small_int(second.value, 12)?) };
        let first = Point { year, part: Part::Month(month) };
        return Some((first.through(last, today)?, second.end + 1));
    }
    let (last, end) = point_at(s, next, today)?;
    let Part::Date(month, _) = last.part else { return None };
    // "5 to 15 June", not "5 - May 3"
    month_name(s, next).is_none().then_some(())?;
    let last = with_year(last);
    let first = Point { year: last.year, part: Part::Date(month, small_int(first.value, 31)?) };
    Some((first.through(last, today)?, end))
}

/// "since April", 4月以来, 从4月开始.
fn since(s: &Sentence<'_>, at: usize, today: Day) -> Option<Mention> {
    let led = s.cue(at, "since");
    let start = led.unwrap_or(at);
    let (from, end) = if let Some((point, end)) = point_at(s, start, today) {
        (point.days(today)?.from, end)
    } else {
        let mention = single(s, start, today)?;
        (mention.when.period(today)?.resolve(today, Span { from: Day(0), to: today }).ok()?.from, mention.to)
    };
    let onward = s.cue(end, "onward");
    // "from" alone may introduce a range, and 从 a place; only "since" needs no second word
    let sure =
        onward.is_some() || led.is_some_and(|_| matches!(s.text(start - 1), "since" | "starting" | "自"));
    let to = onward.unwrap_or(end);
    (sure && from <= today).then_some(Mention { when: When::Days(Span { from, to: today }), from: at, to })
}
