//! Would the forecast have been right on days it had not seen?
//!
//! Rolling origins inside the known days: fit until the origin, forecast the next h days, compare (DEFINITIONS §5).
//! `auto` takes the model with the lower mean Poisson deviance of counts over all origins; within 1 % the simpler.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::history::{DAYS_A_WEEK, History, Snapshot};
use super::{FitError, GammaGamma, GammaGammaFit, PurchaseFit, PurchaseModel, measure};
use crate::domain::Work;

/// One method's errors; the money measure is `None` where the values could not be modelled.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the measures' usual names, in `measure`")]
pub struct MethodErrors {
    pub method: String,
    pub mae: f64,
    pub rmse: f64,
    pub spearman: f64,
    pub total_error: f64,
    pub capture_top10: f64,
    pub value_gini: Option<f64>,
}

/// How many days of purchase time lie in (from, to]: calendar days where no season is known.
pub type PurchaseTime<'a> = &'a (dyn Fn(i32, i32) -> f64 + Sync);

/// Calendar days.
pub fn calendar(from: i32, to: i32) -> f64 {
    f64::from(to - from)
}

/// At most this many origins: more cost time and overlap older days.
const ORIGINS_MAX: i32 = 6;
/// Share of the history that must lie before an origin, so that there is something to fit.
const HISTORY_BEFORE: f64 = 1.0 / 3.0;
/// Within this the simpler model is taken.
const TIE: f64 = 0.01;

/// What the rolling origins showed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Rolling {
    /// The model to use.
    pub chosen: PurchaseModel,
    /// Days forecast from each origin.
    pub horizon_days: i32,
    /// Origins, newest first.
    pub origins: Vec<i32>,
    /// Mean Poisson deviance of BG/NBD and of MBG/NBD.
    pub deviance: [f64; 2],
    /// 1 − squared error of value / that of the naive row, of each model; counts where there is no money.
    pub skill: [f64; 2],
    /// Root mean square of ln(actual / forecast) of the totals, (counts, value) of each model.
    pub miss: [(f64, f64); 2],
    /// Errors of both models and the naive row over all origins together.
    pub rows: Vec<MethodErrors>,
}

impl Rolling {
    /// Place of a model in `deviance`, `skill`, `miss`; its row is one further, after the naive one.
    pub fn place(model: PurchaseModel) -> usize {
        usize::from(model == PurchaseModel::MbgNbd)
    }
}

/// Horizon of a back-test: what is asked, at most a quarter of the history.
pub fn horizon_days(history_days: i32, asked_days: i32) -> i32 {
    asked_days.min(history_days / 4).max(1)
}

/// Origins: steps of the horizon back from the end (half a horizon where that leaves fewer than two).
fn origins(first: i32, end: i32, horizon: i32) -> Vec<i32> {
    let earliest = first + (f64::from(end - first) * HISTORY_BEFORE).ceil() as i32;
    let step_by = |step: i32| -> Vec<i32> {
        (0..ORIGINS_MAX).map(|k| end - horizon - k * step).take_while(|origin| *origin >= earliest).collect()
    };
    let whole = step_by(horizon);
    if whole.len() >= 2 { whole } else { step_by((horizon / 2).max(1)) }
}

/// Rolling origins within the days up to `end`.
pub fn rolling(
    history: &History,
    end: i32,
    asked_days: i32,
    time: PurchaseTime<'_>,
    work: &dyn Work,
) -> Result<Rolling, FitError> {
    let (first, _) = history.span().ok_or(FitError::NoRows)?;
    let horizon = horizon_days(end - first, asked_days);
    let origins = origins(first, end, horizon);
    let mut pooled = [Pooled::default(), Pooled::default(), Pooled::default()];
    let mut totals: [Vec<(f64, f64)>; 2] = Default::default();
    let mut used = Vec::new();
    for (k, origin) in origins.iter().enumerate() {
        work.check()?;
        work.progress("backtest", k as u64, origins.len() as u64);
        let trial = match Trial::new(history, *origin, *origin + horizon, time, work) {
            Ok(trial) => trial,
            Err(FitError::Cancelled) => return Err(FitError::Cancelled),
            // too little was known at this origin; the newer ones still count
            Err(_) => continue,
        };
        used.push(*origin);
        pooled[0].add(&trial.naive, &trial);
        for (m, forecast) in trial.models.iter().enumerate() {
            pooled[m + 1].add(forecast, &trial);
            let log = |actual: &[f64], predicted: &[f64]| {
                (actual.iter().sum::<f64>() / predicted.iter().sum::<f64>()).ln()
            };
            totals[m].push((log(&trial.counts, &forecast.counts), log(&trial.values, &forecast.values)));
        }
    }
    let deviance = [pooled[1].deviance(), pooled[2].deviance()];
    let m = usize::from(deviance[1] < deviance[0] * (1.0 - TIE));
    Ok(Rolling {
        chosen: MODELS[m],
        horizon_days: horizon,
        origins: used,
        deviance,
        skill: [1, 2].map(|m| 1.0 - pooled[m].squared() / pooled[0].squared()),
        miss: [0, 1].map(|m| {
            (spread(totals[m].iter().map(|miss| miss.0)), spread(totals[m].iter().map(|miss| miss.1)))
        }),
        rows: pooled.iter().zip(METHODS).map(|(pool, method)| pool.errors(method)).collect(),
    })
}

