//! Which is the largest?
//!
//! Lying bars, so that names of any length stand beside them; every bar carries its value, so there is no axis but
//! the zero line. Several bars a category are one group, told apart by colour and order.

use super::canvas::{Anchor, Colour};
use super::look::{AXIS, GAP, INK, LABEL, MARGIN, MUTED, SMALL, WIDTH};
use super::scale::{self, Scale};
use super::sheet::{Sheet, colour};
use super::text::{fitted, width};
use crate::domain::{Chart, ChartKind, Point};

/// Names take at most this share of the width.
const NAMES: f64 = 0.34;

/// Heights of a row.
struct Rows {
    bar: f64,
    group: f64,
    size: f64,
}

impl Rows {
    fn of(chart: &Chart) -> Self {
        let n = chart.categories.len();
        let k = chart.series.len().max(1) as f64;
        if chart.kind == ChartKind::GroupedBar {
            let bar = if n > 8 { 15.0 } else { 19.0 };
            return Self { bar, group: k * bar + 14.0, size: SMALL };
        }
        let group = if n > 15 { 23.0 } else { 32.0 };
        Self { bar: group - if n > 15 { 6.0 } else { 10.0 }, group, size: if n > 15 { SMALL } else { LABEL } }
    }
}

pub(super) fn draw(chart: &Chart, sheet: &mut Sheet<'_>) -> f64 {
    let legend = chart.kind == ChartKind::GroupedBar && chart.series.len() > 1;
    sheet.subtitle(chart, legend);
    let rows = Rows::of(chart);
    let left = names(chart, sheet, &rows);
    let x = across(chart, sheet, left, &rows);
    let top = sheet.top;
    let bottom = top + rows.group * chart.categories.len() as f64;
    for (index, series) in chart.series.iter().enumerate() {
        for (at, point) in series.points.iter().take(chart.categories.len()).enumerate() {
            let bars = rows.bar * chart.series.len() as f64;
            let start = top + rows.group * at as f64 + (rows.group - bars) / 2.0 + rows.bar * index as f64;
            one(chart, sheet, point, (&x, start, &rows), colour(chart, index));
        }
    }
    sheet.canvas.line((x.place(0.0), top), (x.place(0.0), bottom), AXIS, 1.2);
    bottom
}

/// The categories' names, and where the bars may begin.
pub(super) fn names_of(chart: &Chart, sheet: &mut Sheet<'_>, group: f64, size: f64) -> f64 {
    let most = WIDTH * NAMES;
    let texts: Vec<String> =
        chart.categories.iter().map(|category| fitted(&sheet.axis(category), size, most)).collect();
    let widest = texts.iter().map(|text| width(text, size)).fold(0.0, f64::max);
    let right = MARGIN + widest;
    for (at, text) in texts.iter().enumerate() {
        let y = sheet.top + group * (at as f64 + 0.5);
        sheet.canvas.text(text, (right, y), size, INK, Anchor::End);
    }
    right + GAP
}

fn names(chart: &Chart, sheet: &mut Sheet<'_>, rows: &Rows) -> f64 {
    names_of(chart, sheet, rows.group, if chart.kind == ChartKind::GroupedBar { LABEL } else { rows.size })
}

/// The scale, with room for the values beyond the bars' ends.
fn across(chart: &Chart, sheet: &Sheet<'_>, left: f64, rows: &Rows) -> Scale {
    let points = || chart.series.iter().flat_map(|series| &series.points);
    let ends = points().flat_map(|point| {
        point.y.into_iter().chain(point.interval.into_iter().flat_map(|(lo, hi)| [lo, hi]))
    });
    let range = scale::from_zero(scale::range(ends).unwrap_or((0.0, 0.0)));
    let room = |negative: bool| {
        let texts = points().filter_map(|point| point.y.filter(|y| (*y < 0.0) == negative));
        let widths = texts.map(|y| width(&sheet.value(y, chart.unit()), rows.size) + GAP);
        widths.fold(0.0, f64::max)
    };
    Scale::plain(range).between(left + room(true), WIDTH - MARGIN - room(false))
}

fn one(chart: &Chart, sheet: &mut Sheet<'_>, point: &Point, place: (&Scale, f64, &Rows), look: Colour) {
    let (x, start, rows) = place;
    let (zero, middle) = (x.place(0.0), start + rows.bar / 2.0);
    let Some(y) = point.y else {
        sheet.canvas.text("–", (zero + GAP, middle), rows.size, MUTED, Anchor::Start);
        return;
    };
    let end = x.place(y);
    let (from, to) = (zero.min(end), zero.max(end));
    // A value that is there is seen, however small beside the largest.
    let long = if y == 0.0 { 0.0 } else { (to - from).max(1.0) };
    let from = if y < 0.0 { to - long } else { from };
    let height = rows.bar - if chart.kind == ChartKind::GroupedBar { 1.5 } else { 0.0 };
    sheet.canvas.rect(from, start, long, height, look);
    if point.partial && long > 3.0 {
        sheet.canvas.rect(from + 1.5, start + 1.5, long - 3.0, height - 3.0, super::look::PAPER);
    }
    let mut beyond = end;
    if let Some((lo, hi)) = point.interval {
        let (lo, hi) = (x.place(lo), x.place(hi));
        whisker(sheet, (lo, hi), middle, rows.bar * 0.22, INK);
        beyond = if y < 0.0 { end.min(lo) } else { end.max(hi) };
    }
    let text = sheet.value(y, chart.unit());
    let (at, anchor) =
        if y < 0.0 { (beyond - GAP * 0.75, Anchor::End) } else { (beyond + GAP * 0.75, Anchor::Start) };
    sheet.canvas.text(&text, (at, start + height / 2.0), rows.size, INK, anchor);
}

/// A line between the ends of an interval with a stroke across each.
pub(super) fn whisker(sheet: &mut Sheet<'_>, (lo, hi): (f64, f64), y: f64, half: f64, look: Colour) {
    sheet.canvas.line((lo, y), (hi, y), look, 1.4);
    for end in [lo, hi] {
        sheet.canvas.line((end, y - half), (end, y + half), look, 1.4);
    }
}
