//! How is a text shown while it is being written?
//!
//! Letters are gathered to whole sentences; each passes the same checks as any sentence, is in the asker's language, and
//! is shown at once. The first that fails ends the writing, and the template says what is still to say; so it does where
//! the writer breaks off, and then the answer says that it did. What must be said is said: where the writer left the
//! headline out, the template's sentence with it is added.

use futures::StreamExt as _;
use serde_json::Map;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use super::{Composer, Draft, Page, Writing, checked, has_address, sentences};
use crate::agent::Event;
use crate::agent::ledger::Ledger;
use crate::agent::planner::Allowance;
use crate::agent::turn::CallResult;
use crate::domain::Lang;
use crate::llm::{Fault, Spent};
use crate::render::numbers::{Style, figure};

/// Where an answer goes while it is made.
#[derive(Debug)]
pub struct Delivery {
    /// Whoever draws it.
    pub events: Sender<Event>,
    /// The stop button.
    pub cancel: CancellationToken,
    /// What a language model may use up.
    pub allowance: Allowance,
}

/// Bytes of one answer that a writer may write, some three messages of Telegram.
const WRITTEN_MOST: usize = 12_000;

/// How a text came to its end.
enum End {
    Whole,
    Failed,
    Stopped,
}

impl Page<'_> {
    /// The composer at work, where it writes piece by piece and may.
    pub(super) fn writing<'d>(
        &mut self,
        composer: &'d dyn Composer,
        draft: &'d Draft<'d>,
    ) -> Option<Writing<'d>> {
        if self.degraded.is_some() || self.turn.degraded.is_some() || self.delivery.cancel.is_cancelled() {
            return None;
        }
        let writing = composer.write(draft, self.delivery.allowance.left())?;
        if !(self.delivery.allowance.affordable && self.turn.affords(self.spent)) {
            self.degraded = Some(Fault::OverBudget.key());
            return None;
        }
        Some(writing)
    }

    /// Writes a paragraph as it comes; whether a sentence of the writer's stands in it.
    pub(super) async fn streamed(
        &mut self,
        mut writing: Writing<'_>,
        draft: &Draft<'_>,
        ledger: &Ledger,
    ) -> bool {
        let status = self.templates.prompts().word("work", "writing_answer", self.turn.lang).to_owned();
        let _ = self.delivery.events.send(Event::Status(status)).await;
        self.paragraphs.push(String::new());
        let (mut open, mut written) = (String::new(), 0);
        let mut spent = Spent::default();
        let end = loop {
            let piece = tokio::select! {
                biased;
                () = self.delivery.cancel.cancelled() => break End::Stopped,
                piece = writing.next() => piece,
            };
            match piece {
                Some(Ok(piece)) => {
                    spent = piece.spent;
                    open.push_str(&piece.text);
                    written += piece.text.len();
                    if written > WRITTEN_MOST {
                        self.withheld.push("the writer found no end".into());
                        break End::Failed;
                    }
                    if !self.take_whole(&mut open, ledger).await {
                        break End::Failed;
                    }
                }
                Some(Err(broken)) => {
                    spent = broken.spent;
                    self.degraded = Some(broken.fault.key());
                    break End::Failed;
                }
                None => break if self.take(&open, "", ledger) { End::Whole } else { End::Failed },
            }
        };
        drop(writing);
        self.spent = self.spent.and(spent);
        let said = self.paragraphs.last().cloned().unwrap_or_default();
        if said.is_empty() {
            self.paragraphs.pop();
        }
        match end {
            End::Stopped if !said.is_empty() => {}
            End::Whole if !said.is_empty() => self.headline(&said, draft, ledger),
            End::Whole | End::Stopped | End::Failed => {
                let rest: String = sentences(draft.template)
                    .into_iter()
                    .filter(|(sentence, _)| !said.contains(*sentence) && !ledger.repeats(sentence, &said))
                    .flat_map(|(sentence, tail)| [sentence, tail])
                    .collect();
                let rest = checked(&rest, ledger, self.turn.acted(), &mut self.withheld);
                if !rest.is_empty() || said.is_empty() {
                    self.add_or(rest, "answer.withheld");
                }
            }
        }
        self.deliver().await;
        !said.is_empty()
    }

    /// Takes the sentences that are whole off the text; false at one that fails.
    async fn take_whole(&mut self, open: &mut String, ledger: &Ledger) -> bool {
        let parts = sentences(open);
        // the last may go on: "€84." may become "€84.2k"
        let whole: Vec<(String, String)> = parts
            .iter()
            .take(parts.len().saturating_sub(1))
            .map(|(sentence, tail)| ((*sentence).to_owned(), (*tail).to_owned()))
            .collect();
        let rest = parts.last().map_or(String::new(), |(sentence, tail)| format!("{sentence}{tail}"));
        *open = rest;
        for (sentence, tail) in whole {
            if !self.take(&sentence, &tail, ledger) {
                return false;
            }
            self.deliver().await;
        }
        true
    }

    /// One sentence with the blanks behind it; false where it fails.
    fn take(&mut self, sentence: &str, tail: &str, ledger: &Ledger) -> bool {
        let sentence = sentence.replace("**", "").replace("__", "").replace('`', "");
        let said = self.paragraphs.last().map_or("", String::as_str);
        let bare = sentence.trim();
        // An answer states: small models say the question again, and what to ask next is offered below it. The table is
        // shown beside it, heads are not asked for.
        let said_again = bare.trim_end_matches([':', '：', '.', '。']) == self.turn.question.trim();
        let asks = bare.ends_with(['?', '？']) || said_again;
        let dressed =
            bare.starts_with("# ") || bare.starts_with("##") || bare.starts_with('|') || bare == "---";
        if asks || dressed || bare.is_empty() || said.contains(bare) {
            return true;
        }
        let instructions = self.templates.prompts().system("composer", "role");
        let why = if !speaks(&sentence, self.turn.lang) {
            Some("not in the asker's language")
        } else if bare.starts_with(['{', '}'])
            || bare.starts_with("[{")
            || bare.starts_with('"') && bare.contains("\":")
        {
            Some("no prose")
        } else if has_address(bare) {
            Some("an address")
        } else if bare.len() > 20 && instructions.contains(bare.trim_start_matches("- ")) {
            Some("its own instructions")
        } else {
            None
        };
        if let Some(why) = why {
            self.withheld.push(format!("{why}: {sentence}"));
            return false;
        }
        let before = self.withheld.len();
        let kept = checked(&sentence, ledger, self.turn.acted(), &mut self.withheld);
        if self.withheld.len() > before {
            return false;
        }
        // One line end is enough within a paragraph.
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.push_str(if paragraph.is_empty() { "" } else { &self.gap });
            paragraph.push_str(&kept);
        }
        self.gap = if tail.contains('\n') { "\n".into() } else { tail.to_owned() };
        true
    }

    /// Adds the template's sentence with the headline where that was left out, or its interval.
    fn headline(&mut self, said: &str, draft: &Draft<'_>, ledger: &Ledger) {
        let Some(fact) = draft.outcome.facts.first() else { return };
        let written = |value: f64| {
            [Style::Sentence, Style::Full].map(|style| figure(value, fact.unit, draft.lang, style))
        };
        let says = |text: &str, value: f64| written(value).iter().any(|figure| text.contains(figure));
        let ends = fact.interval.map(|(lo, hi)| [lo, hi]);
        let whole =
            |text: &str| says(text, fact.value) && ends.into_iter().flatten().all(|end| says(text, end));
        if whole(said) {
            return;
        }
        let theirs = sentences(draft.template).into_iter().map(|(sentence, _)| sentence);
        let with = theirs.filter(|sentence| says(sentence, fact.value) && !said.contains(sentence)).take(1);
        for sentence in with.map(str::to_owned).collect::<Vec<_>>() {
            let kept = checked(&sentence, ledger, self.turn.acted(), &mut self.withheld);
            // The list it led to is not added.
            let kept = match (kept.strip_suffix(':'), kept.strip_suffix('：')) {
                (Some(alone), _) => format!("{alone}."),
                (_, Some(alone)) => format!("{alone}。"),
                _ => kept,
            };
            if !kept.is_empty() {
                self.paragraphs.push(kept);
            }
        }
    }

    /// Says why the language model did not do its part, in one sentence.
    pub(super) fn without_model(&mut self) {
        let why = self.turn.degraded.as_deref().or(self.degraded).map(|why| format!("model.{why}"));
        if let Some(key) = why.filter(|_| self.turn.stop.is_none()) {
            self.message(&key, &Map::new());
        }
    }

    /// Shows what is written and was not shown; an answer without figures is shown when it is whole, for it may turn
    /// out to be a failure.
    pub(super) async fn deliver(&mut self) {
        let figures =
            |record: &crate::agent::turn::CallRecord| matches!(record.result, Some(CallResult::Answered(_)));
        if !self.turn.calls.iter().any(figures) {
            return;
        }
        let text = self.paragraphs.join("\n\n");
        for (sentence, tail) in sentences(text.get(self.spoken..).unwrap_or_default()) {
            let _ = self.delivery.events.send(Event::Text(format!("{sentence}{tail}"))).await;
        }
        self.spoken = text.len();
    }
}

