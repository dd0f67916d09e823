//! What stands in this Excel workbook, or in this zip archive, as plain text?
//!
//! Rules 1 and 17 of IMPORT_FORMATS. A workbook's first sheet with cells becomes comma-separated text, one line a row,
//! so that the line of a message is the row of the sheet: real dates as ISO dates, numbers with a point. A number of
//! 16 digits has lost its last ones in a spreadsheet and is written so that an id made of it is refused. An archive
//! must hold one file. What is unpacked is counted, whatever the archive says of itself.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use calamine::{DataRef, ExcelDateTime, Reader, SheetVisible, Xlsx, XlsxError};
use jiff::ToSpan;
use jiff::civil::Date;
use zip::ZipArchive;
use zip::result::ZipError;

use super::ImportError;
use super::source::UNPACKED_BYTES_MAX;
use crate::domain::Work;

const TOO_LARGE: &str = "200 MB unpacked";
const COLUMNS_MAX: u32 = 2_000;
/// Cells between two looks at whether to go on.
const CHECK_CELLS: u64 = 8_192;
/// Whole numbers up to here keep all their digits, in a spreadsheet as in a double.
const EXACT_MAX: f64 = 999_999_999_999_999.0;
const EXACT_IN_DOUBLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Text that came out of an archive.
pub(super) struct Unpacked {
    pub(super) bytes: Vec<u8>,
    /// Whether it was a workbook; its text is UTF-8.
    pub(super) is_workbook: bool,
    /// The workbook's other sheets with something in them.
    pub(super) other_sheets: Vec<String>,
}

/// The text of a file that begins with `PK`.
pub(super) fn unpack(name: &str, file: File, work: &dyn Work) -> Result<Unpacked, ImportError> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| zip_error(name, error))?;
    let names = names(name, &mut archive)?;
    let has = |wanted: &str| names.iter().any(|(_, entry)| entry.eq_ignore_ascii_case(wanted));
    let container = |what, mend| ImportError::Container { file: name.to_owned(), what, mend };
    if has("xl/workbook.bin") {
        return Err(container("a binary Excel workbook (.xlsb)", "save it as XLSX or as CSV (UTF-8)"));
    }
    if has("content.xml") && has("mimetype") {
        return Err(container("an OpenDocument sheet", "save it as XLSX or as CSV (UTF-8)"));
    }
    if has("xl/workbook.xml") {
        for (at, _) in &names {
            entry(name, &mut archive, *at, work)?.read_whole(&mut io::sink())?;
        }
        let workbook = Xlsx::new(archive.into_inner()).map_err(|error| workbook_error(name, &error))?;
        return sheet(name, workbook, work);
    }
    let [(only, _)] = names.as_slice() else {
        let entries = names.iter().map(|(_, entry)| entry.as_str()).collect::<Vec<_>>().join(", ");
        return Err(match names.is_empty() {
            true => ImportError::Empty { file: name.to_owned() },
            false => ImportError::SeveralInside { file: name.to_owned(), entries },
        });
    };
    let mut bytes = Vec::new();
    entry(name, &mut archive, *only, work)?.read_whole(&mut bytes)?;
    Ok(Unpacked { bytes, is_workbook: false, other_sheets: Vec::new() })
}

/// The archive's files; what a Mac adds beside them is none.
fn names<R: Read + Seek>(
    file: &str,
    archive: &mut ZipArchive<R>,
) -> Result<Vec<(usize, String)>, ImportError> {
    let mut names = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at).map_err(|error| zip_error(file, error))?;
        if entry.encrypted() {
            return Err(locked(file, "a zip archive with a password"));
        }
        let name = entry.name().map_err(|error| zip_error(file, error))?.into_owned();
        if entry.is_file() && !name.starts_with("__MACOSX/") && !name.ends_with(".DS_Store") {
            names.push((at, name));
        }
    }
    Ok(names)
}

