//! When is this customer's next order to be expected, if that can be said at all?
//!
//! P(an order within t) of the fitted model, drop-out included: the day by which an order is as likely as not, and the
//! chance of one soon. Who ordered once, and a shop where nobody seems to stop, get no forecast.

use serde::Serialize;

use super::worth::Valued;
use crate::domain::NamedCustomer;
use crate::tool::ToolContext;

/// The next order, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct NextOrder {
    /// Days until an order is as likely as not; nothing where even a year makes it less likely than not.
    pub even_days: Option<i32>,
    /// Probability of an order within [`SOON_DAYS`].
    pub p_soon: f64,
}

/// A month, as the tools that look ahead count it.
pub(in crate::tool) const SOON_DAYS: i32 = 30;
const LONGEST_DAYS: i32 = 365;

pub(super) fn of(ctx: &ToolContext<'_>, valued: &Valued, named: &NamedCustomer) -> Option<NextOrder> {
    let row = ctx.warehouse.customers.by_id.get(&named.id)?;
    let i = valued.input.now.customer.binary_search(row).ok()?;
    let buyer = &valued.input.now.buyers[i];
    if buyer.frequency == 0 || !valued.tells_alive() {
        return None;
    }
    let alive = valued.fit.alive(buyer);
    let within = |days: i32| alive.more_than(f64::from(days) / 7.0).next().unwrap_or(0.0);
    Some(NextOrder {
        even_days: (1..=LONGEST_DAYS).find(|days| within(*days) >= 0.5),
        p_soon: within(SOON_DAYS),
    })
}
