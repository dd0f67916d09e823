//! Which columns does a plain file have, and what stands in them?
//!
//! CSV (gzip or not) or Parquet, told apart by the first bytes. A command names the columns it wants, then reads them
//! all at once. Every fault names file, line (or row), column, value and mend.

mod csv;
mod parquet;
mod write;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rayon::prelude::*;

pub(super) use write::{Filled, as_csv, write};

use crate::domain::Day;

/// What the cells of a column must be.
#[derive(Clone, Copy)]
enum Kind {
    Number,
    Count,
    Day,
    Key,
}

/// A column that was read.
enum Values {
    Numbers(Vec<f64>),
    Counts(Vec<u32>),
    Days(Vec<Day>),
    Keys(Keys),
}

/// Something a column can be read as.
pub(super) trait Cell {
    /// A whole column of it.
    type Column: Default;
    #[expect(private_interfaces, reason = "only this folder reads")]
    const KIND: Kind;
    #[expect(private_interfaces, reason = "only this folder reads")]
    fn of(values: Values) -> Option<Self::Column>;
}

macro_rules! cell {
    ($(#[$doc:meta])* $cell:ty, $kind:ident, $values:ident, $column:ty) => {
        $(#[$doc])*
        #[expect(private_interfaces, reason = "only this folder reads")]
        impl Cell for $cell {
            type Column = $column;
            const KIND: Kind = Kind::$kind;
            fn of(values: Values) -> Option<$column> {
                if let Values::$values(column) = values { Some(column) } else { None }
            }
        }
    };
}

cell!(
    /// A finite number.
    f64, Number, Numbers, Vec<f64>
);
cell!(
    /// A whole number of at least 0.
    u32, Count, Counts, Vec<u32>
);
cell!(
    /// A date, with or without a time after it.
    Day, Day, Days, Vec<Day>
);
cell!(
    /// An id.
    Keys, Key, Keys, Keys
);

/// Ids as numbers: row `i` has the id `names[codes[i]]`. Names are in the order in which they were first met.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) codes: Vec<u32>,
    pub(super) names: Names,
}

/// The ids themselves, whole numbers where the file has them as such.
pub(super) enum Names {
    Numbers(Vec<i64>),
    Texts(Vec<String>),
}

impl Default for Names {
    fn default() -> Self {
        Self::Texts(Vec::new())
    }
}

impl Names {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Numbers(names) => names.len(),
            Self::Texts(names) => names.len(),
        }
    }

    /// Places in the order of the ids: numbers by size, texts by letters.
    pub(super) fn sorted(&self) -> Vec<u32> {
        /// Sorted beside their names: a name is not sought in memory at every comparison.
        fn places<T: Ord + Send>(names: impl Iterator<Item = T>) -> Vec<u32> {
            let mut named: Vec<(T, u32)> = names.zip(0..).collect();
            named.par_sort_unstable();
            named.into_iter().map(|(_, place)| place).collect()
        }
        match self {
            Self::Numbers(names) => places(names.iter().copied()),
            Self::Texts(names) => places(names.iter()),
        }
    }
}

/// Gives each id its code.
#[derive(Default)]
struct Coder {
    codes: Vec<u32>,
    /// Ids of up to 15 bytes in the table itself: to compare one elsewhere in memory costs more than to read it.
    short: HashMap<u128, u32, foldhash::fast::RandomState>,
    long: HashMap<String, u32, foldhash::fast::RandomState>,
    names: Vec<String>,
}

impl Coder {
    fn add(&mut self, id: &str) {
        let next = self.names.len() as u32;
        let code = match short(id) {
            Some(id) => *self.short.entry(id).or_insert(next),
            None => match self.long.get(id) {
                Some(code) => *code,
                None => *self.long.entry(id.to_owned()).or_insert(next),
            },
        };
        if code == next {
            self.names.push(id.to_owned());
        }
        self.codes.push(code);
    }

    fn done(self) -> Values {
        Values::Keys(Keys { codes: self.codes, names: Names::Texts(self.names) })
    }
}

/// A short id's bytes and their number.
fn short(id: &str) -> Option<u128> {
    let mut bytes = [0; 16];
    bytes[15] = id.len() as u8;
    bytes[..15].get_mut(..id.len())?.copy_from_slice(id.as_bytes());
    Some(u128::from_le_bytes(bytes))
}

/// A file whose columns are known and not yet read.
pub(super) struct Columns {
    path: PathBuf,
    names: Vec<String>,
    wanted: Vec<(usize, Kind)>,
    is_parquet: bool,
    /// Whether the first line of a CSV names the columns.
    has_names: bool,
}

/// A column to be read.
pub(super) struct Wanted<T>(usize, PhantomData<T>);

/// The columns as they were read.
pub(super) struct Read {
    place: Place,
    values: Vec<Option<Values>>,
    names: Vec<String>,
}

