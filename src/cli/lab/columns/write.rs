//! How does a table of results become a file? CSV, or Parquet where the name ends in `.parquet`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::{
    ColumnCloseResult, ColumnWriter, get_column_writer, get_typed_column_writer_mut as typed,
};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::types::{ColumnPath, Type};
use rayon::prelude::*;

/// A column of results.
pub(in crate::cli::lab) enum Filled {
    /// Whole numbers.
    Ints(Vec<i32>),
    /// Whole ids.
    Longs(Vec<i64>),
    /// Numbers; one that is not finite is an empty cell.
    Numbers(Vec<f64>),
    /// Texts.
    Texts(Vec<String>),
    /// Texts that repeat: places in a short list.
    Words(Vec<u8>, Vec<&'static str>),
}

/// Writes the columns, all of one length.
pub(in crate::cli::lab) fn write(path: &Path, columns: &[(&str, Filled)]) -> anyhow::Result<()> {
    let is_parquet = path.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("parquet"));
    let write = |path| {
        if is_parquet {
            as_parquet(path, columns)
        } else {
            as_csv(BufWriter::new(File::create(path)?), columns)
        }
    };
    write(path).with_context(|| format!("{} cannot be written", path.display()))
}

impl Filled {
    fn len(&self) -> usize {
        match self {
            Self::Ints(column) => column.len(),
            Self::Longs(column) => column.len(),
            Self::Numbers(column) => column.len(),
            Self::Texts(column) => column.len(),
            Self::Words(column, _) => column.len(),
        }
    }

    /// Whether values come often enough for a list of the different ones to be shorter.
    fn repeats(&self) -> bool {
        matches!(self, Self::Ints(_) | Self::Words(..))
    }

    fn cell(&self, row: usize) -> String {
        match self {
            Self::Ints(column) => column[row].to_string(),
            Self::Longs(column) => column[row].to_string(),
            Self::Numbers(column) if column[row].is_finite() => column[row].to_string(),
            Self::Numbers(_) => String::new(),
            Self::Texts(column) => column[row].clone(),
            Self::Words(column, words) => words[usize::from(column[row])].to_owned(),
        }
    }

    fn schema(&self, name: &str) -> anyhow::Result<Type> {
        let (physical, logical) = match self {
            Self::Ints(_) => (Physical::INT32, None),
            Self::Longs(_) => (Physical::INT64, None),
            Self::Numbers(_) => (Physical::DOUBLE, None),
            Self::Texts(_) | Self::Words(..) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let optional = matches!(self, Self::Numbers(column) if column.iter().any(|value| !value.is_finite()));
        let repetition = if optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        Ok(Type::primitive_type_builder(name, physical)
            .with_repetition(repetition)
            .with_logical_type(logical)
            .build()?)
    }

    fn write(&self, column: &mut ColumnWriter<'_>) -> anyhow::Result<()> {
        match self {
            Self::Ints(values) => typed::<Int32Type>(column).write_batch(values, None, None)?,
            Self::Longs(values) => typed::<Int64Type>(column).write_batch(values, None, None)?,
            Self::Numbers(values) => {
                let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
                if finite.len() == values.len() {
                    typed::<DoubleType>(column).write_batch(values, None, None)?
                } else {
                    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_finite())).collect();
                    typed::<DoubleType>(column).write_batch(&finite, Some(&levels), None)?
                }
            }
            Self::Texts(values) => {
                // One piece of memory for all of them.
                let joined = Bytes::from(values.concat());
                let ends = values.iter().scan(0, |end, text| {
                    *end += text.len();
                    Some((*end - text.len(), *end))
                });
                let values: Vec<ByteArray> = ends.map(|(from, to)| joined.slice(from..to).into()).collect();
                typed::<ByteArrayType>(column).write_batch(&values, None, None)?
            }
            Self::Words(places, words) => {
                let words: Vec<ByteArray> = words.iter().map(|word| (*word).into()).collect();
                let values: Vec<ByteArray> =
                    places.iter().map(|place| words[usize::from(*place)].clone()).collect();
                typed::<ByteArrayType>(column).write_batch(&values, None, None)?
            }
        };
        Ok(())
    }
}

/// Writes the columns as CSV.
pub(in crate::cli::lab) fn as_csv(to: impl Write, columns: &[(&str, Filled)]) -> anyhow::Result<()> {
    let mut rows = csv::Writer::from_writer(to);
    rows.write_record(columns.iter().map(|(name, _)| name))?;
    for row in 0..columns.first().map_or(0, |(_, column)| column.len()) {
        rows.write_record(columns.iter().map(|(_, column)| column.cell(row)))?;
    }
    rows.flush()?;
    Ok(())
}

fn as_parquet(path: &Path, columns: &[(&str, Filled)]) -> anyhow::Result<()> {
    let fields =
        columns.iter().map(|(name, column)| column.schema(name).map(Arc::new)).collect::<Result<_, _>>()?;
    let schema = Arc::new(Type::group_type_builder("mercato").with_fields(fields).build()?);
    let mut properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
    for (name, _) in columns.iter().filter(|(_, column)| !column.repeats()) {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(*name), false);
    }
    let properties = Arc::new(properties.build());
    let mut file = SerializedFileWriter::new(File::create(path)?, schema, Arc::clone(&properties))?;
    // Columns are encoded side by side, each into memory, and joined in their order.
    let encode = |at: usize| -> anyhow::Result<(Bytes, ColumnCloseResult)> {
        let mut sink = TrackedWrite::new(Vec::new());
        let pages = Box::new(SerializedPageWriter::new(&mut sink));
        let mut writer = get_column_writer(file.schema_descr().column(at), Arc::clone(&properties), pages);
        columns[at].1.write(&mut writer)?;
        let close = writer.close()?;
        Ok((sink.into_inner()?.into(), close))
    };
    let encoded: Vec<_> = (0..columns.len()).into_par_iter().map(encode).collect::<Result<_, _>>()?;
    let mut group = file.next_row_group()?;
    for (pages, close) in encoded {
        group.append_column(&pages, close)?;
    }
    group.close()?;
    file.close()?;
    Ok(())
}
