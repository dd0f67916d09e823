//! How do rows read on a telephone?
//!
//! A narrow table in characters of one width, columns one below the other; a wider one, or one with Chinese in it
//! (whose characters are not twice as wide as Latin ones on every telephone), row by row: the name, and below it what
//! it has under each head, in a line that a telephone may break anywhere.

use unicode_width::UnicodeWidthStr as _;

use super::html::{Rich, Style};
use crate::domain::{Lang, Table};
use crate::prompts::Prompts;
use crate::render::numbers::Style as Digits;
use crate::render::{cells, head};

/// Characters of one width in a line of a telephone held upright.
const WIDEST: usize = 34;
/// Rows that are shown.
const ROWS: usize = 20;
/// A cell without a value.
const EMPTY: &str = "–";

/// Adds a table to a text.
pub(super) fn add(text: &mut Rich, prompts: &Prompts, table: &Table, lang: Lang) {
    let heads: Vec<String> = table.columns.iter().map(|column| head(prompts, column, lang)).collect();
    let shown = if table.rows.len() > ROWS + ROWS / 4 { ROWS } else { table.rows.len() };
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .take(shown)
        .map(|row| cells(prompts, &table.columns, row, lang, Digits::Full))
        .collect();
    if rows.is_empty() {
        return;
    }
    let numeric: Vec<bool> = table.columns.iter().map(|column| column.unit.is_some()).collect();
    match aligned(&heads, &rows, &numeric) {
        Some(lines) => text.push(Style::Fixed, lines),
        None => listed(text, prompts, table, &heads, &rows, lang),
    }
    if shown < table.rows.len() {
        let line = prompts.message("telegram.more_rows", lang).unwrap_or_default();
        text.push(
            Style::Plain,
            format!("\n{}", line.replace("{{ n }}", &(table.rows.len() - shown).to_string())),
        );
    }
}

