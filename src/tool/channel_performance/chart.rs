//! Which pictures show what a channel brings?
//!
//! ROI of all channels with its intervals, and the response curves: effect a week against a steady spend a week, up to
//! half more than the largest week; for one channel with its band and where it stands today.

use super::Output;
use crate::domain::{Axis, Caption, Chart, ChartKind, Label, Point, Series, Unit};
use crate::model::mix::Mix;

/// Points of a curve beside its start.
const STEPS: usize = 24;
/// How far a curve goes, in largest weeks.
const REACH: f64 = 1.5;
/// Curves that one picture can hold.
const CURVES: usize = 6;

pub(super) fn charts(output: &Output, mix: &Mix) -> Vec<Chart> {
    match &output.channel {
        Some(_) => one(output, mix).into_iter().collect(),
        None => [roi(output), curves(output, mix)].into_iter().flatten().collect(),
    }
}

fn place(mix: &Mix, name: &str) -> Option<usize> {
    mix.channels.iter().position(|channel| channel.name == name)
}

fn largest(mix: &Mix, c: usize) -> f64 {
    mix.channels[c].media.iter().copied().fold(0.0, f64::max)
}

fn axes(output: &Output) -> (Axis, Axis) {
    let money = Unit::Money(output.currency);
    let x = Axis::of(Label::word("column", "spend_a_week"), money);
    (x, Axis::of(Label::word("column", "effect_a_week"), money))
}

fn label(name: &str) -> Label {
    Label::word("channel", name)
}

fn roi(output: &Output) -> Option<Chart> {
    let rows: Vec<_> = output.channels.iter().filter_map(|row| row.roi.map(|roi| (row, roi))).collect();
    if rows.len() < 2 {
        return None;
    }
    let x = Axis::of_names(Label::word("column", "channel"));
    let y = Axis::of(Label::word("column", "roi"), Unit::Ratio);
    let mut chart = Chart::new(ChartKind::Interval, Caption::new("channel_roi"), x, y);
    chart.categories = rows.iter().map(|(row, _)| label(&row.name)).collect();
    let points = rows.iter().map(|(_, roi)| Point::of(Some(roi.value)).within(roi.lo, roi.hi)).collect();
    chart.series = vec![Series::main(Label::word("column", "roi"), points)];
    Some(chart)
}

fn one(output: &Output, mix: &Mix) -> Option<Chart> {
    let row = output.channels.first()?;
    let c = place(mix, &row.name)?;
    let (x, y) = axes(output);
    let title = Caption::new("channel_curve").with("channel", Some(row.name.as_str()));
    let mut chart = Chart::new(ChartKind::Curve, title, x, y);
    let end = REACH * largest(mix, c);
    let points = (0..=STEPS).map(|step| {
        let spend = end * step as f64 / STEPS as f64;
        let effect = mix.curve(c, spend);
        Point::at(spend, effect.value).within(effect.lo, effect.hi)
    });
    let today = mix.curve(c, row.today).value;
    chart.series = vec![
        Series::main(label(&row.name), points.collect()),
        Series::reference(
            Label::word("column", "spend_today"),
            vec![Point::at(row.today, 0.0), Point::at(row.today, today)],
        ),
    ];
    Some(chart)
}

fn curves(output: &Output, mix: &Mix) -> Option<Chart> {
    let (x, y) = axes(output);
    let mut chart = Chart::new(ChartKind::Curve, Caption::new("channel_curves"), x, y);
    for row in output.channels.iter().take(CURVES) {
        let c = place(mix, &row.name)?;
        let end = largest(mix, c);
        let points = (0..=STEPS).map(|step| {
            let spend = end * step as f64 / STEPS as f64;
            Point::at(spend, mix.curve(c, spend).value)
        });
        chart.series.push(Series::main(label(&row.name), points.collect()));
    }
    (!chart.series.is_empty()).then_some(chart)
}
