//! How does a table leave for a spreadsheet?
//!
//! CSV as Excel opens it (UTF-8 with BOM; a text that would be a formula is escaped, rule 17 of IMPORT_FORMATS §2), or
//! a workbook with real dates and numbers in the currency's own digits. Heads and words in the asker's language.

use std::io::{Cursor, Write as _};

use unicode_width::UnicodeWidthStr as _;
use zip::ZipWriter;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;

use super::numbers::{Style, day_of};
use super::tables::{cells, head};
use crate::domain::{Cell, Day, Lang, Table, Unit};
use crate::prompts::Prompts;

/// A CSV file's bytes.
pub fn csv(prompts: &Prompts, table: &Table, lang: Lang) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().from_writer(b"\xef\xbb\xbf".to_vec());
    writer.write_record(table.columns.iter().map(|column| harmless(&head(prompts, column, lang))))?;
    for row in &table.rows {
        let words = cells(prompts, &table.columns, row, lang, Style::Full);
        let fields = table.columns.iter().zip(row).zip(words).map(|((column, cell), words)| match cell {
            Cell::Number(value) => plain(*value, column.unit),
            Cell::Day(day) => day.to_string(),
            Cell::Text(_) => harmless(&words),
            Cell::Empty => String::new(),
        });
        writer.write_record(fields)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// A workbook's bytes: Office Open XML with one sheet, its texts inline.
pub fn xlsx(prompts: &Prompts, table: &Table, lang: Lang) -> Result<Vec<u8>, ZipError> {
    let mut formats = Formats::default();
    let sheet = sheet(prompts, table, lang, &mut formats);
    let styles = formats.xml();
    let parts: [(&str, &str); 6] = [
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", RELATIONS),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONS),
        ("xl/styles.xml", &styles),
        ("xl/worksheets/sheet1.xml", &sheet),
    ];
    let mut book = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        book.start_file(name, SimpleFileOptions::default())?;
        book.write_all(DECLARATION.as_bytes())?;
        book.write_all(text.as_bytes())?;
    }
    Ok(book.finish()?.into_inner())
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const CONTENT_TYPES: &str = concat!(
    r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">"#,
    r#"<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>"#,
    r#"<Default Extension="xml" ContentType="application/xml"/>"#,
    r#"<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>"#,
    r#"<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>"#,
    r#"<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>"#,
    "</Types>"
);
const RELATIONS: &str = concat!(
    r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#,
    r#"<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>"#,
    "</Relationships>"
);
const WORKBOOK: &str = concat!(
    r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">"#,
    r#"<sheets><sheet name="mercato" sheetId="1" r:id="rId1"/></sheets></workbook>"#
);
const WORKBOOK_RELATIONS: &str = concat!(
    r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#,
    r#"<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>"#,
    r#"<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>"#,
    "</Relationships>"
);
/// Days from 1899-12-30, the day 0 of spreadsheets, to 1970-01-01.
const SERIAL_OF_1970: i32 = 25_569;
/// The first style after plain and bold; the first number format that is ours.
const FIRST_STYLE: usize = 2;
const FIRST_FORMAT: usize = 164;

fn sheet(prompts: &Prompts, table: &Table, lang: Lang, formats: &mut Formats) -> String {
    let mut xml = concat!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews>"#,
        r#"<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>"#,
        "</sheetView></sheetViews><cols>"
    )
    .to_owned();
    let heads: Vec<String> = table.columns.iter().map(|column| head(prompts, column, lang)).collect();
    let rows: Vec<Vec<String>> =
        table.rows.iter().map(|row| cells(prompts, &table.columns, row, lang, Style::Full)).collect();
    for (at, head) in heads.iter().enumerate() {
        let widest = rows.iter().filter_map(|row| row.get(at)).chain([head]).map(|text| text.width()).max();
        let (at, width) = (at + 1, widest.unwrap_or(0).clamp(8, 60) + 2);
        xml.push_str(&format!(r#"<col min="{at}" max="{at}" width="{width}" customWidth="1"/>"#));
    }
    xml.push_str("</cols><sheetData><row>");
    heads.iter().for_each(|head| text(&mut xml, head, 1));
    xml.push_str("</row>");
    for (row, words) in table.rows.iter().zip(&rows) {
        xml.push_str("<row>");
        for ((column, cell), words) in table.columns.iter().zip(row).zip(words) {
            match (cell, column.unit) {
                (Cell::Number(value), Some(Unit::Date)) => date(&mut xml, day_of(*value), formats),
                (Cell::Number(value), unit) => {
                    let (value, format) = number(*value, unit);
                    xml.push_str(&format!(r#"<c s="{}"><v>{value}</v></c>"#, formats.style(format)));
                }
                (Cell::Day(day), _) => date(&mut xml, *day, formats),
                // An inline string is never read as a formula.
                (Cell::Text(_), _) => text(&mut xml, words, 0),
                (Cell::Empty, _) => xml.push_str("<c/>"),
            }
        }
        xml.push_str("</row>");
    }
    xml + "</sheetData></worksheet>"
}

fn text(xml: &mut String, words: &str, style: usize) {
    let words = escaped(words);
    xml.push_str(&format!(
        r#"<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{words}</t></is></c>"#
    ));
}

fn date(xml: &mut String, day: Day, formats: &mut Formats) {
    let (style, serial) = (formats.style("yyyy-mm-dd".into()), day.0 + SERIAL_OF_1970);
    xml.push_str(&format!(r#"<c s="{style}"><v>{serial}</v></c>"#));
}

/// The number formats of a workbook, each a style.
#[derive(Default)]
struct Formats(Vec<String>);

impl Formats {
    fn style(&mut self, format: String) -> usize {
        let known = self.0.iter().position(|known| *known == format);
        FIRST_STYLE
            + known.unwrap_or_else(|| {
                self.0.push(format);
                self.0.len() - 1
            })
    }

    fn xml(&self) -> String {
        let mut formats = String::new();
        let mut styles = String::new();
        for (at, format) in self.0.iter().enumerate() {
            let id = FIRST_FORMAT + at;
            formats.push_str(&format!(r#"<numFmt numFmtId="{id}" formatCode="{}"/>"#, escaped(format)));
            styles.push_str(&format!(
                r#"<xf numFmtId="{id}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>"#
            ));
        }
        let formats = match self.0.len() {
            0 => String::new(),
            n => format!(r#"<numFmts count="{n}">{formats}</numFmts>"#),
        };
        format!(
            concat!(
                r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{formats}"#,
                r#"<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>"#,
                r#"<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>"#,
                r#"<fills count="2"><fill><patternFill patternType="none"/></fill>"#,
                r#"<fill><patternFill patternType="gray125"/></fill></fills>"#,
                r#"<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>"#,
                r#"<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>"#,
                r#"<cellXfs count="{count}"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>"#,
                r#"<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>{styles}</cellXfs>"#,
                "</styleSheet>"
            ),
            formats = formats,
            count = FIRST_STYLE + self.0.len(),
            styles = styles
        )
    }
}

/// Text inside XML; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => {}
            '\u{fffe}' | '\u{ffff}' => {}
            c => safe.push(c),
        }
    }
    safe
}

/// The cell's value and how it is shown.
fn number(value: f64, unit: Option<Unit>) -> (f64, String) {
    let (value, format) = match unit {
        Some(Unit::Money(currency)) => {
            let digits = currency.digits() as usize;
            let decimals = if digits == 0 { String::new() } else { format!(".{}", "0".repeat(digits)) };
            return (value, format!("\"{}\"#,##0{decimals}", currency.symbol()));
        }
        Some(Unit::Share) => (value, "0.0%"),
        Some(Unit::Change) => (value, "+0.0%;-0.0%;0.0%"),
        Some(Unit::Points) => (value * 100.0, "+0.0\" pp\";-0.0\" pp\";0.0\" pp\""),
        Some(Unit::Ratio) => (value, "0.00"),
        Some(Unit::Year) => (value, "0"),
        _ if (value - value.round()).abs() < 1e-9 => (value, "#,##0"),
        _ => (value, "#,##0.00"),
    };
    (value, format.to_owned())
}

/// Digits only, a point before decimals; money to the currency's digits.
fn plain(value: f64, unit: Option<Unit>) -> String {
    match unit {
        Some(Unit::Money(currency)) => format!("{value:.*}", currency.digits() as usize),
        Some(Unit::Date) => day_of(value).to_string(),
        _ if (value - value.round()).abs() < 1e-9 => format!("{value:.0}"),
        _ => format!("{value:.6}").trim_end_matches('0').to_owned(),
    }
}

/// A text that a spreadsheet would take for a formula is set off.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Column, Currency};

    fn table() -> Table {
        let column = |key: &str, unit| Column { key: key.into(), unit };
        Table {
            columns: vec![
                column("name", None),
                column("segment", None),
                column("last_order", None),
                column("clv", Some(Unit::Money(Currency::EUR))),
                column("share", Some(Unit::Share)),
                column("orders", Some(Unit::Count)),
            ],
            rows: vec![
                vec![
                    Cell::Text("=HYPERLINK(\"x\")".into()),
                    Cell::Text("at_risk".into()),
                    Cell::Day(Day::parse("2026-06-30").unwrap()),
                    Cell::Number(12_345.5),
                    Cell::Number(0.424_1),
                    Cell::Number(3.0),
                ],
                vec![
                    Cell::Text("Müller, \"Anna\"".into()),
                    Cell::Empty,
                    Cell::Empty,
                    Cell::Number(-2.0),
                    Cell::Empty,
                    Cell::Number(2.25),
                ],
            ],
        }
    }

    #[test]
    fn csv_has_a_bom_plain_numbers_and_no_formulas() {
        let bytes = csv(&Prompts::load().unwrap(), &table(), Lang::Zh).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "\u{feff}姓名,客户分群,最近一单,未来价值,占比,订单数");
        assert_eq!(lines[1], "\"'=HYPERLINK(\"\"x\"\")\",有流失风险的客户,2026-06-30,12345.50,0.4241,3");
        assert_eq!(lines[2], "\"Müller, \"\"Anna\"\"\",,,-2.00,,2.25");
    }

    /// A part of a workbook as text.
    fn part(bytes: Vec<u8>, name: &str) -> String {
        let mut book = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut book.by_name(name).unwrap(), &mut text).unwrap();
        text
    }

    #[test]
    fn a_workbook_has_dates_amounts_and_no_formulas() {
        let prompts = Prompts::load().unwrap();
        let bytes = || xlsx(&prompts, &table(), Lang::En).unwrap();
        let sheet = part(bytes(), "xl/worksheets/sheet1.xml");
        for cell in [
            r#"<t xml:space="preserve">=HYPERLINK(&quot;x&quot;)</t>"#,
            r#"<c s="2"><v>46203</v></c>"#, // 2026-06-30
            r#"<c s="3"><v>12345.5</v></c>"#,
            r#"<c s="4"><v>0.4241</v></c>"#,
        ] {
            assert!(sheet.contains(cell), "{cell} in {sheet}");
        }
        assert!(!sheet.contains("<f>"));
        let styles = part(bytes(), "xl/styles.xml");
        for format in ["yyyy-mm-dd", "&quot;€&quot;#,##0.00", "0.0%"] {
            assert!(styles.contains(&format!("formatCode=\"{format}\"")), "{format} in {styles}");
        }
        assert_eq!(bytes(), bytes(), "the same table gives the same bytes");
    }
}
