//! Which rows were left out, and what mends them?
//!
//! All of them stand in a CSV file of the data folder, for a spreadsheet: with a mark for UTF-8, and nothing in it is
//! a formula.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::ImportError;

/// Letters shown of a cell; a cell may be as large as the file.
const SHOWN: usize = 200;
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

/// The rejected rows of a file, as they are told of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// How many.
    pub count: u64,
    /// The first ten.
    pub first: Vec<Reject>,
    /// Where all of them stand; `None` where there are none, and in memory.
    pub file: Option<PathBuf>,
}

/// The rejected rows of a file, while it is read.
#[derive(Default)]
pub(super) struct Rejects {
    count: u64,
    first: Vec<Reject>,
    path: Option<PathBuf>,
    /// Made with the first row.
    file: Option<csv::Writer<File>>,
    /// What kept a row from being written.
    failed: Option<io::Error>,
}

impl Rejects {
    /// `path` is where the rows go; what an earlier import of such a file left there goes away.
    pub(super) fn into_file(path: Option<PathBuf>) -> Result<Self, ImportError> {
        if let Some(path) = &path {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(path, error)),
                _ => {}
            }
        }
        Ok(Self { path, ..Self::default() })
    }

    pub(super) fn add(&mut self, mut reject: Reject) {
        self.count += 1;
        reject.value = clip(&reject.value);
        reject.reason = clip(&reject.reason);
        if self.failed.is_none() {
            self.failed = self.write(&reject).err();
        }
        if self.first.len() < NAMED {
            self.first.push(reject);
        }
    }

    /// The rows as they are told of, once the file is written.
    pub(super) fn close(mut self) -> Result<Rejected, ImportError> {
        self.flush()?;
        let file = self.file.as_ref().and(self.path);
        Ok(Rejected { count: self.count, first: self.first, file })
    }

    fn flush(&mut self) -> Result<(), ImportError> {
        let flushed = self.file.as_mut().map_or(Ok(()), csv::Writer::flush);
        match (self.failed.take().map_or(flushed, Err), &self.path) {
            (Err(error), Some(path)) => Err(io_error(path, error)),
            _ => Ok(()),
        }
    }

    fn write(&mut self, reject: &Reject) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                if let Some(dir) = path.parent() {
                    fs::create_dir_all(dir)?;
                }
                let mut file = File::create(path)?;
                file.write_all("\u{FEFF}".as_bytes())?;
                let mut writer = csv::Writer::from_writer(file);
                writer.write_record(["line", "field", "value", "reason", "mend"])?;
                none.insert(writer)
            }
        };
        let Reject { line, field, value, reason, mend } = reject;
        let line = line.to_string();
        file.write_record([&line, field, value, reason, mend].map(|cell| harmless(cell)))?;
        Ok(())
    }

    /// Stops where too many of the rows were rejected.
    pub(super) fn check(&mut self, file: &str, rows: u64) -> Result<(), ImportError> {
        // A small file of which no row is good is no import either.
        let none_left = rows > 0 && self.count >= rows;
        if self.count > TOLERATED_ROWS.max(rows / TOLERATED_SHARE) || none_left {
            let first = self.first.clone();
            self.flush()?;
            let all = self.file.as_ref().and(self.path.clone());
            return Err(ImportError::TooManyRejected {
                file: file.to_owned(),
                rejected: self.count,
                rows,
                first,
                all,
            });
        }
        Ok(())
    }
}

/// The beginning of a long text.
pub(super) fn clip(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some(_) => text.chars().take(SHOWN).chain(['…']).collect(),
    }
}

/// A spreadsheet takes a cell that begins so for a formula.
fn harmless(cell: &str) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

fn io_error(path: &std::path::Path, source: io::Error) -> ImportError {
    ImportError::Io { file: path.display().to_string(), source }
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