fn entry<'a, R: Read + Seek>(
    file: &'a str,
    archive: &'a mut ZipArchive<R>,
    at: usize,
    work: &'a dyn Work,
) -> Result<Entry<'a, impl Read + 'a>, ImportError> {
    let from = archive.by_index(at).map_err(|error| zip_error(file, error))?;
    Ok(Entry { file, from, work })
}

struct Entry<'a, R> {
    file: &'a str,
    from: R,
    work: &'a dyn Work,
}

impl<R: Read> Entry<'_, R> {
    fn read_whole(mut self, into: &mut dyn io::Write) -> Result<(), ImportError> {
        let io = |source| ImportError::Io { file: self.file.to_owned(), source };
        let (mut chunk, mut total) = (vec![0; 1 << 16], 0);
        loop {
            self.work.check()?;
            let read = self.from.read(&mut chunk).map_err(io)?;
            total += read as u64;
            if total > UNPACKED_BYTES_MAX {
                return Err(too_large(self.file, TOO_LARGE));
            }
            if read == 0 {
                return Ok(());
            }
            into.write_all(chunk.get(..read).unwrap_or_default()).map_err(io)?;
        }
    }
}

/// The first sheet with cells, as comma-separated text.
fn sheet<R: Read + Seek>(
    file: &str,
    mut workbook: Xlsx<R>,
    work: &dyn Work,
) -> Result<Unpacked, ImportError> {
    let visible = workbook.sheets_metadata().iter().filter(|sheet| sheet.visible == SheetVisible::Visible);
    let sheets: Vec<String> = visible.map(|sheet| sheet.name.clone()).collect();
    let mut found: Option<Vec<u8>> = None;
    let mut other_sheets = Vec::new();
    for name in sheets {
        if found.is_some() {
            if has_cells(file, &mut workbook, &name)? {
                other_sheets.push(name);
            }
            continue;
        }
        found = Some(text(file, &mut workbook, &name, work)?).filter(|text| !text.is_empty());
    }
    let bytes = found.ok_or_else(|| ImportError::Empty { file: file.to_owned() })?;
    Ok(Unpacked { bytes, is_workbook: true, other_sheets })
}

fn has_cells<R: Read + Seek>(file: &str, workbook: &mut Xlsx<R>, sheet: &str) -> Result<bool, ImportError> {
    // A sheet of a chart has no cells to read.
    let Ok(mut cells) = workbook.worksheet_cells_reader(sheet) else { return Ok(false) };
    while let Some(cell) = cells.next_cell().map_err(|error| workbook_error(file, &error))? {
        if *cell.get_value() != DataRef::Empty {
            return Ok(true);
        }
    }
    Ok(false)
}

fn text<R: Read + Seek>(
    file: &str,
    workbook: &mut Xlsx<R>,
    sheet: &str,
    work: &dyn Work,
) -> Result<Vec<u8>, ImportError> {
    let mut text = String::new();
    let Ok(mut cells) = workbook.worksheet_cells_reader(sheet) else { return Ok(Vec::new()) };
    let (mut row, mut column, mut count) = (0, 0, 0);
    while let Some(cell) = cells.next_cell().map_err(|error| workbook_error(file, &error))? {
        count += 1;
        if count % CHECK_CELLS == 0 {
            work.check()?;
        }
        let (at_row, at_column) = cell.get_position();
        if *cell.get_value() == DataRef::Empty {
            continue;
        }
        if at_column >= COLUMNS_MAX {
            return Err(too_large(file, "2,000 columns"));
        }
        if at_row < row || (at_row == row && at_column < column) {
            return Err(damaged(file, &format!("cells of row {} are out of order", at_row + 1)));
        }
        while row < at_row {
            // A reader of CSV does not count a line with nothing on it.
            if text.is_empty() || text.ends_with('\n') {
                text.push_str("\"\"");
            }
            text.push('\n');
            (row, column) = (row + 1, 0);
        }
        while column < at_column {
            text.push(',');
            column += 1;
        }
        write(&mut text, cell.get_value());
        if text.len() as u64 > UNPACKED_BYTES_MAX {
            return Err(too_large(file, TOO_LARGE));
        }
    }
    Ok(text.into_bytes())
}

