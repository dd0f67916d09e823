//! How sure are we of a forecast: of a mean, of one customer, of a total?
//!
//! Three intervals, never mixed (DEFINITIONS §5). The parameters' uncertainty is Laplace's approximation in
//! log-parameters. A customer's *mean* and a total's parameter part are smooth in it, so their logarithm is expanded to
//! second order along its principal axes (the distribution of Laplace draws, without their noise and at the cost of two
//! evaluations an axis); *predictive* comes from [`Alive::outlook`] and [`value_between`]; *total* adds purchase noise
//! and the spread of the model's own misses at earlier origins.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, StandardNormal};
use rayon::prelude::*;

use super::{Alive, Buyer, GammaGammaFit, GammaGammaParams, PurchaseFit, Spender};

/// Where along an axis, in standard deviations, the curve is looked at: near the ends of a 90 % interval.
const LOOK: f64 = 1.5;

/// Expectations behind intervals may be off by this share: a hundred-millionth of what the parameters leave open.
const TAIL: f64 = 1e-9;

/// Slope and curvature of the logarithm of a forecast along each axis of the parameters' uncertainty.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Response {
    slope: Vec<f64>,
    curvature: Vec<f64>,
}

impl Response {
    /// `at(k, z)`: the forecast with axis k moved by z standard deviations; `middle`: at the estimate.
    fn of(axes: usize, middle: f64, at: impl Fn(usize, f64) -> f64) -> Self {
        let mut response = Self::default();
        if middle <= 0.0 {
            return response;
        }
        for axis in 0..axes {
            let (up, down) = ((at(axis, LOOK) / middle).ln(), (at(axis, -LOOK) / middle).ln());
            response.slope.push((up - down) / (2.0 * LOOK));
            response.curvature.push((up + down) / (LOOK * LOOK));
        }
        response
    }

    /// Logarithm of the factor at quantile `z` (of the standard normal), by Cornish & Fisher with the skewness.
    fn quantile(&self, z: f64) -> f64 {
        let (mut mean, mut variance, mut third) = (0.0, 0.0, 0.0);
        for (g, h) in self.slope.iter().zip(&self.curvature) {
            mean += 0.5 * h;
            variance += g * g + 0.5 * h * h;
            third += 3.0 * g * g * h + h * h * h;
        }
        if variance <= 0.0 {
            return 0.0;
        }
        let sd = variance.sqrt();
        mean + sd * (z + (z * z - 1.0) * third / (6.0 * sd * variance))
    }

    /// A random factor.
    fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        let mut log = 0.0;
        for (g, h) in self.slope.iter().zip(&self.curvature) {
            let z: f64 = StandardNormal.sample(rng);
            log += g * z + 0.5 * h * z * z;
        }
        log.exp()
    }
}

/// The standard normal's quantile for a two-sided level.
pub fn z_of(level: f64) -> f64 {
    std::f64::consts::SQRT_2 * statrs::function::erf::erf_inv(level)
}

