//! What did each group bring?

use serde::Serialize;

use super::figures::{change, change_unit, few};
use super::{Args, Output};
use crate::domain::{Cell, Column, Segment, Span, Table};
use crate::tool::ToolContext;
use crate::warehouse::Warehouse;
use crate::warehouse::metrics::{Group, GroupKey, Metric, Sums, Tally};

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// First day of the time bucket or cohort; id of the product; else the name; nothing for rows without one.
    pub key: Option<String>,
    /// As people call it.
    pub name: Option<String>,
    /// The days of a time bucket.
    pub days: Option<Span>,
    /// The range cuts the time bucket.
    pub partial: bool,
    /// The figure; nothing where there is nothing to divide by.
    pub value: Option<f64>,
    /// A ratio that rests on fewer than 30 things.
    pub few: bool,
    /// The figure of the same group (of time: the bucket at the same place) in the earlier period.
    pub previous: Option<f64>,
    /// Relative change; for shares the difference.
    pub change: Option<f64>,
    /// A cohort's figure by months since its first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub months: Vec<Months>,
    #[serde(skip)]
    group: GroupKey,
}

/// A cohort in one month of its life.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Months {
    /// 0 for the month of the first order.
    pub since: i32,
    /// The figure.
    pub value: f64,
}

/// Months since the first order that the table shows; the output has all.
const MONTHS_SHOWN: [(i32, &str); 6] =
    [(0, "month_0"), (1, "month_1"), (2, "month_2"), (3, "month_3"), (6, "month_6"), (12, "month_12")];

/// All groups: time in order, cohorts in order, the rest highest first, ties by id.
pub(super) fn rows(
    ctx: &ToolContext<'_>,
    args: &Args,
    now: &Tally,
    before: Option<&(Span, Tally)>,
) -> Vec<Row> {
    let Some(group) = args.group_by else { return Vec::new() };
    let earlier: &[(GroupKey, Sums)] = before.map_or(&[], |(_, tally)| &tally.groups);
    let mut rows: Vec<Row> = Vec::new();
    for (at, (key, sums)) in now.groups.iter().enumerate() {
        let was = match key {
            GroupKey::Time(_) => earlier.get(at),
            _ => earlier.iter().find(|(earlier, _)| earlier == key),
        };
        let sums_before = was.map(|(_, sums)| *sums).or_else(|| absent_before(before.is_some(), *key));
        let mut row = row(ctx.warehouse, (args.metric, group), *key, sums, sums_before.as_ref());
        if was.is_some_and(|(was, _)| !alike(*key, *was)) {
            row.change = None;
        }
        rows.push(row);
    }
    if !group.is_time() {
        let only_before = earlier.iter().filter(|(key, _)| !now.groups.iter().any(|(now, _)| now == key));
        for (key, sums) in only_before {
            rows.push(row(ctx.warehouse, (args.metric, group), *key, &Sums::default(), Some(sums)));
        }
    }
    for cell in &now.cohorts {
        if let Some(row) = rows.iter_mut().find(|row| row.group == GroupKey::Cohort(cell.cohort)) {
            row.months.push(Months { since: cell.months_since, value: cell.value });
        }
    }
    if !group.is_time() && group != Group::CohortMonth {
        by_value(&mut rows);
    }
    rows
}

/// A part of a month is not set against a whole one.
fn alike(now: GroupKey, before: GroupKey) -> bool {
    match (now, before) {
        (GroupKey::Time(now), GroupKey::Time(before)) => {
            now.span.days() == before.span.days() || !(now.partial || before.partial)
        }
        _ => true,
    }
}

/// An entity that did not occur before had nothing; a time bucket without a counterpart is not known.
fn absent_before(compared: bool, key: GroupKey) -> Option<Sums> {
    (compared && !matches!(key, GroupKey::Time(_))).then(Sums::default)
}

/// The highest; buckets cut by the range's ends are never the best.
pub(super) fn keep_highest(rows: &mut Vec<Row>, top: usize) {
    if rows.iter().any(|row| !row.partial) {
        rows.retain(|row| !row.partial);
    }
    by_value(rows);
    rows.truncate(top);
}

/// Highest first, ties by id.
fn by_value(rows: &mut [Row]) {
    let value = |row: &Row| row.value.unwrap_or(f64::NEG_INFINITY);
    rows.sort_by(|a, b| value(b).total_cmp(&value(a)).then(id_order(a.group).cmp(&id_order(b.group))));
}

