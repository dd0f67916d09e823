//! How do rows become orders?
//!
//! A row is a line of an order; what belongs to the whole order may stand on one of its rows or be repeated on all.
//! Conventions, where a file leaves them open:
//! - Quantity × unit price is before discount, an amount alone is what was paid for the row, after discount.
//! - Shipping, tax, discount and refund add up over an order's rows; where every one of several rows repeats the
//!   same value it is the order's and counts once. A refund repeated so still belongs to the rows where each equals
//!   its own row's value.
//! - An amount repeated on every row of every order of several rows is asked back (`--map COLUMN=amount` or
//!   `=order_amount`).

use std::collections::{BTreeMap, HashMap};

use super::format::Sink;
use super::reject::{Reject, Rejects, clip};
use super::row::Plan;
use super::spill::{OrderRow, Spill};
use super::whole::{self, Fit};
use super::{FileReport, ImportError};
use crate::domain::{
    CustomerId, Flags, Line, LineKind, Micros, Order, OrderId, OrderStatus, Product, ProductId, Refund,
    UnlinkedRefund, Work,
};
use crate::store::lines::spread;
use crate::store::redo::AnyRecord;

/// Titles remembered of one product, so that a file with a new title on every row cannot fill the memory.
const TITLES_MAX: usize = 64;

/// The fields that messages about an order name.
pub(super) struct Names {
    pub(super) customer: usize,
    pub(super) date: usize,
    pub(super) currency: usize,
    pub(super) status: usize,
    pub(super) discount: usize,
    pub(super) amount: usize,
}

/// Gathers the rows of a file.
pub(super) struct Assembler<'a> {
    plan: &'a Plan<'a>,
    spill: Spill,
    names: Names,
    /// Status of orders whose file has no such column.
    status: OrderStatus,
    has_status: bool,
    tax_separate: bool,
    amount_asked: bool,
    titles: HashMap<String, BTreeMap<String, u32>>,
}

impl<'a> Assembler<'a> {
    pub(super) fn new(plan: &'a Plan<'a>, names: Names, tax: Option<usize>, amount_named: bool) -> Self {
        let has = |field: usize| plan.sheet.columns.get(field).copied().flatten().is_some();
        Self {
            plan,
            spill: Spill::new(plan.spill.as_deref()),
            status: OrderStatus::Completed,
            has_status: has(names.status),
            tax_separate: tax.is_some_and(has),
            amount_asked: has(names.amount) && !amount_named,
            names,
            titles: HashMap::new(),
        }
    }

    pub(super) fn push(&mut self, row: &OrderRow) -> Result<(), ImportError> {
        self.spill.push(row)
    }

    pub(super) fn finish(
        mut self,
        sink: &mut Sink<'_>,
        rejects: &mut Rejects,
        report: &mut FileReport,
        work: &dyn Work,
    ) -> Result<(), ImportError> {
        if self.amount_asked {
            self.ask_about_amounts(report)?;
        }
        let parts = self.spill.parts();
        for part in 0..parts {
            work.check()?;
            work.progress("merge_rows", part as u64, parts as u64);
            let rows = self.spill.read(part)?;
            for rows in rows.chunk_by(|a, b| a.order == b.order) {
                self.take(rows, sink, rejects, report)?;
            }
        }
        let mut products: Vec<_> = std::mem::take(&mut self.titles).into_iter().collect();
        products.sort();
        for (id, titles) in products {
            sink(AnyRecord::SeenProduct(seen_product(id, &titles)))?;
        }
        if !self.tax_separate && report.orders > 0 {
            report.note("tax: the file does not separate it, amounts are taken as they are");
        }
        if report.orders > 0 && report.with_customer == 0 {
            report.note("customers: no order has a customer, so nothing about repeat buyers");
        }
        Ok(())
    }

    /// The orders and returns of one order number.
    fn take(
        &mut self,
        rows: &[OrderRow],
        sink: &mut Sink<'_>,
        rejects: &mut Rejects,
        report: &mut FileReport,
    ) -> Result<(), ImportError> {
        let (returns, sold): (Vec<&OrderRow>, Vec<&OrderRow>) =
            rows.iter().partition(|row| row.qty.is_some_and(|qty| qty < 0));
        for (at, row) in returns.iter().enumerate() {
            let Some(refund) = unlinked(row, at) else { continue };
            report.day(refund.on);
            report.returns += 1;
            sink(AnyRecord::UnlinkedRefund(refund))?;
        }
        let mut fitting: Vec<&OrderRow> = Vec::new();
        for row in sold {
            match fitting.first().and_then(|first| self.conflict(first, row)) {
                Some(reject) => rejects.add(reject),
                None => fitting.push(row),
            }
        }
        // Only corrections of stock and books: nobody ordered anything.
        if fitting.iter().all(|row| row.kind == LineKind::Adjustment) {
            return Ok(());
        }
        match self.order(&fitting) {
            Ok((order, fit)) => {
                for row in &fitting {
                    self.see(row);
                }
                report.order(&order, &fitting, &fit);
                sink(AnyRecord::Order(order))
            }
            Err(reject) => {
                for _ in &fitting {
                    rejects.add((*reject).clone());
                }
                Ok(())
            }
        }
    }

