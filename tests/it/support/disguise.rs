//! The same table in other clothes: encodings, delimiters, a workbook, an archive.

use std::io::{Cursor, Write};

use encoding_rs::GB18030;
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
    let mut rows = String::new();
    for (row, record) in records(text).enumerate() {
        let cells = record.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
        let cells: String = cells.map(|(column, cell)| text_cell(row, column, cell)).collect();
        rows += &format!("<row r=\"{}\">{cells}</row>", row + 1);
    }
    book(&[("orders", &rows)], &[])
}

/// `A1` for 0 and 0.
fn place(row: usize, column: usize) -> String {
    let mut name = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        name.insert(0, char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap()));
        rest = (rest - 1) / 26;
    }
    format!("{name}{}", row + 1)
}

pub(crate) fn text_cell(row: usize, column: usize, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let place = place(row, column);
    format!("<c r=\"{place}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>")
}

/// A number; `style` 1 is a moment.
pub(crate) fn number_cell(row: usize, column: usize, number: &str, style: u8) -> String {
    format!("<c r=\"{}\" s=\"{style}\"><v>{number}</v></c>", place(row, column))
}

/// A workbook of sheets, each the XML of its rows, and of the texts that cells share.
pub(crate) fn book(sheets: &[(&str, &str)], shared: &[&str]) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
    };
    let relations = |inner: String| format!("<Relationships xmlns=\"{PACKAGE}\">{inner}</Relationships>");
    let mut named = String::new();
    let mut related =
        relation("s", "styles", "styles.xml") + &relation("t", "sharedStrings", "sharedStrings.xml");
    let mut files = Vec::new();
    for (n, (name, rows)) in sheets.iter().enumerate() {
        named += &format!("<sheet name=\"{name}\" sheetId=\"{}\" r:id=\"r{n}\"/>", n + 1);
        related += &relation(&format!("r{n}"), "worksheet", &format!("worksheets/sheet{n}.xml"));
        let sheet = format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>");
        files.push((format!("xl/worksheets/sheet{n}.xml"), sheet));
    }
    let shared: String = shared.iter().map(|text| format!("<si><t>{text}</t></si>")).collect();
    files.push(("[Content_Types].xml".into(), "<Types/>".into()));
    files.push(("_rels/.rels".into(), relations(relation("w", "officeDocument", "xl/workbook.xml"))));
    files.push((
        "xl/workbook.xml".into(),
        format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>{named}</sheets></workbook>"),
    ));
    files.push(("xl/_rels/workbook.xml.rels".into(), relations(related)));
    files.push(("xl/sharedStrings.xml".into(), format!("<sst xmlns=\"{MAIN}\">{shared}</sst>")));
    let styles = format!(
        "<styleSheet xmlns=\"{MAIN}\"><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"
    );
    files.push(("xl/styles.xml".into(), styles));
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    zipped(&files)
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
