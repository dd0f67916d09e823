//! Where a file gives an order's own amounts, how do they fit with its lines?
//!
//! The order's goods (after discounts, before refunds) are the truth, and the lines' discounts make up the difference
//! to their prices. A difference that the discounts of the file do not explain is kept and said; lines that cost less
//! than the order leave a gap between the two sums of the report. Where quantities are net of refunds already
//! (WooCommerce), the refund is taken out of the goods instead of once more.

use serde::{Deserialize, Serialize};

use super::spill::OrderRow;
use crate::domain::{Line, Micros, Order, OrderStatus, ProductId, Refund};
use crate::store::lines::discount_to;

/// Prices are rounded to the cent, a line's total may be half a cent off for each piece.
const CENT: Micros = Micros(10_000);

/// What a row says of its whole order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Whole {
    /// After discounts, before refunds, without shipping and tax.
    pub(super) goods: Option<Micros>,
    /// All discounts on goods.
    pub(super) discount: Option<Micros>,
    pub(super) refund: Micros,
    /// Only a word says that all was refunded.
    pub(super) refund_estimated: bool,
    pub(super) shipping: Micros,
    pub(super) tax: Micros,
    /// In all.
    pub(super) paid: Option<Micros>,
    /// Quantities are what is left after refunds.
    pub(super) net_quantities: bool,
}

/// How an order's lines and its own amounts fit.
pub(super) struct Fit {
    /// What the file says that the goods cost.
    pub(super) said: Option<Micros>,
    /// Whether the discounts of the file do not explain the prices.
    pub(super) unexplained: bool,
}

/// Fills lines and amounts of an order whose rows say what the whole of it is.
pub(super) fn fill(order: &mut Order, rows: &[&OrderRow], whole: &Whole) -> Fit {
    order.lines = lines(rows);
    order.shipping = whole.shipping;
    order.tax = whole.tax;
    let gross: Micros = order.lines.iter().map(Line::gross).sum();
    let own: Micros = order.lines.iter().map(|line| line.discount).sum();
    let discount = whole.discount.unwrap_or(own).max(own);
    let mut refund = whole.refund;
    let mut said = whole.goods;
    if let Some(goods) = said.filter(|goods| whole.net_quantities && gross < *goods) {
        said = Some(goods - refund);
        refund = Micros::ZERO;
    }
    order.flags.lines_unknown = order.lines.is_empty();
    let mut unexplained = false;
    if order.lines.is_empty() {
        let rest = whole.paid.unwrap_or_default() - whole.shipping - whole.tax;
        order.goods = said.unwrap_or(rest.max(Micros::ZERO));
        order.discount = whole.discount.unwrap_or_default();
    } else {
        let goods = said.unwrap_or(gross - discount);
        if discount_to(&mut order.lines, goods) {
            let rounding: Micros = order.lines.iter().map(|line| CENT.times(line.qty)).sum();
            unexplained = gross - goods > discount + rounding;
        } else {
            unexplained = true;
        }
        order.discount = order.lines.iter().map(|line| line.discount).sum();
        order.goods = gross - order.discount;
    }
    order.paid = whole.paid.unwrap_or(order.goods + order.shipping + order.tax);
    order.refunds = refunds(order, refund, whole.refund_estimated);
    order.flags.refund_amount_estimated =
        !order.refunds.is_empty() && (whole.refund_estimated || refund == Micros::ZERO);
    order.flags.refund_date_unknown = !order.refunds.is_empty();
    Fit { said, unexplained }
}

fn lines(rows: &[&OrderRow]) -> Vec<Line> {
    let sold = rows.iter().filter(|row| row.unit_price.is_some() || row.amount.is_some());
    let sold = sold.filter(|row| row.qty != Some(0));
    sold.zip(1..).map(|(row, n)| line(row, n)).collect()
}

/// One line before discounts; an amount that does not divide by its pieces is rounded up and the rest discounted.
pub(super) fn line(row: &OrderRow, n: u32) -> Line {
    let qty = row.qty.unwrap_or(1).max(1);
    let unit_price = row.unit_price.unwrap_or_else(|| {
        let amount = row.amount.unwrap_or_default().0;
        Micros(amount.div_euclid(qty) + i64::from(amount.rem_euclid(qty) != 0))
    });
    Line {
        n,
        kind: row.kind,
        product: row.product.clone().map(ProductId),
        item: None,
        options: row.options.clone(),
        title: row.title.clone(),
        qty,
        unit_price,
        discount: row.discount.min(unit_price.times(qty)),
    }
}

/// Refunds of goods: by line where all of them are taken back, else one of the order.
fn refunds(order: &Order, amount: Micros, estimated: bool) -> Vec<Refund> {
    let all_by_word = estimated || (order.status == OrderStatus::Refunded && amount == Micros::ZERO);
    let amount = if all_by_word { order.goods } else { amount.min(order.goods) };
    if amount <= Micros::ZERO {
        return Vec::new();
    }
    let refund = |line, qty, amount| Refund { day: None, line, qty, amount, reason: None };
    if amount == order.goods && !order.lines.is_empty() {
        let by_line = order.lines.iter().map(|line| (line, line.gross() - line.discount));
        return by_line.map(|(line, net)| refund(Some(line.n), line.qty, net)).collect();
    }
    let only = (order.lines.len() == 1).then_some(1);
    vec![refund(only, 0, amount)]
}
