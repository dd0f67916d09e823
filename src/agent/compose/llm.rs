//! How does a language model write an answer?
//!
//! It gets the facts with their ids and their values as they must stand, the rows, the days, how sure the figures are,
//! and what the template says; it writes, and every sentence is checked before it is shown (`streamed`). How sure the
//! answer is, definitions and caveats are not its business: they are added.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::unfold;

use super::{Composer, Draft, Labels, Piece, Writing};
use crate::agent::guard;
use crate::domain::Lang;
use crate::llm::{Ask, Flow, LanguageModel};
use crate::render::numbers::{self, Style};
use crate::render::{Templates, cells, head};

/// The longest answer, in tokens; a model that thinks aloud needs room for it.
const LONGEST: u32 = 1200;
/// Facts and rows that are told.
const FACTS: usize = 30;
const ROWS: usize = 10;

/// A language model that writes.
pub struct LlmComposer {
    model: Arc<LanguageModel>,
    templates: Arc<Templates>,
}

impl LlmComposer {
    /// From its parts.
    pub fn new(model: Arc<LanguageModel>, templates: Arc<Templates>) -> Self {
        Self { model, templates }
    }

    fn ask(&self, draft: &Draft<'_>) -> Ask {
        let system = self.templates.prompts().system("composer", "role").to_owned();
        Ask { system, user: self.told(draft), max_tokens: LONGEST, ..Ask::default() }
    }

    fn told(&self, draft: &Draft<'_>) -> String {
        let (prompts, lang, outcome) = (self.templates.prompts(), draft.lang, draft.outcome);
        let labels = Labels { templates: &self.templates, lang, table: outcome.table.as_ref() };
        let mut facts = String::new();
        if let Some(period) = outcome.period {
            let _ = writeln!(facts, "period: {}", numbers::period(period, lang));
        }
        let _ = writeln!(facts, "facts:");
        for fact in outcome.facts.iter().take(FACTS) {
            let value = numbers::figure(fact.value, fact.unit, lang, Style::Sentence);
            let _ = write!(facts, "{} | {} | {value}", fact.id, labels.of(&fact.id));
            if let Some((lo, hi)) = fact.interval {
                let both = numbers::interval(lo, hi, fact.unit, lang, Style::Sentence);
                let section = if lang == Lang::En { "interval_en" } else { "interval_zh" };
                let _ = write!(facts, " {}", prompts.told("composer", section, &[("interval", &both)]));
            }
            facts.push('\n');
        }
        if let Some(table) = outcome.table.as_ref().filter(|table| !table.rows.is_empty()) {
            let heads: Vec<String> = table.columns.iter().map(|column| head(prompts, column, lang)).collect();
            let _ = writeln!(facts, "rows: {}", heads.join(" | "));
            for row in table.rows.iter().take(ROWS) {
                let row = cells(prompts, &table.columns, row, lang, Style::Sentence);
                let _ = writeln!(facts, "{}", row.join(" | "));
            }
        }
        let grade = serde_json::to_value(outcome.evidence.grade).unwrap_or_default();
        let _ =
            writeln!(facts, "how sure: {}", prompts.word("grade", grade.as_str().unwrap_or_default(), lang));
        let _ = writeln!(facts, "{}", prompts.told("composer", "template", &[("template", draft.template)]));
        let language = match lang {
            Lang::En => "English",
            Lang::Zh => "Chinese (简体中文)",
        };
        let facts = guard::wrapped("figures", &facts);
        let question = [("question", draft.question), ("language", language)];
        format!("{facts}\n{}", prompts.told("composer", "question", &question))
    }
}

impl Composer for LlmComposer {
    fn name(&self) -> &'static str {
        "llm"
    }

    fn write<'a>(&'a self, draft: &'a Draft<'a>, within: Duration) -> Option<Writing<'a>> {
        let ask = self.ask(draft);
        Some(Box::pin(unfold(State::Begin(ask), move |state| async move {
            let mut flow = match state {
                State::Begin(ask) => match self.model.open(&ask, within).await {
                    Ok(flow) => Box::new(flow),
                    Err(broken) => return Some((Err(broken), State::Over)),
                },
                State::Flowing(flow) => flow,
                State::Over => return None,
            };
            match flow.next().await {
                Some(Ok(text)) => Some((Ok(Piece { text, spent: flow.spent() }), State::Flowing(flow))),
                Some(Err(fault)) => Some((Err(self.model.broken(fault, flow.spent())), State::Over)),
                // the server's own count comes behind the last letter
                None => Some((Ok(Piece { text: String::new(), spent: flow.spent() }), State::Over)),
            }
        })))
    }
}

enum State {
    Begin(Ask),
    Flowing(Box<Flow>),
    Over,
}
