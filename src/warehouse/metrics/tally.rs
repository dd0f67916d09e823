//! What do the orders of a period add up to, as a whole and group by group?

use std::collections::{BTreeMap, HashMap};

use super::bucket::month_of_number;
use super::cohort::{CohortCell, cells};
use super::slot::{NOT_YET, Slots, category};
use super::{Bucket, Filter, Group, Metric, Query, Sums, churn};
use crate::domain::{Day, Segment, Span};
use crate::warehouse::{NONE, Warehouse};

/// A period's sums.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// Over everything that counts.
    pub total: Sums,
    /// By group: time in order and without gaps, the rest by row of its table.
    pub groups: Vec<(GroupKey, Sums)>,
    /// By cohort and months since, where cohorts were asked for.
    pub cohorts: Vec<CohortCell>,
}

/// Which group it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKey {
    /// A stretch of time.
    Time(Bucket),
    /// Row of the product, category, city or channel; `None` for rows without one.
    Row(Option<u32>),
    /// A segment; `None` for customers who had none yet.
    Segment(Option<Segment>),
    /// First day of the month of the first sale order.
    Cohort(Day),
    /// Orders without a customer key, where customers are grouped.
    Unkeyed,
}

/// Adds up what the query's metric needs. The query is taken to be valid ([`Metric::groups`]).
pub fn tally(warehouse: &Warehouse, query: &Query<'_>) -> Tally {
    let total = sums(warehouse, query, &Slots::new(warehouse, query, None));
    let total = total.into_values().next().unwrap_or_default();
    let Some(group) = query.group else {
        return Tally { total, groups: Vec::new(), cohorts: Vec::new() };
    };
    let slots = Slots::new(warehouse, query, Some(group));
    let mut found = sums(warehouse, query, &slots);
    if group.is_time() {
        for at in 0..slots.buckets.len() {
            found.entry(at as u32).or_default();
        }
    }
    let groups = found.into_iter().filter_map(|(slot, sums)| Some((key(&slots, slot)?, sums))).collect();
    let cohorts = if group == Group::CohortMonth { cells(warehouse, query, &slots) } else { Vec::new() };
    Tally { total, groups, cohorts }
}

fn key(slots: &Slots<'_>, slot: u32) -> Option<GroupKey> {
    let group = slots.group?;
    Some(match group {
        Group::Day | Group::Week | Group::Month | Group::Quarter => {
            GroupKey::Time(*slots.buckets.get(slot as usize)?)
        }
        Group::Segment | Group::CohortMonth if slot == NONE => GroupKey::Unkeyed,
        Group::Segment if slot == NOT_YET => GroupKey::Segment(None),
        Group::Segment => GroupKey::Segment(Segment::ALL.get(slot as usize).copied()),
        Group::CohortMonth => GroupKey::Cohort(month_of_number(slot.cast_signed())),
        Group::Product | Group::Category | Group::City | Group::Channel => {
            GroupKey::Row((slot != NONE).then_some(slot))
        }
    })
}

pub(super) type BySlot = BTreeMap<u32, Sums>;

fn sums(warehouse: &Warehouse, query: &Query<'_>, slots: &Slots<'_>) -> BySlot {
    use Metric as M;
    let mut found = BySlot::new();
    let metric = query.metric;
    if metric == M::ChurnRate {
        churn::add(&mut found, warehouse, query, slots);
        return found;
    }
    if matches!(metric, M::Spend | M::Mer | M::Cac) {
        add_spend(&mut found, warehouse, query, slots);
    }
    if matches!(metric, M::NewCustomers | M::Cac) {
        add_new_customers(&mut found, warehouse, query, slots);
    }
    if metric != M::Spend {
        add_orders(&mut found, warehouse, query, slots);
    }
    if matches!(metric, M::Revenue | M::Aov | M::Mer | M::GrossProfit) {
        add_unlinked(&mut found, warehouse, query, slots);
    }
    if metric == M::RepeatRate {
        add_repeat_buyers(&mut found, warehouse, query, slots);
    }
    if matches!(metric, M::NewCustomers | M::Cac) {
        // Groups that only hold returning customers are not groups of new ones.
        found.retain(|_, sums| slots.group.is_none_or(Group::is_time) || sums.new_customers > 0);
    }
    found
}

/// What one order puts into one group.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    pub(super) slot: u32,
    net: i64,
    discount: i64,
    sold: i64,
    returned: i64,
    margin: i128,
    net_with_margin: i64,
}

impl Part {
    pub(super) fn net(&self) -> i64 {
        self.net
    }
}

