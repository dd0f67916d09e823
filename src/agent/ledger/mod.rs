//! May this sentence say this number?
//!
//! Every number of an answer, number words included, must be a fact of the same kind (its value, its rounding, an end
//! of its interval), a number of the question or the arguments, part of a name, or a day of a licensed period; and it must
//! stand with the name, the days and the direction that it is of. The ledger knows all of these; [`Ledger::check`] names the
//! first token that is none. See DESIGN §4, rule 1.

mod asked;
mod dates;
mod days;
mod direction;
mod en;
mod ends;
mod labels;
mod means;
mod owners;
mod scan;
mod zh;

use std::collections::BTreeMap;

use serde_json::Value;

use self::days::{covers, dated, months_between, of_day, touches, within};
use self::direction::{after_comparison, direction};
use self::labels::miscalled;
use self::means::{means, repeats, same, says_again};
use self::owners::places;
use self::scan::{Class, DateParts, MASK, Token};
use crate::domain::{Cell, Chart, Column, Currency, Day, Fact, Label, Lang, Span, Unit};
use crate::prompts::Prompts;
use crate::render::numbers::day_of;
use crate::tool::Outcome;

pub use asked::{Asked, Other};

/// Everything an answer may say a number of.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    facts: Vec<Fact>,
    /// The owner of each fact that has one: a row of the table, a segment, a tier, a channel.
    owner_of: Vec<Option<usize>>,
    /// What each owner may be called, in small letters.
    owners: Vec<Vec<String>>,
    said: Vec<Token>,
    days: Vec<Day>,
    spans: Vec<Span>,
    names: Vec<String>,
}

/// A number that nothing licenses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{token:?} in {sentence:?} is no figure of the answer: {why}")]
pub struct Violation {
    /// The number as it stands in the sentence.
    pub token: String,
    /// The sentence.
    pub sentence: String,
    /// Why it is not licensed.
    pub why: &'static str,
}

impl Ledger {
    /// Licenses one fact.
    pub fn fact(&mut self, fact: &Fact) {
        self.fact_of(fact, None);
    }

    fn fact_of(&mut self, fact: &Fact, owner: Option<usize>) {
        if fact.unit == Unit::Date {
            self.days.push(day_of(fact.value));
        }
        self.spans.extend(fact.period);
        self.facts.push(fact.clone());
        self.owner_of.push(owner);
    }

    /// Licenses an outcome: facts, table, period, names in it.
    pub fn outcome(&mut self, outcome: &Outcome<Value>, prompts: &Prompts) {
        let first = self.owners.len();
        if let Some(table) = &outcome.table {
            self.fact(&Fact::new("rows", table.rows.len() as f64, Unit::Count));
            for row in &table.rows {
                let called = |(column, text): (&Column, &str)| called(prompts, &column.key, text);
                self.owners.push(table.named(row).flat_map(called).collect());
                row.iter().for_each(|cell| {
                    if let Cell::Text(text) = cell {
                        self.name(text);
                    }
                });
            }
        }
        for (row, fact) in outcome.row_facts() {
            self.fact_of(&fact, Some(first + row));
        }
        // `channel.n2.roi` is of the second row
        let row = |kind: &str, key: &str| {
            let table = outcome.table.as_ref().filter(|table| table.is_of(kind))?;
            let nth: usize = key.strip_prefix('n')?.parse().ok()?;
            (1..=table.rows.len()).contains(&nth).then(|| first + nth - 1)
        };
        let mut groups = BTreeMap::new();
        for fact in &outcome.facts {
            let owner = match fact.id.splitn(3, '.').collect::<Vec<_>>().as_slice() {
                [kind, key, _] if row(kind, key).is_some() => row(kind, key),
                // `segment.lost.customers`
                [kind, key, _] if prompts.words(kind).any(|(known, _)| known == *key) => {
                    Some(*groups.entry((*kind, *key)).or_insert_with(|| {
                        self.owners.push(called(prompts, kind, key).to_vec());
                        self.owners.len() - 1
                    }))
                }
                _ => None,
            };
            self.fact_of(fact, owner);
        }
        self.spans.extend(outcome.period.into_iter().chain(outcome.evidence.period));
        self.words_of(&outcome.output);
        for note in outcome.notes.iter().map(|note| &note.params) {
            note.values().for_each(|value| self.words_of(value));
        }
    }

    /// Licenses a chart: its figures, the days and names along it.
    pub fn chart(&mut self, chart: &Chart) {
        chart.facts().iter().for_each(|fact| self.fact(fact));
        for label in chart.categories.iter().chain(chart.series.iter().map(|series| &series.name)) {
            self.spans.extend(label.span());
            match label {
                Label::Name(name) => self.name(name),
                Label::Figure { value, unit } => self.fact(&Fact::new("chart.label", *value, *unit)),
                Label::Word { .. } | Label::Time { .. } => {}
            }
        }
    }

