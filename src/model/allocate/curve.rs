//! How much does a channel bring for its money, where is the next unit worth λ, and what is the least concave curve above?
//!
//! Response β·x^k/(κ^k + x^k). With z = k·ln(x/κ) and h = 1/(1 + e^−z) its slope is (βk/κ)·h^(1−1/k)·(1−h)^(1+1/k), so
//! ln slope = ln(βk/κ) + (1 − 1/k)·z − 2·ln(1 + e^z): concave in z at any size, no power overflows, and Newton from the
//! right never overshoots. For k > 1 the curve is convex up to its inflection and concave after it.

/// β·x^k/(κ^k + x^k).
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::model) struct Curve {
    beta: f64,
    half_saturation: f64,
    slope: f64,
    /// ln(βk/κ).
    ln_scale: f64,
    inflection: f64,
}

/// Newton steps at most; three to eight are needed.
const NEWTON_STEPS: usize = 60;
/// Halvings of an interval of money: to the last bits.
const HALVINGS: usize = 90;

impl Curve {
    /// All three above 0.
    pub(in crate::model) fn new(beta: f64, half_saturation: f64, slope: f64) -> Self {
        let bend = if slope > 1.0 { ((slope - 1.0) / (slope + 1.0)).ln() / slope } else { f64::NEG_INFINITY };
        Self {
            beta,
            half_saturation,
            slope,
            ln_scale: beta.ln() + slope.ln() - half_saturation.ln(),
            inflection: half_saturation * bend.exp(),
        }
    }

    /// Response to `x` money.
    pub(in crate::model) fn value(&self, x: f64) -> f64 {
        if x <= 0.0 { 0.0 } else { self.beta / (1.0 + (-self.z(x)).exp()) }
    }

    /// Where convex turns to concave; 0 where the curve is concave from the start.
    pub(in crate::model) fn inflection(&self) -> f64 {
        self.inflection
    }

    fn z(&self, x: f64) -> f64 {
        self.slope * (x / self.half_saturation).ln()
    }

    fn ln_slope_at_z(&self, z: f64) -> f64 {
        self.ln_scale + (1.0 - 1.0 / self.slope) * z - 2.0 * softplus(z)
    }

    /// ln of what the next unit brings at `x`.
    pub(in crate::model) fn ln_slope(&self, x: f64) -> f64 {
        if x > 0.0 {
            return self.ln_slope_at_z(self.z(x));
        }
        match self.slope {
            k if k > 1.0 => f64::NEG_INFINITY,
            k if k < 1.0 => f64::INFINITY,
            _ => self.ln_scale,
        }
    }

    /// The money in the concave part at which the next unit brings λ; the inflection where none brings as much.
    fn where_slope_is(&self, ln_lambda: f64) -> f64 {
        let rise = 1.0 - 1.0 / self.slope;
        // −2·ln(1 + e^z) ≤ −2z, so the root lies left of this
        let mut z = (self.ln_scale - ln_lambda) / (1.0 + 1.0 / self.slope);
        let first =
            if self.slope > 1.0 { ((self.slope - 1.0) / (self.slope + 1.0)).ln() } else { f64::NEG_INFINITY };
        for _ in 0..NEWTON_STEPS {
            if z <= first {
                return self.inflection;
            }
            let h = 1.0 / (1.0 + (-z).exp());
            let down = 2.0 * h - rise;
            if down <= 0.0 {
                return self.inflection;
            }
            let step = (self.ln_slope_at_z(z) - ln_lambda) / down;
            z += step;
            if step.abs() <= 1e-14 * z.abs().max(1.0) {
                break;
            }
        }
        if z <= first { self.inflection } else { self.half_saturation * (z / self.slope).exp() }
    }
}

fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// The least concave curve above a response between two amounts: a chord from the lower one, then the response itself.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::model) struct Envelope {
    curve: Curve,
    pub(in crate::model) lower: f64,
    pub(in crate::model) upper: f64,
    /// End of the chord; `lower` where there is none.
    pub(in crate::model) touch: f64,
    at_lower: f64,
    /// What a unit brings on the chord.
    chord: f64,
    ln_chord: f64,
}

impl Envelope {
    /// 0 ≤ lower ≤ upper.
    pub(in crate::model) fn new(curve: Curve, lower: f64, upper: f64) -> Self {
        let touch = touch(&curve, lower, upper);
        let at_lower = curve.value(lower);
        let chord = if touch > lower { (curve.value(touch) - at_lower) / (touch - lower) } else { 0.0 };
        Self { curve, lower, upper, touch, at_lower, chord, ln_chord: chord.ln() }
    }

