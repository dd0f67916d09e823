//! Which day is it, in the shop's own calendar?

use std::fmt;

use jiff::civil::{Date, Weekday};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A local calendar day of the shop, as days since 1970-01-01.
/// JSON: `"YYYY-MM-DD"`; in stored records the number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Day(pub i32);

/// Days of a month wherever a duration is given in months (DEFINITIONS §5): 365.25 / 12.
pub const MONTH_DAYS: f64 = 30.4375;

const EPOCH: Date = Date::constant(1970, 1, 1);

impl Day {
    /// From year, month (1–12) and day of the month; `None` where there is no such day.
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Self> {
        Date::new(year, month, day).ok().map(Self::from)
    }

    /// From `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        text.trim().parse::<Date>().ok().map(Self::from)
    }

    /// The civil date; days outside jiff's years −9999 … 9999 are clamped.
    pub fn date(self) -> Date {
        let offset = jiff::Span::new().try_days(self.0);
        offset.ok().and_then(|days| EPOCH.checked_add(days).ok()).unwrap_or(if self.0 < 0 {
            Date::MIN
        } else {
            Date::MAX
        })
    }

    /// The day `days` later (earlier where negative).
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Whole days from `earlier` to `self`.
    pub fn since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// Monday of this day's ISO week.
    #[must_use]
    pub fn week_start(self) -> Self {
        self.plus(-i32::from(self.weekday().to_monday_zero_offset()))
    }

    /// First day of this day's month, `months` months later.
    #[must_use]
    pub fn month_start(self, months: i32) -> Self {
        let date = self.date();
        let index = i32::from(date.year()) * 12 + i32::from(date.month()) - 1 + months;
        let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
        i16::try_from(year)
            .ok()
            .and_then(|year| Self::from_ymd(year, i8::try_from(month).unwrap_or(1), 1))
            .unwrap_or(self)
    }

    /// First day of this day's quarter, `quarters` quarters later.
    #[must_use]
    pub fn quarter_start(self, quarters: i32) -> Self {
        let into_quarter = (i32::from(self.date().month()) - 1) % 3;
        self.month_start(quarters * 3 - into_quarter)
    }

    /// First day of this day's year, `years` years later.
    #[must_use]
    pub fn year_start(self, years: i32) -> Self {
        self.month_start(years * 12 - (i32::from(self.date().month()) - 1))
    }

    /// The same date `years` later; 29 February becomes 28.
    #[must_use]
    pub fn plus_years(self, years: i32) -> Self {
        let date = self.date();
        let year = i32::from(date.year()) + years;
        let year = i16::try_from(year).unwrap_or(date.year());
        Self::from_ymd(year, date.month(), date.day())
            .or_else(|| Self::from_ymd(year, date.month(), 28))
            .unwrap_or(self)
    }

    /// Day of the week.
    pub fn weekday(self) -> Weekday {
        self.date().weekday()
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        let days = date.since((jiff::Unit::Day, EPOCH)).map(|span| span.get_days()).unwrap_or_default();
        Self(days)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date())
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i32(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text)
                .ok_or_else(|| D::Error::custom(format!("{text:?} is not a date; write YYYY-MM-DD")))
        } else {
            i32::deserialize(deserializer).map(Self)
        }
    }
}

impl JsonSchema for Day {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date", "description": "a date, YYYY-MM-DD"})
    }
}

/// An inclusive range of days.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Span {
    /// First day.
    pub from: Day,
    /// Last day, included.
    pub to: Day,
}

impl Span {
    /// Number of days, both ends included; 0 where `to` lies before `from`.
    pub fn days(self) -> i32 {
        (self.to.0 - self.from.0 + 1).max(0)
    }

    /// Whether `day` lies inside.
    pub fn contains(self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }

    /// The day, week, month or quarter that begins on this day; `None` for a bucket of another name.
    pub fn of_bucket(bucket: &str, start: Day) -> Option<Self> {
        let to = match bucket {
            "day" => start,
            "week" => start.plus(6),
            "month" => start.month_start(1).plus(-1),
            "quarter" => start.quarter_start(1).plus(-1),
            _ => return None,
        };
        Some(Self { from: start, to })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} … {}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_1970_and_print_as_iso() {
        let day = Day::parse("2026-06-30").unwrap();
        assert_eq!(day.0, 20_634);
        assert_eq!(day.to_string(), "2026-06-30");
        assert_eq!(day.week_start().to_string(), "2026-06-29");
        assert_eq!(day.month_start(-1).to_string(), "2026-05-01");
        assert_eq!(day.quarter_start(-1).to_string(), "2026-01-01");
        assert_eq!(day.year_start(-1).to_string(), "2025-01-01");
        assert_eq!(Day::parse("2024-02-29").unwrap().plus_years(-1).to_string(), "2023-02-28");
    }

    #[test]
    fn json_has_the_date_and_records_the_number() {
        let day = Day::parse("2026-06-30").unwrap();
        assert_eq!(serde_json::to_string(&day).unwrap(), "\"2026-06-30\"");
        assert_eq!(postcard::from_bytes::<Day>(&postcard::to_stdvec(&day).unwrap()).unwrap(), day);
    }
}
