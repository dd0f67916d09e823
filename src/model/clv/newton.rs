//! Where is a likelihood highest, and can we prove that it is?
//!
//! Trust-region Newton with the exact Hessian (Nocedal & Wright 2006, ch. 4; the subproblem by eigenvalues, Moré &
//! Sorensen 1983). Parameters are logarithms, so every point is admissible; a run that leaves ±14 (factors of a
//! million) is heading for a limit of the model, not for an optimum.

use nalgebra::{SMatrix, SVector, SymmetricEigen};
use serde::{Deserialize, Serialize};

use crate::domain::{Cancelled, Work};

/// Value, gradient and Hessian of a function at a point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local<const N: usize> {
    pub(super) value: f64,
    pub(super) gradient: SVector<f64, N>,
    pub(super) hessian: SMatrix<f64, N, N>,
}

impl<const N: usize> Local<N> {
    pub(super) fn zero() -> Self {
        Self { value: 0.0, gradient: SVector::zeros(), hessian: SMatrix::zeros() }
    }

    /// The same with the upper triangle of the Hessian, which sums fill, copied to the lower.
    pub(super) fn mirrored(mut self) -> Self {
        self.hessian.fill_lower_triangle_with_upper_triangle();
        self
    }
}

/// What the optimum is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// A proper maximum: no gradient, curvature in every direction.
    Interior,
    /// The maximum lies at a limit of the model; the limit is used.
    Boundary,
    /// A maximum so flat that some direction is hardly determined.
    Flat,
}

/// The proof beside the parameters.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Certificate {
    /// What was found.
    pub status: Status,
    /// Which limit, where it is one: `no_dropout`, or `parameters_diverge`.
    pub limit: Option<String>,
    /// Largest absolute entry of the gradient in log-parameters.
    pub gradient_norm: f64,
    /// Eigenvalues of the negative Hessian in log-parameters, smallest first.
    pub eigenvalues: Vec<f64>,
    /// Evaluations over all rows.
    pub evaluations: u32,
}

/// Log-parameters beyond this are a limit of the model (a factor of e^14 = 1.2 million from the data's own scale).
pub(super) const LOG_LIMIT: f64 = 14.0;
/// A direction whose standard error in logs is larger is flat: its 90 % range spans a factor of e^10.
pub(super) const FLAT_SD: f64 = 3.0;
/// Newton doubles its digits at each step; 200 are only needed by starts far outside.
const STEPS_MAX: u32 = 200;
/// Below this predicted gain, relative to the value, rounding hides whether a step gained; the step is then
/// trusted as Newton's.
const GAIN_ROUNDING: f64 = 1e-11;
/// A last step of this size leaves about its square as error.
const STEP_DONE: f64 = 1e-9;

/// Where a run ended.
#[derive(Clone, Debug)]
pub(super) struct Run<const N: usize> {
    pub(super) at: SVector<f64, N>,
    pub(super) local: Local<N>,
    pub(super) evaluations: u32,
    pub(super) ended: Ended,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ended {
    Converged,
    LeftLimits,
    OutOfSteps,
}

/// Climbs from `start`.
pub(super) fn maximise<const N: usize>(
    f: &(impl Fn(&SVector<f64, N>) -> Local<N> + ?Sized),
    start: SVector<f64, N>,
    work: &dyn Work,
) -> Result<Run<N>, Cancelled> {
    let mut run = Run { at: start, local: f(&start), evaluations: 1, ended: Ended::OutOfSteps };
    let mut radius = 1.0;
    for _ in 0..STEPS_MAX {
        work.check()?;
        let shape = Shape::of(&run.local);
        let step = shape.step(radius);
        let gain = run.local.gradient.dot(&step) + 0.5 * (run.local.hessian * step).dot(&step);
        let fine = gain <= GAIN_ROUNDING * (1.0 + run.local.value.abs()) && shape.convex();
        if fine && step.amax() <= f64::EPSILON {
            run.ended = Ended::Converged;
            return Ok(run);
        }
        let next = run.at + step;
        let local = f(&next);
        run.evaluations += 1;
        let gained = local.value - run.local.value;
        let ratio = if fine { 1.0 } else { gained / gain };
        if local.value.is_finite() && ratio > 1e-4 {
            run.at = next;
            run.local = local;
            if fine && step.amax() < STEP_DONE {
                run.ended = Ended::Converged;
                return Ok(run);
            }
            if run.at.amax() > LOG_LIMIT {
                run.ended = Ended::LeftLimits;
                return Ok(run);
            }
        }
        let size = step.norm();
        if ratio.is_nan() || ratio <= 0.25 {
            radius = 0.25 * size;
        } else if ratio > 0.75 && size > 0.8 * radius {
            radius = (2.0 * radius).min(4.0);
        }
        if radius < 1e-14 {
            break;
        }
    }
    Ok(run)
}

/// The negative Hessian by its own axes.
struct Shape<const N: usize> {
    axes: SMatrix<f64, N, N>,
    curvature: SVector<f64, N>,
    slope: SVector<f64, N>,
}

/// Eigenvalues and eigenvectors of the negative Hessian, in no particular order.
pub(super) fn axes<const N: usize>(hessian: &SMatrix<f64, N, N>) -> (SVector<f64, N>, SMatrix<f64, N, N>) {
    // nalgebra's fixed-size decomposition needs bounds on N that cannot be written generically; the sizes are 2 to 4
    let negative = nalgebra::DMatrix::from_fn(N, N, |i, j| -hessian[(i, j)]);
    let eigen = SymmetricEigen::new(negative);
    (SVector::from_fn(|i, _| eigen.eigenvalues[i]), SMatrix::from_fn(|i, j| eigen.eigenvectors[(i, j)]))
}

impl<const N: usize> Shape<N> {
    fn of(local: &Local<N>) -> Self {
        let (curvature, axes) = axes(&local.hessian);
        Self { slope: axes.transpose() * local.gradient, axes, curvature }
    }

    fn convex(&self) -> bool {
        self.curvature.min() > 0.0
    }

    /// The best step of at most `radius`.
    fn step(&self, radius: f64) -> SVector<f64, N> {
        let along =
            |shift: f64| SVector::<f64, N>::from_fn(|i, _| self.slope[i] / (self.curvature[i] + shift));
        let lowest = self.curvature.min();
        let floor = self.curvature.amax().max(1e-300) * 1e-14;
        if lowest > floor {
            let newton = along(0.0);
            if newton.norm() <= radius {
                return self.axes * newton;
            }
        }
        // shift > −lowest makes the model concave; the norm falls with the shift, so bisect on its logarithm
        let base = (-lowest).max(0.0) + floor;
        let mut step = along(base);
        if step.norm() <= radius {
            // the hard case: no slope along the lowest axis, go along it as far as allowed
            let lowest_axis = self.curvature.imin();
            let rest = (radius * radius - step.norm_squared()).max(0.0).sqrt();
            step[lowest_axis] += if step[lowest_axis] < 0.0 { -rest } else { rest };
            return self.axes * step;
        }
        let (mut low, mut high) = (base, base + self.slope.norm() / radius + floor);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if along(middle).norm() > radius { low = middle } else { high = middle }
        }
        self.axes * along(high)
    }
}
