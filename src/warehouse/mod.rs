//! What does the whole shop look like as plain columns in memory?
//!
//! Built from the store, refreshed by what an import added. Ids are dictionary-coded (an index into the table's own
//! rows), days are days since 1970-01-01, amounts micros of the shop's currency. Kernels live beside it.
#![warn(missing_docs)]

mod build;
mod live;
mod load;
pub mod metrics;
mod net;
mod refresh;
mod response;
mod splice;

use std::collections::HashMap;

pub use build::{Builder, Records};
pub use live::{Live, Seen};
pub use refresh::Refreshed;

use crate::domain::{
    Consent, Currency, Day, Entities, Experiment, InteractionKind, Lang, LiftTest, NamedCustomer,
    NamedProduct, Shop, Span,
};

/// "No customer", "no product", "no city".
pub const NONE: u32 = u32::MAX;

/// The shop as columns. Every table is a struct of equally long vectors, one entry a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Warehouse {
    /// The data these columns hold.
    pub data_version: u64,
    /// Currency, zone, churn window.
    pub shop: Shop,
    /// Customers, ordered by id; those that only orders name are among them.
    pub customers: Customers,
    /// Products, ordered by id; those that only lines name are among them.
    pub products: Products,
    /// Orders, ordered by (day, instant, id).
    pub orders: Orders,
    /// Lines of product kind of all orders, grouped by order.
    pub lines: Lines,
    /// Refunds no file links to an order, ordered by day.
    pub unlinked_refunds: UnlinkedRefunds,
    /// Advertising costs, ordered by day.
    pub spend: SpendRows,
    /// Reviews and the like, ordered by (day, instant, id).
    pub feedback: FeedbackRows,
    /// Views, carts, messages sent, opened and clicked, ordered by (day, instant, id).
    pub interactions: InteractionRows,
    /// Tests of a channel's spend, ordered by id.
    pub lift_tests: Vec<LiftTest>,
    /// Comparisons of arms, ordered by id.
    pub experiments: Vec<Experiment>,
    /// Names of product categories, sorted.
    pub categories: Vec<String>,
    /// Names of cities, sorted.
    pub cities: Vec<String>,
    /// Names of advertising channels, sorted.
    pub channels: Vec<String>,
    /// Rows left out because of a currency without a rate: (currency, orders, refunds and spend rows).
    pub foreign: Vec<(Currency, u64)>,
    /// W of `churn_rate`: the shop's setting, else computed from the gaps; `None` without a repeat buyer.
    pub churn_window_days: Option<i32>,
    /// 90th percentile of the days from order to refund; `None` where no refund has a day.
    pub return_lag_days: Option<i32>,
}

/// Columns of the customers.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "the record type of the same name says what each is")]
pub struct Customers {
    pub id: Vec<String>,
    pub name: Vec<Option<String>>,
    pub email: Vec<Option<String>>,
    pub city: Vec<u32>,
    pub joined: Vec<Option<Day>>,
    /// For contact; nothing said where no file did.
    pub consent: Vec<Consent>,
    pub by_id: HashMap<String, u32>,
    /// Row of the first sale order in all data, or [`NONE`].
    pub first_sale: Vec<u32>,
}

/// Columns of the products.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "the record type of the same name says what each is")]
pub struct Products {
    pub id: Vec<String>,
    pub name: Vec<String>,
    pub category: Vec<u32>,
    /// (price − cost) / price, where both are known.
    pub margin_rate: Vec<Option<f64>>,
    /// Pieces in stock, where a file said.
    pub stock: Vec<Option<i64>>,
    pub by_id: HashMap<String, u32>,
}

/// Columns of the orders.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Orders {
    /// The shop's order number.
    pub id: Vec<String>,
    /// Row of the customer, or [`NONE`].
    pub customer: Vec<u32>,
    /// Local day.
    pub day: Vec<i32>,
    /// UTC seconds.
    pub placed_at: Vec<i64>,
    /// Whether it counts as a sale.
    pub sale: Vec<bool>,
    /// Net goods, ≥ 0.
    pub net: Vec<i64>,
    /// Discounts on goods.
    pub discount: Vec<i64>,
    /// Row of the delivery city (else the customer's), or [`NONE`].
    pub city: Vec<u32>,
    /// A return or an exchange is asked for, and no money has gone back yet.
    pub open_return: Vec<bool>,
    /// Days from the order to its last dated refund; −1 without one.
    pub return_lag: Vec<i32>,
    /// The file had no lines for it; it has one line without a product.
    pub lines_unknown: Vec<bool>,
    /// Its amounts include tax that the file does not separate.
    pub tax_included: Vec<bool>,
    /// Its lines are `lines[first_line[i] .. first_line[i + 1]]`; one entry more than orders.
    pub first_line: Vec<u32>,
}