/// Root mean square of what is finite.
fn spread(misses: impl Iterator<Item = f64>) -> f64 {
    let squares: Vec<f64> = misses.filter(|miss| miss.is_finite()).map(|miss| miss * miss).collect();
    if squares.is_empty() { 0.0 } else { (squares.iter().sum::<f64>() / squares.len() as f64).sqrt() }
}

const MODELS: [PurchaseModel; 2] = [PurchaseModel::BgNbd, PurchaseModel::MbgNbd];
const METHODS: [&str; 3] = ["naive", "bg_nbd", "mbg_nbd"];

/// Errors of each method on the days after `calibration_end`, which nothing was chosen by.
pub fn holdout(
    history: &History,
    calibration_end: i32,
    end: i32,
    work: &dyn Work,
) -> Result<Vec<MethodErrors>, FitError> {
    let trial = Trial::new(history, calibration_end, end, &calendar, work)?;
    let forecasts = std::iter::once(&trial.naive).chain(&trial.models);
    Ok(forecasts
        .zip(METHODS)
        .map(|(forecast, method)| {
            let mut pool = Pooled::default();
            pool.add(forecast, &trial);
            pool.errors(method)
        })
        .collect())
}

/// Forecasts of one method, one entry a customer.
struct Forecast {
    counts: Vec<f64>,
    values: Vec<f64>,
}

/// One origin: every method's forecasts and what happened.
struct Trial {
    naive: Forecast,
    models: Vec<Forecast>,
    counts: Vec<f64>,
    values: Vec<f64>,
    money: bool,
}

impl Trial {
    fn new(
        history: &History,
        origin: i32,
        end: i32,
        time: PurchaseTime<'_>,
        work: &dyn Work,
    ) -> Result<Self, FitError> {
        let known = history.as_of(origin);
        let (counts, values) = history.after(&known, origin, end);
        let weeks = time(origin, end) / DAYS_A_WEEK;
        let money = GammaGamma.fit(&known.spenders, None, work);
        if let Err(FitError::Cancelled) = money {
            return Err(FitError::Cancelled);
        }
        let money = money.ok();
        let mut models = Vec::new();
        for model in MODELS {
            let fit = model.fit(&known.buyers, None, work)?;
            models.push(forecast(&fit, money.as_ref(), &known, weeks));
        }
        let naive = naive(&known, calendar(origin, end) / DAYS_A_WEEK);
        Ok(Self { naive, models, counts, values, money: money.is_some() })
    }
}

/// x/T × time, × mean value of the customer's purchases.
fn naive(known: &Snapshot, weeks: f64) -> Forecast {
    let counts: Vec<f64> = known
        .buyers
        .iter()
        .map(|buyer| if buyer.t > 0.0 { f64::from(buyer.frequency) / buyer.t * weeks } else { 0.0 })
        .collect();
    let values = counts.iter().zip(&known.mean_value).map(|(count, value)| count * value).collect();
    Forecast { counts, values }
}

fn forecast(fit: &PurchaseFit, money: Option<&GammaGammaFit>, known: &Snapshot, weeks: f64) -> Forecast {
    let counts: Vec<f64> = known.buyers.par_iter().map(|buyer| fit.alive(buyer).expected(weeks)).collect();
    let values = known
        .spenders
        .iter()
        .zip(&counts)
        .map(|(spender, count)| count * money.map_or(0.0, |money| money.expected(spender)))
        .collect();
    Forecast { counts, values }
}

/// Forecasts of all origins one after the other.
#[derive(Default)]
struct Pooled {
    counts: Vec<f64>,
    values: Vec<f64>,
    actual_counts: Vec<f64>,
    actual_values: Vec<f64>,
    no_money: bool,
}

impl Pooled {
    fn add(&mut self, forecast: &Forecast, trial: &Trial) {
        self.counts.extend(&forecast.counts);
        self.values.extend(&forecast.values);
        self.actual_counts.extend(&trial.counts);
        self.actual_values.extend(&trial.values);
        self.no_money |= !trial.money;
    }

    fn deviance(&self) -> f64 {
        measure::poisson_deviance(&self.counts, &self.actual_counts)
    }

    fn squared(&self) -> f64 {
        if self.no_money {
            measure::rmse(&self.counts, &self.actual_counts).powi(2)
        } else {
            measure::rmse(&self.values, &self.actual_values).powi(2)
        }
    }

    fn errors(&self, method: &str) -> MethodErrors {
        MethodErrors {
            method: method.to_owned(),
            mae: measure::mae(&self.counts, &self.actual_counts),
            rmse: measure::rmse(&self.counts, &self.actual_counts),
            spearman: measure::spearman(&self.counts, &self.actual_counts),
            total_error: measure::total_error(&self.counts, &self.actual_counts),
            capture_top10: measure::capture(&self.counts, &self.actual_counts, 0.1),
            value_gini: (!self.no_money).then(|| measure::gini(&self.values, &self.actual_values)),
        }
    }
}
