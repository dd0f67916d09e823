//! How do figures get into sentences?
//!
//! Every template of `prompts/` is compiled once, at start-up; a fault names its place. A template sees figures only
//! as [`Scope`] gives them: formatted, in the asker's language. What is undefined is an error, not an empty string.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use serde_json::{Map, Value as Json};

use super::numbers::{self, Style};
use super::tables::cells;
use crate::domain::{Cell, Fact, Lang, Table, Unit};
use crate::prompts::Prompts;
use crate::tool::Outcome;

/// A template that does not compile, or could not be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("prompts: template {name}: {why}")]
pub struct TemplateError {
    /// `tools/NAME/answer/en`, `messages/section.key/zh` …
    pub name: String,
    /// What is wrong.
    pub why: String,
}

/// All templates, compiled.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    prompts: Arc<Prompts>,
}

impl Templates {
    /// Compiles every template; the first fault stops the start-up.
    pub fn compile(prompts: Arc<Prompts>) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.add_filter("plural", plural);
        let mut add = |name: String, source: &str| {
            let added = environment.add_template_owned(name.clone(), without_tag_lines(source.trim_end()));
            added.map_err(|error| TemplateError { name, why: explain(&error) })
        };
        for (folder, topics) in [
            ("tools", prompts.tools().collect::<Vec<_>>()),
            ("refusals", prompts.refusals().collect::<Vec<_>>()),
        ] {
            for (name, topic) in topics {
                for lang in Lang::ALL {
                    let code = lang.code();
                    add(format!("{folder}/{name}/answer/{code}"), topic.answer.get(lang))?;
                    for (key, source) in topic.next.get(lang) {
                        add(format!("{folder}/{name}/next/{key}/{code}"), source)?;
                    }
                    for (key, source) in topic.why.get(lang) {
                        add(format!("{folder}/{name}/why/{key}/{code}"), source)?;
                    }
                }
            }
        }
        for (key, en, zh) in prompts.messages() {
            add(format!("messages/{key}/en"), en)?;
            add(format!("messages/{key}/zh"), zh)?;
        }
        Ok(Self { environment, prompts })
    }

    /// Adds or replaces the answer of a tool from elsewhere; the words built in are complete without it.
    pub fn teach(&mut self, tool: &str, lang: Lang, source: &str) -> Result<(), TemplateError> {
        let name = format!("tools/{tool}/answer/{}", lang.code());
        let added = self.environment.add_template_owned(name.clone(), without_tag_lines(source));
        added.map_err(|error| TemplateError { name, why: explain(&error) })
    }

    /// The vocabularies behind the templates.
    pub fn prompts(&self) -> &Arc<Prompts> {
        &self.prompts
    }

    /// A tool's answer.
    pub fn answer(&self, tool: &str, scope: &Scope) -> Result<String, TemplateError> {
        self.fill(&format!("tools/{tool}/answer/{}", scope.lang.code()), scope)
    }

    /// A tool's follow-up question.
    pub fn next(&self, tool: &str, key: &str, scope: &Scope) -> Result<String, TemplateError> {
        self.fill(&format!("tools/{tool}/next/{key}/{}", scope.lang.code()), scope)
    }

    /// What a figure of a tool is and how it was reckoned, by the key of its line.
    pub fn why(&self, tool: &str, key: &str, scope: &Scope) -> Result<String, TemplateError> {
        self.fill(&format!("tools/{tool}/why/{key}/{}", scope.lang.code()), scope)
    }

    /// How a question of this kind is declined.
    pub fn refusal(&self, kind: &str, scope: &Scope) -> Result<String, TemplateError> {
        self.fill(&format!("refusals/{kind}/answer/{}", scope.lang.code()), scope)
    }

    /// A single message, `section.key`.
    pub fn message(&self, key: &str, scope: &Scope) -> Result<String, TemplateError> {
        self.fill(&format!("messages/{key}/{}", scope.lang.code()), scope)
    }

    /// Whether there is a message of this key.
    pub fn has_message(&self, key: &str) -> bool {
        self.prompts.message(key, Lang::En).is_some()
    }

    #[cfg(test)]
    fn fill_source(&self, source: &str, scope: &Scope) -> Result<String, TemplateError> {
        let filled = self.environment.render_named_str(
            "inline",
            &without_tag_lines(source),
            scope.value(&self.prompts),
        );
        filled.map_err(|error| TemplateError { name: "inline".into(), why: explain(&error) })
    }

    fn fill(&self, name: &str, scope: &Scope) -> Result<String, TemplateError> {
        let fault = |error: minijinja::Error| TemplateError { name: name.into(), why: explain(&error) };
        let template = self.environment.get_template(name).map_err(fault)?;
        let text = template.render(scope.value(&self.prompts)).map_err(fault)?;
        Ok(tidy(&text))
    }
}

/// What a template sees.
#[derive(Clone, Debug)]
pub struct Scope {
    lang: Lang,
    facts: Vec<Fact>,
    table: Option<Table>,
    values: Map<String, Json>,
    period: Option<crate::domain::Span>,
}

