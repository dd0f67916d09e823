//! What would the weeks be without media?
//!
//! Trend, season and controls are linear with normal priors, and the noise is normal: given the media effects and σ
//! their part of the posterior is known in closed form. It is integrated out of the fit (fewer dimensions, no ridge
//! between the baseline and the media) and drawn exactly afterwards. Values are in units of the mean week.

use nalgebra::{DMatrix, DVector};
use rand::Rng;
use rand_distr::StandardNormal;

/// Weeks in a year of the season.
const YEAR_WEEKS: f64 = 52.18;

/// The linear part: design, priors, and the singular values of the design in prior units.
#[derive(Debug, Clone)]
pub(super) struct Baseline {
    weeks: usize,
    /// Columns: 1, t/T − ½, sine and cosine a harmonic, controls (standardised).
    columns: Vec<Column>,
    /// Σ of design × prior mean, by week.
    pub(super) prior: Vec<f64>,
    /// Left singular vectors, one a row of `weeks` values.
    left: Vec<Vec<f64>>,
    /// Singular values.
    singular: Vec<f64>,
    /// From singular coordinates to coefficients in prior units.
    right: DMatrix<f64>,
}

#[derive(Debug, Clone)]
struct Column {
    mean: f64,
    sd: f64,
}

/// Which columns a baseline has.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Weeks of the fit.
    pub(super) weeks: usize,
    /// Harmonics of the year.
    pub(super) harmonics: usize,
    /// Each standardised over the fitted weeks; may go on after them.
    pub(super) controls: Vec<Vec<f64>>,
    /// Prior mean of the level: .6 beside media, 1 alone.
    pub(super) level: f64,
}

impl Shape {
    /// One week's row of the design.
    fn row(&self, week: usize) -> Vec<f64> {
        let mut row = vec![1.0, week as f64 / self.weeks as f64 - 0.5];
        for harmonic in 1..=self.harmonics {
            let angle = std::f64::consts::TAU * harmonic as f64 * week as f64 / YEAR_WEEKS;
            row.extend([angle.sin(), angle.cos()]);
        }
        row.extend(self.controls.iter().map(|control| control.get(week).copied().unwrap_or(0.0)));
        row
    }

    fn columns(&self) -> Vec<Column> {
        let mut columns = vec![Column { mean: self.level, sd: 0.4 }, Column { mean: 0.0, sd: 0.5 }];
        columns.extend((0..2 * self.harmonics).map(|_| Column { mean: 0.0, sd: 0.2 }));
        columns.extend(self.controls.iter().map(|_| Column { mean: 0.0, sd: 0.5 }));
        columns
    }
}

impl Baseline {
    /// The decomposition of a design; `None` where it cannot be decomposed (a control that is not finite).
    pub(super) fn new(shape: &Shape) -> Option<Self> {
        let columns = shape.columns();
        let rows: Vec<Vec<f64>> = (0..shape.weeks).map(|week| shape.row(week)).collect();
        if rows.iter().flatten().any(|value| !value.is_finite()) {
            return None;
        }
        let prior = rows.iter().map(|row| row.iter().zip(&columns).map(|(x, c)| x * c.mean).sum()).collect();
        let scaled = DMatrix::from_fn(shape.weeks, columns.len(), |t, j| rows[t][j] * columns[j].sd);
        let svd = scaled.try_svd(true, true, f64::EPSILON, 10_000)?;
        let (left, right) = (svd.u?, svd.v_t?.transpose());
        Some(Self {
            weeks: shape.weeks,
            columns,
            prior,
            left: left.column_iter().map(|column| column.iter().copied().collect()).collect(),
            singular: svd.singular_values.iter().copied().collect(),
            right,
        })
    }

    fn coordinates(&self, residual: &[f64]) -> Vec<f64> {
        self.left.iter().map(|left| dot(left, residual)).collect()
    }

    /// ln p(residual | σ) with the linear part integrated out, without the constant; `slope` gets its derivative by
    /// the residual. Returned second: its derivative by ln σ. The residual is weeks − prior mean − media.
    pub(super) fn log_likelihood(&self, residual: &[f64], sigma: f64, slope: &mut [f64]) -> (f64, f64) {
        let variance = sigma * sigma;
        let at = self.coordinates(residual);
        let rest = (dot(residual, residual) - dot(&at, &at)).max(0.0);
        let free = (self.weeks - self.singular.len()) as f64;
        let mut value = -0.5 * (free * variance.ln() + rest / variance);
        let mut by_variance = -0.5 * (free / variance - rest / (variance * variance));
        slope.iter_mut().zip(residual).for_each(|(slope, residual)| *slope = -residual / variance);
        for ((left, singular), at) in self.left.iter().zip(&self.singular).zip(at) {
            let total = variance + singular * singular;
            value -= 0.5 * (total.ln() + at * at / total);
            by_variance -= 0.5 * (1.0 / total - at * at / (total * total));
            let pull = at * (1.0 / total - 1.0 / variance);
            slope.iter_mut().zip(left).for_each(|(slope, left)| *slope -= pull * left);
        }
        (value, 2.0 * variance * by_variance)
    }

    /// Coefficients given the residual and σ: drawn, or their mean without a generator.
    pub(super) fn coefficients<R: Rng>(&self, residual: &[f64], sigma: f64, rng: Option<&mut R>) -> Vec<f64> {
        let variance = sigma * sigma;
        let mut at: Vec<f64> = self
            .coordinates(residual)
            .into_iter()
            .zip(&self.singular)
            .map(|(at, singular)| singular * at / (singular * singular + variance))
            .collect();
        if let Some(rng) = rng {
            for (at, singular) in at.iter_mut().zip(&self.singular) {
                let luck: f64 = rng.sample(StandardNormal);
                *at += luck * (variance / (singular * singular + variance)).sqrt();
            }
        }
        let whitened = &self.right * DVector::from_vec(at);
        whitened.iter().zip(&self.columns).map(|(w, column)| column.mean + column.sd * w).collect()
    }

    /// The baseline of these weeks (they may lie after the fitted ones) under these coefficients.
    pub(super) fn weekly(shape: &Shape, coefficients: &[f64], weeks: std::ops::Range<usize>) -> Vec<f64> {
        weeks.map(|week| dot(&shape.row(week), coefficients)).collect()
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
