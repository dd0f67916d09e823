//! How is a figure explained in words?
//!
//! Templates of `messages/why.toml` around the line of the tool. Besides the outcome's own figures they see `value` and
//! `between` (the figure asked about, in full), `f.rows` and `f.data_version`, and `row`, the cells of its row.

use serde_json::{Map, Value, json};

use super::find::{Figure, ledger};
use super::{Answered, Explanation};
use crate::agent::LabelledFact;
use crate::agent::compose::{Labels, checked, sure};
use crate::agent::ledger::{Asked, Ledger, Other};
use crate::agent::turn::Turn;
use crate::domain::{Cell, Column, Evidence, Fact, Lang, Table, Unit};
use crate::prompts::nearest;
use crate::render::numbers::{self, Style};
use crate::render::{Scope, Templates, cells};

/// Other figures that are named beside the one explained.
const NAMED: usize = 8;
/// Arguments that narrow what was counted, beside those inside `filter`.
const CONDITIONS: [&str; 6] = ["segment", "customer", "product", "category", "city", "channel"];

pub(super) struct Page<'a> {
    turn: &'a Turn,
    lang: Lang,
    templates: &'a Templates,
    paragraphs: Vec<String>,
    made: Explanation,
}

impl<'a> Page<'a> {
    pub(super) fn new(turn: &'a Turn, lang: Lang, templates: &'a Templates) -> Self {
        Self { turn, lang, templates, paragraphs: Vec::new(), made: Explanation::default() }
    }

    pub(super) fn finish(mut self) -> Explanation {
        self.made.text = self.paragraphs.join("\n\n");
        self.made
    }

    /// Which question this is about.
    pub(super) fn question(&mut self) {
        let params = Map::from_iter([("question".to_owned(), Value::from(self.turn.question.clone()))]);
        self.message("why.about", &params);
    }

    /// A call's first figure, which its tool puts before all others.
    pub(super) fn headline(&mut self, call: &Answered<'_>) {
        self.made.found = true;
        if let Some(fact) = call.outcome.facts.first() {
            self.figure(call, fact);
        }
    }