/// Works out the parts of orders under a filter; keeps its buffer from order to order.
pub(super) struct Parts<'a> {
    warehouse: &'a Warehouse,
    filter: Filter,
    slots: &'a Slots<'a>,
    parts: Vec<Part>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(warehouse: &'a Warehouse, query: &Query<'_>, slots: &'a Slots<'a>) -> Self {
        Self { warehouse, filter: query.filter, slots, parts: Vec::new() }
    }

    /// The parts of a sale order; none where the order does not count.
    pub(super) fn of(&mut self, order: usize, query: &Query<'_>) -> &[Part] {
        self.parts.clear();
        let (warehouse, orders) = (self.warehouse, &self.warehouse.orders);
        let (customer, city) = (orders.customer[order], orders.city[order]);
        if !orders.sale[order] || !counts(query, customer, city) {
            return &self.parts;
        }
        let whole = self.slots.of(orders.day[order], customer, city);
        let narrowed = self.filter.product.is_some() || self.filter.category.is_some();
        if !narrowed && !self.slots.by_line() {
            // An order counts even where it has no line.
            self.parts.push(Part { slot: whole, ..Part::default() });
        }
        for line in warehouse.lines_of(order) {
            let product = warehouse.lines.product[line];
            if !self.filter.takes(warehouse, product) {
                continue;
            }
            let slot = if self.slots.by_line() { self.slots.of_product(product) } else { whole };
            self.add(slot, line, product);
        }
        &self.parts
    }

    fn add(&mut self, slot: u32, line: usize, product: u32) {
        let at = self.parts.iter().position(|part| part.slot == slot).unwrap_or_else(|| {
            self.parts.push(Part { slot, ..Part::default() });
            self.parts.len() - 1
        });
        let (lines, part) = (&self.warehouse.lines, &mut self.parts[at]);
        part.net += lines.net[line];
        part.discount += lines.discount[line];
        part.sold += lines.qty[line];
        part.returned += lines.returned[line];
        if let Some(rate) = margin_rate(self.warehouse, product) {
            part.margin += margin(lines.net[line], rate);
            part.net_with_margin += lines.net[line];
        }
    }
}

impl Filter {
    /// Whether a line of this product counts.
    fn takes(&self, warehouse: &Warehouse, product: u32) -> bool {
        self.product.is_none_or(|wanted| wanted == product)
            && self.category.is_none_or(|wanted| wanted == category(warehouse, product))
    }
}

/// Whether orders of this customer to this city count.
pub(super) fn counts(query: &Query<'_>, customer: u32, city: u32) -> bool {
    let held = || query.segments.and_then(|held| held.get(customer as usize).copied()).flatten();
    query.filter.city.is_none_or(|wanted| wanted == city)
        && query.filter.segment.is_none_or(|wanted| held() == Some(wanted))
}

fn margin_rate(warehouse: &Warehouse, product: u32) -> Option<f64> {
    warehouse.products.margin_rate.get(product as usize).copied().flatten()
}

/// In millionths of a micro, so that rounding each line shows in no sum of them, nor in a change of two sums.
fn margin(net: i64, rate: f64) -> i128 {
    (net as f64 * rate * 1e6).round_ties_even() as i128
}

fn add_orders(found: &mut BySlot, warehouse: &Warehouse, query: &Query<'_>, slots: &Slots<'_>) {
    let mut parts = Parts::new(warehouse, query, slots);
    let mut buyers: Vec<(u32, u32)> = Vec::new();
    for order in warehouse.orders_on(query.span) {
        let customer = warehouse.orders.customer[order];
        for part in parts.of(order, query) {
            let sums = found.entry(part.slot).or_default();
            let net = i128::from(part.net);
            sums.net += net;
            sums.orders += 1;
            sums.discount += i128::from(part.discount);
            sums.sold += part.sold;
            sums.returned += part.returned;
            sums.margin += part.margin;
            sums.net_with_margin += i128::from(part.net_with_margin);
            if warehouse.orders.open_return[order] {
                sums.open_returns += net;
            }
            if customer == NONE {
                sums.orders_unkeyed += 1;
            } else {
                sums.net_keyed += net;
                buyers.push((part.slot, customer));
            }
        }
    }
    buyers.sort_unstable();
    buyers.dedup();
    for (slot, _) in buyers {
        found.entry(slot).or_default().customers += 1;
    }
}

/// A refund without an order that counts.
pub(super) struct Unlinked {
    pub(super) slot: u32,
    pub(super) day: Day,
    pub(super) amount: i64,
    customer: u32,
    product: u32,
}

