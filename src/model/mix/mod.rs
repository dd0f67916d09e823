//! What does each advertising channel bring, how fast does it fade, and where is it full?
//!
//! DEFINITIONS §8: a weekly model of trend, season, controls and one response a channel (adstock, then Hill), fitted in
//! unconstrained space, with every answer taken from posterior draws. Lift tests are part of the likelihood.

mod baseline;
mod draws;
mod fit;
mod holdout;
mod input;
pub mod measure;
mod nuts;
mod posterior;
mod psis;
pub mod response;
mod search;
pub mod trust;

use serde::{Deserialize, Serialize};

pub use fit::{CONTRADICTS, PRIOR_DOMINATED};
pub use input::{Input, Series, Test, WEEKS_MIN};
pub use response::{Adstock, LAGS, Response, TODAY_WEEKS, today};

use crate::domain::{Cancelled, Day, Work};

/// How the draws are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Laplace at the modes, importance-weighted; NUTS where the weights are rough.
    #[default]
    Auto,
    /// Laplace only.
    Map,
    /// NUTS always.
    Posterior,
}

/// How to fit.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// How the draws are made.
    pub method: Method,
    /// Starts of the search.
    pub starts: usize,
    /// Of the starts and draws.
    pub seed: u64,
    /// Channels whose effect peaks after the week of spend.
    pub delayed: Vec<String>,
    /// Whether unseen weeks are forecast.
    pub holdout: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { method: Method::Auto, starts: 24, seed: 1, delayed: Vec::new(), holdout: true }
    }
}

/// Why there is no fit.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum MixError {
    /// Too short a history.
    #[error("{weeks} complete weeks of data; the media model needs {needed}")]
    TooFewWeeks {
        /// There are.
        weeks: usize,
        /// There should be.
        needed: usize,
    },
    /// No channel has ten weeks of spend that varies.
    #[error("no channel can be judged")]
    NoChannel {
        /// Each channel with its reason.
        left_out: Vec<LeftOut>,
    },
    /// The target sums to nothing.
    #[error("nothing was sold in these weeks")]
    NothingSold,
    /// Series of different lengths, or figures that are no money.
    #[error("{0} does not have one finite value of at least 0 a week")]
    BadSeries(String),
    /// More controls than the weeks can carry.
    #[error("{controls} controls for these weeks; name at most {most}")]
    TooManyControls {
        /// Named.
        controls: usize,
        /// Possible.
        most: usize,
    },
    /// The search ended nowhere.
    #[error("the fit found no optimum")]
    NoFit,
    /// Stopped by the asker.
    #[error("cancelled")]
    Cancelled(#[from] Cancelled),
}

/// What the weeks count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Money.
    #[default]
    Revenue,
    /// Number of orders (or anything else that is not money).
    Orders,
}

/// The fitted model.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Mix {
    /// What the weeks count.
    pub kind: Kind,
    /// First day of the first week (a Monday in a shop's own data).
    pub first_day: Day,
    /// Revenue or orders of each week; its length is the number of weeks.
    pub target: Vec<f64>,
    /// The channels that are judged, in the order of the input.
    pub channels: Vec<Channel>,
    /// Channels that cannot be judged, and why.
    pub left_out: Vec<LeftOut>,
    /// The best single set of responses (the mean of no one's; for curves and starts).
    pub point: Draw,
    /// Posterior draws to choose a plan by.
    pub choosing: Vec<Draw>,
    /// At least 1,000 equally weighted posterior draws, none of them in `choosing`: every interval and P(better).
    pub judging: Vec<Draw>,
    /// How well the fit stands.
    pub diagnostics: Diagnostics,
    /// Lift tests in the likelihood.
    pub tests: Vec<TestUsed>,
    /// Errors on weeks that the fit did not see, the naive row beside them.
    pub holdout: Vec<HoldoutError>,
    /// What holds for the whole fit, by key: `merged_channels`, `one_harmonic`, `flat_control`, `test_not_used`.
    pub warnings: Vec<String>,
}