    /// The first of the figures whole, the others by name.
    pub(super) fn figures(&mut self, calls: &[Answered<'_>], figures: &[Figure]) {
        let Some((first, rest)) = figures.split_first() else { return };
        let Some(call) = calls.get(first.place) else { return };
        self.made.found = true;
        self.figure(call, &first.fact);
        let rest: Vec<String> =
            rest.iter().filter_map(|other| Some(self.named(calls.get(other.place)?, &other.fact))).collect();
        self.names("why.also", &rest, calls);
    }

    /// A row's figures: the first whole, the others by name.
    pub(super) fn row(&mut self, calls: &[Answered<'_>], place: usize, row: usize) {
        let prefix = format!("r{}.", row + 1);
        let Some(call) = calls.get(place) else { return };
        let of_row = call.outcome.all_facts().into_iter().filter(|fact| fact.id.starts_with(&prefix));
        let mut figures: Vec<Figure> = of_row.map(|fact| Figure { place, fact }).collect();
        // A row is asked about for its figures, not for the day that names it.
        figures.sort_by_key(|figure| figure.fact.unit == Unit::Date);
        self.figures(calls, &figures);
    }

    /// The figures that the answer's text says, by name.
    pub(super) fn others(&mut self, calls: &[Answered<'_>]) {
        let text = self.turn.answer.as_ref().map(|answer| answer.text.clone()).unwrap_or_default();
        let mut names: Vec<String> = Vec::new();
        let license = ledger(self.turn, calls, self.templates.prompts());
        for number in license.numbers(&text) {
            // What the asker set is nothing to explain.
            let Some(asked) = Asked::of(&number).filter(|asked| license.other(asked).is_none()) else {
                continue;
            };
            let said = calls.iter().find_map(|call| {
                let fact = call.outcome.facts.iter().skip(1).find(|fact| asked.says(fact))?;
                Some(self.named(call, fact))
            });
            names.extend(said.filter(|name| !names.contains(name)));
        }
        names.truncate(NAMED);
        self.names("why.others", &names, calls);
    }

    /// A number that is no figure: the asker's own, a day, a length, the level, the rows.
    pub(super) fn other(&mut self, asked: &str, other: Other, calls: &[Answered<'_>]) {
        self.made.found = true;
        let key = match other {
            Other::Said => "why.said",
            Other::Day => "why.day",
            Other::Length => "why.length",
            Other::Level => "why.level",
            Other::Rows => "why.table_rows",
        };
        let Some(call) = calls.first() else { return };
        let scope = self.scope(call).naming("asked", asked);
        let mut license = ledger(self.turn, calls, self.templates.prompts());
        license.question(asked);
        let text = self.filled(key, &scope, &license);
        self.paragraphs.push(text);
    }

    /// Nothing of the answer: its figures by name.
    pub(super) fn not_found(&mut self, asked: &str, calls: &[Answered<'_>]) {
        let params = Map::from_iter([("asked".to_owned(), Value::from(asked))]);
        self.message("why.not_found", &params);
        let named = calls.iter().flat_map(|call| call.outcome.facts.iter().map(move |fact| (call, fact)));
        let names: Vec<String> = named.take(NAMED).map(|(call, fact)| self.named(call, fact)).collect();
        self.names("why.others", &names, calls);
    }

    /// A message that names only its parameters.
    pub(super) fn message(&mut self, key: &str, params: &Map<String, Value>) {
        let mut license = Ledger::default();
        license.params(params);
        let text = self.filled(key, &Scope::words(self.lang, params), &license);
        self.paragraphs.push(text);
    }

    /// Everything about one figure.
    fn figure(&mut self, call: &Answered<'_>, fact: &Fact) {
        let outcome = call.outcome;
        let id = format!("c{}.{}", call.call, fact.id);
        let table = outcome.table.as_ref();
        let label = Labels { templates: self.templates, lang: self.lang, table }.of(&fact.id);
        let evidence = &outcome.evidence;
        let own = vec![
            Fact::new("rows", evidence.n as f64, Unit::Count),
            Fact::new("data_version", evidence.data_version as f64, Unit::Count),
        ];
        let mut license = ledger(self.turn, std::slice::from_ref(call), self.templates.prompts());
        own.iter().for_each(|fact| license.fact(fact));
        license.fact(fact);
        license.name(&id);
        license.name(&label);
        let cell = cell_of(table, &fact.id);
        let chance = last_of(&fact.id).starts_with("p_") && last_of(&fact.id) != "p_inside";
        let modelled =
            fact.interval.is_some() || chance || cell.is_some_and(|(_, column)| column.unit.is_some());
        let scope = self.scope(call).with_facts(own).naming("label", label.clone()).naming("id", id.clone());
        let scope = scope.naming("value", self.value(fact)).naming("between", self.between(fact));
        let scope = match (table, cell) {
            (Some(table), Some((row, _))) => scope.naming("row", self.row_words(table, row)),
            _ => scope.naming("row", Value::Null),
        };
        let mut lines = vec![self.filled("why.figure", &scope, &license)];
        lines.push(self.definition(call, fact, &scope, &license));
        lines.push(self.filled("why.counted", &self.conditions(call, fact, &scope), &license));
        if modelled && !evidence.holdout.is_empty() {
            let (said, table) = self.holdout(evidence, &scope, &license);
            lines.push(said);
            self.made.tables.extend(table.filter(|table| !self.made.tables.contains(table)));
        }
        if fact.interval.is_some() {
            lines.push(self.interval(evidence, &scope, &license));
        }
        let (key, params) = sure(evidence);
        lines.push(self.filled(key, &scope.clone().with(&params), &license));
        lines.retain(|line| !line.is_empty());
        self.paragraphs.push(lines.join("\n"));
        self.made.facts.push(LabelledFact { fact: Fact { id, ..fact.clone() }, label, call: call.call });
    }

    /// In full; a probability is told by its name.
    fn value(&self, fact: &Fact) -> String {
        if fact.unit == Unit::Share && last_of(&fact.id).starts_with("p_") {
            return numbers::probability(fact.value, self.lang);
        }
        let text = numbers::figure(fact.value, fact.unit, self.lang, Style::Full);
        let unit = match fact.unit {
            Unit::Days => "day",
            Unit::Weeks => "week",
            Unit::Months => "month",
            _ => return text,
        };
        let unit = self.templates.prompts().word("unit", unit, self.lang);
        match self.lang {
            Lang::En if text == "1" => format!("{text} {unit}"),
            Lang::En => format!("{text} {unit}s"),
            Lang::Zh => format!("{text}{unit}"),
        }
    }

    fn between(&self, fact: &Fact) -> Value {
        let between = |(lo, hi)| numbers::interval(lo, hi, fact.unit, self.lang, Style::Full);
        fact.interval.map_or(Value::Null, |ends| between(ends).into())
    }

    /// What the figure is, and how it was reckoned.
    fn definition(&mut self, call: &Answered<'_>, fact: &Fact, scope: &Scope, license: &Ledger) -> String {
        let tool = call.record.call.tool.as_str();
        let prompts = self.templates.prompts().clone();
        let keys: Vec<&str> = prompts.words("definition").map(|(key, _)| key).collect();
        let own = format!("{tool}.");
        let of_tool: Vec<&str> = keys.iter().filter_map(|key| key.strip_prefix(&own)).collect();
        let key = match nearest(&of_tool, &fact.id) {
            Some(key) => Some(format!("{own}{key}")),
            None => nearest(&keys, &fact.id).map(str::to_owned),
        };
        let what = match &key {
            Some(key) => prompts.word("definition", key, self.lang).to_owned(),
            None => self.filled("why.no_definition", scope, license),
        };
        let lines = prompts.tool(tool).into_iter().flat_map(|topic| topic.why.get(self.lang).keys());
        let lines: Vec<&str> = lines.map(String::as_str).collect();
        let Some(line) = nearest(&lines, &fact.id) else { return what };
        let filled = self.templates.why(tool, line, scope);
        let how = self.noted(filled);
        let how = checked(&how, license, false, &mut self.made.withheld);
        let space = if self.lang == Lang::En && !how.is_empty() { " " } else { "" };
        format!("{what}{space}{how}")
    }

    /// The days and conditions of what was counted.
    fn conditions(&self, call: &Answered<'_>, fact: &Fact, scope: &Scope) -> Scope {
        let period = fact.period.or(call.outcome.period).or(call.outcome.evidence.period);
        let words = period.map(|span| numbers::period(span, self.lang));
        let args = call.record.args.clone().unwrap_or_default();
        let inside = args.get("filter").cloned().unwrap_or_default();
        let prompts = self.templates.prompts();
        let only: Vec<String> = CONDITIONS
            .into_iter()
            .filter_map(|key| {
                let value = inside.get(key).or_else(|| args.get(key))?.as_str()?;
                let named = prompts.word(key, value, self.lang);
                let named = if key == "segment" { prompts.word("tier", named, self.lang) } else { named };
                let space = if self.lang == Lang::En { " " } else { "" };
                Some(format!("{}{space}{named}", prompts.word("column", key, self.lang)))
            })
            .collect();
        let data = call.outcome.evidence.period.filter(|span| Some(*span) != period);
        scope
            .clone()
            .naming("days", words.map_or(Value::Null, Value::from))
            .naming("only", json!(only))
            .naming("data_days", data.map_or(Value::Null, |span| numbers::period(span, self.lang).into()))
    }

    /// Which model, and its errors on days it had not seen, naive rows beside.
    fn holdout(&mut self, evidence: &Evidence, scope: &Scope, license: &Ledger) -> (String, Option<Table>) {
        let table = errors(evidence);
        let mut license = license.clone();
        let mut facts = Vec::new();
        for (row, method) in evidence.holdout.iter().enumerate() {
            for (name, value) in &method.errors {
                facts.push(Fact::new(format!("holdout.{}.{name}", row + 1), *value, unit_of(name)));
            }
        }
        facts.iter().for_each(|fact| license.fact(fact));
        let said = self.filled("why.model", scope, &license);
        (said, Some(table))
    }

    fn interval(&mut self, evidence: &Evidence, scope: &Scope, license: &Ledger) -> String {
        let prompts = self.templates.prompts().clone();
        let method = evidence.interval_method.as_deref().unwrap_or("none");
        let how = prompts.word("interval_method", method, self.lang).to_owned();
        self.filled("why.interval", &scope.clone().naming("how", how), license)
    }

    /// A list of figures by name; each can be asked about.
    fn names(&mut self, key: &str, names: &[String], calls: &[Answered<'_>]) {
        if names.is_empty() {
            return;
        }
        let mut license = ledger(self.turn, calls, self.templates.prompts());
        names.iter().for_each(|name| license.name(name));
        let scope = Scope::words(self.lang, &Map::new()).naming("names", json!(names));
        let text = self.filled(key, &scope, &license);
        self.paragraphs.push(text);
    }

    /// "orders (c1.orders)".
    fn named(&self, call: &Answered<'_>, fact: &Fact) -> String {
        let labels =
            Labels { templates: self.templates, lang: self.lang, table: call.outcome.table.as_ref() };
        let label = labels.of(&fact.id);
        match self.lang {
            Lang::En => format!("{label} (c{}.{})", call.call, fact.id),
            Lang::Zh => format!("{label}（c{}.{}）", call.call, fact.id),
        }
    }

    fn scope(&self, call: &Answered<'_>) -> Scope {
        let args = call.record.args.clone().unwrap_or_default();
        Scope::outcome(self.lang, call.outcome, &args).naming("tool", call.record.call.tool.clone())
    }

    fn row_words(&self, table: &Table, row: usize) -> Value {
        let Some(cells_of_row) = table.rows.get(row) else { return Value::Null };
        let texts = cells(self.templates.prompts(), &table.columns, cells_of_row, self.lang, Style::Full);
        let named = table.columns.iter().zip(cells_of_row).zip(texts);
        let given = named.filter(|((_, cell), _)| !matches!(cell, Cell::Empty));
        Value::Object(given.map(|((column, _), text)| (column.key.clone(), text.into())).collect())
    }

    fn filled(&mut self, key: &str, scope: &Scope, license: &Ledger) -> String {
        let filled = self.templates.message(key, scope);
        let text = self.noted(filled);
        checked(&text, license, false, &mut self.made.withheld)
    }

    fn noted(&mut self, filled: Result<String, crate::render::TemplateError>) -> String {
        filled.unwrap_or_else(|error| {
            tracing::error!(%error, "a template could not be filled");
            self.made.withheld.push(error.to_string());
            String::new()
        })
    }
}

/// The last part of a fact's name.
fn last_of(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Row index and column of a fact that is a cell.
fn cell_of<'t>(table: Option<&'t Table>, name: &str) -> Option<(usize, &'t Column)> {
    let (row, key) = name.strip_prefix('r')?.split_once('.')?;
    let row = row.parse::<usize>().ok()?.checked_sub(1)?;
    let table = table.filter(|table| row < table.rows.len())?;
    Some((row, table.columns.iter().find(|column| column.key == key)?))
}

/// The hold-out rows as a table.
fn errors(evidence: &Evidence) -> Table {
    let mut measures: Vec<&str> = Vec::new();
    for (name, _) in evidence.holdout.iter().flat_map(|row| &row.errors) {
        if !measures.contains(&name.as_str()) {
            measures.push(name);
        }
    }
    let head = Column { key: "method".into(), unit: None };
    let columns = measures.iter().map(|name| Column { key: (*name).to_owned(), unit: Some(unit_of(name)) });
    let row = |row: &crate::domain::HoldoutRow| {
        let error = |name: &&str| row.errors.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        let cells = measures.iter().map(|name| error(name).map_or(Cell::Empty, Cell::Number));
        std::iter::once(Cell::Text(row.method.clone())).chain(cells).collect()
    };
    Table {
        columns: std::iter::once(head).chain(columns).collect(),
        rows: evidence.holdout.iter().map(row).collect(),
    }
}

fn unit_of(measure: &str) -> Unit {
    match measure {
        "total_error" => Unit::Change,
        name if name.starts_with("capture") || name.starts_with("lift") => Unit::Share,
        _ => Unit::Ratio,
    }
}
