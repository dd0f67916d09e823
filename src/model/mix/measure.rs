//! What did each channel bring in these weeks, and what would a little more have brought?
//!
//! Every figure is a mean over posterior draws with its 90 % interval (5th to 95th percentile). Contribution, ROI and
//! mROI as DEFINITIONS §8; saturation = the share of β that the weeks' spend reached on average.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::response::{LAGS, today, with_history};
use super::{Draw, Mix, Response};

/// 1 % more.
const MORE: f64 = 0.01;

/// A figure with its 90 % interval.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Estimate {
    /// Mean over the draws.
    pub value: f64,
    /// 5th percentile.
    pub lo: f64,
    /// 95th percentile.
    pub hi: f64,
}

impl Estimate {
    /// Mean, and the 5 % and 95 % points (between two draws in proportion); zero without any.
    pub fn of(draws: &[f64]) -> Self {
        if draws.is_empty() {
            return Self::default();
        }
        let mut sorted = draws.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |p: f64| {
            let place = p * (sorted.len() - 1) as f64;
            let (low, high) = (place.floor() as usize, place.ceil() as usize);
            sorted[low] + (place - place.floor()) * (sorted[high] - sorted[low])
        };
        Self { value: draws.iter().sum::<f64>() / draws.len() as f64, lo: at(0.05), hi: at(0.95) }
    }

    /// Half of the interval against the value.
    pub fn half_width(&self) -> f64 {
        0.5 * (self.hi - self.lo) / self.value.abs().max(1e-300)
    }

    /// The same in another unit.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        let (a, b) = (self.lo * factor, self.hi * factor);
        Self { value: self.value * factor, lo: a.min(b), hi: a.max(b) }
    }
}

/// One channel over some weeks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Performance {
    /// Spend in the weeks.
    pub spend: f64,
    /// Effect in the weeks.
    pub contribution: Estimate,
    /// Contribution over spend; `None` without spend in the weeks.
    pub roi: Option<Estimate>,
    /// What 1 % more in each week brings, per unit, carry-over included; `None` without spend in the weeks.
    pub mroi: Option<Estimate>,
    /// Share of β reached.
    pub saturation: Estimate,
    /// Weeks until half of an effect is in.
    pub half_life: Estimate,
    /// κ, money a week.
    pub half_saturation: Estimate,
    /// Hill slope.
    pub slope: Estimate,
}

/// What was spent before week `start`, as the fit took it: before the data the mean of their first weeks, whatever the
/// window.
fn history(media: &[f64], start: usize) -> Vec<f64> {
    let mut all = with_history(media);
    all.truncate(LAGS - 1 + start);
    all
}

impl Mix {
    /// Each channel's figures over these weeks of the data.
    pub fn performance(&self, weeks: Range<usize>) -> Vec<Performance> {
        (0..self.channels.len()).into_par_iter().map(|c| self.of_channel(c, weeks.clone())).collect()
    }

    fn of_channel(&self, c: usize, weeks: Range<usize>) -> Performance {
        let channel = &self.channels[c];
        let weeks = weeks.start.min(self.target.len())..weeks.end.min(self.target.len());
        let spend: f64 = channel.spend[weeks.clone()].iter().sum();
        let media: f64 = channel.media[weeks.clone()].iter().sum();
        let (history, path) = (history(&channel.media, weeks.start), &channel.media[weeks.start..]);
        let after = today(&channel.media);
        let n = weeks.len();
        // the weeks, and those that their carry-over reaches
        let path: Vec<f64> =
            path.iter().copied().chain(std::iter::repeat(after)).take(n + LAGS - 1).collect();
        let raised: Vec<f64> = path
            .iter()
            .enumerate()
            .map(|(t, spend)| if t < n { (1.0 + MORE) * spend } else { *spend })
            .collect();
        let of = |draw: &Draw| {
            let response = &draw.channels[c];
            let base = response.weekly(&history, &path);
            let more: f64 = response.weekly(&history, &raised).iter().zip(&base).map(|(a, b)| a - b).sum();
            let total: f64 = base[..n].iter().sum();
            [
                total,
                more / MORE,
                total / (response.beta * n as f64).max(1e-300),
                response.adstock.half_life(),
                response.half_saturation,
                response.slope,
            ]
        };
        let draws: Vec<[f64; 6]> = self.judging.par_iter().map(of).collect();
        let estimate = |j: usize| Estimate::of(&draws.iter().map(|draw| draw[j]).collect::<Vec<f64>>());
        let contribution = estimate(0);
        Performance {
            spend,
            contribution,
            roi: (spend > 0.0).then(|| contribution.times(1.0 / spend)),
            mroi: (spend > 0.0 && media > 0.0).then(|| estimate(1).times(1.0 / spend)),
            saturation: estimate(2),
            half_life: estimate(3),
            half_saturation: estimate(4),
            slope: estimate(5),
        }
    }

    /// Effect of all judged channels together in these weeks.
    pub fn media(&self, weeks: Range<usize>) -> Estimate {
        let weeks = weeks.start.min(self.target.len())..weeks.end.min(self.target.len());
        let paths: Vec<(Vec<f64>, &[f64])> = self
            .channels
            .iter()
            .map(|channel| (history(&channel.media, weeks.start), &channel.media[weeks.clone()]))
            .collect();
        let of = |draw: &Draw| -> f64 {
            let channels = paths.iter().zip(&draw.channels);
            channels
                .map(|((history, path), response)| response.weekly(history, path).iter().sum::<f64>())
                .sum()
        };
        Estimate::of(&self.judging.par_iter().map(of).collect::<Vec<f64>>())
    }

    /// A channel's weekly effect: mean over the draws.
    pub fn weekly(&self, c: usize) -> Vec<f64> {
        let media = &self.channels[c].media;
        let sums = self
            .judging
            .iter()
            .map(|draw| draw.channels[c].weekly(&[], media))
            .reduce(|a, b| a.iter().zip(b).map(|(a, b)| a + b).collect());
        let n = self.judging.len().max(1) as f64;
        sums.unwrap_or_default().into_iter().map(|sum| sum / n).collect()
    }

    /// All weeks without media.
    pub fn baseline(&self) -> Estimate {
        Estimate::of(&self.judging.iter().map(|draw| draw.baseline).collect::<Vec<f64>>())
    }

    /// Effect a week of a steady spend of this much.
    pub fn curve(&self, c: usize, spend: f64) -> Estimate {
        Estimate::of(
            &self.judging.iter().map(|draw| Response::steady(&draw.channels[c], spend)).collect::<Vec<f64>>(),
        )
    }
}
