//! Is this customer still with us, and how many more times will they buy?
//!
//! Given x, t_x, T the customer is alive with P(alive); then the rate is λ ~ Gamma(shape, rate) and the drop-out coin
//! p ~ Beta(a, b), independent (Fader & Hardie 2005). In t weeks an undying customer would buy K ~ negative binomial
//! times, and survives the first j purchases with probability m_j = E[(1−p)^j] = Π_{i<j} (b+i)/(a+b+i), so
//!   P(Y > j) = P(alive) · P(K > j) · m_j     and     E[Y] = Σ_j P(Y > j).
//! Every term is positive: no cancellation, no 2F1, no singularity at a = 1 (the closed form of the paper has all
//! three). Where K is too spread for the sum, E[Y] is the integral over p instead.

/// A customer's future as far as the past tells.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Alive {
    /// P(alive | x, t_x, T). BG/NBD gives exactly 1 to one-time buyers.
    pub p_alive: f64,
    /// r + x.
    pub shape: f64,
    /// α + T, weeks.
    pub rate: f64,
    /// Of the drop-out coin; 0 where nobody stops.
    pub a: f64,
    /// Of the drop-out coin, the coins survived included.
    pub b: f64,
}

/// What to expect of one customer in a time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Outlook {
    /// E[Y].
    pub expected: f64,
    /// Smallest count that is reached with P(Y ≤ lo) at least (1 − level)/2.
    pub lo: u32,
    /// Smallest count with P(Y ≤ hi) at least (1 + level)/2.
    pub hi: u32,
}

/// More terms than this and the integral is quicker.
const TERMS_MAX: f64 = 4000.0;
/// Relative size at which the sum's tail no longer counts.
const TAIL: f64 = 1e-15;

impl Alive {
    /// Expected purchases in the next `t` weeks.
    pub fn expected(&self, t: f64) -> f64 {
        self.expected_to(t, TAIL)
    }

    /// The same, its sum broken off where the rest is below `tail` of it.
    pub(super) fn expected_to(&self, t: f64, tail: f64) -> f64 {
        if t.is_nan() || t <= 0.0 {
            return 0.0;
        }
        if self.a <= 0.0 {
            return self.p_alive * self.shape * t / self.rate;
        }
        let mean = self.shape * t / self.rate;
        let far = 40.0 / (self.rate / t).ln_1p();
        let terms = mean + 9.0 * (mean * (1.0 + t / self.rate)).sqrt() + far;
        let while_alive = if terms > TERMS_MAX { self.integral(t) } else { self.series(t, tail) };
        self.p_alive * while_alive
    }

    /// Σ_k P(K = k) Σ_{j<k} m_j, with P(K = k) by its recurrence up to a factor that cancels.
    fn series(&self, t: f64, tail: f64) -> f64 {
        let y = t / (self.rate + t);
        let (mut w, mut total, mut sum) = (1.0, 1.0, 0.0);
        let (mut survives, mut bought) = (1.0, 0.0);
        let mut k = 0.0;
        loop {
            let ratio = (self.shape + k) / (k + 1.0) * y;
            w *= ratio;
            bought += survives;
            survives *= (self.b + k) / (self.a + self.b + k);
            k += 1.0;
            total += w;
            let term = w * bought;
            sum += term;
            // bought is at least 1: the first purchase is survived for certain
            if ratio < 1.0 && term * (bought + survives) <= tail * sum * (1.0 - ratio) * bought {
                return sum / total;
            }
            if w > 1e250 {
                w *= 1e-250;
                total *= 1e-250;
                sum *= 1e-250;
            }
        }
    }

