//! Which days are "May", "Q4 last year", 5月1日 or 去年下半年?

use super::numbers::number_at;
use super::sentence::Sentence;
use crate::domain::{Day, Span};

/// A piece of the calendar, its year perhaps unsaid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Point {
    /// Where it was said.
    pub year: Option<i16>,
    /// What it is within a year.
    pub part: Part,
}

/// A part of a year.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Year,
    Half(i8),
    Quarter(i8),
    Month(i8),
    Date(i8, i8),
    /// Three months from this one; winter begins in December.
    Season(i8),
}

/// Years that a bare number may mean.
const YEARS: std::ops::RangeInclusive<i32> = 1995..=2049;

const MONTHS: [&[&str]; 12] = [
    &["january", "jan"],
    &["february", "feb", "febuary"],
    &["march", "mar"],
    &["april", "apr"],
    &["may"],
    &["june", "jun"],
    &["july", "jul"],
    &["august", "aug"],
    &["september", "sep", "sept"],
    &["october", "oct"],
    &["november", "nov"],
    &["december", "dec"],
];

impl Point {
    /// The days in this year.
    pub(super) fn in_year(self, year: i16) -> Option<Span> {
        let months = |first: i8, count: i32| {
            let from = Day::from_ymd(year, first, 1)?;
            Some(Span { from, to: from.month_start(count).plus(-1) })
        };
        match self.part {
            Part::Year => months(1, 12),
            Part::Half(half) => months(6 * half - 5, 6),
            Part::Quarter(quarter) => months(3 * quarter - 2, 3),
            Part::Month(month) => months(month, 1),
            Part::Season(first) => months(first, 3),
            Part::Date(month, day) => {
                let day = Day::from_ymd(year, month, day)?;
                Some(Span { from: day, to: day })
            }
        }
    }

    /// The days: of the year said, else the nearest that began by `today`.
    pub(super) fn days(self, today: Day) -> Option<Span> {
        self.year.map_or_else(|| self.latest(today), |year| self.in_year(year))
    }

    /// The latest that began by `day`.
    fn latest(self, day: Day) -> Option<Span> {
        let year = day.date().year();
        (0..5).filter_map(|back| self.in_year(year - back)).find(|span| span.from <= day)
    }

    /// The days from the start of `self` to the end of `last`.
    pub(super) fn through(self, last: Self, today: Day) -> Option<Span> {
        let (first, last) = match (self.year, last.year) {
            (Some(year), Some(end)) => (self.in_year(year)?, last.in_year(end)?),
            (Some(year), None) => {
                let first = self.in_year(year)?;
                let last = (0..2)
                    .filter_map(|ahead| last.in_year(year + ahead))
                    .find(|span| span.to >= first.from)?;
                (first, last)
            }
            (None, _) => {
                let last = last.days(today)?;
                (self.latest(last.from)?, last)
            }
        };
        Some(Span { from: first.from, to: last.to })
    }
}

/// The point that starts at token `at`, and the token after it.
pub(super) fn point_at(s: &Sentence<'_>, at: usize, today: Day) -> Option<(Point, usize)> {
    if let Some((year, end)) = year_at(s, at, today) {
        let next = if matches!(s.text(end), "的" | "-" | "/" | "," | ".") { end + 1 } else { end };
        if let Some((part, end)) = part_at(s, next) {
            return Some((Point { year: Some(year), part }, end));
        }
        // 2026-05
        if next > end
            && s.text(end) != ","
            && let Some(month) = month_number(s, next)
            && s.tokens.get(next).is_some_and(|token| !token.spaced)
        {
            return Some((Point { year: Some(year), part: Part::Month(month) }, next + 1));
        }
        let full = s.text(at).len() == 4 || s.text(end - 1) == "年";
        let relative = s.tokens.get(at).is_some_and(|token| token.number().is_none());
        return (full && !relative).then_some((Point { year: Some(year), part: Part::Year }, end));
    }
    let (part, end) = part_at(s, at)?;
    // "Q4 of last year", "May 2025", "the first half of 2025"
    let mut after = end;
    while matches!(s.text(after), "of" | "," | "in" | "the") {
        after += 1;
    }
    match year_at(s, after, today) {
        Some((year, end)) if s.text(end) != "月" => Some((Point { year: Some(year), part }, end)),
        _ => Some((Point { year: None, part }, end)),
    }
}

