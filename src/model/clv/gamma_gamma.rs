//! How much does a customer spend at a time?
//!
//! Gamma-Gamma: Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value" (note 25), eq. 1a. A purchase is
//! Gamma(p, ν) with ν ~ Gamma(q, v), so the mean m of x purchases has
//!   ln L = lnΓ(px+q) − lnΓ(px) − lnΓ(q) + q ln v + (px−1) ln m + px ln x − (px+q) ln(xm+v)
//! and E[M | x, m] = p (v + x m) / (px + q − 1). Values are positive; customers without a repeat purchase or with
//! m ≤ 0 are left out of the fit and get the mean of all.

use std::collections::BTreeMap;

use nalgebra::SVector;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::FitError;
use super::newton::{self, Certificate, Ended, FLAT_SD, Local, Status};
use super::special::{digamma_trigamma, ln_gamma};
use crate::domain::Work;

/// What a customer spent at a time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spender {
    /// x: purchases that `value` is the mean of.
    pub frequency: u32,
    /// m: mean value of these purchases, in money.
    pub value: f64,
}

/// The model, unfitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GammaGamma;

/// p, q without unit, v in money.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the paper's letters")]
pub struct GammaGammaParams {
    pub p: f64,
    pub q: f64,
    pub v: f64,
}

/// The fitted model.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct GammaGammaFit {
    /// Customers used.
    pub n: f64,
    /// Maximum-likelihood estimates.
    pub params: GammaGammaParams,
    /// Standard errors of p, q, v.
    pub se: [Option<f64>; 3],
    /// Log-likelihood at the optimum.
    pub log_likelihood: f64,
    /// Proof of the optimum.
    pub certificate: Certificate,
    /// Principal axes of the uncertainty of (ln p, ln q, ln v), one standard deviation long each.
    pub axes: Vec<[f64; 3]>,
}

/// Three parameters want at least this many values.
const SPENDERS_MIN: usize = 10;
const CHUNK: usize = 8192;

impl GammaGamma {
    /// Fits by maximum likelihood.
    pub fn fit(
        self,
        spenders: &[Spender],
        weights: Option<&[f64]>,
        work: &dyn Work,
    ) -> Result<GammaGammaFit, FitError> {
        self.fit_from(spenders, weights, None, work)
    }

    /// The same from given parameters to begin with.
    pub fn fit_from(
        self,
        spenders: &[Spender],
        weights: Option<&[f64]>,
        start: Option<GammaGammaParams>,
        work: &dyn Work,
    ) -> Result<GammaGammaFit, FitError> {
        let values = Values::new(spenders, weights)?;
        let mut starts =
            [[3.0, 3.0, 1.0], [1.0, 2.0, 2.0], [10.0, 8.0, 1.0]].map(|s| s.map(f64::ln)).to_vec();
        if let Some(GammaGammaParams { p, q, v }) = start {
            starts.insert(0, [p, q, v / values.scale].map(f64::ln));
        }
        let mut best: Option<newton::Run<3>> = None;
        for start in starts {
            let run = newton::maximise(&|at: &SVector<f64, 3>| values.at(at), SVector::from(start), work)?;
            let converged = run.ended == Ended::Converged;
            if best.as_ref().is_none_or(|best| run.local.value > best.local.value + 1e-9) {
                best = Some(run);
            }
            if converged {
                break;
            }
        }
        best.map(|run| values.describe(&run)).ok_or(FitError::NoRows)
    }
}

impl GammaGammaParams {
    /// Expected value of one future purchase of this customer; of a new one where the frequency is 0. Infinite
    /// where q ≤ 1 and nothing is known of the customer.
    pub fn expected(&self, spender: &Spender) -> f64 {
        let Self { p, q, v } = *self;
        let x = f64::from(spender.frequency);
        let free = p * x + q - 1.0;
        if free <= 0.0 { f64::INFINITY } else { p * (v + x * spender.value) / free }
    }

