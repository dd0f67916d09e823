//! How does a table leave for a spreadsheet?
//!
//! CSV as Excel opens it (UTF-8 with BOM; a text that would be a formula is escaped, rule 17 of IMPORT_FORMATS §2), or
//! a workbook with real dates and numbers in the currency's own digits. Heads and words in the asker's language.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};

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

/// A workbook's bytes.
pub fn xlsx(prompts: &Prompts, table: &Table, lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let bold = Format::new().set_bold();
    for (at, column) in (0..).zip(&table.columns) {
        sheet.write_string_with_format(0, at, head(prompts, column, lang), &bold)?;
    }
    for (at, row) in (1..).zip(&table.rows) {
        let words = cells(prompts, &table.columns, row, lang, Style::Full);
        for (((place, column), cell), words) in (0..).zip(&table.columns).zip(row).zip(words) {
            match (cell, column.unit) {
                (Cell::Number(value), Some(Unit::Date)) => date(sheet, (at, place), day_of(*value))?,
                (Cell::Number(value), unit) => {
                    let (value, format) = number(*value, unit);
                    sheet.write_number_with_format(at, place, value, &format)?;
                }
                (Cell::Day(day), _) => date(sheet, (at, place), *day)?,
                // A string cell is never read as a formula.
                (Cell::Text(_), _) => {
                    sheet.write_string(at, place, words)?;
                }
                (Cell::Empty, _) => {}
            }
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofit();
    book.save_to_buffer()
}

fn date(sheet: &mut rust_xlsxwriter::Worksheet, at: (u32, u16), day: Day) -> Result<(), XlsxError> {
    let date = day.date();
    let format = Format::new().set_num_format("yyyy-mm-dd");
    let year = u16::try_from(date.year()).unwrap_or(1900);
    let date = ExcelDateTime::from_ymd(year, date.month().unsigned_abs(), date.day().unsigned_abs())?;
    sheet.write_datetime_with_format(at.0, at.1, &date, &format)?;
    Ok(())
}

/// The cell's value and how it is shown.
fn number(value: f64, unit: Option<Unit>) -> (f64, Format) {
    let shown = |format: &str| Format::new().set_num_format(format);
    match unit {
        Some(Unit::Money(currency)) => {
            let digits = currency.digits() as usize;
            let decimals = if digits == 0 { String::new() } else { format!(".{}", "0".repeat(digits)) };
            (value, shown(&format!("\"{}\"#,##0{decimals}", currency.symbol())))
        }
        Some(Unit::Share) => (value, shown("0.0%")),
        Some(Unit::Change) => (value, shown("+0.0%;-0.0%;0.0%")),
        Some(Unit::Points) => (value * 100.0, shown("+0.0\" pp\";-0.0\" pp\";0.0\" pp\"")),
        Some(Unit::Ratio) => (value, shown("0.00")),
        Some(Unit::Year) => (value, shown("0")),
        _ if (value - value.round()).abs() < 1e-9 => (value, shown("#,##0")),
        _ => (value, shown("#,##0.00")),
    }
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
        assert_eq!(lines[1], "\"'=HYPERLINK(\"\"x\"\")\",有流失风险,2026-06-30,12345.50,0.4241,3");
        assert_eq!(lines[2], "\"Müller, \"\"Anna\"\"\",,,-2.00,,2.25");
    }

    #[test]
    fn a_workbook_keeps_formulas_as_text() {
        let bytes = xlsx(&Prompts::load().unwrap(), &table(), Lang::En).unwrap();
        assert!(bytes.starts_with(b"PK"), "a workbook is a zip");
    }
}
