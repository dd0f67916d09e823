//! How are the columns of a Parquet file read? Each on a thread of its own, a batch at a time.
//!
//! Flat columns only. Dates are Parquet's dates, timestamps (the day as written) or ISO texts; ids whole numbers or
//! texts; numbers any numeric type, decimals included.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, anyhow};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::schema::types::ColumnDescPtr;
use rayon::prelude::*;

use super::{Coder, EMPTY, Fault, Keys, Kind, NO_DAY, NO_NUMBER, Names, Place, Values, count, day, number};
use crate::domain::Day;

/// The first bytes of every such file.
pub(super) const MAGIC: [u8; 4] = *b"PAR1";
/// Rows read at a time.
const BATCH: usize = 1 << 16;
/// Whole ids below this find their code by place, not by hash: at most 64 MiB.
const DENSE: i64 = 1 << 24;

/// The columns' names.
pub(super) fn names(path: &Path) -> anyhow::Result<Vec<String>> {
    let reader = SerializedFileReader::new(File::open(path)?)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    Ok(schema.columns().iter().map(|column| column.path().string()).collect())
}

/// The wanted columns.
pub(super) fn read(path: &Path, names: &[String], wanted: &[(usize, Kind)]) -> anyhow::Result<Vec<Values>> {
    let read = |(place, kind): &(usize, Kind)| {
        let column = Column::open(path, *place, &names[*place])
            .with_context(|| format!("{} cannot be read", path.display()))?;
        column.read(*kind)
    };
    wanted.par_iter().map(read).collect()
}

struct Column<'a> {
    reader: SerializedFileReader<File>,
    at: usize,
    name: &'a str,
    descriptor: ColumnDescPtr,
    place: Place,
}

impl<'a> Column<'a> {
    fn open(path: &Path, at: usize, name: &'a str) -> anyhow::Result<Self> {
        let reader = SerializedFileReader::new(File::open(path)?)?;
        let descriptor = reader.metadata().file_metadata().schema_descr().column(at);
        Ok(Self { reader, at, name, descriptor, place: Place { path: path.to_owned(), lines: None } })
    }

    fn read(&self, kind: Kind) -> anyhow::Result<Values> {
        Ok(match kind {
            Kind::Number => Values::Numbers(self.numbers(Ok)?),
            Kind::Count => Values::Counts(self.numbers(count)?),
            Kind::Day => Values::Days(self.days()?),
            Kind::Key => self.keys()?,
        })
    }

    fn numbers<T>(&self, take: impl Fn(f64) -> Result<T, Fault>) -> anyhow::Result<Vec<T>> {
        let finite = |value: f64| if value.is_finite() { take(value) } else { Err(NO_NUMBER) };
        let scale = 0.1_f64.powi(self.descriptor.type_scale().max(0));
        match self.descriptor.physical_type() {
            Physical::DOUBLE => self.map::<DoubleType, T>(|value| finite(*value)),
            Physical::FLOAT => self.map::<FloatType, T>(|value| finite(f64::from(*value))),
            Physical::INT32 => self.map::<Int32Type, T>(|value| finite(f64::from(*value) * scale)),
            Physical::INT64 => self.map::<Int64Type, T>(|value| finite(*value as f64 * scale)),
            Physical::BYTE_ARRAY => {
                self.map::<ByteArrayType, T>(|value| number(text(value)?).and_then(finite))
            }
            other => Err(self.unread(other, "a number")),
        }
    }

    fn days(&self) -> anyhow::Result<Vec<Day>> {
        let a_day = match (self.descriptor.logical_type_ref(), self.descriptor.converted_type()) {
            (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) => Some(1),
            (Some(LogicalType::Timestamp(stamp)), _) => Some(match stamp.unit {
                TimeUnit::MILLIS => 86_400_000,
                TimeUnit::MICROS => 86_400_000_000,
                TimeUnit::NANOS => 86_400_000_000_000,
            }),
            (None, ConvertedType::TIMESTAMP_MILLIS) => Some(86_400_000),
            (None, ConvertedType::TIMESTAMP_MICROS) => Some(86_400_000_000),
            _ => None,
        };
        let whole =
            |value: i64, a_day: i64| i32::try_from(value.div_euclid(a_day)).map(Day).map_err(|_| NO_DAY);
        match (self.descriptor.physical_type(), a_day) {
            (Physical::INT32, Some(a_day)) => {
                self.map::<Int32Type, Day>(|value| whole(i64::from(*value), a_day))
            }
            (Physical::INT64, Some(a_day)) => self.map::<Int64Type, Day>(|value| whole(*value, a_day)),
            (Physical::BYTE_ARRAY, _) => self.map::<ByteArrayType, Day>(|value| day(text(value)?)),
            (other, _) => Err(self.unread(other, "a date")),
        }
    }

