//! How much may each channel get a week?
//!
//! DEFINITIONS §9: half to twice of today (the mean week of the last thirteen). A budget that does not fit between their
//! sums may use 0 to the largest week ever seen; one that does not fit there either lets the upper bounds grow by one
//! common factor, and the plan extrapolates.

use serde::{Deserialize, Serialize};

use super::room::{Limits, Room};
use crate::model::mix::today;

/// Half to twice of today.
pub const USUAL: (f64, f64) = (0.5, 2.0);

/// A channel's spend so far, per week.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Seen {
    /// Mean of the last thirteen weeks.
    pub today: f64,
    /// The largest week.
    pub largest: f64,
}

/// A bound somebody gave, money over the whole plan.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Bound {
    /// At least.
    pub min: Option<f64>,
    /// At most.
    pub max: Option<f64>,
}

/// How far the bounds had to be widened.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Half to twice of today.
    Usual,
    /// Nothing to the largest week.
    Seen,
    /// This many times the largest week.
    Beyond(f64),
}

/// Why there are no bounds; channels by their place.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "the names say what each is")]
pub enum BoundsError {
    Crossed { channel: usize, min: f64, max: f64 },
    Below { least: f64 },
    Above { most: f64 },
    NeverUsed,
}

impl Seen {
    /// Of a channel's weeks, oldest first.
    pub fn of(weeks: &[f64]) -> Self {
        Self { today: today(weeks), largest: weeks.iter().copied().fold(0.0, f64::max) }
    }
}

/// The room for a plan of `weeks` weeks.
pub fn room(
    seen: &[Seen],
    given: &[Bound],
    weeks: usize,
    total: Option<f64>,
) -> Result<(Room, Reach), BoundsError> {
    for (channel, bound) in given.iter().enumerate() {
        if let (Some(min), Some(max)) = (bound.min, bound.max)
            && min > max
        {
            return Err(BoundsError::Crossed { channel, min, max });
        }
    }
    let with = |lower: f64, upper: f64, growth: f64| {
        let limits = |(seen, given): (&Seen, &Bound)| limits(seen, *given, weeks, (lower, upper, growth));
        Room { limits: seen.iter().zip(given).map(limits).collect(), weeks, total }
    };
    let usual = with(USUAL.0, USUAL.1, 1.0);
    let Some(total) = total else { return Ok((usual, Reach::Usual)) };
    // sums of decimals may miss by their last bits
    let slack = 1e-9 * total.max(1.0);
    let fits = |room: &Room| {
        let (least, most) = room.sums();
        least <= total + slack && total <= most + slack
    };
    if fits(&usual) {
        return Ok((usual, Reach::Usual));
    }
    let whole = with(0.0, f64::INFINITY, 1.0);
    let (least, most) = whole.sums();
    if total < least - slack {
        return Err(BoundsError::Below { least });
    }
    if fits(&whole) {
        return Ok((whole, Reach::Seen));
    }
    let free: f64 =
        seen.iter().zip(given).filter(|(_, given)| given.max.is_none()).map(|(seen, _)| seen.largest).sum();
    if free <= 0.0 {
        let some = seen.iter().any(|seen| seen.largest > 0.0);
        return Err(if some { BoundsError::Above { most } } else { BoundsError::NeverUsed });
    }
    // bounds that somebody gave stay; the others' upper ends grow
    let (mut low, mut high) = (1.0, 2.0);
    while with(0.0, f64::INFINITY, high).sums().1 < total && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if with(0.0, f64::INFINITY, middle).sums().1 < total { low = middle } else { high = middle }
    }
    Ok((with(0.0, f64::INFINITY, high), Reach::Beyond(high)))
}

/// `scale`: lower and upper end in today's weeks (an infinite upper end: the largest week times the growth).
fn limits(seen: &Seen, given: Bound, weeks: usize, scale: (f64, f64, f64)) -> Limits {
    let (lower, upper, growth) = scale;
    let n = weeks.max(1) as f64;
    let most = if upper.is_finite() { upper * seen.today } else { growth * seen.largest };
    let mut week = (lower * seen.today, most);
    // who gives a bound means it, whatever was usual
    if let Some(min) = given.min {
        week = (week.0.min(min / n), week.1.max(min / n));
    }
    if let Some(max) = given.max {
        week = (week.0.min(max / n), week.1.max(max / n));
    }
    if given.min.is_some() && given.max.is_none() {
        week.1 = week.1.max(2.0 * given.min.unwrap_or_default() / n);
    }
    Limits { week, whole: (given.min.unwrap_or(0.0), given.max.unwrap_or(f64::INFINITY)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: [Seen; 2] = [Seen { today: 100.0, largest: 300.0 }, Seen { today: 50.0, largest: 60.0 }];

    #[track_caller]
    fn check(total: f64, given: [Bound; 2], weeks: [(f64, f64); 2], reach: Reach) {
        let (room, found) = room(&SEEN, &given, 4, Some(total)).unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        for (limits, week) in room.limits.iter().zip(weeks) {
            assert!(near(limits.week.0, week.0) && near(limits.week.1, week.1), "{:?}", room.limits);
        }
        let same = match (found, reach) {
            (Reach::Beyond(a), Reach::Beyond(b)) => near(a, b),
            (a, b) => a == b,
        };
        assert!(same, "{found:?}");
    }

    #[test]
    fn bounds_widen_as_far_as_the_budget_asks() {
        let none = [Bound::default(); 2];
        check(600.0, none, [(50.0, 200.0), (25.0, 100.0)], Reach::Usual);
        check(200.0, none, [(0.0, 300.0), (0.0, 60.0)], Reach::Seen);
        check(1300.0, none, [(0.0, 300.0), (0.0, 60.0)], Reach::Seen);
        check(2880.0, none, [(0.0, 600.0), (0.0, 120.0)], Reach::Beyond(2.0));
        let most = [Bound { min: None, max: Some(40.0) }, Bound::default()];
        check(300.0, most, [(10.0, 200.0), (25.0, 100.0)], Reach::Usual);
    }

    #[test]
    fn what_cannot_be_is_said() {
        let bound = |min, max| Bound { min: Some(min), max: Some(max) };
        let asked = |given: [Bound; 2], total| room(&SEEN, &given, 4, Some(total)).unwrap_err();
        assert_eq!(
            asked([bound(9.0, 8.0), bound(0.0, 1.0)], 10.0),
            BoundsError::Crossed { channel: 0, min: 9.0, max: 8.0 }
        );
        assert_eq!(asked([bound(90.0, 98.0), bound(20.0, 30.0)], 10.0), BoundsError::Below { least: 110.0 });
        assert_eq!(asked([bound(90.0, 98.0), bound(20.0, 30.0)], 130.0), BoundsError::Above { most: 128.0 });
    }
}
