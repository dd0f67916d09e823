//! Does every customer or product stand in the file once?

use std::collections::BTreeMap;

use super::row::Row;
use super::{FileReport, ImportError};

/// Records by id with the line each was read from. The lists of a shop's customers and products fit into memory;
/// its orders, which may not, go another way.
pub(super) struct Once<R> {
    kind: &'static str,
    records: BTreeMap<String, (u64, R)>,
    repeats: u64,
}

impl<R: PartialEq> Once<R> {
    pub(super) fn new(kind: &'static str) -> Self {
        Self { kind, records: BTreeMap::new(), repeats: 0 }
    }

    /// Adds a record; the same once more is counted, another under its id stops the import.
    pub(super) fn add(&mut self, row: &Row<'_>, id: &str, record: R) -> Result<(), ImportError> {
        self.add_or_join(row, id, record, |_, _| false)
    }

    /// The same; where `join` can put both together they are one.
    pub(super) fn add_or_join(
        &mut self,
        row: &Row<'_>,
        id: &str,
        record: R,
        join: impl Fn(&mut R, &R) -> bool,
    ) -> Result<(), ImportError> {
        let Some((first, known)) = self.records.get_mut(id) else {
            self.records.insert(id.to_owned(), (row.line, record));
            return Ok(());
        };
        if *known == record {
            self.repeats += 1;
        } else if !join(known, &record) {
            return Err(ImportError::Duplicate {
                file: row.file.to_owned(),
                kind: self.kind,
                id: super::reject::clip(id),
                first: *first,
                second: row.line,
            });
        }
        Ok(())
    }

    pub(super) fn finish(
        self,
        mut sink: impl FnMut(R) -> Result<(), ImportError>,
        report: &mut FileReport,
    ) -> Result<(), ImportError> {
        report.repeats = self.repeats;
        self.records.into_values().try_for_each(|(_, record)| sink(record))
    }
}
