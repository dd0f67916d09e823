//! Where do they gather?
//!
//! A cell a row and column, the deeper the more; every cell carries its value, and its name where it has one. Values
//! below zero take vermillion.

use super::canvas::{Anchor, Colour};
use super::look::{
    FAINT, GAP, GRID, INK, LABEL, MARGIN, MUTED, PAPER, SERIES, SMALL, WIDTH, between, wants_white,
};
use super::scale;
use super::sheet::Sheet;
use super::text::{LINE, fitted, width};
use crate::domain::{Chart, Point};

/// Names of rows take at most this share of the width.
const NAMES: f64 = 0.24;
/// The smallest letters of a value.
const LEAST: f64 = 10.0;

pub(super) fn draw(chart: &Chart, sheet: &mut Sheet<'_>) -> f64 {
    let axes_y = sheet.top + LABEL / 2.0;
    axes(chart, sheet);
    let names: Vec<String> =
        chart.series.iter().map(|series| fitted(&sheet.axis(&series.name), LABEL, WIDTH * NAMES)).collect();
    let widest = names.iter().map(|name| width(name, LABEL)).fold(0.0, f64::max);
    let left = MARGIN + widest + GAP;
    let wide = (WIDTH - MARGIN - left) / chart.categories.len().max(1) as f64;
    let noted = chart.series.iter().flat_map(|series| &series.points).any(|point| point.note.is_some());
    let high = if noted {
        58.0
    } else if chart.series.len() > 10 {
        28.0
    } else {
        42.0
    };
    heads(chart, sheet, left, wide);
    let colours = Colours::of(chart);
    if chart.series.iter().flat_map(|series| &series.points).any(|point| !fits(chart, sheet, point, wide)) {
        key(chart, sheet, &colours, axes_y);
    }
    for (row, (series, name)) in chart.series.iter().zip(&names).enumerate() {
        let top = sheet.top + high * row as f64;
        sheet.canvas.text(name, (left - GAP, top + high / 2.0), LABEL, INK, Anchor::End);
        for (at, point) in series.points.iter().take(chart.categories.len()).enumerate() {
            cell(chart, sheet, point, (left + wide * at as f64, top, wide, high), colours.of_value(point.y));
        }
    }
    sheet.top + high * chart.series.len() as f64
}

/// Both axes' names in one line, each with the way it runs.
fn axes(chart: &Chart, sheet: &mut Sheet<'_>) {
    // An ideographic space: a run of blanks would become one.
    let text = format!("↓ {}\u{3000}→ {}", sheet.axis(&chart.y.label), sheet.axis(&chart.x.label));
    let text = fitted(&text, LABEL, WIDTH * 0.6);
    sheet.canvas.text(&text, (MARGIN, sheet.top + LABEL / 2.0), LABEL, MUTED, Anchor::Start);
    sheet.top += LABEL * LINE + GAP;
}

/// The columns' names; where they are too wide, each n-th.
fn heads(chart: &Chart, sheet: &mut Sheet<'_>, left: f64, wide: f64) {
    let texts: Vec<String> = chart.categories.iter().map(|category| sheet.tick(category).0).collect();
    let widest = texts.iter().map(|text| width(text, SMALL)).fold(0.0, f64::max).min(120.0);
    let every = ((widest + GAP) / wide).ceil().max(1.0) as usize;
    let room = wide * every as f64 - GAP / 2.0;
    for (at, text) in texts.iter().enumerate().step_by(every) {
        let text = fitted(text, SMALL, room);
        let half = width(&text, SMALL) / 2.0;
        let x = (left + wide * (at as f64 + 0.5)).min(WIDTH - 2.0 - half);
        sheet.canvas.text(&text, (x, sheet.top + SMALL / 2.0), SMALL, MUTED, Anchor::Middle);
    }
    sheet.top += SMALL * LINE + 2.0;
}

fn cell(
    chart: &Chart,
    sheet: &mut Sheet<'_>,
    point: &Point,
    (left, top, wide, high): (f64, f64, f64, f64),
    colour: Option<Colour>,
) {
    const BORDER: f64 = 1.0;
    let fill = colour.unwrap_or(GRID);
    sheet.canvas.rect(left + BORDER, top + BORDER, wide - 2.0 * BORDER, high - 2.0 * BORDER, fill);
    let ink = if wants_white(fill) { PAPER } else { INK };
    let (x, y) = (left + wide / 2.0, top + high / 2.0);
    let room = wide - 8.0;
    let value = point.y.map(|value| sheet.value(value, chart.unit())).unwrap_or_default();
    let note = point.note.as_ref().map(|note| fitted(&sheet.axis(note), SMALL, room));
    let size = size_of(&value, room);
    let (down, up) = if note.is_some() { (10.0, 10.0) } else { (0.0, 0.0) };
    if let Some(note) = note {
        sheet.canvas.text(&note, (x, y - up), SMALL, ink, Anchor::Middle);
    }
    if size >= LEAST {
        sheet.canvas.text(&value, (x, y + down), size, ink, Anchor::Middle);
    }
}

/// A number is never cut: it is smaller, or left to the table and the key.
fn size_of(value: &str, room: f64) -> f64 {
    (LABEL * room / width(value, LABEL).max(1.0)).min(LABEL)
}

fn fits(chart: &Chart, sheet: &Sheet<'_>, point: &Point, wide: f64) -> bool {
    point.y.is_none_or(|y| size_of(&sheet.value(y, chart.unit()), wide - 8.0) >= LEAST)
}

/// What the colours mean, where cells have no room for their values.
fn key(chart: &Chart, sheet: &mut Sheet<'_>, colours: &Colours, y: f64) {
    const STEPS: i32 = 8;
    const STEP: f64 = 14.0;
    let (lo, hi) = (sheet.value(colours.lo, chart.unit()), sheet.value(colours.hi, chart.unit()));
    let right = WIDTH - MARGIN;
    let end = right - width(&hi, SMALL) - GAP;
    let start = end - f64::from(STEPS) * STEP;
    for step in 0..STEPS {
        let share = f64::from(step) / f64::from(STEPS - 1);
        let value = colours.lo + (colours.hi - colours.lo) * share;
        if let Some(colour) = colours.of_value(Some(value)) {
            sheet.canvas.rect(start + f64::from(step) * STEP, y - 6.0, STEP + 0.2, 12.0, colour);
        }
    }
    sheet.canvas.text(&hi, (right, y), SMALL, MUTED, Anchor::End);
    sheet.canvas.text(&lo, (start - GAP, y), SMALL, MUTED, Anchor::End);
}

/// From values to colours.
struct Colours {
    lo: f64,
    hi: f64,
}

impl Colours {
    fn of(chart: &Chart) -> Self {
        let values = chart.series.iter().flat_map(|series| &series.points).filter_map(|point| point.y);
        let (lo, hi) = scale::from_zero(scale::range(values).unwrap_or((0.0, 0.0)));
        Self { lo, hi }
    }

    fn of_value(&self, value: Option<f64>) -> Option<Colour> {
        let value = value?;
        let [blue, vermillion, ..] = SERIES;
        let most = self.hi.max(-self.lo);
        let share = if most > 0.0 { value.abs() / most } else { 0.0 };
        // Roots spread what lies low, so that one huge cell does not leave the others alike.
        Some(between(FAINT, if value < 0.0 { vermillion } else { blue }, share.sqrt()))
    }
}
