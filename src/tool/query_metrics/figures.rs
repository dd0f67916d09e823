//! Which figures may an answer about a metric say?

use serde::Serialize;

use super::{Args, Output, Scope};
use crate::domain::{Fact, Span, Unit, units};
use crate::tool::ToolContext;
use crate::warehouse::metrics::{FEW, Metric, Sums};

/// The same figure in an earlier period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// The earlier days.
    pub period: Span,
    /// Their figure.
    pub value: Option<f64>,
    /// Relative change; for shares the difference. Nothing from 0 or below.
    pub change: Option<f64>,
    /// Relative change of the figure a day, where the periods differ in length.
    pub change_per_day: Option<f64>,
}

impl Comparison {
    pub(super) fn new(metric: Metric, now: (Option<f64>, Span), before: (Option<f64>, Span)) -> Self {
        let per_day = |(value, span): (Option<f64>, Span)| value.map(|value| value / f64::from(span.days()));
        let lengths_differ = now.1.days() != before.1.days();
        let grows_with_days = metric.is_sum() && metric != Metric::Customers;
        Self {
            period: before.1,
            value: before.0,
            change: change(metric, now.0, before.0),
            change_per_day: if lengths_differ && grows_with_days {
                change(metric, per_day(now), per_day(before))
            } else {
                None
            },
        }
    }
}

/// Relative change, or the difference of two shares.
pub(super) fn change(metric: Metric, now: Option<f64>, before: Option<f64>) -> Option<f64> {
    let (now, before) = (now?, before?);
    match change_unit(metric) {
        Unit::Points => Some(now - before),
        _ => (before > 0.0).then(|| now / before - 1.0),
    }
}

/// Shares change by percentage points.
pub(super) fn change_unit(metric: Metric) -> Unit {
    match metric {
        Metric::RepeatRate | Metric::ChurnRate | Metric::ReturnRate | Metric::DiscountShare => Unit::Points,
        _ => Unit::Change,
    }
}

/// Whether it is a ratio that rests on few things.
pub(super) fn few(metric: Metric, sums: &Sums) -> bool {
    metric.rests_on(sums).is_some_and(|n| n < FEW)
}

pub(super) fn facts(
    ctx: &ToolContext<'_>,
    args: &Args,
    scope: &Scope,
    total: &Sums,
    output: &Output,
) -> Vec<Fact> {
    let metric = args.metric;
    let unit = metric.unit(output.currency);
    let fact = |name: &str, value, unit| Fact::new(name, value, unit).over(scope.span);
    let mut facts = Vec::new();
    facts.extend(output.value.map(|value| fact(metric.key(), value, unit)));
    facts.extend(beside(ctx, metric, total).into_iter().map(|fact| fact.over(scope.span)));
    if let Some(comparison) = output.comparison {
        let over = |name: &str, value: Option<f64>, unit| {
            value.map(|value| Fact::new(name, value, unit).over(comparison.period))
        };
        facts.extend(over("previous", comparison.value, unit));
        facts.extend(over("change", comparison.change, change_unit(metric)));
        facts.extend(over("change_per_day", comparison.change_per_day, Unit::Change));
    }
    facts.extend(of_groups(output, unit));
    facts
}

