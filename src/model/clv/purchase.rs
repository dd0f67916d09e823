//! How often do customers buy, and after how many purchases do they stop?
//!
//! BG/NBD: Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2), eq. 6;
//! MBG/NBD: Batislam, Denizel & Filiztekin (2007), Int. J. of Research in Marketing 24(3), with a drop-out coin at
//! the first purchase too. Purchases come at rate λ ~ Gamma(r, α) a week; after each one the customer stops with
//! p ~ Beta(a, b). Both likelihoods are one formula with n coins survived (n = x or x + 1):
//!   Γ(r+x)/Γ(r) · α^r · B(a, b+n)/B(a, b) · [(α+T)^−(r+x) + ρ (α+t_x)^−(r+x)],   ρ = a / (b+n−1), 0 where n = 0.
//! Differs from `lifetimes`: exact Hessian, no penalty, a certificate, and where no customer seems to stop (a → 0,
//! b → ∞) the NBD limit in place of "did not converge".

mod cohort;

use nalgebra::SVector;
use serde::{Deserialize, Serialize};

use self::cohort::{Cohort, weakest};
use super::newton::{self, Certificate, Ended, FLAT_SD, Run};
use super::{Alive, Buyer, FitError};
use crate::domain::Work;

/// Which of the two models.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurchaseModel {
    /// Nobody stops before the second purchase.
    BgNbd,
    /// Customers may stop after the first.
    MbgNbd,
}

/// r, α of the rate (a week) and a, b of the drop-out coin. a = 0 is the NBD limit: nobody stops.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the papers' letters")]
pub struct PurchaseParams {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
}

/// A fitted model.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PurchaseFit {
    /// Which model.
    pub model: PurchaseModel,
    /// Customers, by weight.
    pub n: f64,
    /// Maximum-likelihood estimates.
    pub params: PurchaseParams,
    /// Standard errors of r, α, a, b; `None` where the data do not determine one.
    pub se: [Option<f64>; 4],
    /// Log-likelihood at the optimum.
    pub log_likelihood: f64,
    /// Proof of the optimum.
    pub certificate: Certificate,
    /// Laplace's approximation: principal axes of the uncertainty of (ln r, ln α, ln a, ln b), each one standard
    /// deviation long.
    pub axes: Vec<[f64; 4]>,
}

impl PurchaseModel {
    /// The name in arguments and JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::BgNbd => "bg_nbd",
            Self::MbgNbd => "mbg_nbd",
        }
    }

    /// Coins a customer with x repeat purchases has survived or just failed.
    fn coins(self, x: u32) -> u32 {
        match self {
            Self::BgNbd => x,
            Self::MbgNbd => x + 1,
        }
    }

    /// Fits by maximum likelihood. `weights`: how many customers each row stands for.
    pub fn fit(
        self,
        buyers: &[Buyer],
        weights: Option<&[f64]>,
        work: &dyn Work,
    ) -> Result<PurchaseFit, FitError> {
        self.fit_from(buyers, weights, None, work)
    }

    /// The same from given (r, α, a, b) to begin with.
    pub fn fit_from(
        self,
        buyers: &[Buyer],
        weights: Option<&[f64]>,
        start: Option<PurchaseParams>,
        work: &dyn Work,
    ) -> Result<PurchaseFit, FitError> {
        let cohort = Cohort::new(self, buyers, weights)?;
        let mut best: Option<Run<4>> = None;
        let mut evaluations = 0;
        for start in cohort.starts(start, work)? {
            let run = newton::maximise(&|at: &SVector<f64, 4>| cohort.at(at), start, work)?;
            evaluations += run.evaluations;
            let clean = run.ended == Ended::Converged && weakest(&run.local).is_some_and(|sd| sd < FLAT_SD);
            // a converged run wins over one that only crept higher along a ridge by rounding
            let better = best.as_ref().is_none_or(|best| run.local.value > best.local.value + 1e-9);
            if better {
                best = Some(run);
            }
            if clean && better {
                break;
            }
        }
        let Some(mut best) = best else { return Err(FitError::NoRows) };
        best.evaluations = evaluations;
        cohort.conclude(best, work)
    }

    /// The customer as a [`Alive`] future, given these parameters.
    pub fn alive(self, params: &PurchaseParams, buyer: &Buyer) -> Alive {
        let PurchaseParams { r, alpha, a, b } = *params;
        let x = f64::from(buyer.frequency);
        let n = self.coins(buyer.frequency);
        let shape = r + x;
        let p_alive = if n == 0 || a <= 0.0 {
            1.0
        } else {
            let odds = (a / (b + f64::from(n) - 1.0)).ln()
                + shape * ((alpha + buyer.t) / (alpha + buyer.recency)).ln();
            1.0 / (1.0 + odds.exp())
        };
        Alive { p_alive, shape, rate: alpha + buyer.t, a, b: b + f64::from(n) }
    }

    /// Expected purchases of a new customer in the first `t` weeks after the first purchase: E[X(t)].
    pub fn expected_new(self, params: &PurchaseParams, t: f64) -> f64 {
        self.alive(params, &Buyer { frequency: 0, recency: 0.0, t: 0.0 }).expected(t)
    }
}

impl PurchaseFit {
    /// One customer's future.
    pub fn alive(&self, buyer: &Buyer) -> Alive {
        self.model.alive(&self.params, buyer)
    }

    /// Parameters moved by `z` standard deviations along each axis of the uncertainty.
    pub fn moved(&self, z: &[f64]) -> PurchaseParams {
        let mut shift = [0.0; 4];
        for (axis, z) in self.axes.iter().zip(z) {
            for (shift, along) in shift.iter_mut().zip(axis) {
                *shift += z * along;
            }
        }
        let PurchaseParams { r, alpha, a, b } = self.params;
        PurchaseParams {
            r: r * shift[0].exp(),
            alpha: alpha * shift[1].exp(),
            a: a * shift[2].exp(),
            b: b * shift[3].exp(),
        }
    }
}
