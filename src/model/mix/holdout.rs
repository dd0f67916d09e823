//! Does media help to forecast weeks that the fit has not seen?
//!
//! Rolling origin: the last 13, 26 and 39 weeks are forecast thirteen at a time, each from the weeks before it, with the
//! spend that was made. Naive row: the same trend, season and controls without media.

use rayon::prelude::*;

use super::baseline::{Baseline, Shape as Design};
use super::input::{Input, WEEKS_MIN, prepare};
use super::posterior::Posterior;
use super::response::Response;
use super::{HoldoutError, MixError, Options, search};
use crate::domain::Work;

/// Weeks of a forecast.
const AHEAD: usize = 13;
const ORIGINS: usize = 3;
const STARTS: usize = 6;

/// The rows `mix` and `naive`; none where the weeks do not suffice for two origins.
pub(super) fn rolling(
    input: &Input,
    options: &Options,
    work: &dyn Work,
) -> Result<Vec<HoldoutError>, MixError> {
    let weeks = input.target.len();
    let origins: Vec<usize> = (1..=ORIGINS)
        .filter_map(|k| weeks.checked_sub(k * AHEAD))
        .filter(|origin| *origin >= WEEKS_MIN)
        .collect();
    if origins.len() < 2 {
        return Ok(Vec::new());
    }
    type Forecasts = (Vec<f64>, Vec<f64>);
    let forecasts: Vec<Option<Forecasts>> =
        origins.par_iter().map(|origin| forecast(input, options, *origin, work)).collect();
    work.check()?;
    let (mut actual, mut mix, mut naive) = (Vec::new(), Vec::new(), Vec::new());
    for (origin, forecast) in origins.into_iter().zip(forecasts) {
        if let Some((own, other)) = forecast {
            actual.extend_from_slice(&input.target[origin..origin + AHEAD]);
            mix.extend(own);
            naive.extend(other);
        }
    }
    if actual.len() < 2 * AHEAD {
        return Ok(Vec::new());
    }
    Ok(vec![errors("mix", &actual, &mix), errors("naive", &actual, &naive)])
}

fn forecast(
    input: &Input,
    options: &Options,
    origin: usize,
    work: &dyn Work,
) -> Option<(Vec<f64>, Vec<f64>)> {
    let mut known = input.clone();
    known.tests.retain(|test| test.measured_until < input.first_day.plus(7 * origin as i32));
    let prepared = prepare(&known, origin, &options.delayed).ok()?;
    let target = &prepared.posterior;
    let best = search::modes(target, STARTS, options.seed, work).ok()?.into_iter().next()?;
    let weeks = origin..origin + AHEAD;
    let mut own = ahead(target, &prepared.design, &best.at, weeks.clone());
    for (channel, response) in prepared.channels.iter().zip(target.responses(&best.at)) {
        let effect: Vec<f64> =
            Response::weekly(&response, &channel.media[..origin], &channel.media[weeks.clone()]);
        own.iter_mut().zip(effect).for_each(|(sum, effect)| *sum += effect);
    }
    let design = Design { level: 1.0, ..prepared.design };
    let baseline = Baseline::new(&design)?;
    let residual =
        input.target[..origin].iter().zip(&baseline.prior).map(|(y, p)| y / target.mean - p).collect();
    let naive =
        Posterior { kind: input.kind, baseline, target: residual, mean: target.mean, channels: Vec::new() };
    let (at, _) = search::climb(&naive, naive.prior_centre())?;
    Some((own, ahead(&naive, &design, &at, weeks)))
}

/// The baseline of later weeks.
fn ahead(target: &Posterior, design: &Design, x: &[f64], weeks: std::ops::Range<usize>) -> Vec<f64> {
    let residual = target.residual(x);
    let coefficients = target.baseline.coefficients::<rand_chacha::ChaCha8Rng>(&residual, x[0].exp(), None);
    Baseline::weekly(design, &coefficients, weeks).into_iter().map(|week| week * target.mean).collect()
}

fn errors(method: &str, actual: &[f64], forecast: &[f64]) -> HoldoutError {
    let n = actual.len() as f64;
    let off = || actual.iter().zip(forecast).map(|(actual, forecast)| forecast - actual);
    let total: f64 = actual.iter().sum();
    let per = |sum: f64| if total > 0.0 { sum / total } else { 0.0 };
    HoldoutError {
        method: method.to_owned(),
        weeks: actual.len(),
        rmse: (off().map(|off| off * off).sum::<f64>() / n).sqrt(),
        mape: per(off().map(f64::abs).sum()),
        total_error: per(off().sum()),
    }
}
