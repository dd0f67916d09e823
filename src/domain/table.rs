//! What does a list of results look like, before any language is chosen?

use serde::{Deserialize, Serialize};

use super::{Day, Span, Unit};

/// Rows under named columns. A numeric cell is a fact: `r<row>.<column key>`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, Default)]
pub struct Table {
    /// Column heads, left to right.
    pub columns: Vec<Column>,
    /// One vector of cells a row, as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// The texts of a column, top down; none where there is no such column.
    pub fn texts(&self, key: &str) -> Vec<String> {
        let Some(at) = self.columns.iter().position(|column| column.key == key) else { return Vec::new() };
        let text = |row: &Vec<Cell>| match row.get(at) {
            Some(Cell::Text(text)) => Some(text.clone()),
            _ => None,
        };
        self.rows.iter().filter_map(text).collect()
    }

    /// The cells that name the row, with their columns: its first text, and its name where that is another.
    pub fn named<'a>(&'a self, row: &'a [Cell]) -> impl Iterator<Item = (&'a Column, &'a str)> {
        let texts = self.columns.iter().zip(row).filter_map(|(column, cell)| match cell {
            Cell::Text(text) => Some((column, text.as_str())),
            _ => None,
        });
        texts.enumerate().filter(|(at, (column, _))| *at == 0 || column.key == "name").map(|(_, named)| named)
    }

    /// Whether its rows are of this kind, as its first column says.
    pub fn is_of(&self, kind: &str) -> bool {
        self.columns.first().is_some_and(|column| column.key == kind)
    }

    /// The days that the row is of, where its first cell is the first of them.
    pub fn days(&self, row: &[Cell]) -> Option<Span> {
        match (self.columns.first(), row.first()) {
            (Some(column), Some(Cell::Day(start))) => Span::of_bucket(&column.key, *start),
            _ => None,
        }
    }
}

/// A column's head: a key into the words, and what its numbers are.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Column {
    /// Key in `prompts/words/column.toml`, and the name in JSON and templates.
    pub key: String,
    /// Unit of its numbers; `None` for text.
    pub unit: Option<Unit>,
}

/// One cell.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// A number in the column's unit.
    Number(f64),
    /// A day.
    Day(Day),
    /// A name or label as the shop's data has it.
    Text(String),
    /// No value (a ratio with denominator 0, an empty bucket).
    Empty,
}
