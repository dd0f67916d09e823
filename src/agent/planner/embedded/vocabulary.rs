//! Which words of the vocabularies (`prompts/words/`) stand in a sentence, typos mended?

use std::collections::{BTreeSet, HashMap, HashSet};

use pinyin::ToPinyinMulti;

use super::text::{Kind, Token, is_han, tokens};
use crate::domain::Lang;
use crate::prompts::{Prompts, Word};

/// The vocabularies that name something a slot can hold.
const SLOT_KINDS: [&str; 18] = [
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
    "fitted_model",
    "recommender",
    "method_later",
    "derive_op",
    "holiday",
    "place",
];
/// The vocabularies that are looked up where a grammar expects them.
const GRAMMAR_KINDS: [&str; 3] = ["grouping", "cue", "unit"];
/// The vocabulary that is there for its misspellings.
const COMMON: &str = "common";
/// Kinds whose Chinese wordings are worth mending by their sound.
const SOUNDED: [&str; 7] = ["metric", "segment", "group", "category", "city", "period", COMMON];

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
    /// Words of times, which a shorter misspelling beside a number or another such word may have meant.
    timely: Vec<String>,
    /// Words of what slots hold, which a misspelling of four letters may have meant.
    held: Vec<String>,
    /// Words that are as they should be.
    known: HashSet<String>,
    /// Short forms and what they stand for.
    short: HashMap<String, String>,
    /// Chinese wordings of two characters and more, by a sound of their first.
    by_sound: HashMap<&'static str, Vec<Vec<String>>>,
    /// Pairs of characters that phrases use: no misspelling.
    pairs: HashSet<String>,
}

/// Shorter words are too near to each other to be mended without looking at what stands beside them.
const MENDED_FROM: usize = 5;
/// The small words that lead to a time.
const TIMELY_CUES: [&str; 3] = ["past", "future", "ago"];
/// Kinds whose wordings a slot holds, for misspellings of four letters.
const HELD: [&str; 7] = ["metric", "segment", "tier", "group", "category", "channel", "city"];

