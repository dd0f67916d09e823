//! What did this customer order, and what came back?

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{Day, Micros, percentile, units};
use crate::warehouse::{NONE, Warehouse};

/// A customer's orders up to today; amounts are net goods.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Past {
    /// Paid and not cancelled.
    pub orders: usize,
    /// Unpaid or cancelled.
    pub orders_not_sales: usize,
    pub revenue: f64,
    pub first: Option<Day>,
    pub last: Option<Day>,
    /// Median days between days with an order; from three such days on.
    pub usual_gap: Option<i32>,
    pub units_sold: i64,
    pub units_returned: i64,
    /// Orders with a return or exchange asked for and not yet paid back.
    pub open_returns: usize,
    /// Refunds that no file links to an order.
    pub loose_refunds: f64,
    /// The three products with most pieces kept.
    pub favourites: Vec<Favourite>,
    /// Newest first, ten at most.
    pub recent: Vec<RecentOrder>,
    pub feedback: Feedback,
}

/// What this customer wrote; the texts are theirs, not ours.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Feedback {
    pub n: usize,
    /// Mean of the stars given, 1 to 5.
    pub rating: Option<f64>,
    /// Newest first, five at most.
    pub latest: Vec<Written>,
}

/// One text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Written {
    pub day: Day,
    pub product: Option<String>,
    pub rating: Option<u8>,
    /// In quotation marks: so that a bare number in it licenses none of an answer.
    pub text: String,
    pub source: String,
}

/// A product this customer bought.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Favourite {
    pub product: String,
    pub units: i64,
    pub revenue: f64,
}

/// One order.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct RecentOrder {
    pub order: String,
    pub day: Day,
    pub products: Vec<String>,
    pub units: i64,
    pub units_returned: i64,
    pub revenue: f64,
    /// Key of `prompts/words/order_state.toml`.
    pub state: &'static str,
}

const FAVOURITES: usize = 3;
const RECENT: usize = 10;
const LATEST: usize = 5;
/// Fewer days with an order make no rhythm.
const RHYTHM_DAYS: usize = 3;

impl Past {
    /// Of the customer in this row of the warehouse.
    pub(super) fn of(warehouse: &Warehouse, customer: u32, today: Day) -> Self {
        let orders = &warehouse.orders;
        let until = orders.day.partition_point(|day| *day <= today.0);
        let own: Vec<usize> = (0..until).filter(|row| orders.customer[*row] == customer).collect();
        let sales: Vec<usize> = own.iter().copied().filter(|row| orders.sale[*row]).collect();
        let lines = || sales.iter().flat_map(|row| warehouse.lines_of(*row));
        let mut days: Vec<i32> = sales.iter().map(|row| orders.day[*row]).collect();
        days.dedup();
        Self {
            orders: sales.len(),
            orders_not_sales: own.len() - sales.len(),
            revenue: units(sales.iter().map(|row| i128::from(orders.net[*row])).sum()),
            first: days.first().copied().map(Day),
            last: days.last().copied().map(Day),
            usual_gap: usual_gap(&days),
            units_sold: lines().map(|line| warehouse.lines.qty[line]).sum(),
            units_returned: lines().map(|line| warehouse.lines.returned[line]).sum(),
            open_returns: sales.iter().filter(|row| orders.open_return[**row]).count(),
            loose_refunds: loose_refunds(warehouse, customer, today),
            favourites: favourites(warehouse, lines()),
            recent: own.iter().rev().take(RECENT).map(|row| recent(warehouse, *row)).collect(),
            feedback: feedback(warehouse, customer, today),
        }
    }
}

fn usual_gap(days: &[i32]) -> Option<i32> {
    if days.len() < RHYTHM_DAYS {
        return None;
    }
    let mut gaps: Vec<i32> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
    percentile(&mut gaps, 50)
}

fn loose_refunds(warehouse: &Warehouse, customer: u32, today: Day) -> f64 {
    let refunds = &warehouse.unlinked_refunds;
    let own =
        (0..refunds.day.len()).filter(|i| refunds.customer[*i] == customer && refunds.day[*i] <= today.0);
    units(own.map(|i| i128::from(refunds.amount[i])).sum())
}

fn favourites(warehouse: &Warehouse, lines: impl Iterator<Item = usize>) -> Vec<Favourite> {
    let mut kept: BTreeMap<u32, (i64, i64)> = BTreeMap::new();
    for line in lines.filter(|line| warehouse.lines.product[*line] != NONE) {
        let (pieces, net) = kept.entry(warehouse.lines.product[line]).or_default();
        *pieces += warehouse.lines.qty[line] - warehouse.lines.returned[line];
        *net += warehouse.lines.net[line];
    }
    let mut kept: Vec<(u32, (i64, i64))> = kept.into_iter().filter(|(_, (pieces, _))| *pieces > 0).collect();
    kept.sort_by_key(|(product, (pieces, net))| (std::cmp::Reverse((*pieces, *net)), *product));
    let named = |(product, (pieces, net)): (u32, (i64, i64))| Favourite {
        product: warehouse.products.name[product as usize].clone(),
        units: pieces,
        revenue: Micros(net).to_f64(),
    };
    kept.into_iter().take(FAVOURITES).map(named).collect()
}

fn feedback(warehouse: &Warehouse, customer: u32, today: Day) -> Feedback {
    let rows = &warehouse.feedback;
    let mut own: Vec<usize> =
        (0..rows.day.len()).filter(|i| rows.customer[*i] == customer && rows.day[*i] <= today.0).collect();
    own.sort_by_key(|i| std::cmp::Reverse(rows.at[*i]));
    let stars: Vec<f64> = own.iter().filter_map(|i| rows.rating[*i]).map(f64::from).collect();
    let written = |i: &usize| Written {
        day: Day(rows.day[*i]),
        product: warehouse.products.name.get(rows.product[*i] as usize).cloned(),
        rating: rows.rating[*i],
        text: format!("“{}”", rows.text[*i]),
        source: rows.source[*i].clone(),
    };
    Feedback {
        n: own.len(),
        rating: (!stars.is_empty()).then(|| stars.iter().sum::<f64>() / stars.len() as f64),
        latest: own.iter().take(LATEST).map(written).collect(),
    }
}

fn recent(warehouse: &Warehouse, row: usize) -> RecentOrder {
    let orders = &warehouse.orders;
    let lines = warehouse.lines_of(row);
    let name = |line: usize| {
        let product = warehouse.lines.product[line];
        warehouse.products.name.get(product as usize).cloned()
    };
    RecentOrder {
        order: orders.id[row].clone(),
        day: Day(orders.day[row]),
        products: lines.clone().filter_map(name).collect(),
        units: lines.clone().map(|line| warehouse.lines.qty[line]).sum(),
        units_returned: lines.map(|line| warehouse.lines.returned[line]).sum(),
        revenue: Micros(orders.net[row]).to_f64(),
        state: match (orders.sale[row], orders.open_return[row]) {
            (false, _) => "not_sale",
            (true, true) => "open_return",
            (true, false) => "sale",
        },
    }
}