/// A channel's own data.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Channel {
    /// Name; joined by " + " where channels that move as one were merged.
    pub name: String,
    /// Those it was merged of; its own name alone where it was not.
    pub parts: Vec<String>,
    /// Money by week.
    pub spend: Vec<f64>,
    /// What the response sees by week: spend, or exposure at its mean price (impressions × Σ spend / Σ impressions).
    pub media: Vec<f64>,
    /// Standard deviation of ln ROI, posterior over prior; above .8 the data say little.
    pub prior_share: f64,
    /// What limits trust in this channel (`prior_dominated`, `roi_far_out`, `test_contradicts`).
    pub warnings: Vec<String>,
}

/// A channel without a judgement.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LeftOut {
    /// Name.
    pub name: String,
    /// `zero_spend`, `few_weeks`, `flat`.
    pub why: String,
    /// Money by week.
    pub spend: Vec<f64>,
}

/// One set of parameters that the data allow.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Draw {
    /// By channel, as in [`Mix::channels`].
    pub channels: Vec<Response>,
    /// Σ over the weeks without media.
    pub baseline: f64,
    /// Standard deviation of a week around the model.
    pub sigma: f64,
}

/// How the draws were made and whether they can be trusted.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Diagnostics {
    /// `laplace` (importance-weighted) or `nuts`.
    pub method: String,
    /// Pareto k̂ of the importance weights; above .7 they are rough.
    pub k_hat: f64,
    /// Modes within 2 log units of the best.
    pub modes: usize,
    /// Some direction of the parameters had no curvature.
    pub flat: bool,
    /// Largest split R-hat over parameters, where NUTS made the draws.
    pub r_hat: Option<f64>,
    /// Smallest effective sample size over parameters, where NUTS made the draws.
    pub ess: Option<f64>,
    /// Divergent transitions, where NUTS made the draws.
    pub divergences: Option<usize>,
    /// R² of the point on the fitted weeks.
    pub r_squared: f64,
    /// Starts, and how many of them ended in the best mode.
    pub starts: (usize, usize),
}

/// A lift test that the fit has seen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TestUsed {
    /// Key.
    pub id: String,
    /// Index into [`Mix::channels`].
    pub channel: usize,
    /// Last day measured.
    pub until: Day,
    /// Measured effect and its standard error as given.
    pub effect: f64,
    /// As given.
    pub se: f64,
    /// What the weeks without any test say it should have measured.
    pub expected: f64,
    /// (effect − expected) / the spread of both; above 2.5 in size they contradict.
    pub z: f64,
}

/// One method's error on unseen weeks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HoldoutError {
    /// `mix`, or `naive`: trend and season without media.
    pub method: String,
    /// Weeks forecast.
    pub weeks: usize,
    /// Root mean square error.
    pub rmse: f64,
    /// Mean absolute error over the mean of the weeks.
    pub mape: f64,
    /// (forecast − actual) / actual, summed.
    pub total_error: f64,
}

impl Mix {
    /// Fits the model to the weeks.
    pub fn fit(input: &Input, options: &Options, work: &dyn Work) -> Result<Self, MixError> {
        input.check()?;
        fit::fit(input, options, work)
    }

