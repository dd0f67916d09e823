//! What must a kind of file tell us, and what do we do with each of its rows?

use super::reject::{Rejects, RowError};
use super::row::{Plan, Row};
use super::{FileReport, ImportError};
use crate::domain::{Currency, Work};
use crate::store::redo::AnyRecord;

/// How a field's cells are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// As words.
    Text,
    /// As an id: text for ever.
    Id,
    /// As an amount or a count, by the column's decimal sign.
    Number,
    /// As a date, by the column's order of day and month.
    Date,
}

/// A field of a kind.
pub(super) struct Field {
    /// Our name for it, as `--map COLUMN=FIELD` takes it.
    pub(super) name: &'static str,
    /// Header cells that mean it, as [`super::cell::header`] gives them.
    pub(super) names: &'static [&'static str],
    /// How its cells are read.
    pub(super) reads: Reads,
}

/// A kind of file. A new one is one file in this folder and its entry in [`super::FORMATS`].
pub(super) trait Format: Sync {
    /// Its name, as `--kind` takes it.
    fn kind(&self) -> &'static str;
    /// Its fields; a field's place here is its place in `columns`.
    fn fields(&self) -> &'static [Field];
    /// What it requires, in words.
    fn needs(&self) -> &'static str;
    /// Whether all it requires is there; `named` where the person said that it is this kind.
    fn complete(&self, columns: &[Option<usize>], named: bool) -> bool;
    /// Whether its columns are one platform's own, which no plain file has; it is then preferred to plain kinds.
    fn is_platform(&self) -> bool {
        false
    }
    /// Whether it only adds to orders, so that of several files it comes last.
    fn needs_orders(&self) -> bool {
        false
    }
    /// The field of the file's currency, and whether it has amounts at all.
    fn currency_field(&self, columns: &[Option<usize>]) -> CurrencyField;
    /// Currency of a file that does not say.
    fn default_currency(&self) -> Option<Currency> {
        None
    }
    /// Zone of a file's times.
    fn default_zone(&self) -> Option<&'static str> {
        None
    }
    /// Fields that a row of totals adds up.
    fn adds_up(&self) -> &'static [usize] {
        &[]
    }
    /// Whether a row that begins with "Total" is one of totals.
    fn has_totals(&self) -> bool {
        true
    }
    /// Starts reading.
    fn begin<'a>(&self, plan: &'a Plan<'a>) -> Result<Box<dyn Rows + 'a>, ImportError>;

    /// The names of the fields, for messages.
    fn field_names(&self) -> String {
        self.fields().iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
    }
}

/// Whether the file has this field.
pub(super) fn has(columns: &[Option<usize>], field: usize) -> bool {
    columns.get(field).copied().flatten().is_some()
}

/// Where a file's currency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CurrencyField {
    /// It has no amounts.
    NoAmounts,
    /// Nowhere, or in this field where the column is there.
    At(Option<usize>),
}

/// Where the records of a file go.
pub(super) type Sink<'a> = dyn FnMut(AnyRecord) -> Result<(), ImportError> + 'a;

/// The reading of one file.
pub(super) trait Rows {
    /// Takes one row, or says why not.
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError>;
    /// Gives the records once all rows are read; `report` is completed with what only the whole file tells.
    fn finish(
        self: Box<Self>,
        sink: &mut Sink<'_>,
        rejects: &mut Rejects,
        report: &mut FileReport,
        work: &dyn Work,
    ) -> Result<(), ImportError>;
}
