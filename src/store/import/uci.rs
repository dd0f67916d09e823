//! What does a file of UCI's Online Retail kind hold? (`InvoiceNo, StockCode, Description, Quantity, InvoiceDate,
//! UnitPrice, CustomerID, Country`; one row a line)
//!
//! Invoices that begin with C and negative quantities are returns; no file says of which order, so they are dated
//! refunds on their own. A price of 0 or below is a correction. Postage, bank charges and the like are fees.
//! Pounds sterling, London time. The country is no city and is not kept.

use super::assemble::{Assembler, Names};
use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink};
use super::reject::{Rejects, RowError};
use super::row::{Plan, Row};
use super::spill::OrderRow;
use super::{FileReport, ImportError};
use crate::domain::{Currency, LineKind, Micros, Work};

/// Stock codes that are no products: postage, carriage, DOTCOM postage, bank and Amazon charges, manual entries,
/// samples, the charity's commission.
const FEES: [&str; 9] = ["POST", "DOT", "M", "BANK CHARGES", "AMAZONFEE", "C2", "C3", "S", "CRUK"];
/// Stock codes of corrections: discounts given on account, bad debt.
const ADJUSTMENTS: [&str; 4] = ["D", "B", "ADJUST", "ADJUST2"];

const INVOICE: usize = 0;
const STOCK_CODE: usize = 1;
const DESCRIPTION: usize = 2;
const QUANTITY: usize = 3;
const DATE: usize = 4;
const PRICE: usize = 5;
const CUSTOMER: usize = 6;

const FIELDS: [Field; 7] = [
    Field { name: "invoice", names: &["invoiceno", "invoice"], reads: Reads::Id },
    Field { name: "stock_code", names: &["stockcode", "stock_code"], reads: Reads::Id },
    Field { name: "description", names: &["description"], reads: Reads::Text },
    Field { name: "quantity", names: &["quantity"], reads: Reads::Number },
    Field { name: "invoice_date", names: &["invoicedate", "invoice_date"], reads: Reads::Date },
    Field { name: "unit_price", names: &["unitprice", "unit_price", "price"], reads: Reads::Number },
    Field { name: "customer_id", names: &["customerid", "customer_id"], reads: Reads::Id },
];

/// The format.
pub(super) struct Uci;

impl Format for Uci {
    fn kind(&self) -> &'static str {
        "uci"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "InvoiceNo, StockCode, Quantity, InvoiceDate and UnitPrice"
    }
    fn complete(&self, columns: &[Option<usize>], _: bool) -> bool {
        [INVOICE, STOCK_CODE, QUANTITY, DATE, PRICE]
            .iter()
            .all(|field| columns.get(*field).copied().flatten().is_some())
    }
    fn currency_field(&self, _: &[Option<usize>]) -> CurrencyField {
        CurrencyField::At(None)
    }
    fn default_currency(&self) -> Option<Currency> {
        Some(Currency::GBP)
    }
    fn default_zone(&self) -> Option<&'static str> {
        Some("Europe/London")
    }
    fn begin<'a>(&self, plan: &'a Plan<'a>) -> Result<Box<dyn Rows + 'a>, ImportError> {
        // No such columns: status, discount and amount point past the fields.
        let past = FIELDS.len();
        let names = Names {
            customer: CUSTOMER,
            date: DATE,
            currency: past,
            status: past,
            discount: past,
            amount: past,
        };
        Ok(Box::new(Lines { assembler: Assembler::new(plan, names, None, false), fees: 0, corrections: 0 }))
    }
}

struct Lines<'a> {
    assembler: Assembler<'a>,
    fees: u64,
    corrections: u64,
}

impl Rows for Lines<'_> {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let order = row.required_id(INVOICE)?;
        let code = row.required_id(STOCK_CODE)?;
        let qty = row.count(QUANTITY)?.filter(|qty| *qty != 0);
        let qty =
            qty.ok_or_else(|| row.reject(QUANTITY, "is no quantity", "write the pieces, returns below 0"))?;
        let price =
            row.number(PRICE)?.ok_or_else(|| row.reject(PRICE, "is no price", "write 0 if it was free"))?;
        let at = row.required_at(DATE)?;
        let kind = kind(code, price);
        match kind {
            LineKind::Product => {}
            LineKind::Fee => self.fees += 1,
            LineKind::Adjustment => self.corrections += 1,
        }
        let is_return = qty < 0 || order.starts_with(['C', 'c']);
        self.assembler.push(&OrderRow {
            order: order.to_owned(),
            line: row.line,
            at: Some(at),
            paid_at: None,
            customer: row.id(CUSTOMER)?.map(str::to_owned),
            kind,
            product: (kind == LineKind::Product).then(|| code.to_owned()),
            title: row.text(DESCRIPTION).unwrap_or(code).to_owned(),
            qty: Some(if is_return { -qty.saturating_abs() } else { qty }),
            unit_price: Some(price),
            amount: None,
            order_amount: None,
            discount: Micros::ZERO,
            refund: Micros::ZERO,
            shipping: Micros::ZERO,
            tax: Micros::ZERO,
            status: None,
            currency: row.currency()?,
            city: None,
            options: Vec::new(),
            whole: None,
        })?;
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        sink: &mut Sink<'_>,
        rejects: &mut Rejects,
        report: &mut FileReport,
        work: &dyn Work,
    ) -> Result<(), ImportError> {
        report.fees = self.fees;
        report.corrections = self.corrections;
        self.assembler.finish(sink, rejects, report, work)?;
        report.note("cities, discounts and statuses: the file has none; its country is not kept");
        if report.returns > 0 {
            report.note("which order a return belongs to: returns count on their own day");
        }
        Ok(())
    }
}

fn kind(code: &str, price: Micros) -> LineKind {
    let is = |codes: &[&str]| codes.iter().any(|known| known.eq_ignore_ascii_case(code));
    if price <= Micros::ZERO || is(&ADJUSTMENTS) {
        LineKind::Adjustment
    } else if is(&FEES) {
        LineKind::Fee
    } else {
        LineKind::Product
    }
}