/// The refunds without an order that count, each with its group.
pub(super) fn unlinked<'a>(
    warehouse: &'a Warehouse,
    query: &'a Query<'_>,
    slots: &'a Slots<'_>,
) -> impl Iterator<Item = Unlinked> + 'a {
    let refunds = &warehouse.unlinked_refunds;
    (0..refunds.day.len()).filter_map(move |row| {
        let (day, customer, product) = (Day(refunds.day[row]), refunds.customer[row], refunds.product[row]);
        let city = warehouse.customers.city.get(customer as usize).copied().unwrap_or(NONE);
        let wanted = query.span.contains(day)
            && counts(query, customer, city)
            && query.filter.takes(warehouse, product);
        let slot =
            || if slots.by_line() { slots.of_product(product) } else { slots.of(day.0, customer, city) };
        wanted.then(|| Unlinked { slot: slot(), day, amount: refunds.amount[row], customer, product })
    })
}

fn add_unlinked(found: &mut BySlot, warehouse: &Warehouse, query: &Query<'_>, slots: &Slots<'_>) {
    for refund in unlinked(warehouse, query, slots) {
        let sums = found.entry(refund.slot).or_default();
        sums.unlinked += i128::from(refund.amount);
        if refund.customer != NONE {
            sums.unlinked_keyed += i128::from(refund.amount);
        }
        if let Some(rate) = margin_rate(warehouse, refund.product) {
            sums.margin -= margin(refund.amount, rate);
        }
    }
}

fn add_spend(found: &mut BySlot, warehouse: &Warehouse, query: &Query<'_>, slots: &Slots<'_>) {
    let rows = &warehouse.spend;
    for (row, day) in rows.day.iter().enumerate() {
        let channel = rows.channel[row];
        let wanted = query.filter.channel.is_none_or(|wanted| wanted == channel);
        if wanted && query.span.contains(Day(*day)) {
            let by_channel = slots.group == Some(Group::Channel);
            let slot = if by_channel { channel } else { slots.of(*day, NONE, NONE) };
            found.entry(slot).or_default().spend += i128::from(rows.cost[row]);
        }
    }
}

/// Whether a customer whose first sale order lies in the data is new, not one from before the data.
pub(super) fn is_new(warehouse: &Warehouse, customer: usize) -> bool {
    let joined = warehouse.customers.joined.get(customer).copied().flatten();
    match (joined, warehouse.order_days()) {
        (Some(joined), Some(data)) => joined >= data.from,
        _ => true,
    }
}

fn add_new_customers(found: &mut BySlot, warehouse: &Warehouse, query: &Query<'_>, slots: &Slots<'_>) {
    let mut parts = Parts::new(warehouse, query, slots);
    for (customer, first) in warehouse.customers.first_sale.iter().enumerate() {
        let Some(day) = warehouse.orders.day.get(*first as usize) else { continue };
        if query.span.contains(Day(*day)) && is_new(warehouse, customer) {
            for part in parts.of(*first as usize, query) {
                found.entry(part.slot).or_default().new_customers += 1;
            }
        }
    }
}

/// Counts each buyer's sale orders from the first day of data, and how many of them lie inside the group's days.
fn add_repeat_buyers(found: &mut BySlot, warehouse: &Warehouse, query: &Query<'_>, slots: &Slots<'_>) {
    let in_time = slots.group.is_some_and(Group::is_time);
    let history = Span { from: Day(i32::MIN), to: query.span.to };
    let mut ever: HashMap<(u32, u32), u32> = HashMap::new();
    // (so far, inside) at the buyer's last order of the group
    let mut buyers: HashMap<(u32, u32), (u32, u32)> = HashMap::new();
    let mut parts = Parts::new(warehouse, query, slots);
    for order in warehouse.orders_on(history) {
        let customer = warehouse.orders.customer[order];
        if customer == NONE {
            continue;
        }
        let inside = query.span.contains(Day(warehouse.orders.day[order]));
        for part in parts.of(order, query) {
            let so_far = ever.entry((if in_time { 0 } else { part.slot }, customer)).or_default();
            *so_far += 1;
            if inside {
                let buyer = buyers.entry((part.slot, customer)).or_default();
                *buyer = (*so_far, buyer.1 + 1);
            }
        }
    }
    for ((slot, _), (so_far, inside)) in buyers {
        let sums = found.entry(slot).or_default();
        sums.repeat_buyers += u64::from(so_far >= 2);
        sums.repeat_inside += u64::from(inside >= 2);
    }
}
