//! How did each month's new customers go on, month by month?

use std::collections::{BTreeMap, HashMap};

use super::bucket::{month_number, month_of_number};
use super::slot::Slots;
use super::tally::Parts;
use super::{Metric, Query, Sums};
use crate::domain::{Day, Span};
use crate::warehouse::{NONE, Warehouse};

/// One cohort in one month of its life.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CohortCell {
    /// First day of the month of the first sale order.
    pub cohort: Day,
    /// 0 for that month itself.
    pub months_since: i32,
    /// The metric over the period's orders of that month; for `repeat_rate` the share of the period's buyers whose
    /// second order had come by the end of that month.
    pub value: f64,
}

/// The cells in order of cohort and month.
pub(super) fn cells(warehouse: &Warehouse, query: &Query<'_>, slots: &Slots<'_>) -> Vec<CohortCell> {
    let cells = match query.metric {
        Metric::RepeatRate => repeat_cells(warehouse, query, slots),
        _ => order_cells(warehouse, query, slots),
    };
    let cell =
        |((cohort, months_since), value)| CohortCell { cohort: month_of_number(cohort), months_since, value };
    cells.into_iter().map(cell).collect()
}

type Cells = BTreeMap<(i32, i32), f64>;

fn order_cells(warehouse: &Warehouse, query: &Query<'_>, slots: &Slots<'_>) -> Cells {
    let mut sums: BTreeMap<(i32, i32), Sums> = BTreeMap::new();
    let mut buyers: Vec<((i32, i32), u32)> = Vec::new();
    let mut parts = Parts::new(warehouse, query, slots);
    for order in warehouse.orders_on(query.span) {
        let customer = warehouse.orders.customer[order];
        let month = month_number(Day(warehouse.orders.day[order]));
        for part in parts.of(order, query).iter().filter(|part| part.slot != NONE) {
            let cohort = part.slot.cast_signed();
            let key = (cohort, month - cohort);
            let cell = sums.entry(key).or_default();
            cell.net += i128::from(part.net());
            cell.orders += 1;
            buyers.push((key, customer));
        }
    }
    buyers.sort_unstable();
    buyers.dedup();
    for (key, _) in buyers {
        sums.entry(key).or_default().customers += 1;
    }
    add_unlinked(&mut sums, warehouse, query, slots);
    sums.into_iter().filter_map(|(key, sums)| Some((key, query.metric.value(&sums)?))).collect()
}

fn add_unlinked(
    sums: &mut BTreeMap<(i32, i32), Sums>,
    warehouse: &Warehouse,
    query: &Query<'_>,
    slots: &Slots<'_>,
) {
    if query.metric != Metric::Revenue {
        return;
    }
    for refund in super::tally::unlinked(warehouse, query, slots) {
        if refund.slot != NONE {
            let cohort = refund.slot.cast_signed();
            let key = (cohort, month_number(refund.day) - cohort);
            sums.entry(key).or_default().unlinked += i128::from(refund.amount);
        }
    }
}

fn repeat_cells(warehouse: &Warehouse, query: &Query<'_>, slots: &Slots<'_>) -> Cells {
    let history = Span { from: Day(i32::MIN), to: query.span.to };
    let last_month = month_number(query.span.to);
    // of each buyer: cohort, orders so far, month of the second, bought inside the period
    let mut buyers: HashMap<u32, (i32, u32, i32, bool)> = HashMap::new();
    let mut parts = Parts::new(warehouse, query, slots);
    for order in warehouse.orders_on(history) {
        let customer = warehouse.orders.customer[order];
        let day = Day(warehouse.orders.day[order]);
        for part in parts.of(order, query).iter().filter(|part| part.slot != NONE) {
            let cohort = part.slot.cast_signed();
            let buyer = buyers.entry(customer).or_insert((cohort, 0, i32::MAX, false));
            buyer.1 += 1;
            if buyer.1 == 2 {
                buyer.2 = month_number(day);
            }
            buyer.3 |= query.span.contains(day);
        }
    }
    let mut counts: BTreeMap<i32, (u64, BTreeMap<i32, u64>)> = BTreeMap::new();
    for (cohort, _, second, _) in buyers.into_values().filter(|buyer| buyer.3) {
        let (all, seconds) = counts.entry(cohort).or_default();
        *all += 1;
        *seconds.entry(second).or_default() += 1;
    }
    let mut cells = Cells::new();
    for (cohort, (all, seconds)) in counts {
        for month in cohort..=last_month {
            let come: u64 = seconds.range(..=month).map(|(_, n)| n).sum();
            cells.insert((cohort, month - cohort), come as f64 / all as f64);
        }
    }
    cells
}
