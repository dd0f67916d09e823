//! How busy is the shop in a week, on a weekday, at an hour?
//!
//! DEFINITIONS §12 line 2. Weeks are counted from Monday 2024-07-01.

use std::f64::consts::TAU;

use rand::Rng as _;

use super::streams::{Rng, pick};
use crate::domain::Day;

/// 2024-07-01, a Monday.
pub(super) const FIRST_DAY: Day = Day(19_905);
/// 2026-06-30, a Tuesday.
pub(super) const LAST_DAY: Day = Day(20_634);
/// Complete weeks of the data.
pub(super) const WEEKS_COMPLETE: usize = 104;
/// Weeks with at least a day of data; the last one has two.
pub(super) const WEEKS_OF_DATA: usize = 105;
/// Weeks simulated: 365 days beyond the data end in week 156.
pub(super) const WEEKS_SIMULATED: usize = 157;

/// Organic orders of a week at season 1, at the start.
pub(super) const ORGANIC_WEEKLY: f64 = 215.0;
/// Their growth a year.
pub(super) const GROWTH_YEARLY: f64 = 0.08;
/// Amplitudes of a year and of half a year.
pub(super) const HARMONICS: [f64; 2] = [0.16, 0.07];
/// Weeks a year, as the season counts them.
const YEAR: f64 = 52.18;
/// The week of the peak: mid-December.
const PEAK: f64 = 24.0;
/// Monday to Sunday.
const WEEKDAYS: [f64; 7] = [0.13, 0.13, 0.13, 0.14, 0.15, 0.17, 0.15];
/// Midnight to 23:00, with peaks at 12 and 20.
const HOURS: [f64; 24] = [
    0.8, 0.4, 0.2, 0.1, 0.1, 0.2, 0.7, 1.6, 3.0, 4.2, 5.4, 6.8, 8.0, 6.6, 5.2, 4.6, 4.6, 5.2, 6.6, 8.4, 9.6,
    8.0, 5.2, 2.4,
];

/// s(t): the season of week `t`, around 1.
pub(super) fn season(week: usize) -> f64 {
    let angle = TAU * (week as f64 - PEAK) / YEAR;
    1.0 + HARMONICS[0] * angle.cos() + HARMONICS[1] * (2.0 * angle).cos()
}

/// Expected organic orders of week `t`, first orders of new customers included.
pub(super) fn organic_orders(week: usize) -> f64 {
    ORGANIC_WEEKLY * season(week) * (1.0 + GROWTH_YEARLY * week as f64 / 52.0)
}

/// Monday of a week.
pub(super) fn monday(week: usize) -> Day {
    FIRST_DAY.plus(7 * week as i32)
}

/// A local moment of a week: the day and the second of the day.
pub(super) fn moment(rng: &mut Rng, week: usize) -> (Day, u32) {
    let day = monday(week).plus(pick(&WEEKDAYS, rng.r#gen()) as i32);
    (day, moment_of_day(rng))
}

/// A second of the day.
pub(super) fn moment_of_day(rng: &mut Rng) -> u32 {
    let hour = pick(&HOURS, rng.r#gen()) as u32;
    hour * 3600 + rng.gen_range(0..3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_are_those_of_the_definition() {
        assert_eq!(FIRST_DAY.to_string(), "2024-07-01");
        assert_eq!(LAST_DAY.to_string(), "2026-06-30");
        assert_eq!(FIRST_DAY.week_start(), FIRST_DAY);
        assert_eq!(monday(WEEKS_COMPLETE).to_string(), "2026-06-29");
        assert!(monday(WEEKS_SIMULATED) > LAST_DAY.plus(365));
    }

    #[test]
    fn the_season_peaks_in_mid_december() {
        let peak = (0..52).max_by(|a, b| season(*a).total_cmp(&season(*b))).unwrap();
        assert_eq!(monday(peak).to_string(), "2024-12-16");
    }
}
