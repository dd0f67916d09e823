//! What stands in this Parquet file, as plain text?
//!
//! Flat columns become comma-separated text with a header, one line a row: dates and times as ISO (times as they are
//! written, in UTC where the file says so), whole numbers and decimals exactly, an empty cell as nothing.

use std::fs::File;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use parquet::basic::Repetition;
use parquet::data_type::Decimal;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;

use super::ImportError;
use super::source::UNPACKED_BYTES_MAX;
use super::workbook::{number, quoted};
use crate::domain::{Day, Work};

/// The first bytes of every such file.
pub(super) const MAGIC: &[u8] = b"PAR1";
const COLUMNS_MAX: usize = 2_000;
/// Rows between two looks at whether to go on.
const CHECK_ROWS: usize = 4_096;

/// The text of the file.
pub(super) fn text(name: &str, file: File, work: &dyn Work) -> Result<Vec<u8>, ImportError> {
    let damaged = |why: String| ImportError::DamagedParquet { file: name.to_owned(), why };
    let unread = |error: ParquetError| damaged(error.to_string());
    let reader = SerializedFileReader::new(file).map_err(unread)?;
    let schema = reader.metadata().file_metadata().schema().get_fields();
    if schema.len() > COLUMNS_MAX {
        return Err(ImportError::TooLarge { file: name.to_owned(), limit: "2,000 columns" });
    }
    let is_list = |field: &&parquet::schema::types::TypePtr| {
        !field.is_primitive() || field.get_basic_info().repetition() == Repetition::REPEATED
    };
    if let Some(list) = schema.iter().find(is_list) {
        return Err(damaged(format!("its column {} holds lists; write one value a cell", list.name())));
    }
    let mut text = String::new();
    for (at, field) in schema.iter().enumerate() {
        text.push_str(if at == 0 { "" } else { "," });
        quoted(&mut text, field.name());
    }
    text.push('\n');
    for (n, row) in reader.get_row_iter(None).map_err(unread)?.enumerate() {
        if n % CHECK_ROWS == 0 {
            work.check()?;
        }
        for (at, (column, field)) in row.map_err(unread)?.get_column_iter().enumerate() {
            text.push_str(if at == 0 { "" } else { "," });
            write(&mut text, field)
                .map_err(|what| damaged(format!("row {}, column {column}: {what}", n + 1)))?;
        }
        text.push('\n');
        if text.len() as u64 > UNPACKED_BYTES_MAX {
            return Err(ImportError::TooLarge { file: name.to_owned(), limit: "200 MB unpacked" });
        }
    }
    Ok(text.into_bytes())
}

fn write(text: &mut String, field: &Field) -> Result<(), &'static str> {
    const MEND: &str = "such values are not read; write it as a number, a date or text";
    let micros = |moment: i64| Timestamp::from_microsecond(moment).map_err(|_| "no such time");
    match field {
        Field::Null => {}
        Field::Bool(truth) => *text += if *truth { "true" } else { "false" },
        Field::Byte(whole) => *text += &whole.to_string(),
        Field::Short(whole) => *text += &whole.to_string(),
        Field::Int(whole) => *text += &whole.to_string(),
        Field::Long(whole) => *text += &whole.to_string(),
        Field::UByte(whole) => *text += &whole.to_string(),
        Field::UShort(whole) => *text += &whole.to_string(),
        Field::UInt(whole) => *text += &whole.to_string(),
        Field::ULong(whole) => *text += &whole.to_string(),
        Field::Float(fraction) => *text += &number(f64::from(*fraction)),
        Field::Double(fraction) => *text += &number(*fraction),
        Field::Decimal(decimal) => *text += &exact(decimal).ok_or("no such decimal")?,
        Field::Str(words) => quoted(text, words),
        Field::Bytes(bytes) => quoted(text, bytes.as_utf8().map_err(|_| "is not text; write it as UTF-8")?),
        Field::Date(day) => *text += &Day(*day).to_string(),
        Field::TimestampMillis(moment) => *text += &civil(micros(moment.saturating_mul(1_000))?),
        Field::TimestampMicros(moment) => *text += &civil(micros(*moment)?),
        _ => return Err(MEND),
    }
    Ok(())
}

fn civil(moment: Timestamp) -> String {
    TimeZone::UTC.to_datetime(moment).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The digits of a decimal; two more zeros behind the point change nothing and cannot be read as thousands.
fn exact(decimal: &Decimal) -> Option<String> {
    let bytes = decimal.data();
    let negative = bytes.first().is_some_and(|byte| *byte > 127);
    if bytes.len() > 16 {
        return None;
    }
    let mut wide = [if negative { 255 } else { 0 }; 16];
    wide.get_mut(16 - bytes.len()..)?.copy_from_slice(bytes);
    let whole = i128::from_be_bytes(wide);
    let scale = usize::try_from(decimal.scale()).ok()?;
    let digits = format!("{:0>width$}", whole.unsigned_abs(), width = scale + 1);
    let (units, fraction) = digits.split_at_checked(digits.len() - scale)?;
    let sign = if whole < 0 { "-" } else { "" };
    Some(if scale == 0 { format!("{sign}{units}") } else { format!("{sign}{units}.{fraction}00") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_every_digit() {
        let of = |value: i32, scale| exact(&Decimal::from_i32(value, 9, scale)).unwrap();
        assert_eq!((of(1_234, 3), of(-5, 2), of(70, 0)), ("1.23400".into(), "-0.0500".into(), "70".into()));
    }

    #[test]
    fn days_and_times_are_written_as_iso() {
        let of = |field: &Field| {
            let mut text = String::new();
            write(&mut text, field).map(|()| text)
        };
        assert_eq!(of(&Field::Date(20_574)).unwrap(), "2026-05-01");
        assert_eq!(of(&Field::TimestampMillis(1_777_629_600_000)).unwrap(), "2026-05-01 10:00:00");
        assert_eq!(of(&Field::Str("a \"b\"\nc".into())).unwrap(), "\"a \"\"b\"\" c\"");
        assert_eq!(of(&Field::Null).unwrap(), "");
        assert!(of(&Field::TimeMillis(1)).is_err());
    }
}
