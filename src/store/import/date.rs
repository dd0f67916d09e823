//! Is `01/05/2026` the first of May or the fifth of January?
//!
//! Rule 11 of IMPORT_FORMATS: the order of day and month is decided a column (a value above 12 proves it), else the
//! person is asked. A time without a zone is the shop's; instant and local day are both kept.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

use crate::domain::Day;

/// Which comes first in `01/05/2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// The day.
    Dmy,
    /// The month.
    Mdy,
}

/// What one cell says about its column's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// Reads one way only, or is no date.
    Nothing,
    /// Only this order gives a date.
    Only(DateOrder),
    /// Both orders give a date, and they differ.
    Both,
}

/// A point in time as the file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    civil: DateTime,
    offset: Option<Offset>,
}

impl Moment {
    /// UTC seconds, and the local day in the shop's zone; `zone` is that of times without one.
    pub(super) fn at(&self, zone: &TimeZone, shop: &TimeZone) -> Option<(i64, Day)> {
        let instant = match self.offset {
            Some(offset) => offset.to_timestamp(self.civil).ok()?,
            None => zone.to_timestamp(self.civil).ok()?,
        };
        let same_zone = self.offset.is_none() && zone == shop;
        let date = if same_zone { self.civil.date() } else { shop.to_datetime(instant).date() };
        Some((instant.as_second(), Day::from(date)))
    }

    /// The calendar day as written.
    pub(super) fn day(&self) -> Day {
        Day::from(self.civil.date())
    }
}

/// What the cell proves about day and month.
pub(super) fn hint(cell: &str) -> Hint {
    let Some((first, second, _, _)) = slashed(cell) else { return Hint::Nothing };
    match (first, second) {
        (1..=12, 1..=12) if first == second => Hint::Nothing,
        (1..=12, 1..=12) => Hint::Both,
        (13..=31, 1..=12) => Hint::Only(DateOrder::Dmy),
        (1..=12, 13..=31) => Hint::Only(DateOrder::Mdy),
        _ => Hint::Nothing,
    }
}

/// The cell as a date under an order; `None` where it is none.
pub(super) fn parse(cell: &str, order: DateOrder) -> Option<Moment> {
    let cell = cell.trim();
    if cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && cell.matches('.').count() <= 1 {
        return number(cell);
    }
    if let Some((first, second, year, rest)) = slashed(cell) {
        let (day, month) = match order {
            DateOrder::Dmy => (first, second),
            DateOrder::Mdy => (second, first),
        };
        return with_time(date(year, month, day)?, rest);
    }
    let (year, rest) = integer(cell, 4)?;
    let (month, rest) = integer(separator(rest, &['-', '/', '.', '年'])?, 2)?;
    let (day, rest) = integer(separator(rest, &['-', '/', '.', '月'])?, 2)?;
    with_time(date(year, month, day)?, rest.strip_prefix('日').unwrap_or(rest))
}

/// `20260501`, Unix seconds or milliseconds, or a spreadsheet's day number.
fn number(cell: &str) -> Option<Moment> {
    /// 1954 to 2119 as a spreadsheet counts; shorter numbers are no dates.
    const SHEET_DAYS: std::ops::RangeInclusive<f64> = 20_000.0..=80_000.0;
    let utc =
        |instant: Timestamp| Moment { civil: Offset::UTC.to_datetime(instant), offset: Some(Offset::UTC) };
    match (cell.len(), cell.contains('.')) {
        (8, false) => {
            let digits: i32 = cell.parse().ok()?;
            let date = date(digits / 10_000, digits / 100 % 100, digits % 100)?;
            Some(Moment { civil: date.to_datetime(Time::midnight()), offset: None })
        }
        (10, false) => Timestamp::from_second(cell.parse().ok()?).ok().map(utc),
        (13, false) => Timestamp::from_millisecond(cell.parse().ok()?).ok().map(utc),
        _ => {
            let days: f64 = cell.parse().ok().filter(|days| SHEET_DAYS.contains(days))?;
            // Day 1 is 1900-01-01, and there was a 29 February 1900 that never was: hence 30 December 1899.
            let start = Date::constant(1899, 12, 30).to_datetime(Time::midnight());
            let seconds = (days * 86_400.0).round() as i64;
            Some(Moment { civil: start.checked_add(seconds.seconds()).ok()?, offset: None })
        }
    }
}

/// The two first numbers, the year, and what follows of `5/1/2026 9:58` (also with `.` or `-`).
fn slashed(cell: &str) -> Option<(i32, i32, i32, &str)> {
    let cell = cell.trim();
    let (first, rest) = integer(cell, 2)?;
    let (second, rest) = integer(separator(rest, &['/', '.', '-'])?, 2)?;
    let rest = separator(rest, &['/', '.', '-'])?;
    let (year, after) = integer(rest, 4)?;
    let year = match rest.len() - after.len() {
        4 => year,
        2 => 2000 + year,
        _ => return None,
    };
    Some((first, second, year, after))
}

