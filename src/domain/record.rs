//! What does the shop keep about its customers, products and orders?
//!
//! IMPORT_FORMATS §1 has the targets, DEFINITIONS §1 what counts as a sale. Amounts are [`Micros`] in the order's
//! currency; instants are UTC seconds, each with the shop's local day beside it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Currency, Day, Micros};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id!(
    /// One resolved customer key: platform id, else e-mail, else hashed phone, else nick.
    CustomerId
);
text_id!(
    /// SKU, item number or handle.
    ProductId
);
text_id!(
    /// The shop's own order number, as text for ever.
    OrderId
);

impl CustomerId {
    /// What the pseudonym of a forgotten customer begins with.
    pub const FORGOTTEN: &'static str = "forgotten-";

    /// Whether this stands for somebody who was forgotten.
    pub fn is_forgotten(&self) -> bool {
        self.0.starts_with(Self::FORGOTTEN)
    }
}

/// The shop as a whole; set by the first import, kept as setting `shop`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shop {
    /// Reporting currency.
    pub currency: Currency,
    /// IANA zone name of the shop's days.
    pub timezone: String,
    /// W of `churn_rate`: days without an order after which a customer counts as lost (DEFINITIONS §3).
    pub churn_window_days: Option<i32>,
}

/// Consent for contact, by channel; `None` where no file said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Consent {
    /// E-mail.
    pub email: Option<bool>,
    /// SMS.
    pub sms: Option<bool>,
    /// Push messages.
    pub push: Option<bool>,
}

/// A customer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Customer {
    /// Key.
    pub id: CustomerId,
    /// Full name.
    pub name: Option<String>,
    /// E-mail, lower case.
    pub email: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Day of registration.
    pub joined: Option<Day>,
    /// As the file has it.
    pub gender: Option<String>,
    /// Year of birth.
    pub birth_year: Option<i16>,
    /// Consent for contact.
    pub consent: Consent,
}

/// A product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Product {
    /// Key.
    pub id: ProductId,
    /// Name.
    pub name: String,
    /// Category.
    pub category: Option<String>,
    /// Variants (grind, colour …).
    pub variants: Vec<String>,
    /// List price in the shop's currency.
    pub price: Option<Micros>,
    /// Cost in the shop's currency.
    pub cost: Option<Micros>,
    /// Pieces in stock.
    pub stock: Option<i64>,
}

/// The import status of an order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// In a shop's export: not paid. At the service desk: paid, not packed; the payments decide.
    Pending,
    /// Paid.
    Paid,
    /// Sent.
    Shipped,
    /// Done.
    Completed,
    /// Cancelled, voided or failed.
    Cancelled,
    /// Fully refunded; stays an order.
    Refunded,
    /// Partly refunded.
    PartiallyRefunded,
}

/// The service desk's state of an order (SERVICE_RULES.md), with its own spelling.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ServiceState {
    /// Paid, not yet packed.
    #[serde(rename = "pending")]
    Pending,
    /// Its items were changed once.
    #[serde(rename = "pending (item modified)")]
    PendingItemModified,
    /// Packed.
    #[serde(rename = "processed")]
    Processed,
    /// With the customer.
    #[serde(rename = "delivered")]
    Delivered,
    /// Cancelled.
    #[serde(rename = "cancelled")]
    Cancelled,
    /// Return requested, no money moved yet.
    #[serde(rename = "return requested")]
    ReturnRequested,
    /// Exchange requested.
    #[serde(rename = "exchange requested")]
    ExchangeRequested,
}

/// What a line stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Goods.
    Product,
    /// Postage, bank charges and the like: never net goods.
    Fee,
    /// A correction without a product: never net goods.
    Adjustment,
}

/// One line of an order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// 1-based position.
    pub n: u32,
    /// What it is.
    pub kind: LineKind,
    /// Product key.
    pub product: Option<ProductId>,
    /// Variant's own id (the service desk's item id).
    pub item: Option<String>,
    /// Options of the variant, name and value.
    pub options: Vec<(String, String)>,
    /// Title as sold.
    pub title: String,
    /// Pieces, above 0.
    pub qty: i64,
    /// Per piece, before discounts.
    pub unit_price: Micros,
    /// Discount on this line, its share of an order-level discount included; ≥ 0.
    pub discount: Micros,
}

impl Line {
    /// Quantity × unit price, before discounts and refunds.
    pub fn gross(&self) -> Micros {
        self.unit_price.times(self.qty)
    }
}

/// Kind of a row of the payment history.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// Money in.
    Payment,
    /// Money back.
    Refund,
}

/// One row of the payment history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Payment {
    /// In or back.
    pub kind: PaymentKind,
    /// Always positive.
    pub amount: Micros,
    /// Method's id.
    pub method: String,
}

/// One parcel.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fulfilment {
    /// When it left, UTC seconds.
    pub at: Option<i64>,
    /// Tracking numbers.
    pub tracking: Vec<String>,
    /// Variant ids inside.
    pub items: Vec<String>,
}

