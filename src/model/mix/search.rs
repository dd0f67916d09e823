//! Where is the density highest, and is there more than one such place?
//!
//! BFGS (Nocedal & Wright 2006, ch. 6) with a weak-Wolfe line search by bisection, from many starts in parallel; the
//! result does not depend on the number of threads. A mode keeps the curvature around it.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;

use super::posterior::Posterior;
use crate::domain::{Cancelled, Work};

/// Modes this far below the best (log density) still count.
const MODE_DEPTH: f64 = 2.0;
/// Two ends closer than this (squared, in standard deviations of the mode) are the same mode.
const SAME_MODE: f64 = 1.0;
const STEPS: usize = 400;
const FLAT: f64 = 1e-5;

/// A place where the density is highest around.
#[derive(Debug, Clone)]
pub(super) struct Mode {
    pub(super) at: Vec<f64>,
    pub(super) height: f64,
    /// Of the negative Hessian.
    pub(super) root: Cholesky<f64, Dyn>,
    /// Some direction had no curvature and was given the prior's.
    pub(super) flat: bool,
    /// Share of the mixture, by Laplace evidence.
    pub(super) weight: f64,
    /// Starts that ended here.
    pub(super) starts: usize,
}

impl Mode {
    /// ln of √det of the covariance.
    pub(super) fn log_volume(&self) -> f64 {
        -self.root.l_dirty().diagonal().iter().map(|d| d.ln()).sum::<f64>()
    }

    /// The point `at + L⁻ᵀ z`: z in standard deviations.
    pub(super) fn point(&self, z: &[f64]) -> Vec<f64> {
        let mut step = DVector::from_column_slice(z);
        let solved = self.root.l_dirty().tr_solve_lower_triangular_mut(&mut step);
        debug_assert!(solved, "a Cholesky root has no zero on its diagonal");
        self.at.iter().zip(step.iter()).map(|(at, step)| at + step).collect()
    }

    /// A gradient in the coordinates of [`Self::point`].
    pub(super) fn whiten(&self, slope: &[f64], whitened: &mut [f64]) {
        let mut solved = DVector::from_column_slice(slope);
        self.root.l_dirty().solve_lower_triangular_mut(&mut solved);
        whitened.copy_from_slice(solved.as_slice());
    }

    /// Squared distance in standard deviations.
    pub(super) fn distance(&self, x: &[f64]) -> f64 {
        let off = DVector::from_iterator(x.len(), x.iter().zip(&self.at).map(|(x, at)| x - at));
        let l = self.root.l_dirty().lower_triangle();
        (l.transpose() * off).norm_squared()
    }
}

