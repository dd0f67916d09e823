//! How do the columns get out of the store?

use super::{Builder, Warehouse};
use crate::domain::{Currency, Shop};
use crate::store::{Store, StoreError};

impl Warehouse {
    /// All of the store as columns.
    pub fn load(store: &Store) -> Result<Self, StoreError> {
        let mut builder = Builder::new(store.data_version()?, store.shop()?.unwrap_or_else(unset));
        for customer in store.scan() {
            builder.customer(&customer?);
        }
        for product in store.scan() {
            builder.product(&product?);
        }
        for order in store.scan() {
            builder.order(&order?);
        }
        for refund in store.scan() {
            builder.unlinked_refund(&refund?);
        }
        for spend in store.scan() {
            builder.spend(&spend?);
        }
        for feedback in store.scan() {
            builder.feedback(&feedback?);
        }
        for interaction in store.scan() {
            builder.interaction(&interaction?);
        }
        for test in store.scan() {
            builder.lift_test(&test?);
        }
        for experiment in store.scan() {
            builder.experiment(&experiment?);
        }
        Ok(builder.finish())
    }
}

/// A shop before its first import.
pub(super) fn unset() -> Shop {
    Shop { currency: Currency::EUR, timezone: "UTC".into(), churn_window_days: None }
}