    /// Licenses the numbers that the asker said.
    pub fn question(&mut self, text: &str) {
        let chars: Vec<char> = text.chars().collect();
        for token in scan::tokens(&chars) {
            match &token.class {
                Class::Name => self.name(&token.text),
                _ => self.said.push(token),
            }
        }
    }

    /// The first amount that the asker said in another currency than this one; 元 and 块 are said of any money.
    pub fn other_money(&self, than: Currency) -> Option<&str> {
        let other = |said: &&Token| match &said.class {
            Class::Money(currencies) => !zh::any_money(&said.text) && !currencies.contains(&than),
            _ => false,
        };
        self.said.iter().find(other).map(|said| said.text.trim())
    }

    /// Licenses arguments: numbers by what their names say, dates, names.
    pub fn args(&mut self, args: &Value) {
        self.arg("", args);
    }

    /// Licenses the days of a period.
    pub fn span(&mut self, span: Span) {
        self.spans.push(span);
    }

    /// Licenses a name; figures inside it are its own.
    pub fn name(&mut self, name: &str) {
        let name = name.trim();
        if let Some(day) = Day::parse(name) {
            self.days.push(day);
            return;
        }
        let letters = name.chars().any(char::is_alphabetic);
        let long = name.chars().count();
        // "10" as a name would license every ten; a customer's number such as 17850 does not.
        if (letters && long >= 2) || (!letters && long >= 4) {
            self.names.push(name.to_lowercase());
        }
    }

    /// Licenses what a message names: its parameters' numbers and dates, written out by the tool itself.
    pub fn params(&mut self, params: &serde_json::Map<String, Value>) {
        for value in params.values() {
            match value {
                Value::String(text) => {
                    self.name(text);
                    self.question(text);
                }
                Value::Array(values) => {
                    values.iter().filter_map(Value::as_str).for_each(|text| self.name(text))
                }
                Value::Number(number) => {
                    // Whatever it counts, the message's own words say so.
                    let value = number.as_f64().unwrap_or_default();
                    for unit in [Unit::Count, Unit::Days, Unit::Weeks, Unit::Months] {
                        self.fact(&Fact::new("params", value, unit));
                    }
                }
                Value::Object(inner) => self.params(inner),
                Value::Bool(_) | Value::Null => {}
            }
        }
    }

