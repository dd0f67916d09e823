//! Which day, month, quarter or year does a sentence name here?
//!
//! Written with digits or with a month's name, in either language; as much of it as was said.

use super::scan::{DateParts, Found, Scanner};
use super::zh;

impl Scanner {
    pub(super) fn year_after(&self, at: usize) -> (Option<i16>, usize) {
        let mut start = self.spaces(at);
        if self.at(start) == ',' {
            start = self.spaces(start + 1);
        }
        let mut end = start;
        while self.at(end).is_ascii_digit() {
            end += 1;
        }
        match self.slice(start, end).parse::<i16>() {
            Ok(year) if end - start == 4 && (1900..=2100).contains(&year) => (Some(year), end),
            _ => (None, at),
        }
    }

    /// "June", "June 2026", "June 30", "June 30, 2026"; "may" and "march" only where a date is meant.
    pub(super) fn english_month(&self, at: usize, end: usize, month: i8) -> Found {
        let capital = self.text.get(at).is_some_and(char::is_ascii_uppercase);
        let start = self.spaces(end);
        let mut stop = start;
        while self.at(stop).is_ascii_digit() {
            stop += 1;
        }
        let number = self.slice(start, stop);
        let (day, after) = match number.parse::<i8>() {
            Ok(day) if number.len() <= 2 && (1..=31).contains(&day) && self.at(stop) != '%' => {
                (Some(day), self.ordinal_end(stop))
            }
            _ => (None, end),
        };
        let (year, after) = self.year_after(after);
        let dated = day.is_some() || year.is_some();
        let word = self.slice(at, end).to_lowercase();
        let doubtful = matches!(word.as_str(), "may" | "march" | "mar" | "sun" | "dec" | "jan" | "sept");
        let led = matches!(
            self.word_before(at).as_str(),
            "in" | "of" | "since" | "until" | "from" | "to" | "last" | "this" | "by" | "and" | "for" | "than"
        );
        if dated || (capital && (!doubtful || led)) {
            return self.date(at, after, DateParts { year, month: Some(month), day, quarter: None });
        }
        Found::Free(end)
    }

    pub(super) fn ordinal_end(&self, at: usize) -> usize {
        if ["st", "nd", "rd", "th"].iter().any(|suffix| self.starts(at, suffix)) { at + 2 } else { at }
    }

    /// 2026-06-30, 2026-06, 2026年6月30日, 6月30日, 6月, 30日, "1 to 30 June 2026".
    pub(super) fn numeric_date(&self, at: usize) -> Option<Found> {
        let number = |from: usize, most: usize| -> Option<(i16, usize)> {
            let mut end = from;
            while self.at(end).is_ascii_digit() && end - from < most + 1 {
                end += 1;
            }
            (end > from && end - from <= most)
                .then(|| self.slice(from, end).parse().ok().map(|n| (n, end)))?
        };
        let small = |value: i16, most: i8| i8::try_from(value).ok().filter(|v| (1..=most).contains(v));
        if let Some((year, end)) = number(at, 4).filter(|(year, _)| (1900..=2100).contains(year)) {
            let year = Some(year);
            if self.at(end) == '-'
                && let Some((month, end)) = number(end + 1, 2)
                && let Some(month) = small(month, 12)
            {
                let (day, end) = match number(end + 1, 2).filter(|_| self.at(end) == '-') {
                    Some((day, stop)) => (small(day, 31), stop),
                    None => (None, end),
                };
                return Some(self.date(at, end, DateParts { year, month: Some(month), day, quarter: None }));
            }
            if self.at(end) == '年' {
                return Some(self.chinese_date(at, end + 1, year));
            }
        }
        let (first, end) = number(at, 2)?;
        if self.at(end) == '月' {
            return Some(self.chinese_date(at, at, None));
        }
        if matches!(self.at(end), '日' | '号') {
            let parts = DateParts { day: small(first, 31), ..DateParts::default() };
            return Some(self.date(at, end + 1, parts));
        }
        let day = small(first, 31)?;
        let stop = self.spaces(self.ordinal_end(end));
        let (word, after) = self.word(stop);
        if let Some(month) = month(&word).filter(|_| stop > end) {
            let (year, after) = self.year_after(after);
            return Some(self.date(
                at,
                after,
                DateParts { year, month: Some(month), day: Some(day), quarter: None },
            ));
        }
        // "1 to 30 June": the first day borrows the month that follows.
        let joint = ["to", "and", "until", "through"].iter().find(|joint| self.starts(stop, joint));
        let next = match (joint, self.at(stop)) {
            (Some(joint), _) => self.spaces(stop + joint.len()),
            (None, '–' | '-') => self.spaces(stop + 1),
            _ => return None,
        };
        let (_, second_end) = number(next, 2)?;
        let (word, _) = self.word(self.spaces(self.ordinal_end(second_end)));
        let month = month(&word)?;
        Some(self.date(at, end, DateParts { month: Some(month), day: Some(day), ..DateParts::default() }))
    }

    /// Behind the year, if any: 6月30日, 6月, 第二季度.
    fn chinese_date(&self, start: usize, at: usize, year: Option<i16>) -> Found {
        let part = |from: usize, mark: &[char]| -> Option<(i8, usize)> {
            let mut end = from;
            while self.at(end).is_ascii_digit() {
                end += 1;
            }
            let value = self.slice(from, end).parse().ok()?;
            mark.contains(&self.at(end)).then_some((value, end + 1))
        };
        let mut parts = DateParts { year, ..DateParts::default() };
        let mut end = at;
        if let Some((month, stop)) = part(at, &['月']) {
            parts.month = Some(month);
            end = stop;
            if let Some((day, stop)) = part(stop, &['日', '号']) {
                parts.day = Some(day);
                end = stop;
            }
        } else if let Some((quarter, stop)) = zh::quarter(self, at) {
            parts.quarter = Some(quarter);
            end = stop;
        }
        self.date(start, end, parts)
    }
}

/// The month an English word names.
pub(super) fn month(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    if word == "sept" {
        return Some(9);
    }
    (1..=12).find(|index| {
        let name = crate::render::numbers::month_name(*index).to_lowercase();
        name == word
            || usize::try_from(index - 1).ok().and_then(|i| MONTHS.get(i)).is_some_and(|m| *m == word)
    })
}
