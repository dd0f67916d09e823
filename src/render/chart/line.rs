//! How did it go over time?
//!
//! The highest, the lowest and the last value are written at their points, unless there are so many lines that one could
//! not tell whose they are; periods that are not whole are hollow and reached by a dashed line; an earlier period is
//! dashed and grey behind.

use super::canvas::{Anchor, TextBox};
use super::look::{AXIS, GAP, GRID, HEIGHT, INK, LABEL, MARGIN, MUTED, SMALL, WIDTH};
use super::scale::{self, Scale};
use super::sheet::{Bounds, Sheet, colour};
use super::text::{LINE, fitted, width};
use crate::domain::{Chart, Point, SeriesRole};

/// Up to so many points each has its dot.
const DOTTED: usize = 20;
/// A line of so few points that stands alone tells each value.
const SHORT: usize = 6;
/// A value beside one of more lines than this may be taken for another's.
const TOLD_APART: usize = 2;
/// Room for names at the ends of lines.
const NAMES: f64 = 150.0;
/// Number of intervals along the ordinate.
const STEPS: f64 = 4.0;

/// The rectangle between the axes.
#[derive(Clone, Copy)]
pub(super) struct Plot {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

pub(super) fn draw(chart: &Chart, sheet: &mut Sheet<'_>) -> f64 {
    sheet.subtitle(chart, false);
    let years = chart.categories.iter().any(|category| sheet.tick(category).1.is_some());
    let axis_height = SMALL * LINE * if years { 2.0 } else { 1.0 } + GAP + 3.0;
    let (plot, y) = ordinate(chart, sheet, axis_height);
    let step = (plot.right - plot.left) / chart.categories.len().max(1) as f64;
    let x = |at: usize| plot.left + step * (at as f64 + 0.5);
    categories(chart, sheet, plot, &x);
    band(chart, sheet, &y, &|at, _| Some(x(at)));
    let lines = lines(chart, &y, &|at, _| Some(x(at)));
    marks(chart, sheet, &lines);
    values(chart, sheet, plot, &lines);
    names(chart, sheet, plot, &lines);
    plot.bottom + axis_height
}

/// The plot's place and the vertical axis with its grid.
pub(super) fn ordinate(chart: &Chart, sheet: &mut Sheet<'_>, axis_height: f64) -> (Plot, Scale) {
    let points = || chart.series.iter().flat_map(|series| &series.points);
    let ends = points().flat_map(|point| {
        point.y.into_iter().chain(point.interval.into_iter().flat_map(|(lo, hi)| [lo, hi]))
    });
    let range = scale::for_line(scale::range(ends).unwrap_or((0.0, 0.0)));
    let y = Scale::nice(range, STEPS, chart.unit());
    let texts = y.labels(chart.unit(), sheet.lang);
    let widest = texts.iter().map(|text| width(text, SMALL)).fold(0.0, f64::max);
    let named = chart.series.len() > 1;
    let names = chart.series.iter().map(|series| width(&sheet.axis(&series.name), LABEL)).fold(0.0, f64::max);
    let right = if named { names.min(NAMES) + GAP } else { 0.0 };
    let plot = Plot {
        left: MARGIN + widest + GAP,
        top: sheet.top + 1.6 * LABEL,
        right: WIDTH - MARGIN - right,
        bottom: HEIGHT - MARGIN - axis_height,
    };
    let y = y.between(plot.bottom, plot.top);
    for (tick, text) in y.ticks.iter().zip(&texts) {
        let at = y.place(*tick);
        let zero = *tick == 0.0;
        let look = if zero { AXIS } else { GRID };
        sheet.canvas.line((plot.left, at), (plot.right, at), look, 1.0);
        sheet.canvas.text(text, (plot.left - GAP, at), SMALL, MUTED, Anchor::End);
    }
    (plot, y)
}

/// Names along the axis: each n-th, so that none touches the next; the year below where it begins.
fn categories(chart: &Chart, sheet: &mut Sheet<'_>, plot: Plot, x: &dyn Fn(usize) -> f64) {
    let ticks: Vec<_> = chart.categories.iter().map(|category| sheet.tick(category)).collect();
    let step = x(1) - x(0);
    let room = |every: usize| step * every as f64 - GAP;
    let most = ticks.iter().map(|(text, _)| width(text, SMALL)).fold(0.0, f64::max).min(110.0);
    let steps = [1, 2, 3, 4, 6, 12].into_iter().chain((13..).take(ticks.len()));
    let every = steps.into_iter().find(|every| room(*every) >= most).unwrap_or(ticks.len().max(1));
    let y = below(plot);
    let mut year_before = None;
    let mut free_from = f64::NEG_INFINITY;
    for (at, (text, year)) in ticks.iter().enumerate().step_by(every) {
        let text = fitted(text, SMALL, room(every).max(most));
        let half = width(&text, SMALL) / 2.0;
        // A long first or last name is moved inside.
        let centre = x(at).clamp(MARGIN + half, WIDTH - MARGIN - half);
        sheet.canvas.text(&text, (centre, y), SMALL, MUTED, Anchor::Middle);
        if let Some(year) = year.as_ref().filter(|year| year_before.as_ref() != Some(*year)) {
            let half = width(year, SMALL) / 2.0;
            if x(at) - half > free_from {
                sheet.canvas.text(year, (x(at), y + SMALL * LINE), SMALL, MUTED, Anchor::Middle);
                free_from = x(at) + half + GAP;
                year_before = Some(year.clone());
            }
        }
    }
}

/// The middle of the line of names below a plot, clear of the number beside its foot.
pub(super) fn below(plot: Plot) -> f64 {
    plot.bottom + GAP + 3.0 + SMALL * LINE / 2.0
}

/// A point in pixels.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) at: usize,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) value: f64,
    pub(super) partial: bool,
}

