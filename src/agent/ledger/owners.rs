//! Whose figure is it?
//!
//! A figure of one city, segment or customer must not stand beside the name of another, nor a figure of one period beside the days of another.
//! A small model turns them around. What is named in a figure's own clause is what the figure is of; else what was named
//! before it, or is named next. "Berlin and Milan sold €5k and €3k" names first and counts then, in one order.

use std::collections::BTreeMap;

use super::Ledger;
use super::days::{covers, of_day, touches};
use super::direction::claimed;
use super::means::{repeats, same};
use super::scan::{Class, DateParts, MASK, Token};
use crate::domain::Unit;
use crate::render::numbers::day_of;

impl Ledger {
    /// A figure that stands with the days or the name of another.
    pub(super) fn misplaced<'t>(
        &self,
        sentence: &str,
        chars: &[char],
        tokens: &'t [Token],
    ) -> Option<(&'t Token, &'static str)> {
        let own = |token: &&Token| {
            !matches!(token.class, Class::Name | Class::Date(_))
                && !self.allowed(token, chars)
                && self.meant(token, chars).next().is_some()
        };
        let of_days = |token: &&Token| {
            let counted = matches!(token.class, Class::Money(_) | Class::Count(_));
            let mut meant = self.meant(token, chars);
            // "against €198.2k a year earlier" names no days
            let earlier = meant.clone().any(|(fact, _)| fact.id == "previous") && says_earlier(sentence);
            counted && !earlier && meant.all(|(fact, _)| fact.period.is_some())
        };
        let of_owners = |token: &&Token| self.meant(token, chars).all(|(_, owner)| owner.is_some());
        let dates: Vec<Mark> = tokens
            .iter()
            .filter_map(|token| {
                let Class::Date(parts) = token.class else { return None };
                let named = parts.year.is_some() || parts.month.is_some() || parts.quarter.is_some();
                named.then_some(Mark { start: token.start, end: token.end, of: Of::Days(parts) })
            })
            .collect();
        let fits = |token: &Token, of: &Of| {
            self.meant(token, chars).any(|(fact, owner)| match of {
                Of::Days(parts) => fact.period.is_some_and(|span| touches(span, *parts)),
                Of::Owners(owners) => owner.is_some_and(|owner| owners.contains(&owner)),
            })
        };
        let figures = |fit: &dyn Fn(&&Token) -> bool| -> Vec<&'t Token> {
            tokens.iter().filter(own).filter(fit).collect()
        };
        let other_days = "this figure is of other days than the sentence names";
        let other_name = "this figure is of another than the sentence names";
        let own_day = |token: &Token, of: &Of| match of {
            Of::Owners(owners) => {
                self.days_of(token).any(|owner| owner.is_some_and(|own| owners.contains(&own)))
            }
            Of::Days(_) => true,
        };
        misplaced(chars, &figures(&of_days), &dates, fits).map(|token| (token, other_days)).or_else(|| {
            let names = self.named(sentence);
            let days: Vec<&Token> = tokens.iter().filter(|token| self.is_a_rows_day(token)).collect();
            misplaced(chars, &figures(&of_owners), &names, fits)
                .or_else(|| misplaced(chars, &days, &names, own_day))
                .map(|token| (token, other_name))
        })
    }

    /// The owners of the days that a date may be.
    fn days_of(&self, token: &Token) -> impl Iterator<Item = Option<usize>> {
        let facts = self.facts.iter().zip(&self.owner_of).filter(|(fact, _)| fact.unit == Unit::Date);
        let date = match token.class {
            Class::Date(parts) => Some(parts),
            _ => None,
        };
        facts
            .filter(move |(fact, _)| date.is_some_and(|parts| covers(of_day(day_of(fact.value)), parts)))
            .map(|(_, owner)| *owner)
    }

    /// Whether it is a day that only rows have: a last order, not an end of a period, and nothing that was asked for.
    fn is_a_rows_day(&self, token: &Token) -> bool {
        let Class::Date(parts) = token.class else { return false };
        let ends = self.spans.iter().flat_map(|span| [span.from, span.to]);
        let mut owners = self.days_of(token).peekable();
        parts.day.is_some()
            && owners.peek().is_some()
            && owners.all(|owner| owner.is_some())
            && !self.said.iter().any(|said| repeats(token, said))
            && !ends.map(of_day).any(|end| covers(end, parts))
    }

    /// "Berlin, London and Paris were the top three": it counts what the sentence names.
    pub(super) fn counts_names(&self, token: &Token, sentence: &str) -> bool {
        let plain = matches!(token.class, Class::Plain) && token.value >= 2.0;
        plain && same(token.value, self.named(sentence).len() as f64)
    }

    /// The owners' names in a sentence, the longest where one is part of another.
    fn named(&self, sentence: &str) -> Vec<Mark> {
        let text: Vec<char> = sentence.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect();
        let mut names: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let said: String = text.iter().collect();
        for (owner, called) in self.owners.iter().enumerate() {
            let here = called.iter().filter(|name| said.contains(name.as_str()));
            here.for_each(|name| names.entry(name).or_default().push(owner));
        }
        let mut marks: Vec<Mark> = Vec::new();
        let mut longest: Vec<(Vec<char>, Vec<usize>)> =
            names.into_iter().map(|(name, owners)| (name.chars().collect(), owners)).collect();
        longest.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, owners) in longest.iter().filter(|(name, _)| name.len() >= 2) {
            for start in places(&text, name) {
                let end = start + name.len();
                if marks.iter().all(|mark| mark.end <= start || end <= mark.start) {
                    marks.push(Mark { start, end, of: Of::Owners(owners.clone()) });
                }
            }
        }
        marks.sort_by_key(|mark| mark.start);
        marks
    }

    /// The word of a sentence without figures that says the other way of every change it may speak of.
    pub(super) fn turned(&self, sentence: &str, tokens: &[Token]) -> Option<&'static str> {
        if tokens.iter().any(|token| !matches!(token.class, Class::Date(_))) {
            return None;
        }
        let (way, word) = claimed(sentence)?;
        let named: Vec<Of> = self.named(sentence).into_iter().map(|mark| mark.of).collect();
        let spoken_of = |owner: Option<usize>| match owner {
            Some(owner) => named.iter().any(|of| matches!(of, Of::Owners(owners) if owners.contains(&owner))),
            None => named.is_empty(),
        };
        let changes = self.facts.iter().zip(&self.owner_of).filter(|(fact, owner)| {
            matches!(fact.unit, Unit::Change | Unit::Points)
                && fact.id.ends_with("change")
                && spoken_of(**owner)
        });
        let mut values = changes.map(|(fact, _)| fact.value).peekable();
        let turned =
            values.peek().is_some() && values.all(|value| (value > 0.0) != (way > 0) && value != 0.0);
        turned.then_some(word)
    }
}

