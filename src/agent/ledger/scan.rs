//! Which numbers does this sentence say, and what are they numbers of?
//!
//! Digits with separators, scales and units, identifiers; dates in [`super::dates`], number words of both languages in
//! [`super::en`] and [`super::zh`]. A token keeps how precisely it was said: "12.3k" is good for anything between 12,250 and 12,350.

use super::dates::month;
use super::{en, zh};
use crate::domain::{Currency, number_word};

/// A number as said.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Token {
    /// As it stands in the sentence.
    pub text: String,
    /// What it is a number of.
    pub class: Class,
    /// Its value in the class's unit (a percentage as a share).
    pub value: f64,
    /// The last digit's weight: the value may be off by half of it.
    pub step: f64,
    /// −1 or 1 where a sign was written.
    pub sign: i8,
    /// How the value is bounded.
    pub bound: Bound,
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
}

/// On which side of what was said the value may lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bound {
    /// Near it.
    Near,
    /// `> 99 %`.
    AtLeast,
    /// `< 1 %`.
    AtMost,
    /// Dozens, hundreds, 上千: up to ten times it.
    TenTimes,
}

/// What a number in a sentence is a number of.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Class {
    /// No unit was said.
    Plain,
    /// Things that are counted.
    Count(Noun),
    /// An amount; the currencies that its sign may mean.
    Money(Vec<Currency>),
    /// A percentage, 0.42 for 42 %.
    Percent,
    /// Half, a third, 三成: 0 to 1, said loosely.
    Fraction,
    /// Percentage points, 0.018 for 1.8.
    Points,
    /// Doubled, 3 times, 两倍.
    Factor,
    /// A duration.
    Days,
    /// A duration.
    Weeks,
    /// A duration.
    Months,
    /// A duration; no fact has it.
    Clock,
    /// A calendar date or a part of one.
    Date(DateParts),
    /// Said so loosely that no figure can answer for it: double-digit, 成倍.
    Loose,
    /// Letters with digits, such as an order's number.
    Name,
}

/// The things we count and must not swap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Noun {
    Orders,
    Customers,
    Units,
    Other,
}

/// What was said of a date.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct DateParts {
    pub year: Option<i16>,
    pub quarter: Option<i8>,
    pub month: Option<i8>,
    pub day: Option<i8>,
}

/// A masked character: part of a name that may contain digits.
pub(super) const MASK: char = '\u{1}';

/// All tokens of a sentence, left to right.
pub(super) fn tokens(sentence: &[char]) -> Vec<Token> {
    let text: Vec<char> = sentence.iter().map(|c| narrow(*c)).collect();
    let scanner = Scanner { lower: text.iter().map(|c| c.to_ascii_lowercase()).collect(), text };
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < scanner.text.len() {
        match scanner.token_at(at) {
            Found::Token(token) => {
                at = token.end.max(at + 1);
                tokens.push(token);
            }
            Found::Free(end) => at = end.max(at + 1),
        }
    }
    scanner.fractions(&mut tokens);
    scanner.ranges(&mut tokens);
    tokens
}

/// Full-width digits and signs as ASCII, one character for one.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{3000}' => ' ',
        _ => c,
    }
}

/// What stands at a position.
pub(super) enum Found {
    /// A number that must be licensed.
    Token(Token),
    /// Nothing to check up to here.
    Free(usize),
}

/// A sentence as characters, also in lower case.
pub(super) struct Scanner {
    pub text: Vec<char>,
    pub lower: Vec<char>,
}

impl Scanner {
    pub(super) fn at(&self, index: usize) -> char {
        self.lower.get(index).copied().unwrap_or('\0')
    }

    pub(super) fn before(&self, index: usize) -> char {
        index.checked_sub(1).map_or('\0', |index| self.at(index))
    }

    pub(super) fn slice(&self, from: usize, to: usize) -> String {
        self.text.get(from..to.min(self.text.len())).unwrap_or_default().iter().collect()
    }

    pub(super) fn starts(&self, at: usize, what: &str) -> bool {
        what.chars().enumerate().all(|(offset, c)| self.at(at + offset) == c)
    }

    pub(super) fn ends(&self, at: usize, what: &str) -> bool {
        let length = what.chars().count();
        at >= length && self.starts(at - length, what)
    }

