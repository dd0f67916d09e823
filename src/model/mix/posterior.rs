//! How likely are these parameters, given the weeks, the lift tests and what is known beforehand?
//!
//! Log density and its gradient by hand (checked against differences in the tests), in unconstrained space with the
//! Jacobian: per channel u = ln ROI, logit α, ln(κ / mean week with spend), logit(k/4) and, where the carry-over is
//! delayed, logit(θ/8); one ln σ for all. The linear part is integrated out ([`super::baseline`]).

use super::Kind;
use super::baseline::{Baseline, dot};
use super::response::{Adstock, LAGS, Response};

/// Largest Hill slope.
const SLOPE_MAX: f64 = 4.0;
/// Latest peak of a delayed carry-over, weeks.
const PEAK_MAX: f64 = 8.0;
/// Prior of ln ROI: mean and standard deviation (Meridian's default).
pub(super) const ROI_PRIOR: (f64, f64) = (0.2, 0.9);
/// Standard deviation of ln(κ / mean week).
const HALF_SD: f64 = 0.7;
/// ln k: mean and standard deviation.
const SLOPE_PRIOR: (f64, f64) = (0.15, 0.3);
/// ln(σ / mean week): mean and standard deviation.
const NOISE_PRIOR: (f64, f64) = (-2.5, 1.0);
/// Total media share of orders ~ Beta(2, 3): mean .4, sd .2.
const SHARE_PRIOR: (f64, f64) = (2.0, 3.0);

/// One channel as the density sees it.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Money by week behind twelve weeks of history.
    pub(super) media: Vec<f64>,
    /// Mean of the weeks with any.
    pub(super) scale: f64,
    /// Σ spend over the fitted weeks, in mean weeks of the target.
    pub(super) budget: f64,
    /// Whether the carry-over has a peak after the week of spend.
    pub(super) delayed: bool,
    /// Tests of this channel.
    pub(super) lifts: Vec<Lift>,
}

/// A lift test in units of the mean week.
#[derive(Debug, Clone)]
pub(super) struct Lift {
    /// Spend of the measured weeks behind twelve weeks of history, as treated.
    pub(super) treated: Vec<f64>,
    /// The same as in the control areas.
    pub(super) control: Vec<f64>,
    /// Share of the shop in the test's areas.
    pub(super) scope: f64,
    /// What was measured.
    pub(super) effect: f64,
    /// Its standard error.
    pub(super) se: f64,
}

/// The density.
#[derive(Debug, Clone)]
pub(super) struct Posterior {
    pub(super) kind: Kind,
    pub(super) baseline: Baseline,
    /// Weeks of the target over their mean, less the baseline's prior mean.
    pub(super) target: Vec<f64>,
    /// Mean week of the target.
    pub(super) mean: f64,
    pub(super) channels: Vec<Shape>,
}

/// A channel's parameters with the derivatives of adstock weights.
struct Point {
    u: f64,
    log_half: f64,
    slope: f64,
    /// d ln k / d parameter.
    slope_rate: f64,
    /// Of a geometric carry-over.
    alpha: Option<f64>,
    weights: [f64; LAGS],
    /// By the carry-over's parameters (the second is the peak).
    rates: [[f64; LAGS]; 2],
}

/// Hill over some weeks: the value and its derivatives by ln κ, ln k, and the carry-over's parameters.
#[derive(Default)]
struct Curve {
    value: Vec<f64>,
    by: [Vec<f64>; 4],
}

fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 { 1.0 / (1.0 + (-x).exp()) } else { x.exp() / (1.0 + x.exp()) }
}

impl Shape {
    pub(super) fn dim(&self) -> usize {
        if self.delayed { 5 } else { 4 }
    }

    fn adstock(&self, x: &[f64]) -> Adstock {
        let alpha = sigmoid(x[1]);
        if self.delayed {
            Adstock::Delayed { alpha, theta: PEAK_MAX * sigmoid(x[4]) }
        } else {
            Adstock::Geometric { alpha }
        }
    }

