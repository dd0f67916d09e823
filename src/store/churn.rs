//! After how many days without an order is a customer of this shop lost?
//!
//! W of `churn_rate` (DEFINITIONS §3): the smallest of 30, 60, 90, 120, 180, 365 days that is at least the 90th
//! percentile (nearest rank) of the gaps between orders of repeat buyers; 365 where the gaps are longer still.

use std::collections::HashMap;

use super::{Store, StoreError};
use crate::domain::{CustomerId, Order};

const WINDOWS_DAYS: [i32; 6] = [30, 60, 90, 120, 180, 365];
/// Share of the gaps that must fit into the window.
const SHARE_PERCENT: usize = 90;

/// The window; `None` where nobody has ordered twice.
pub(super) fn window_days(store: &Store) -> Result<Option<i32>, StoreError> {
    let mut days: HashMap<CustomerId, Vec<i32>> = HashMap::new();
    for order in store.scan::<Order>() {
        let order = order?;
        if order.is_sale()
            && let Some(customer) = order.customer
        {
            days.entry(customer).or_default().push(order.placed_on.0);
        }
    }
    let mut gaps = Vec::new();
    for mut days in days.into_values() {
        days.sort_unstable();
        gaps.extend(days.windows(2).map(|pair| pair[1] - pair[0]));
    }
    gaps.sort_unstable();
    let rank = (gaps.len() * SHARE_PERCENT).div_ceil(100);
    let Some(gap) = rank.checked_sub(1).and_then(|index| gaps.get(index)) else { return Ok(None) };
    let longest = WINDOWS_DAYS[WINDOWS_DAYS.len() - 1];
    Ok(Some(WINDOWS_DAYS.into_iter().find(|window| window >= gap).unwrap_or(longest)))
}