/// One cell; a line break within would move the lines of everything below.
fn write(text: &mut String, value: &DataRef<'_>) {
    match value {
        DataRef::Empty => {}
        DataRef::Int(number) => *text += &whole(*number as f64),
        DataRef::Float(number) => *text += &self::number(*number),
        DataRef::Bool(truth) => *text += if *truth { "true" } else { "false" },
        DataRef::DateTime(moment) => *text += &self::moment(*moment),
        DataRef::String(words) | DataRef::DateTimeIso(words) | DataRef::DurationIso(words) => {
            quoted(text, words);
        }
        DataRef::SharedString(words) => quoted(text, words),
        DataRef::Error(error) => quoted(text, &error.to_string()),
    }
}

pub(super) fn quoted(text: &mut String, words: &str) {
    text.push('"');
    for character in words.chars() {
        match character {
            '"' => *text += "\"\"",
            '\n' | '\r' => text.push(' '),
            character => text.push(character),
        }
    }
    text.push('"');
}

/// A number as digits; a fraction never has three digits, which could be thousands.
pub(super) fn number(number: f64) -> String {
    if number.fract().abs() < f64::EPSILON && number.is_finite() {
        return whole(number);
    }
    let mut digits = number.to_string();
    if digits.split_once('.').is_some_and(|(_, fraction)| fraction.len() == 3) {
        digits.push('0');
    }
    digits
}

/// Beyond 15 digits a spreadsheet puts zeros; without one at the end the number was never in one.
fn whole(number: f64) -> String {
    let never_cut = number.abs() < EXACT_IN_DOUBLE_MAX && number % 10.0 != 0.0;
    if number.abs() <= EXACT_MAX || never_cut {
        return format!("{number:.0}");
    }
    let shown = format!("{number:.14e}");
    match shown.split_once('e') {
        Some((mantissa, exponent)) => format!("{mantissa}E+{exponent:0>2}"),
        None => shown,
    }
}

/// The library knows the workbook's first day; the seconds it would cut off are rounded here.
fn moment(moment: ExcelDateTime) -> String {
    let serial = moment.as_f64();
    let (year, month, day, ..) = moment.to_ymd_hms_milli();
    let narrow = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
    let date = match narrow {
        (Ok(year), Ok(month), Ok(day)) if moment.is_datetime() && serial >= 1.0 => {
            Date::new(year, month, day).ok()
        }
        _ => None,
    };
    let seconds = ((serial - serial.floor()) * 86_400.0).round() as i64;
    let civil = date.and_then(|date| date.at(0, 0, 0, 0).checked_add(seconds.seconds()).ok());
    match civil {
        None => number(serial),
        Some(civil) if seconds % 86_400 == 0 => civil.date().to_string(),
        Some(civil) => civil.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    }
}

fn too_large(file: &str, limit: &'static str) -> ImportError {
    ImportError::TooLarge { file: file.to_owned(), limit }
}

fn locked(file: &str, what: &'static str) -> ImportError {
    let mend = "unpack it with its password, and import what is inside";
    ImportError::Container { file: file.to_owned(), what, mend }
}

fn damaged(file: &str, why: &str) -> ImportError {
    ImportError::DamagedArchive { file: file.to_owned(), why: why.to_owned() }
}

fn zip_error(file: &str, error: ZipError) -> ImportError {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
            locked(file, "a zip archive with a password")
        }
        error => damaged(file, &error.to_string()),
    }
}

fn workbook_error(file: &str, error: &XlsxError) -> ImportError {
    damaged(file, &error.to_string())
}