/// The score interval of a share seen in `n` cases (Wilson 1927); unlike the normal one it is no point at 0 and 1.
pub fn wilson(share: f64, n: f64, level: f64) -> (f64, f64) {
    let z2 = z_of(level).powi(2);
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = (z2 * (share * (1.0 - share) / n + z2 / (4.0 * n * n))).sqrt() / (1.0 + z2 / n);
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// Move axis `k` of `n` by `z`.
fn unit<const N: usize>(k: usize, z: f64) -> [f64; N] {
    let mut move_by = [0.0; N];
    if let Some(at) = move_by.get_mut(k) {
        *at = z;
    }
    move_by
}

/// The *mean* interval of one customer's expected purchases in `t` weeks: parameters only.
pub fn mean(fit: &PurchaseFit, buyer: &Buyer, t: f64, level: f64) -> (f64, f64) {
    mean_with(fit, &moved(fit), buyer, t, level)
}

/// The parameters at the points where [`mean`] looks; the same for all customers.
pub type Moved = Vec<[super::PurchaseParams; 2]>;

/// Prepares [`mean_with`].
pub fn moved(fit: &PurchaseFit) -> Moved {
    (0..fit.axes.len()).map(|k| [fit.moved(&unit::<4>(k, LOOK)), fit.moved(&unit::<4>(k, -LOOK))]).collect()
}

/// [`mean`] for many customers.
pub fn mean_with(fit: &PurchaseFit, moved: &Moved, buyer: &Buyer, t: f64, level: f64) -> (f64, f64) {
    let middle = fit.alive(buyer).expected(t);
    let response = Response::of(moved.len(), middle, |axis, z| {
        moved.get(axis).map_or(middle, |[up, down]| {
            fit.model.alive(if z > 0.0 { up } else { down }, buyer).expected_to(t, TAIL)
        })
    });
    let z = z_of(level);
    (middle * response.quantile(-z).exp(), middle * response.quantile(z).exp())
}

/// The *predictive* interval of one customer's value in `t` weeks: the count of [`Alive::more_than`], each purchase
/// Gamma(p, ν) with ν | x, m ~ Gamma(q', v'). Given n purchases, S/(S + v') ~ Beta(p n, q').
pub fn value_between(
    alive: &Alive,
    t: f64,
    money: &GammaGammaParams,
    spender: &Spender,
    level: f64,
) -> (f64, f64) {
    let (shape, rate) = money.posterior(spender);
    let mut counts = Vec::new();
    let mut before = 1.0;
    for more in alive.more_than(t) {
        counts.push(before - more);
        before = more;
        if more < 1e-6 || counts.len() > 5000 {
            break;
        }
    }
    let at_most = |sum: f64| -> f64 {
        let share = sum / (sum + rate);
        let given = |n: usize| {
            statrs::function::beta::checked_beta_reg(money.p * n as f64, shape, share).unwrap_or(1.0)
        };
        counts.iter().enumerate().map(|(n, p)| if n == 0 { *p } else { p * given(n) }).sum()
    };
    let quantile = |wanted: f64| {
        if counts.first().is_none_or(|nothing| *nothing >= wanted) {
            return 0.0;
        }
        let (mut low, mut high) = (0.0, rate);
        while at_most(high) < wanted && high < 1e15 {
            high *= 2.0;
        }
        // 40 halvings leave a trillionth of the range
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if at_most(middle) < wanted { low = middle } else { high = middle }
        }
        high
    };
    (quantile(0.5 * (1.0 - level)), quantile(0.5 * (1.0 + level)))
}

/// What a total is made of.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    /// One entry a customer.
    pub buyers: &'a [Buyer],
    /// x and m of each.
    pub spenders: &'a [Spender],
    /// Weight of each customer's revenue in the total (the margin; 1 for revenue).
    pub weights: &'a [f64],
}

/// Random factors of a total around its expectation, sorted; the total's interval is read off with [`between`].
#[derive(Clone, PartialEq, Debug)]
pub struct TotalDraws {
    /// Of the number of purchases.
    pub orders: Vec<f64>,
    /// Of their value.
    pub revenue: Vec<f64>,
}

/// Draws behind a *total* interval; its ends then move by under 1 % of its width from seed to seed.
const DRAWS: usize = 4000;
/// The variance of a mean value is infinite for q' ≤ 2; kept finite, and too wide rather than too narrow.
const FREEDOM_MIN: f64 = 0.25;

/// The *total* interval's draws for a group of customers over `t` weeks. `miss`: standard deviation of ln(actual /
/// forecast) of (counts, value) at earlier origins.
pub fn total(
    fit: &PurchaseFit,
    money: &GammaGammaFit,
    group: Group<'_>,
    t: f64,
    miss: (f64, f64),
    seed: u64,
) -> TotalDraws {
    let values =
        (0..money.axes.len()).map(|k| [LOOK, -LOOK].map(|z| money.moved(&unit::<3>(k, z)))).collect();
    let base = Pass { fit, money, purchases: moved(fit), values, group, t }.sums();
    let along = |sides: &[[f64; 2]], middle: f64| {
        Response::of(sides.len(), middle, |axis, z| sides[axis][usize::from(z < 0.0)])
    };
    let orders = along(&base.orders_moved, base.orders);
    let by_purchase = along(&base.revenue_moved, base.revenue);
    let by_value = along(&base.revenue_by_value, base.revenue);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draws = TotalDraws { orders: Vec::with_capacity(DRAWS), revenue: Vec::with_capacity(DRAWS) };
    for _ in 0..DRAWS {
        let miss_orders: f64 = StandardNormal.sample(&mut rng);
        let miss_value: f64 = StandardNormal.sample(&mut rng);
        let noise = noise(base.orders, base.orders_variance, &mut rng);
        draws.orders.push(orders.draw(&mut rng) * noise * (miss.0 * miss_orders).exp());
        let noise = self::noise(base.revenue, base.revenue_variance, &mut rng);
        let parameters = by_purchase.draw(&mut rng) * by_value.draw(&mut rng);
        draws.revenue.push(parameters * noise * (miss.1 * miss_value).exp());
    }
    draws.orders.sort_by(f64::total_cmp);
    draws.revenue.sort_by(f64::total_cmp);
    draws
}