/// The modes within two log units, best first.
pub(super) fn modes(
    target: &Posterior,
    starts: usize,
    seed: u64,
    work: &dyn Work,
) -> Result<Vec<Mode>, Cancelled> {
    let (centre, spread) = (target.prior_centre(), target.prior_spread());
    let ends: Vec<Option<(Vec<f64>, f64)>> = (0..starts as u64)
        .into_par_iter()
        .map(|start| {
            if work.cancelled() {
                return None;
            }
            let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (start.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
            let mut x = centre.clone();
            if start > 0 {
                for (x, spread) in x.iter_mut().zip(&spread) {
                    let luck: f64 = rng.sample(StandardNormal);
                    *x += spread * luck;
                }
            }
            climb(target, x)
        })
        .collect();
    work.check()?;
    let mut ends: Vec<(Vec<f64>, f64)> = ends.into_iter().flatten().collect();
    ends.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut modes: Vec<Mode> = Vec::new();
    let best = ends.first().map_or(f64::NEG_INFINITY, |end| end.1);
    for (at, height) in ends {
        if height < best - MODE_DEPTH {
            continue;
        }
        if let Some(known) = modes.iter_mut().find(|mode| mode.distance(&at) < SAME_MODE) {
            known.starts += 1;
            continue;
        }
        let Some((root, flat)) = curvature(target, &at, &spread) else { continue };
        modes.push(Mode { at, height, root, flat, weight: 0.0, starts: 1 });
    }
    let evidence: Vec<f64> = modes.iter().map(|mode| mode.height + mode.log_volume()).collect();
    let top = evidence.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = evidence.iter().map(|evidence| (evidence - top).exp()).sum();
    modes.iter_mut().zip(evidence).for_each(|(mode, evidence)| mode.weight = (evidence - top).exp() / total);
    Ok(modes)
}

/// BFGS from a start; `None` where the start is impossible.
pub(super) fn climb(target: &Posterior, start: Vec<f64>) -> Option<(Vec<f64>, f64)> {
    let n = start.len();
    let mut x = DVector::from_vec(start);
    let mut slope = DVector::zeros(n);
    let mut value = target.log_density(x.as_slice(), slope.as_mut_slice());
    if !value.is_finite() {
        return None;
    }
    let mut inverse = DMatrix::<f64>::identity(n, n) * (1.0 / slope.norm().max(1.0));
    let mut first = true;
    for _ in 0..STEPS {
        if slope.amax() < FLAT {
            break;
        }
        let mut direction = &inverse * &slope;
        let mut ascent = direction.dot(&slope);
        if ascent <= 0.0 {
            inverse = DMatrix::identity(n, n) * (1.0 / slope.norm().max(1.0));
            direction = &inverse * &slope;
            ascent = direction.dot(&slope);
        }
        let Some((step, next, next_value, next_slope)) = line(target, &x, value, &direction, ascent) else {
            break;
        };
        let moved = &direction * step;
        let change = &slope - &next_slope;
        let curved = moved.dot(&change);
        let gain = next_value - value;
        (x, value, slope) = (next, next_value, next_slope);
        if curved > 1e-12 {
            if first {
                inverse = DMatrix::identity(n, n) * (curved / change.norm_squared());
                first = false;
            }
            let carried = &inverse * &change;
            let size = 1.0 + change.dot(&carried) / curved;
            inverse += (&moved * moved.transpose()) * (size / curved)
                - (&carried * moved.transpose() + &moved * carried.transpose()) / curved;
        }
        if gain.abs() < 1e-11 * (1.0 + value.abs()) {
            break;
        }
    }
    Some((x.as_slice().to_vec(), value))
}

type Stepped = (f64, DVector<f64>, f64, DVector<f64>);

/// A step that climbs enough and flattens the slope (weak Wolfe), by bisection.
fn line(
    target: &Posterior,
    x: &DVector<f64>,
    value: f64,
    direction: &DVector<f64>,
    ascent: f64,
) -> Option<Stepped> {
    let (mut low, mut high, mut step) = (0.0, f64::INFINITY, 1.0);
    let mut kept = None;
    for _ in 0..40 {
        let next = x + direction * step;
        let mut slope = DVector::zeros(x.len());
        let here = target.log_density(next.as_slice(), slope.as_mut_slice());
        if !(here.is_finite() && here >= value + 1e-4 * step * ascent) {
            high = step;
        } else if slope.dot(direction) > 0.9 * ascent {
            kept = Some((step, next, here, slope));
            low = step;
        } else {
            return Some((step, next, here, slope));
        }
        step = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * step };
    }
    kept
}

/// Cholesky root of the negative Hessian (differences of the gradient); directions without curvature get the prior's.
fn curvature(target: &Posterior, at: &[f64], spread: &[f64]) -> Option<(Cholesky<f64, Dyn>, bool)> {
    let n = at.len();
    let mut hessian = DMatrix::zeros(n, n);
    let (mut up, mut down) = (vec![0.0; n], vec![0.0; n]);
    for i in 0..n {
        let step = 1e-4;
        let mut x = at.to_vec();
        x[i] = at[i] + step;
        let above = target.log_density(&x, &mut up);
        x[i] = at[i] - step;
        let below = target.log_density(&x, &mut down);
        if !(above.is_finite() && below.is_finite()) {
            return None;
        }
        for j in 0..n {
            hessian[(j, i)] = -(up[j] - down[j]) / (2.0 * step);
        }
    }
    let hessian = (&hessian + hessian.transpose()) * 0.5;
    if let Some(root) = hessian.clone().cholesky() {
        return Some((root, false));
    }
    let mut eigen = hessian.symmetric_eigen();
    let least = 1.0 / spread.iter().map(|spread| spread * spread).fold(0.0, f64::max);
    eigen.eigenvalues.iter_mut().for_each(|value| *value = value.max(least));
    let mended =
        &eigen.eigenvectors * DMatrix::from_diagonal(&eigen.eigenvalues) * eigen.eigenvectors.transpose();
    ((&mended + mended.transpose()) * 0.5).cholesky().map(|root| (root, true))
}