/// Columns of the product lines.
#[derive(Debug, Clone, Default, PartialEq)]
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
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "the record type of the same name says what each is")]
pub struct UnlinkedRefunds {
    pub day: Vec<i32>,
    pub customer: Vec<u32>,
    pub product: Vec<u32>,
    pub qty: Vec<i64>,
    pub amount: Vec<i64>,
}

/// Columns of the advertising costs.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "the record type of the same name says what each is")]
pub struct SpendRows {
    pub day: Vec<i32>,
    pub channel: Vec<u32>,
    pub cost: Vec<i64>,
}

/// Columns of the feedback.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the record type of the same name says what each is")]
pub struct FeedbackRows {
    pub id: Vec<String>,
    pub at: Vec<i64>,
    pub day: Vec<i32>,
    pub customer: Vec<u32>,
    pub product: Vec<u32>,
    pub rating: Vec<Option<u8>>,
    pub text: Vec<String>,
    pub source: Vec<String>,
    pub lang: Vec<Option<Lang>>,
}

/// Columns of the interactions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the record type of the same name says what each is")]
pub struct InteractionRows {
    pub at: Vec<i64>,
    pub day: Vec<i32>,
    pub customer: Vec<u32>,
    pub product: Vec<u32>,
    pub kind: Vec<InteractionKind>,
    /// Index into `labels`, or [`NONE`].
    pub channel: Vec<u32>,
    /// Index into `labels`, or [`NONE`].
    pub campaign: Vec<u32>,
    /// Index into `labels`, or [`NONE`].
    pub variant: Vec<u32>,
    pub value: Vec<Option<i64>>,
    /// Names of channels, campaigns and variants, sorted.
    pub labels: Vec<String>,
}

impl Warehouse {
    /// The columns of records that are already in memory.
    pub fn from_records(data_version: u64, shop: Shop, records: &Records) -> Self {
        let mut builder = Builder::new(data_version, shop);
        records.customers.iter().for_each(|customer| builder.customer(customer));
        records.products.iter().for_each(|product| builder.product(product));
        records.orders.iter().for_each(|order| builder.order(order));
        records.unlinked_refunds.iter().for_each(|refund| builder.unlinked_refund(refund));
        records.spend.iter().for_each(|spend| builder.spend(spend));
        records.feedback.iter().for_each(|feedback| builder.feedback(feedback));
        records.interactions.iter().for_each(|interaction| builder.interaction(interaction));
        records.lift_tests.iter().for_each(|test| builder.lift_test(test));
        records.experiments.iter().for_each(|experiment| builder.experiment(experiment));
        builder.finish()
    }

    /// First and last local day with an order; `None` without orders.
    pub fn order_days(&self) -> Option<Span> {
        let (first, last) = (self.orders.day.first()?, self.orders.day.last()?);
        Some(Span { from: Day(*first), to: Day(*last) })
    }

    /// First and last day with an advertising cost; `None` without any.
    pub fn spend_days(&self) -> Option<Span> {
        let (first, last) = (self.spend.day.first()?, self.spend.day.last()?);
        Some(Span { from: Day(*first), to: Day(*last) })
    }

    /// Rows of the orders placed on these days.
    pub fn orders_on(&self, span: Span) -> std::ops::Range<usize> {
        let from = self.orders.day.partition_point(|day| *day < span.from.0);
        let to = self.orders.day.partition_point(|day| *day <= span.to.0);
        from..to.max(from)
    }

    /// Rows of an order's product lines.
    pub fn lines_of(&self, order: usize) -> std::ops::Range<usize> {
        let at = |i: usize| self.orders.first_line.get(i).map_or(self.lines.product.len(), |n| *n as usize);
        at(order)..at(order + 1)
    }

    /// Whether an order is a sale with net goods above 0.
    pub fn is_kept(&self, order: usize) -> bool {
        self.orders.sale[order] && self.orders.net[order] > 0
    }

    /// Every product's id and name.
    pub fn named_products(&self) -> Vec<NamedProduct> {
        let named = self.products.id.iter().zip(&self.products.name);
        named.map(|(id, name)| NamedProduct { id: id.clone(), name: name.clone() }).collect()
    }

    /// Every name in the data, for finding them in questions and arguments.
    pub fn entities(&self) -> Entities {
        let customers = &self.customers;
        Entities {
            customers: (0..customers.id.len())
                .map(|row| NamedCustomer {
                    id: customers.id[row].clone(),
                    name: customers.name[row].clone(),
                    email: customers.email[row].clone(),
                })
                .collect(),
            products: self.named_products(),
            categories: self.categories.clone(),
            cities: self.cities.clone(),
            channels: self.channels.clone(),
        }
    }
}
