//! How does one number follow another?
//!
//! Calibration, deciles, response to spend: lines over a numeric axis with their bands, and a dashed line to judge by.

use super::canvas::Anchor;
use super::line::{band, below, lines, marks, names, ordinate};
use super::look::{GAP, GRID, MUTED, SMALL};
use super::scale::{self, Scale};
use super::sheet::Sheet;
use super::text::{LINE, fitted, width};
use crate::domain::{Chart, Unit};

pub(super) fn draw(chart: &Chart, sheet: &mut Sheet<'_>) -> f64 {
    sheet.subtitle(chart, false);
    let axis_height = 2.0 * SMALL * LINE + GAP + 3.0;
    let (plot, y) = ordinate(chart, sheet, axis_height);
    let xs = chart.series.iter().flat_map(|series| &series.points).filter_map(|point| point.x);
    let range = scale::range(xs).unwrap_or((0.0, 0.0));
    let unit = chart.x.unit.unwrap_or(Unit::Ratio);
    let range = if range.0 > 0.0 && range.0 < 0.3 * range.1 { scale::from_zero(range) } else { range };
    let x = Scale::nice(range, 5.0, unit).between(plot.left, plot.right);
    let row = below(plot);
    let mut free_from = f64::NEG_INFINITY;
    for (tick, text) in x.ticks.iter().zip(x.labels(unit, sheet.lang)) {
        let (at, half) = (x.place(*tick), width(&text, SMALL) / 2.0);
        sheet.canvas.line((at, plot.top), (at, plot.bottom), GRID, 1.0);
        if at - half > free_from {
            sheet.canvas.text(&text, (at, row), SMALL, MUTED, Anchor::Middle);
            free_from = at + half + GAP;
        }
    }
    let name = fitted(&sheet.axis(&chart.x.label), SMALL, plot.right - plot.left);
    sheet.canvas.text(&name, (plot.right, row + SMALL * LINE), SMALL, MUTED, Anchor::End);
    let across = |_: usize, point: &crate::domain::Point| point.x.map(|value| x.place(value));
    band(chart, sheet, &y, &across);
    let lines = lines(chart, &y, &across);
    marks(chart, sheet, &lines);
    names(chart, sheet, plot, &lines);
    plot.bottom + axis_height
}
