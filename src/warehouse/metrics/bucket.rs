//! Which weeks, months or quarters does a range of days fall into?

use super::Group;
use crate::domain::{Day, Span};

/// One day, ISO week, month or quarter, cut to the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// First day of the whole calendar unit.
    pub start: Day,
    /// The days of it inside the range.
    pub span: Span,
    /// Cut by the range's ends: never the best or the worst.
    pub partial: bool,
}

/// All buckets of a range in order, without gaps; none where the group is not one of time.
pub fn buckets(span: Span, group: Group) -> Vec<Bucket> {
    let mut found = Vec::new();
    let Some(mut start) = start_of(span.from, group) else { return found };
    while start <= span.to {
        let next = next_after(start, group);
        let end = next.plus(-1);
        let inside = Span { from: start.max(span.from), to: end.min(span.to) };
        found.push(Bucket { start, span: inside, partial: inside != Span { from: start, to: end } });
        if next <= start {
            break; // the calendar's last day
        }
        start = next;
    }
    found
}

fn start_of(day: Day, group: Group) -> Option<Day> {
    match group {
        Group::Day => Some(day),
        Group::Week => Some(day.week_start()),
        Group::Month => Some(day.month_start(0)),
        Group::Quarter => Some(day.quarter_start(0)),
        _ => None,
    }
}

fn next_after(start: Day, group: Group) -> Day {
    match group {
        Group::Week => start.plus(7),
        Group::Month => start.month_start(1),
        Group::Quarter => start.quarter_start(1),
        _ => start.plus(1),
    }
}

/// Months since the year 0, so that months can be subtracted.
pub(super) fn month_number(day: Day) -> i32 {
    let date = day.date();
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

/// First day of such a month.
pub(super) fn month_of_number(number: i32) -> Day {
    let day = Day(0);
    day.month_start(number - month_number(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn ends_of_the_range_cut_buckets() {
        let span = Span { from: day("2026-05-04"), to: day("2026-06-30") };
        let months = buckets(span, Group::Month);
        assert_eq!(months.iter().map(|b| b.partial).collect::<Vec<_>>(), [true, false]);
        assert_eq!(months[0].start, day("2026-05-01"));
        let weeks = buckets(span, Group::Week);
        assert_eq!((weeks.len(), weeks[0].partial, weeks[8].partial), (9, false, true));
        assert_eq!(weeks.iter().map(|b| b.span.days()).sum::<i32>(), span.days());
        assert_eq!(buckets(span, Group::Quarter).len(), 1);
        assert_eq!(buckets(span, Group::Day).len(), 58);
        assert!(buckets(span, Group::City).is_empty());
    }

    #[test]
    fn months_are_numbered() {
        for text in ["1969-12-01", "1970-01-01", "2026-06-01"] {
            assert_eq!(month_of_number(month_number(day(text))), day(text));
        }
    }
}