    /// ν | x, m ~ Gamma(shape, rate): (shape, rate).
    pub fn posterior(&self, spender: &Spender) -> (f64, f64) {
        let x = f64::from(spender.frequency);
        (self.q + self.p * x, self.v + x * spender.value)
    }
}

impl GammaGammaFit {
    /// Expected value of one future purchase.
    pub fn expected(&self, spender: &Spender) -> f64 {
        self.params.expected(spender)
    }

    /// Parameters moved by `z` standard deviations along each axis of the uncertainty.
    pub fn moved(&self, z: &[f64]) -> GammaGammaParams {
        let mut shift = [0.0; 3];
        for (axis, z) in self.axes.iter().zip(z) {
            for (shift, along) in shift.iter_mut().zip(axis) {
                *shift += z * along;
            }
        }
        let GammaGammaParams { p, q, v } = self.params;
        GammaGammaParams { p: p * shift[0].exp(), q: q * shift[1].exp(), v: v * shift[2].exp() }
    }
}

/// Usable rows, values in units of their mean.
struct Values {
    rows: Vec<(f64, f64, f64)>,
    by_frequency: BTreeMap<u32, f64>,
    weight: f64,
    scale: f64,
    /// Σ w [px ln x] / p and Σ w ln m, Σ w x ln m.
    x_ln_x: f64,
    ln_m: f64,
    x_ln_m: f64,
}

impl Values {
    fn new(spenders: &[Spender], weights: Option<&[f64]>) -> Result<Self, FitError> {
        let used = |spender: &&Spender| spender.frequency > 0 && spender.value > 0.0;
        for (row, spender) in spenders.iter().enumerate() {
            if !spender.value.is_finite() {
                let mend = "a number is needed";
                return Err(FitError::Row { row, field: "monetary_value", value: spender.value, mend });
            }
        }
        let n = spenders.iter().filter(used).count();
        if n < SPENDERS_MIN {
            return Err(FitError::TooFewSpenders { n, needed: SPENDERS_MIN });
        }
        let weight_of = |row: usize| weights.and_then(|w| w.get(row)).copied().unwrap_or(1.0);
        let usable = || spenders.iter().enumerate().filter(|(_, s)| used(s)).map(|(i, s)| (weight_of(i), s));
        let weight: f64 = usable().map(|(w, _)| w).sum();
        let scale = usable().map(|(w, s)| w * s.value).sum::<f64>() / weight;
        let mut values = Self {
            rows: Vec::with_capacity(n),
            by_frequency: BTreeMap::new(),
            weight,
            scale,
            x_ln_x: 0.0,
            ln_m: 0.0,
            x_ln_m: 0.0,
        };
        for (w, spender) in usable() {
            let (x, m) = (f64::from(spender.frequency), spender.value / scale);
            values.rows.push((x, m, w));
            *values.by_frequency.entry(spender.frequency).or_default() += w;
            values.x_ln_x += w * x * x.ln();
            values.ln_m += w * m.ln();
            values.x_ln_m += w * x * m.ln();
        }
        Ok(values)
    }

    /// Log-likelihood with first and second derivatives in (ln p, ln q, ln v).
    fn at(&self, at: &SVector<f64, 3>) -> Local<3> {
        let [p, q, v] = [at[0], at[1], at[2]].map(f64::exp);
        let mut sum = self.counts(p, q, at[2]);
        let parts: Vec<[f64; 7]> = self.rows.par_chunks(CHUNK).map(|rows| chunk(rows, p, q, v)).collect();
        for [value, g1, g2, g3, h13, h23, h33] in parts {
            sum.value -= value;
            sum.gradient[0] -= p * g1;
            sum.hessian[(0, 0)] -= p * g1;
            sum.gradient[1] -= q * g2;
            sum.hessian[(1, 1)] -= q * g2;
            sum.gradient[2] -= g3;
            sum.hessian[(0, 2)] -= p * h13;
            sum.hessian[(1, 2)] -= q * h23;
            sum.hessian[(2, 2)] -= h33;
        }
        sum.mirrored()
    }