/// Columns one below the other; `None` where a line would be too wide, or the widths are not to be relied on.
fn aligned(heads: &[String], rows: &[Vec<String>], numeric: &[bool]) -> Option<String> {
    let all = || std::iter::once(heads).chain(rows.iter().map(Vec::as_slice));
    if all().flatten().any(|cell| cell.width() != cell.chars().count()) {
        return None;
    }
    let widest = |at: usize| all().filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..heads.len()).map(widest).collect();
    if widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1) > WIDEST {
        return None;
    }
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths).zip(numeric).map(|((cell, width), numeric)| match numeric {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    Some(all().map(line).collect::<Vec<_>>().join("\n"))
}

/// Row by row: the name, and what there is of it.
fn listed(
    text: &mut Rich,
    prompts: &Prompts,
    table: &Table,
    heads: &[String],
    rows: &[Vec<String>],
    lang: Lang,
) {
    let is = match lang {
        Lang::En => ": ",
        Lang::Zh => "：",
    };
    // People are known by their names, and by their ids only to tell two of a name apart.
    let named = table.columns.iter().position(|column| column.key == "name").filter(|at| *at > 0);
    for (index, row) in rows.iter().enumerate() {
        let Some(first) = row.first() else { continue };
        let name = named.and_then(|at| row.get(at)).filter(|name| *name != EMPTY);
        let line_end = if index == 0 { "" } else { "\n" };
        text.push(Style::Plain, format!("{line_end}{}. ", index + 1));
        text.push(Style::Bold, name.unwrap_or(first));
        if name.is_some() {
            text.push(Style::Plain, format!(" ({first})"));
        }
        let values = values(prompts, table, row, named, lang);
        let said = match values.as_slice() {
            [] => continue,
            [(_, only)] if heads.len() == 2 => format!("{is}{only}"),
            values => {
                let one = |(at, value): &(usize, String)| {
                    let head = heads.get(*at).map_or("", String::as_str);
                    let numeric = table.columns.get(*at).is_some_and(|column| column.unit.is_some());
                    format!("{head}{}{value}", if numeric { " " } else { is })
                };
                format!("\n{}", values.iter().map(one).collect::<Vec<_>>().join(" · "))
            }
        };
        text.push(Style::Plain, said);
    }
}

/// What a row has behind its name, with the columns' places: its interval stands in brackets behind a figure, and what
/// it has no value for is not worth its words.
fn values(
    prompts: &Prompts,
    table: &Table,
    row: &[String],
    named: Option<usize>,
    lang: Lang,
) -> Vec<(usize, String)> {
    let mut values: Vec<(usize, String)> = Vec::new();
    let ends = |at: usize, end: &str| {
        table.columns.get(at).and_then(|column| column.key.strip_suffix(end)).map(str::to_owned)
    };
    let mut at = 1;
    while let Some(value) = row.get(at) {
        let high =
            row.get(at + 1).filter(|_| ends(at, "lo").is_some() && ends(at, "lo") == ends(at + 1, "hi"));
        match (high, values.last_mut()) {
            (Some(high), Some((before, figure))) if *before + 1 == at => {
                if value != EMPTY {
                    let between = prompts.message("telegram.between", lang).unwrap_or_default();
                    let between = between.replace("{{ lo }}", value).replace("{{ hi }}", high);
                    figure.push_str(&between);
                }
                at += 1;
            }
            _ if Some(at) == named || value == EMPTY => {}
            _ => values.push((at, value.clone())),
        }
        at += 1;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Cell, Column, Currency, Unit};

    fn table(columns: &[(&str, bool)], rows: &[&[&str]]) -> Table {
        let unit = |numeric: bool| numeric.then_some(Unit::Money(Currency::EUR));
        let columns = columns
            .iter()
            .map(|(key, numeric)| Column { key: (*key).into(), unit: unit(*numeric) })
            .collect();
        let cell = |text: &&str| text.parse().map_or_else(|_| Cell::Text((*text).into()), Cell::Number);
        Table { columns, rows: rows.iter().map(|row| row.iter().map(cell).collect()).collect() }
    }

    #[track_caller]
    fn check(table: &Table, lang: Lang, html: &str) {
        let mut text = Rich::default();
        add(&mut text, &Prompts::load().unwrap(), table, lang);
        let all: String = text.parts().into_iter().map(|part| part.html).collect();
        assert_eq!(all, html);
    }

    #[test]
    fn narrow_tables_stand_in_columns_and_others_row_by_row() {
        let narrow = table(&[("city", false), ("revenue", true)], &[&["Paris", "1234.5"], &["Rome", "87"]]);
        check(&narrow, Lang::En, "<pre>city     revenue\nParis  €1,234.50\nRome      €87.00</pre>");
        check(&narrow, Lang::Zh, "1. <b>Paris</b>：€1,234.50\n2. <b>Rome</b>：€87.00");
        let wide = table(
            &[("name", false), ("clv", true), ("past_value", true)],
            &[&["Wilhelmina van der Heuvel & Sons", "1512745.27", "12"]],
        );
        let heads = |lang| {
            let prompts = Prompts::load().unwrap();
            wide.columns.iter().skip(1).map(|column| head(&prompts, column, lang)).collect::<Vec<_>>()
        };
        let [clv, past] = heads(Lang::En).try_into().unwrap();
        let line =
            format!("1. <b>Wilhelmina van der Heuvel &amp; Sons</b>\n{clv} €1,512,745.27 · {past} €12.00");
        check(&wide, Lang::En, &line);
    }

    #[test]
    fn six_columns_read_as_a_name_and_one_line_of_what_it_has() {
        let table = table(
            &[
                ("customer", false),
                ("name", false),
                ("clv", true),
                ("lo", true),
                ("hi", true),
                ("tier", false),
            ],
            &[
                &["C00066", "Harry Klein", "3908.82", "1145.56", "5455.86", "top"],
                &["C00067", "–", "3477.77", "–", "–", "–"],
            ],
        );
        check(
            &table,
            Lang::En,
            "1. <b>Harry Klein</b> (C00066)\nfuture value €3,908.82 (€1,145.56 to €5,455.86) · tier: top tier\n\
             2. <b>C00067</b>\nfuture value €3,477.77",
        );
        check(
            &table,
            Lang::Zh,
            "1. <b>Harry Klein</b> (C00066)\n未来价值 €3,908.82（€1,145.56至€5,455.86） · 价值层：顶级客户层\n\
             2. <b>C00067</b>\n未来价值 €3,477.77",
        );
    }

    #[test]
    fn a_long_table_says_how_many_rows_it_leaves_out() {
        let rows: Vec<Vec<&str>> = (0..40).map(|_| vec!["Paris", "1"]).collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        let mut text = Rich::default();
        add(
            &mut text,
            &Prompts::load().unwrap(),
            &table(&[("city", false), ("revenue", true)], &rows),
            Lang::En,
        );
        let plain: String = text.parts().into_iter().map(|part| part.plain).collect();
        assert_eq!(plain.matches("Paris").count(), ROWS);
        assert!(plain.contains("20 more rows"), "{plain}");
    }
}
