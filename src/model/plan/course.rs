//! What does a plan bring, week by week, its carry-over included?
//!
//! DEFINITIONS §9: Σ over the plan's weeks and twelve weeks after them of f(history + plan) − f(history, then nothing),
//! with the responses of §8 (adstock, then Hill), under each of several draws of their parameters. A plan is
//! `[channels × weeks]` in one row, channel by channel; money in the shop's currency.

use crate::model::allocate::{Curve, Envelope};
use crate::model::mix::response::{LAGS, adstocked, hill};
use crate::model::mix::{Draw, Response};

/// Weeks after the plan in which it still works.
pub const TAIL: usize = LAGS - 1;

/// A channel under one draw.
struct Lane {
    response: Response,
    weights: [f64; LAGS],
    /// What history leaves for each week of plan and tail.
    left: Vec<f64>,
    /// What history alone brings in them.
    alone: f64,
    /// The least concave curves above the response, a week each; none where it is concave by itself.
    envelopes: Vec<Envelope>,
}

/// The weeks ahead under every draw.
pub struct Course {
    weeks: usize,
    /// `[channels][draws]`.
    lanes: Vec<Vec<Lane>>,
    draws: usize,
}

/// Whether the responses are taken as they are, or their concave envelopes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    Response,
    Envelope,
}

/// Value, slope and curvature at a plan, averaged over draws with weights.
pub(super) struct Local {
    pub(super) value: f64,
    /// What one unit more in each week and channel brings.
    pub(super) slope: Vec<f64>,
    /// How fast that falls when all weeks of the channel rise together: at least the second derivative's size.
    pub(super) bend: Vec<f64>,
}

impl Course {
    /// `history`: what each channel's response has seen so far, by week, oldest first.
    pub fn new(draws: &[&Draw], history: &[&[f64]], weeks: usize) -> Self {
        let lane = |response: Response, history: &[f64]| {
            let weights = response.adstock.weights();
            let left = adstocked(&weights, history, &vec![0.0; weeks + TAIL]);
            let alone = left.iter().map(|ad| response.steady(*ad)).sum();
            Lane { response, weights, left, alone, envelopes: Vec::new() }
        };
        let channel = |(c, history): (usize, &&[f64])| {
            draws.iter().filter_map(|draw| Some(lane(*draw.channels.get(c)?, history))).collect()
        };
        Self { weeks, lanes: history.iter().enumerate().map(channel).collect(), draws: draws.len() }
    }

    /// Number of draws.
    pub fn draws(&self) -> usize {
        self.draws
    }

    /// Channels.
    pub fn channels(&self) -> usize {
        self.lanes.len()
    }

    /// Weeks of the plan.
    pub fn weeks(&self) -> usize {
        self.weeks
    }

    /// Whether more money never brings more per unit, whatever the draw.
    pub(super) fn concave(&self) -> bool {
        self.lanes.iter().flatten().all(|lane| lane.response.slope <= 1.0)
    }

    /// Prepares [`Shape::Envelope`] for plans up to `most` a week and channel.
    pub(super) fn envelop(&mut self, least: &[f64], most: &[f64]) {
        let weeks = self.weeks;
        for (c, lanes) in self.lanes.iter_mut().enumerate() {
            let row = |all: &[f64]| vec![all.get(c).copied().unwrap_or_default(); weeks];
            let (least, most) = (row(least), row(most));
            for lane in lanes.iter_mut().filter(|lane| lane.response.slope > 1.0) {
                let Response { beta, half_saturation, slope, .. } = lane.response;
                let curve = Curve::new(beta.max(1e-9), half_saturation, slope);
                let envelope = |t| Envelope::new(curve, lane.ad(t, &least), lane.ad(t, &most));
                lane.envelopes = (0..weeks + TAIL).map(envelope).collect();
            }
        }
    }

    /// What the plan brings under each draw.
    pub fn values(&self, plan: &[f64]) -> Vec<f64> {
        let mut values = vec![0.0; self.draws];
        for c in 0..self.lanes.len() {
            for (value, of_channel) in values.iter_mut().zip(self.channel_values(c, plan)) {
                *value += of_channel;
            }
        }
        values
    }

    /// What one channel of the plan brings under each draw.
    pub fn channel_values(&self, c: usize, plan: &[f64]) -> Vec<f64> {
        let spend = &plan[c * self.weeks..(c + 1) * self.weeks];
        let value = |lane: &Lane| {
            let with: f64 = (0..self.weeks + TAIL).map(|t| lane.response.steady(lane.ad(t, spend))).sum();
            with - lane.alone
        };
        self.lanes[c].iter().map(value).collect()
    }

    /// Mean over draws.
    pub fn value(&self, plan: &[f64]) -> f64 {
        mean(&self.values(plan))
    }

    /// Mean over draws with `weights` (which sum to 1).
    pub(super) fn local(&self, plan: &[f64], shape: Shape, weights: &[f64]) -> Local {
        let n = plan.len();
        let mut local = Local { value: 0.0, slope: vec![0.0; n], bend: vec![0.0; n] };
        for (c, lanes) in self.lanes.iter().enumerate() {
            let own = c * self.weeks..(c + 1) * self.weeks;
            let spend = &plan[own.clone()];
            let (slope, bend) = (&mut local.slope[own.clone()], &mut local.bend[own]);
            for (lane, weight) in lanes.iter().zip(weights) {
                local.value -= weight * lane.alone;
                for t in 0..self.weeks + TAIL {
                    let (value, rise, fall) = lane.at(t, lane.ad(t, spend), shape);
                    local.value += weight * value;
                    for w in t.saturating_sub(TAIL)..self.weeks.min(t + 1) {
                        let share = weight * lane.weights[t - w];
                        slope[w] += share * rise;
                        bend[w] += share * fall;
                    }
                }
            }
        }
        local
    }
}

impl Lane {
    fn ad(&self, t: usize, spend: &[f64]) -> f64 {
        let first = t.saturating_sub(TAIL);
        let last = spend.len().min(t + 1);
        let own: f64 = (first..last).map(|w| self.weights[t - w] * spend[w]).sum();
        self.left[t] + own
    }

    /// Value, slope and size of the second derivative of week `t` at adstock `ad`.
    fn at(&self, t: usize, ad: f64, shape: Shape) -> (f64, f64, f64) {
        let Response { beta, half_saturation, slope, .. } = self.response;
        if let (Shape::Envelope, Some(envelope)) = (shape, self.envelopes.get(t))
            && ad < envelope.touch
        {
            return (envelope.value(ad), envelope.slope_at(ad), 0.0);
        }
        let value = beta * hill(ad, half_saturation, slope);
        // at nothing the slope of k < 1 has no end and the formula divides by 0
        let ad = ad.max(1e-6 * half_saturation);
        let h = hill(ad, half_saturation, slope);
        let rise = beta * slope * h * (1.0 - h) / ad;
        (value, rise, (rise / ad * (slope * (1.0 - 2.0 * h) - 1.0)).abs())
    }
}

/// Mean of some numbers; 0 of none.
pub(super) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}