    fn point(&self, x: &[f64]) -> Point {
        let adstock = self.adstock(x);
        let weights = adstock.weights();
        let centred = |raw: [f64; LAGS]| {
            let mean = dot(&raw, &weights);
            std::array::from_fn(|lag| weights[lag] * (raw[lag] - mean))
        };
        let rates = match adstock {
            Adstock::Geometric { alpha } => {
                [centred(std::array::from_fn(|lag| lag as f64 * (1.0 - alpha))), [0.0; LAGS]]
            }
            Adstock::Delayed { alpha, theta } => {
                let peak = sigmoid(x[4]);
                [
                    centred(std::array::from_fn(|lag| (lag as f64 - theta).powi(2) * (1.0 - alpha))),
                    centred(std::array::from_fn(|lag| {
                        -2.0 * (lag as f64 - theta) * alpha.ln() * PEAK_MAX * peak * (1.0 - peak)
                    })),
                ]
            }
        };
        let share = sigmoid(x[3]);
        Point {
            u: x[0],
            log_half: self.scale.ln() + x[2],
            slope: SLOPE_MAX * share,
            slope_rate: 1.0 - share,
            alpha: if let Adstock::Geometric { alpha } = adstock { Some(alpha) } else { None },
            weights,
            rates,
        }
    }

    /// `padded` has twelve weeks of history before the weeks that are wanted.
    fn curve(&self, point: &Point, padded: &[f64]) -> Curve {
        let weeks = padded.len() + 1 - LAGS;
        let mut curve = Curve { value: vec![0.0; weeks], by: std::array::from_fn(|_| vec![0.0; weeks]) };
        for (t, [ad, rate, peak]) in self.adstocks(point, padded).into_iter().enumerate() {
            if ad <= 0.0 {
                continue;
            }
            let above = ad.ln() - point.log_half;
            let hill = 1.0 / (1.0 + (-point.slope * above).exp());
            let steep = point.slope * hill * (1.0 - hill);
            curve.value[t] = hill;
            curve.by[0][t] = -steep;
            curve.by[1][t] = steep * above * point.slope_rate;
            curve.by[2][t] = steep / ad * rate;
            curve.by[3][t] = steep / ad * peak;
        }
        curve
    }

    /// Adstock by week with its derivatives by the carry-over's parameters.
    fn adstocks(&self, point: &Point, padded: &[f64]) -> Vec<[f64; 3]> {
        let weeks = padded.len() + 1 - LAGS;
        let window = |t: usize| {
            let mut sums = [0.0; 3];
            for (lag, spend) in padded[t..t + LAGS].iter().rev().enumerate() {
                sums[0] += point.weights[lag] * spend;
                sums[1] += point.rates[0][lag] * spend;
                sums[2] += point.rates[1][lag] * spend;
            }
            sums
        };
        let Some(alpha) = point.alpha else { return (0..weeks).map(window).collect() };
        // geometric: each week from the one before; `whole` is Σ α^l s, `by` its derivative by α
        let norm = 1.0 / point.weights[0];
        let by_norm: f64 = (1..LAGS).map(|lag| lag as f64 * alpha.powi(lag as i32 - 1)).sum();
        let (last, by_last) = (alpha.powi(LAGS as i32), LAGS as f64 * alpha.powi(LAGS as i32 - 1));
        let (mut whole, mut by) = (0.0, 0.0);
        for (lag, spend) in padded[..LAGS].iter().rev().enumerate() {
            whole += alpha.powi(lag as i32) * spend;
            by += if lag == 0 { 0.0 } else { lag as f64 * alpha.powi(lag as i32 - 1) * spend };
        }
        (0..weeks)
            .map(|t| {
                if t > 0 {
                    let (spend, gone) = (padded[t + LAGS - 1], padded[t - 1]);
                    by = alpha * by + whole - by_last * gone;
                    // what has faded may leave a rounding error below zero
                    whole = (spend + alpha * whole - last * gone).max(spend);
                }
                let rate = (by - whole * by_norm / norm) / norm;
                [whole / norm, rate * alpha * (1.0 - alpha), 0.0]
            })
            .collect()
    }

    /// Index of each derivative of [`Curve::by`] among the channel's parameters.
    const PLACE: [usize; 4] = [2, 3, 1, 4];

    /// ln prior with the Jacobian, all but ROI.
    fn prior(&self, x: &[f64], slope: &mut [f64]) -> f64 {
        let alpha = sigmoid(x[1]);
        slope[1] += 1.0 - 4.0 * alpha; // Beta(1, 3)
        slope[2] -= x[2] / (HALF_SD * HALF_SD);
        let share = sigmoid(x[3]);
        let off = ((SLOPE_MAX * share).ln() - SLOPE_PRIOR.0) / SLOPE_PRIOR.1;
        slope[3] -= off / SLOPE_PRIOR.1 * (1.0 - share) + share;
        let mut value =
            log_sigmoid(x[1]) + 3.0 * log_sigmoid(-x[1]) - 0.5 * (x[2] / HALF_SD).powi(2) - 0.5 * off * off
                + log_sigmoid(-x[3]);
        if self.delayed {
            let peak = sigmoid(x[4]);
            slope[4] += 1.0 - 3.0 * peak; // Beta(1, 2) of θ/8
            value += log_sigmoid(x[4]) + 2.0 * log_sigmoid(-x[4]);
        }
        value
    }
}