    fn keys(&self) -> anyhow::Result<Values> {
        match self.descriptor.physical_type() {
            Physical::INT32 => {
                let mut coder = NumberCoder::default();
                self.each::<Int32Type>(|value| {
                    coder.add(i64::from(*value));
                    Ok(())
                })?;
                Ok(coder.done())
            }
            Physical::INT64 => {
                let mut coder = NumberCoder::default();
                self.each::<Int64Type>(|value| {
                    coder.add(*value);
                    Ok(())
                })?;
                Ok(coder.done())
            }
            Physical::BYTE_ARRAY => {
                let mut coder = Coder::default();
                self.each::<ByteArrayType>(|value| {
                    coder.add(text(value)?);
                    Ok(())
                })?;
                Ok(coder.done())
            }
            other => Err(self.unread(other, "an id")),
        }
    }

    fn map<P: DataType, T>(&self, take: impl Fn(&P::T) -> Result<T, Fault>) -> anyhow::Result<Vec<T>> {
        let rows = self.reader.metadata().file_metadata().num_rows();
        // A damaged file may promise any number of rows.
        let mut column = Vec::with_capacity(usize::try_from(rows).unwrap_or(0).min(1 << 26));
        self.each::<P>(|value| {
            column.push(take(value)?);
            Ok(())
        })?;
        Ok(column)
    }

    /// Gives every value of the column; an empty cell is a fault.
    fn each<P: DataType>(&self, mut take: impl FnMut(&P::T) -> Result<(), Fault>) -> anyhow::Result<()> {
        let unreadable = || format!("{}, column {} cannot be read", self.place.path.display(), self.name);
        let (mut values, mut levels) = (Vec::with_capacity(BATCH), Vec::new());
        let highest = self.descriptor.max_def_level();
        let mut row = 0;
        for group in 0..self.reader.num_row_groups() {
            let group = self.reader.get_row_group(group).with_context(unreadable)?;
            let column = group.get_column_reader(self.at).with_context(unreadable)?;
            let mut column = P::get_column_reader(column).with_context(unreadable)?;
            loop {
                values.clear();
                levels.clear();
                let wanted = (highest > 0).then_some(&mut levels);
                let (records, _, _) =
                    column.read_records(BATCH, wanted, None, &mut values).with_context(unreadable)?;
                if records == 0 {
                    break;
                }
                if let Some(empty) = levels.iter().position(|level| *level < highest) {
                    return Err(self.place.fault(row + empty, self.name, "", EMPTY));
                }
                for (n, value) in values.iter().enumerate() {
                    take(value)
                        .map_err(|why| self.place.fault(row + n, self.name, &format!("{value}"), why))?;
                }
                row += records;
            }
        }
        Ok(())
    }

    fn unread(&self, physical: Physical, as_what: &str) -> anyhow::Error {
        anyhow!(
            "{}, column {}: its type {physical} cannot be read as {as_what}; write it as a number, a date or text",
            self.place.path.display(),
            self.name
        )
    }
}

fn text(value: &ByteArray) -> Result<&str, Fault> {
    match value.as_utf8() {
        Ok("") => Err(EMPTY),
        Ok(text) => Ok(text),
        Err(_) => Err("is not text; write it as UTF-8"),
    }
}

/// Gives each whole id its code.
#[derive(Default)]
struct NumberCoder {
    codes: Vec<u32>,
    names: Vec<i64>,
    /// Code + 1 by id, for ids from 0 to [`DENSE`].
    dense: Vec<u32>,
    known: std::collections::HashMap<i64, u32, foldhash::fast::RandomState>,
}

impl NumberCoder {
    fn add(&mut self, id: i64) {
        let code = if (0..DENSE).contains(&id) {
            let place = id as usize;
            if place >= self.dense.len() {
                self.dense.resize((place + 1).next_power_of_two(), 0);
            }
            if self.dense[place] == 0 {
                self.names.push(id);
                self.dense[place] = self.names.len() as u32;
            }
            self.dense[place] - 1
        } else {
            let names = &mut self.names;
            *self.known.entry(id).or_insert_with(|| {
                names.push(id);
                names.len() as u32 - 1
            })
        };
        self.codes.push(code);
    }

    fn done(self) -> Values {
        Values::Keys(Keys { codes: self.codes, names: Names::Numbers(self.names) })
    }
}