/// The ends between which `level` of the sorted draws lie.
pub fn between(sorted: &[f64], level: f64) -> (f64, f64) {
    let at = |share: f64| {
        let place = share * (sorted.len() as f64 - 1.0);
        let (low, part) = (place.floor() as usize, place.fract());
        let value = |i: usize| sorted.get(i).or(sorted.last()).copied().unwrap_or(1.0);
        value(low) * (1.0 - part) + value(low + 1) * part
    };
    (at(0.5 * (1.0 - level)), at(0.5 * (1.0 + level)))
}

/// A positive random factor with mean 1 and this total's coefficient of variation.
fn noise(mean: f64, variance: f64, rng: &mut ChaCha8Rng) -> f64 {
    let shape = mean * mean / variance;
    match Gamma::new(shape, 1.0 / shape) {
        Ok(gamma) if shape.is_finite() => gamma.sample(rng),
        _ => 1.0,
    }
}

/// Sums over a group at the estimate, and with the parameters moved up and down along each axis of their uncertainty.
#[derive(Clone, Default)]
struct Sums {
    orders: f64,
    orders_variance: f64,
    revenue: f64,
    revenue_variance: f64,
    /// By axis of the purchases' parameters.
    orders_moved: Vec<[f64; 2]>,
    revenue_moved: Vec<[f64; 2]>,
    /// By axis of the values' parameters.
    revenue_by_value: Vec<[f64; 2]>,
}

const CHUNK: usize = 1024;

/// What one pass over a group needs: the expectations are what costs time, each is made once.
struct Pass<'a> {
    fit: &'a PurchaseFit,
    money: &'a GammaGammaFit,
    purchases: Moved,
    values: Vec<[GammaGammaParams; 2]>,
    group: Group<'a>,
    t: f64,
}

impl Pass<'_> {
    fn sums(&self) -> Sums {
        let nothing = Sums {
            orders_moved: vec![[0.0; 2]; self.purchases.len()],
            revenue_moved: vec![[0.0; 2]; self.purchases.len()],
            revenue_by_value: vec![[0.0; 2]; self.values.len()],
            ..Sums::default()
        };
        let starts: Vec<usize> = (0..self.group.buyers.len()).step_by(CHUNK).collect();
        // parts of fixed size, added in their order: the same in every run, whatever the number of threads
        let parts: Vec<Sums> = starts
            .par_iter()
            .map(|start| {
                let mut part = nothing.clone();
                for i in *start..(start + CHUNK).min(self.group.buyers.len()) {
                    self.count(i, &mut part);
                }
                part
            })
            .collect();
        parts.iter().fold(nothing, Sums::plus)
    }

    fn count(&self, i: usize, sums: &mut Sums) {
        let Group { buyers, spenders, weights } = self.group;
        let (buyer, spender, weight) = (&buyers[i], &spenders[i], weights[i]);
        let alive = self.fit.alive(buyer);
        let (expected, square) = (alive.expected_to(self.t, TAIL), second_moment(&alive, self.t));
        let value = weight * finite(self.money.expected(spender));
        sums.orders += expected;
        sums.revenue += expected * value;
        sums.orders_variance += square - expected * expected;
        let variance = value_variance(expected, square, &self.money.params, spender);
        sums.revenue_variance += weight * weight * variance;
        for (axis, sides) in self.purchases.iter().enumerate() {
            for (side, params) in sides.iter().enumerate() {
                let expected = self.fit.model.alive(params, buyer).expected_to(self.t, TAIL);
                sums.orders_moved[axis][side] += expected;
                sums.revenue_moved[axis][side] += expected * value;
            }
        }
        for (axis, sides) in self.values.iter().enumerate() {
            for (side, params) in sides.iter().enumerate() {
                sums.revenue_by_value[axis][side] += weight * expected * finite(params.expected(spender));
            }
        }
    }
}

