//! How are the columns of a CSV file read, gzip or not? Row by row, once.
//!
//! A first line with a tab and no comma makes it tab-separated.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use anyhow::Context;
use flate2::read::MultiGzDecoder;

use super::{Coder, EMPTY, Fault, Kind, Place, Values, count, day, number};

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A first line longer than this is not looked at to its end.
const FIRST_LINE: u64 = 1 << 16;

fn rows(path: &Path, has_names: bool) -> anyhow::Result<csv::Reader<Box<dyn Read>>> {
    let mut head = Vec::new();
    File::open(path)?.take(2).read_to_end(&mut head)?;
    let plain = BufReader::new(File::open(path)?);
    let plain: Box<dyn Read> =
        if head == GZIP { Box::new(MultiGzDecoder::new(plain)) } else { Box::new(plain) };
    let mut plain = BufReader::new(plain);
    let mut first = Vec::new();
    (&mut plain).take(FIRST_LINE).read_until(b'\n', &mut first)?;
    let delimiter = if first.contains(&b'\t') && !first.contains(&b',') { b'\t' } else { b',' };
    let all: Box<dyn Read> = Box::new(std::io::Cursor::new(first).chain(plain));
    let mut builder = csv::ReaderBuilder::new();
    Ok(builder.trim(csv::Trim::Headers).delimiter(delimiter).has_headers(has_names).from_reader(all))
}

/// The first line's cells.
pub(super) fn names(path: &Path) -> anyhow::Result<Vec<String>> {
    Ok(rows(path, true)?.headers()?.iter().map(str::to_owned).collect())
}

/// The wanted columns, and the line of each row.
pub(super) fn read(
    path: &Path,
    names: &[String],
    wanted: &[(usize, Kind)],
    has_names: bool,
) -> anyhow::Result<(Vec<Values>, Vec<u64>)> {
    let mut rows = rows(path, has_names)?;
    let mut columns: Vec<Growing> = wanted.iter().map(|(_, kind)| Growing::new(*kind)).collect();
    let mut lines = Vec::new();
    let mut row = csv::StringRecord::new();
    while rows.read_record(&mut row).with_context(|| format!("{}: a row cannot be read", path.display()))? {
        lines.push(row.position().map_or(0, csv::Position::line));
        for ((place, _), column) in wanted.iter().zip(&mut columns) {
            let cell = row.get(*place).unwrap_or_default().trim();
            if let Err(why) = column.add(cell) {
                let row = lines.len() - 1;
                return Err(Place { path: path.to_owned(), lines: Some(lines) }.fault(
                    row,
                    &names[*place],
                    cell,
                    why,
                ));
            }
        }
    }
    Ok((columns.into_iter().map(Growing::done).collect(), lines))
}

enum Growing {
    Numbers(Vec<f64>),
    Counts(Vec<u32>),
    Days(Vec<crate::domain::Day>),
    Keys(Coder),
}

impl Growing {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Number => Self::Numbers(Vec::new()),
            Kind::Count => Self::Counts(Vec::new()),
            Kind::Day => Self::Days(Vec::new()),
            Kind::Key => Self::Keys(Coder::default()),
        }
    }

    fn add(&mut self, cell: &str) -> Result<(), Fault> {
        if cell.is_empty() {
            return Err(EMPTY);
        }
        match self {
            Self::Numbers(column) => column.push(number(cell)?),
            Self::Counts(column) => column.push(number(cell).and_then(count)?),
            Self::Days(column) => column.push(day(cell)?),
            Self::Keys(column) => column.add(cell),
        }
        Ok(())
    }

    fn done(self) -> Values {
        match self {
            Self::Numbers(column) => Values::Numbers(column),
            Self::Counts(column) => Values::Counts(column),
            Self::Days(column) => Values::Days(column),
            Self::Keys(column) => column.done(),
        }
    }
}
