//! What does WooCommerce's Advanced Order Export hold? (`Order Number, Order Status, …, Item Name, Item Cost, …`)
//!
//! What belongs to the order is repeated on each of its rows or stands on the first alone, as the shop set it; it is
//! never added up. `Order Subtotal Amount` is before the discount of the cart. `Quantity (- Refund)` is what is left
//! after refunds. The customer is the e-mail address, else the telephone number: guests
//! have no other key.

use super::assemble::{Assembler, Names};
use super::cell;
use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink, has};
use super::reject::{Rejects, RowError};
use super::row::{Plan, Row};
use super::spill::OrderRow;
use super::whole::Whole;
use super::{FileReport, ImportError};
use crate::domain::{OrderStatus, Work, status};

const ORDER: usize = 0;
const STATUS: usize = 1;
const DATE: usize = 2;
const PAID_AT: usize = 3;
const EMAIL: usize = 4;
const SHIPPING_CITY: usize = 5;
const BILLING_CITY: usize = 6;
const SKU: usize = 7;
const TITLE: usize = 8;
const QUANTITY: usize = 9;
const COST: usize = 10;
const CART_DISCOUNT: usize = 11;
const SUBTOTAL: usize = 12;
const SHIPPING: usize = 13;
const REFUND: usize = 14;
const TOTAL: usize = 15;
const TAX: usize = 16;
const CURRENCY: usize = 17;
const NET_QUANTITY: usize = 18;
const PHONE: usize = 19;

const FIELDS: [Field; 20] = [
    Field { name: "order_id", names: &["order_number"], reads: Reads::Id },
    Field { name: "status", names: &["order_status"], reads: Reads::Text },
    Field { name: "date", names: &["order_date"], reads: Reads::Date },
    Field { name: "paid_at", names: &["paid_date"], reads: Reads::Date },
    Field { name: "email", names: &["email_(billing)"], reads: Reads::Text },
    Field { name: "shipping_city", names: &["city_(shipping)"], reads: Reads::Text },
    Field { name: "billing_city", names: &["city_(billing)"], reads: Reads::Text },
    Field { name: "sku", names: &["sku"], reads: Reads::Id },
    Field { name: "title", names: &["item_name", "name"], reads: Reads::Text },
    Field { name: "quantity", names: &["quantity"], reads: Reads::Number },
    Field { name: "price", names: &["item_cost"], reads: Reads::Number },
    Field { name: "discount", names: &["cart_discount_amount"], reads: Reads::Number },
    Field { name: "subtotal", names: &["order_subtotal_amount"], reads: Reads::Number },
    Field { name: "shipping", names: &["order_shipping_amount"], reads: Reads::Number },
    Field { name: "refund", names: &["order_refund_amount"], reads: Reads::Number },
    Field { name: "total", names: &["order_total_amount"], reads: Reads::Number },
    Field { name: "tax", names: &["order_total_tax_amount"], reads: Reads::Number },
    Field { name: "currency", names: &["order_currency", "currency"], reads: Reads::Text },
    Field { name: "net_quantity", names: &["quantity_(_refund)"], reads: Reads::Number },
    Field { name: "phone", names: &["phone_(billing)"], reads: Reads::Text },
];

/// The format.
pub(super) struct WooCommerce;

impl Format for WooCommerce {
    fn kind(&self) -> &'static str {
        "woocommerce_orders"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "Order Number, Order Status, Order Date, Item Name, Item Cost, and Quantity or Quantity (- Refund)"
    }
    fn complete(&self, columns: &[Option<usize>], _: bool) -> bool {
        let all = [ORDER, STATUS, DATE, TITLE, COST].iter().all(|field| has(columns, *field));
        all && (has(columns, QUANTITY) || has(columns, NET_QUANTITY))
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
            date: DATE,
            currency: CURRENCY,
            status: STATUS,
            discount: CART_DISCOUNT,
            amount: SUBTOTAL,
        };
        Ok(Box::new(Lines { assembler: Assembler::new(plan, names, Some(TAX), true), above: None }))
    }
}

struct Lines<'a> {
    assembler: Assembler<'a>,
    above: Option<String>,
}

impl Rows for Lines<'_> {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let order = match (row.id(ORDER)?, &self.above) {
            (Some(number), _) => number.to_owned(),
            (None, Some(above)) => above.clone(),
            (None, None) => return Err(row.reject(ORDER, "is no order number", "fill it in").into()),
        };
        self.above = Some(order.clone());
        let mut line = OrderRow::new(&order, row.line, row.currency()?);
        line.at = row.at(DATE)?;
        line.paid_at = row.at(PAID_AT)?.map(|(at, _)| at);
        line.customer = row.person(EMAIL, &[PHONE])?;
        line.city = row.text(SHIPPING_CITY).or(row.text(BILLING_CITY)).map(str::to_owned);
        line.status = status(row)?;
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
    let discount = row.taken_off(CART_DISCOUNT)?;
    let subtotal = row.positive(SUBTOTAL)?;
    Ok(Whole {
        goods: subtotal.map(|subtotal| subtotal - discount.unwrap_or_default()),
        discount,
        refund: row.taken_off(REFUND)?.unwrap_or_default(),
        shipping: row.positive(SHIPPING)?.unwrap_or_default(),
        tax: row.positive(TAX)?.unwrap_or_default(),
        paid: row.positive(TOTAL)?,
        net_quantities: row.has(NET_QUANTITY),
        ..Whole::default()
    })
}

fn item(row: &Row<'_>, line: &mut OrderRow) -> Result<(), RowError> {
    if !line.sells(row.id(SKU)?, row.text(TITLE)) {
        return Ok(());
    }
    line.qty = Some(match row.has(NET_QUANTITY) {
        // All of it may have been given back.
        true => row.left(NET_QUANTITY)?,
        false => row.pieces(QUANTITY)?,
    });
    line.unit_price = Some(row.price(COST)?);
    Ok(())
}

fn status(row: &Row<'_>) -> Result<Option<OrderStatus>, RowError> {
    let Some(text) = row.text(STATUS) else { return Ok(None) };
    let mend = "write pending, processing, on-hold, completed, cancelled, refunded or failed";
    let known = status::woocommerce(&cell::header(text));
    Ok(Some(known.ok_or_else(|| row.reject(STATUS, "is not a status of WooCommerce", mend))?))
}
