//! How is a budget split over channels so that it brings most, and how much more could any split bring?
//!
//! Responses β·x^k/(κ^k + x^k) of any slope k, S-shaped ones included, with bounds a channel; the whole total is spent.
//! The split comes with an upper bound that no split passes: [`search`] has the method, [`curve`] the formulas.

mod cents;
mod curve;
mod search;

use serde::{Deserialize, Serialize};

pub use cents::largest_remainder;
pub(in crate::model) use curve::{Curve, Envelope};

/// A budget to split.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// Money to spend, all of it.
    pub total: f64,
    /// Where it may go.
    pub channels: Vec<Channel>,
}

/// A channel's response and bounds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Name, once in a problem.
    pub name: String,
    /// β: response at full saturation; 0 or more.
    pub beta: f64,
    /// κ: money that gives half of β.
    pub half_saturation: f64,
    /// k.
    pub slope: f64,
    /// Least money.
    #[serde(default)]
    pub min: f64,
    /// Most money; the total where it is not given.
    #[serde(default)]
    pub max: Option<f64>,
}

/// The best split and its certificate.
#[derive(Clone, PartialEq, Debug)]
pub struct Split {
    /// Money by channel, in whole steps; adds up to the total.
    pub spend: Vec<f64>,
    /// Σ response.
    pub value: f64,
    /// No split brings more.
    pub upper_bound: f64,
}

impl Split {
    /// How far the value lies below the bound, of the bound.
    pub fn gap(&self) -> f64 {
        if self.upper_bound > 0.0 {
            ((self.upper_bound - self.value) / self.upper_bound).max(0.0)
        } else {
            0.0
        }
    }
}

/// Why a problem has no split.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what each is")]
pub enum ProblemError {
    #[error("no channels: list at least one in \"channels\"")]
    NoChannels,
    #[error("channel {name:?} is listed twice: give each channel once")]
    Twice { name: String },
    #[error("total {value} is not an amount: give a number from 0 to 1e12")]
    Total { value: f64 },
    #[error("channel {name:?}, field {field}: {value} does not do: give {wanted}")]
    Field { name: String, field: &'static str, value: f64, wanted: &'static str },
    #[error("channel {name:?}: min {min} is above max {max}: lower min or raise max")]
    Crossed { name: String, min: f64, max: f64 },
    #[error(
        "total {total} is below the sum of all min, {least} (most of it {name:?}, {share}): raise total to {least} or \
         lower a min"
    )]
    Below { total: f64, least: f64, name: String, share: f64 },
    #[error(
        "total {total} is above the sum of all max, {most} (most of it {name:?}, {share}): lower total to {most} or \
         raise a max"
    )]
    Above { total: f64, most: f64, name: String, share: f64 },
}

/// Amounts beyond this are typing errors, and cents stay exact below it.
const AMOUNT_MAX: f64 = 1e12;
/// Steeper than this is a step, not a response.
const SLOPE_MAX: f64 = 100.0;
/// A total below this is of too few cents for a good split (or is in millions): it is split in a million steps or more.
const FEW: f64 = 100.0;
const STEPS_MIN: f64 = 1e6;
/// A channel that brings nothing still has to be able to take what is left; this much of the largest β stands for it.
const NOTHING: f64 = 1e-13;

/// The best split of a problem.
pub fn allocate(problem: &Problem) -> Result<Split, ProblemError> {
    let bounds = check(problem)?;
    let total = problem.total;
    if total <= 0.0 {
        let spend = vec![0.0; bounds.len()];
        return Ok(Split { spend, value: 0.0, upper_bound: 0.0 });
    }
    let largest = problem
        .channels
        .iter()
        .map(|channel| channel.beta)
        .fold(0.0, f64::max)
        .max(f64::MIN_POSITIVE / NOTHING);
    let curve = |channel: &Channel| {
        Curve::new(channel.beta.max(NOTHING * largest), channel.half_saturation, channel.slope)
    };
    let curves: Vec<Curve> = problem.channels.iter().map(curve).collect();
    let found = search::search(&curves, &bounds, total);
    let spend = in_steps(&found.split, &bounds, total);
    let value = problem.channels.iter().zip(&spend).map(|(channel, x)| channel.response(*x)).sum::<f64>();
    Ok(Split { spend, value, upper_bound: found.upper_bound.max(value) })
}