/// Time of day, am or pm, fraction, zone; nothing of them is midnight.
fn with_time(date: Date, rest: &str) -> Option<Moment> {
    let rest = rest.trim_start_matches(['T', ' ', '\u{A0}']).trim();
    if rest.is_empty() {
        return Some(Moment { civil: date.to_datetime(Time::midnight()), offset: None });
    }
    let (mut hour, rest) = integer(rest, 2)?;
    let (minute, rest) = integer(separator(rest, &[':', '时', '.'])?, 2)?;
    let (second, rest) = match separator(rest, &[':', '分']) {
        Some(rest) if rest.starts_with(|character: char| character.is_ascii_digit()) => integer(rest, 2)?,
        Some(rest) if rest.is_empty() => (0, rest),
        _ => (0, rest),
    };
    let rest = match separator(rest, &['.', ',']) {
        Some(fraction) => fraction.trim_start_matches(|character: char| character.is_ascii_digit()),
        None => rest,
    };
    let mut rest = rest.strip_prefix('秒').unwrap_or(rest).trim();
    for (word, afternoon) in [("am", false), ("pm", true)] {
        let head = rest.get(..2).unwrap_or_default();
        if head.eq_ignore_ascii_case(word) {
            hour = hour % 12 + if afternoon { 12 } else { 0 };
            rest = rest.get(2..).unwrap_or_default().trim();
        }
    }
    let narrow = |value: i32| i8::try_from(value).ok();
    let time = Time::new(narrow(hour)?, narrow(minute)?, narrow(second)?, 0).ok()?;
    Some(Moment { civil: date.to_datetime(time), offset: offset(rest)? })
}

/// `Z`, `UTC`, `+0000`, `-04:00`, `+8`; nothing is no zone; anything else is no date.
#[expect(clippy::option_option, reason = "no zone and a zone that cannot be read are two things")]
fn offset(text: &str) -> Option<Option<Offset>> {
    if text.is_empty() {
        return Some(None);
    }
    if ["Z", "UTC", "GMT"].iter().any(|name| text.eq_ignore_ascii_case(name)) {
        return Some(Some(Offset::UTC));
    }
    let (sign, digits) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(digits), _) => (1, digits),
        (_, Some(digits)) => (-1, digits),
        _ => return None,
    };
    let (hours, rest) = integer(digits, 2)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = if rest.is_empty() { (0, rest) } else { integer(rest, 2)? };
    if !rest.is_empty() || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().map(Some)
}

fn date(year: i32, month: i32, day: i32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Up to `most` leading digits as a number, and the rest.
fn integer(text: &str, most: usize) -> Option<(i32, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let digits = text.get(..length).filter(|digits| !digits.is_empty())?;
    Some((digits.parse().ok()?, text.get(length..)?))
}

fn separator<'a>(text: &'a str, any: &[char]) -> Option<&'a str> {
    text.strip_prefix(any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cell: &str, order: DateOrder, expected: Option<(&str, i64)>) {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let found = parse(cell, order).and_then(|moment| moment.at(&berlin, &berlin));
        assert_eq!(found, expected.map(|(day, at)| (at, Day::parse(day).unwrap())), "{cell}");
    }

    #[test]
    fn dates_are_read_as_shops_write_them() {
        use DateOrder::{Dmy, Mdy};
        check("2026-05-01 09:58:12 -0400", Dmy, Some(("2026-05-01", 1_777_643_892)));
        check("2026-05-01T23:58:12Z", Dmy, Some(("2026-05-02", 1_777_679_892)));
        check("2026-05-01 23:58:12 UTC", Dmy, Some(("2026-05-02", 1_777_679_892)));
        check("2026-05-01T23:58:12.123+00:00", Dmy, Some(("2026-05-02", 1_777_679_892)));
        check("2026-05-01 09:58:12", Dmy, Some(("2026-05-01", 1_777_622_292)));
        check("2026/5/1 9:58", Dmy, Some(("2026-05-01", 1_777_622_280)));
        check("2026年5月1日 9:58", Dmy, Some(("2026-05-01", 1_777_622_280)));
        check("20260501", Dmy, Some(("2026-05-01", 1_777_586_400)));
        check("01/05/2026", Dmy, Some(("2026-05-01", 1_777_586_400)));
        check("01/05/2026", Mdy, Some(("2026-01-05", 1_767_567_600)));
        check("12/1/2010 8:26", Mdy, Some(("2010-12-01", 1_291_188_360)));
        check("12/1/10 8:26 PM", Mdy, Some(("2010-12-01", 1_291_231_560)));
        check("01.05.2026", Dmy, Some(("2026-05-01", 1_777_586_400)));
        check("46143.5", Dmy, Some(("2026-05-01", 1_777_629_600)));
        check("1777622292", Dmy, Some(("2026-05-01", 1_777_622_292)));
        check("1777622292000", Dmy, Some(("2026-05-01", 1_777_622_292)));
        check("2026-13-02", Dmy, None);
        check("2026-02-30", Dmy, None);
        check("2026-05-01 25:00", Dmy, None);
        check("2026-05-01 maybe", Dmy, None);
        check("soon", Dmy, None);
        check("17", Dmy, None);
        check("", Dmy, None);
    }

    #[test]
    fn a_value_above_twelve_proves_the_order() {
        assert_eq!(hint("13/05/2026"), Hint::Only(DateOrder::Dmy));
        assert_eq!(hint("05/13/2026 9:00"), Hint::Only(DateOrder::Mdy));
        assert_eq!(hint("05/06/2026"), Hint::Both);
        assert_eq!(hint("05/05/2026"), Hint::Nothing);
        assert_eq!(hint("2026-05-06"), Hint::Nothing);
    }
}
