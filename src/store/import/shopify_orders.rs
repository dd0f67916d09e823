//! What does Shopify's export of orders hold? (`Name, Email, Financial Status, …, Lineitem …`; a row a line item)
//!
//! What belongs to the order stands on its first row alone; a row without a name goes on with the order above it.
//! `Subtotal` is what the goods cost after discounts. `Refunded Amount` has no day and no line. Cancelled is whatever
//! has `Cancelled at`. The customer is the e-mail address, else the telephone number: the keys that this export and that
//! of the customers share.

use super::assemble::{Assembler, Names};
use super::cell;
use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink, has};
use super::reject::{Rejects, RowError};
use super::row::{Plan, Row};
use super::spill::OrderRow;
use super::whole::Whole;
use super::{FileReport, ImportError};
use crate::domain::{Currency, Micros, OrderStatus, Work, status};

const NAME: usize = 0;
const EMAIL: usize = 1;
const FINANCIAL_STATUS: usize = 2;
const PAID_AT: usize = 3;
const FULFILLMENT_STATUS: usize = 4;
const CURRENCY: usize = 5;
const SUBTOTAL: usize = 6;
const SHIPPING: usize = 7;
const TAXES: usize = 8;
const TOTAL: usize = 9;
const DISCOUNT: usize = 10;
const CREATED_AT: usize = 11;
const QUANTITY: usize = 12;
const TITLE: usize = 13;
const PRICE: usize = 14;
const SKU: usize = 15;
const SHIPPING_CITY: usize = 16;
const BILLING_CITY: usize = 17;
const CANCELLED_AT: usize = 18;
const REFUNDED: usize = 19;
const LINE_DISCOUNT: usize = 20;
const PHONE: usize = 21;
const BILLING_PHONE: usize = 22;

const FIELDS: [Field; 23] = [
    Field { name: "order_id", names: &["name"], reads: Reads::Id },
    Field { name: "email", names: &["email"], reads: Reads::Text },
    Field { name: "financial_status", names: &["financial_status"], reads: Reads::Text },
    Field { name: "paid_at", names: &["paid_at"], reads: Reads::Date },
    Field { name: "fulfillment_status", names: &["fulfillment_status"], reads: Reads::Text },
    Field { name: "currency", names: &["currency"], reads: Reads::Text },
    Field { name: "subtotal", names: &["subtotal"], reads: Reads::Number },
    Field { name: "shipping", names: &["shipping"], reads: Reads::Number },
    Field { name: "taxes", names: &["taxes"], reads: Reads::Number },
    Field { name: "total", names: &["total"], reads: Reads::Number },
    Field { name: "discount", names: &["discount_amount"], reads: Reads::Number },
    Field { name: "created_at", names: &["created_at"], reads: Reads::Date },
    Field { name: "quantity", names: &["lineitem_quantity"], reads: Reads::Number },
    Field { name: "title", names: &["lineitem_name"], reads: Reads::Text },
    Field { name: "price", names: &["lineitem_price"], reads: Reads::Number },
    Field { name: "sku", names: &["lineitem_sku"], reads: Reads::Id },
    Field { name: "shipping_city", names: &["shipping_city"], reads: Reads::Text },
    Field { name: "billing_city", names: &["billing_city"], reads: Reads::Text },
    Field { name: "cancelled_at", names: &["cancelled_at"], reads: Reads::Date },
    Field { name: "refunded", names: &["refunded_amount"], reads: Reads::Number },
    Field { name: "line_discount", names: &["lineitem_discount"], reads: Reads::Number },
    Field { name: "phone", names: &["phone"], reads: Reads::Text },
    Field { name: "billing_phone", names: &["billing_phone"], reads: Reads::Text },
];

/// The format.
pub(super) struct ShopifyOrders;

