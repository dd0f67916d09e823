//! How does a half-typed line go on?
//!
//! With a command, where it begins with `/`; else with a name of the shop (products, cities, channels, categories,
//! customers) or a word for a figure, in both languages. The longest tail of the line that begins a name is completed:
//! in English from the start of a word, in Chinese from any character.

use crate::domain::{Entities, Lang};
use crate::prompts::Prompts;

/// Candidates listed at most.
const MOST: usize = 60;
/// A tail longer than this is no beginning of a name.
const LONGEST: usize = 40;
/// Vocabularies whose words people use in questions.
const VOCABULARIES: [&str; 5] = ["metric", "segment", "period", "group", "tier"];

/// Everything a line can go on with.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// Lower-cased, sorted, with the spelling to insert.
    sorted: Vec<(String, String)>,
    commands: Vec<String>,
}

impl Names {
    /// The shop's names and our words.
    pub(super) fn of(shop: &Entities, prompts: &Prompts) -> Self {
        let customers = shop.customers.iter().filter_map(|customer| customer.name.as_ref());
        let products = shop.products.iter().map(|product| &product.name);
        let plain = shop.categories.iter().chain(&shop.cities).chain(&shop.channels);
        let mut words: Vec<String> = customers.chain(products).chain(plain).cloned().collect();
        for word in VOCABULARIES.iter().flat_map(|kind| prompts.words(kind)).map(|(_, word)| word) {
            words.extend(Lang::ALL.map(|lang| word.say(lang).to_owned()));
        }
        let mut sorted: Vec<(String, String)> =
            words.into_iter().map(|word| (word.to_lowercase(), word)).collect();
        sorted.sort();
        sorted.dedup_by(|a, b| a.0 == b.0);
        let said = prompts.words("command").flat_map(|(_, word)| Lang::ALL.map(|lang| word.say(lang)));
        let mut commands: Vec<String> = said.map(str::to_owned).collect();
        commands.sort();
        Self { sorted, commands }
    }

    /// Where in the line the completion begins, and what may stand there.
    pub(super) fn complete(&self, line: &str) -> (usize, Vec<String>) {
        if line.starts_with('/') && !line.contains(' ') {
            let begun = |command: &&String| command.starts_with(line);
            return (0, self.commands.iter().filter(begun).cloned().collect());
        }
        let long = line.chars().count();
        let starts = line.char_indices().skip(long.saturating_sub(LONGEST)).map(|(at, _)| at);
        for at in starts.filter(|at| may_start(line, *at)) {
            let found = self.beginning_with(line.get(at..).unwrap_or_default());
            if !found.is_empty() {
                return (at, found);
            }
        }
        (line.len(), Vec::new())
    }

    fn beginning_with(&self, tail: &str) -> Vec<String> {
        let tail = tail.to_lowercase();
        // One Latin letter begins too much.
        if tail.trim().is_empty() || (tail.is_ascii() && tail.trim().len() < 2) {
            return Vec::new();
        }
        let first = self.sorted.partition_point(|(lower, _)| *lower < tail);
        let from_here = self.sorted.iter().skip(first).take_while(|(lower, _)| lower.starts_with(&tail));
        from_here.take(MOST).map(|(_, word)| word.clone()).collect()
    }
}

/// Names begin with a word, or anywhere in Chinese.
fn may_start(line: &str, at: usize) -> bool {
    let before = line.get(..at).and_then(|head| head.chars().next_back());
    let here = line.get(at..).and_then(|tail| tail.chars().next());
    let latin = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && u32::from(c) < 0x2e80);
    here.is_some_and(|c| !c.is_whitespace()) && !(latin(before) && latin(here))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::NamedProduct;

    #[track_caller]
    fn check(line: &str, at: usize, expected: &[&str]) {
        let shop = Entities {
            products: ["Espresso Beans 1kg", "Espresso Beans 250g", "Milk Frother"]
                .map(|name| NamedProduct { id: name.into(), name: name.into() })
                .to_vec(),
            cities: vec!["Berlin".into(), "München".into()],
            ..Entities::default()
        };
        let names = Names::of(&shop, &Prompts::load().unwrap());
        let (start, found) = names.complete(line);
        assert_eq!((start, found.iter().map(String::as_str).collect::<Vec<_>>()), (at, expected.to_vec()));
    }

    #[test]
    fn the_longest_tail_that_begins_a_name_is_completed() {
        check("revenue of espresso b", 11, &["Espresso Beans 1kg", "Espresso Beans 250g"]);
        check("revenue in mün", 11, &["München"]);
        check("上个月Berl", 9, &["Berlin"]);
        check("上个月的复购", 12, &["复购率"]);
        check("gross p", 0, &["gross profit"]);
        check("/wh", 0, &["/why"]);
        check("/导", 0, &["/导出"]);
        check("x", 1, &[]);
        check("", 0, &[]);
    }
}