    pub(super) fn spaces(&self, mut at: usize) -> usize {
        while self.at(at) == ' ' {
            at += 1;
        }
        at
    }

    /// The English word (letters only, lower case) at or after spaces or a hyphen.
    pub(super) fn word(&self, at: usize) -> (String, usize) {
        let mut end = at;
        while self.at(end).is_ascii_alphabetic() {
            end += 1;
        }
        (self.lower.get(at..end).unwrap_or_default().iter().collect(), end)
    }

    /// The word before a position, spaces and hyphens skipped.
    pub(super) fn word_before(&self, mut at: usize) -> String {
        while at > 0 && matches!(self.before(at), ' ' | '-') {
            at -= 1;
        }
        let end = at;
        while at > 0 && self.before(at).is_ascii_alphabetic() {
            at -= 1;
        }
        self.lower.get(at..end).unwrap_or_default().iter().collect()
    }

    fn token_at(&self, at: usize) -> Found {
        let c = self.at(at);
        if c == MASK {
            return Found::Free(at + 1);
        }
        if c.is_ascii_alphabetic() {
            return self.letters(at);
        }
        if c.is_ascii_digit() {
            return self.digits(at);
        }
        if let Some(value) = vulgar(c) {
            return Found::Token(self.token(at, at + 1, Class::Fraction, value, 0.05));
        }
        // ① to ⑳ number the points of a text; any other writing of numbers is not ours
        if c.is_numeric() && number_word::han_digit(c).is_none() && !matches!(c, '①'..='⑳') {
            return Found::Token(self.token(at, at + 1, Class::Loose, f64::NAN, 0.0));
        }
        zh::token_at(self, at)
    }

    /// A word: a number word, a month, a quarter, an identifier, or nothing.
    fn letters(&self, at: usize) -> Found {
        let (word, end) = self.word(at);
        if self.at(end).is_ascii_digit() {
            // A currency code or symbol word may touch its number: EUR12.
            if Currency::parse(&word).is_some() {
                return Found::Free(end);
            }
            let mut stop = end;
            while self.at(stop).is_ascii_alphanumeric() || matches!(self.at(stop), '_' | '-') {
                stop += 1;
            }
            let digits: String = self.slice(end, stop);
            if word == "q" && matches!(digits.as_str(), "1" | "2" | "3" | "4") {
                let quarter = digits.parse().ok();
                let (year, stop) = self.year_after(stop);
                return self.date(at, stop, DateParts { quarter, year, ..DateParts::default() });
            }
            return Found::Token(self.token(at, stop, Class::Name, f64::NAN, 0.0));
        }
        if let Some(month) = month(&word) {
            return self.english_month(at, end, month);
        }
        en::token_at(self, at, &word, end)
    }

    pub(super) fn date(&self, start: usize, end: usize, parts: DateParts) -> Found {
        Found::Token(self.token(start, end, Class::Date(parts), f64::NAN, 0.0))
    }

    pub(super) fn token(&self, start: usize, end: usize, class: Class, value: f64, step: f64) -> Token {
        Token { text: self.slice(start, end), class, value, step, sign: 0, bound: Bound::Near, start, end }
    }

    fn digits(&self, at: usize) -> Found {
        if let Some(found) = self.numeric_date(at) {
            return found;
        }
        let Some((mut value, mut step, mut end)) = self.plain_digits(at) else {
            return Found::Free(at + 1);
        };
        // "1." or "2)" at a line's start is a list's ordinal.
        let line_start = (0..at).rev().map(|i| self.at(i)).find(|c| *c != ' ');
        let listed = matches!(self.at(end), '.' | ')' | '、') && !self.at(end + 1).is_ascii_digit();
        if listed && matches!(line_start, None | Some('\n')) {
            return Found::Free(end + 1);
        }
        if self.ordinal_end(end) > end && !self.at(end + 2).is_ascii_alphabetic() {
            return Found::Free(end + 2);
        }
        if self.before(at) == '第' {
            let quarter = self.starts(end, "季度").then(|| i8::try_from(value as i64).ok()).flatten();
            return match quarter {
                Some(_) => self.date(at, end + 2, DateParts { quarter, ..DateParts::default() }),
                None => Found::Free(end),
            };
        }
        let whole = end - at;
        if let Some(part) = vulgar(self.at(end)) {
            (value, step, end) = (value + part, 0.1, end + 1);
        }
        (value, step, end) = self.scaled(value, step, end);
        (value, step, end) = zh::rounded_down(self, value, step, end);
        let looks_like_year =
            whole == 4 && end - at == 4 && (1900.0..=2100.0).contains(&value) && (step - 1.0).abs() < 1e-9;
        let mut token = self.with_unit(at, end, value, step);
        if looks_like_year && matches!(token.class, Class::Plain) {
            let parts = DateParts { year: Some(value as i16), ..DateParts::default() };
            token.class = Class::Date(parts);
        }
        Found::Token(token)
    }

