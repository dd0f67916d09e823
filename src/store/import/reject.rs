//! Which rows were left out, and what mends them?

use std::fmt;

use serde::Serialize;

use super::ImportError;

/// Rows named one by one; the others are counted.
const NAMED: usize = 10;
/// A file may lose this many rows, or one in a hundred if that is more, before nothing of it is stored.
const TOLERATED_ROWS: u64 = 10;
const TOLERATED_SHARE: u64 = 100;

/// One row that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reject {
    /// Line of the file, 1-based.
    pub line: u64,
    /// The column as the file names it.
    pub field: String,
    /// What stands there.
    pub value: String,
    /// Why that cannot be.
    pub reason: String,
    /// What to do.
    pub mend: String,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, field, value, reason, mend } = self;
        write!(f, "line {line}, {field}: {value:?} {reason}; {mend}")
    }
}

/// The rejected rows of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rejects {
    /// How many.
    pub count: u64,
    /// The first ten.
    pub first: Vec<Reject>,
}

impl Rejects {
    pub(super) fn add(&mut self, reject: Reject) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(reject);
        }
    }

    /// Stops where too many of the rows were rejected.
    pub(super) fn check(&self, file: &str, rows: u64) -> Result<(), ImportError> {
        // A small file of which no row is good is no import either.
        let none_left = rows > 0 && self.count >= rows;
        if self.count > TOLERATED_ROWS.max(rows / TOLERATED_SHARE) || none_left {
            let first = self.first.clone();
            return Err(ImportError::TooManyRejected {
                file: file.to_owned(),
                rejected: self.count,
                rows,
                first,
            });
        }
        Ok(())
    }
}

/// What happens at one row: it is left out, or the whole file is.
#[derive(Debug)]
pub(super) enum RowError {
    Reject(Reject),
    Stop(ImportError),
}

impl From<Reject> for RowError {
    fn from(reject: Reject) -> Self {
        Self::Reject(reject)
    }
}

impl From<ImportError> for RowError {
    fn from(error: ImportError) -> Self {
        Self::Stop(error)
    }
}
