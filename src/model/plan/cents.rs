//! How does a plan become whole cents that add up?
//!
//! Largest remainders: first each channel inside its bounds, then its weeks, so that nothing is spent or saved by rounding.

use super::room::Room;
use crate::model::allocate::largest_remainder;

/// To the cent.
pub(super) fn cents(money: f64) -> f64 {
    (money * 100.0).round() / 100.0
}

/// A channel's money in equal weeks.
pub(super) fn even(spend: f64, weeks: usize) -> impl Iterator<Item = f64> {
    let parts = vec![spend * 100.0 / weeks as f64; weeks];
    let whole = largest_remainder(&parts, (spend * 100.0).round() as i64, &[]);
    whole.into_iter().map(|cents| cents as f64 / 100.0)
}

/// The plan in whole cents that add up to the room's total.
pub(super) fn in_cents(plan: &[f64], room: &Room) -> Vec<f64> {
    let total = room.total.unwrap_or_else(|| plan.iter().sum());
    let inward = |(lower, upper): (f64, f64)| {
        ((lower * 100.0 - 1e-6).ceil() as i64, (upper * 100.0 + 1e-6).floor().min(9e17) as i64)
    };
    // a week may pass its bound by part of a cent: where the total fills all bounds, no whole cents fit between them
    let outward = |(lower, upper): (f64, f64)| {
        ((lower * 100.0 + 1e-6).floor() as i64, (upper * 100.0 - 1e-6).ceil().min(9e17) as i64)
    };
    let weeks = room.weeks.max(1);
    let cents: Vec<f64> = plan.iter().map(|x| x * 100.0).collect();
    let sums: Vec<f64> = cents.chunks(weeks).map(|own| own.iter().sum()).collect();
    let bounds: Vec<(i64, i64)> = room
        .limits
        .iter()
        .map(|limits| {
            let (week, whole) = (outward(limits.week), inward(limits.whole));
            let of_weeks = |week: i64| week.saturating_mul(weeks as i64);
            (whole.0.max(of_weeks(week.0)), whole.1.min(of_weeks(week.1)))
        })
        .collect();
    let sums = largest_remainder(&sums, (total * 100.0).round() as i64, &bounds);
    let by_week = cents.chunks(weeks).zip(&room.limits).zip(sums);
    let whole = by_week
        .flat_map(|((own, limits), sum)| largest_remainder(own, sum, &vec![outward(limits.week); own.len()]));
    whole.map(|cents| cents as f64 / 100.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::Limits;

    #[test]
    fn a_total_that_fills_every_bound_is_spent_to_the_cent() {
        let third = 31.0 / 3.0;
        let limits = vec![Limits { week: (0.0, third), whole: (0.0, f64::INFINITY) }; 2];
        let room = Room { limits, weeks: 3, total: Some(62.0) };
        let plan = in_cents(&[third; 6], &room);
        assert_eq!(plan.iter().map(|x| (x * 100.0).round() as i64).sum::<i64>(), 6200, "{plan:?}");
        assert!(plan.iter().all(|x| (x - third).abs() < 0.01), "{plan:?}");
    }
}
