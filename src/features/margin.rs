//! What margin does the shop make on what it sells?
//!
//! m̄ of DEFINITIONS §1: margin over net goods of the sale orders of the last 52 weeks, known where costs cover nearly all
//! of those goods.

use crate::domain::{Day, Span};
use crate::warehouse::Warehouse;

/// Margins count as known from this share of net goods on.
pub const MARGIN_KNOWN: f64 = 0.95;
/// 52 weeks.
const DAYS: i32 = 364;

/// m̄ over the 52 weeks up to the end of `last`; `None` where it is not known well enough.
pub fn of_shop(warehouse: &Warehouse, last: Day) -> Option<f64> {
    let (mut known, mut all, mut margin) = (0.0, 0.0, 0.0);
    for order in warehouse.orders_on(Span { from: last.plus(1 - DAYS), to: last }) {
        if !warehouse.orders.sale[order] {
            continue;
        }
        for line in warehouse.lines_of(order) {
            let net = warehouse.lines.net[line] as f64;
            all += net;
            let rate = warehouse.products.margin_rate.get(warehouse.lines.product[line] as usize);
            if let Some(rate) = rate.copied().flatten() {
                known += net;
                margin += rate * net;
            }
        }
    }
    (all > 0.0 && known >= MARGIN_KNOWN * all).then(|| margin / known)
}