/// 2025, 2025年, 25年, 去年, "last year" (the last two only beside a part of a year).
fn year_at(s: &Sentence<'_>, at: usize, today: Day) -> Option<(i16, usize)> {
    let this = today.date().year();
    let relative = |texts: &[&str], back: i16| s.says(at, texts).then_some((this - back, at + texts.len()));
    let said = relative(&["去", "年"], 1)
        .or_else(|| relative(&["今", "年"], 0))
        .or_else(|| relative(&["前", "年"], 2))
        .or_else(|| relative(&["last", "year"], 1))
        .or_else(|| relative(&["this", "year"], 0));
    if said.is_some() {
        return said;
    }
    let token = s.tokens.get(at)?;
    let value = token.whole()?;
    let suffix = s.text(at + 1) == "年";
    if token.text.len() == 4 && YEARS.contains(&value) {
        // "2000 customers" is a number; a year is followed by no counted thing
        return i16::try_from(value).ok().map(|year| (year, at + 1 + usize::from(suffix)));
    }
    (suffix && (20..50).contains(&value) && token.text.len() == 2)
        .then(|| i16::try_from(2000 + value).ok().map(|year| (year, at + 2)))
        .flatten()
}

fn part_at(s: &Sentence<'_>, at: usize) -> Option<(Part, usize)> {
    chinese_month(s, at)
        .or_else(|| english_month(s, at))
        .or_else(|| quarter_or_half(s, at))
        .or_else(|| season(s, at))
        .or_else(|| iso_rest(s, at))
}

/// 5月, 5月份, 十二月, 5月1日, 5月1号.
fn chinese_month(s: &Sentence<'_>, at: usize) -> Option<(Part, usize)> {
    let said = number_at(&s.tokens, at)?;
    if s.text(said.end) != "月" || s.cue_before(at, "past").is_some() || s.cue_before(at, "future").is_some()
    {
        return None;
    }
    let month = small_int(said.value, 12)?;
    let end = said.end + 1;
    if let Some(day) = number_at(&s.tokens, end) {
        let closed = matches!(s.text(day.end), "日" | "号");
        let open = matches!(s.text(day.end), "到" | "至" | "-");
        if let (Some(date), true) = (small_int(day.value, 31), closed || open) {
            return Some((Part::Date(month, date), day.end + usize::from(closed)));
        }
    }
    Some((Part::Month(month), end + usize::from(s.text(end) == "份")))
}

/// "May", "May 1st", "1 May", "1st of May".
fn english_month(s: &Sentence<'_>, at: usize) -> Option<(Part, usize)> {
    if let Some(month) = month_name(s, at) {
        let mut day_at = at + 1;
        if s.text(day_at) == "the" {
            day_at += 1;
        }
        if let Some(day) = day_number(s, day_at) {
            let end = day_at + 1 + usize::from(is_ordinal(s.text(day_at + 1)));
            return Some((Part::Date(month, day), end));
        }
        return Some((Part::Month(month), at + 1));
    }
    let day = day_number(s, at)?;
    let mut month_at = at + 1 + usize::from(is_ordinal(s.text(at + 1)));
    if s.text(month_at) == "of" {
        month_at += 1;
    }
    month_name(s, month_at).map(|month| (Part::Date(month, day), month_at + 1))
}

fn is_ordinal(text: &str) -> bool {
    matches!(text, "st" | "nd" | "rd" | "th")
}

/// 1 … 31, not the start of an amount or a duration.
fn day_number(s: &Sentence<'_>, at: usize) -> Option<i8> {
    let value = s.tokens.get(at)?.whole()?;
    let counted = s.unit(at + 1).is_some() || matches!(s.text(at + 1), "%" | "k" | "customers" | "days");
    ((1..=31).contains(&value) && !counted).then(|| i8::try_from(value).ok()).flatten()
}

/// "may", "march" and "mar" are other words too: they need a neighbour that makes them a month, or a capital.
pub(super) fn month_name(s: &Sentence<'_>, at: usize) -> Option<i8> {
    let token = s.tokens.get(at)?;
    let index = MONTHS.iter().position(|names| names.contains(&token.text.as_str()))?;
    let doubtful = matches!(token.text.as_str(), "may" | "march" | "mar" | "sep" | "dec");
    let capital = at > 0 && token.raw.chars().next().is_some_and(char::is_uppercase);
    let before = at.checked_sub(1).map_or("", |before| s.text(before));
    let led = matches!(
        before,
        "in" | "since"
            | "from"
            | "of"
            | "to"
            | "until"
            | "till"
            | "for"
            | "last"
            | "this"
            | "and"
            | "vs"
            | "versus"
            | "through"
            | "thru"
            | "by"
            | "during"
            | "between"
            | "than"
            | "against"
            | "with"
            | "about"
            | "-"
            | "early"
            | "late"
            | "st"
            | "nd"
            | "rd"
            | "th"
            | ","
            | "whole"
            | "+"
            | "&"
            | "before"
            | "after"
            | "over"
    );
    let followed = s.tokens.get(at + 1).is_some_and(|next| {
        next.number().is_some()
            || matches!(
                next.text.as_str(),
                "vs" | "versus" | "to" | "-" | "through" | "thru" | "?" | "," | "until" | "till" | "compared"
            )
    }) || at + 1 == s.tokens.len();
    let alone = s.tokens.get(at.wrapping_sub(1)).and_then(|token| token.number()).is_some();
    (!doubtful || capital || led || followed || alone).then(|| i8::try_from(index + 1).ok()).flatten()
}