/// Money for goods given back on an order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refund {
    /// Local day, where the file has one.
    pub day: Option<Day>,
    /// The line's `n`; `None` spreads it over the lines by value.
    pub line: Option<u32>,
    /// Pieces returned (0 where only money went back).
    pub qty: i64,
    /// Goods refunded, positive.
    pub amount: Micros,
    /// As the file has it.
    pub reason: Option<String>,
}

/// What the file did not carry, so that models can refuse honestly.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Flags {
    /// No key of a customer.
    pub no_customer_key: bool,
    /// No order lines, only the order.
    pub lines_unknown: bool,
    /// A refund without a day.
    pub refund_date_unknown: bool,
    /// A refund whose amount was inferred.
    pub refund_amount_estimated: bool,
    /// Prices include tax and the file does not separate it.
    pub tax_included: bool,
}

/// An order with its lines, payments, parcels and refunds. One shape from the start: importers, the demo shop and
/// the service desk all write this.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The shop's own number.
    pub id: OrderId,
    /// Who placed it.
    pub customer: Option<CustomerId>,
    /// UTC seconds.
    pub placed_at: i64,
    /// The shop's local day of `placed_at`.
    pub placed_on: Day,
    /// UTC seconds, where paid.
    pub paid_at: Option<i64>,
    /// Import status.
    pub status: OrderStatus,
    /// The desk's state, where the shop's service runs here.
    pub service_state: Option<ServiceState>,
    /// Currency of every amount of this order.
    pub currency: Currency,
    /// City of delivery.
    pub city: Option<String>,
    /// Σ gross of product lines − discounts, before refunds; without shipping and tax.
    pub goods: Micros,
    /// Shipping.
    pub shipping: Micros,
    /// Tax that the file separates.
    pub tax: Micros,
    /// All discounts on goods, ≥ 0.
    pub discount: Micros,
    /// What the customer paid in all.
    pub paid: Micros,
    /// Lines, by `n`.
    pub lines: Vec<Line>,
    /// Payments and refunds of money, in order.
    pub payment_history: Vec<Payment>,
    /// Parcels.
    pub fulfilments: Vec<Fulfilment>,
    /// Refunds of goods.
    pub refunds: Vec<Refund>,
    /// What the file did not carry.
    pub flags: Flags,
}

impl Order {
    /// Whether it was paid and is not cancelled (DEFINITIONS §1). `pending` means "unpaid" in shop exports and
    /// "paid, not yet packed" at the desk, so for it the captured payments decide, never the word.
    pub fn is_sale(&self) -> bool {
        match (self.status, self.service_state) {
            (OrderStatus::Cancelled, _) | (_, Some(ServiceState::Cancelled)) => false,
            (_, Some(_)) | (OrderStatus::Pending, None) => self.captured() > Micros::ZERO,
            (
                OrderStatus::Paid
                | OrderStatus::Shipped
                | OrderStatus::Completed
                | OrderStatus::Refunded
                | OrderStatus::PartiallyRefunded,
                None,
            ) => true,
        }
    }

    /// Goods after refunds of goods, never below 0: the order's part of revenue.
    pub fn net_goods(&self) -> Micros {
        let refunded = self.refunds.iter().map(|refund| refund.amount).sum();
        (self.goods - refunded).max(Micros::ZERO)
    }

    /// A sale with net goods above 0: what RFM, CLV and recommendation use.
    pub fn is_kept(&self) -> bool {
        self.is_sale() && self.net_goods() > Micros::ZERO
    }

    /// Payments less refunds of money.
    fn captured(&self) -> Micros {
        let signed = |payment: &Payment| match payment.kind {
            PaymentKind::Payment => payment.amount,
            PaymentKind::Refund => -payment.amount,
        };
        self.payment_history.iter().map(signed).sum()
    }
}

/// Money given back that no file links to an order: negative revenue on its own day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UnlinkedRefund {
    /// The credit note's number.
    pub id: String,
    /// 1-based line within it.
    pub n: u32,
    /// UTC seconds.
    pub at: i64,
    /// The shop's local day of `at`.
    pub on: Day,
    /// Who got it.
    pub customer: Option<CustomerId>,
    /// For what.
    pub product: Option<ProductId>,
    /// Pieces returned.
    pub qty: i64,
    /// Positive.
    pub amount: Micros,
    /// Currency of the amount.
    pub currency: Currency,
}

/// What was spent on advertising on one day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spend {
    /// The shop's local day.
    pub day: Day,
    /// Advertising channel: search, social …
    pub channel: String,
    /// Account, where there are several.
    pub account: Option<String>,
    /// Campaign.
    pub campaign: Option<String>,
    /// Cost.
    pub cost: Micros,
    /// Currency of the cost.
    pub currency: Currency,
    /// Impressions.
    pub impressions: Option<i64>,
    /// Clicks.
    pub clicks: Option<i64>,
    /// Conversions as the platform counts them, in millionths (they may be fractional).
    pub conversions: Option<Micros>,
}
