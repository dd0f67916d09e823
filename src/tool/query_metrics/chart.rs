//! Which picture goes with a metric?
//!
//! Time is a line, with the earlier period behind it; cohorts by month of life are a heat map; other groups are bars.
//! A single figure, or a single group, is said better in words.

use super::{Args, Output, Row};
use crate::domain::{Axis, Caption, Chart, ChartKind, Day, Label, Point, Segment, Series, Unit};
use crate::warehouse::metrics::{Group, Metric};

/// Bars that a picture takes; the rest is in the table.
const BARS: usize = 20;
/// The same where each group has two.
const GROUPS: usize = 12;
/// A line of more points is a blur.
const POINTS: usize = 1_100;
/// Months of a cohort's life, and cohorts, that fit.
const MONTHS: i32 = 12;
const COHORTS: usize = 24;

pub(super) fn charts(args: &Args, output: &Output) -> Vec<Chart> {
    let known = output.groups.iter().filter(|row| row.value.is_some()).count();
    let Some(group) = args.group_by.filter(|_| known > 1) else { return Vec::new() };
    let cohorts = group == Group::CohortMonth;
    let lives = output.groups.iter().any(|row| row.months.len() > 1);
    let chart = if cohorts && lives {
        lifetimes(args, output)
    } else if (group.is_time() || cohorts) && args.top.is_none() {
        over_time(args, output, group)
    } else {
        by_group(args, output, group)
    };
    chart.into_iter().collect()
}

fn new(kind: ChartKind, caption: &str, args: &Args, output: &Output, group: Group) -> Chart {
    let filter = &output.filter;
    let names = [&filter.category, &filter.product, &filter.city, &filter.channel];
    let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    let title = Caption::new(caption)
        .with("metric", args.metric.key())
        .with("group", group.key())
        .with("names", names)
        .with("segment", filter.segment.map(Segment::key));
    let x = Axis::of_names(Label::word("column", group.key()));
    Chart::new(kind, title, x, Axis::of(metric(args.metric), unit(args, output)))
}

fn unit(args: &Args, output: &Output) -> Unit {
    args.metric.unit(output.currency)
}

fn metric(metric: Metric) -> Label {
    Label::word("metric", metric.key())
}

fn over_time(args: &Args, output: &Output, group: Group) -> Option<Chart> {
    if output.groups.len() > POINTS {
        return None;
    }
    let mut chart = new(ChartKind::Line, "metric_over_time", args, output, group);
    let bucket = if group == Group::CohortMonth { "month" } else { group.key() };
    chart.categories = output.groups.iter().map(|row| Label::time(bucket, start(row))).collect();
    let points = output.groups.iter().map(|row| Point::of(row.value).partial(row.partial));
    chart.series = vec![Series::main(metric(args.metric), points.collect())];
    chart.series.extend(before(args, &output.groups));
    Some(chart)
}

/// The same figure in the earlier period, where there is any.
fn before(args: &Args, rows: &[Row]) -> Option<Series> {
    let compare = args.compare_to?;
    if rows.iter().all(|row| row.previous.is_none()) {
        return None;
    }
    let points = rows.iter().map(|row| Point::of(row.previous)).collect();
    Some(Series::before(Label::word("compare", compare.key()), points))
}

fn by_group(args: &Args, output: &Output, group: Group) -> Option<Chart> {
    let earlier = before(args, &output.groups).is_some();
    let (kind, most) = if earlier { (ChartKind::GroupedBar, GROUPS) } else { (ChartKind::Bar, BARS) };
    let rows = output.groups.get(..most.min(output.groups.len()))?;
    let mut chart = new(kind, "metric_by_group", args, output, group);
    chart.categories = rows.iter().map(|row| named(row, group)).collect();
    let points = rows.iter().map(|row| Point::of(row.value).partial(row.partial)).collect();
    chart.series = vec![Series::main(metric(args.metric), points)];
    chart.series.extend(before(args, rows));
    chart.of = Some(output.groups_in_all).filter(|all| *all > rows.len());
    Some(chart)
}

/// A row a cohort, the newest at the foot; a column a month of its life.
fn lifetimes(args: &Args, output: &Output) -> Option<Chart> {
    let mut chart = new(ChartKind::HeatMap, "metric_by_cohort", args, output, Group::CohortMonth);
    let mut rows: Vec<&Row> = output.groups.iter().collect();
    rows.sort_by_key(|row| start(row));
    let newest = rows.get(rows.len().saturating_sub(COHORTS)..)?;
    let last = newest.iter().flat_map(|row| &row.months).map(|month| month.since).max()?.min(MONTHS);
    chart.x = Axis::of_names(Label::word("column", "months_since"));
    chart.y = Axis::of(Label::word("column", "cohort_month"), unit(args, output));
    chart.categories =
        (0..=last).map(|month| Label::Figure { value: f64::from(month), unit: Unit::Months }).collect();
    chart.series = newest
        .iter()
        .map(|row| {
            let at = |since| row.months.iter().find(|month| month.since == since).map(|month| month.value);
            Series::main(
                Label::time("month", start(row)),
                (0..=last).map(|since| Point::of(at(since))).collect(),
            )
        })
        .collect();
    Some(chart)
}

/// First day of a time bucket or cohort.
fn start(row: &Row) -> Day {
    row.key.as_deref().and_then(Day::parse).unwrap_or_default()
}

fn named(row: &Row, group: Group) -> Label {
    let name = row.name.as_ref().or(row.key.as_ref());
    let key = row.key.as_deref().unwrap_or_default();
    match group {
        Group::Segment if Segment::from_key(key).is_some() => Label::word("segment", key),
        group if group.is_time() => Label::time(group.key(), start(row)),
        Group::CohortMonth => Label::time("month", start(row)),
        _ => Label::Name(name.cloned().unwrap_or_else(|| row.absent().to_owned())),
    }
}