/// q1, Q1季度, 一季度, 第一季度, "first quarter", h1, 上半年, "first half (of the year)".
fn quarter_or_half(s: &Sentence<'_>, at: usize) -> Option<(Part, usize)> {
    let quarter_word = |end: usize| -> usize { if s.says(end, &["季", "度"]) { end + 2 } else { end } };
    for (index, name) in ["q1", "q2", "q3", "q4"].iter().enumerate() {
        if s.text(at) == *name {
            return Some((Part::Quarter(index as i8 + 1), quarter_word(at + 1)));
        }
    }
    match s.text(at) {
        "h1" => return Some((Part::Half(1), at + 1)),
        "h2" => return Some((Part::Half(2), at + 1)),
        _ => {}
    }
    for (texts, half) in [(["上", "半", "年"], 1), (["下", "半", "年"], 2)] {
        if s.says(at, &texts) {
            return Some((Part::Half(half), at + 3));
        }
    }
    let ordinal = match s.text(at) {
        "first" => Some((1, at + 1)),
        "second" => Some((2, at + 1)),
        "third" => Some((3, at + 1)),
        "fourth" => Some((4, at + 1)),
        "第" => number_at(&s.tokens, at + 1).and_then(|n| Some((small_int(n.value, 4)?, n.end))),
        _ => number_at(&s.tokens, at).and_then(|n| {
            let end = n.end + usize::from(is_ordinal(s.text(n.end)));
            Some((small_int(n.value, 4)?, end))
        }),
    };
    let (index, end) = ordinal?;
    let of_the_year = |end: usize| if s.says(end, &["of", "the", "year"]) { end + 3 } else { end };
    if matches!(s.text(end), "quarter" | "qtr")
        && (s.text(at) != "one" && s.tokens.get(at)?.number().is_none() || end > at + 1)
    {
        return Some((Part::Quarter(index), of_the_year(end + 1)));
    }
    if s.says(end, &["季", "度"]) && s.text(end.wrapping_sub(1)) != "个" {
        return Some((Part::Quarter(index), end + 2));
    }
    if s.text(end) == "half" && index <= 2 && end > at && matches!(s.text(at), "first" | "second" | "1" | "2")
    {
        let mut end = end + 1;
        if s.text(end) == "year" {
            end += 1;
        }
        return Some((Part::Half(index), of_the_year(end)));
    }
    None
}

/// "spring", 夏季, 秋天: meteorological seasons.
fn season(s: &Sentence<'_>, at: usize) -> Option<(Part, usize)> {
    let english = match s.text(at) {
        "spring" => Some(3),
        "summer" => Some(6),
        "autumn" => Some(9),
        "winter" => Some(12),
        _ => None,
    };
    if let Some(first) = english {
        return Some((Part::Season(first), at + 1));
    }
    let first = match s.text(at) {
        "春" => 3,
        "夏" => 6,
        "秋" => 9,
        "冬" => 12,
        _ => return None,
    };
    matches!(s.text(at + 1), "天" | "季").then_some((Part::Season(first), at + 2))
}

/// The "05-01" of an ISO date, after its year.
fn iso_rest(s: &Sentence<'_>, at: usize) -> Option<(Part, usize)> {
    let before = at.checked_sub(1).map_or("", |before| s.text(before));
    if !matches!(before, "-" | "/" | ".") {
        return None;
    }
    let month = month_number(s, at)?;
    if !matches!(s.text(at + 1), "-" | "/" | ".") {
        return None;
    }
    let glued = s.tokens.get(at + 2).is_some_and(|token| !token.spaced);
    let day = s.tokens.get(at + 2)?.whole().and_then(|value| small_int(f64::from(value), 31))?;
    glued.then_some((Part::Date(month, day), at + 3))
}

pub(super) fn month_number(s: &Sentence<'_>, at: usize) -> Option<i8> {
    small_int(f64::from(s.tokens.get(at)?.whole()?), 12)
}

/// A whole number from 1 to `most`.
pub(super) fn small_int(value: f64, most: i8) -> Option<i8> {
    (value >= 1.0 && value <= f64::from(most) && value.fract().abs() < 1e-9).then_some(value as i8)
}
