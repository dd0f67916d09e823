//! A sentence, cut and searched once, for everything that reads it.

use super::text::{Token, as_typed, tokens};
use super::vocabulary::{Hit, Vocabulary};

/// Longest wording of a small word, in tokens.
const CUE_TOKENS: usize = 6;

/// A sentence with what the vocabularies found in it.
pub(super) struct Sentence<'a> {
    /// Its pieces, typos mended.
    pub tokens: Vec<Token>,
    /// Wordings of things a slot can hold.
    pub hits: Vec<Hit>,
    vocabulary: &'a Vocabulary,
}

impl<'a> Sentence<'a> {
    pub(super) fn new(text: &str, vocabulary: &'a Vocabulary, is_name: impl Fn(&str) -> bool) -> Self {
        let mut tokens = tokens(text);
        vocabulary.mend(&mut tokens, is_name);
        let hits = vocabulary.hits(&tokens);
        Self { tokens, hits, vocabulary }
    }

    /// The text of a token; empty outside the sentence.
    pub(super) fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text.as_str())
    }

    /// Whether these texts stand at `at`.
    pub(super) fn says(&self, at: usize, texts: &[&str]) -> bool {
        texts.iter().enumerate().all(|(i, text)| self.text(at + i) == *text)
    }

    /// The end of the small word `key` that starts at `at`.
    pub(super) fn cue(&self, at: usize, key: &str) -> Option<usize> {
        self.vocabulary.at(&self.tokens, at, "cue", key)
    }

    /// The end of a wording of `grouping` that starts at `at`.
    pub(super) fn grouping(&self, at: usize, key: &str) -> Option<usize> {
        self.vocabulary.at(&self.tokens, at, "grouping", key)
    }

    /// Which unit of time starts at `at`, and the token after it.
    pub(super) fn unit(&self, at: usize) -> Option<Hit> {
        self.vocabulary.any_at(&self.tokens, at, "unit")
    }

    /// The start of a wording of `kind` and `key` that ends right before `end`.
    fn before(&self, end: usize, kind: &'static str, key: &str) -> Option<usize> {
        (end.saturating_sub(CUE_TOKENS)..end)
            .find(|start| self.vocabulary.spans(&self.tokens, *start, end, kind, key))
    }

    /// The start of the small word `key` that ends right before `end`.
    pub(super) fn cue_before(&self, end: usize, key: &str) -> Option<usize> {
        self.before(end, "cue", key)
    }

    /// The start of a wording of `grouping` that ends right before `end`.
    pub(super) fn grouping_before(&self, end: usize, key: &str) -> Option<usize> {
        self.before(end, "grouping", key)
    }

    /// Whether the small word stands anywhere.
    pub(super) fn has(&self, key: &str) -> bool {
        (0..self.tokens.len()).any(|at| self.cue(at, key).is_some())
    }

    /// The wording of a small word as it was typed.
    pub(super) fn phrase(&self, key: &str) -> Option<String> {
        let (from, to) = (0..self.tokens.len()).find_map(|at| Some((at, self.cue(at, key)?)))?;
        self.tokens.get(from..to).map(as_typed)
    }

    /// What was found of one vocabulary.
    pub(super) fn of(&self, kind: &str) -> impl Iterator<Item = &Hit> {
        self.hits.iter().filter(move |hit| hit.kind == kind)
    }
}
