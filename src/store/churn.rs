//! How long do this shop's repeat buyers wait between orders?
//!
//! Read once from the orders, so that the churn window ([`churn_window_days`]) is fixed at the first import.

use std::collections::HashMap;

use super::{Store, StoreError};
use crate::domain::{CustomerId, Order, churn_window_days};

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
    Ok(churn_window_days(&mut gaps))
}
