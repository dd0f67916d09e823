//! What do the parameters look like where Laplace's approximation is not enough?
//!
//! The No-U-Turn sampler of nuts-rs on our gradient, in coordinates whitened by a mode's curvature. Chains start at the
//! modes, in proportion to their evidence; split R-hat and effective sample size (Gelman et al. 2013, ch. 11) tell
//! whether they agree. Bounded in steps, and each draw looks at the stop button.

use std::collections::HashMap;

use nuts_rs::rand::SeedableRng as _;
use nuts_rs::{
    Chain as _, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, Settings as _,
};
use rayon::prelude::*;

use super::posterior::Posterior;
use super::search::Mode;
use crate::domain::{Cancelled, Work};

pub(super) const CHAINS: usize = 4;
const TUNE: u64 = 500;
pub(super) const DRAWS: usize = 1_000;
const DEPTH: u64 = 7;

/// Draws in unconstrained space with their diagnostics.
pub(super) struct Sampled {
    /// Chain after chain.
    pub(super) draws: Vec<Vec<f64>>,
    pub(super) r_hat: f64,
    pub(super) ess: f64,
    pub(super) divergences: usize,
}

#[derive(Debug, thiserror::Error)]
#[error("the density is not finite here")]
struct OffLimits;

impl LogpError for OffLimits {
    fn is_recoverable(&self) -> bool {
        true
    }
}

struct Whitened<'a> {
    target: &'a Posterior,
    mode: &'a Mode,
    slope: Vec<f64>,
}

impl HasDims for Whitened<'_> {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        let n = self.mode.at.len() as u64;
        HashMap::from([("unconstrained_parameter".to_owned(), n), ("dim".to_owned(), n)])
    }
}

impl CpuLogpFunc for Whitened<'_> {
    type LogpError = OffLimits;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;

    fn dim(&self) -> usize {
        self.mode.at.len()
    }

    fn logp(&mut self, position: &[f64], gradient: &mut [f64]) -> Result<f64, OffLimits> {
        let value = self.target.log_density(&self.mode.point(position), &mut self.slope);
        if !value.is_finite() {
            return Err(OffLimits);
        }
        self.mode.whiten(&self.slope, gradient);
        Ok(value - self.mode.height)
    }

    fn expand_vector<R: nuts_rs::rand::Rng + ?Sized>(
        &mut self,
        _: &mut R,
        array: &[f64],
    ) -> Result<Vec<f64>, CpuMathError> {
        Ok(array.to_vec())
    }
}

/// Draws from all modes; `None` where the sampler gave up.
pub(super) fn sample(
    target: &Posterior,
    modes: &[Mode],
    seed: u64,
    work: &dyn Work,
) -> Result<Option<Sampled>, Cancelled> {
    let starts = starts(modes);
    let chains: Vec<Option<(Vec<Vec<f64>>, usize)>> = starts
        .par_iter()
        .enumerate()
        .map(|(k, mode)| chain(target, &modes[*mode], seed, k as u64, work))
        .collect();
    work.check()?;
    let Some(chains) = chains.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
    let divergences = chains.iter().map(|chain| chain.1).sum();
    let draws: Vec<Vec<Vec<f64>>> = chains.into_iter().map(|chain| chain.0).collect();
    let (mut r_hat, mut ess) = (1.0_f64, f64::INFINITY);
    for parameter in 0..target.dim() {
        let column: Vec<Vec<f64>> =
            draws.iter().map(|chain| chain.iter().map(|draw| draw[parameter]).collect()).collect();
        let (own_r, own_ess) = agreement(&column);
        r_hat = r_hat.max(own_r);
        ess = ess.min(own_ess);
    }
    Ok(Some(Sampled { draws: draws.into_iter().flatten().collect(), r_hat, ess, divergences }))
}

/// Which mode each chain starts at: in proportion to the weights, by largest remainder.
fn starts(modes: &[Mode]) -> Vec<usize> {
    let mut given = vec![0_usize; modes.len()];
    for _ in 0..CHAINS {
        let short = |k: &usize| modes[*k].weight * CHAINS as f64 - given[*k] as f64;
        if let Some(k) = (0..modes.len()).max_by(|a, b| short(a).total_cmp(&short(b)).then(b.cmp(a))) {
            given[k] += 1;
        }
    }
    given.into_iter().enumerate().flat_map(|(mode, n)| std::iter::repeat_n(mode, n)).collect()
}

fn chain(
    target: &Posterior,
    mode: &Mode,
    seed: u64,
    chain: u64,
    work: &dyn Work,
) -> Option<(Vec<Vec<f64>>, usize)> {
    let settings = DiagNutsSettings {
        num_tune: TUNE,
        num_draws: DRAWS as u64,
        maxdepth: DEPTH,
        seed,
        ..Default::default()
    };
    let math = CpuMath::new(Whitened { target, mode, slope: vec![0.0; mode.at.len()] });
    let mut rng = nuts_rs::rand::rngs::ChaCha8Rng::seed_from_u64(
        seed ^ (chain + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15),
    );
    let mut sampler = settings.new_chain(chain, math, &mut rng).ok()?;
    sampler.set_position(&vec![0.0; mode.at.len()]).ok()?;
    let (mut draws, mut divergences) = (Vec::with_capacity(DRAWS), 0);
    for step in 0..TUNE as usize + DRAWS {
        if work.cancelled() {
            return None;
        }
        let (draw, info) = sampler.draw().ok()?;
        if step >= TUNE as usize {
            divergences += usize::from(info.diverging);
            draws.push(mode.point(&draw));
        }
    }
    Some((draws, divergences))
}

/// Split R-hat and effective sample size of one parameter.
fn agreement(chains: &[Vec<f64>]) -> (f64, f64) {
    let halves: Vec<&[f64]> = chains.iter().flat_map(|chain| chain.chunks_exact(chain.len() / 2)).collect();
    let (m, n) = (halves.len() as f64, halves[0].len());
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let means: Vec<f64> = halves.iter().map(|half| mean(half)).collect();
    let all = mean(&means);
    let between = n as f64 / (m - 1.0) * means.iter().map(|own| (own - all).powi(2)).sum::<f64>();
    let covariance = |half: &[f64], own: f64, lag: usize| {
        half.iter().zip(&half[lag..]).map(|(a, b)| (a - own) * (b - own)).sum::<f64>() / n as f64
    };
    let at = |lag: usize| {
        halves.iter().zip(&means).map(|(half, own)| covariance(half, *own, lag)).sum::<f64>() / m
    };
    let within = at(0) * n as f64 / (n as f64 - 1.0);
    if within.is_nan() || within <= 0.0 {
        return (1.0, m * n as f64);
    }
    let total = (n as f64 - 1.0) / n as f64 * within + between / n as f64;
    let rho = |lag: usize| 1.0 - (within - at(lag)) / total;
    let mut sum = -1.0;
    let mut last = f64::INFINITY;
    for pair in 0..n / 2 {
        let both = (rho(2 * pair) + rho(2 * pair + 1)).min(last);
        if both <= 0.0 {
            break;
        }
        sum += 2.0 * both;
        last = both;
    }
    ((total / within).sqrt(), m * n as f64 / sum.max(1e-3))
}
