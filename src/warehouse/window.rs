//! After how many days without an order does this shop count a customer as lost?
//!
//! DEFINITIONS §3, `churn_rate`: the smallest of 30 … 365 days that is not below the 90th percentile of the gaps
//! between orders of repeat buyers.

use super::{NONE, Orders};

/// The windows to choose from.
const WINDOWS: [i32; 6] = [30, 60, 90, 120, 180, 365];

/// W for these sale orders of one shop, each a customer's number and a day, ordered by day; `None` without a gap.
pub fn churn_window_days(sales: impl Iterator<Item = (u32, i32)>) -> Option<i32> {
    let mut last: Vec<Option<i32>> = Vec::new();
    let mut gaps = Vec::new();
    for (customer, day) in sales {
        let at = customer as usize;
        if at >= last.len() {
            last.resize(at + 1, None);
        }
        if let Some(before) = last[at].replace(day) {
            gaps.push(day - before);
        }
    }
    let gap = percentile(&mut gaps, 90)?;
    WINDOWS.into_iter().find(|window| *window >= gap).or(WINDOWS.last().copied())
}

/// The smallest value that is not below `percent` % of the values; `None` for none.
pub fn percentile(values: &mut [i32], percent: usize) -> Option<i32> {
    let rank = (values.len() * percent).div_ceil(100).checked_sub(1)?;
    values.sort_unstable();
    values.get(rank).copied()
}

/// The sale orders of customers with a key, as [`churn_window_days`] wants them.
pub(super) fn keyed_sales(orders: &Orders) -> impl Iterator<Item = (u32, i32)> {
    (0..orders.id.len())
        .filter(|row| orders.sale[*row] && orders.customer[*row] != NONE)
        .map(|row| (orders.customer[row], orders.day[row]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(gaps: &[i32], expected: Option<i32>) {
        let mut day = 0;
        let sales = std::iter::once(0).chain(gaps.iter().map(|gap| {
            day += gap;
            day
        }));
        assert_eq!(churn_window_days(sales.map(|day| (0, day))), expected);
    }

    #[test]
    fn the_window_is_the_next_one_above_nine_in_ten_gaps() {
        check(&[], None);
        check(&[30], Some(30));
        check(&[31], Some(60));
        check(&[5, 5, 5, 5, 5, 5, 5, 5, 95, 300], Some(120));
        check(&[900], Some(365));
    }
}