impl Channel {
    /// What `x` money brings.
    pub fn response(&self, x: f64) -> f64 {
        if self.beta > 0.0 { Curve::new(self.beta, self.half_saturation, self.slope).value(x) } else { 0.0 }
    }
}

/// The bounds of a sound problem.
fn check(problem: &Problem) -> Result<Vec<(f64, f64)>, ProblemError> {
    let total = problem.total;
    if !(0.0..=AMOUNT_MAX).contains(&total) {
        return Err(ProblemError::Total { value: total });
    }
    if problem.channels.is_empty() {
        return Err(ProblemError::NoChannels);
    }
    let bounds =
        problem.channels.iter().map(|channel| channel.check(total)).collect::<Result<Vec<_>, _>>()?;
    for (i, Channel { name, .. }) in problem.channels.iter().enumerate() {
        if problem.channels.iter().take(i).any(|before| before.name == *name) {
            return Err(ProblemError::Twice { name: name.clone() });
        }
    }
    let largest = |of: &dyn Fn(&(f64, f64)) -> f64| {
        let by = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1);
        let (at, share) = bounds.iter().map(of).enumerate().max_by(by).unwrap_or_default();
        (problem.channels[at].name.clone(), share)
    };
    let least: f64 = bounds.iter().map(|(lower, _)| lower).sum();
    let most: f64 = bounds.iter().map(|(_, upper)| upper).sum();
    // sums of many decimals may miss by their last bit
    let slack = 1e-9 * total.max(1e-6);
    if total < least - slack {
        let (name, share) = largest(&|bounds| bounds.0);
        return Err(ProblemError::Below { total, least, name, share });
    }
    if total > most + slack {
        let (name, share) = largest(&|bounds| bounds.1);
        return Err(ProblemError::Above { total, most, name, share });
    }
    Ok(bounds)
}

impl Channel {
    fn check(&self, total: f64) -> Result<(f64, f64), ProblemError> {
        let fault =
            |field, value, wanted| Err(ProblemError::Field { name: self.name.clone(), field, value, wanted });
        let Self { beta, half_saturation, slope, min, .. } = *self;
        let max = self.max.unwrap_or(total.max(min));
        if !(0.0..=1e15).contains(&beta) {
            return fault("beta", beta, "the response at full saturation, 0 or more");
        }
        if !(1e-9..=1e15).contains(&half_saturation) {
            return fault("half_saturation", half_saturation, "the money that brings half of beta, above 0");
        }
        if !(0.01..=SLOPE_MAX).contains(&slope) {
            return fault("slope", slope, "a number from 0.01 to 100");
        }
        if !(0.0..=AMOUNT_MAX).contains(&min) {
            return fault("min", min, "an amount from 0 to 1e12");
        }
        if !(0.0..=1e15).contains(&max) {
            return fault("max", max, "an amount, 0 or more");
        }
        if min > max {
            return Err(ProblemError::Crossed { name: self.name.clone(), min, max });
        }
        Ok((min, max))
    }
}

/// The split in whole cents (finer for a total of few cents), inside the bounds, adding up to the total.
fn in_steps(split: &[f64], bounds: &[(f64, f64)], total: f64) -> Vec<f64> {
    let mut per_unit = 100.0;
    while total < FEW && total * per_unit < STEPS_MIN && per_unit < 1e12 {
        per_unit *= 10.0;
    }
    let near = |x: f64| 1e-7 * x.abs().max(1.0);
    let step = |(lower, upper): &(f64, f64)| {
        let (lower, upper) = (lower * per_unit, (upper * per_unit).min(9e17));
        ((lower - near(lower)).ceil() as i64, (upper + near(upper)).floor() as i64)
    };
    let steps: Vec<(i64, i64)> = bounds.iter().map(step).collect();
    let parts: Vec<f64> = split.iter().map(|x| x * per_unit).collect();
    let whole = largest_remainder(&parts, (total * per_unit).round() as i64, &steps);
    whole.into_iter().map(|steps| steps as f64 / per_unit).collect()
}
