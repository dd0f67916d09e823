//! How do outcomes become sentences that may be shown?
//!
//! A composer writes a text (a language model, or the template of `prompts/`); it is cut into sentences, and each passes
//! the number ledger and the claims check or is not shown. What is written piece by piece (`streamed`) is shown sentence
//! by sentence; where one fails, the template says what is still to say; where a template's fails, it is left out and
//! said so. What was kept back is returned.

mod labels;
mod llm;
mod sentences;
mod streamed;

use std::pin::Pin;
use std::time::Duration;

use futures::Stream;
use serde_json::{Map, Value};

pub(super) use self::labels::Labels;
pub use self::llm::LlmComposer;
pub use self::sentences::sentences;
pub(super) use self::sentences::{checked, has_address};
pub use self::streamed::Delivery;
use super::ledger::Ledger;
use super::pictures::{self, Picture};
use super::turn::{CallRecord, CallResult, Stop, Turn};
use super::{Answer, CallEvidence, Choice, DoneCall, LabelledFact, Plan};
use crate::domain::{Chart, Evidence, Fact, Lang, Table, Unit};
use crate::llm::{Broken, Spent};
use crate::render::{Scope, TemplateError, Templates};
use crate::tool::{ErrorKind, Outcome, ToolError};

/// What a composer may use for one answered call.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The question.
    pub question: &'a str,
    /// The answer's language.
    pub lang: Lang,
    /// The tool.
    pub tool: &'a str,
    /// The figures.
    pub outcome: &'a Outcome<Value>,
    /// What the template says; always a good answer.
    pub template: &'a str,
}

/// A part of a text that is being written.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Some letters more.
    pub text: String,
    /// What all of it has cost so far.
    pub spent: Spent,
}

/// A text that is being written; an error is the last thing that comes.
pub type Writing<'a> = Pin<Box<dyn Stream<Item = Result<Piece, Broken>> + Send + 'a>>;

/// Makes sentences of an outcome.
pub trait Composer: Send + Sync {
    /// `template` or `llm`.
    fn name(&self) -> &'static str;
    /// Writes the text piece by piece within this time; `None` leaves it to the template.
    fn write<'a>(&'a self, draft: &'a Draft<'a>, within: Duration) -> Option<Writing<'a>>;
}

/// The templates of `prompts/tools/`.
#[derive(Debug, Clone, Copy, Default)]
pub struct TemplateComposer;

impl Composer for TemplateComposer {
    fn name(&self) -> &'static str {
        "template"
    }
    fn write<'a>(&'a self, _: &'a Draft<'a>, _: Duration) -> Option<Writing<'a>> {
        None
    }
}

/// A finished answer with what belongs to it.
#[derive(Clone, PartialEq, Debug)]
pub struct Composition {
    /// The contract of `ask --json`; `seconds` is the driver's.
    pub answer: Answer,
    /// Rows to draw.
    pub tables: Vec<Table>,
    /// Charts to draw, with their words.
    pub pictures: Vec<Picture>,
    /// The choices behind `answer.choices`.
    pub choices: Vec<Choice>,
    /// What the checks kept back.
    pub withheld: Vec<String>,
    /// Whether this says that nothing could be done (drawn as a failure).
    pub failed: bool,
    /// How much of the text was shown while it was written, in bytes.
    pub spoken: usize,
    /// Why the composer did not finish: key of a message, section `model`.
    pub degraded: Option<&'static str>,
    /// What the composer has used up.
    pub spent: Spent,
}

/// Composes a turn's answer, and shows it sentence by sentence where it is delivered.
pub async fn compose(
    turn: &Turn,
    templates: &Templates,
    composer: &dyn Composer,
    delivery: &Delivery,
) -> Composition {
    let mut page = Page::new(turn, templates, delivery);
    page.opening();
    let shown: Vec<(usize, &CallRecord)> = turn
        .calls
        .iter()
        .enumerate()
        // Arguments that were mended later are no news.
        .filter(|(index, record)| !(invalid(record) && index + 1 < turn.calls.len()))
        .collect();
    for (index, record) in &shown {
        match &record.result {
            Some(CallResult::Answered(outcome)) => page.answered(*index, record, outcome, composer).await,
            Some(CallResult::Failed(error)) => page.could_not(record, error),
            None => {}
        }
    }
    page.sureness(&shown);
    page.without_model();
    page.deliver().await;
    page.finish()
}

fn invalid(record: &CallRecord) -> bool {
    matches!(&record.result, Some(CallResult::Failed(error)) if error.kind == ErrorKind::InvalidArgs)
}