/// Runs of points without a gap, series by series.
pub(super) type Lines = Vec<Vec<Vec<Place>>>;

/// Where every point lies.
pub(super) fn lines(chart: &Chart, y: &Scale, x: &dyn Fn(usize, &Point) -> Option<f64>) -> Lines {
    let of_series = |points: &[Point]| {
        let mut runs: Vec<Vec<Place>> = vec![Vec::new()];
        for (at, point) in points.iter().enumerate() {
            match (point.y, x(at, point), runs.last_mut()) {
                (Some(value), Some(x), Some(run)) => {
                    run.push(Place { at, x, y: y.place(value), value, partial: point.partial });
                }
                _ => runs.push(Vec::new()),
            }
        }
        runs.retain(|run| !run.is_empty());
        runs
    };
    chart.series.iter().map(|series| of_series(&series.points)).collect()
}

/// The intervals of each series as a band behind it.
pub(super) fn band(
    chart: &Chart,
    sheet: &mut Sheet<'_>,
    y: &Scale,
    x: &dyn Fn(usize, &Point) -> Option<f64>,
) {
    for (index, series) in chart.series.iter().enumerate() {
        let ends: Vec<_> = series
            .points
            .iter()
            .enumerate()
            .filter_map(|(at, point)| Some((x(at, point)?, point.interval?)))
            .collect();
        if let [(x, (lo, hi))] = ends.as_slice() {
            sheet.canvas.line((*x, y.place(*lo)), (*x, y.place(*hi)), colour(chart, index), 2.0);
            continue;
        }
        let upper = ends.iter().map(|(x, (_, hi))| (*x, y.place(*hi)));
        let lower = ends.iter().rev().map(|(x, (lo, _))| (*x, y.place(*lo)));
        let outline: Vec<_> = upper.chain(lower).collect();
        if outline.len() > 2 {
            sheet.canvas.area(&outline, colour(chart, index), 0.18);
        }
    }
}

/// Lines and dots; what is asked for in front.
pub(super) fn marks(chart: &Chart, sheet: &mut Sheet<'_>, lines: &Lines) {
    let front = |index: &usize| chart.series.get(*index).map(|series| series.role) == Some(SeriesRole::Main);
    let (mains, behind): (Vec<usize>, Vec<usize>) = (0..chart.series.len()).partition(|index| front(index));
    for index in behind.into_iter().chain(mains.into_iter().rev()) {
        let colour = colour(chart, index);
        for run in lines.get(index).into_iter().flatten() {
            if !front(&index) {
                sheet.canvas.dashed(
                    &run.iter().map(|place| (place.x, place.y)).collect::<Vec<_>>(),
                    colour,
                    1.8,
                );
                if let [alone] = run.as_slice() {
                    sheet.canvas.ring((alone.x, alone.y), 3.0, colour, 1.8);
                }
                continue;
            }
            for pair in run.windows(2) {
                let [a, b] = pair else { continue };
                if a.partial || b.partial {
                    sheet.canvas.dashed(&[(a.x, a.y), (b.x, b.y)], colour, 1.8);
                }
            }
            for whole in run.split(|place| place.partial) {
                let points: Vec<_> = whole.iter().map(|place| (place.x, place.y)).collect();
                sheet.canvas.path(&points, colour, 2.6);
            }
            let alone = run.len() == 1;
            for place in run {
                if place.partial {
                    sheet.canvas.ring((place.x, place.y), 4.5, colour, 2.0);
                } else if alone || run.len() <= DOTTED {
                    sheet.canvas.dot((place.x, place.y), 4.0, colour);
                }
            }
        }
    }
}

