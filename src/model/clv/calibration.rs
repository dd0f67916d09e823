//! Do the forecasts mean what they say, from the best customers to the worst?
//!
//! One hold-out at the end of the known days: fitted before it, customers ranked by forecast and cut into tenths; in
//! each the mean forecast beside what happened. Once for the expected orders, once for the probability of any order.
//! Ties in rank are broken by position, so that the same data give the same tenths.

use serde::{Deserialize, Serialize};

use super::history::{DAYS_A_WEEK, History, Snapshot};
use super::{FitError, GammaGamma, PurchaseFit, PurchaseModel, backtest::PurchaseTime, measure};
use crate::domain::Work;

/// Customers next to each other by forecast.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Tenth {
    /// How many.
    pub customers: u32,
    /// Mean forecast.
    pub predicted: f64,
    /// Mean of what happened.
    pub actual: f64,
}

/// How one model of purchases did in the hold-out, best tenth first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Tenths {
    /// Purchase days a customer.
    pub orders: Vec<Tenth>,
    /// Any purchase at all.
    pub any: Vec<Tenth>,
}

/// Errors of one forecast of a purchase's value, over those who bought in the hold-out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ValueErrors {
    /// `gamma_gamma`, `own_mean` (each customer's mean so far), `overall_mean`.
    pub method: String,
    /// Mean absolute error, in money.
    pub mae: f64,
    /// Root mean squared error, in money.
    pub rmse: f64,
    /// Σ forecast / Σ actual − 1.
    pub total_error: f64,
}

/// The hold-out of all models of customer value.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Calibration {
    /// Fitted on the days up to this one.
    pub origin: i32,
    /// Days held out.
    pub horizon_days: i32,
    /// Of BG/NBD and of MBG/NBD.
    pub purchases: [Tenths; 2],
    /// Naive rows first; empty where values cannot be modelled.
    pub values: Vec<ValueErrors>,
}

const PARTS: usize = 10;

/// Holds the last `horizon_days` before `end` out.
pub fn calibration(
    history: &History,
    end: i32,
    horizon_days: i32,
    time: PurchaseTime<'_>,
    work: &dyn Work,
) -> Result<Calibration, FitError> {
    let origin = end - horizon_days;
    let known = history.as_of(origin);
    let (counts, values) = history.after(&known, origin, end);
    let weeks = time(origin, end) / DAYS_A_WEEK;
    let of = |model: PurchaseModel| -> Result<Tenths, FitError> {
        work.check()?;
        Ok(tenths_of(&model.fit(&known.buyers, None, work)?, &known, &counts, weeks))
    };
    let purchases = [of(PurchaseModel::BgNbd)?, of(PurchaseModel::MbgNbd)?];
    let values = match value_errors(&known, &counts, &values, work) {
        Err(FitError::Cancelled) => return Err(FitError::Cancelled),
        errors => errors.unwrap_or_default(),
    };
    Ok(Calibration { origin, horizon_days, purchases, values })
}

fn tenths_of(fit: &PurchaseFit, known: &Snapshot, counts: &[f64], weeks: f64) -> Tenths {
    let alive: Vec<_> = known.buyers.iter().map(|buyer| fit.alive(buyer)).collect();
    let expected: Vec<f64> = alive.iter().map(|alive| alive.expected(weeks)).collect();
    let any: Vec<f64> = alive.iter().map(|alive| alive.more_than(weeks).next().unwrap_or(0.0)).collect();
    let bought: Vec<f64> = counts.iter().map(|count| f64::from(u8::from(*count > 0.0))).collect();
    Tenths { orders: tenths(&expected, counts), any: tenths(&any, &bought) }
}

/// Customers by falling forecast in ten parts as equal as can be.
pub fn tenths(predicted: &[f64], actual: &[f64]) -> Vec<Tenth> {
    let order = measure::descending(predicted);
    let edge = |part: usize| part * order.len() / PARTS;
    (0..PARTS)
        .filter_map(|part| order.get(edge(part)..edge(part + 1)))
        .filter(|part| !part.is_empty())
        .map(|part| {
            let mean = |of: &[f64]| part.iter().map(|i| of[*i]).sum::<f64>() / part.len() as f64;
            Tenth { customers: part.len() as u32, predicted: mean(predicted), actual: mean(actual) }
        })
        .collect()
}

/// The mean value of a purchase in the hold-out, of those who bought before and in it.
fn value_errors(
    known: &Snapshot,
    counts: &[f64],
    values: &[f64],
    work: &dyn Work,
) -> Result<Vec<ValueErrors>, FitError> {
    let fit = GammaGamma.fit(&known.spenders, None, work)?;
    let bought: Vec<usize> = (0..counts.len())
        .filter(|i| counts[*i] > 0.0 && values[*i] > 0.0 && known.mean_value[*i] > 0.0)
        .collect();
    if bought.is_empty() {
        return Ok(Vec::new());
    }
    let actual: Vec<f64> = bought.iter().map(|i| values[*i] / counts[*i]).collect();
    let own: Vec<f64> = bought.iter().map(|i| known.mean_value[*i]).collect();
    let overall = known.mean_value.iter().sum::<f64>() / known.mean_value.len() as f64;
    let model = |i: &usize| {
        let value = fit.expected(&known.spenders[*i]);
        if value.is_finite() { value } else { overall }
    };
    let model: Vec<f64> = bought.iter().map(model).collect();
    let errors = |method: &str, predicted: &[f64]| ValueErrors {
        method: method.to_owned(),
        mae: measure::mae(predicted, &actual),
        rmse: measure::rmse(predicted, &actual),
        total_error: measure::total_error(predicted, &actual),
    };
    Ok(vec![
        errors("overall_mean", &vec![overall; bought.len()]),
        errors("own_mean", &own),
        errors("gamma_gamma", &model),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_rank_by_forecast_and_lose_nobody() {
        let predicted: Vec<f64> = (0..25).map(f64::from).collect();
        let actual: Vec<f64> = (0..25).map(|i| f64::from(24 - i)).collect();
        let parts = tenths(&predicted, &actual);
        assert_eq!(parts.len(), 10);
        assert_eq!(parts.iter().map(|part| part.customers).sum::<u32>(), 25);
        assert_eq!((parts[0].predicted, parts[0].actual), (23.5, 0.5), "the two highest forecasts");
        assert!(parts.windows(2).all(|pair| pair[0].predicted > pair[1].predicted));
        assert_eq!(tenths(&[1.0], &[2.0]).len(), 1, "one customer makes one part");
        assert!(tenths(&[], &[]).is_empty());
    }
}
