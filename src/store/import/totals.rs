//! Do the rows of totals say what the rows above them add up to? (rule 7 of IMPORT_FORMATS)
//!
//! Such rows are never kept, since every sum would double. Where they say more than the kept rows, something is not
//! in the rows: Pinduoduo's store-wide promotion has no row of its own and stands only in the total.

use serde::Serialize;

use super::cell;
use super::format::Reads;
use super::row::{Plan, Row};
use super::sheet::Sheet;
use crate::domain::Micros;
use crate::store::export;

/// One figure of a row of totals that differs from the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Line of the row of totals.
    pub line: u64,
    /// What it calls itself.
    pub label: String,
    /// Column.
    pub column: String,
    /// What it says.
    #[serde(serialize_with = "export::as_decimal")]
    pub total: Micros,
    /// Σ of the kept rows.
    #[serde(serialize_with = "export::as_decimal")]
    pub kept: Micros,
}

/// Whether a row is one of totals: by its first word, or because all its keys are dashes.
pub(super) fn is_total(sheet: &Sheet, record: &csv::StringRecord) -> bool {
    if !sheet.format.has_totals() {
        return false;
    }
    let first = record.iter().find(|cell| !cell.trim().is_empty());
    first.is_some_and(cell::is_total) || has_dashes_for_keys(sheet, record)
}

fn has_dashes_for_keys(sheet: &Sheet, record: &csv::StringRecord) -> bool {
    let (mut dashes, mut numbers) = (false, false);
    for (column, field) in sheet.columns.iter().zip(sheet.format.fields()) {
        let Some(cell) = column.and_then(|column| record.get(column)).map(str::trim) else { continue };
        let says_nothing = matches!(cell, "" | "-" | "--");
        match field.reads {
            Reads::Number => numbers |= !says_nothing,
            _ if says_nothing => dashes |= !cell.is_empty(),
            _ => return false,
        }
    }
    dashes && numbers
}

/// Sums of the kept rows, by field.
#[derive(Default)]
pub(super) struct Kept {
    sums: Vec<(usize, i128)>,
}

impl Kept {
    pub(super) fn add(&mut self, row: &Row<'_>) {
        let fields = row.plan.sheet.format.adds_up();
        self.sums.resize(fields.len(), (0, 0));
        for (sum, field) in self.sums.iter_mut().zip(fields) {
            let number = row.number(*field).ok().flatten().unwrap_or_default();
            *sum = (*field, sum.1 + i128::from(number.0));
        }
    }

    /// What the rows of totals say otherwise.
    pub(super) fn gaps(&self, plan: &Plan<'_>, file: &str, totals: &[(u64, csv::StringRecord)]) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for (line, record) in totals {
            let row = Row { plan, file, record, line: *line };
            let label = record.iter().map(str::trim).find(|cell| !cell.is_empty()).unwrap_or_default();
            for (field, kept) in &self.sums {
                let Some(total) = row.number(*field).ok().flatten() else { continue };
                if i128::from(total.0) != *kept {
                    let column = plan.sheet.columns.get(*field).copied().flatten();
                    let column = column.map(|column| plan.sheet.column_name(column)).unwrap_or_default();
                    let kept = i64::try_from(*kept).unwrap_or(i64::MAX);
                    gaps.push(Gap {
                        line: *line,
                        label: label.to_owned(),
                        column,
                        total,
                        kept: Micros(kept),
                    });
                }
            }
        }
        gaps
    }
}