/// Tables of the warehouse are in the order of their ids; rows without one come last.
fn id_order(key: GroupKey) -> i64 {
    match key {
        GroupKey::Time(bucket) => i64::from(bucket.start.0),
        GroupKey::Cohort(month) => i64::from(month.0),
        GroupKey::Row(Some(row)) => i64::from(row),
        GroupKey::Segment(Some(segment)) => segment as i64,
        GroupKey::Row(None) | GroupKey::Segment(None) => i64::MAX - 1,
        GroupKey::Unkeyed => i64::MAX,
    }
}

fn row(
    warehouse: &Warehouse,
    (metric, group): (Metric, Group),
    key: GroupKey,
    sums: &Sums,
    before: Option<&Sums>,
) -> Row {
    let value = metric.value(sums);
    let previous = before.and_then(|sums| metric.value(sums));
    let (id, name) = named(warehouse, group, key);
    let (days, partial) = match key {
        GroupKey::Time(bucket) => (Some(bucket.span), bucket.partial),
        _ => (None, false),
    };
    Row {
        key: id,
        name,
        days,
        partial,
        value,
        few: few(metric, sums),
        previous,
        change: change(metric, value, previous),
        months: Vec::new(),
        group: key,
    }
}

/// Key and, where it is another, name of a group.
fn named(warehouse: &Warehouse, group: Group, key: GroupKey) -> (Option<String>, Option<String>) {
    let at = |names: &[String], row: u32| names.get(row as usize).cloned();
    match key {
        GroupKey::Time(bucket) => (Some(bucket.start.to_string()), None),
        GroupKey::Cohort(day) => (Some(day.to_string()), None),
        GroupKey::Segment(segment) => (Some(segment.map_or("not_yet_customer", Segment::key).into()), None),
        GroupKey::Unkeyed | GroupKey::Row(None) => (None, None),
        GroupKey::Row(Some(row)) => match group {
            Group::Category => (at(&warehouse.categories, row), None),
            Group::City => (at(&warehouse.cities, row), None),
            Group::Channel => (at(&warehouse.channels, row), None),
            _ => (at(&warehouse.products.id, row), at(&warehouse.products.name, row)),
        },
    }
}

impl Row {
    /// The word of `prompts/words/label.toml` for a row without a name.
    pub(super) fn absent(&self) -> &'static str {
        if self.group == GroupKey::Unkeyed { "no_customer_key" } else { "none_given" }
    }
}

/// The groups as a table: name, figure, and where compared the earlier figure and the change.
pub(super) fn table(args: &Args, output: &Output) -> Option<Table> {
    let group = args.group_by?;
    let unit = args.metric.unit(output.currency);
    let column = |key: &str, unit| Column { key: key.into(), unit };
    let mut columns = vec![column(group.key(), None), column(args.metric.key(), Some(unit))];
    let compared = output.comparison.is_some();
    if compared {
        columns.push(column("previous", Some(unit)));
        columns.push(column("change", Some(change_unit(args.metric))));
    }
    let cohorts = group == Group::CohortMonth;
    if cohorts {
        columns.extend(MONTHS_SHOWN.iter().map(|(_, key)| column(key, Some(unit))));
    }
    let rows = output.groups.iter().map(|row| {
        let mut cells = vec![label(row), number(row.value)];
        if compared {
            cells.extend([number(row.previous), number(row.change)]);
        }
        if cohorts {
            let at = |since| row.months.iter().find(|month| month.since == since).map(|month| month.value);
            cells.extend(MONTHS_SHOWN.iter().map(|(since, _)| number(at(*since))));
        }
        cells
    });
    Some(Table { rows: rows.collect(), columns })
}

fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Empty, Cell::Number)
}

fn label(row: &Row) -> Cell {
    match (row.group, &row.name, &row.key) {
        (GroupKey::Time(bucket), _, _) => Cell::Day(bucket.start),
        (GroupKey::Cohort(month), _, _) => Cell::Day(month),
        (_, Some(name), _) => Cell::Text(name.clone()),
        (_, None, Some(key)) => Cell::Text(key.clone()),
        (_, None, None) => Cell::Text(row.absent().into()),
    }
}
