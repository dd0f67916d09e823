//! What is the likelihood of these customers' purchases, with its slopes and curvatures, and how sure is its top?
//!
//! The formula of [`super`] over the different rows, each with how many customers it stands for; in ln r, ln α, ln a,
//! ln b, time in units of the mean T. The sums are in a fixed order on any number of threads.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use nalgebra::{SMatrix, SVector};
use rayon::prelude::*;

use super::{PurchaseFit, PurchaseModel, PurchaseParams};
use crate::domain::Work;
use crate::model::clv::newton::{self, Certificate, Ended, FLAT_SD, LOG_LIMIT, Local, Run, Status};
use crate::model::clv::{Buyer, FitError};

/// Standard error along the weakest direction; `None` where it is no maximum.
pub(super) fn weakest<const N: usize>(local: &Local<N>) -> Option<f64> {
    let lowest = newton::axes(&local.hessian).0.min();
    (lowest > 0.0).then(|| lowest.sqrt().recip())
}

/// Rows added up one after the other, whatever the number of threads; the partial sums then in their order.
const CHUNK: usize = 8192;
/// Above this many different rows a first climb on every k-th row finds the start.
const SAMPLE: usize = 16_384;
/// The limit without drop-out is taken where its log-likelihood is this close (it is reached only at infinity).
const LIMIT_CLOSE: f64 = 1e-3;

/// Different rows with how many customers each stands for, time in units of the mean T.
pub(super) struct Cohort {
    model: PurchaseModel,
    rows: Vec<Row>,
    /// Σ weights of customers with more than i purchases, and with more than i coins.
    more_purchases: Vec<f64>,
    more_coins: Vec<f64>,
    weight: f64,
    purchases: f64,
    scale: f64,
}

#[derive(Clone, Copy)]
struct Row {
    x: u32,
    recency: f64,
    t: f64,
    weight: f64,
}

/// What the mixed term needs for each number of purchases.
struct Tables {
    ln_rho: Vec<f64>,
    z4: Vec<f64>,
    z44: Vec<f64>,
}

impl Cohort {
    pub(super) fn new(
        model: PurchaseModel,
        buyers: &[Buyer],
        weights: Option<&[f64]>,
    ) -> Result<Self, FitError> {
        if buyers.is_empty() {
            return Err(FitError::NoRows);
        }
        let mut x_max = 0;
        let (mut weight, mut purchases, mut time) = (0.0, 0.0, 0.0);
        for (row, buyer) in buyers.iter().enumerate() {
            if let Some((field, value, mend)) = buyer.fault() {
                return Err(FitError::Row { row, field, value, mend });
            }
            let w = weight_of(weights, row)?;
            x_max = x_max.max(buyer.frequency);
            weight += w;
            purchases += w * f64::from(buyer.frequency);
            time += w * buyer.t;
        }
        if purchases <= 0.0 || time <= 0.0 {
            return Err(FitError::NoRepeat);
        }
        let scale = time / weight;
        let rows = collapse(buyers, weights, scale);
        let coins_max = model.coins(x_max) as usize;
        let mut cohort = Self {
            model,
            rows,
            more_purchases: vec![0.0; x_max as usize],
            more_coins: vec![0.0; coins_max],
            weight,
            purchases,
            scale,
        };
        let mut by_purchases = vec![0.0; x_max as usize + 1];
        for row in &cohort.rows {
            by_purchases[row.x as usize] += row.weight;
        }
        let mut above = 0.0;
        for x in (1..=x_max).rev() {
            above += by_purchases[x as usize];
            cohort.more_purchases[x as usize - 1] = above;
            cohort.more_coins[model.coins(x) as usize - 1] = above;
        }
        if model == PurchaseModel::MbgNbd {
            cohort.more_coins[0] = weight;
        }
        Ok(cohort)
    }

    /// Where to begin: as asked, or near what the rate of purchases suggests, improved on a part of the rows.
    pub(super) fn starts(
        &self,
        given: Option<PurchaseParams>,
        work: &dyn Work,
    ) -> Result<Vec<SVector<f64, 4>>, FitError> {
        let rate = self.purchases / self.weight; // a mean T, the unit of time here
        let near = |r: f64, a: f64, b: f64| SVector::from([r, 1.5 * r / rate, a, b].map(f64::ln));
        let mut starts = vec![near(0.5, 0.8, 2.5), near(1.0, 0.2, 4.0), near(0.25, 2.0, 4.0)];
        if let Some(PurchaseParams { r, alpha, a, b }) = given {
            let inside = |x: f64| x.ln().clamp(-LOG_LIMIT, LOG_LIMIT);
            starts.insert(0, SVector::from([r, alpha / self.scale, a, b].map(inside)));
        }
        if self.rows.len() > 2 * SAMPLE {
            let part = self.every(self.rows.len() / SAMPLE);
            let run = newton::maximise(&|at: &SVector<f64, 4>| part.at(at), starts[0], work)?;
            if run.ended == Ended::Converged {
                starts.insert(0, run.at);
            }
        }
        Ok(starts)
    }

