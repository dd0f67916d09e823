//! What does a channel bring in a week, given what was spent in it and before?
//!
//! DEFINITIONS §8: adstock first, then Hill. Adstock weights over thirteen weeks sum to 1 (geometric, or delayed after
//! Jin et al. 2017, "Bayesian methods for media mix modeling with carryover and shape effects"), so that a steady spend
//! is its own adstock. Money in the shop's currency, time in weeks.

use serde::{Deserialize, Serialize};

/// Weeks of carry-over, the week itself included.
pub const LAGS: usize = 13;
/// Weeks before the data have the mean of this many first weeks.
const FIRST_WEEKS: usize = 8;
/// Weeks whose mean is what is spent today, and stands for the weeks after the data (DEFINITIONS §9).
pub const TODAY_WEEKS: usize = 13;

/// How the effect of a week's spend spreads over the weeks after it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adstock {
    /// w ∝ α^l.
    Geometric {
        /// What a week keeps of the week before, 0 ≤ α < 1.
        alpha: f64,
    },
    /// w ∝ α^((l − θ)²).
    Delayed {
        /// How fast it fades around its peak, 0 < α < 1.
        alpha: f64,
        /// Weeks until the peak.
        theta: f64,
    },
}

impl Adstock {
    /// Weight of each lag, the week itself first; they sum to 1.
    pub fn weights(&self) -> [f64; LAGS] {
        let mut weights = match *self {
            Self::Geometric { alpha } => std::array::from_fn(|lag| alpha.powi(lag as i32)),
            Self::Delayed { alpha, theta } => {
                std::array::from_fn(|lag| alpha.powf((lag as f64 - theta).powi(2)))
            }
        };
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        weights
    }

    /// Weeks until half of the effect is in: the smallest l with Σ_{0..l} w ≥ ½, interpolated.
    ///
    /// Time runs from the start of the week of spend, and the weight of lag l is what comes between l and l + 1. Then
    /// geometric carry-over has the half-life ln ½ / ln α that its users know (Robyn's too), and one that ends in its own
    /// week has half a week, not none.
    pub fn half_life(&self) -> f64 {
        let mut before = 0.0;
        for (lag, weight) in self.weights().into_iter().enumerate() {
            if before + weight >= 0.5 {
                return lag as f64 + (0.5 - before) / weight;
            }
            before += weight;
        }
        LAGS as f64
    }
}

/// A channel's effect: β · Hill(adstock of spend).
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Response {
    /// β: money (or orders) a week at full saturation.
    pub beta: f64,
    /// κ: money a week of steady spend that gives half of β.
    pub half_saturation: f64,
    /// k of Hill.
    pub slope: f64,
    /// Carry-over.
    pub adstock: Adstock,
}

impl Response {
    /// Effect of each week of `spend`. `history` has the weeks before them, oldest first; where it is shorter than the
    /// carry-over, what lies before it is the mean of its first eight weeks (of `spend`'s where it is empty).
    pub fn weekly(&self, history: &[f64], spend: &[f64]) -> Vec<f64> {
        adstocked(&self.adstock.weights(), history, spend).into_iter().map(|ad| self.steady(ad)).collect()
    }

    /// Effect of a week under a steady spend (or of a week with this adstock).
    pub fn steady(&self, spend: f64) -> f64 {
        self.beta * hill(spend, self.half_saturation, self.slope)
    }
}

/// What a channel spends a week today: the mean of its last thirteen weeks.
pub fn today(weeks: &[f64]) -> f64 {
    mean(&weeks[weeks.len().saturating_sub(TODAY_WEEKS)..])
}

/// What it spent a week before its first week: the mean of the first eight.
fn before(weeks: &[f64]) -> f64 {
    mean(&weeks[..weeks.len().min(FIRST_WEEKS)])
}

fn mean(weeks: &[f64]) -> f64 {
    if weeks.is_empty() { 0.0 } else { weeks.iter().sum::<f64>() / weeks.len() as f64 }
}

/// The weeks behind as many before them as carry over.
pub(super) fn with_history(weeks: &[f64]) -> Vec<f64> {
    std::iter::repeat_n(before(weeks), LAGS - 1).chain(weeks.iter().copied()).collect()
}

/// Spend that still works in each week of `spend`.
pub fn adstocked(weights: &[f64; LAGS], history: &[f64], spend: &[f64]) -> Vec<f64> {
    let before = before(if history.is_empty() { spend } else { history });
    let spent = |week: usize, lag: usize| match (week + history.len()).checked_sub(lag) {
        None => before,
        Some(place) if place < history.len() => history[place],
        Some(place) => spend[place - history.len()],
    };
    (0..spend.len()).map(|week| (0..LAGS).map(|lag| weights[lag] * spent(week, lag)).sum()).collect()
}

/// x^k/(κ^k + x^k), 0 for nothing spent; no overflow at any size.
pub fn hill(x: f64, half_saturation: f64, slope: f64) -> f64 {
    if x <= 0.0 { 0.0 } else { 1.0 / (1.0 + (slope * (half_saturation.ln() - x.ln())).exp()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_spend_is_its_own_adstock() {
        for adstock in [
            Adstock::Geometric { alpha: 0.0 },
            Adstock::Geometric { alpha: 0.7 },
            Adstock::Delayed { alpha: 0.6, theta: 3.0 },
        ] {
            let response = Response { beta: 100.0, half_saturation: 40.0, slope: 1.5, adstock };
            for week in response.weekly(&[], &[40.0; 20]) {
                assert!((week - 50.0).abs() < 1e-9, "{adstock:?}: {week}");
            }
            assert!((adstock.weights().iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn history_is_what_came_before() {
        let response = Response {
            beta: 1.0,
            half_saturation: 5.0,
            slope: 1.0,
            adstock: Adstock::Geometric { alpha: 0.5 },
        };
        let all: Vec<f64> = (0..40).map(|week| f64::from(week % 7)).collect();
        let whole = response.weekly(&[], &all);
        let later = response.weekly(&all[..25], &all[25..]);
        assert_eq!(whole[25..], later);
    }

    #[test]
    fn half_of_the_effect_comes_by_the_half_life() {
        assert!((Adstock::Geometric { alpha: 0.0 }.half_life() - 0.5).abs() < 1e-12);
        for weeks in [1.0, 2.0] {
            let alpha = 0.5_f64.powf(1.0 / weeks);
            let half_life = Adstock::Geometric { alpha }.half_life();
            assert!((half_life - weeks).abs() < 0.04, "ln ½ / ln {alpha} = {weeks}: {half_life}");
        }
        let slow = Adstock::Geometric { alpha: 0.8 }.half_life();
        let late = Adstock::Delayed { alpha: 0.5, theta: 4.0 }.half_life();
        assert!(slow > 2.0 && slow < 4.0 && (late - 4.5).abs() < 0.1, "{slow} {late}");
    }
}
