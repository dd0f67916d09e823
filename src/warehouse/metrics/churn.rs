//! Who was a customer before the period and no longer is at its end?
//!
//! DEFINITIONS §3: |A(from − 1) \ A(to)| / |A(from − 1)|, A(d) = customers with a sale order in (d − W, d]. A city
//! narrows who belonged to A(from − 1); an order anywhere keeps a customer.

use super::slot::Slots;
use super::tally::{BySlot, counts};
use super::{Group, Query};
use crate::domain::{Day, Span};
use crate::warehouse::{NONE, Warehouse};

/// Adds base and lost; nothing without a churn window.
pub(super) fn add(found: &mut BySlot, warehouse: &Warehouse, query: &Query<'_>, slots: &Slots<'_>) {
    let Some(window) = warehouse.churn_window_days else { return };
    if !slots.group.is_some_and(Group::is_time) {
        return one(found, warehouse, query, slots, query.span, window, None);
    }
    for (at, bucket) in slots.buckets.iter().enumerate() {
        one(found, warehouse, query, slots, bucket.span, window, Some(at as u32));
    }
}

fn one(
    found: &mut BySlot,
    warehouse: &Warehouse,
    query: &Query<'_>,
    slots: &Slots<'_>,
    span: Span,
    window: i32,
    bucket: Option<u32>,
) {
    let orders = &warehouse.orders;
    let mut active = vec![false; warehouse.customers.id.len()];
    for order in warehouse.orders_on(window_to(span.to, window)) {
        if let Some(active) = active.get_mut(orders.customer[order] as usize) {
            *active |= orders.sale[order];
        }
    }
    let mut base: Vec<(u32, u32)> = warehouse
        .orders_on(window_to(span.from.plus(-1), window))
        .filter(|order| orders.sale[*order] && orders.customer[*order] != NONE)
        .filter(|order| counts(query, orders.customer[*order], orders.city[*order]))
        .map(|order| {
            let customer = orders.customer[order];
            let slot = bucket.unwrap_or_else(|| slots.of(orders.day[order], customer, orders.city[order]));
            (slot, customer)
        })
        .collect();
    base.sort_unstable();
    base.dedup();
    for (slot, customer) in base {
        let sums = found.entry(slot).or_default();
        sums.base += 1;
        sums.lost += u64::from(!active[customer as usize]);
    }
}

/// (d − W, d].
fn window_to(day: Day, window: i32) -> Span {
    Span { from: day.plus(1 - window), to: day }
}
