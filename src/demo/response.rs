//! What does each channel bring, week by week?
//!
//! DEFINITIONS §12 line 4, with the adstock and Hill of §8: geometric weights over 13 weeks that sum to 1, then
//! Hill with κ in money a week. Weeks before the data have the channel's mean of its first 8; after the data the
//! spend of the 52 weeks before is repeated.

use super::season::{WEEKS_COMPLETE, WEEKS_OF_DATA, WEEKS_SIMULATED};
use super::spend::{CHANNELS, N_CHANNELS, Weekly};

/// Mean net value of an order, cancelled ones counted with 0: what one caused order brings. EUR.
pub(super) const ORDER_VALUE: f64 = 95.0;
/// Weeks of carry-over, the week itself included.
const LAGS: usize = 13;

/// What is true of the channels' effect.
pub(super) struct Response {
    /// β: revenue a week at full saturation, EUR.
    pub(super) beta: [f64; N_CHANNELS],
    /// κ: EUR a week.
    pub(super) half_saturation: [f64; N_CHANNELS],
    /// Expected revenue by channel and simulated week, EUR.
    pub(super) expected: [Vec<f64>; N_CHANNELS],
    /// Spend over the complete weeks, EUR.
    pub(super) spend: [f64; N_CHANNELS],
}

impl Response {
    /// β is set so that each channel has its ROI over the complete weeks.
    pub(super) fn to(spend: &[Weekly; N_CHANNELS]) -> Self {
        let half_saturation = std::array::from_fn(|c| CHANNELS[c].half_saturation * CHANNELS[c].spend_weekly);
        let total = std::array::from_fn(|c| spend[c].iter().take(WEEKS_COMPLETE).map(money).sum());
        let hill: [Vec<f64>; N_CHANNELS] = std::array::from_fn(|c| hill(c, &spend[c], half_saturation[c]));
        let beta = std::array::from_fn(|c| {
            CHANNELS[c].roi * total[c] / hill[c].iter().take(WEEKS_COMPLETE).sum::<f64>()
        });
        let expected = std::array::from_fn(|c| hill[c].iter().map(|hill| beta[c] * hill).collect());
        Self { beta, half_saturation, expected, spend: total }
    }

    /// Expected revenue of a channel by simulated week, had its spend been this one.
    pub(super) fn of(&self, c: usize, spend: &Weekly) -> Vec<f64> {
        hill(c, spend, self.half_saturation[c]).into_iter().map(|hill| self.beta[c] * hill).collect()
    }

    /// mROI over the complete weeks: what 1 % more in each of them brings in them, per unit.
    pub(super) fn mroi(&self, c: usize, spend: &Weekly) -> f64 {
        let spend: Vec<f64> = spend.iter().map(money).collect();
        let history = spend.iter().take(8).sum::<f64>() / 8.0;
        let raise = |(week, spend): (usize, &f64)| if week < WEEKS_COMPLETE { 1.01 * spend } else { *spend };
        let more: Vec<f64> = spend.iter().enumerate().map(raise).collect();
        let ad = adstock(&more, CHANNELS[c].alpha, history);
        let shape = |ad: f64| saturation(ad, self.half_saturation[c], CHANNELS[c].slope);
        let raised: f64 = ad.into_iter().take(WEEKS_COMPLETE).map(|ad| self.beta[c] * shape(ad)).sum();
        let expected: f64 = self.expected[c].iter().take(WEEKS_COMPLETE).sum();
        (raised - expected) / (0.01 * self.spend[c])
    }
}

fn money(cents: &i64) -> f64 {
    *cents as f64 / 100.0
}

/// Saturation by simulated week, between 0 and 1.
fn hill(c: usize, spend: &Weekly, half_saturation: f64) -> Vec<f64> {
    let spend: Vec<f64> = spend.iter().map(money).collect();
    let before = spend.iter().take(8).sum::<f64>() / 8.0;
    let shape = |ad: f64| saturation(ad, half_saturation, CHANNELS[c].slope);
    adstock(&spend, CHANNELS[c].alpha, before).into_iter().map(shape).collect()
}

/// `before`: spend of each week before the data.
fn adstock(spend: &[f64], alpha: f64, before: f64) -> Vec<f64> {
    let spent = |week: i64| match usize::try_from(week) {
        Err(_) => before,
        Ok(week) if week < WEEKS_OF_DATA => spend[week],
        Ok(week) => spend[week - 52],
    };
    let weights: Vec<f64> = (0..LAGS).map(|lag| alpha.powi(lag as i32)).collect();
    let norm: f64 = weights.iter().sum();
    let week =
        |t: usize| (0..LAGS).map(|lag| weights[lag] * spent(t as i64 - lag as i64)).sum::<f64>() / norm;
    (0..WEEKS_SIMULATED).map(week).collect()
}

fn saturation(ad: f64, half: f64, slope: f64) -> f64 {
    let x = ad.powf(slope);
    x / (half.powf(slope) + x)
}