    fn arg(&mut self, key: &str, value: &Value) {
        match value {
            Value::Number(number) => {
                let Some(value) = number.as_f64() else { return };
                let unit = match key {
                    key if key.ends_with("days") => Unit::Days,
                    key if key.ends_with("weeks") => Unit::Weeks,
                    key if key.ends_with("months") => Unit::Months,
                    key if key.ends_with("rate") => Unit::Share,
                    _ => Unit::Count,
                };
                self.fact(&Fact::new(format!("args.{key}"), value, unit));
            }
            Value::String(text) => self.name(text),
            Value::Array(values) => values.iter().for_each(|value| self.arg(key, value)),
            Value::Object(values) => values.iter().for_each(|(key, value)| self.arg(key, value)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Names among the output's strings; its numbers are licensed as facts only.
    fn words_of(&mut self, value: &Value) {
        match value {
            Value::String(text) if text.chars().count() <= 80 => self.name(text),
            Value::Array(values) => values.iter().for_each(|value| self.words_of(value)),
            Value::Object(values) => values.values().for_each(|value| self.words_of(value)),
            _ => {}
        }
    }

    /// The first number of the sentence that nothing licenses.
    pub fn check(&self, sentence: &str) -> Result<(), Violation> {
        let chars = self.masked(sentence);
        let tokens = scan::tokens(&chars);
        let violation = |(token, why): (&Token, &'static str)| {
            let text = token.text.replace(MASK, "");
            Err(Violation { token: text, sentence: sentence.to_owned(), why })
        };
        for token in &tokens {
            let checked = self
                .licensed(token, &chars)
                .or_else(|why| if self.counts_names(token, sentence) { Ok(()) } else { Err(why) })
                .and_then(|()| self.compared(token, &chars));
            if let Err(why) = checked {
                return violation((token, why));
            }
            let loses =
                self.meant(token, &chars).any(|(fact, _)| fact.value < 0.0 || fact.id.ends_with("deficit"));
            if miscalled(&chars, token, loses) && !self.allowed(token, &chars) {
                return violation((token, "the sentence calls it by the name of another kind"));
            }
        }
        let lone = |token: &&Token| self.is_lone_end(token, &tokens, sentence, &chars);
        if let Some(token) = tokens.iter().find(lone) {
            return violation((token, "this is an end of the interval, not the figure"));
        }
        if let Some(misplaced) = self.misplaced(sentence, &chars, &tokens) {
            return violation(misplaced);
        }
        match self.turned(sentence, &tokens) {
            Some(word) => Err(Violation {
                token: word.trim().to_owned(),
                sentence: sentence.to_owned(),
                why: "no change of the answer goes this way",
            }),
            None => Ok(()),
        }
    }

    /// Whether a text has said all figures and names of a sentence already; false of a sentence without figures.
    pub fn repeats(&self, sentence: &str, text: &str) -> bool {
        let [ours, theirs] = [sentence, text].map(|text| scan::tokens(&self.masked(text)));
        let lower = text.to_lowercase();
        let sentence = sentence.to_lowercase();
        let named = |name: &&String| sentence.contains(name.as_str()) && !lower.contains(name.as_str());
        !ours.is_empty()
            && ours.iter().all(|token| theirs.iter().any(|said| says_again(token, said)))
            && !self.names.iter().any(|name| named(&name))
    }

    /// The sentence with names blanked out, longest first, so that "Beans 1kg" says no 1.
    fn masked(&self, sentence: &str) -> Vec<char> {
        let mut chars: Vec<char> = sentence.chars().collect();
        let lower: Vec<char> = chars.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
        let text: String = lower.iter().collect();
        let mut names: Vec<Vec<char>> = self
            .names
            .iter()
            .filter(|name| text.contains(name.as_str()))
            .map(|name| name.chars().collect::<Vec<_>>())
            .collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        for name in names {
            for start in places(&lower, &name) {
                chars.iter_mut().skip(start).take(name.len()).for_each(|c| *c = MASK);
            }
        }
        chars
    }

    fn licensed(&self, token: &Token, sentence: &[char]) -> Result<(), &'static str> {
        match &token.class {
            Class::Name => return Err("no such name is in the data or the question"),
            Class::Loose => return Err("no figure can answer for a number said so loosely"),
            Class::Date(parts) => {
                return if self.date(*parts) {
                    Ok(())
                } else {
                    Err("no such day is in the answer's periods")
                };
            }
            _ => {}
        }
        let close = self.meant(token, sentence).next().is_some();
        if close || self.allowed(token, sentence) {
            Ok(())
        } else {
            Err("no figure of this kind has this value")
        }
    }

    /// Whether it may be said of anything: the asker said it, or it is the intervals' level or a period's length.
    fn allowed(&self, token: &Token, sentence: &[char]) -> bool {
        self.interval_level(token, sentence)
            || self.said.iter().any(|said| repeats(token, said))
            || self.duration(token)
    }

    /// What an answer is compared with is not called by the answer's own days.
    fn compared(&self, token: &Token, sentence: &[char]) -> Result<(), &'static str> {
        let Some(parts) = dated(token).filter(|_| after_comparison(sentence, token)) else { return Ok(()) };
        let mut before = self.facts.iter().filter(|fact| fact.id == "previous").filter_map(|f| f.period);
        let fits = before.clone().next().is_none() || before.any(|span| touches(span, parts));
        if fits { Ok(()) } else { Err("the answer is not compared with these days") }
    }

    /// The facts that a token may say the value of, or an end of the interval, each with its owner.
    fn meant<'a>(
        &'a self,
        token: &'a Token,
        sentence: &[char],
    ) -> impl Iterator<Item = (&'a Fact, Option<usize>)> + Clone {
        let direction = Some(direction(sentence, token));
        let facts = self.facts.iter().zip(self.owner_of.iter().copied());
        facts.filter(move |(fact, _)| {
            let ends = fact.interval.into_iter().flat_map(|(a, b)| [a, b]);
            std::iter::once(fact.value).chain(ends).any(|value| means(token, fact, value, direction))
        })
    }

    /// How long a licensed period is.
    fn duration(&self, token: &Token) -> bool {
        self.spans.iter().any(|span| {
            let days = f64::from(span.days());
            let months = f64::from(months_between(*span));
            match token.class {
                Class::Days => same(token.value, days),
                Class::Weeks => same(token.value * 7.0, days),
                Class::Months => same(token.value, months),
                _ => false,
            }
        })
    }

    fn date(&self, parts: DateParts) -> bool {
        let ends = self.spans.iter().flat_map(|span| [span.from, span.to]);
        let said = self.said.iter().any(|said| match said.class {
            Class::Date(said) => covers(said, parts),
            _ => false,
        });
        let whole = parts.day.is_none() && self.spans.iter().any(|span| within(*span, parts));
        let year = parts.year.filter(|_| parts.month.is_none() && parts.quarter.is_none());
        let counted = year.is_some_and(|year| {
            self.facts.iter().any(|fact| {
                matches!(fact.unit, Unit::Year | Unit::Count) && same(fact.value, f64::from(year))
            })
        });
        said || whole
            || counted
            || ends.chain(self.days.iter().copied()).any(|day| covers(of_day(day), parts))
    }
}

/// What a key or a name of this kind is called in our languages, in small letters.
fn called(prompts: &Prompts, kind: &str, text: &str) -> [String; 2] {
    let key = text.to_lowercase();
    Lang::ALL.map(|lang| prompts.said(kind, &key, lang).to_lowercase())
}
