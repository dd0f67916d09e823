//! How do rows look in a terminal, and in a sentence?

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table as TextTable, Width, presets};
use unicode_width::UnicodeWidthStr as _;

use super::numbers::{Style, date, figure, period, probability};
use crate::domain::{Cell, Column, Day, Label, Lang, Span, Table, Unit};
use crate::prompts::Prompts;

/// Widest terminal line we fill.
const WIDTH: u16 = 110;

/// A column's head in this language.
pub fn head(prompts: &Prompts, column: &Column, lang: Lang) -> String {
    prompts.word("column", &column.key, lang).replace('_', " ")
}

/// A row's cells as people read them: numbers in full, keys of vocabularies (`segment`, `tier`) as words.
pub fn cells(prompts: &Prompts, columns: &[Column], row: &[Cell], lang: Lang, style: Style) -> Vec<String> {
    columns.iter().zip(row).map(|(column, cell)| self::cell(prompts, column, cell, lang, style)).collect()
}

fn cell(prompts: &Prompts, column: &Column, cell: &Cell, lang: Lang, style: Style) -> String {
    match (cell, column.unit) {
        (Cell::Number(value), Some(Unit::Share)) if column.key.starts_with("p_") => probability(*value, lang),
        (Cell::Number(value), Some(unit)) => figure(*value, unit, lang, style),
        (Cell::Number(value), None) => figure(*value, Unit::Count, lang, style),
        (Cell::Day(day), _) if column.key == "week" && style == Style::Sentence => {
            period(Span { from: *day, to: day.plus(6) }, lang)
        }
        (Cell::Day(day), _) => match (calendar(&column.key, *day), style) {
            (Some(span), _) => period(span, lang),
            (None, Style::Full) => day.to_string(),
            (None, Style::Sentence) => date(*day, lang),
        },
        // A vocabulary of the column's own name turns keys into words, `label` those that stand for no name; other
        // text stays as the data has it.
        (Cell::Text(text), _) => match prompts.said(&column.key, text, lang) {
            same if same == *text => prompts.word("label", text, lang).to_owned(),
            word => word,
        },
        (Cell::Empty, _) => "–".into(),
    }
}

/// What stands beside a point, a series or an axis of a chart, in full.
pub fn label(prompts: &Prompts, label: &Label, lang: Lang) -> String {
    match label {
        // Keys that stand for no name (`none_given`) come as names, as in tables.
        Label::Name(name) => prompts.word("label", name, lang).to_owned(),
        Label::Word { kind, key } => prompts.said(kind, key, lang),
        Label::Time { start, .. } => {
            label.span().map_or_else(|| date(*start, lang), |span| period(span, lang))
        }
        Label::Figure { value, unit } => figure(*value, *unit, lang, Style::Sentence),
    }
}

/// The month or quarter that a day stands for as the name of a row.
fn calendar(column: &str, day: Day) -> Option<Span> {
    match column {
        "cohort_month" => Span::of_bucket("month", day),
        "month" | "quarter" => Span::of_bucket(column, day),
        _ => None,
    }
}

/// The whole table with heads, drawn with lines.
pub fn text_table(prompts: &Prompts, table: &Table, lang: Lang, width: Option<u16>) -> String {
    let mut drawn = TextTable::new();
    drawn.load_style(presets::UTF8_FULL_CONDENSED);
    drawn.set_content_arrangement(ContentArrangement::Dynamic);
    drawn.set_width(width.unwrap_or(WIDTH));
    drawn.set_header(table.columns.iter().map(|column| head(prompts, column, lang)).collect::<Vec<_>>());
    let mut whole = vec![0; table.columns.len()];
    for row in &table.rows {
        let texts = cells(prompts, &table.columns, row, lang, Style::Full);
        for ((whole, cell), text) in whole.iter_mut().zip(row).zip(&texts) {
            if !matches!(cell, Cell::Text(_)) {
                *whole = text.width().max(*whole);
            }
        }
        drawn.add_row(texts);
    }
    for (index, (column, whole)) in table.columns.iter().zip(whole).enumerate() {
        let Some(drawn) = drawn.column_mut(index) else { continue };
        if column.unit.is_some() {
            drawn.set_cell_alignment(CellAlignment::Right);
        }
        // A number or a day is never broken; names and heads may be.
        let with_padding = u16::try_from(whole + 2).unwrap_or(u16::MAX);
        drawn.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(with_padding)));
    }
    drawn.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Currency;

    #[test]
    fn a_narrow_terminal_breaks_names_and_never_numbers() {
        let column = |key: &str, unit| Column { key: key.into(), unit };
        let money = Some(Unit::Money(Currency::EUR));
        let table = Table {
            columns: vec![column("name", None), column("clv", money), column("past_value", money)],
            rows: vec![vec![
                Cell::Text("Wilhelmina van der Heuvel-Hendriks".into()),
                Cell::Number(1_512_745.27),
                Cell::Number(411_932.8),
            ]],
        };
        let text = text_table(&Prompts::load().unwrap(), &table, Lang::En, Some(44));
        assert!(text.contains("€1,512,745.27") && text.contains("€411,932.80"), "{text}");
        assert!(text.lines().all(|line| line.width() <= 44), "{text}");
    }

    #[test]
    fn full_cents_words_and_dashes() {
        let column = |key: &str, unit| Column { key: key.into(), unit };
        let table = Table {
            columns: vec![
                column("name", None),
                column("segment", None),
                column("clv", Some(Unit::Money(Currency::EUR))),
                column("p_alive", Some(Unit::Share)),
            ],
            rows: vec![vec![
                Cell::Text("Emma Clark".into()),
                Cell::Text("at_risk".into()),
                Cell::Number(12_345.5),
                Cell::Empty,
            ]],
        };
        let prompts = Prompts::load().unwrap();
        let text = text_table(&prompts, &table, Lang::Zh, None);
        for part in ["Emma Clark", "有流失风险", "€12,345.50", "–"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }
}
