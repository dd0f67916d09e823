//! Is what a sentence calls a day, month, quarter or year among these days?

use super::scan::{Class, DateParts, Token};
use crate::domain::{Day, Span};

/// Whole months of a span that starts on a first and ends on a last day; −1 otherwise.
pub(super) fn months_between(span: Span) -> i32 {
    let whole = span.from == span.from.month_start(0) && span.to.plus(1) == span.to.plus(1).month_start(0);
    if !whole {
        return -1;
    }
    let index = |day: Day| i32::from(day.date().year()) * 12 + i32::from(day.date().month());
    index(span.to.plus(1)) - index(span.from)
}

pub(super) fn of_day(day: Day) -> DateParts {
    let date = day.date();
    DateParts {
        year: Some(date.year()),
        quarter: Some((date.month() - 1) / 3 + 1),
        month: Some(date.month()),
        day: Some(date.day()),
    }
}

/// Whether what was said (`parts`) agrees with a licensed date wherever it says something.
pub(super) fn covers(licensed: DateParts, parts: DateParts) -> bool {
    let agrees = |licensed: Option<i32>, said: Option<i32>| said.is_none() || licensed == said;
    agrees(licensed.year.map(i32::from), parts.year.map(i32::from))
        && agrees(licensed.quarter.map(i32::from), parts.quarter.map(i32::from))
        && agrees(licensed.month.map(i32::from), parts.month.map(i32::from))
        && agrees(licensed.day.map(i32::from), parts.day.map(i32::from))
}

/// A month, quarter or year that the span covers whole (the answer is about it).
pub(super) fn within(span: Span, parts: DateParts) -> bool {
    let mut day = span.from.month_start(0);
    while day <= span.to {
        let whole = day >= span.from && day.month_start(1).plus(-1) <= span.to;
        if whole && covers(of_day(day), parts) {
            return true;
        }
        day = day.month_start(1);
    }
    false
}

/// The days a token names, where it says which year's.
pub(super) fn dated(token: &Token) -> Option<DateParts> {
    match token.class {
        Class::Date(parts) if parts.year.is_some() => Some(parts),
        _ => None,
    }
}

/// Whether any day of a span is of a date.
pub(super) fn touches(span: Span, parts: DateParts) -> bool {
    (0..span.days()).any(|n| covers(of_day(span.from.plus(n)), parts))
}
