//! Which pictures go with a plan? Each channel's money today and planned, and the plan week by week.

use super::Output;
use crate::domain::{Axis, Caption, Chart, ChartKind, Day, Label, Point, Series, Unit};
use crate::model::plan::ChannelPlan;
use crate::tool::budget::figures::beside_today;

/// Weeks and channels that one picture of weeks takes.
const WEEKS: std::ops::RangeInclusive<usize> = 2..=26;
const CHANNELS: usize = 8;

/// `start`: the first day of the plan's first week.
pub(super) fn charts(output: &Output, start: Day) -> Vec<Chart> {
    if output.kind != "plan" {
        return Vec::new();
    }
    let beside = beside_today(&output.plan, output.currency, "budget_plan");
    std::iter::once(beside).chain(by_week(output, start)).collect()
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
        Series::main(Label::word("channel", &channel.name), points)
    };
    chart.series = channels.iter().map(series).collect();
    Some(chart)
}