impl Sums {
    fn plus(mut self, part: &Self) -> Self {
        self.orders += part.orders;
        self.orders_variance += part.orders_variance;
        self.revenue += part.revenue;
        self.revenue_variance += part.revenue_variance;
        let add = |sums: &mut [[f64; 2]], parts: &[[f64; 2]]| {
            for (sum, part) in sums.iter_mut().flatten().zip(parts.iter().flatten()) {
                *sum += part;
            }
        };
        add(&mut self.orders_moved, &part.orders_moved);
        add(&mut self.revenue_moved, &part.revenue_moved);
        add(&mut self.revenue_by_value, &part.revenue_by_value);
        self
    }
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

/// E[Y²] = Σ (2j + 1) P(Y > j).
fn second_moment(alive: &Alive, t: f64) -> f64 {
    let mut sum = 0.0;
    for (j, more) in alive.more_than(t).enumerate().take(20_000) {
        let term = (2 * j + 1) as f64 * more;
        sum += term;
        if term < 1e-9 * sum || more <= 0.0 {
            break;
        }
    }
    sum
}

/// Var of the sum of Y values: E[S | n] = v' p n / (q'−1), E[S² | n] = v'² p n (p n + 1) / ((q'−1)(q'−2)).
fn value_variance(expected: f64, square: f64, values: &GammaGammaParams, spender: &Spender) -> f64 {
    let (shape, rate) = values.posterior(spender);
    let p = values.p;
    let (one, two) = ((shape - 1.0).max(FREEDOM_MIN), (shape - 2.0).max(FREEDOM_MIN));
    let mean = rate * p * expected / one;
    (rate * rate * (p * p * square + p * expected) / (one * two) - mean * mean).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_few_has_a_wide_interval() {
        // worked out apart, with z = 1.644854
        for (share, n, lo, hi) in
            [(0.0, 12.0, 0.0, 0.183981), (0.25, 12.0, 0.104653, 0.487338), (1.0, 5.0, 0.648883, 1.0)]
        {
            let (a, b) = wilson(share, n, 0.9);
            assert!((a - lo).abs() < 1e-6 && (b - hi).abs() < 1e-6, "{share} of {n}: {a} {b}");
        }
    }

    #[test]
    fn a_factor_of_a_normal_logarithm_has_its_quantiles() {
        let response = Response { slope: vec![0.3, 0.4], curvature: vec![0.0, 0.0] };
        assert!((response.quantile(1.645) - 0.5 * 1.645).abs() < 1e-12);
    }

    #[test]
    fn second_order_agrees_with_draws() {
        let response = Response { slope: vec![0.3, 0.2, 0.1, 0.05], curvature: vec![0.05, -0.08, 0.02, 0.0] };
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut draws: Vec<f64> = (0..40_000).map(|_| response.draw(&mut rng)).collect();
        draws.sort_by(f64::total_cmp);
        let (lo, hi) = between(&draws, 0.9);
        let z = z_of(0.9);
        assert!((response.quantile(-z).exp() / lo - 1.0).abs() < 0.01);
        assert!((response.quantile(z).exp() / hi - 1.0).abs() < 0.01);
    }

    #[test]
    fn one_customers_value_lies_inside_as_often_as_said() {
        let alive = Alive { p_alive: 0.8, shape: 3.0, rate: 40.0, a: 0.8, b: 4.0 };
        let money = GammaGammaParams { p: 6.0, q: 4.0, v: 15.0 };
        let spender = Spender { frequency: 2, value: 30.0 };
        let (lo, hi) = value_between(&alive, 40.0, &money, &spender, 0.9);
        assert!(lo.abs() < f64::EPSILON && hi > 100.0 && hi < 600.0, "{lo} … {hi}");
    }
}