/// An answer being written.
struct Page<'a> {
    turn: &'a Turn,
    templates: &'a Templates,
    paragraphs: Vec<String>,
    facts: Vec<LabelledFact>,
    evidence: Vec<CallEvidence>,
    tables: Vec<Table>,
    pictures: Vec<Picture>,
    choices: Vec<Choice>,
    next: Vec<String>,
    withheld: Vec<String>,
    answered: bool,
    failed: bool,
    /// Whose sentences these are.
    composer: &'static str,
    delivery: &'a Delivery,
    spoken: usize,
    /// The blanks between the last sentence that was written and the next.
    gap: String,
    degraded: Option<&'static str>,
    spent: Spent,
}

impl<'a> Page<'a> {
    fn new(turn: &'a Turn, templates: &'a Templates, delivery: &'a Delivery) -> Self {
        Self {
            delivery,
            spoken: 0,
            gap: String::new(),
            degraded: None,
            spent: Spent::default(),
            turn,
            templates,
            paragraphs: Vec::new(),
            facts: Vec::new(),
            evidence: Vec::new(),
            tables: Vec::new(),
            pictures: Vec::new(),
            choices: Vec::new(),
            next: Vec::new(),
            withheld: Vec::new(),
            answered: false,
            failed: false,
            composer: TemplateComposer.name(),
        }
    }

    /// What stands before any figure: why the turn ended early, a refusal, a question back.
    fn opening(&mut self) {
        if let Some(stop) = self.turn.stop {
            if self.reason_follows(stop) {
                return;
            }
            let key = match stop {
                Stop::Cancelled => "stop.cancelled",
                Stop::OutOfTime => "stop.out_of_time",
                Stop::OutOfSteps => "stop.out_of_steps",
                Stop::Repeated => "stop.repeated",
                Stop::NoPlan => "stop.no_plan",
                Stop::GivenUp => "stop.given_up",
            };
            self.failed = true;
            self.message(key, &Map::new());
            return;
        }
        match self.turn.plan.clone() {
            Some(Plan::Refuse(refusal)) => {
                let filled = self.templates.refusal(refusal.topic(), &self.words(&Map::new()));
                self.plain(filled, &Map::new());
            }
            Some(Plan::Clarify { key, params, choices }) => {
                self.message(&format!("clarify.{key}"), &params);
                self.choices = choices;
            }
            Some(Plan::Reply(text)) => {
                let ledger = self.ledger();
                let kept = self.checked(&text, &ledger);
                self.add_or(kept, "answer.nothing");
            }
            Some(Plan::Handoff) => self.message("answer.handoff", &Map::new()),
            Some(Plan::Calls(_)) | None => {}
        }
    }

    /// Whether the turn ended because the last call's arguments were refused and no planner mended them: the refusal
    /// tells the asker what to change, which "ask again" before it would hide.
    fn reason_follows(&self, stop: Stop) -> bool {
        let planner = matches!(stop, Stop::NoPlan | Stop::OutOfSteps | Stop::Repeated);
        let last = self.turn.calls.iter().rev().find_map(|record| record.result.as_ref());
        planner && matches!(last, Some(CallResult::Failed(error)) if error.kind == ErrorKind::InvalidArgs)
    }