impl Scope {
    /// Only words: parameters of a message.
    pub fn words(lang: Lang, params: &Map<String, Json>) -> Self {
        Self { lang, facts: Vec::new(), table: None, values: params.clone(), period: None }
    }

    /// A tool's outcome and the arguments it ran with.
    pub fn outcome(lang: Lang, outcome: &Outcome<Json>, args: &Json) -> Self {
        let mut values = Map::new();
        values.insert("args".into(), args.clone());
        values.insert("output".into(), outcome.output.clone());
        values.insert("grade".into(), grade(outcome));
        let table = outcome.table.clone();
        Self { lang, facts: outcome.facts.clone(), table, values, period: outcome.period }
    }

    /// The same with more words.
    #[must_use]
    pub fn with(mut self, params: &Map<String, Json>) -> Self {
        self.values.extend(params.iter().map(|(name, value)| (name.clone(), value.clone())));
        self
    }

    /// The same with figures of its own.
    #[must_use]
    pub fn with_facts(mut self, facts: Vec<Fact>) -> Self {
        self.facts.extend(facts);
        self
    }

    /// The same with one more word.
    #[must_use]
    pub fn naming(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }

    fn value(&self, prompts: &Arc<Prompts>) -> Value {
        let lang = self.lang;
        let mut all: BTreeMap<String, Value> =
            self.values.iter().map(|(name, value)| (name.clone(), from_json(value))).collect();
        all.insert("f".into(), Value::from_object(Figure::tree(&self.facts, lang)));
        all.insert("lang".into(), Value::from(lang.code()));
        if let Some(span) = self.period {
            all.insert("period".into(), Value::from(numbers::period(span, lang)));
        }
        if let Some(table) = &self.table {
            all.insert("table".into(), rows(prompts, table, lang));
        }
        let words = prompts.clone();
        let word = move |kind: &str, key: &str| words.said(kind, key, lang);
        all.insert("word".into(), Value::from_function(word));
        Value::from(all)
    }
}

fn grade(outcome: &Outcome<Json>) -> Json {
    let reason = outcome.evidence.reason.as_ref();
    serde_json::json!({
        "key": outcome.evidence.grade,
        "component": reason.map(|reason| &reason.component),
        "mend": reason.map(|reason| &reason.mend),
    })
}

/// `rows`: one map a row, cells formatted under their column's key, numbers for conditions under `raw`.
fn rows(prompts: &Prompts, table: &Table, lang: Lang) -> Value {
    let rows: Vec<Value> = table
        .rows
        .iter()
        .map(|row| {
            let texts = cells(prompts, &table.columns, row, lang, Style::Sentence);
            let mut named: BTreeMap<String, Value> = BTreeMap::new();
            let mut raw: BTreeMap<String, Value> = BTreeMap::new();
            for ((column, cell), text) in table.columns.iter().zip(row).zip(texts) {
                named.insert(column.key.clone(), Value::from(text));
                raw.insert(
                    column.key.clone(),
                    match cell {
                        Cell::Number(value) => Value::from(*value),
                        Cell::Day(day) => Value::from(day.to_string()),
                        Cell::Text(text) => Value::from(text.clone()),
                        Cell::Empty => Value::from(()),
                    },
                );
            }
            named.insert("raw".into(), Value::from(raw));
            Value::from(named)
        })
        .collect();
    Value::from(BTreeMap::from([("rows".to_owned(), Value::from(rows))]))
}

/// `1 order`, `2 orders`: `{{ f.orders | plural("order", "orders") }}`.
fn plural(value: &Value, one: &str, many: &str) -> Result<String, minijinja::Error> {
    let raw = value.get_attr("raw").ok().and_then(|raw| f64::try_from(raw).ok());
    let number = raw.or_else(|| f64::try_from(value.clone()).ok()).ok_or_else(|| {
        minijinja::Error::new(ErrorKind::InvalidOperation, "plural needs a figure before it")
    })?;
    let word = if (number - 1.0).abs() < 1e-9 { one } else { many };
    Ok(format!("{value} {word}"))
}

/// A fact, and the facts below it: `f.total.clv` has `f.total` above it, which may itself be a fact.
#[derive(Debug, Clone)]
struct Figure {
    fact: Option<Fact>,
    below: BTreeMap<String, Arc<Figure>>,
    lang: Lang,
}

impl Figure {
    fn tree(facts: &[Fact], lang: Lang) -> Self {
        let mut own = None;
        let mut groups: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
        for fact in facts {
            let (head, rest) = fact.id.split_once('.').unwrap_or((&fact.id, ""));
            if head.is_empty() {
                own = Some(fact.clone());
            } else {
                groups.entry(head.to_owned()).or_default().push(Fact { id: rest.to_owned(), ..fact.clone() });
            }
        }
        let below = groups
            .into_iter()
            .map(|(head, facts)| {
                // A probability is told by its name, so the name stays with the fact.
                let mut figure = Self::tree(&facts, lang);
                if let Some(fact) = &mut figure.fact {
                    fact.id.clone_from(&head);
                }
                (head, Arc::new(figure))
            })
            .collect();
        Self { fact: own, below, lang }
    }