/// What the figure is made of, and the variants that people may expect under its name.
fn beside(ctx: &ToolContext<'_>, metric: Metric, sums: &Sums) -> Vec<Fact> {
    let money = Unit::Money(ctx.warehouse.shop.currency);
    let amount = |name: &str, micros: i128| Fact::new(name, units(micros), money);
    let count = |name: &str, n: u64| Fact::new(name, n as f64, Unit::Count);
    let share = |name: &str, value: Option<f64>| value.map(|value| Fact::new(name, value, Unit::Share));
    let pieces = |name: &str, n: i64| Fact::new(name, n as f64, Unit::Count);
    let mut facts = match metric {
        Metric::Revenue => vec![count("orders", sums.orders)],
        Metric::Orders | Metric::Customers | Metric::NewCustomers | Metric::Spend => vec![],
        Metric::Units => vec![count("orders", sums.orders), pieces("units_returned", sums.returned)],
        Metric::Aov => {
            let mut facts = vec![amount("revenue", sums.revenue()), count("orders", sums.orders)];
            let per_buyer = sums.revenue_per_buyer();
            facts.push(count("customers", sums.customers));
            facts.extend(per_buyer.map(|value| Fact::new("revenue_per_buyer", value, money)));
            facts
        }
        Metric::RepeatRate => {
            let mut facts = vec![count("customers", sums.customers)];
            facts.push(count("repeat_customers", sums.repeat_buyers));
            facts.push(count("repeat_customers_inside", sums.repeat_inside));
            facts.extend(share("repeat_rate_inside", sums.repeat_rate_inside()));
            facts
        }
        Metric::ChurnRate => {
            let mut facts = vec![count("customers_before", sums.base), count("customers_lost", sums.lost)];
            let window = ctx.warehouse.churn_window_days;
            facts.extend(window.map(|days| Fact::new("churn_window", f64::from(days), Unit::Days)));
            facts
        }
        Metric::GrossProfit => {
            let mut facts = vec![amount("revenue", sums.revenue())];
            let rate = (sums.revenue() > 0).then(|| sums.gross_profit() / units(sums.revenue()));
            facts.extend(share("margin_rate", rate));
            facts.extend(share("margin_known", Some(sums.margin_known())));
            facts
        }
        Metric::ReturnRate => vec![pieces("units_sold", sums.sold), pieces("units_returned", sums.returned)],
        Metric::DiscountShare => vec![amount("discounts", sums.discount), amount("net_goods", sums.net)],
        Metric::Mer => vec![amount("revenue", sums.revenue()), amount("spend", sums.spend)],
        Metric::Cac => vec![amount("spend", sums.spend), count("new_customers", sums.new_customers)],
    };
    if sums.open_returns > 0 && metric.falls_with_returns() {
        facts.push(amount("open_returns", sums.open_returns));
    }
    if metric.falls_with_returns() {
        let lag = ctx.warehouse.return_lag_days;
        facts.extend(lag.map(|days| Fact::new("return_lag", f64::from(days), Unit::Days)));
    }
    if sums.orders_unkeyed > 0 {
        facts.push(Fact::new("orders_unkeyed", sums.orders_unkeyed as f64, Unit::Count));
        let share = sums.orders_unkeyed as f64 / sums.orders.max(1) as f64;
        facts.push(Fact::new("unkeyed_share", share, Unit::Share));
    }
    facts
}

/// The highest and the lowest whole group, how many there are, and how much of the whole is shown.
fn of_groups(output: &Output, unit: Unit) -> Vec<Fact> {
    let mut facts = Vec::new();
    let (Some(group), false) = (output.group_by, output.groups.is_empty()) else { return facts };
    facts.push(Fact::new("groups", output.groups_in_all as f64, Unit::Count));
    if group.is_time() {
        let whole = || output.groups.iter().filter(|row| !row.partial && row.value.is_some());
        // Of equal buckets the earlier is named.
        let highest = whole().rev().max_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)));
        let lowest = whole().min_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)));
        for (name, row) in [("highest", highest), ("lowest", lowest)] {
            if let Some((value, days)) = row.and_then(|row| Some((row.value?, row.days?))) {
                facts.push(Fact::new(name, value, unit).over(days));
            }
        }
    } else if output.adds_up == Some(true) && output.groups.len() < output.groups_in_all {
        let shown: f64 = output.groups.iter().filter_map(|row| row.value).sum();
        if let Some(whole) = output.value.filter(|whole| *whole > 0.0) {
            facts.push(Fact::new("shown_share", shown / whole, Unit::Share));
        }
    }
    facts
}
