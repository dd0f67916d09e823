//! What does a tool give back?

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{Cell, Chart, Evidence, Fact, Span, Table, Unit};

/// A result: typed output for programs, facts and a table for sentences, evidence for trust.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Outcome<T> {
    /// Typed, JSON.
    pub output: T,
    /// Figures an answer may say, the headline first; names are unique within the outcome. Cells of the table are facts
    /// too.
    pub facts: Vec<Fact>,
    /// How sure.
    pub evidence: Evidence,
    /// The rows, where the answer is a list.
    pub table: Option<Table>,
    /// Pictures, the most telling first; none where a sentence says it all.
    #[serde(default)]
    pub charts: Vec<Chart>,
    /// What must be said beside the answer (definitions, caveats): messages of section `note`.
    pub notes: Vec<Note>,
    /// Two or three useful questions that run on the present data: lines of the tool's `next` section.
    pub next: Vec<Next>,
    /// The days the answer speaks of.
    pub period: Option<Span>,
}

/// A caveat by its key; its text may use the outcome's facts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// Key in `prompts/messages.toml`, section `note`.
    pub key: String,
    /// Words (not numbers) it names.
    pub params: Map<String, Value>,
}

/// A follow-up question by its key in the tool's file of words.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Next {
    /// Key of the line.
    pub key: String,
    /// What it names.
    pub params: Map<String, Value>,
}

impl Note {
    /// Without parameters.
    pub fn new(key: &str) -> Self {
        Self { key: key.into(), params: Map::new() }
    }
    /// The same, naming one more thing.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }
}

impl Next {
    /// Without parameters.
    pub fn new(key: &str) -> Self {
        Self { key: key.into(), params: Map::new() }
    }
    /// The same, naming one more thing.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }
}

impl<T> Outcome<T> {
    /// With output and evidence; the rest is added by assignment.
    pub fn new(output: T, evidence: Evidence) -> Self {
        Self {
            output,
            facts: Vec::new(),
            period: evidence.period,
            evidence,
            table: None,
            charts: Vec::new(),
            notes: Vec::new(),
            next: Vec::new(),
        }
    }

    /// Changes the output's type.
    pub fn try_map<U, E>(self, change: impl FnOnce(T) -> Result<U, E>) -> Result<Outcome<U>, E> {
        let Self { output, facts, evidence, table, charts, notes, next, period } = self;
        Ok(Outcome { output: change(output)?, facts, evidence, table, charts, notes, next, period })
    }

    /// Every fact, the table's cells (`r<row>.<column>`, rows from 1) included.
    pub fn all_facts(&self) -> Vec<Fact> {
        self.facts.iter().cloned().chain(self.row_facts().map(|(_, fact)| fact)).collect()
    }

    /// The table's cells as facts, with the index of the row; a month's, week's or day's row tells their days.
    pub fn row_facts(&self) -> impl Iterator<Item = (usize, Fact)> {
        let rows =
            self.table.iter().flat_map(|table| table.rows.iter().enumerate().map(move |row| (table, row)));
        rows.flat_map(|(table, (at, cells))| {
            let days = table.days(cells);
            table.columns.iter().zip(cells).filter_map(move |(column, cell)| {
                let (value, unit) = match (cell, column.unit) {
                    (Cell::Number(value), Some(unit)) => (*value, unit),
                    (Cell::Day(day), _) => (f64::from(day.0), Unit::Date),
                    _ => return None,
                };
                let fact = Fact::new(format!("r{}.{}", at + 1, column.key), value, unit);
                // what a row is compared with is of other days
                let period = days.filter(|_| column.key != "previous" && unit != Unit::Date);
                Some((at, Fact { period, ..fact }))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_kept_before_there_were_charts_reads_back() {
        let outcome = Outcome::new(Value::Null, Evidence::descriptive(1, None, 1));
        let mut kept = serde_json::to_value(&outcome).unwrap();
        kept.as_object_mut().unwrap().remove("charts").unwrap();
        assert_eq!(serde_json::from_value::<Outcome<Value>>(kept).unwrap(), outcome);
    }
}
