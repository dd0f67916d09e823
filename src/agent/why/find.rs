//! Which figure of the answer is meant?
//!
//! By id (`c1.revenue`, `r2.clv`, `p_alive`), by its number as read or typed, by its name in either language, by the name of a row
//! of the table. Named figures come before cells, and what is said exactly before what is said loosely.

use super::Answered;
use crate::agent::compose::Labels;
use crate::agent::ledger::{Asked, Ledger, Other};
use crate::agent::turn::Turn;
use crate::domain::{Cell, Column, Fact, Lang};
use crate::prompts::Prompts;
use crate::render::Templates;

/// Figures shown for one question; the rest are only named.
const MOST: usize = 6;

/// What was asked about.
#[derive(Debug)]
pub(super) enum Meant {
    /// The whole answer.
    Answer,
    /// Figures, the likeliest first.
    Figures(Vec<Figure>),
    /// A row of a call's table, both by index.
    Row(usize, usize),
    /// A number that is no figure.
    Other(Other),
    /// Nothing of this answer.
    Nothing,
}

/// A figure of a call.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Figure {
    /// Index among the answered calls.
    pub(super) place: usize,
    /// With the name it has within the outcome.
    pub(super) fact: Fact,
}

pub(super) fn meant(asked: &str, turn: &Turn, calls: &[Answered<'_>], templates: &Templates) -> Meant {
    let asked = asked.trim().trim_end_matches(['?', '？']).trim();
    if asked.is_empty() {
        return Meant::Answer;
    }
    let all: Vec<Figure> = figures(calls).collect();
    let by_id = by_id(asked, calls, &all);
    if !by_id.is_empty() {
        return Meant::Figures(by_id);
    }
    if let Some((place, row)) = by_row(asked, calls, templates.prompts()) {
        return Meant::Row(place, row);
    }
    // What begins like a number is none of our names.
    let numeric = asked.starts_with(|c: char| c.is_ascii_digit() || "€£$¥+-−<>≥≤".contains(c));
    let by_name = if numeric { Vec::new() } else { by_name(asked, calls, &all, templates) };
    if !by_name.is_empty() {
        return Meant::Figures(by_name);
    }
    let Some(number) = Asked::of(asked) else { return Meant::Nothing };
    let exact = kept(&all, |figure| number.says(&figure.fact));
    // The day that names a row stands for the row.
    if let Some(figure) = exact.first().filter(|_| number.is_date())
        && let Some(row) = row_of(&figure.fact.id)
    {
        return Meant::Row(figure.place, row);
    }
    if !exact.is_empty() {
        return Meant::Figures(exact);
    }
    if let Some(other) = ledger(turn, calls, templates.prompts()).other(&number) {
        return Meant::Other(other);
    }
    let loose = kept(&all, |figure| number.resembles(&figure.fact));
    if loose.is_empty() { Meant::Nothing } else { Meant::Figures(loose) }
}

/// Everything the answer may say.
pub(super) fn ledger(turn: &Turn, calls: &[Answered<'_>], prompts: &Prompts) -> Ledger {
    let mut ledger = Ledger::default();
    ledger.question(&turn.question);
    for call in calls {
        ledger.args(call.record.args.as_ref().unwrap_or(&serde_json::Value::Null));
        ledger.outcome(call.outcome, prompts);
    }
    ledger
}

/// Named figures of every call, then the cells.
fn figures<'a>(calls: &'a [Answered<'_>]) -> impl Iterator<Item = Figure> + 'a {
    let of = |cells: bool| {
        calls.iter().enumerate().flat_map(move |(place, call)| {
            let named = call.outcome.facts.len();
            let all = call.outcome.all_facts();
            let range = if cells { named..all.len() } else { 0..named };
            all.get(range).unwrap_or_default().to_vec().into_iter().map(move |fact| Figure { place, fact })
        })
    };
    of(false).chain(of(true))
}

fn kept(all: &[Figure], test: impl Fn(&Figure) -> bool) -> Vec<Figure> {
    all.iter().filter(|figure| test(figure)).take(MOST).cloned().collect()
}

fn by_id(asked: &str, calls: &[Answered<'_>], all: &[Figure]) -> Vec<Figure> {
    let asked = asked.to_lowercase();
    let is = |figure: &&Figure| {
        let call = calls.get(figure.place).map_or(0, |call| call.call);
        figure.fact.id == asked || format!("c{call}.{}", figure.fact.id) == asked
    };
    if let Some(figure) = all.iter().find(is) {
        return vec![figure.clone()];
    }
    // The last part of a name, where it is one: "p_alive" of a row.
    let named = asked.contains('_') || asked.chars().all(|c| c.is_ascii_lowercase());
    kept(all, |figure| named && figure.fact.id.rsplit('.').next() == Some(asked.as_str()))
}

/// A row whose name is, or contains, what was asked; names of a vocabulary (柏林, 忠诚客户) in either language.
fn by_row(asked: &str, calls: &[Answered<'_>], prompts: &Prompts) -> Option<(usize, usize)> {
    let wanted = asked.to_lowercase();
    let find = |test: &dyn Fn(&str) -> bool| {
        calls.iter().enumerate().find_map(|(place, call)| {
            let table = call.outcome.table.as_ref()?;
            let named = |(column, cell): (&Column, &Cell)| {
                let Cell::Text(text) = cell else { return false };
                prompts.called(&column.key, text).any(test)
            };
            let row = |row: &Vec<Cell>| table.columns.iter().zip(row).any(named);
            table.rows.iter().position(row).map(|row| (place, row))
        })
    };
    let part = wanted.chars().count() >= 3 && wanted.chars().all(|c| !c.is_ascii_digit());
    find(&|text| text.to_lowercase() == wanted)
        .or_else(|| part.then(|| find(&|text| text.to_lowercase().contains(&wanted)))?)
}

/// A figure called by a word of ours or of other people, in either language.
fn by_name(asked: &str, calls: &[Answered<'_>], all: &[Figure], templates: &Templates) -> Vec<Figure> {
    let wanted = asked.to_lowercase();
    let prompts = templates.prompts();
    let called = |fact: &str, test: &dyn Fn(&str) -> bool| {
        let last = fact.rsplit('.').next().unwrap_or(fact);
        let words = ["column", "metric"].into_iter().flat_map(|kind| prompts.words(kind));
        let mut named = words.filter(|(key, _)| *key == last).map(|(_, word)| word);
        named.any(|word| Lang::ALL.iter().any(|lang| word.all(*lang).any(|name| test(&name.to_lowercase()))))
    };
    let labelled = |figure: &Figure, test: &dyn Fn(&str) -> bool| {
        let table = calls.get(figure.place).and_then(|call| call.outcome.table.as_ref());
        let label = |lang| Labels { templates, lang, table }.of(&figure.fact.id).to_lowercase();
        Lang::ALL.into_iter().any(|lang| test(&label(lang)))
    };
    let exact = kept(all, |figure| {
        let same = |name: &str| name == wanted;
        labelled(figure, &same) || called(&figure.fact.id, &same)
    });
    let exact = named_first(exact);
    if !exact.is_empty() || wanted.chars().any(|c| c.is_ascii_digit()) || wanted.chars().count() < 2 {
        return exact;
    }
    named_first(kept(all, |figure| labelled(figure, &|name| name.contains(&wanted))))
}

/// Where a figure of its own has the name, the cells of that column are not meant.
fn named_first(mut figures: Vec<Figure>) -> Vec<Figure> {
    let named = |figure: &Figure| row_of(&figure.fact.id).is_none();
    if figures.iter().any(named) {
        figures.retain(named);
    }
    figures
}

/// The row's index of a fact that is a cell.
fn row_of(name: &str) -> Option<usize> {
    name.strip_prefix('r')?.split_once('.')?.0.parse::<usize>().ok()?.checked_sub(1)
}
