//! Which pictures go with a plan? Each channel's money today and planned, and the plan week by week.

use super::Output;
use crate::domain::{Axis, Caption, Chart, ChartKind, Day, Label, Point, Series, SeriesRole, Unit};
use crate::model::plan::ChannelPlan;

/// Weeks and channels that one picture of weeks takes.
const WEEKS: std::ops::RangeInclusive<usize> = 2..=26;
const CHANNELS: usize = 8;

/// `start`: the first day of the plan's first week.
pub(super) fn charts(output: &Output, start: Day) -> Vec<Chart> {
    if output.kind != "plan" {
        return Vec::new();
    }
    [Some(beside_today(output)), by_week(output, start)].into_iter().flatten().collect()
}

fn beside_today(output: &Output) -> Chart {
    let column = |key: &str| Label::word("column", key);
    let x = Axis::of_names(column("channel"));
    let y = Axis::of(column("planned_spend"), Unit::Money(output.currency));
    let mut chart = Chart::new(ChartKind::GroupedBar, Caption::new("budget_plan"), x, y);
    let channels = &output.plan.channels;
    chart.categories = channels.iter().map(|channel| Label::Name(channel.name.clone())).collect();
    let series = |key: &str, role: SeriesRole, of: fn(&ChannelPlan) -> f64| {
        let points = channels.iter().map(|channel| Point::of(Some(of(channel)))).collect();
        Series { role, ..Series::main(column(key), points) }
    };
    chart.series = vec![
        series("as_today", SeriesRole::Before, |channel| channel.reference),
        series("planned_spend", SeriesRole::Main, |channel| channel.spend),
    ];
    chart
}

fn by_week(output: &Output, start: Day) -> Option<Chart> {
    let weeks = output.weeks as usize;
    let channels = &output.plan.channels;
    if !WEEKS.contains(&weeks) || channels.len() > CHANNELS {
        return None;
    }
    let x = Axis::of_names(Label::word("column", "week"));
    let y = Axis::of(Label::word("column", "planned_spend"), Unit::Money(output.currency));
    let mut chart = Chart::new(ChartKind::Line, Caption::new("budget_weeks"), x, y);
    let week = |w: usize| Label::Time { bucket: "week".into(), start: start.plus(7 * w as i32) };
    chart.categories = (0..weeks).map(week).collect();
    let series = |channel: &ChannelPlan| {
        let points = channel.weekly.iter().map(|money| Point::of(Some(*money))).collect();
        Series::main(Label::Name(channel.name.clone()), points)
    };
    chart.series = channels.iter().map(series).collect();
    Some(chart)
}
