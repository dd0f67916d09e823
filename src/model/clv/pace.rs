//! Do the customers' own pasts add up to what a shop like this sells?
//!
//! Each customer's forecast takes their rate of buying as steady. Where the rate of all drifts together (more customers
//! share the same offers, tastes move on), the sum drifts away unseen. A second forecast has other faults: what the
//! customers known a year ago bought in the same days, times the growth of the shop's purchases since, shrunk to none
//! like the season (DEFINITIONS §5). Both count alike: the plain mean of two forecasts is hard to beat where little
//! is known of their errors (Bates & Granger 1969; Clemen 1989, Int. J. of Forecasting 5). They meet in one pace, by
//! which purchase time runs faster or slower for everybody, so counts, values and chances stay coherent.

use rayon::prelude::*;

use super::{Alive, History};

/// Days in a year, as the season counts them.
const YEAR_DAYS: i32 = 365;
/// Fewer purchases a year ago say nothing (a standard error of a tenth).
const PURCHASES_MIN: usize = 100;
/// Steps of the secant through today's point; two or three do.
const STEPS_MAX: usize = 20;
const CLOSE: f64 = 1e-9;

/// How the forecast was moved, and how far apart the two were.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pace {
    /// Purchase time runs this much faster than each customer's past says.
    pub factor: f64,
    /// ln of expected purchases as forecast here over the customers' own; half of what lies between the two forecasts.
    pub moved: f64,
}

impl Pace {
    /// Standard deviation of ln(actual / forecast) of a total, where that of the customers' own forecasts is `miss`:
    /// the mean of two equally good ones with errors of their own, and never less than how far apart they are.
    pub fn spread(&self, miss: f64) -> f64 {
        (miss * std::f64::consts::FRAC_1_SQRT_2).max(self.moved.abs())
    }
}

/// What customers known a year before `today` bought in `days` from then on, times growth; `None` without two whole
/// years of history or with too few purchases.
pub fn year_before(history: &History, today: i32, days: i32) -> Option<f64> {
    let (first, _) = history.span()?;
    let years = (today - first + 1) / YEAR_DAYS;
    let days = days.min(YEAR_DAYS);
    let year_ago = today - YEAR_DAYS;
    let (mut known, mut this_year, mut last_year) = (0_usize, 0_usize, 0_usize);
    for customer in 0..history.customers() {
        let (on, _) = history.of(customer);
        let until = |day: i32| on.partition_point(|on| *on <= day);
        let (before, then) = (until(year_ago - YEAR_DAYS), until(year_ago));
        this_year += until(today) - then;
        last_year += then - before;
        if then > 0 {
            known += until(year_ago + days) - then;
        }
    }
    if years < 2 || known < PURCHASES_MIN || last_year < PURCHASES_MIN || this_year < PURCHASES_MIN {
        return None;
    }
    let growth = (this_year as f64 / last_year as f64).ln();
    let weight = f64::from(years) / f64::from(years + 1);
    Some(known as f64 * (weight * growth).exp())
}

/// The pace at which these customers' purchases in `weeks` come to the geometric mean of their own forecasts' sum and
/// `other`.
pub fn between(alive: &[Alive], weeks: f64, other: f64) -> Option<Pace> {
    let sum = |weeks: f64| -> f64 {
        // sums of parts in a fixed order, whatever the number of threads
        let parts: Vec<f64> = alive
            .par_chunks(4096)
            .map(|part| part.iter().map(|alive| alive.expected(weeks)).sum::<f64>())
            .collect();
        parts.iter().sum()
    };
    let own = sum(weeks);
    let moved = 0.5 * (other / own).ln();
    if !moved.is_finite() {
        return None;
    }
    let (target, mut factor) = (own * moved.exp(), moved.exp());
    for _ in 0..STEPS_MAX {
        let met = sum(weeks * factor);
        let off = (target / met).ln();
        // how purchases answer to time; near 1, as nobody buys much less for having bought
        let elasticity = (met / own).ln() / factor.ln();
        if off.abs() < CLOSE || !elasticity.is_finite() {
            break;
        }
        factor *= (off / elasticity).exp();
    }
    (factor.is_finite() && factor > 0.0).then_some(Pace { factor, moved })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Customers 0 … n − 1 who buy on every `step`-th day of `days`.
    fn steady(n: u32, days: i32, step: i32) -> History {
        let each = |customer: u32| (1..=days / step).map(move |k| (customer, k * step, 10.0));
        History::new(n as usize, (0..n).flat_map(each).collect())
    }

    #[test]
    fn a_steady_shop_sells_what_it_sold() {
        let history = steady(20, 1000, 5);
        assert_eq!(year_before(&history, 1000, 100), Some(400.0));
        assert_eq!(year_before(&history, 700, 100), None, "not yet two years");
        assert_eq!(year_before(&steady(2, 1000, 20), 1000, 100), None, "ten purchases are no evidence");
    }

    #[test]
    fn growth_counts_by_the_weight_of_its_years() {
        // ten customers from the start, ten more for the last year
        let old = (0..10).flat_map(|customer| (0..=146).map(move |k| (customer, k * 5, 1.0)));
        let new = (10..20).flat_map(|customer| (0..73).map(move |k| (customer, 366 + k * 5, 1.0)));
        let history = History::new(20, old.chain(new).collect());
        let said = year_before(&history, 730, 100).unwrap();
        let growth = (1460.0_f64 / 730.0).powf(2.0 / 3.0);
        assert!((said / (200.0 * growth) - 1.0).abs() < 0.01, "{said}");
    }

    #[test]
    fn both_forecasts_count_alike() {
        let alive = [Alive { p_alive: 0.7, shape: 5.0, rate: 30.0, a: 0.8, b: 5.0 }; 3];
        let own: f64 = alive.iter().map(|alive| alive.expected(26.0)).sum();
        let pace = between(&alive, 26.0, own * 0.81).unwrap();
        let met: f64 = alive.iter().map(|alive| alive.expected(26.0 * pace.factor)).sum();
        assert!((met / own - 0.9).abs() < 1e-8 && pace.factor < 0.9, "{pace:?}");
        assert!((pace.spread(0.01) + 0.9_f64.ln()).abs() < 1e-9, "as wide as they are apart");
        assert_eq!(between(&alive, 26.0, 0.0), None);
        let same = between(&alive, 26.0, own).unwrap();
        assert!((same.factor - 1.0).abs() < 1e-12 && (same.spread(0.1) - 0.1 / 2_f64.sqrt()).abs() < 1e-12);
    }
}
