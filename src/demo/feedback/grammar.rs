//! How does a customer put it?
//!
//! Grammars in English and Chinese, one file each. A list of patterns or words has a name; a pattern may leave a choice
//! open, `(this|that|)`, and may ask for a word, `{name}`. Whatever list is asked for, the one nearest to the product is
//! taken: of the product itself (`name.P027`) or the customer's city, of the product's kind, of its group, else the list for all.

use std::collections::HashMap;
use std::sync::LazyLock;

use rand::Rng as _;

use super::super::catalogue::{COFFEE, GIFTS, ITEMS, SNACKS, TEA, category, id};
use super::super::streams::Rng;
use crate::domain::Lang;

static ENGLISH: LazyLock<Grammar> = LazyLock::new(|| Grammar::read(include_str!("grammar/en.txt")));
static CHINESE: LazyLock<Grammar> = LazyLock::new(|| Grammar::read(include_str!("grammar/zh.txt")));

/// Things among the gifts; the others can be eaten.
const THINGS: [usize; 5] = [53, 56, 57, 58, 59];
/// Words may be made of words, but not endlessly.
const DEPTH_MAX: usize = 8;

/// What is written about.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Position in the catalogue.
    pub(super) item: usize,
    pub(super) city: &'a str,
}

/// The patterns and words of a language.
pub(super) struct Grammar {
    lists: HashMap<&'static str, Vec<&'static str>>,
}

impl Grammar {
    pub(super) fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::En => &ENGLISH,
            Lang::Zh => &CHINESE,
        }
    }

    fn read(text: &'static str) -> Self {
        let mut lists: HashMap<_, Vec<_>> = HashMap::new();
        let mut list = "";
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.strip_prefix("== ") {
                Some(name) => list = name,
                None => lists.entry(list).or_default().push(line),
            }
        }
        // words stand on one line, patterns each on their own
        for (name, lines) in &mut lists {
            if !is_patterns(name) {
                *lines = lines.iter().flat_map(|line| line.split('|')).collect();
            }
        }
        Self { lists }
    }

    /// A sentence from the patterns of this name that fit the product; none where there are none.
    pub(super) fn say(&self, rng: &mut Rng, patterns: &str, about: Subject<'_>) -> String {
        let fitting: Vec<&str> = self.lists(patterns, about).flatten().copied().collect();
        let Some(pattern) = choose(rng, &fitting) else { return String::new() };
        capitalised(&self.expand(rng, pattern, about, 0))
    }

    /// The lists of this name from the nearest to the product to that for all.
    fn lists(&self, name: &str, about: Subject<'_>) -> impl Iterator<Item = &Vec<&'static str>> {
        let item = about.item;
        let names = [
            format!("{name}.{}", about.city),
            format!("{name}.{}", id(item)),
            format!("{name}.{}", kind(item)),
            format!("{name}.{}", group(item)),
            format!("{name}.{}", if drunk(item) { "drink" } else { "" }),
            name.to_owned(),
        ];
        names.into_iter().filter_map(|name| self.lists.get(name.as_str()))
    }

    fn word(&self, rng: &mut Rng, name: &str, about: Subject<'_>, depth: usize) -> String {
        let lower = name.to_lowercase();
        let words = self.lists(&lower, about).next();
        let word = words.and_then(|words| choose(rng, words)).unwrap_or_default();
        let word = self.expand(rng, word, about, depth + 1);
        if lower == name { word } else { capitalised(&word) }
    }

    /// Settles the choices and puts in the words.
    fn expand(&self, rng: &mut Rng, pattern: &str, about: Subject<'_>, depth: usize) -> String {
        let mut said = String::with_capacity(pattern.len());
        let mut rest = pattern;
        while let Some((before, open, inside, after)) = next_slot(rest) {
            said.push_str(before);
            match open {
                '{' if depth < DEPTH_MAX => said.push_str(&self.word(rng, inside, about, depth)),
                '{' => {}
                _ => {
                    let ways: Vec<&str> = inside.split('|').collect();
                    let way = choose(rng, &ways).unwrap_or_default();
                    said.push_str(&self.expand(rng, way, about, depth + 1));
                }
            }
            rest = after;
        }
        said.push_str(rest);
        said
    }
}

/// Lists of whole patterns have the name of a topic or of a part of a review.
fn is_patterns(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let parts = [
        "delivery",
        "packaging",
        "taste",
        "price",
        "fault",
        "service",
        "ironic",
        "empty",
        "open",
        "close",
        "but",
    ];
    parts.contains(&stem)
}

