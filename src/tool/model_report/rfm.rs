//! Did the scores of some time ago foretell who would order since?

use serde::Serialize;

use crate::domain::Day;
use crate::features::rfm::Rfm;
use crate::model::clv::measure;
use crate::tool::{ToolContext, ToolError};
use crate::warehouse::{NONE, Warehouse};

/// What RFM scores were worth in the hold-out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RfmReport {
    /// Scored today.
    pub customers: usize,
    /// The scores that were tested are of this day.
    pub as_of: Day,
    /// Days held out after it.
    pub days: i32,
    /// Share of the orders since that the tenth with the highest scores placed (R, then F, then M).
    pub capture: f64,
    /// The same for the tenth with most revenue up to that day: the naive row.
    pub capture_naive: f64,
    /// Share of each R score's customers who ordered since, R = 1 … 5; nothing where a score has nobody.
    pub ordered: [Option<f64>; 5],
}

/// Held out where nothing else says how long.
const DAYS: i32 = 90;
/// Of the days known, at most this part is held out.
const PART: i32 = 4;
const BEST: f64 = 0.1;

/// Nothing where there were too few customers for scores.
pub(super) fn report(ctx: &ToolContext<'_>, days: Option<i32>) -> Result<Option<RfmReport>, ToolError> {
    let (today, data) = ctx.today()?;
    let now = Rfm::as_of(ctx.warehouse, today);
    let days = days.unwrap_or(DAYS).min(today.since(data.from) / PART).max(1);
    let as_of = today.plus(-days);
    let then = Rfm::as_of(ctx.warehouse, as_of);
    let Some(scores) = then.scores.as_ref() else { return Ok(None) };
    let since = orders_since(ctx.warehouse, &then, today);
    let order = |i: usize| {
        let score = scores[i];
        f64::from(score.r) * 100.0 + f64::from(score.f) * 10.0 + f64::from(score.m)
    };
    let ranked: Vec<f64> = (0..then.len()).map(order).collect();
    let spent: Vec<f64> = then.monetary.iter().map(|micros| *micros as f64).collect();
    let ordered = |r: u8| {
        let members: Vec<usize> = (0..then.len()).filter(|i| scores[*i].r == r).collect();
        let again = members.iter().filter(|i| since[**i] > 0.0).count();
        (!members.is_empty()).then(|| again as f64 / members.len() as f64)
    };
    let capture = |by: &[f64]| Some(measure::capture(by, &since, BEST)).filter(|share| share.is_finite());
    Ok(Some(RfmReport {
        customers: now.len(),
        as_of,
        days,
        capture: capture(&ranked).unwrap_or(0.0),
        capture_naive: capture(&spent).unwrap_or(0.0),
        ordered: [1, 2, 3, 4, 5].map(ordered),
    }))
}

/// Kept orders of each of these customers after the day of the scores.
fn orders_since(warehouse: &Warehouse, then: &Rfm, today: Day) -> Vec<f64> {
    let orders = &warehouse.orders;
    let mut since = vec![0.0; then.len()];
    let until = orders.day.partition_point(|day| *day <= today.0);
    let from = orders.day.partition_point(|day| *day <= then.as_of.0);
    for row in (from..until).filter(|row| warehouse.is_kept(*row) && orders.customer[*row] != NONE) {
        if let Ok(i) = then.customer.binary_search(&orders.customer[row]) {
            since[i] += 1.0;
        }
    }
    since
}
