//! Which words of the vocabularies (`prompts/words/`) stand in a sentence, typos mended?

use std::collections::{HashMap, HashSet};

use super::text::{Kind, Token, tokens};
use crate::domain::Lang;
use crate::prompts::Prompts;

/// The vocabularies that name something a slot can hold.
const SLOT_KINDS: [&str; 12] = [
    "metric",
    "metric_hint",
    "group",
    "compare",
    "period",
    "segment",
    "tier",
    "city",
    "category",
    "channel",
    "model",
    "model_later",
];
/// The vocabularies that are looked up where a grammar expects them.
const GRAMMAR_KINDS: [&str; 3] = ["grouping", "cue", "unit"];

/// A wording found in a sentence: tokens `from..to`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Hit {
    /// Which vocabulary.
    pub kind: &'static str,
    /// Which entry.
    pub key: String,
    /// First token.
    pub from: usize,
    /// The token after the last.
    pub to: usize,
}

impl Hit {
    pub(super) fn overlaps(&self, from: usize, to: usize) -> bool {
        self.from < to && from < self.to
    }
}

struct Entry {
    words: Vec<String>,
    kind: &'static str,
    key: String,
}

/// All wordings, by their first token.
pub(super) struct Vocabulary {
    by_first: HashMap<String, Vec<Entry>>,
    /// Latin words that a misspelt word may have meant, by first letter.
    targets: HashMap<char, Vec<String>>,
    /// Words that are as they should be.
    known: HashSet<String>,
}

/// Shorter words are too near to each other to be mended.
const MENDED_FROM: usize = 5;

impl Vocabulary {
    pub(super) fn new(prompts: &Prompts) -> Self {
        let mut by_first: HashMap<String, Vec<Entry>> = HashMap::new();
        let mut known = HashSet::new();
        for kind in SLOT_KINDS.into_iter().chain(GRAMMAR_KINDS) {
            for (key, word) in prompts.words(kind) {
                for text in Lang::ALL.into_iter().flat_map(|lang| word.all(lang)) {
                    let words: Vec<String> = tokens(text).into_iter().map(|token| token.text).collect();
                    let Some(first) = words.first().cloned() else { continue };
                    known.extend(words.iter().filter(|word| is_latin(word)).cloned());
                    by_first.entry(first).or_default().push(Entry { words, kind, key: key.to_owned() });
                }
            }
        }
        let mut targets: HashMap<char, Vec<String>> = HashMap::new();
        for word in known.iter().filter(|word| word.chars().count() >= MENDED_FROM) {
            if let Some(first) = word.chars().next() {
                targets.entry(first).or_default().push(word.clone());
            }
        }
        for words in targets.values_mut() {
            words.sort();
        }
        let mut seen: HashMap<String, usize> = HashMap::new();
        let topics = prompts.tools().chain(prompts.refusals());
        for (_, topic) in topics {
            for token in topic.phrases.get(Lang::En).iter().flat_map(|phrase| tokens(phrase)) {
                *seen.entry(token.text).or_default() += 1;
            }
        }
        // a word that phrases use again and again is no misspelling
        known.extend(seen.into_iter().filter(|(_, count)| *count >= 2).map(|(word, _)| word));
        Self { by_first, targets, known }
    }

    /// Words of the sentence that are no known word, but nearly one of the vocabulary, become that one.
    pub(super) fn mend(&self, tokens: &mut [Token]) {
        for token in tokens.iter_mut().filter(|token| token.kind == Kind::Word) {
            if let Some(meant) = self.meant(&token.text) {
                token.text = meant;
            }
        }
    }

    fn meant(&self, word: &str) -> Option<String> {
        let length = word.chars().count();
        if length < MENDED_FROM || self.known.contains(word) || !is_latin(word) {
            return None;
        }
        let slips = if length >= 8 { 2 } else { 1 };
        let first = word.chars().next()?;
        self.targets
            .get(&first)?
            .iter()
            .filter(|target| target.chars().count().abs_diff(length) <= slips)
            .map(|target| (strsim::osa_distance(target, word), target))
            .filter(|(distance, _)| *distance <= slips)
            .min()
            .map(|(_, target)| target.clone())
    }

    /// Everything that stands in the sentence; for a kind the longest wordings, none inside another.
    pub(super) fn hits(&self, tokens: &[Token]) -> Vec<Hit> {
        let mut hits = Vec::new();
        for kind in SLOT_KINDS {
            let mut from = 0;
            while from < tokens.len() {
                match self.longest(tokens, from, kind, |_| true) {
                    Some(hit) => {
                        from = hit.to;
                        hits.push(hit);
                    }
                    None => from += 1,
                }
            }
        }
        hits
    }

    /// The end of the longest wording of this entry that starts at token `from`.
    pub(super) fn at(&self, tokens: &[Token], from: usize, kind: &'static str, key: &str) -> Option<usize> {
        self.longest(tokens, from, kind, |entry| entry == key).map(|hit| hit.to)
    }

    /// Which entry of this vocabulary starts at token `from`.
    pub(super) fn any_at(&self, tokens: &[Token], from: usize, kind: &'static str) -> Option<Hit> {
        self.longest(tokens, from, kind, |_| true)
    }

    fn longest(
        &self,
        tokens: &[Token],
        from: usize,
        kind: &'static str,
        wanted: impl Fn(&str) -> bool,
    ) -> Option<Hit> {
        let first = tokens.get(from)?;
        let here = |entry: &&Entry| {
            entry.kind == kind
                && wanted(&entry.key)
                && entry.words.len() <= tokens.len() - from
                && entry.words.iter().zip(tokens.iter().skip(from)).all(|(word, token)| token.is(word))
        };
        let entry =
            self.by_first.get(&first.text)?.iter().filter(here).max_by_key(|entry| entry.words.len())?;
        Some(Hit { kind, key: entry.key.clone(), from, to: from + entry.words.len() })
    }

    /// Whether this is a word of the vocabularies or a usual one of the phrases.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.known.contains(word) || self.by_first.contains_key(word)
    }
}

fn is_latin(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphabetic())
}
