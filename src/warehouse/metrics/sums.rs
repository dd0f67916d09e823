//! What was added up for one group?

/// A ratio that rests on fewer things than this says so (DEFINITIONS §3).
pub const FEW: u64 = 30;

/// Exact sums over sale orders; money in micros. Only what the metric needs is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Σ net goods.
    pub net: i128,
    /// The part of it in orders with a customer key.
    pub net_keyed: i128,
    /// Σ refunds that no file links to an order.
    pub unlinked: i128,
    /// The part of it with a customer key.
    pub unlinked_keyed: i128,
    /// Sale orders.
    pub orders: u64,
    /// Sale orders without a customer key.
    pub orders_unkeyed: u64,
    /// Pieces sold.
    pub sold: i64,
    /// Pieces returned.
    pub returned: i64,
    /// Σ discounts.
    pub discount: i128,
    /// Σ margin of lines whose product's margin is known, in millionths of a micro.
    pub margin: i128,
    /// Σ net of those lines.
    pub net_with_margin: i128,
    /// Σ net of orders with a return asked for and not yet refunded.
    pub open_returns: i128,
    /// Distinct customers with a sale order.
    pub customers: u64,
    /// Of them, those with two or more from the first day of data to the period's end.
    pub repeat_buyers: u64,
    /// Of them, those with two or more inside the period.
    pub repeat_inside: u64,
    /// Customers whose first sale order in all data it is.
    pub new_customers: u64,
    /// Customers active on the day before the period.
    pub base: u64,
    /// Of them, those no longer active at its end.
    pub lost: u64,
    /// Σ advertising costs.
    pub spend: i128,
}

impl Sums {
    /// Net goods less the refunds without an order.
    pub fn revenue(&self) -> i128 {
        self.net - self.unlinked
    }

    /// Revenue a buyer, in currency units: what Chinese shops call 客单价. Orders without a customer key are left
    /// out above and below the line, or they would inflate it.
    pub fn revenue_per_buyer(&self) -> Option<f64> {
        let revenue = self.net_keyed - self.unlinked_keyed;
        (self.customers > 0).then(|| revenue as f64 / self.customers as f64 / 1e6)
    }

    /// Share of buyers with two or more orders inside the period: 周期内复购率.
    pub fn repeat_rate_inside(&self) -> Option<f64> {
        (self.customers > 0).then(|| self.repeat_inside as f64 / self.customers as f64)
    }

    /// Gross profit in currency units.
    pub fn gross_profit(&self) -> f64 {
        self.margin as f64 / 1e12
    }

    /// Share of net goods whose margin is known; 1 without any.
    pub fn margin_known(&self) -> f64 {
        if self.net > 0 { self.net_with_margin as f64 / self.net as f64 } else { 1.0 }
    }
}