    /// Every k-th row.
    fn every(&self, k: usize) -> Self {
        let rows: Vec<Row> = self.rows.iter().step_by(k).copied().collect();
        let mut part = Self {
            model: self.model,
            weight: rows.iter().map(|row| row.weight).sum(),
            purchases: rows.iter().map(|row| row.weight * f64::from(row.x)).sum(),
            scale: self.scale,
            more_purchases: vec![0.0; self.more_purchases.len()],
            more_coins: vec![0.0; self.more_coins.len()],
            rows,
        };
        for row in &part.rows {
            if row.x > 0 {
                part.more_purchases[row.x as usize - 1] += row.weight;
            }
            let coins = self.model.coins(row.x) as usize;
            if coins > 0 {
                part.more_coins[coins - 1] += row.weight;
            }
        }
        for counts in [&mut part.more_purchases, &mut part.more_coins] {
            for i in (1..counts.len()).rev() {
                counts[i - 1] += counts[i];
            }
        }
        part
    }

    /// Log-likelihood with first and second derivatives in (ln r, ln α, ln a, ln b).
    pub(super) fn at(&self, at: &SVector<f64, 4>) -> Local<4> {
        let [r, alpha, a, b] = [at[0], at[1], at[2], at[3]].map(f64::exp);
        let mut sum = self.counts(r, at[1], a, b);
        let tables = self.tables(at[2], b);
        let parts: Vec<Sums> =
            self.rows.par_chunks(CHUNK).map(|rows| self.chunk(rows, &tables, r, alpha)).collect();
        for part in &parts {
            part.add_to(&mut sum);
        }
        sum.mirrored()
    }

    /// What depends on the counts alone: the rising factorials of r and of the coin.
    fn counts(&self, r: f64, ln_alpha: f64, a: f64, b: f64) -> Local<4> {
        let mut sum = Local::zero();
        sum.value = -self.purchases * (ln_alpha + self.scale.ln());
        sum.gradient[1] = self.weight * r;
        sum.hessian[(0, 1)] = self.weight * r;
        for (i, w) in self.more_purchases.iter().enumerate() {
            let i = i as f64;
            let share = r / (r + i);
            sum.value += w * (r + i).ln();
            sum.gradient[0] += w * share;
            sum.hessian[(0, 0)] += w * share * (i / (r + i));
        }
        for (i, w) in self.more_coins.iter().enumerate() {
            let i = i as f64;
            let (all, not_a) = (a + b + i, b + i);
            let s = a / all;
            let g4 = s * b / not_a;
            sum.value -= w * (a / not_a).ln_1p();
            sum.gradient[2] -= w * s;
            sum.gradient[3] += w * g4;
            sum.hessian[(2, 2)] -= w * s * (not_a / all);
            sum.hessian[(2, 3)] += w * s * (b / all);
            sum.hessian[(3, 3)] += w * g4 * (1.0 - b / not_a - b / all);
        }
        sum
    }

    fn tables(&self, ln_a: f64, b: f64) -> Tables {
        let x_max = self.more_purchases.len();
        let mut tables = Tables {
            ln_rho: Vec::with_capacity(x_max + 1),
            z4: Vec::with_capacity(x_max + 1),
            z44: Vec::with_capacity(x_max + 1),
        };
        for x in 0..=x_max as u32 {
            let n = self.model.coins(x);
            if n == 0 {
                // the likelihood has no second term here; never read
                tables.ln_rho.push(f64::NEG_INFINITY);
                tables.z4.push(0.0);
                tables.z44.push(0.0);
                continue;
            }
            let before = f64::from(n) - 1.0;
            let all = b + before;
            tables.ln_rho.push(ln_a - all.ln());
            tables.z4.push(-b / all);
            tables.z44.push(-b * before / (all * all));
        }
        tables
    }