/// What stands before the next slot, its bracket, what is in it, and what comes after.
fn next_slot(text: &str) -> Option<(&str, char, &str, &str)> {
    let at = text.find(['{', '('])?;
    let (before, slot) = text.split_at(at);
    let open = slot.chars().next()?;
    let (inside, after) = slot.strip_prefix(open)?.split_once(if open == '{' { '}' } else { ')' })?;
    Some((before, open, inside, after))
}

fn choose<'a>(rng: &mut Rng, from: &[&'a str]) -> Option<&'a str> {
    // a number is drawn even where there is nothing to choose
    let position = rng.gen_range(0..from.len().max(1));
    from.get(position).copied()
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// How one speaks of it: what it tastes like, what breaks on it.
fn kind(item: usize) -> &'static str {
    match category(item) {
        COFFEE => "coffee",
        TEA => "tea",
        SNACKS => "snack",
        GIFTS if THINGS.contains(&item) => "thing",
        GIFTS => "box",
        _ => "tool",
    }
}

/// Eaten and drunk, or used for years; what is only used up is neither.
fn group(item: usize) -> &'static str {
    match () {
        () if edible(item) => "edible",
        () if ITEMS[item].consumable() => "used up",
        () => "lasting",
    }
}

/// Whether it has a taste.
pub(super) fn edible(item: usize) -> bool {
    !matches!(kind(item), "tool" | "thing")
}

fn drunk(item: usize) -> bool {
    matches!(category(item), COFFEE | TEA)
}

#[cfg(test)]
mod tests {
    use super::super::super::catalogue::N_PRODUCTS;
    use super::*;
    use crate::demo::streams::{Line, Streams};

    const TOPICS: [&str; 6] = ["delivery", "packaging", "taste", "price", "fault", "service"];

    #[test]
    fn each_topic_has_forty_patterns_in_each_language_and_none_twice() {
        for lang in Lang::ALL {
            let grammar = Grammar::of(lang);
            for topic in TOPICS {
                let of_topic = |name: &&&str| {
                    name.starts_with(topic)
                        || name.strip_prefix("ironic.").is_some_and(|n| n.starts_with(topic))
                };
                let names = grammar.lists.keys().filter(of_topic);
                let mut patterns: Vec<_> = names.flat_map(|name| &grammar.lists[name]).collect();
                let all = patterns.len();
                patterns.sort_unstable();
                patterns.dedup();
                assert_eq!(patterns.len(), all, "{lang:?} {topic}: the same pattern twice");
                assert!(all >= 40, "{lang:?} {topic}: {all}");
            }
        }
    }

    /// Every word that any pattern asks for exists for every product that the pattern may speak of.
    #[test]
    fn nothing_is_left_unsaid() {
        let mut rng = Streams::of(1).open(Line::Feedback, 9);
        for lang in Lang::ALL {
            let grammar = Grammar::of(lang);
            for about in (0..N_PRODUCTS).map(|item| Subject { item, city: "Milan" }) {
                let item = about.item;
                for name in grammar.lists.keys().filter(|name| is_patterns(name)) {
                    let (stem, of) = name.rsplit_once('.').unwrap_or((name, ""));
                    let speaks = match of {
                        "edible" | "lasting" => group(item) == of,
                        "drink" => drunk(item),
                        _ => edible(item) || !(stem.contains("taste") || of == "taste"),
                    };
                    for pattern in grammar.lists[name].iter().filter(|_| speaks) {
                        for (_, open, word, _) in slots(pattern) {
                            if open == '{' {
                                let known = grammar.lists(&word.to_lowercase(), about).next().is_some();
                                assert!(known, "{lang:?} {name} {}: {{{word}}}", id(item));
                            }
                        }
                        let said = grammar.expand(&mut rng, pattern, about, 0);
                        assert!(!said.contains(['{', '}', '|']), "{lang:?} {name}: {said}");
                    }
                }
            }
        }
    }

    /// The slots of a pattern, those inside choices too.
    fn slots(pattern: &str) -> Vec<(&str, char, &str, &str)> {
        let mut found = Vec::new();
        let mut rest = pattern;
        while let Some(slot) = next_slot(rest) {
            if slot.1 == '(' {
                found.extend(slots(slot.2));
            }
            found.push(slot);
            rest = slot.3;
        }
        found
    }
}