    /// Rows of one order cannot have two customers or currencies.
    fn conflict(&self, first: &OrderRow, row: &OrderRow) -> Option<Reject> {
        let (field, here, there) = match (&first.customer, &row.customer) {
            (Some(there), Some(here)) if there != here => (self.names.customer, here.clone(), there.clone()),
            _ if first.currency != row.currency => {
                (self.names.currency, row.currency.to_string(), first.currency.to_string())
            }
            _ => return None,
        };
        let reason = format!("is not the {there:?} that order {} has in line {}", row.order, first.line);
        Some(self.reject(row, field, here, reason, "give different orders different numbers"))
    }

    fn order(&self, rows: &[&OrderRow]) -> Result<(Order, Fit), Box<Reject>> {
        let boxed = |reject| Box::new(reject);
        let Some(first) = rows.first() else {
            return Err(boxed(Reject {
                line: 0,
                field: String::new(),
                value: String::new(),
                reason: "has no rows".into(),
                mend: String::new(),
            }));
        };
        let Some((placed_at, placed_on)) = rows.iter().filter_map(|row| row.at).min() else {
            return Err(boxed(self.reject(
                first,
                self.names.date,
                String::new(),
                "is no date".into(),
                "fill it in",
            )));
        };
        let Some(status) = self.status(rows) else {
            let reason = "is no status".into();
            return Err(boxed(self.reject(first, self.names.status, String::new(), reason, "fill it in")));
        };
        let customer = rows.iter().find_map(|row| row.customer.clone()).map(CustomerId);
        let mut flags = Flags { no_customer_key: customer.is_none(), ..Flags::default() };
        flags.tax_included = !self.tax_separate;
        let mut order = Order {
            id: OrderId(first.order.clone()),
            customer,
            placed_at,
            placed_on,
            paid_at: rows.iter().find_map(|row| row.paid_at),
            status,
            service_state: None,
            currency: first.currency,
            city: rows.iter().find_map(|row| row.city.clone()),
            goods: Micros::ZERO,
            shipping: Micros::ZERO,
            tax: Micros::ZERO,
            discount: Micros::ZERO,
            paid: Micros::ZERO,
            lines: Vec::new(),
            payment_history: Vec::new(),
            fulfilments: Vec::new(),
            refunds: Vec::new(),
            flags,
        };
        let fit = match rows.iter().find_map(|row| row.whole.as_ref()) {
            Some(whole) => whole::fill(&mut order, rows, whole),
            None => self.fill(&mut order, rows).map_err(boxed)?,
        };
        Ok((order, fit))
    }

    /// Lines and amounts from rows that each say their own.
    fn fill(&self, order: &mut Order, rows: &[&OrderRow]) -> Result<Fit, Reject> {
        let (lines, discount) = self.lines(rows)?;
        let order_amount = rows.iter().find_map(|row| row.order_amount);
        let net = |line: &Line| line.gross() - line.discount;
        let is_goods = |line: &&Line| line.kind == LineKind::Product;
        order.flags.lines_unknown = lines.is_empty();
        order.goods = if lines.is_empty() {
            order_amount.unwrap_or_else(|| rows.iter().filter_map(|row| row.amount).sum())
        } else {
            lines.iter().filter(is_goods).map(net).sum()
        };
        let fees: Micros = lines.iter().filter(|line| line.kind == LineKind::Fee).map(Line::gross).sum();
        order.shipping = once_or_sum(rows.iter().map(|row| row.shipping)) + fees;
        order.tax = once_or_sum(rows.iter().map(|row| row.tax));
        order.discount = discount;
        order.lines = lines;
        order.paid = order_amount.unwrap_or(order.goods + order.shipping + order.tax);
        add_refunds(order, rows);
        let amounts = rows.iter().filter_map(|row| row.amount);
        let of_rows = rows.iter().any(|row| row.amount.is_some()).then(|| amounts.sum());
        Ok(Fit { said: order_amount.or(of_rows), unexplained: false })
    }