impl Vocabulary {
    pub(super) fn new(prompts: &Prompts) -> Self {
        let mut by_first: HashMap<String, Vec<Entry>> = HashMap::new();
        let mut known = HashSet::new();
        for kind in SLOT_KINDS.into_iter().chain(GRAMMAR_KINDS).chain([COMMON]) {
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
        let short =
            prompts.words("spelling").map(|(short, word)| (short.to_owned(), word.en.clone())).collect();
        let mut pairs: HashMap<String, usize> = HashMap::new();
        for (_, topic) in prompts.tools().chain(prompts.refusals()) {
            for phrase in topic.phrases.get(Lang::Zh) {
                for pair in tokens(phrase).windows(2) {
                    *pairs.entry(pair.iter().map(|token| token.text.as_str()).collect()).or_default() += 1;
                }
            }
        }
        let pairs = pairs.into_iter().filter(|(_, count)| *count >= 2).map(|(pair, _)| pair).collect();
        let by_sound = sounded(&by_first);
        let (timely, held) = (words_of_time(prompts), words_held(prompts));
        Self { by_first, targets, timely, held, known, short, by_sound, pairs }
    }

    /// Words of the sentence that are no known word, but nearly one of the vocabulary, become that one; words that
    /// `is_name` knows, and what looks like a name, stay.
    pub(super) fn mend(&self, tokens: &mut [Token], is_name: impl Fn(&str) -> bool) {
        let capital: Vec<bool> = tokens
            .iter()
            .map(|token| token.kind == Kind::Word && token.raw.chars().next().is_some_and(char::is_uppercase))
            .collect();
        let at = |i: usize| capital.get(i).copied().unwrap_or_default();
        for (i, token) in tokens.iter_mut().enumerate().filter(|(_, token)| token.kind == Kind::Word) {
            let named = is_name(&token.text) || (at(i) && (at(i + 1) || (i > 0 && at(i - 1))));
            if let Some(meant) = self.short.get(&token.text) {
                token.text.clone_from(meant);
            } else if !named && let Some(meant) = self.meant(&token.text) {
                token.text = meant;
            }
        }
        self.mend_short(tokens, &is_name);
        self.mend_by_sound(tokens);
    }

    /// "last wek", "lats 30 days", "loyl": what is too short to be mended alone.
    fn mend_short(&self, tokens: &mut [Token], is_name: &impl Fn(&str) -> bool) {
        for i in 0..tokens.len() {
            let Some(token) = tokens.get(i) else { continue };
            let length = token.text.chars().count();
            let open = token.kind == Kind::Word
                && (3..MENDED_FROM).contains(&length)
                && is_latin(&token.text)
                && !self.known.contains(&token.text)
                && !is_name(&token.text);
            if !open {
                continue;
            }
            let beside = |at: Option<usize>| {
                at.and_then(|at| tokens.get(at)).is_some_and(|token| {
                    token.number().is_some() || self.timely.binary_search(&token.text).is_ok()
                })
            };
            let of_time = beside(i.checked_sub(1)) || beside(Some(i + 1));
            let meant = if of_time { only_near(&self.timely, &token.text) } else { None };
            let four = || only_near(&self.held, &token.text).filter(|_| length + 1 == MENDED_FROM);
            let meant = meant.or_else(four).cloned();
            if let (Some(meant), Some(token)) = (meant, tokens.get_mut(i)) {
                token.text = meant;
            }
        }
    }

    /// 复够率 sounds like 复购率: Chinese is misspelt by sound.
    fn mend_by_sound(&self, tokens: &mut [Token]) {
        let mut right: Vec<bool> = vec![false; tokens.len()];
        let small = (0..tokens.len()).filter_map(|at| self.any_at(tokens, at, "cue"));
        let small: Vec<Hit> = small.filter(|hit| hit.to > hit.from + 1).collect();
        for hit in self.hits(tokens).into_iter().chain(small) {
            right.iter_mut().take(hit.to).skip(hit.from).for_each(|right| *right = true);
        }
        let mut at = 0;
        while at < tokens.len() {
            match self.sounds_like(tokens, at, &right) {
                Some(meant) => {
                    for (token, text) in tokens.iter_mut().skip(at).zip(&meant) {
                        token.text.clone_from(text);
                    }
                    at += meant.len();
                }
                None => at += 1,
            }
        }
    }

    /// The longest wording that the characters from `at` sound like without being it.
    fn sounds_like(&self, tokens: &[Token], at: usize, right: &[bool]) -> Option<Vec<String>> {
        let first = tokens.get(at)?.text.chars().next()?;
        let fits = |wording: &&Vec<String>| {
            let Some(said) = tokens.get(at..at + wording.len()) else { return false };
            let spelt: String = said.iter().map(|token| token.text.as_str()).collect();
            wording
                .iter()
                .zip(said)
                .all(|(meant, token)| *meant == token.text || same_sound(meant, &token.text))
                && wording.iter().zip(said).any(|(meant, token)| *meant != token.text)
                && !right.iter().skip(at).take(wording.len()).any(|right| *right)
                && !(wording.len() == 2 && self.pairs.contains(&spelt))
        };
        let wordings = sounds(first).into_iter().filter_map(|sound| self.by_sound.get(sound)).flatten();
        wordings.filter(fits).max_by_key(|wording| wording.len()).cloned()
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

    /// Whether a wording of this entry is exactly the tokens `from..to`.
    pub(super) fn spans(
        &self,
        tokens: &[Token],
        from: usize,
        to: usize,
        kind: &'static str,
        key: &str,
    ) -> bool {
        let (Some(first), Some(said)) = (tokens.get(from), tokens.get(from..to)) else { return false };
        self.by_first.get(&first.text).is_some_and(|entries| {
            entries.iter().any(|entry| {
                entry.kind == kind
                    && entry.key == key
                    && entry.words.len() == said.len()
                    && entry.words.iter().zip(said).all(|(word, token)| token.is(word))
            })
        })
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

/// Latin words of four letters and more in the wordings of times; what else fills sentences is none.
fn words_of_time(prompts: &Prompts) -> Vec<String> {
    let words = |kind| prompts.words(kind).map(|(_, word)| word);
    let filler = prompts.words("cue").find(|(key, _)| *key == "filler").map(|(_, word)| word);
    let fills = |word: &String| filler.is_some_and(|filler| filler.all(Lang::En).any(|other| other == word));
    let cues = prompts.words("cue").filter(|(key, _)| TIMELY_CUES.contains(key)).map(|(_, word)| word);
    let led = latin_words(words("period").chain(cues), 4).filter(|word| !fills(word));
    latin_words(words("unit"), 4).chain(led).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Latin words of five letters and more in the wordings of what slots hold.
fn words_held(prompts: &Prompts) -> Vec<String> {
    let held = HELD.into_iter().flat_map(|kind| prompts.words(kind)).map(|(_, word)| word);
    latin_words(held, MENDED_FROM).collect::<BTreeSet<_>>().into_iter().collect()
}

fn latin_words<'a>(words: impl Iterator<Item = &'a Word>, least: usize) -> impl Iterator<Item = String> {
    words
        .flat_map(|word| word.all(Lang::En))
        .flat_map(tokens)
        .map(|token| token.text)
        .filter(move |word| is_latin(word) && word.len() >= least)
}

/// The one word that is a slip away and begins alike; a plural beside its singular is the same word.
fn only_near<'a>(words: &'a [String], wrong: &str) -> Option<&'a String> {
    let near = |word: &&String| {
        word.chars().next() == wrong.chars().next()
            && word.len().abs_diff(wrong.len()) <= 1
            && strsim::osa_distance(word, wrong) == 1
    };
    let found: Vec<&String> = words.iter().filter(near).collect();
    let first = found.first()?;
    found.iter().all(|word| word.trim_end_matches('s') == first.trim_end_matches('s')).then_some(first)
}

/// The sounds of a character, without tones.
fn sounds(c: char) -> Vec<&'static str> {
    c.to_pinyin_multi()
        .map(|several| several.into_iter().map(|sound| sound.plain()).collect())
        .unwrap_or_default()
}

fn same_sound(a: &str, b: &str) -> bool {
    let (Some(a), Some(b)) = (a.chars().next(), b.chars().next()) else { return false };
    let b = sounds(b);
    sounds(a).iter().any(|sound| b.contains(sound))
}

/// Chinese wordings of two characters and more by each sound of their first character.
fn sounded(by_first: &HashMap<String, Vec<Entry>>) -> HashMap<&'static str, Vec<Vec<String>>> {
    let mut by_sound: HashMap<&'static str, Vec<Vec<String>>> = HashMap::new();
    for entry in by_first.values().flatten().filter(|entry| SOUNDED.contains(&entry.kind)) {
        let chinese = entry.words.iter().all(|word| word.chars().all(is_han));
        if entry.words.len() < 2 || !chinese {
            continue;
        }
        for sound in entry.words.first().and_then(|word| word.chars().next()).map(sounds).unwrap_or_default()
        {
            by_sound.entry(sound).or_default().push(entry.words.clone());
        }
    }
    for wordings in by_sound.values_mut() {
        wordings.sort();
        wordings.dedup();
    }
    by_sound
}

fn is_latin(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphabetic())
}