fn log_sigmoid(x: f64) -> f64 {
    if x >= 0.0 { -(-x).exp().ln_1p() } else { x - x.exp().ln_1p() }
}

impl Posterior {
    /// Number of parameters.
    pub(super) fn dim(&self) -> usize {
        1 + self.channels.iter().map(Shape::dim).sum::<usize>()
    }

    /// Where each channel's parameters begin.
    pub(super) fn places(&self) -> Vec<usize> {
        self.channels
            .iter()
            .scan(1, |at, channel| {
                let here = *at;
                *at += channel.dim();
                Some(here)
            })
            .collect()
    }

    /// The log density without its constant, and its gradient; −∞ where the parameters are not possible.
    pub(super) fn log_density(&self, x: &[f64], slope: &mut [f64]) -> f64 {
        slope.fill(0.0);
        if x.iter().any(|x| !x.is_finite() || x.abs() > 60.0) {
            return f64::NEG_INFINITY;
        }
        let weeks = self.target.len();
        let mut residual = self.target.clone();
        let mut curves = Vec::with_capacity(self.channels.len());
        let places = self.places();
        for (channel, place) in self.channels.iter().zip(&places) {
            let point = channel.point(&x[*place..]);
            let curve = channel.curve(&point, &channel.media);
            let sum: f64 = curve.value.iter().sum();
            let size = point.u.exp() * channel.budget / sum;
            if !(sum > 1e-300 && size.is_finite()) {
                return f64::NEG_INFINITY;
            }
            residual.iter_mut().zip(&curve.value).for_each(|(left, hill)| *left -= size * hill);
            curves.push((point, curve, sum, size));
        }
        let sigma = x[0].exp();
        let mut by_residual = vec![0.0; weeks];
        let (mut value, by_noise) = self.baseline.log_likelihood(&residual, sigma, &mut by_residual);
        let off = (x[0] - NOISE_PRIOR.0) / NOISE_PRIOR.1;
        value -= 0.5 * off * off;
        slope[0] = by_noise - off / NOISE_PRIOR.1;
        for ((channel, place), (point, curve, sum, size)) in self.channels.iter().zip(&places).zip(&curves) {
            let own = &mut slope[*place..*place + channel.dim()];
            value += channel.prior(&x[*place..], own);
            // the residual falls where the effect rises
            let pull = -dot(&by_residual, &curve.value);
            own[0] += size * pull;
            let sums: [f64; 4] = std::array::from_fn(|j| curve.by[j].iter().sum());
            for (j, at) in Shape::PLACE.into_iter().enumerate().filter(|(_, at)| *at < channel.dim()) {
                own[at] += size * (-dot(&by_residual, &curve.by[j]) - pull * sums[j] / sum);
            }
            for lift in &channel.lifts {
                let (treated, control) =
                    (channel.curve(point, &lift.treated), channel.curve(point, &lift.control));
                let more = |a: &[f64], b: &[f64]| a.iter().sum::<f64>() - b.iter().sum::<f64>();
                let gain = more(&treated.value, &control.value);
                let expected = lift.scope * size * gain;
                let off = (lift.effect - expected) / lift.se;
                value -= 0.5 * off * off;
                own[0] += off / lift.se * expected;
                for (j, at) in Shape::PLACE.into_iter().enumerate().filter(|(_, at)| *at < channel.dim()) {
                    let rate = more(&treated.by[j], &control.by[j]) - gain * sums[j] / sum;
                    own[at] += off / lift.se * lift.scope * size * rate;
                }
            }
        }
        value += self.roi_prior(x, &places, slope);
        if value.is_finite() && slope.iter().all(|slope| slope.is_finite()) {
            value
        } else {
            f64::NEG_INFINITY
        }
    }