    /// One status an order; of several the refunds show through.
    fn status(&self, rows: &[&OrderRow]) -> Option<OrderStatus> {
        if !self.has_status {
            return Some(self.status);
        }
        let mut said = rows.iter().filter_map(|row| row.status);
        let first = said.next()?;
        let refunded = |status| matches!(status, OrderStatus::Refunded | OrderStatus::PartiallyRefunded);
        Some(match said.clone().all(|status| status == first) {
            true => first,
            false if refunded(first) || said.any(refunded) => OrderStatus::PartiallyRefunded,
            false => first,
        })
    }

    /// The lines with their share of the discount, and the discount; no lines where the rows name no product.
    fn lines(&self, rows: &[&OrderRow]) -> Result<(Vec<Line>, Micros), Reject> {
        let named =
            |row: &&&OrderRow| row.product.is_some() || !row.title.is_empty() || row.unit_price.is_some();
        let values: Option<Vec<Micros>> = rows.iter().map(|row| value(row, rows.len())).collect();
        let discounts = shares(rows);
        let Some(values) = values.filter(|_| rows.iter().any(|row| named(&row))) else {
            return Ok((Vec::new(), discounts.iter().copied().sum()));
        };
        let mut lines = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            let (value, discount) =
                (values.get(at).copied().unwrap_or_default(), discounts.get(at).copied().unwrap_or_default());
            let n = u32::try_from(at + 1).unwrap_or(u32::MAX);
            let line = line(row, n, value, discount);
            if line.discount > line.gross() && line.kind == LineKind::Product {
                let shown = crate::store::export::decimal(discount);
                let reason = "is above the value of what it is for".into();
                let mend = "write the discount on the goods only";
                return Err(self.reject(row, self.names.discount, shown, reason, mend));
            }
            lines.push(line);
        }
        let discount = lines.iter().map(|line| line.discount).sum();
        Ok((lines, discount))
    }

    fn reject(&self, row: &OrderRow, field: usize, value: String, reason: String, mend: &str) -> Reject {
        let column = self.plan.sheet.columns.get(field).copied().flatten();
        let field = match column {
            Some(column) => self.plan.sheet.column_name(column),
            None => self.plan.sheet.format.fields().get(field).map_or("", |field| field.name).to_owned(),
        };
        Reject { line: row.line, field, value, reason, mend: mend.to_owned() }
    }

    /// Remembers how the row names its product.
    fn see(&mut self, row: &OrderRow) {
        let Some(product) = row.product.as_ref().filter(|_| row.kind == LineKind::Product) else { return };
        let titles = self.titles.entry(product.clone()).or_default();
        if let Some(count) = titles.get_mut(&row.title) {
            *count += 1;
        } else if titles.len() < TITLES_MAX && !row.title.is_empty() {
            titles.insert(row.title.clone(), 1);
        }
    }

    /// Stops where every order of several rows repeats one amount on all of them.
    fn ask_about_amounts(&mut self, report: &FileReport) -> Result<(), ImportError> {
        let mut example: Option<(u64, String, Micros)> = None;
        for part in 0..self.spill.parts() {
            let rows = self.spill.read(part)?;
            for rows in rows.chunk_by(|a, b| a.order == b.order).filter(|rows| rows.len() > 1) {
                let Some(first) = rows.first() else { continue };
                let repeated = rows.iter().all(|row| row.amount == first.amount && row.unit_price.is_none());
                let Some(amount) = first.amount.filter(|amount| repeated && *amount > Micros::ZERO) else {
                    return Ok(());
                };
                if example.as_ref().is_none_or(|(line, ..)| first.line < *line) {
                    example = Some((first.line, clip(&first.order), amount));
                }
            }
        }
        let Some((line, order, amount)) = example else { return Ok(()) };
        let column = self.plan.sheet.columns.get(self.names.amount).copied().flatten();
        Err(ImportError::AmbiguousAmount {
            file: report.file.clone(),
            line,
            order,
            column: column.map(|column| self.plan.sheet.column_name(column)).unwrap_or_default(),
            value: crate::store::export::decimal(amount),
        })
    }
}

/// What the row's goods cost before discount, or after where only an amount is known.
fn value(row: &OrderRow, rows: usize) -> Option<Micros> {
    match (row.unit_price, row.amount, row.order_amount) {
        (Some(price), _, _) => Some(price.times(row.qty.unwrap_or(1))),
        (None, Some(amount), _) => Some(amount),
        (None, None, order_amount) => order_amount.filter(|_| rows == 1),
    }
}

