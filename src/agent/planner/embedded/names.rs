//! Which of the shop's own names stand in a sentence: customers, products, categories, cities, channels?
//!
//! A name that the data knows is given in the data's spelling; one that fits several products, or none, is passed on
//! as typed, since the tool answers with the candidates.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::sentence::Sentence;
use super::text::{Kind, Token, as_typed, tokens};
use super::vocabulary::Vocabulary;
use crate::domain::Entities;

/// What a name names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Thing {
    Customer,
    Product,
    Category,
    City,
    Channel,
}

/// A name found in a sentence: tokens `from..to`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Name {
    pub thing: Thing,
    pub text: String,
    pub from: usize,
    pub to: usize,
}

/// The shop's names, prepared for searching.
#[derive(Default)]
pub(super) struct NameIndex {
    /// Full names by their first word.
    by_first: HashMap<String, Vec<(Vec<String>, Thing, String)>>,
    /// Customers' ids and e-mails.
    keys: HashSet<String>,
    /// First and last names of customers.
    parts: HashSet<String>,
    /// Products whose name has this word.
    products_with: HashMap<String, Vec<usize>>,
    products: Vec<(Vec<String>, String)>,
    /// Words of cities, categories, channels and products, for misspellings.
    words: BTreeSet<String>,
}

/// Words of a name shorter than this are not looked for alone, nor mended.
const TELLING: usize = 5;

/// "customer 99999", 客户99999: a number that can only be somebody's.
fn is_numbered(s: &Sentence<'_>, at: usize) -> bool {
    const LONG: usize = 3;
    let long = s.tokens.get(at).is_some_and(|token| token.whole().is_some() && token.text.len() >= LONG);
    let counted = s.cue(at + 1, "counted").is_some();
    long && !counted && s.cue_before(at, "customer_number").is_some()
}

impl NameIndex {
    pub(super) fn new(entities: &Entities) -> Self {
        let mut index = Self::default();
        for customer in &entities.customers {
            index.keys.insert(customer.id.to_lowercase());
            if let Some(email) = &customer.email {
                index.keys.insert(email.to_lowercase());
            }
            if let Some(name) = &customer.name {
                let words = words_of(name);
                index.parts.extend(words.iter().filter(|word| word.chars().count() >= 2).cloned());
                index.add(words, Thing::Customer, name);
            }
        }
        let plain = [
            (Thing::Category, &entities.categories),
            (Thing::City, &entities.cities),
            (Thing::Channel, &entities.channels),
        ];
        for (thing, names) in plain {
            for name in names {
                let words = words_of(name);
                index.words.extend(words.iter().cloned());
                index.add(words, thing, name);
            }
        }
        for (row, product) in entities.products.iter().enumerate() {
            let words = words_of(&product.name);
            for word in words.iter().collect::<BTreeSet<_>>() {
                index.products_with.entry(stem(word)).or_default().push(row);
            }
            index.words.extend(words.iter().cloned());
            index.products.push((words.clone(), product.name.clone()));
            index.add(words, Thing::Product, &product.name);
        }
        index
    }

    fn add(&mut self, words: Vec<String>, thing: Thing, name: &str) {
        if let Some(first) = words.first().cloned() {
            let known = self.by_first.entry(first).or_default();
            if known.iter().all(|(other, kind, _)| *other != words || *kind != thing) {
                known.push((words, thing, name.to_owned()));
            }
        }
    }

    /// Words that are nearly a word of a name, and no word of ours, become that one.
    pub(super) fn mend(&self, tokens: &mut [Token], vocabulary: &Vocabulary) {
        for token in tokens.iter_mut().filter(|token| token.kind == Kind::Word) {
            let length = token.text.chars().count();
            if length < TELLING
                || vocabulary.knows(&token.text)
                || self.words.contains(&token.text)
                || self.words.contains(&stem(&token.text))
                || self.parts.contains(&token.text)
                || self.keys.contains(&token.text)
            {
                continue;
            }
            let near = |word: &&String| {
                word.chars().next() == token.text.chars().next()
                    && word.chars().count().abs_diff(length) <= 1
                    && strsim::osa_distance(word, &token.text) <= 1
            };
            if let Some(word) = self.words.iter().find(near) {
                token.text.clone_from(word);
            }
        }
    }

    /// Every name in the sentence, the longest first where they overlap.
    pub(super) fn find(&self, s: &Sentence<'_>, vocabulary: &Vocabulary) -> Vec<Name> {
        let mut found = Vec::new();
        for from in 0..s.tokens.len() {
            found.extend(placeholder(s, from));
            found.extend(self.full(s, from));
            found.extend(self.key(s, from));
            found.extend(self.part_of_product(s, from, vocabulary));
            found.extend(self.translated(s, from));
        }
        // the longest wins; a full name before a part, since it was found first
        found.sort_by_key(|name: &Name| std::cmp::Reverse(name.to - name.from));
        let mut kept: Vec<Name> = Vec::new();
        for name in found {
            if kept.iter().all(|other| name.to <= other.from || other.to <= name.from) {
                kept.push(name);
            }
        }
        kept.sort_by_key(|name| name.from);
        kept
    }

