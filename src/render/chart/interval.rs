//! How sure is each value?
//!
//! A dot and the line of its 90 % interval a category, over an axis; the value stands at the right.

use super::bar::{names_of, whisker};
use super::canvas::Anchor;
use super::look::{AXIS, GAP, GRID, INK, LABEL, MARGIN, MUTED, SMALL, WIDTH};
use super::scale::{self, Scale};
use super::sheet::{Sheet, colour};
use super::text::{LINE, width};
use crate::domain::Chart;

pub(super) fn draw(chart: &Chart, sheet: &mut Sheet<'_>) -> f64 {
    sheet.subtitle(chart, chart.series.len() > 1);
    let n = chart.categories.len();
    let (group, size) = if n > 15 { (24.0, SMALL) } else { (32.0, LABEL) };
    let left = names_of(chart, sheet, group, size);
    let bottom = sheet.top + group * n as f64;
    let points = || chart.series.iter().flat_map(|series| &series.points);
    let unit = chart.unit();
    let texts = points().filter_map(|point| Some(width(&sheet.value(point.y?, unit), size)));
    let values = texts.fold(0.0, f64::max);
    let ends = points().flat_map(|point| {
        point.y.into_iter().chain(point.interval.into_iter().flat_map(|(lo, hi)| [lo, hi]))
    });
    let range = scale::from_zero(scale::range(ends).unwrap_or((0.0, 0.0)));
    let x = Scale::nice(range, 4.0, unit).between(left + GAP, WIDTH - MARGIN - values - 2.0 * GAP);
    axis(sheet, &x, bottom, unit);
    let lanes = chart.series.len().max(1) as f64;
    for (index, series) in chart.series.iter().enumerate() {
        let look = colour(chart, index);
        for (at, point) in series.points.iter().take(n).enumerate() {
            let lane = group * 0.5 * ((index as f64 + 0.5) / lanes - 0.5);
            let y = sheet.top + group * (at as f64 + 0.5) + lane;
            if let Some((lo, hi)) = point.interval {
                whisker(sheet, (x.place(lo), x.place(hi)), y, 4.0, look);
            }
            let Some(value) = point.y else { continue };
            let place = (x.place(value), y);
            if point.partial {
                sheet.canvas.ring(place, 4.5, look, 2.0);
            } else {
                sheet.canvas.dot(place, 5.0, look);
            }
            if index == 0 {
                let text = sheet.value(value, unit);
                let middle = sheet.top + group * (at as f64 + 0.5);
                sheet.canvas.text(&text, (WIDTH - MARGIN, middle), size, INK, Anchor::End);
            }
        }
    }
    bottom + GAP + SMALL * LINE
}

/// Grid lines with their numbers below; those that would touch the one before are left out.
fn axis(sheet: &mut Sheet<'_>, x: &Scale, bottom: f64, unit: crate::domain::Unit) {
    let mut free_from = f64::NEG_INFINITY;
    for (tick, text) in x.ticks.iter().zip(x.labels(unit, sheet.lang)) {
        let at = x.place(*tick);
        let look = if *tick == 0.0 { AXIS } else { GRID };
        sheet.canvas.line((at, sheet.top), (at, bottom), look, 1.0);
        let half = width(&text, SMALL) / 2.0;
        let fits = at - half > free_from && at + half < WIDTH - MARGIN / 2.0;
        if fits {
            sheet.canvas.text(&text, (at, bottom + GAP + SMALL * LINE / 2.0), SMALL, MUTED, Anchor::Middle);
            free_from = at + half + GAP;
        }
    }
}