    fn text(&self, fact: &Fact, value: f64) -> String {
        if fact.unit == Unit::Share && fact.id.starts_with("p_") {
            return numbers::probability(value, self.lang);
        }
        numbers::figure(value, fact.unit, self.lang, Style::Sentence)
    }
}

impl Object for Figure {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        if let Some(below) = self.below.get(key) {
            return Some(Value::from_dyn_object(below.clone()));
        }
        let fact = self.fact.as_ref()?;
        let lang = self.lang;
        match key {
            "raw" => Some(Value::from(fact.value)),
            "abs" => Some(Value::from(self.text(fact, fact.value.abs()).trim_start_matches('+'))),
            "full" => Some(Value::from(numbers::figure(fact.value, fact.unit, lang, Style::Full))),
            "interval" => fact
                .interval
                .map(|(lo, hi)| Value::from(numbers::interval(lo, hi, fact.unit, lang, Style::Sentence))),
            "lo" => fact.interval.map(|(lo, _)| Value::from(self.text(fact, lo))),
            "hi" => fact.interval.map(|(_, hi)| Value::from(self.text(fact, hi))),
            "period" => fact.period.map(|span| Value::from(numbers::period(span, lang))),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.below.keys().map(|key| Value::from(key.as_str())).collect())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.fact.is_some() || !self.below.is_empty()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fact {
            Some(fact) => f.write_str(&self.text(fact, fact.value)),
            None => Err(fmt::Error),
        }
    }
}

/// A line of nothing but tags (`{% if … %}`) leaves no line behind; a tag inside a line keeps the line's end.
fn without_tag_lines(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    for line in source.split_inclusive('\n') {
        let bare = line.trim();
        let only_tags = bare.starts_with("{%")
            && bare.ends_with("%}")
            && bare.split("%}").all(|part| part.trim().is_empty() || part.trim_start().starts_with("{%"));
        text.push_str(if only_tags { bare } else { line });
    }
    text
}

fn from_json(value: &Json) -> Value {
    match value {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::from(whole),
            None => Value::from(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(values) => values.iter().map(from_json).collect(),
        Json::Object(values) => {
            Value::from_pairs(values.iter().map(|(name, value)| (name.clone(), from_json(value))))
        }
    }
}

fn explain(error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    format!("{line}{error}")
}

/// No trailing blanks, no runs of blank lines: conditions leave both behind.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_none_or(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    lines.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Column, Currency, Evidence};

    fn scope(lang: Lang) -> Scope {
        let mut outcome = Outcome::new(serde_json::json!({"kind": "x"}), Evidence::descriptive(1, None, 1));
        outcome.facts = vec![
            Fact::new("revenue", 84_000.0, Unit::Money(Currency::EUR)).within(71_000.0, 96_000.0),
            Fact::new("total.clv", 1_200_000.0, Unit::Money(Currency::EUR)),
            Fact::new("change", -0.034, Unit::Change),
            Fact::new("orders", 1.0, Unit::Count),
        ];
        outcome.table = Some(Table {
            columns: vec![
                Column { key: "name".into(), unit: None },
                Column { key: "clv".into(), unit: Some(Unit::Money(Currency::EUR)) },
            ],
            rows: vec![vec![Cell::Text("Emma".into()), Cell::Number(12_345.0)]],
        });
        Scope::outcome(lang, &outcome, &serde_json::json!({"top": 10}))
    }

    #[track_caller]
    fn check(lang: Lang, source: &str, expected: &str) {
        let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
        assert_eq!(templates.fill_source(source, &scope(lang)).unwrap(), expected);
    }

    #[test]
    fn figures_print_formatted_in_the_askers_language() {
        check(Lang::En, "{{ f.revenue }} ({{ f.revenue.interval }})", "€84k (€71k to €96k)");
        check(Lang::Zh, "{{ f.revenue }}({{ f.revenue.interval }})", "€8.4万(€7.1万至€9.6万)");
        check(Lang::En, "{{ f.total.clv }}", "€1.2m");
        check(Lang::En, "{% if f.change.raw < 0 %}fell {{ f.change.abs }}{% endif %}", "fell 3.4 %");
        check(Lang::En, "{{ f.orders | plural('order', 'orders') }}", "1 order");
        check(Lang::Zh, "{{ word('segment', 'new') }}", "新客");
        check(Lang::En, "{% for row in table.rows %}{{ row.name }} {{ row.clv }}{% endfor %}", "Emma €12.3k");
        check(
            Lang::En,
            "a\n{% if args.top > 5 %}\nb\n{% endif %}\nc{% if args.top > 50 %} d{% endif %}\ne",
            "a\nb\nc\ne",
        );
        check(Lang::En, "{{ args.top }} {{ output.kind }} {{ f.nothing is defined }}", "10 x False");
    }

    #[test]
    fn what_is_undefined_is_an_error() {
        let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
        for source in ["{{ f.nothing }}", "{{ f.total }}", "{{ nothing }}", "{{ f.change.interval }}"] {
            assert!(templates.fill_source(source, &scope(Lang::En)).is_err(), "{source}");
        }
    }
}
