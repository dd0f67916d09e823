//! Which columns does a plain file have, and what stands in them?
//!
//! Every fault names file, line, column, value and mend.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use flate2::read::MultiGzDecoder;

use crate::domain::Day;

/// A column that was found.
pub(super) struct Column {
    name: String,
    place: usize,
}

/// A CSV file, gzip or not, row by row.
pub(super) struct Reader {
    file: PathBuf,
    rows: csv::Reader<Box<dyn Read>>,
    names: csv::StringRecord,
    row: csv::StringRecord,
    lines: Vec<u64>,
}

/// Where the rows stood, for faults found later.
pub(super) struct Columns {
    file: PathBuf,
    lines: Vec<u64>,
}

const GZIP: [u8; 2] = [0x1f, 0x8b];

impl Reader {
    pub(super) fn open(file: &Path) -> anyhow::Result<Self> {
        let what = || format!("{} cannot be read", file.display());
        let mut head = Vec::new();
        File::open(file).with_context(what)?.take(4).read_to_end(&mut head).with_context(what)?;
        if head.starts_with(b"PAR1") {
            bail!("{} is a Parquet file; write it as CSV", file.display());
        }
        let plain = BufReader::new(File::open(file).with_context(what)?);
        let plain: Box<dyn Read> =
            if head.starts_with(&GZIP) { Box::new(MultiGzDecoder::new(plain)) } else { Box::new(plain) };
        let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(plain);
        let names = rows.headers().with_context(what)?.clone();
        if names.iter().all(str::is_empty) {
            bail!("{} is empty; the first line must name the columns", file.display());
        }
        Ok(Self { file: file.to_owned(), rows, names, row: csv::StringRecord::new(), lines: Vec::new() })
    }

    /// A column by one of its names, any case.
    pub(super) fn column(&self, names: &[&str]) -> anyhow::Result<Column> {
        self.optional(names).with_context(|| {
            let found: Vec<&str> = self.names.iter().collect();
            format!(
                "{} has no column {}; its columns are {}",
                self.file.display(),
                names.join(" or "),
                found.join(", ")
            )
        })
    }

    /// The same where the column may be absent.
    pub(super) fn optional(&self, names: &[&str]) -> Option<Column> {
        let exact = |name: &str| names.contains(&name);
        let folded = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let place = self.names.iter().position(exact).or_else(|| self.names.iter().position(folded))?;
        Some(Column { name: self.names.get(place)?.to_owned(), place })
    }

    /// Goes to the next row; `false` at the end.
    pub(super) fn next(&mut self) -> anyhow::Result<bool> {
        let more = self
            .rows
            .read_record(&mut self.row)
            .with_context(|| format!("{}: a row cannot be read", self.file.display()))?;
        if more {
            self.lines.push(self.row.position().map_or(0, csv::Position::line));
        }
        Ok(more)
    }

    /// The cell as it is; never empty.
    pub(super) fn text(&self, column: &Column) -> anyhow::Result<&str> {
        match self.row.get(column.place) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.fault(column, "", "is empty; every row needs a value")),
        }
    }

    /// A finite number.
    pub(super) fn number(&self, column: &Column) -> anyhow::Result<f64> {
        let text = self.text(column)?;
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(self.fault(column, text, "is not a number; write it like 12.5")),
        }
    }

    /// A whole number of at least 0.
    pub(super) fn count(&self, column: &Column) -> anyhow::Result<u32> {
        let number = self.number(column)?;
        if number >= 0.0 && number <= f64::from(u32::MAX) && number.fract().abs() < f64::EPSILON {
            return Ok(number as u32);
        }
        Err(self.fault(column, self.text(column)?, "is not a count; write a whole number of at least 0"))
    }

    /// A date, with or without a time after it.
    pub(super) fn day(&self, column: &Column) -> anyhow::Result<Day> {
        let text = self.text(column)?;
        let date = text.split([' ', 'T']).next().unwrap_or(text);
        Day::parse(date).ok_or_else(|| self.fault(column, text, "is not a date; write YYYY-MM-DD"))
    }

    /// The end of reading.
    pub(super) fn done(self) -> Columns {
        Columns { file: self.file, lines: self.lines }
    }

    fn fault(&self, column: &Column, value: &str, why: &str) -> anyhow::Error {
        fault(&self.file, self.lines.last().copied(), &column.name, value, why)
    }
}

impl Columns {
    /// The file's name.
    pub(super) fn file(&self) -> String {
        self.file.display().to_string()
    }

    /// A fault in a row (from 0).
    pub(super) fn fault(&self, row: usize, column: &str, value: &str, why: &str) -> anyhow::Error {
        fault(&self.file, self.lines.get(row).copied(), column, value, why)
    }
}

fn fault(file: &Path, line: Option<u64>, column: &str, value: &str, why: &str) -> anyhow::Error {
    let line = line.unwrap_or_default();
    anyhow::anyhow!("{} line {line}, column {column}: {value:?} {why}", file.display())
}
