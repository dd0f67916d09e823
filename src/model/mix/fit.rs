//! The fit as a whole: weeks in, posterior draws of every channel's response out.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::baseline::Baseline;
use super::input::{Input, Prepared, prepare};
use super::posterior::{Posterior, ROI_PRIOR};
use super::{Diagnostics, Draw, Kind, Mix, MixError, Options, TestUsed, draws, holdout, search};
use crate::domain::Work;

/// A test that lies further than this from what the weeks say contradicts them.
pub const CONTRADICTS: f64 = 2.5;
/// Above this share of the prior's spread the data say little of a channel.
pub const PRIOR_DOMINATED: f64 = 0.8;
/// A ROI whose log lies further than this many of its prior's standard deviations from the prior's middle (above 12, below
/// .13) is not believed without a test: then the weeks and all that is known beforehand contradict each other (Box 1980,
/// "Sampling and Bayes' inference in scientific modelling and robustness"), and something that moves with the spend is
/// missing from the model. Measured on mmm-case-study without its holidays: ROI 72 and 29, 4.5 and 3.5 of them off.
const FAR_OUT: f64 = 2.5;
/// Standard deviation of the log of a share ~ Beta(2, 3): the prior of the only channel of orders.
const SHARE_SPREAD: f64 = 0.65;

pub(super) fn fit(input: &Input, options: &Options, work: &dyn Work) -> Result<Mix, MixError> {
    let weeks = input.target.len();
    let mut prepared = prepare(input, weeks, &options.delayed)?;
    work.progress("mix_fit", 0, 4);
    let contradictions = weigh_tests(options, &mut prepared, work)?;
    work.progress("mix_fit", 1, 4);
    let target = &prepared.posterior;
    let modes = search::modes(target, options.starts, options.seed, work)?;
    let best = modes.first().ok_or(MixError::NoFit)?;
    work.progress("mix_fit", 2, 4);
    let drawn = draws::draw(target, &modes, options.method, options.seed, work)?;
    work.progress("mix_fit", 3, 4);
    let holdout = if options.holdout { holdout::rolling(input, options, work)? } else { Vec::new() };
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed ^ 0xBA5E);
    let mut told = |points: &[Vec<f64>]| -> Vec<Draw> {
        points.iter().map(|x| of_point(&prepared, x, Some(&mut rng))).collect()
    };
    let (choosing, judging) = (told(&drawn.choosing), told(&drawn.judging));
    let point = of_point(&prepared, &best.at, None);
    let mut channels = prepared.channels;
    let spread = match (input.kind, channels.len()) {
        (Kind::Orders, 1) => SHARE_SPREAD,
        _ => ROI_PRIOR.1,
    };
    for (c, (channel, place)) in channels.iter_mut().zip(target.places()).enumerate() {
        let (_, sd) = moments(drawn.judging.iter().map(|x| x[place]));
        let (off, _) = moments(drawn.judging.iter().map(|x| target.off_prior(x, place)));
        let confirmed = |(test, against): (&(usize, usize, usize), &Against)| {
            test.1 == c && against.z.abs() <= CONTRADICTS
        };
        if off.abs() > FAR_OUT && !prepared.tests.iter().zip(&contradictions).any(confirmed) {
            channel.warnings.push("roi_far_out".into());
        }
        channel.prior_share = sd / spread;
        if channel.prior_share > PRIOR_DOMINATED {
            channel.warnings.push("prior_dominated".into());
        }
    }
    let tests: Vec<TestUsed> = prepared
        .tests
        .iter()
        .zip(&contradictions)
        .map(|((place, channel, _), Against { expected, z })| {
            let test = &input.tests[*place];
            if z.abs() > CONTRADICTS {
                channels[*channel].warnings.push("test_contradicts".into());
            }
            TestUsed {
                id: test.id.clone(),
                channel: *channel,
                until: test.measured_until,
                effect: test.effect,
                se: test.se,
                expected: expected * target.mean,
                z: *z,
            }
        })
        .collect();
    let nuts = drawn.nuts.as_ref();
    let diagnostics = Diagnostics {
        method: if nuts.is_some() { "nuts" } else { "laplace" }.into(),
        k_hat: if drawn.k_hat.is_finite() { drawn.k_hat } else { 99.0 },
        modes: modes.len(),
        flat: modes.iter().any(|mode| mode.flat),
        r_hat: nuts.map(|nuts| nuts.r_hat),
        ess: nuts.map(|nuts| nuts.ess),
        divergences: nuts.map(|nuts| nuts.divergences),
        r_squared: r_squared(target, &best.at, &prepared.design),
        starts: (options.starts, best.starts),
    };
    work.progress("mix_fit", 4, 4);
    Ok(Mix {
        kind: input.kind,
        first_day: input.first_day,
        target: input.target.clone(),
        channels,
        left_out: prepared.left_out,
        point,
        choosing,
        judging,
        diagnostics,
        tests,
        holdout,
        warnings: prepared.warnings,
    })
}

