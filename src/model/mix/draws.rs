//! Which sets of parameters do the data allow?
//!
//! Proposals from the mixture of Laplace approximations at the modes (Student t with five degrees of freedom, so that the
//! tails are covered), importance-weighted and Pareto-smoothed; where k̂ > .7 or few of them count, NUTS instead.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};
use rayon::prelude::*;

use super::posterior::Posterior;
use super::search::Mode;
use super::{Method, nuts, psis};
use crate::domain::{Cancelled, Work};

/// Draws to choose a plan by, and to judge it by.
pub(super) const CHOOSING: usize = 400;
pub(super) const JUDGING: usize = 1_600;
/// Proposals for each draw.
const PROPOSALS: usize = 3;
/// Above this, importance weights are not believed.
pub(super) const ROUGH: f64 = 0.7;
/// Fewer independent draws than this leave the ends of an interval to luck.
const EFFECTIVE: f64 = 400.0;
/// Degrees of freedom of the proposals.
const FREEDOM: f64 = 5.0;

/// Unconstrained draws with what is known of their quality.
pub(super) struct Drawn {
    pub(super) choosing: Vec<Vec<f64>>,
    pub(super) judging: Vec<Vec<f64>>,
    pub(super) k_hat: f64,
    pub(super) nuts: Option<nuts::Sampled>,
}

pub(super) fn draw(
    target: &Posterior,
    modes: &[Mode],
    method: Method,
    seed: u64,
    work: &dyn Work,
) -> Result<Drawn, Cancelled> {
    let (points, log_weights) = proposals(target, modes, (CHOOSING + JUDGING) * PROPOSALS, seed, work)?;
    let (weights, k_hat) = psis::smooth(&log_weights);
    let effective = 1.0 / weights.iter().map(|weight| weight * weight).sum::<f64>();
    let rough = k_hat > ROUGH || effective < EFFECTIVE;
    if method == Method::Posterior || (method == Method::Auto && rough) {
        work.progress("mix_sample", 0, 1);
        if let Some(mut sampled) = nuts::sample(target, modes, seed, work)? {
            let (mut choosing, mut judging) = (Vec::new(), Vec::new());
            for (k, draw) in std::mem::take(&mut sampled.draws).into_iter().enumerate() {
                // neighbours are alike: half of the draws say nearly all
                if k % 10 == 0 {
                    choosing.push(draw);
                } else if k % 2 == 1 {
                    judging.push(draw);
                }
            }
            return Ok(Drawn { choosing, judging, k_hat, nuts: Some(sampled) });
        }
    }
    // no proposal serves both
    let cut = CHOOSING * PROPOSALS;
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5EED);
    let mut taken = |range: std::ops::Range<usize>, n: usize| {
        let (weights, _) = psis::smooth(&log_weights[range.clone()]);
        let start = rng.r#gen::<f64>();
        psis::resample(&weights, n, start).into_iter().map(|i| points[range.start + i].clone()).collect()
    };
    let (choosing, judging) = (taken(0..cut, CHOOSING), taken(cut..points.len(), JUDGING));
    Ok(Drawn { choosing, judging, k_hat, nuts: None })
}

type Weighted = (Vec<Vec<f64>>, Vec<f64>);

fn proposals(
    target: &Posterior,
    modes: &[Mode],
    n: usize,
    seed: u64,
    work: &dyn Work,
) -> Result<Weighted, Cancelled> {
    let dim = target.dim();
    let made: Vec<Option<(Vec<f64>, f64)>> = (0..n as u64)
        .into_par_iter()
        .map(|k| {
            if work.cancelled() {
                return None;
            }
            let mut rng =
                ChaCha8Rng::seed_from_u64(seed.wrapping_add(1) ^ (k + 1).wrapping_mul(0xD1B5_4A32_D192_ED03));
            let mut left = rng.r#gen::<f64>();
            let mut mode = &modes[0];
            for candidate in modes {
                mode = candidate;
                left -= candidate.weight;
                if left < 0.0 {
                    break;
                }
            }
            let chi: f64 = ChiSquared::new(FREEDOM).ok()?.sample(&mut rng);
            let stretch = (FREEDOM / chi).sqrt();
            let z: Vec<f64> = (0..dim).map(|_| stretch * rng.sample::<f64, _>(StandardNormal)).collect();
            let x = mode.point(&z);
            let mut slope = vec![0.0; dim];
            let value = target.log_density(&x, &mut slope);
            let weight = if value.is_finite() { value - density(modes, &x) } else { f64::NEG_INFINITY };
            Some((x, weight))
        })
        .collect();
    work.check()?;
    Ok(made.into_iter().flatten().unzip())
}

/// ln of the proposals' density, without the constant that all modes share.
fn density(modes: &[Mode], x: &[f64]) -> f64 {
    let power = 0.5 * (FREEDOM + x.len() as f64);
    let each: Vec<f64> = modes
        .iter()
        .map(|mode| mode.weight.ln() - mode.log_volume() - power * (mode.distance(x) / FREEDOM).ln_1p())
        .collect();
    let top = each.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    top + each.iter().map(|own| (own - top).exp()).sum::<f64>().ln()
}