    async fn answered(
        &mut self,
        index: usize,
        record: &CallRecord,
        outcome: &Outcome<Value>,
        composer: &dyn Composer,
    ) {
        self.answered = true;
        let call = index + 1;
        let args = record.args.clone().unwrap_or_default();
        let scope = Scope::outcome(self.turn.lang, outcome, &args);
        let mut ledger = self.ledger();
        ledger.args(&args);
        ledger.outcome(outcome, self.templates.prompts());
        let tool = record.call.tool.as_str();
        let template = self.filled(self.templates.answer(tool, &scope));
        let draft =
            Draft { question: &self.turn.question, lang: self.turn.lang, tool, outcome, template: &template };
        match self.writing(composer, &draft) {
            Some(writing) => {
                if self.streamed(writing, &draft, &ledger).await {
                    self.composer = composer.name();
                }
            }
            None => {
                let text = self.checked(&template, &ledger);
                self.add_or(text, "answer.withheld");
            }
        }
        let notes: Vec<String> = outcome
            .notes
            .iter()
            .map(|note| {
                self.templates.message(&format!("note.{}", note.key), &scope.clone().with(&note.params))
            })
            .map(|filled| self.filled(filled))
            .filter(|note| !note.is_empty())
            .collect();
        for note in notes {
            let kept = self.checked(&note, &ledger);
            if !kept.is_empty() && !self.paragraphs.iter().any(|said| said.contains(&kept)) {
                self.paragraphs.push(kept);
            }
        }
        let money = outcome.facts.iter().find_map(|fact| match fact.unit {
            Unit::Money(currency) => Some(currency),
            _ => None,
        });
        if let Some(currency) = money.filter(|currency| ledger.other_money(*currency).is_some()) {
            let params = Map::from_iter([("currency".to_owned(), currency.to_string().into())]);
            self.message("answer.other_money", &params);
        }
        for next in &outcome.next {
            let filled = self.templates.next(tool, &next.key, &scope.clone().with(&next.params));
            let question = self.filled(filled);
            if !question.is_empty() && !self.next.contains(&question) {
                self.next.push(question);
            }
        }
        self.tables.extend(outcome.table.clone());
        for chart in &outcome.charts {
            self.picture(chart, &scope, &ledger);
        }
        self.evidence.push(CallEvidence { call, evidence: outcome.evidence.clone() });
        let labels =
            Labels { templates: self.templates, lang: self.turn.lang, table: outcome.table.as_ref() };
        self.facts.extend(outcome.all_facts().into_iter().map(|fact| LabelledFact {
            label: labels.of(&fact.id),
            fact: Fact { id: format!("c{call}.{}", fact.id), ..fact },
            call,
        }));
    }

    /// A chart with those of its words that pass the checks.
    fn picture(&mut self, chart: &Chart, scope: &Scope, ledger: &Ledger) {
        let lang = self.turn.lang;
        let Some(words) = pictures::words(chart, self.templates, scope, lang, ledger.clone()) else { return };
        let (title, alt) = (self.filled(words.title), self.filled(words.alt));
        let title = self.checked(&title, &words.ledger);
        let alt = self.checked(&alt, &words.ledger);
        self.pictures.push(Picture { chart: chart.clone(), title, alt, path: None });
    }

    /// Why a call gave no figures, with the mend; names that were possible become choices.
    fn could_not(&mut self, record: &CallRecord, error: &ToolError) {
        tracing::info!(tool = record.call.tool, code = error.code, log = error.log, "a call gave no answer");
        let key = format!("error.{}", error.code);
        let key = if self.templates.has_message(&key) { key } else { "error.other".into() };
        let mut params = error.params.clone();
        params.insert("tool".into(), record.call.tool.clone().into());
        self.message(&key, &params);
        self.failed |= matches!(error.kind, ErrorKind::Internal | ErrorKind::Unavailable);
        if matches!(error.kind, ErrorKind::Ambiguous | ErrorKind::NotFound) {
            self.choices.extend(error.candidates.iter().filter_map(|candidate| {
                let args = replaced(&record.call.args, error, candidate)?;
                let call = super::Call { tool: record.call.tool.clone(), args };
                Some(Choice { label: candidate.clone(), call })
            }));
        }
    }

    /// How sure: the worst grade among the calls, what limits it, what lifts it.
    fn sureness(&mut self, shown: &[(usize, &CallRecord)]) {
        let worst = shown
            .iter()
            .filter_map(|(_, record)| match &record.result {
                Some(CallResult::Answered(outcome)) => Some(&outcome.evidence),
                _ => None,
            })
            .min_by_key(|evidence| evidence.grade);
        let Some(evidence) = worst else { return };
        let (key, params) = sure(evidence);
        self.message(key, &params);
    }

    fn finish(mut self) -> Composition {
        let turn = self.turn;
        let calls = turn.calls.iter().filter(|record| record.result.is_some()).map(|record| {
            let error = match &record.result {
                Some(CallResult::Failed(error)) => Some(self.reason(record, error)),
                _ => None,
            };
            DoneCall {
                tool: record.call.tool.clone(),
                args: record.args.clone().unwrap_or_else(|| Value::Object(record.call.args.clone())),
                ok: error.is_none(),
                error,
                seconds: record.seconds,
            }
        });
        let calls: Vec<DoneCall> = calls.collect();
        let text = self.paragraphs.join("\n\n");
        self.failed &= !self.answered;
        let answer = Answer {
            conversation: turn.conversation.clone(),
            turn: turn.number,
            language: turn.lang,
            planner: turn.planner.clone(),
            composer: self.composer.to_owned(),
            calls,
            text,
            facts: self.facts,
            evidence: self.evidence,
            charts: Vec::new(),
            choices: self.choices.iter().map(|choice| choice.label.clone()).collect(),
            next: self.next,
            data_version: turn.data_version,
            seconds: 0.0,
        };
        Composition {
            answer,
            tables: self.tables,
            pictures: self.pictures,
            choices: self.choices,
            withheld: self.withheld,
            failed: self.failed,
            spoken: self.spoken,
            degraded: self.degraded,
            spent: self.spent,
        }
    }