    /// What depends on the number of purchases alone.
    fn counts(&self, p: f64, q: f64, ln_v: f64) -> Local<3> {
        let mut sum = Local::zero();
        let (psi_q, psi1_q) = digamma_trigamma(q);
        let w = self.weight;
        sum.value =
            p * (self.x_ln_x + self.x_ln_m) - self.ln_m - w * self.scale.ln() + w * (q * ln_v - ln_gamma(q));
        sum.gradient[0] = p * (self.x_ln_x + self.x_ln_m);
        sum.hessian[(0, 0)] = p * (self.x_ln_x + self.x_ln_m);
        sum.gradient[1] = w * q * (ln_v - psi_q);
        sum.hessian[(1, 1)] = w * (q * (ln_v - psi_q) - q * q * psi1_q);
        sum.hessian[(1, 2)] = w * q;
        sum.gradient[2] = w * q;
        for (x, w) in &self.by_frequency {
            let px = p * f64::from(*x);
            let (psi, psi1) = digamma_trigamma(px);
            let (psi_all, psi1_all) = digamma_trigamma(px + q);
            sum.value += w * (ln_gamma(px + q) - ln_gamma(px));
            sum.gradient[0] += w * px * (psi_all - psi);
            sum.gradient[1] += w * q * psi_all;
            sum.hessian[(0, 0)] += w * (px * (psi_all - psi) + px * px * (psi1_all - psi1));
            sum.hessian[(0, 1)] += w * px * q * psi1_all;
            sum.hessian[(1, 1)] += w * (q * psi_all + q * q * psi1_all);
        }
        sum
    }

    fn describe(&self, run: &newton::Run<3>) -> GammaGammaFit {
        let (curvature, axes) = newton::axes(&run.local.hessian);
        let lowest = curvature.min();
        let status = match run.ended {
            Ended::Converged if lowest > FLAT_SD.powi(-2) => Status::Interior,
            Ended::Converged => Status::Flat,
            Ended::LeftLimits | Ended::OutOfSteps => Status::Boundary,
        };
        let sd =
            |j: usize| if curvature[j] > 0.0 { curvature[j].sqrt().recip().min(FLAT_SD) } else { FLAT_SD };
        let scaled: Vec<[f64; 3]> = (0..3).map(|j| std::array::from_fn(|i| axes[(i, j)] * sd(j))).collect();
        let natural = [run.at[0].exp(), run.at[1].exp(), run.at[2].exp() * self.scale];
        let mut eigenvalues = curvature.as_slice().to_vec();
        eigenvalues.sort_by(f64::total_cmp);
        GammaGammaFit {
            n: self.weight,
            params: GammaGammaParams { p: natural[0], q: natural[1], v: natural[2] },
            se: std::array::from_fn(|i| {
                let variance: f64 = scaled.iter().map(|axis| axis[i] * axis[i]).sum();
                (status == Status::Interior).then(|| natural[i] * variance.sqrt())
            }),
            log_likelihood: run.local.value,
            certificate: Certificate {
                status,
                limit: (status == Status::Boundary).then(|| "parameters_diverge".to_owned()),
                gradient_norm: run.local.gradient.amax(),
                eigenvalues,
                evaluations: run.evaluations,
            },
            axes: scaled,
        }
    }
}

/// Sums of (px+q) ln(xm+v) and its derivatives by p, q, ln v.
fn chunk(rows: &[(f64, f64, f64)], p: f64, q: f64, v: f64) -> [f64; 7] {
    let mut s = [0.0; 7];
    for &(x, m, w) in rows {
        let all = x * m + v;
        let (ln_all, shape, u) = (all.ln(), p * x + q, v / all);
        s[0] += w * shape * ln_all;
        s[1] += w * x * ln_all;
        s[2] += w * ln_all;
        s[3] += w * shape * u;
        s[4] += w * x * u;
        s[5] += w * u;
        s[6] += w * shape * u * (1.0 - u);
    }
    s
}
