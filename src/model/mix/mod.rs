//! What does each advertising channel bring, how fast does it fade, and where is it full?
//!
//! DEFINITIONS §8: a weekly model of trend, season, controls and one response a channel (adstock, then Hill), fitted in
//! unconstrained space, with every answer taken from posterior draws. Lift tests are part of the likelihood.

pub mod response;

use serde::{Deserialize, Serialize};

pub use response::{Adstock, LAGS, Response};

use crate::domain::Day;

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
    /// What holds for the whole fit: keys in `prompts/words/mix_warning.toml`.
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
    /// What limits trust in this channel (`prior_dominated`, `few_weeks` …).
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
    /// What the fitted point says it should have measured.
    pub expected: f64,
    /// (effect − what the model without this test expects) / its spread; above 2.5 in size they contradict.
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
    /// The day after the last week.
    pub fn end(&self) -> Day {
        self.first_day.plus(7 * self.target.len() as i32)
    }
}