    fn chunk(&self, rows: &[Row], tables: &Tables, r: f64, alpha: f64) -> Sums {
        let mut s = Sums::default();
        for row in rows {
            let w = row.weight;
            let shape = r + f64::from(row.x);
            let u_t = alpha / (alpha + row.t);
            let ln_u = u_t.ln();
            s.value += w * shape * ln_u;
            s.g[0] += w * r * ln_u;
            s.g[1] -= w * shape * u_t;
            s.h11 += w * r * ln_u;
            s.h12 -= w * r * u_t;
            s.h22 -= w * shape * u_t * (1.0 - u_t);
            let x = row.x as usize;
            if x == 0 && self.model == PurchaseModel::BgNbd {
                continue;
            }
            let u_x = alpha / (alpha + row.recency);
            let ratio = (u_x / u_t).ln();
            let z = tables.ln_rho[x] + shape * ratio;
            let e = (-z.abs()).exp();
            let inverse = 1.0 / (1.0 + e);
            let p = if z > 0.0 { inverse } else { e * inverse };
            let (z1, z2, z4) = (r * ratio, shape * (u_t - u_x), tables.z4[x]);
            s.value += w * (z.max(0.0) + e.ln_1p());
            let wp = w * p;
            let wv = wp * (1.0 - p);
            s.g[0] += wp * z1;
            s.g[1] += wp * z2;
            s.g[2] += wp;
            s.g[3] += wp * z4;
            s.h11 += wp * z1 + wv * z1 * z1;
            s.h12 += wp * r * (u_t - u_x) + wv * z1 * z2;
            s.h22 += wp * (z2 - shape * (u_t * u_t - u_x * u_x)) + wv * z2 * z2;
            s.h13 += wv * z1;
            s.h14 += wv * z1 * z4;
            s.h23 += wv * z2;
            s.h24 += wv * z2 * z4;
            s.h33 += wv;
            s.h34 += wv * z4;
            s.h44 += wp * tables.z44[x] + wv * z4 * z4;
        }
        s
    }

    /// The best point that nobody ever stops.
    fn without_dropout(&self, work: &dyn Work) -> Result<Run<2>, FitError> {
        let rate = self.purchases / self.weight;
        let start = SVector::from([0.5_f64.ln(), (0.5 / rate).ln()]);
        let two = |at: &SVector<f64, 2>| {
            let four = self.at(&SVector::from([at[0], at[1], f64::NEG_INFINITY, 0.0]));
            Local {
                value: four.value,
                gradient: four.gradient.fixed_rows::<2>(0).into_owned(),
                hessian: four.hessian.fixed_view::<2, 2>(0, 0).into_owned(),
            }
        };
        Ok(newton::maximise(&two, start, work)?)
    }

    /// From the best run to what can be said of it.
    pub(super) fn conclude(&self, run: Run<4>, work: &dyn Work) -> Result<PurchaseFit, FitError> {
        let sd = weakest(&run.local);
        let clean = run.ended == Ended::Converged && sd.is_some_and(|sd| sd < FLAT_SD);
        if !clean {
            let limit = self.without_dropout(work)?;
            if limit.local.value >= run.local.value - LIMIT_CLOSE {
                let at = SVector::from([limit.at[0], limit.at[1], f64::NEG_INFINITY, 0.0]);
                let evaluations = run.evaluations + limit.evaluations;
                let mut local = Local::<4>::zero();
                local.value = limit.local.value;
                local.gradient.fixed_rows_mut::<2>(0).copy_from(&limit.local.gradient);
                local.hessian.fixed_view_mut::<2, 2>(0, 0).copy_from(&limit.local.hessian);
                let run = Run { at, local, evaluations, ended: limit.ended };
                return Ok(self.describe(&run, Status::Boundary, Some("no_dropout"), 2));
            }
        }
        Ok(match run.ended {
            Ended::Converged if clean => self.describe(&run, Status::Interior, None, 4),
            Ended::Converged => self.describe(&run, Status::Flat, None, 4),
            Ended::LeftLimits | Ended::OutOfSteps => {
                self.describe(&run, Status::Boundary, Some("parameters_diverge"), 4)
            }
        })
    }