/// Where rows stand, for faults.
struct Place {
    path: PathBuf,
    /// Line of each row of a CSV; Parquet has only rows.
    lines: Option<Vec<u64>>,
}

impl Columns {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let what = || format!("{} cannot be read", path.display());
        let mut head = Vec::new();
        File::open(path).with_context(what)?.take(4).read_to_end(&mut head).with_context(what)?;
        let is_parquet = head == parquet::MAGIC;
        let names = if is_parquet { parquet::names(path) } else { csv::names(path) }.with_context(what)?;
        if names.iter().all(String::is_empty) {
            anyhow::bail!("{} is empty; the first line must name the columns", path.display());
        }
        Ok(Self { path: path.to_owned(), names, wanted: Vec::new(), is_parquet, has_names: true })
    }

    /// The same for a file that may begin with its first row, all numbers: its columns then have these names.
    pub(super) fn open_or_named(path: &Path, names: &[&str]) -> anyhow::Result<Self> {
        let mut columns = Self::open(path)?;
        if !columns.is_parquet && columns.names.iter().all(|name| number(name).is_ok()) {
            let name = |place: usize| {
                names.get(place).map_or_else(|| format!("column {}", place + 1), |name| (*name).to_owned())
            };
            columns.names = (0..columns.names.len()).map(name).collect();
            columns.has_names = false;
        }
        Ok(columns)
    }

    /// A column by one of its names, any case.
    pub(super) fn want<T: Cell>(&mut self, names: &[&str]) -> anyhow::Result<Wanted<T>> {
        self.find(names).with_context(|| {
            format!(
                "{} has no column {}; its columns are {}",
                self.path.display(),
                names.join(" or "),
                self.names.join(", ")
            )
        })
    }

    /// The same where the column may be absent.
    pub(super) fn find<T: Cell>(&mut self, names: &[&str]) -> Option<Wanted<T>> {
        let exact = |name: &String| names.contains(&name.as_str());
        let folded = |name: &String| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let place = self.names.iter().position(exact).or_else(|| self.names.iter().position(folded))?;
        self.wanted.push((place, T::KIND));
        Some(Wanted(self.wanted.len() - 1, PhantomData))
    }

    /// Reads every wanted column.
    pub(super) fn read(self) -> anyhow::Result<Read> {
        let names = self.wanted.iter().map(|(place, _)| self.names[*place].clone()).collect();
        let (values, lines) = if self.is_parquet {
            (parquet::read(&self.path, &self.names, &self.wanted)?, None)
        } else {
            let (values, lines) = csv::read(&self.path, &self.names, &self.wanted, self.has_names)?;
            (values, Some(lines))
        };
        let place = Place { path: self.path, lines };
        Ok(Read { place, values: values.into_iter().map(Some).collect(), names })
    }
}

impl Read {
    /// A column, once.
    pub(super) fn take<T: Cell>(&mut self, wanted: &Wanted<T>) -> T::Column {
        self.values[wanted.0].take().and_then(T::of).unwrap_or_default()
    }

    /// The file's name.
    pub(super) fn file(&self) -> String {
        self.place.path.display().to_string()
    }

    /// A fault in a row (from 0) of a column that was read.
    pub(super) fn fault_in<T>(
        &self,
        wanted: &Wanted<T>,
        row: usize,
        value: &str,
        why: &str,
    ) -> anyhow::Error {
        self.fault(row, &self.names[wanted.0], value, why)
    }

    /// A fault in a row (from 0).
    pub(super) fn fault(&self, row: usize, column: &str, value: &str, why: &str) -> anyhow::Error {
        self.place.fault(row, column, value, why)
    }
}

impl Place {
    fn fault(&self, row: usize, column: &str, value: &str, why: &str) -> anyhow::Error {
        let place = match self.lines.as_ref().map(|lines| lines.get(row)) {
            Some(line) => format!("line {}", line.copied().unwrap_or_default()),
            None => format!("row {}", row + 1),
        };
        anyhow::anyhow!("{} {place}, column {column}: {value:?} {why}", self.path.display())
    }
}

/// Why a cell cannot be taken.
type Fault = &'static str;
const EMPTY: Fault = "is empty; every row needs a value";
const NO_NUMBER: Fault = "is not a number; write it like 12.5";
const NO_COUNT: Fault = "is not a count; write a whole number of at least 0";
const NO_DAY: Fault = "is not a date; write YYYY-MM-DD";

fn number(text: &str) -> Result<f64, Fault> {
    text.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or(NO_NUMBER)
}

fn count(number: f64) -> Result<u32, Fault> {
    let whole = number >= 0.0 && number <= f64::from(u32::MAX) && number.fract().abs() < f64::EPSILON;
    whole.then_some(number as u32).ok_or(NO_COUNT)
}

fn day(text: &str) -> Result<Day, Fault> {
    let date = text.split([' ', 'T']).next().unwrap_or(text);
    Day::parse(date).ok_or(NO_DAY)
}