    /// The day after the last week.
    pub fn end(&self) -> Day {
        self.first_day.plus(7 * self.target.len() as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two channels with a burst pattern, a control and a test; one channel peaks late.
    pub(super) fn input(kind: Kind) -> Input {
        let weeks = 90;
        let wave = |t: usize, a: f64, b: f64| {
            let t = t as f64;
            (1.0 + (a * t).sin() * (b * t).cos()).max(0.0) * if (t as usize / 5) % 3 == 1 { 0.0 } else { 1.0 }
        };
        let a: Vec<f64> = (0..weeks).map(|t| 100.0 * wave(t, 0.7, 1.9)).collect();
        let b: Vec<f64> = (0..weeks).map(|t| 60.0 * wave(t + 7, 1.3, 0.4)).collect();
        let of = |beta, half_saturation, slope, adstock| Response { beta, half_saturation, slope, adstock };
        let first = of(400.0, 90.0, 1.3, Adstock::Geometric { alpha: 0.5 }).weekly(&[], &a);
        let second = of(200.0, 50.0, 1.0, Adstock::Delayed { alpha: 0.6, theta: 2.0 }).weekly(&[], &b);
        let weather: Vec<f64> = (0..weeks).map(|t| (0.31 * t as f64).sin()).collect();
        let target = (0..weeks).map(|t| {
            let year = (std::f64::consts::TAU * t as f64 / 52.18).cos();
            700.0
                + 60.0 * year
                + 20.0 * weather[t]
                + first[t]
                + second[t]
                + 15.0 * (12.9 * (t * t) as f64).sin()
        });
        let test = Test {
            id: "t".into(),
            channel: "a".into(),
            from: Day(7 * 80),
            measured_until: Day(7 * 88 - 1),
            control: vec![40.0; 4],
            treated: vec![160.0; 4],
            scope: 0.25,
            effect: 120.0,
            se: 20.0,
        };
        Input {
            kind,
            first_day: Day(0),
            target: target.collect(),
            channels: vec![
                Series { name: "a".into(), spend: a, exposure: None },
                Series { name: "b".into(), spend: b, exposure: None },
            ],
            controls: vec![("weather".into(), weather)],
            tests: vec![test],
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_density() {
        for kind in [Kind::Revenue, Kind::Orders] {
            let mut input = input(kind);
            if kind == Kind::Orders {
                input.target.iter_mut().for_each(|week| *week /= 40.0);
                input.tests[0].effect /= 40.0;
                input.tests[0].se /= 40.0;
            }
            let target = input::prepare(&input, input.target.len(), &["b".to_owned()]).unwrap().posterior;
            assert_eq!(target.dim(), 1 + 4 + 5);
            let mut ignored = vec![0.0; target.dim()];
            for shift in [0.0, 0.4, -0.6] {
                let x: Vec<f64> = target
                    .prior_centre()
                    .iter()
                    .enumerate()
                    .map(|(i, x)| x + shift * (i as f64).cos())
                    .collect();
                let mut slope = vec![0.0; x.len()];
                let value = target.log_density(&x, &mut slope);
                assert!(value.is_finite());
                for i in 0..x.len() {
                    let mut at = |step: f64| {
                        let mut x = x.clone();
                        x[i] += step;
                        target.log_density(&x, &mut ignored)
                    };
                    let h = 1e-3;
                    let rate = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
                    let off = (rate - slope[i]).abs() / (1.0 + slope[i].abs());
                    assert!(off < 1e-6, "{kind:?} {shift} parameter {i}: {} by hand, {rate}", slope[i]);
                }
            }
        }
    }

    fn quick(input: &Input) -> Mix {
        let options = Options { method: Method::Map, starts: 6, holdout: false, ..Options::default() };
        Mix::fit(input, &options, &crate::domain::NoWork).unwrap()
    }

    #[test]
    fn a_test_is_set_against_what_the_weeks_alone_say() {
        let mut input = input(Kind::Revenue);
        let fits = quick(&input);
        let agrees = &fits.tests[0];
        assert!(agrees.z.abs() <= CONTRADICTS && (100.0..260.0).contains(&agrees.expected), "{agrees:?}");
        input.tests[0].effect = 900.0;
        let mix = quick(&input);
        let contradicts = &mix.tests[0];
        assert!((contradicts.expected - agrees.expected).abs() < 1e-9, "the test is not in it");
        assert!(contradicts.z > CONTRADICTS && mix.channels[0].warnings == ["test_contradicts"], "{mix:?}");
    }

    #[test]
    fn a_roi_that_nobody_can_believe_needs_a_test() {
        let mut input = input(Kind::Revenue);
        // the same effects for a twentieth of the money
        input.channels[0].spend.iter_mut().for_each(|week| *week /= 20.0);
        let test = &mut input.tests[0];
        (test.control, test.treated) = (vec![2.0; 4], vec![8.0; 4]);
        let tested = quick(&input);
        assert_eq!(tested.channels[0].warnings, Vec::<String>::new());
        input.tests.clear();
        let mix = quick(&input);
        let own = &mix.performance(0..90)[0];
        assert!(own.roi.unwrap().lo > 20.0, "{own:?}");
        let blind = mix.channels[0].blind().map(|(grade, component, _)| (grade, component));
        assert_eq!(blind, Some((crate::domain::Grade::Directional, "roi_far_out")));
        assert!(mix.blind(&[3.0, -1.0]).is_some() && mix.blind(&[1.0, -3.0]).is_none());
    }
}
