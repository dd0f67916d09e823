//! Is this a question for one of the tools, or one to refuse?
//!
//! Multinomial logistic regression on hashed words, pairs of words and pieces of words, and on what the slots found
//! (a metric, a time ahead, a customer). Names and numbers are masked first, so that it learns "revenue in {city}" and
//! not Paris. Trained on the phrases of `prompts/` in a fixed shuffled order (AdaGrad; Duchi, Hazan & Singer 2011).

use std::collections::HashSet;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::reading::Reading;
use super::text::Kind;
use super::times::{Way, When};

const BUCKETS: usize = 1 << 16;
const EPOCHS: usize = 24;
const RATE: f32 = 0.35;
const L2: f32 = 1e-5;
const SEED: u64 = 3;
/// Pieces of words say less than words.
const PIECE: f32 = 0.5;
/// What a slot found says more.
const SLOT: f32 = 1.6;

/// A sentence as the classifier sees it.
pub(super) struct Features {
    sparse: Vec<(u32, f32)>,
    /// Masked words, for telling how much of a sentence was ever seen.
    words: Vec<u64>,
}

/// Trained weights, a row a class.
pub(super) struct Classifier {
    classes: Vec<String>,
    weights: Vec<f32>,
    bias: Vec<f32>,
    seen: HashSet<u64>,
}

/// What the classifier thinks.
#[derive(Debug)]
pub(super) struct Opinion {
    /// Classes with their probability, best first.
    pub ranked: Vec<(String, f32)>,
    /// Share of the sentence's words that some phrase has.
    pub familiar: f32,
}

impl Classifier {
    /// Learns from (class, features) examples.
    pub(super) fn train(classes: Vec<String>, examples: &[(usize, Features)]) -> Self {
        let mut model = Self {
            weights: vec![0.0; classes.len() * BUCKETS],
            bias: vec![0.0; classes.len()],
            seen: examples.iter().flat_map(|(_, features)| features.words.iter().copied()).collect(),
            classes,
        };
        let mut squares = vec![1e-6_f32; model.weights.len()];
        let mut bias_squares = vec![1e-6_f32; model.bias.len()];
        let counts = examples.iter().fold(vec![0.0_f32; model.classes.len()], |mut counts, (class, _)| {
            if let Some(count) = counts.get_mut(*class) {
                *count += 1.0;
            }
            counts
        });
        let mean = examples.len() as f32 / model.classes.len().max(1) as f32;
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        for _ in 0..EPOCHS {
            order.shuffle(&mut rng);
            for &row in &order {
                let Some((class, features)) = examples.get(row) else { continue };
                let p = model.probabilities(features);
                let balance = counts.get(*class).map_or(1.0, |count| (mean / count.max(1.0)).sqrt());
                for (k, p) in p.iter().enumerate() {
                    let error = (p - if k == *class { 1.0 } else { 0.0 }) * balance;
                    step(&mut model.bias, &mut bias_squares, k, error);
                    for (bucket, value) in &features.sparse {
                        let at = k * BUCKETS + *bucket as usize;
                        let decay = L2 * model.weights.get(at).copied().unwrap_or_default();
                        step(&mut model.weights, &mut squares, at, error * value + decay);
                    }
                }
            }
        }
        model
    }

    fn probabilities(&self, features: &Features) -> Vec<f32> {
        let mut scores: Vec<f32> = Vec::with_capacity(self.classes.len());
        for (row, bias) in self.weights.chunks(BUCKETS).zip(&self.bias) {
            let dot: f32 = features
                .sparse
                .iter()
                .map(|(bucket, value)| row.get(*bucket as usize).copied().unwrap_or_default() * value)
                .sum();
            scores.push(bias + dot);
        }
        let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let exp: Vec<f32> = scores.iter().map(|score| (score - most).exp()).collect();
        let sum: f32 = exp.iter().sum();
        exp.into_iter().map(|e| e / sum).collect()
    }

    /// Ranks the classes for a sentence.
    pub(super) fn judge(&self, features: &Features) -> Opinion {
        let mut ranked: Vec<(String, f32)> =
            self.classes.iter().cloned().zip(self.probabilities(features)).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        let known = features.words.iter().filter(|word| self.seen.contains(word)).count();
        let familiar = known as f32 / features.words.len().max(1) as f32;
        Opinion { ranked, familiar }
    }
}

fn step(weights: &mut [f32], squares: &mut [f32], at: usize, gradient: f32) {
    if let (Some(weight), Some(square)) = (weights.get_mut(at), squares.get_mut(at)) {
        *square += gradient * gradient;
        *weight -= RATE * gradient / square.sqrt();
    }
}