    /// E over p of (1 − (1 + p t/rate)^−shape)/p: the trapezoid rule in logit p, where the integrand decays
    /// exponentially at both ends (Trefethen & Weideman 2014, SIAM Review 56(3)).
    fn integral(&self, t: f64) -> f64 {
        let z = t / self.rate;
        // the density in logit p is about 1/√a + 1/√b wide; a step of .6 of the width leaves e^-55
        let width = (1.0 / self.a + 1.0 / self.b).sqrt();
        let step = (0.6 * width).min(0.25);
        let middle = (self.a / self.b).ln();
        let ln_weight = |v: f64| {
            let ln_p = -(-v).exp().ln_1p();
            let ln_q = if v > 0.0 { ln_p - v } else { -v.exp().ln_1p() };
            (self.a * if v < -30.0 { v } else { ln_p }) + self.b * ln_q
        };
        let top = ln_weight(middle);
        let value = |v: f64| {
            let p = if v < -30.0 { v.exp() } else { 1.0 / (1.0 + (-v).exp()) };
            -(-self.shape * (p * z).ln_1p()).exp_m1() / p
        };
        let (mut total, mut sum) = (0.0, 0.0);
        let mut v = middle;
        loop {
            let weight = (ln_weight(v) - top).exp();
            let term = weight * value(v);
            total += weight;
            sum += term;
            if weight <= 1e-18 && term <= 1e-18 * sum {
                break;
            }
            if v > 40.0 {
                let rest = (-self.b * step).exp() / -(-self.b * step).exp_m1();
                total += weight * rest;
                sum += term * rest;
                break;
            }
            v += step;
        }
        v = middle - step;
        loop {
            let weight = (ln_weight(v) - top).exp();
            let term = weight * value(v);
            total += weight;
            sum += term;
            let p = v.exp();
            // from here on both are geometric in v to the last digit
            if p * (self.b + z * (self.shape + 1.0)) < 1e-17 || (weight <= 1e-18 && term <= 1e-18 * sum) {
                let rest = (-self.a * step).exp() / -(-self.a * step).exp_m1();
                total += weight * rest;
                sum += term * rest;
                break;
            }
            v -= step;
        }
        sum / total
    }

    /// Expected purchases in the next `t` weeks, and the counts between which one customer's number lies with
    /// probability `level` or a little more (counts are whole).
    pub fn outlook(&self, t: f64, level: f64) -> Outlook {
        let tail = 0.5 * (1.0 - level);
        let (mut lo, mut hi) = (None, 0);
        for (j, more) in (0_u32..).zip(self.more_than(t)) {
            if lo.is_none() && 1.0 - more >= tail {
                lo = Some(j);
            }
            if more <= tail {
                hi = j;
                break;
            }
        }
        Outlook { expected: self.expected(t), lo: lo.unwrap_or(hi), hi }
    }

    /// P(Y > j) for j = 0, 1, …
    pub fn more_than(&self, t: f64) -> impl Iterator<Item = f64> + use<> {
        let Self { p_alive, shape, rate, a, b } = *self;
        let t = t.max(0.0);
        let y = t / (rate + t);
        // P(K = 0) may be far below the smallest number: kept as w · e^ln_scale until it has grown
        let mut ln_scale = -shape * (t / rate).ln_1p();
        let mut w = 1.0;
        if ln_scale > -600.0 {
            w = ln_scale.exp();
            ln_scale = 0.0;
        }
        let (mut at_most, mut survives, mut k) = (0.0, 1.0, 0.0);
        std::iter::from_fn(move || {
            at_most += if ln_scale < 0.0 { w * ln_scale.exp() } else { w };
            let more = p_alive * (1.0 - at_most).max(0.0) * survives;
            w *= (shape + k) / (k + 1.0) * y;
            survives *= if a > 0.0 { (b + k) / (a + b + k) } else { 1.0 };
            k += 1.0;
            if ln_scale < 0.0 && w > 1e100 {
                let shift = ln_scale.max(-200.0);
                w *= shift.exp();
                ln_scale -= shift;
            }
            Some(more)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sum_and_integral_agree() {
        for (shape, rate, a, b, t) in [
            (0.24, 43.0, 0.79, 2.4, 39.0),
            (12.0, 43.0, 1.0, 14.0, 39.0),
            (300.0, 100.0, 3.0, 0.3, 50.0),
            (0.05, 9.0, 0.02, 40.0, 100.0),
            (5.0, 60.0, 4000.0, 9000.0, 30.0),
        ] {
            let alive = Alive { p_alive: 1.0, shape, rate, a, b };
            let (series, integral) = (alive.series(t, TAIL), alive.integral(t));
            assert!((series / integral - 1.0).abs() < 1e-12, "{alive:?} {t}: {series} {integral}");
        }
    }

    #[test]
    fn the_mean_is_the_sum_of_the_tail() {
        let alive = Alive { p_alive: 0.7, shape: 5000.0, rate: 100.0, a: 0.8, b: 5000.0 };
        let sum: f64 = alive.more_than(60.0).take(20_000).sum();
        assert!((sum / alive.expected(60.0) - 1.0).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn nothing_happens_in_no_time() {
        let alive = Alive { p_alive: 0.7, shape: 5.0, rate: 100.0, a: 0.8, b: 5.0 };
        assert_eq!(alive.outlook(0.0, 0.9), Outlook { expected: 0.0, lo: 0, hi: 0 });
    }
}
