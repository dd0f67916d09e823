//! Which pictures go with future value?
//!
//! The most valuable customers, each with its interval, and the value tiers. One customer is said better in words.

use super::Output;
use crate::domain::{Axis, Caption, Chart, ChartKind, Label, Point, Series, Unit};

/// Customers that a picture takes; the rest is in the table.
const CUSTOMERS: usize = 15;

pub(super) fn charts(output: &Output) -> Vec<Chart> {
    [customers(output), tiers(output)].into_iter().flatten().collect()
}

fn clv() -> Label {
    Label::word("column", "clv")
}

fn customers(output: &Output) -> Option<Chart> {
    let listed = output.customers.get(..CUSTOMERS.min(output.customers.len()))?;
    if listed.len() < 2 {
        return None;
    }
    let group = output.segment;
    let title = Caption::new("clv_customers")
        .with("segment", group.and_then(super::Group::segment).map(crate::domain::Segment::key))
        .with("tier", group.and_then(super::Group::tier).map(crate::domain::Tier::key));
    let money = Unit::Money(output.currency);
    let x = Axis::of_names(Label::word("column", "customer"));
    let mut chart = Chart::new(ChartKind::Interval, title, x, Axis::of(clv(), money));
    let name = |customer: &super::CustomerValue| customer.name.clone().unwrap_or_else(|| customer.id.clone());
    chart.categories = listed.iter().map(|customer| Label::Name(name(customer))).collect();
    let point = |customer: &super::CustomerValue| {
        Point::of(Some(customer.clv)).within(customer.clv_lo, customer.clv_hi)
    };
    chart.series = vec![Series::main(clv(), listed.iter().map(point).collect())];
    Some(chart)
}

fn tiers(output: &Output) -> Option<Chart> {
    if output.tiers.len() < 2 || output.segment.is_some() {
        return None;
    }
    let x = Axis::of_names(Label::word("column", "tier"));
    let y = Axis::of(clv(), Unit::Money(output.currency));
    let mut chart = Chart::new(ChartKind::Bar, Caption::new("clv_tiers"), x, y);
    chart.categories = output.tiers.iter().map(|tier| Label::word("tier", tier.tier.key())).collect();
    let points = output.tiers.iter().map(|tier| Point::of(Some(tier.clv))).collect();
    chart.series = vec![Series::main(clv(), points)];
    Some(chart)
}