/// Whether a sentence speaks of the time before without its dates.
fn says_earlier(sentence: &str) -> bool {
    const EARLIER: [&str; 15] = [
        "earlier",
        "year ago",
        "the year before",
        "the month before",
        "the period before",
        "previous",
        "prior",
        "last year",
        "同期",
        "去年",
        "上年",
        "对比期",
        "此前",
        "上期",
        "环比",
    ];
    let sentence = sentence.to_lowercase();
    EARLIER.iter().any(|word| sentence.contains(word))
}

/// A name or a date in a sentence.
struct Mark {
    start: usize,
    end: usize,
    /// Owners that have the name, dates as they were said.
    of: Of,
}

/// What is named.
#[derive(Clone, PartialEq, Debug)]
enum Of {
    Owners(Vec<usize>),
    Days(DateParts),
}

/// The first figure that stands beside none of the marks it fits.
fn misplaced<'t>(
    sentence: &[char],
    figures: &[&'t Token],
    marks: &[Mark],
    fits: impl Fn(&Token, &Of) -> bool,
) -> Option<&'t Token> {
    if marks.is_empty() || figures.is_empty() {
        return None;
    }
    let in_order = figures.len().is_multiple_of(marks.len())
        && figures.iter().zip(marks.iter().cycle()).all(|(figure, mark)| fits(figure, &mark.of));
    if in_order {
        return None;
    }
    let bounds = bounds(sentence, marks);
    let clause = |at: usize| bounds.partition_point(|bound| *bound <= at);
    let beside = |figure: &Token| {
        let own: Vec<&Mark> =
            marks.iter().filter(|mark| clause(mark.start) == clause(figure.start)).collect();
        if !own.is_empty() {
            return own.iter().any(|mark| fits(figure, &mark.of));
        }
        let before = marks.iter().rfind(|mark| mark.end <= figure.start);
        let after = marks.iter().find(|mark| mark.start >= figure.end);
        before.into_iter().chain(after).any(|mark| fits(figure, &mark.of))
    };
    figures.iter().find(|figure| !beside(figure)).copied()
}

/// Where a clause begins; not inside a name or a number.
fn bounds(sentence: &[char], marks: &[Mark]) -> Vec<usize> {
    const WORDS: [&str; 14] = [
        " and ",
        " against ",
        " versus ",
        " vs ",
        " vs. ",
        " while ",
        " whereas ",
        " but ",
        " than ",
        " from ",
        " followed by ",
        " compared ",
        " before ",
        " after ",
    ];
    const HAN: [&str; 10] = ["和", "与", "及", "而", "比", "但", "其次", "低于", "高于", "超过"];
    let inside = |at: usize| marks.iter().any(|mark| (mark.start..mark.end).contains(&at));
    let text: Vec<char> = (0..sentence.len())
        .map(|at| if inside(at) { MASK } else { sentence[at].to_lowercase().next().unwrap_or(MASK) })
        .collect();
    let digit = |at: usize| text.get(at).is_some_and(char::is_ascii_digit);
    let starts = |at: usize, word: &str| word.chars().enumerate().all(|(i, c)| text.get(at + i) == Some(&c));
    let bound = |at: &usize| match text[*at] {
        ',' => !(digit(at + 1) && at.checked_sub(1).is_some_and(digit)),
        ';' | '，' | '；' | '、' | '(' | ')' | '（' | '）' | '\n' => true,
        ' ' => WORDS.iter().any(|word| starts(*at, word)),
        _ => HAN.iter().any(|word| starts(*at, word)),
    };
    (0..text.len()).filter(bound).collect()
}

/// Where a name stands whole in a text of small letters.
pub(super) fn places<'a>(text: &'a [char], name: &'a [char]) -> impl Iterator<Item = usize> + 'a {
    let ascii = |c: Option<&char>| c.is_some_and(char::is_ascii_alphanumeric);
    (0..=text.len().saturating_sub(name.len())).filter(move |start| {
        let end = start + name.len();
        let inside = |edge: Option<&char>, outer: Option<&char>| ascii(edge) && ascii(outer);
        let cut = inside(name.first(), start.checked_sub(1).and_then(|at| text.get(at)))
            || inside(name.last(), text.get(end));
        !name.is_empty() && text.get(*start..end) == Some(name) && !cut
    })
}
