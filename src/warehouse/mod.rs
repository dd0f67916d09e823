//! What does the whole shop look like as plain columns in memory?
//!
//! Built from the store, refreshed by what an import added. Ids are dictionary-coded (an index into the table's own
//! rows), days are days since 1970-01-01, amounts micros of the shop's currency. Kernels live beside it.
#![warn(missing_docs)]

use std::collections::HashMap;

use crate::domain::{Currency, Day, Shop, Span};

/// "No customer", "no product", "no city".
pub const NONE: u32 = u32::MAX;

/// The shop as columns. Every table is a struct of equally long vectors, one entry a row.
#[derive(Debug, Clone)]
pub struct Warehouse {
    /// The data these columns hold.
    pub data_version: u64,
    /// Currency, zone, churn window.
    pub shop: Shop,
    /// Customers, ordered by id.
    pub customers: Customers,
    /// Products, ordered by id.
    pub products: Products,
    /// Orders, ordered by (day, id).
    pub orders: Orders,
    /// Lines of product kind of all orders, grouped by order.
    pub lines: Lines,
    /// Refunds no file links to an order.
    pub unlinked_refunds: UnlinkedRefunds,
    /// Advertising costs.
    pub spend: SpendRows,
    /// Names of product categories.
    pub categories: Vec<String>,
    /// Names of cities.
    pub cities: Vec<String>,
    /// Names of advertising channels.
    pub channels: Vec<String>,
    /// Rows left out because of a currency without a rate: (currency, orders).
    pub foreign: Vec<(Currency, u64)>,
}

/// Columns of the customers.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the record type of the same name says what each is")]
pub struct Customers {
    pub id: Vec<String>,
    pub name: Vec<Option<String>>,
    pub email: Vec<Option<String>>,
    pub city: Vec<u32>,
    pub joined: Vec<Option<Day>>,
    pub by_id: HashMap<String, u32>,
}

/// Columns of the products.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the record type of the same name says what each is")]
pub struct Products {
    pub id: Vec<String>,
    pub name: Vec<String>,
    pub category: Vec<u32>,
    /// (price − cost) / price, where both are known.
    pub margin_rate: Vec<Option<f64>>,
    pub by_id: HashMap<String, u32>,
}

/// Columns of the orders.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    /// The shop's order number.
    pub id: Vec<String>,
    /// Row of the customer, or [`NONE`].
    pub customer: Vec<u32>,
    /// Local day.
    pub day: Vec<i32>,
    /// Whether it counts as a sale.
    pub sale: Vec<bool>,
    /// Net goods, ≥ 0.
    pub net: Vec<i64>,
    /// Discounts on goods.
    pub discount: Vec<i64>,
    /// Row of the delivery city (else the customer's), or [`NONE`].
    pub city: Vec<u32>,
    /// Its lines are `lines[first_line[i] .. first_line[i + 1]]`; one entry more than orders.
    pub first_line: Vec<u32>,
}

/// Columns of the product lines.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// Row of the product, or [`NONE`].
    pub product: Vec<u32>,
    /// Pieces sold.
    pub qty: Vec<i64>,
    /// Pieces returned.
    pub returned: Vec<i64>,
    /// Net value after discounts and refunds; over an order's lines it sums to the order's `net`.
    pub net: Vec<i64>,
    /// Discount.
    pub discount: Vec<i64>,
}

/// Columns of the refunds without an order.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the record type of the same name says what each is")]
pub struct UnlinkedRefunds {
    pub day: Vec<i32>,
    pub customer: Vec<u32>,
    pub product: Vec<u32>,
    pub qty: Vec<i64>,
    pub amount: Vec<i64>,
}

/// Columns of the advertising costs.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the record type of the same name says what each is")]
pub struct SpendRows {
    pub day: Vec<i32>,
    pub channel: Vec<u32>,
    pub cost: Vec<i64>,
}

impl Warehouse {
    /// First and last local day with an order; `None` without orders.
    pub fn order_days(&self) -> Option<Span> {
        let (first, last) = (self.orders.day.first()?, self.orders.day.last()?);
        Some(Span { from: Day(*first), to: Day(*last) })
    }
}