    fn reason(&self, record: &CallRecord, error: &ToolError) -> String {
        let key = format!("error.{}", error.code);
        let key = if self.templates.has_message(&key) { key } else { "error.other".into() };
        let scope = self.words(&error.params).naming("tool", record.call.tool.clone());
        self.templates.message(&key, &scope).unwrap_or_else(|_| error.code.clone())
    }

    fn words(&self, params: &Map<String, Value>) -> Scope {
        Scope::words(self.turn.lang, params)
    }

    /// The numbers that the asker has said, and the conversation's names.
    fn ledger(&self) -> Ledger {
        let mut ledger = Ledger::default();
        ledger.question(&self.turn.question);
        ledger
    }

    fn message(&mut self, key: &str, params: &Map<String, Value>) {
        let filled = self.templates.message(key, &self.words(params));
        self.plain(filled, params);
    }

    /// A message that names only its own parameters.
    fn plain(&mut self, filled: Result<String, TemplateError>, params: &Map<String, Value>) {
        let text = self.filled(filled);
        let mut ledger = self.ledger();
        ledger.params(params);
        let kept = self.checked(&text, &ledger);
        self.add_or(kept, "answer.nothing");
    }

    fn add_or(&mut self, text: String, otherwise: &str) {
        let text = if text.is_empty() {
            self.templates.message(otherwise, &self.words(&Map::new())).unwrap_or_default()
        } else {
            text
        };
        if !text.is_empty() {
            self.paragraphs.push(text);
        }
    }

    fn filled(&mut self, filled: Result<String, TemplateError>) -> String {
        filled.unwrap_or_else(|error| {
            tracing::error!(%error, "a template could not be filled");
            self.withheld.push(error.to_string());
            String::new()
        })
    }

    fn checked(&mut self, text: &str, ledger: &Ledger) -> String {
        checked(text, ledger, self.turn.acted(), &mut self.withheld)
    }
}

/// The keys of how sure an answer is: the message, and what it names.
pub(super) fn sure(evidence: &Evidence) -> (&'static str, Map<String, Value>) {
    let mut params = Map::new();
    params.insert("grade".into(), serde_json::to_value(evidence.grade).unwrap_or_default());
    let Some(reason) = &evidence.reason else { return ("answer.sure", params) };
    params.insert("component".into(), reason.component.clone().into());
    params.insert("mend".into(), reason.mend.clone().into());
    ("answer.sure_because", params)
}

/// The arguments with the candidate in the place of what was unclear: the argument the error names (`kind`), else the
/// one that holds the text it names.
fn replaced(args: &Map<String, Value>, error: &ToolError, candidate: &str) -> Option<Map<String, Value>> {
    fn put(value: &mut Map<String, Value>, fits: &dyn Fn(&str, &str) -> bool, candidate: &str) -> bool {
        value.iter_mut().any(|(key, value)| match value {
            Value::String(text) if fits(key, text) => {
                *text = candidate.to_owned();
                true
            }
            Value::Object(inner) => put(inner, fits, candidate),
            _ => false,
        })
    }
    let named = |name: &str| error.params.get(name).and_then(Value::as_str).map(str::to_owned);
    let (kind, text) = (named("kind"), named("text"));
    let mut args = args.clone();
    let by_kind = |key: &str, _: &str| kind.as_deref() == Some(key);
    let by_text = |_: &str, value: &str| text.as_deref() == Some(value);
    (put(&mut args, &by_kind, candidate) || put(&mut args, &by_text, candidate)).then_some(args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_takes_the_place_of_the_unclear_name() {
        let args: Map<String, Value> =
            serde_json::from_value(serde_json::json!({"metric": "units", "filter": {"product": "beans"}}))
                .unwrap();
        let error = ToolError::ambiguous("several_of_that_name", vec![])
            .with("kind", "product")
            .with("text", "beans");
        let mended = replaced(&args, &error, "Espresso Beans 1kg").unwrap();
        assert_eq!(mended["filter"]["product"], "Espresso Beans 1kg");
        let error = ToolError::ambiguous("x", vec![]).with("text", "beans");
        assert_eq!(replaced(&args, &error, "B").unwrap()["filter"]["product"], "B");
        assert_eq!(replaced(&args, &ToolError::ambiguous("x", vec![]), "B"), None);
    }
}
