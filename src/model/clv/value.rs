//! What is a customer worth from now on?
//!
//! DEFINITIONS §5: E(j) = expected purchases in the first j months of 30.4375 days; revenue = E(H) · E[M];
//! clv = Σ_j (E(j) − E(j−1)) · E[M] · margin / (1+d)^(j/12), discounted at month ends, d a year.
//! Differs in one point: the season enters as time that runs faster or slower (a month with factor 1.2 counts as 1.2
//! months), which for a constant rate is the same as multiplying E, and keeps counts and their probabilities coherent.

use super::Alive;
use crate::domain::MONTH_DAYS;

/// A month in weeks.
pub const WEEKS_A_MONTH: f64 = MONTH_DAYS / 7.0;

/// How far to look, and how.
#[derive(Clone, PartialEq, Debug)]
pub struct Horizon {
    /// Seasonal factor of each month ahead (times the pace), 1 where none is known; its length is the number of months.
    pub season: Vec<f64>,
    /// d, a year.
    pub discount: f64,
}

/// One customer's expected future.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Worth {
    /// Expected purchases.
    pub orders: f64,
    /// Σ of months, each expected purchase discounted.
    pub discounted_orders: f64,
}

impl Horizon {
    /// Without season.
    pub fn plain(months: u32, discount: f64) -> Self {
        Self { season: vec![1.0; months as usize], discount }
    }

    /// The same with purchase time running `factor` as fast.
    #[must_use]
    pub fn at_pace(mut self, factor: f64) -> Self {
        self.season.iter_mut().for_each(|month| *month *= factor);
        self
    }

    /// Weeks of purchase time: calendar weeks stretched by the season.
    pub fn weeks(&self) -> f64 {
        self.season.iter().map(|factor| factor * WEEKS_A_MONTH).sum()
    }

    /// Expected purchases, plain and discounted.
    pub fn worth(&self, alive: &Alive) -> Worth {
        let (mut weeks, mut before, mut discounted) = (0.0, 0.0, 0.0);
        for (month, factor) in (1_u32..).zip(&self.season) {
            weeks += factor * WEEKS_A_MONTH;
            let orders = alive.expected(weeks);
            discounted += (orders - before) / (1.0 + self.discount).powf(f64::from(month) / 12.0);
            before = orders;
        }
        Worth { orders: before, discounted_orders: discounted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_month_is_discounted_for_one_month() {
        let alive = Alive { p_alive: 0.5, shape: 2.0, rate: 10.0, a: 0.0, b: 1.0 };
        let worth = Horizon::plain(1, 0.1).worth(&alive);
        assert!((worth.orders - 0.5 * 0.2 * WEEKS_A_MONTH).abs() < 1e-12);
        assert!((worth.discounted_orders * 1.1_f64.powf(1.0 / 12.0) - worth.orders).abs() < 1e-12);
    }
}
