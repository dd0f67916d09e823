//! Where does this figure come from?
//!
//! `/why` alone explains the last answer by its headline, `/why 42.4 %`, `/why repeat rate` or `/why c1.aov` one figure
//! of it: what it is (`words/definition.toml`) and how it was reckoned (the tool's section `why`), the days and
//! conditions, the rows, model and hold-out errors, how the interval was made, the data version, how sure and why. All
//! of it is read from the turn's record, nothing is computed anew, and every sentence passes the ledger.

mod find;
mod page;

use serde_json::Value;

use super::LabelledFact;
use super::turn::{CallRecord, CallResult, Turn};
use crate::domain::{Lang, Table};
use crate::prompts::Prompts;
use crate::render::Templates;
use crate::tool::Outcome;

/// What `/why` answers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Explanation {
    /// The text, checked.
    pub text: String,
    /// Hold-out errors, where a model made the figure.
    pub tables: Vec<Table>,
    /// The figures explained.
    pub facts: Vec<LabelledFact>,
    /// Whether what was asked for is a number of the answer.
    pub found: bool,
    /// What the checks kept back.
    pub withheld: Vec<String>,
}

/// What stands behind the command, where a line is one; empty for the whole answer, and for a bare "why?" (为什么？).
pub fn asked<'a>(text: &'a str, prompts: &Prompts) -> Option<&'a str> {
    let bare = text.trim_end_matches(['?', '？', '!', '！', '.', '。', ' ']);
    let alone = prompts.words("cue").find(|(key, _)| *key == "why_alone").is_some_and(|(_, word)| {
        Lang::ALL.into_iter().any(|lang| word.all(lang).any(|said| said.eq_ignore_ascii_case(bare)))
    });
    if alone {
        return Some("");
    }
    let (head, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let (_, word) = prompts.words("command").find(|(key, _)| *key == "why")?;
    let called = Lang::ALL.into_iter().any(|lang| word.all(lang).any(|name| name.eq_ignore_ascii_case(head)));
    called.then(|| rest.trim())
}

/// Explains a figure of a turn, or its answer.
pub fn explain(turn: &Turn, asked: &str, lang: Lang, templates: &Templates) -> Explanation {
    let answered: Vec<Answered<'_>> = answered(turn).collect();
    let mut page = page::Page::new(turn, lang, templates);
    if answered.is_empty() {
        page.message("why.no_figures", &serde_json::Map::new());
        return page.finish();
    }
    match find::meant(asked, turn, &answered, templates) {
        find::Meant::Answer => {
            page.question();
            for call in &answered {
                page.headline(call);
            }
            page.others(&answered);
        }
        find::Meant::Figures(figures) => page.figures(&answered, &figures),
        find::Meant::Row(call, row) => page.row(&answered, call, row),
        find::Meant::Other(other) => page.other(asked, other, &answered),
        find::Meant::Nothing => page.not_found(asked, &answered),
    }
    page.finish()
}

/// Whether a turn has figures that can be explained.
pub fn has_figures(turn: &Turn) -> bool {
    answered(turn).next().is_some()
}

/// A call that gave figures.
struct Answered<'a> {
    /// From 1, as in fact ids.
    call: usize,
    record: &'a CallRecord,
    outcome: &'a Outcome<Value>,
}

fn answered(turn: &Turn) -> impl Iterator<Item = Answered<'_>> {
    turn.calls.iter().enumerate().filter_map(|(index, record)| match &record.result {
        Some(CallResult::Answered(outcome)) => Some(Answered { call: index + 1, record, outcome }),
        _ => None,
    })
}