    fn full(&self, s: &Sentence<'_>, from: usize) -> Option<Name> {
        let (words, thing, name) = self
            .by_first
            .get(s.text(from))?
            .iter()
            .filter(|(words, _, _)| words.iter().enumerate().all(|(i, word)| s.text(from + i) == word))
            .max_by_key(|(words, _, _)| words.len())?;
        let to = from + words.len();
        Some(Name { thing: *thing, text: name.clone(), from, to })
    }

    /// A customer's id or e-mail; what looks like one is passed on even where the data lacks it.
    fn key(&self, s: &Sentence<'_>, from: usize) -> Option<Name> {
        let token = s.tokens.get(from)?;
        let shaped = match token.kind {
            Kind::Email => true,
            Kind::Word => token
                .text
                .strip_prefix('c')
                .is_some_and(|rest| rest.len() >= 3 && rest.chars().all(|c| c.is_ascii_digit())),
            _ => false,
        };
        let telling = token.text.len() >= 4
            || token.kind == Kind::Word && token.text.chars().any(|c| c.is_ascii_digit());
        let known = telling && self.keys.contains(&token.text) || is_numbered(s, from);
        (shaped || known).then(|| Name {
            thing: Thing::Customer,
            text: token.raw.clone(),
            from,
            to: from + 1,
        })
    }

    /// 伦敦 for London; only of what the data has, but for cities and channels, which the tool then says it does not
    /// know.
    fn translated(&self, s: &Sentence<'_>, from: usize) -> Option<Name> {
        let hit = s
            .hits
            .iter()
            .find(|hit| hit.from == from && matches!(hit.kind, "city" | "category" | "channel"))?;
        let thing = match hit.kind {
            "city" => Thing::City,
            "category" => Thing::Category,
            _ => Thing::Channel,
        };
        let known = self.by_first.get(hit.key.split(' ').next()?).and_then(|names| {
            names.iter().find(|(words, kind, _)| *kind == thing && words.join(" ") == hit.key)
        });
        let text = match (known, thing) {
            (Some((_, _, name)), _) => name.clone(),
            (None, Thing::City | Thing::Channel) => as_typed(s.tokens.get(hit.from..hit.to)?),
            (None, _) => return None,
        };
        Some(Name { thing, text, from: hit.from, to: hit.to })
    }

    /// "frother", "oolong 250g": words in the order of a product's name.
    fn part_of_product(&self, s: &Sentence<'_>, from: usize, vocabulary: &Vocabulary) -> Option<Name> {
        let first = s.tokens.get(from)?;
        if first.kind != Kind::Word {
            return None;
        }
        let mut rows = self.products_with.get(&stem(&first.text))?.clone();
        let mut to = from + 1;
        while let Some(next) = s.tokens.get(to) {
            let here: Vec<String> = s.tokens.get(from..=to)?.iter().map(|token| stem(&token.text)).collect();
            if next.kind == Kind::Mark {
                break;
            }
            let still: Vec<usize> = rows.iter().copied().filter(|row| self.in_order(*row, &here)).collect();
            if still.is_empty() {
                break;
            }
            rows = still;
            to += 1;
        }
        let telling = first.text.chars().count() >= TELLING && !vocabulary.knows(&first.text);
        if to == from + 1 && !telling {
            return None;
        }
        let text = match rows.as_slice() {
            [row] => self.products.get(*row)?.1.clone(),
            _ => as_typed(s.tokens.get(from..to)?),
        };
        Some(Name { thing: Thing::Product, text, from, to })
    }

    fn in_order(&self, row: usize, wanted: &[String]) -> bool {
        let Some((words, _)) = self.products.get(row) else { return false };
        let mut words = words.iter().map(|word| stem(word));
        wanted.iter().all(|wanted| words.any(|word| word == *wanted))
    }

    /// Whether this is a word of one of the shop's names, and so no misspelling.
    pub(super) fn has_word(&self, word: &str) -> bool {
        self.words.contains(word) || self.parts.contains(word) || self.keys.contains(word)
    }

    /// Whether this is a first or last name of a customer.
    pub(super) fn is_part_of_customer(&self, word: &str) -> bool {
        self.parts.contains(word)
    }
}

/// `{city}` in a phrase stands for any city.
fn placeholder(s: &Sentence<'_>, from: usize) -> Option<Name> {
    let thing = match s.text(from) {
        "{customer}" => Thing::Customer,
        "{product}" => Thing::Product,
        "{category}" => Thing::Category,
        "{city}" => Thing::City,
        "{channel}" => Thing::Channel,
        _ => return None,
    };
    Some(Name { thing, text: s.text(from).to_owned(), from, to: from + 1 })
}

fn words_of(name: &str) -> Vec<String> {
    tokens(name).into_iter().map(|token| token.text).collect()
}

/// "kettles" is a kettle.
fn stem(word: &str) -> String {
    match word.strip_suffix('s') {
        Some(rest) if rest.len() >= 3 => rest.to_owned(),
        _ => word.to_owned(),
    }
}
