//! After how many days without an order does this shop count a customer as lost?
//!
//! W of `churn_rate` (DEFINITIONS §3): the smallest of 30 … 365 days that is not below the 90th percentile (nearest
//! rank) of the gaps between orders of repeat buyers; 365 where the gaps are longer still.

/// The windows to choose from.
const WINDOWS_DAYS: [i32; 6] = [30, 60, 90, 120, 180, 365];
/// Share of the gaps that must fit into the window.
const SHARE_PERCENT: usize = 90;

/// W for the gaps between orders, in days; `None` where nobody has ordered twice.
pub fn churn_window_days(gaps: &mut [i32]) -> Option<i32> {
    let gap = percentile(gaps, SHARE_PERCENT)?;
    WINDOWS_DAYS.into_iter().find(|window| *window >= gap).or(WINDOWS_DAYS.last().copied())
}

/// The smallest value that is not below `percent` % of the values (which it sorts); `None` for none.
pub fn percentile(values: &mut [i32], percent: usize) -> Option<i32> {
    let rank = (values.len() * percent).div_ceil(100).checked_sub(1)?;
    values.sort_unstable();
    values.get(rank).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_the_next_one_above_nine_in_ten_gaps() {
        let check =
            |gaps: &[i32], expected| assert_eq!(churn_window_days(&mut gaps.to_vec()), expected, "{gaps:?}");
        check(&[], None);
        check(&[30], Some(30));
        check(&[31], Some(60));
        check(&[5, 5, 5, 5, 5, 5, 5, 5, 95, 300], Some(120));
        check(&[900], Some(365));
    }
}
