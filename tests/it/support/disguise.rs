//! The same table in other clothes: encodings, delimiters, a workbook, an archive.

use std::io::{Cursor, Write};

use encoding_rs::GB18030;
use rust_xlsxwriter::Workbook;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::files::gzip;

pub(crate) fn gb18030(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

pub(crate) fn with_bom(text: &str) -> Vec<u8> {
    format!("\u{FEFF}{text}").into_bytes()
}

/// With its mark, little end first or big.
pub(crate) fn utf16(text: &str, little: bool) -> Vec<u8> {
    let bytes = if little { u16::to_le_bytes } else { u16::to_be_bytes };
    format!("\u{FEFF}{text}").encode_utf16().flat_map(bytes).collect()
}

/// The same cells between other delimiters.
pub(crate) fn delimited(text: &str, delimiter: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    for record in records(text) {
        writer.write_record(&record).unwrap();
    }
    writer.into_inner().unwrap()
}

/// A workbook with every cell as text.
pub(crate) fn workbook(text: &str) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, record) in records(text).enumerate() {
        for (column, cell) in record.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(row as u32, column as u16, cell).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

/// An archive of these files.
pub(crate) fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Each way in which a shop's console or a spreadsheet could hand out the same table.
pub(crate) fn all(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("utf-8", text.as_bytes().to_vec()),
        ("utf-8 with bom", with_bom(text)),
        ("gb18030", gb18030(text)),
        ("utf-16 le", utf16(text, true)),
        ("utf-16 be", utf16(text, false)),
        ("semicolons", delimited(text, b';')),
        ("tabs", delimited(text, b'\t')),
        ("workbook", workbook(text)),
        ("zip", zipped(&[("a.csv", text.as_bytes())])),
        ("gzip", gzip(text.as_bytes())),
    ]
}

fn records(text: &str) -> impl Iterator<Item = csv::StringRecord> + '_ {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    std::iter::from_fn(move || {
        let mut record = csv::StringRecord::new();
        reader.read_record(&mut record).unwrap().then_some(record)
    })
}
