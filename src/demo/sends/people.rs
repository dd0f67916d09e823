//! Who can be written to on a day, in which segment are they, and do they order soon after?

use std::collections::{BTreeMap, HashMap};

use super::super::season::LAST_DAY;
use crate::domain::{Customer, CustomerId, Day, Order, Segment};
use crate::features::rfm::Rfm;

/// The customers with their sale days, and their segments at the start of each of the last months.
pub(super) struct People<'a> {
    customers: &'a [Customer],
    sale_days: Vec<Vec<Day>>,
    /// By first day of the month, as of the day before.
    segments: BTreeMap<Day, Vec<Option<Segment>>>,
}

/// Months for which segments are known; a hold-out runs for a year.
const MONTHS: usize = 13;

impl<'a> People<'a> {
    pub(super) fn of(customers: &'a [Customer], orders: &[Order]) -> Self {
        let position: HashMap<&CustomerId, usize> =
            customers.iter().enumerate().map(|(k, customer)| (&customer.id, k)).collect();
        let mut sale_days = vec![Vec::new(); customers.len()];
        let (mut who_bought, mut days, mut net) = (Vec::new(), Vec::new(), Vec::new());
        for order in orders.iter().filter(|order| order.is_sale()) {
            let Some(who) = order.customer.as_ref().and_then(|id| position.get(id)) else { continue };
            sale_days[*who].push(order.placed_on);
            if order.is_kept() {
                who_bought.push(*who as u32);
                days.push(order.placed_on);
                net.push(order.net_goods().0);
            }
        }
        let mut segments = BTreeMap::new();
        let mut month = first_of_month(LAST_DAY);
        for _ in 0..MONTHS {
            let before = month.plus(-1);
            let rfm = Rfm::from_columns(customers.len(), before, &who_bought, &days, &net);
            segments.insert(month, rfm.segments(customers.len()).unwrap_or_default());
            month = first_of_month(before);
        }
        Self { customers, sale_days, segments }
    }

    pub(super) fn id(&self, who: usize) -> &CustomerId {
        &self.customers[who].id
    }

    /// Those who were registered and consent to this channel.
    pub(super) fn reachable(&self, channel: &str, day: Day) -> Vec<usize> {
        let consents = |customer: &Customer| match channel {
            "email" => customer.consent.email,
            "sms" => customer.consent.sms,
            _ => customer.consent.push,
        };
        let known = |customer: &Customer| customer.joined.is_some_and(|joined| joined < day);
        let all = self.customers.iter().enumerate();
        all.filter(|(_, c)| known(c) && consents(c) == Some(true)).map(|(who, _)| who).collect()
    }

    /// The segment at the start of the day's month.
    pub(super) fn segment(&self, who: usize, day: Day) -> Option<Segment> {
        self.segments.range(..=day).next_back()?.1.get(who).copied().flatten()
    }

    /// Whether a sale order follows in the `days` days after a day.
    pub(super) fn orders_after(&self, who: usize, day: Day, days: i32) -> bool {
        let sales = &self.sale_days[who];
        let next = sales.partition_point(|sale| *sale <= day);
        sales.get(next).is_some_and(|sale| sale.since(day) <= days)
    }
}

fn first_of_month(day: Day) -> Day {
    day.plus(1 - i32::from(day.date().day()))
}