impl Format for ShopifyOrders {
    fn kind(&self) -> &'static str {
        "shopify_orders"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "Name, Financial Status, Created at, Lineitem name, Lineitem quantity and Lineitem price"
    }
    fn complete(&self, columns: &[Option<usize>], _: bool) -> bool {
        [NAME, FINANCIAL_STATUS, CREATED_AT, TITLE, QUANTITY, PRICE].iter().all(|field| has(columns, *field))
    }
    fn is_platform(&self) -> bool {
        true
    }
    fn currency_field(&self, columns: &[Option<usize>]) -> CurrencyField {
        CurrencyField::At(has(columns, CURRENCY).then_some(CURRENCY))
    }
    fn begin<'a>(&self, plan: &'a Plan<'a>) -> Result<Box<dyn Rows + 'a>, ImportError> {
        let names = Names {
            customer: EMAIL,
            date: CREATED_AT,
            currency: CURRENCY,
            status: FINANCIAL_STATUS,
            discount: DISCOUNT,
            amount: SUBTOTAL,
        };
        Ok(Box::new(Lines { assembler: Assembler::new(plan, names, Some(TAXES), true), above: None }))
    }
}

struct Lines<'a> {
    assembler: Assembler<'a>,
    /// Number and currency of the order above.
    above: Option<(String, Currency)>,
}

impl Rows for Lines<'_> {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let named = row.id(NAME)?;
        let order = match (named, &self.above) {
            (Some(name), _) => name.to_owned(),
            (None, Some((name, _))) => name.clone(),
            (None, None) => return Err(row.reject(NAME, "is no order number", "fill it in").into()),
        };
        let goes_on = self.above.as_ref().filter(|(name, _)| *name == order && row.text(CURRENCY).is_none());
        let currency = match goes_on {
            Some((_, currency)) => *currency,
            None => row.currency()?,
        };
        self.above = Some((order.clone(), currency));
        let mut line = OrderRow::new(&order, row.line, currency);
        line.at = row.at(CREATED_AT)?;
        line.paid_at = row.at(PAID_AT)?.map(|(at, _)| at);
        // The rows below an order's first may leave out the address and have the number.
        let phones = [PHONE, BILLING_PHONE];
        line.customer = row.person(EMAIL, if line.at.is_some() { &phones } else { &[] })?;
        line.city = row.text(SHIPPING_CITY).or(row.text(BILLING_CITY)).map(str::to_owned);
        line.status = status(row)?;
        // Only an order's first row has a date.
        line.whole = line.at.map(|_| whole(row)).transpose()?;
        item(row, &mut line)?;
        self.assembler.push(&line)?;
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        sink: &mut Sink<'_>,
        rejects: &mut Rejects,
        report: &mut FileReport,
        work: &dyn Work,
    ) -> Result<(), ImportError> {
        self.assembler.finish(sink, rejects, report, work)
    }
}

fn whole(row: &Row<'_>) -> Result<Whole, RowError> {
    Ok(Whole {
        goods: row.positive(SUBTOTAL)?,
        discount: row.taken_off(DISCOUNT)?,
        refund: row.taken_off(REFUNDED)?.unwrap_or_default(),
        shipping: row.positive(SHIPPING)?.unwrap_or_default(),
        tax: row.positive(TAXES)?.unwrap_or_default(),
        paid: row.positive(TOTAL)?,
        ..Whole::default()
    })
}

fn item(row: &Row<'_>, line: &mut OrderRow) -> Result<(), RowError> {
    if !line.sells(row.id(SKU)?, row.text(TITLE)) {
        return Ok(());
    }
    line.qty = Some(row.pieces(QUANTITY)?);
    line.unit_price = Some(row.price(PRICE)?);
    line.discount = row.taken_off(LINE_DISCOUNT)?.unwrap_or(Micros::ZERO);
    Ok(())
}

fn status(row: &Row<'_>) -> Result<Option<OrderStatus>, RowError> {
    if row.text(CANCELLED_AT).is_some() {
        return Ok(Some(OrderStatus::Cancelled));
    }
    let Some(text) = row.text(FINANCIAL_STATUS) else { return Ok(None) };
    let mend = "write paid, pending, authorized, partially_paid, partially_refunded, refunded or voided";
    let known = status::shopify(&cell::header(text));
    let known = known.ok_or_else(|| row.reject(FINANCIAL_STATUS, "is not a status of Shopify", mend))?;
    let sent = row.text(FULFILLMENT_STATUS).is_some_and(|text| text.eq_ignore_ascii_case("fulfilled"));
    Ok(Some(if known == OrderStatus::Paid && sent { OrderStatus::Shipped } else { known }))
}