    /// ln prior of ROI. Money: each channel on its own. Orders: their total share is Beta, and each channel's lies
    /// around the common one (the two are independent, since ln share only shifts all of them).
    fn roi_prior(&self, x: &[f64], places: &[usize], slope: &mut [f64]) -> f64 {
        let (mean, sd) = ROI_PRIOR;
        let mut value = 0.0;
        if self.kind == Kind::Revenue {
            for place in places {
                let off = (x[*place] - mean) / sd;
                value -= 0.5 * off * off;
                slope[*place] -= off / sd;
            }
            return value;
        }
        if places.is_empty() {
            return value;
        }
        let weeks = self.target.len() as f64;
        let part = |(channel, place): (&Shape, &usize)| x[*place].exp() * channel.budget / weeks;
        let parts: Vec<f64> = self.channels.iter().zip(places).map(part).collect();
        let share: f64 = parts.iter().sum();
        if share >= 1.0 {
            return f64::NEG_INFINITY;
        }
        let all: f64 = self.channels.iter().map(|channel| channel.budget / weeks).sum();
        let (a, b) = SHARE_PRIOR;
        value += a * share.ln() + (b - 1.0) * (-share).ln_1p();
        let by_log_share = a - (b - 1.0) * share / (1.0 - share);
        let mut shared = by_log_share;
        for place in places {
            let off = (x[*place] - (share / all).ln()) / sd;
            value -= 0.5 * off * off;
            slope[*place] -= off / sd;
            shared += off / sd;
        }
        for (part, place) in parts.iter().zip(places) {
            slope[*place] += shared * part / share;
        }
        value
    }

    /// How far the ROI at `place` lies from the middle of its prior, in the prior's standard deviations; of orders from the
    /// common response of all spend.
    pub(super) fn off_prior(&self, x: &[f64], place: usize) -> f64 {
        let (mean, sd) = ROI_PRIOR;
        if self.kind == Kind::Revenue {
            return (x[place] - mean) / sd;
        }
        let both = self.channels.iter().zip(self.places());
        let (brought, spent) = both.fold((0.0, 0.0), |(brought, spent), (channel, place)| {
            (brought + x[place].exp() * channel.budget, spent + channel.budget)
        });
        (x[place] - (brought / spent).ln()) / sd
    }

    /// The channels' responses at a point.
    pub(super) fn responses(&self, x: &[f64]) -> Vec<Response> {
        let response = |(channel, place): (&Shape, usize)| {
            let x = &x[place..];
            let point = channel.point(x);
            let sum: f64 = channel.curve(&point, &channel.media).value.iter().sum();
            Response {
                beta: point.u.exp() * channel.budget * self.mean / sum.max(1e-300),
                half_saturation: point.log_half.exp(),
                slope: point.slope,
                adstock: channel.adstock(x),
            }
        };
        self.channels.iter().zip(self.places()).map(response).collect()
    }

    /// The target less the baseline's prior mean and the media, in mean weeks.
    pub(super) fn residual(&self, x: &[f64]) -> Vec<f64> {
        let mut residual = self.target.clone();
        for (channel, place) in self.channels.iter().zip(self.places()) {
            let point = channel.point(&x[place..]);
            let curve = channel.curve(&point, &channel.media);
            let size = point.u.exp() * channel.budget / curve.value.iter().sum::<f64>().max(1e-300);
            residual.iter_mut().zip(&curve.value).for_each(|(left, hill)| *left -= size * hill);
        }
        residual
    }

    /// What a point expects each test to have measured, in mean weeks.
    pub(super) fn expects(&self, x: &[f64], channel: usize, lift: &Lift) -> f64 {
        let (shape, place) = (&self.channels[channel], self.places()[channel]);
        let point = shape.point(&x[place..]);
        let sum = |padded: &[f64]| shape.curve(&point, padded).value.iter().sum::<f64>();
        lift.scope * point.u.exp() * shape.budget / sum(&shape.media).max(1e-300)
            * (sum(&lift.treated) - sum(&lift.control))
    }

    /// The middle of the prior, in unconstrained space.
    pub(super) fn prior_centre(&self) -> Vec<f64> {
        let mut centre = vec![NOISE_PRIOR.0];
        let weeks = self.target.len() as f64;
        let all: f64 = self.channels.iter().map(|channel| channel.budget / weeks).sum();
        for channel in &self.channels {
            let u = if self.kind == Kind::Revenue { ROI_PRIOR.0 } else { (0.4 / all.max(1e-300)).ln() };
            let share = SLOPE_PRIOR.0.exp() / SLOPE_MAX;
            centre.extend([u, -1.0, 0.0, (share / (1.0 - share)).ln()]);
            if channel.delayed {
                centre.push(-1.0);
            }
        }
        centre
    }

    /// How far the prior reaches around its middle, by parameter.
    pub(super) fn prior_spread(&self) -> Vec<f64> {
        let mut spread = vec![0.7];
        for channel in &self.channels {
            spread.extend([ROI_PRIOR.1, 1.2, HALF_SD, 0.4]);
            if channel.delayed {
                spread.push(1.5);
            }
        }
        spread
    }
}