    /// Digits with thousands commas and decimals.
    pub(super) fn plain_digits(&self, at: usize) -> Option<(f64, f64, usize)> {
        let mut end = at;
        let mut text = String::new();
        while self.at(end).is_ascii_digit() {
            text.push(self.at(end));
            end += 1;
        }
        if text.is_empty() {
            return None;
        }
        let group = |end: usize| {
            self.at(end) == ','
                && (1..=3).all(|offset| self.at(end + offset).is_ascii_digit())
                && !self.at(end + 4).is_ascii_digit()
        };
        while text.len() <= 15 && end - at <= 20 && group(end) && (end > at) {
            text.extend((1..=3).map(|offset| self.at(end + offset)));
            end += 4;
        }
        let mut step = 1.0;
        if self.at(end) == '.' && self.at(end + 1).is_ascii_digit() {
            text.push('.');
            end += 1;
            while self.at(end).is_ascii_digit() {
                text.push(self.at(end));
                step /= 10.0;
                end += 1;
            }
        }
        text.parse().ok().map(|value| (value, step, end))
    }

    /// k, m, 万, 亿, thousand, million … behind digits.
    pub(super) fn scaled(&self, value: f64, step: f64, end: usize) -> (f64, f64, usize) {
        let (mut factor, mut stop) = (1.0, end);
        while let Some(scale) = zh::scale(self.at(stop)) {
            factor *= scale;
            stop += 1;
        }
        if stop > end {
            return (value * factor, step * factor, stop);
        }
        let (word, after) = self.word(end);
        let direct = match word.as_str() {
            "k" => Some(1e3),
            "m" | "mn" => Some(1e6),
            "bn" | "b" => Some(1e9),
            "w" => Some(1e4),
            _ => None,
        };
        let spaced = || {
            let (word, after) = self.word(self.spaces(end));
            let scale = match word.as_str() {
                "grand" => 1e3,
                word => number_word::scale(word)?,
            };
            Some((scale, after))
        };
        match direct.map(|scale| (scale, after)).or_else(spaced) {
            Some((scale, after)) => (value * scale, step * scale, after),
            None => (value, step, end),
        }
    }

    /// Sign and currency before, unit or noun behind.
    pub(super) fn with_unit(&self, at: usize, end: usize, value: f64, step: f64) -> Token {
        let (mut start, mut sign, mut bound) = (at, 0, Bound::Near);
        let mut money = Vec::new();
        let mut left = at;
        while self.before(left) == ' ' {
            left -= 1;
        }
        let symbol = match self.before(left) {
            '€' => vec![Currency::EUR],
            '£' => vec![Currency::GBP],
            '$' => Currency::parse("USD").into_iter().collect(),
            '¥' => ["CNY", "JPY"].iter().filter_map(|code| Currency::parse(code)).collect(),
            _ => Vec::new(),
        };
        if symbol.is_empty() {
            let word = self.word_before(left);
            if word.len() == 3
                && self.slice(left - 3, left).chars().all(|c| c.is_ascii_uppercase())
                && let Some(currency) = Currency::parse(&word)
            {
                money = vec![currency];
                start = left - 3;
            }
        } else {
            money = symbol;
            start = left - 1;
        }
        let mut left = start;
        while self.before(left) == ' ' {
            left -= 1;
        }
        match self.before(left) {
            '-' | '−' | '–' if !self.before(left - 1).is_ascii_alphanumeric() && left == start => {
                sign = -1
            }
            '+' => sign = 1,
            '>' | '≥' => bound = Bound::AtLeast,
            '<' | '≤' => bound = Bound::AtMost,
            _ => {}
        }
        let (class, value, step, end) = if money.is_empty() {
            self.unit_behind(value, step, end)
        } else {
            (Class::Money(money), value, step, end)
        };
        Token { text: self.slice(start, end), class, value, step, sign, bound, start, end }
    }