    /// `free`: how many of the parameters, from the first, were estimated.
    fn describe(&self, run: &Run<4>, status: Status, limit: Option<&str>, free: usize) -> PurchaseFit {
        let (curvature, axes) = match free {
            2 => {
                let (values, vectors) =
                    newton::axes(&run.local.hessian.fixed_view::<2, 2>(0, 0).into_owned());
                (
                    values.as_slice().to_vec(),
                    SMatrix::<f64, 4, 4>::from_fn(|i, j| if i < 2 && j < 2 { vectors[(i, j)] } else { 0.0 }),
                )
            }
            _ => {
                let (values, vectors) = newton::axes(&run.local.hessian);
                (values.as_slice().to_vec(), vectors)
            }
        };
        let mut variance = [0.0; 4];
        let mut known = [true, true, free > 2, free > 2];
        let mut scaled = Vec::new();
        for (j, curvature) in curvature.iter().enumerate() {
            let flat = *curvature < FLAT_SD.powi(-2) && status != Status::Interior;
            let sd = if *curvature > 0.0 { curvature.sqrt().recip().min(FLAT_SD) } else { FLAT_SD };
            let axis: [f64; 4] = std::array::from_fn(|i| axes[(i, j)] * sd);
            for i in 0..4 {
                variance[i] += axis[i] * axis[i];
                known[i] &= !(flat && axes[(i, j)].abs() > 0.1);
            }
            // along a flat direction of a limit the forecasts do not move, and a long step leaves the numbers
            if !(flat && status == Status::Boundary) {
                scaled.push(axis);
            }
        }
        let natural = [run.at[0].exp(), run.at[1].exp() * self.scale, run.at[2].exp(), run.at[3].exp()];
        let mut eigenvalues = curvature;
        eigenvalues.sort_by(f64::total_cmp);
        PurchaseFit {
            model: self.model,
            n: self.weight,
            params: PurchaseParams { r: natural[0], alpha: natural[1], a: natural[2], b: natural[3] },
            se: std::array::from_fn(|i| known[i].then(|| natural[i] * variance[i].sqrt())),
            log_likelihood: run.local.value,
            certificate: Certificate {
                status,
                limit: limit.map(str::to_owned),
                gradient_norm: run.local.gradient.amax(),
                eigenvalues,
                evaluations: run.evaluations,
            },
            axes: scaled,
        }
    }
}

/// Partial sums of value, gradient and Hessian.
#[derive(Default)]
struct Sums {
    value: f64,
    g: [f64; 4],
    h11: f64,
    h12: f64,
    h13: f64,
    h14: f64,
    h22: f64,
    h23: f64,
    h24: f64,
    h33: f64,
    h34: f64,
    h44: f64,
}

impl Sums {
    fn add_to(&self, sum: &mut Local<4>) {
        sum.value += self.value;
        sum.gradient += SVector::from(self.g);
        let upper = [
            (0, 0, self.h11),
            (0, 1, self.h12),
            (0, 2, self.h13),
            (0, 3, self.h14),
            (1, 1, self.h22),
            (1, 2, self.h23),
            (1, 3, self.h24),
            (2, 2, self.h33),
            (2, 3, self.h34),
            (3, 3, self.h44),
        ];
        for (i, j, h) in upper {
            sum.hessian[(i, j)] += h;
        }
    }
}

fn weight_of(weights: Option<&[f64]>, row: usize) -> Result<f64, FitError> {
    let Some(weights) = weights else { return Ok(1.0) };
    let weight = weights.get(row).copied().unwrap_or(f64::NAN);
    if weight.is_finite() && weight >= 0.0 {
        Ok(weight)
    } else {
        let mend = "a number of at least 0 is needed";
        Err(FitError::Row { row, field: "weight", value: weight, mend })
    }
}

/// Multiply-xor on the bits, as in rustc's FxHasher: SipHash would cost more than the likelihood.
#[derive(Default)]
struct BitHash(u64);

impl Hasher for BitHash {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }
}

/// Equal rows become one with their weights added, in the order in which they first appear. Where the first rows
/// hardly repeat, the rest is taken as it is.
fn collapse(buyers: &[Buyer], weights: Option<&[f64]>, scale: f64) -> Vec<Row> {
    const TRIAL: usize = 32_768;
    let mut places: HashMap<(u32, u64, u64), u32, BuildHasherDefault<BitHash>> = HashMap::default();
    let mut rows: Vec<Row> = Vec::new();
    let mut looking = true;
    for (i, buyer) in buyers.iter().enumerate() {
        let weight = weights.and_then(|weights| weights.get(i)).copied().unwrap_or(1.0);
        let row = Row { x: buyer.frequency, recency: buyer.recency / scale, t: buyer.t / scale, weight };
        if i == TRIAL && rows.len() > TRIAL / 4 * 3 {
            looking = false;
            places = HashMap::default();
            rows.reserve_exact(buyers.len() - i);
        }
        if !looking {
            rows.push(row);
            continue;
        }
        let place = *places
            .entry((buyer.frequency, buyer.recency.to_bits(), buyer.t.to_bits()))
            .or_insert(rows.len() as u32) as usize;
        match rows.get_mut(place) {
            Some(same) => same.weight += weight,
            None => rows.push(row),
        }
    }
    rows
}