impl Features {
    /// Masks and hashes a sentence.
    pub(super) fn of(r: &Reading<'_>) -> Self {
        let masked = masked(r);
        let mut made = Maker::default();
        let mut words = Vec::new();
        for (i, word) in masked.iter().enumerate() {
            made.add("w", &[word], 1.0);
            words.push(hash("w", &[word]));
            if let Some(next) = masked.get(i + 1) {
                made.add("b", &[word, next], 1.0);
                if let Some(third) = masked.get(i + 2) {
                    made.add("t", &[word, next, third], PIECE);
                }
            }
            pieces(&mut made, word);
        }
        if let Some(first) = masked.first() {
            made.add("first", &[first], PIECE);
        }
        for slot in found_slots(r) {
            made.add("slot", &[&slot], SLOT);
        }
        Self { sparse: made.unit_length(), words }
    }
}

#[derive(Default)]
struct Maker(Vec<(u32, f32)>);

impl Maker {
    fn add(&mut self, kind: &str, words: &[&str], value: f32) {
        let bucket = (hash(kind, words) % BUCKETS as u64) as u32;
        self.0.push((bucket, value));
    }

    fn unit_length(mut self) -> Vec<(u32, f32)> {
        self.0.sort_by_key(|(bucket, _)| *bucket);
        self.0.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.max(next.1);
            }
            same
        });
        let length = self.0.iter().map(|(_, value)| value * value).sum::<f32>().sqrt().max(1e-6);
        // longer than 1, so that few steps of training suffice
        for (_, value) in &mut self.0 {
            *value *= 3.0 / length;
        }
        self.0
    }
}

/// Three and four letters of a word, its ends marked.
fn pieces(made: &mut Maker, word: &str) {
    if !word.is_ascii() || word.starts_with('{') || word.len() < 4 {
        return;
    }
    let marked = format!("^{word}$");
    for size in [3, 4] {
        for piece in marked.as_bytes().windows(size) {
            made.add("c", &[&String::from_utf8_lossy(piece)], PIECE / 2.0);
        }
    }
}

/// The words with names, times and numbers masked.
fn masked(r: &Reading<'_>) -> Vec<String> {
    let mut words = Vec::new();
    let mut at = 0;
    let person = r.person();
    while at < r.s.tokens.len() {
        if let Some(name) = person.iter().chain(&r.names).find(|name| name.from == at) {
            words.push(format!("{{{}}}", format!("{:?}", name.thing).to_lowercase()));
            at = name.to;
            continue;
        }
        if let Some(time) = r.times.iter().find(|time| time.from == at) {
            words.push(time_mask(time.when).to_owned());
            at = time.to;
            continue;
        }
        if let Some(token) = r.s.tokens.get(at) {
            match token.kind {
                Kind::Number(_) => words.push("{number}".into()),
                Kind::Email => words.push("{customer}".into()),
                Kind::Mark if !matches!(token.text.as_str(), "?" | "#" | "%") => {}
                _ => words.push(token.text.clone()),
            }
        }
        at += 1;
    }
    words
}

fn time_mask(when: When) -> &'static str {
    match when {
        When::Lasting(_, _, Way::Future) => "{ahead}",
        When::Lasting(_, _, Way::Unsaid) => "{lasting}",
        When::Named(_) | When::Days(_) | When::Lasting(_, _, Way::Past) => "{past}",
    }
}

fn found_slots(r: &Reading<'_>) -> Vec<String> {
    let mut found: Vec<String> = r.times.iter().map(|time| time_mask(time.when).to_owned()).collect();
    let metrics = r.metrics();
    if let Some(metric) = metrics.first() {
        found.push("metric".into());
        found.push(format!("metric {metric}"));
    }
    if r.group().is_some() {
        found.push("group".into());
    }
    if r.period_and_comparison().1.is_some() {
        found.push("compare".into());
    }
    if r.segment().is_some() {
        found.push("segment".into());
    }
    if r.model().is_some() {
        found.push("model".into());
    }
    if r.top().is_some() {
        found.push("top".into());
    }
    found.extend(r.names.iter().map(|name| format!("{:?}", name.thing)));
    if r.person().is_some() {
        found.push("Customer".into());
    }
    if r.pronoun() {
        found.push("pronoun".into());
    }
    if r.s
        .tokens
        .windows(2)
        .any(|pair| matches!(pair, [mark, id] if mark.is("#") && id.text.starts_with('w')))
    {
        found.push("order id".into());
    }
    found
}

/// FNV-1a, 64 bits: the same on every machine.
fn hash(kind: &str, words: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for text in std::iter::once(&kind).chain(words) {
        for byte in text.bytes().chain(std::iter::once(0)) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash ^ (hash >> 29)
}