/// The values of the first series that say most, where they keep clear of lines and of each other.
fn values(chart: &Chart, sheet: &mut Sheet<'_>, plot: Plot, lines: &Lines) {
    let Some(first) = lines.first() else { return };
    let mains = chart.series.iter().filter(|series| series.role == SeriesRole::Main).count();
    if mains > TOLD_APART {
        return;
    }
    let avoid = covered(lines);
    let points: Vec<Place> = first.iter().flatten().copied().collect();
    let lowest = chart.lowest().map(|spot| spot.at).filter(|_| points.len() > 1);
    for place in telling(chart, &points) {
        if points.len() > DOTTED && !place.partial {
            sheet.canvas.dot((place.x, place.y), 4.0, colour(chart, 0));
        }
        let text = sheet.value(place.value, chart.unit());
        let spots = around(place, plot, lowest == Some(place.at));
        let ink = if place.partial { MUTED } else { INK };
        let bounds = Bounds {
            left: plot.left,
            top: sheet.top - GAP,
            right: plot.right.max(place.x) + GAP,
            bottom: plot.bottom - 2.0,
            avoid: &avoid,
        };
        sheet.place(&text, &spots, bounds, (LABEL, ink));
    }
}

/// The highest, the lowest and the last; the running period so far; of a short line that stands alone, all.
fn telling(chart: &Chart, points: &[Place]) -> Vec<Place> {
    let mut spots = vec![chart.highest(), chart.lowest(), chart.last()];
    let varies = chart.highest().map(|spot| spot.y) != chart.lowest().map(|spot| spot.y);
    if !varies {
        spots.drain(..2);
    }
    let running = points.last().map(|place| place.at);
    let few = points.len() <= SHORT && chart.series.len() == 1 && varies;
    let rest = points.iter().filter(|_| few).map(|place| place.at);
    let order = spots.into_iter().flatten().map(|spot| spot.at).chain(running).chain(rest);
    let mut told: Vec<Place> = Vec::new();
    for at in order {
        if !told.iter().any(|place| place.at == at) {
            told.extend(points.iter().find(|place| place.at == at));
        }
    }
    told
}

/// Where a point's value may stand, the best first: above (below where `down`), further off, beside.
fn around(place: Place, plot: Plot, down: bool) -> Vec<((f64, f64), Anchor)> {
    let away = LABEL * LINE / 2.0 + 7.0;
    let (near, far) = if down { (away, -away) } else { (-away, away) };
    let right = plot.right.max(place.x).min(place.x + 6.0);
    let left = plot.left.max(place.x - 6.0);
    let mut spots = Vec::new();
    for lift in [1.0, 1.5, 2.2, 3.0] {
        for side in [near * lift, far * lift] {
            let y = place.y + side;
            spots.extend([
                ((place.x, y), Anchor::Middle),
                ((right, y), Anchor::End),
                ((left, y), Anchor::Start),
            ]);
        }
    }
    for shift in [12.0, 24.0] {
        spots.push(((place.x + shift, place.y), Anchor::Start));
        spots.push(((place.x - shift, place.y), Anchor::End));
    }
    spots
}

/// Small boxes along every line, which labels must not cover.
fn covered(lines: &Lines) -> Vec<TextBox> {
    const EACH: f64 = 6.0;
    const HALF: f64 = 2.5;
    let mut boxes = Vec::new();
    for run in lines.iter().flatten() {
        for pair in run.windows(2) {
            let [a, b] = pair else { continue };
            let n = ((b.x - a.x).hypot(b.y - a.y) / EACH).ceil().max(1.0);
            for i in 0..=(n as usize) {
                let share = i as f64 / n;
                let (x, y) = (a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share);
                let text = String::new();
                boxes.push(TextBox {
                    left: x - HALF,
                    top: y - HALF,
                    right: x + HALF,
                    bottom: y + HALF,
                    text,
                });
            }
        }
    }
    boxes
}

/// The series' names at the ends of their lines, moved apart where the ends are close.
pub(super) fn names(chart: &Chart, sheet: &mut Sheet<'_>, plot: Plot, lines: &Lines) {
    if chart.series.len() < 2 {
        return;
    }
    let ends = lines.iter().enumerate().filter_map(|(index, runs)| {
        let end = runs.last()?.last()?;
        Some((index, end.y))
    });
    let mut ends: Vec<(usize, f64)> = ends.collect();
    ends.sort_by(|a, b| a.1.total_cmp(&b.1));
    let height = LABEL * LINE + 1.0;
    let mut ys: Vec<f64> = Vec::new();
    for (_, y) in &ends {
        let free = ys.last().map_or(f64::NEG_INFINITY, |before| before + height);
        ys.push(y.max(free));
    }
    // What was pushed below the axis goes up again, the last first.
    let mut floor = plot.bottom;
    for y in ys.iter_mut().rev() {
        *y = y.min(floor);
        floor = *y - height;
    }
    for ((index, _), y) in ends.iter().zip(ys) {
        let Some(series) = chart.series.get(*index) else { continue };
        let name = fitted(&sheet.axis(&series.name), LABEL, NAMES);
        let grey = series.role != SeriesRole::Main;
        let look = if grey { MUTED } else { colour(chart, *index) };
        sheet.canvas.text(&name, (plot.right + GAP, y), LABEL, look, Anchor::Start);
    }
}