/// Whether a sentence is in the language, as far as its letters tell, and between those with Latin letters their small
/// words; names may be in any.
fn speaks(sentence: &str, lang: Lang) -> bool {
    const ENGLISH: [&str; 18] = [
        "the", "of", "to", "at", "by", "for", "from", "with", "and", "is", "are", "was", "were", "has",
        "have", "it", "that", "than",
    ];
    const OTHERS: [&str; 40] = [
        "der", "das", "und", "im", "von", "mit", "ist", "war", "den", "dem", "el", "los", "las", "del", "de",
        "en", "por", "fue", "con", "que", "le", "les", "des", "du", "et", "est", "la", "une", "dans", "il",
        "di", "della", "nel", "per", "os", "da", "do", "em", "foi", "uma",
    ];
    let han = sentence.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
    let latin = sentence.chars().filter(char::is_ascii_alphabetic).count();
    let count =
        |of: &[&str]| sentence.split(|c: char| !c.is_alphabetic()).filter(|word| of.contains(word)).count();
    match lang {
        Lang::Zh => han > 0 || sentence.split_whitespace().count() < 6,
        Lang::En => han <= latin && (count(&OTHERS) < 2 || count(&ENGLISH) > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_any_language_sentences_are_not() {
        assert!(speaks("1. Emma Clark：€1,234", Lang::Zh) && speaks("- Espresso Beans 1kg", Lang::Zh));
        assert!(!speaks("The revenue of the last month was up.", Lang::Zh));
        for other in [
            "Los ingresos del mes pasado fueron de €12.",
            "Der Umsatz war im letzten Monat höher.",
            "Le chiffre des ventes est en hausse.",
        ] {
            assert!(!speaks(other, Lang::En), "{other}");
        }
        assert!(speaks("1. Café de la Paix: €12, good value, likely still active, the best", Lang::En));
        assert!(speaks("王芳 bought for €12.", Lang::En) && !speaks("上个月销售额是€12。", Lang::En));
    }
}