    /// The same over another interval.
    pub(in crate::model) fn within(&self, lower: f64, upper: f64) -> Self {
        Self::new(self.curve, lower, upper)
    }

    /// Height at `x`.
    pub(in crate::model) fn value(&self, x: f64) -> f64 {
        if x < self.touch { self.at_lower + self.chord * (x - self.lower) } else { self.curve.value(x) }
    }

    /// What a unit more brings at `x`, on the chord or on the curve.
    pub(in crate::model) fn slope_at(&self, x: f64) -> f64 {
        if x < self.touch { self.chord } else { self.curve.ln_slope(x).exp() }
    }

    /// The amount with the most height − λ·amount; on a tie the smaller.
    pub(in crate::model) fn best(&self, ln_lambda: f64) -> f64 {
        let first = if self.touch > self.lower { self.ln_chord } else { self.curve.ln_slope(self.lower) };
        if ln_lambda >= first || self.upper <= self.lower {
            return self.lower;
        }
        if self.curve.ln_slope(self.upper) >= ln_lambda {
            return self.upper;
        }
        self.curve.where_slope_is(ln_lambda).clamp(self.touch, self.upper)
    }

    /// ln of the largest and the smallest slope.
    pub(in crate::model) fn ln_slopes(&self) -> (f64, f64) {
        let first = if self.touch > self.lower { self.ln_chord } else { self.curve.ln_slope(self.lower) };
        let last = if self.touch >= self.upper && self.touch > self.lower {
            self.ln_chord
        } else {
            self.curve.ln_slope(self.upper)
        };
        (first, last)
    }
}

/// Where the chord from `lower` touches the curve, or `upper` where it would touch later.
fn touch(curve: &Curve, lower: f64, upper: f64) -> f64 {
    let bend = curve.inflection();
    if lower >= bend || upper <= lower {
        return lower;
    }
    if upper <= bend {
        return upper;
    }
    let base = curve.value(lower);
    // the chord is steeper than the curve: the touching point lies before
    let beyond = |x: f64| curve.value(x) - base > curve.ln_slope(x).exp() * (x - lower);
    if !beyond(upper) {
        return upper;
    }
    let (mut left, mut right) = (bend, upper);
    if lower <= 0.0 {
        // closed form: h = 1 − 1/k
        let at = curve.half_saturation * ((curve.slope - 1.0).ln() / curve.slope).exp();
        return at.clamp(left, right);
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (left + right);
        if middle <= left || middle >= right {
            break;
        }
        if beyond(middle) { right = middle } else { left = middle }
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_the_derivative_and_is_found_again() {
        for slope in [0.6, 1.0, 1.3, 2.5, 8.0] {
            let curve = Curve::new(900.0, 40.0, slope);
            for x in [1.0, 20.0, 60.0, 300.0] {
                let by_difference = (curve.value(x + 1e-4) - curve.value(x - 1e-4)) / 2e-4;
                assert!((curve.ln_slope(x).exp() - by_difference).abs() < 1e-5 * by_difference.max(1.0));
                if x > curve.inflection() {
                    let again = curve.where_slope_is(curve.ln_slope(x));
                    assert!((again / x - 1.0).abs() < 1e-7, "{slope} {x} {again}");
                }
            }
        }
    }

    #[test]
    fn the_envelope_lies_above_and_touches() {
        for (slope, lower, upper) in
            [(2.5, 0.0, 200.0), (2.5, 10.0, 200.0), (4.0, 5.0, 30.0), (1.0, 0.0, 50.0)]
        {
            let curve = Curve::new(100.0, 40.0, slope);
            let envelope = Envelope::new(curve, lower, upper);
            let at = |i: i32| lower + (upper - lower) * f64::from(i) / 500.0;
            for i in 0..=500 {
                assert!(envelope.value(at(i)) >= curve.value(at(i)) - 1e-10, "{slope} {}", at(i));
            }
            for i in 1..500 {
                let chord = 0.5 * (envelope.value(at(i - 1)) + envelope.value(at(i + 1)));
                assert!(envelope.value(at(i)) >= chord - 1e-9, "concave at {}", at(i));
            }
            assert!((envelope.value(envelope.touch) - curve.value(envelope.touch)).abs() < 1e-9);
        }
    }
}