/// A test against the weeks.
struct Against {
    /// What the weeks alone expect it to measure, in mean weeks of the target.
    expected: f64,
    z: f64,
}

/// How far each test lies from what the weeks alone say, on draws made as carefully as those of the fit; where that is too
/// far its error is widened.
fn weigh_tests(
    options: &Options,
    prepared: &mut Prepared,
    work: &dyn Work,
) -> Result<Vec<Against>, MixError> {
    if prepared.tests.is_empty() {
        return Ok(Vec::new());
    }
    let mut alone = prepared.posterior.clone();
    alone.channels.iter_mut().for_each(|channel| channel.lifts.clear());
    let seed = options.seed ^ 1;
    let modes = search::modes(&alone, options.starts, seed, work)?;
    if modes.is_empty() {
        return Err(MixError::NoFit);
    }
    let drawn = draws::draw(&alone, &modes, options.method, seed, work)?;
    let mut found = Vec::new();
    for (_, channel, lift) in &prepared.tests {
        let lift = &mut prepared.posterior.channels[*channel].lifts[*lift];
        let (expected, sd) = moments(drawn.judging.iter().map(|x| alone.expects(x, *channel, lift)));
        let z = (lift.effect - expected) / lift.se.hypot(sd);
        let z = if z.is_finite() { z } else { 0.0 };
        if z.abs() > CONTRADICTS {
            lift.se *= z.abs() / 2.0;
        }
        found.push(Against { expected, z });
    }
    Ok(found)
}

fn of_point(prepared: &Prepared, x: &[f64], rng: Option<&mut ChaCha8Rng>) -> Draw {
    let target = &prepared.posterior;
    let sigma = x[0].exp();
    let coefficients = target.baseline.coefficients(&target.residual(x), sigma, rng);
    let weekly = Baseline::weekly(&prepared.design, &coefficients, 0..prepared.design.weeks);
    Draw {
        channels: target.responses(x),
        baseline: weekly.iter().sum::<f64>() * target.mean,
        sigma: sigma * target.mean,
    }
}

fn r_squared(target: &Posterior, x: &[f64], design: &super::baseline::Shape) -> f64 {
    let residual = target.residual(x);
    let coefficients = target.baseline.coefficients::<ChaCha8Rng>(&residual, x[0].exp(), None);
    let baseline = Baseline::weekly(design, &coefficients, 0..design.weeks);
    // residual = weeks − prior mean − media, so the rest is what baseline and media leave
    let left: f64 =
        (0..design.weeks).map(|t| (residual[t] + target.baseline.prior[t] - baseline[t]).powi(2)).sum();
    let weeks = (0..design.weeks).map(|t| target.target[t] + target.baseline.prior[t]);
    let (_, sd) = moments(weeks);
    // weeks that never differ leave nothing to explain
    if sd < 1e-9 {
        return 0.0;
    }
    1.0 - left / (sd * sd * design.weeks as f64).max(1e-300)
}

fn moments(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut n, mut mean, mut square) = (0.0, 0.0, 0.0);
    for value in values {
        n += 1.0;
        let off = value - mean;
        mean += off / n;
        square += off * (value - mean);
    }
    (mean, if n > 0.0 { (square / n).sqrt() } else { 0.0 })
}