    fn unit_behind(&self, value: f64, step: f64, end: usize) -> (Class, f64, f64, usize) {
        // A year is said to the month: "two years" is not 18 months.
        let precise = |class: &Class, step: f64| if matches!(class, Class::Months) { 1.0 } else { step };
        if let Some((class, scale, length)) = zh::unit(self, end) {
            let step = precise(&class, step * scale);
            return (class, value * scale, step, end + length);
        }
        let near = self.spaces(end);
        if self.at(near) == '%' {
            return (Class::Percent, value / 100.0, step / 100.0, near + 1);
        }
        if self.at(near) == '‰' {
            return (Class::Percent, value / 1000.0, step / 1000.0, near + 1);
        }
        if matches!(self.at(near), '×') {
            return (Class::Factor, value, step, near + 1);
        }
        let near = if self.at(near) == '-' { near + 1 } else { near };
        match en::unit(self, end, near) {
            Some((class, scale, stop)) => {
                let step = precise(&class, step * scale);
                (class, value * scale, step, stop)
            }
            None => (Class::Plain, value, step, end),
        }
    }

    /// "3 out of 10", "one in five": two numbers that are one share.
    fn fractions(&self, tokens: &mut Vec<Token>) {
        let mut index = 0;
        while index + 1 < tokens.len() {
            let (Some(first), Some(second)) = (tokens.get(index), tokens.get(index + 1)) else { break };
            let between = self.slice(first.end, second.start).to_lowercase();
            let of = matches!(between.trim(), "in" | "out of" | "in every") || between == "/";
            let whole = matches!(first.class, Class::Plain)
                && matches!(second.class, Class::Plain | Class::Count(_))
                && second.value <= 100.0
                && first.value < second.value;
            if of && whole {
                let value = first.value / second.value;
                let joined = self.token(first.start, second.end, Class::Fraction, value, 0.05);
                tokens.splice(index..index + 2, [joined]);
            }
            index += 1;
        }
    }

    /// "71k to €96k", 3至5%: one end's unit is the other's too.
    fn ranges(&self, tokens: &mut [Token]) {
        for index in 1..tokens.len() {
            let (left, right) = tokens.split_at_mut(index);
            let (Some(first), Some(second)) = (left.last_mut(), right.first_mut()) else { continue };
            let between = self.slice(first.end, second.start);
            let joined = matches!(between.trim(), "to" | "–" | "-" | "—" | "至" | "到" | "~")
                || (between.trim() == "and" && self.word_before(first.start) == "between");
            if !joined {
                continue;
            }
            match (&first.class, &second.class) {
                (Class::Plain, Class::Percent | Class::Points) => {
                    first.value /= 100.0;
                    first.step /= 100.0;
                    first.class = second.class.clone();
                }
                (Class::Plain, Class::Plain | Class::Date(_) | Class::Name) => {}
                (Class::Plain, _) => first.class = second.class.clone(),
                (Class::Money(_), Class::Plain) => second.class = first.class.clone(),
                _ => {}
            }
        }
    }
}

/// ½, ¾, ⅔: the value of a fraction that is one character.
fn vulgar(c: char) -> Option<f64> {
    let (part, whole) = match c {
        '½' => (1, 2),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        '¼' => (1, 4),
        '¾' => (3, 4),
        '⅕'..='⅘' => (c as u32 - '⅕' as u32 + 1, 5),
        '⅙' => (1, 6),
        '⅚' => (5, 6),
        '⅐' => (1, 7),
        '⅛' => (1, 8),
        '⅜' => (3, 8),
        '⅝' => (5, 8),
        '⅞' => (7, 8),
        '⅑' => (1, 9),
        '⅒' => (1, 10),
        _ => return None,
    };
    Some(f64::from(part) / f64::from(whole))
}