fn line(row: &OrderRow, n: u32, value: Micros, discount: Micros) -> Line {
    let qty = row.qty.unwrap_or(1).max(1);
    let (unit_price, discount) = match row.unit_price {
        Some(price) => (price, discount),
        None => {
            // What was paid is exact: a price per piece that does not divide is rounded up and the rest discounted.
            let gross = value + discount;
            let price = Micros(gross.0.div_euclid(qty) + i64::from(gross.0.rem_euclid(qty) != 0));
            (price, price.times(qty) - value)
        }
    };
    Line {
        n,
        kind: row.kind,
        product: row.product.clone().map(ProductId),
        item: None,
        options: row.options.clone(),
        title: row.title.clone(),
        qty,
        unit_price,
        discount,
    }
}

/// Each row's share of the discount.
fn shares(rows: &[&OrderRow]) -> Vec<Micros> {
    let own = rows.iter().map(|row| row.discount);
    match repeated(own.clone()) {
        Some(total) => {
            let weights: Vec<i64> =
                rows.iter().map(|row| value(row, rows.len()).unwrap_or_default().0.max(0)).collect();
            spread(total, &weights)
        }
        None => own.collect(),
    }
}

/// The one value that all of several rows repeat.
fn repeated(mut values: impl ExactSizeIterator<Item = Micros>) -> Option<Micros> {
    let several = values.len() > 1;
    let first = values.next()?;
    (several && first != Micros::ZERO && values.all(|value| value == first)).then_some(first)
}

fn once_or_sum(values: impl ExactSizeIterator<Item = Micros> + Clone) -> Micros {
    repeated(values.clone()).unwrap_or_else(|| values.sum())
}

/// The refunds that the rows name, and the one that a status of `refunded` stands for.
fn add_refunds(order: &mut Order, rows: &[&OrderRow]) {
    let refund = |line, qty, amount| Refund { day: None, line, qty, amount, reason: None };
    let net = |order: &Order, at: usize| order.lines.get(at).map(|line| line.gross() - line.discount);
    let qty = |order: &Order, at: usize| order.lines.get(at).map_or(0, |line| line.qty);
    let own_value =
        |order: &Order| rows.iter().enumerate().all(|(at, row)| net(order, at) == Some(row.refund));
    match repeated(rows.iter().map(|row| row.refund)).filter(|_| !own_value(order)) {
        Some(amount) => {
            let line = (order.lines.len() == 1).then_some(1);
            order.refunds.push(refund(line, 0, amount));
        }
        None => {
            for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.refund > Micros::ZERO) {
                let whole = net(order, at).is_some_and(|net| row.refund >= net);
                let pieces = if whole { qty(order, at) } else { 0 };
                let line = order.lines.get(at).map(|line| line.n);
                order.refunds.push(refund(line, pieces, row.refund));
            }
        }
    }
    if order.refunds.is_empty() && order.status == OrderStatus::Refunded {
        order.flags.refund_amount_estimated = true;
        if order.lines.is_empty() {
            order.refunds.push(refund(None, 0, order.goods));
        }
        for at in 0..order.lines.len() {
            if let (Some(amount), Some(line)) = (net(order, at), order.lines.get(at))
                && line.kind == LineKind::Product
            {
                let whole = refund(Some(line.n), line.qty, amount);
                order.refunds.push(whole);
            }
        }
    }
    order.flags.refund_date_unknown = !order.refunds.is_empty();
}

/// A return that no file links to an order; corrections and returned fees are none.
fn unlinked(row: &OrderRow, at: usize) -> Option<UnlinkedRefund> {
    let ((placed_at, on), price) = (row.at?, row.unit_price?);
    let qty = row.qty?.saturating_neg();
    (row.kind == LineKind::Product).then(|| UnlinkedRefund {
        id: row.order.clone(),
        n: u32::try_from(at + 1).unwrap_or(u32::MAX),
        at: placed_at,
        on,
        customer: row.customer.clone().map(CustomerId),
        product: row.product.clone().map(ProductId),
        qty,
        amount: price.times(qty),
        currency: row.currency,
    })
}

/// The product under its most frequent title.
fn seen_product(id: String, titles: &BTreeMap<String, u32>) -> Product {
    let best = titles.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)));
    let name = best.map_or_else(|| id.clone(), |(title, _)| title.clone());
    Product {
        id: ProductId(id),
        name,
        category: None,
        variants: Vec::new(),
        price: None,
        cost: None,
        stock: None,
    }
}
