//! What are the logarithmic derivatives of the gamma function?
//!
//! `ln_gamma` is statrs's. Its `digamma` gives −1/x − γ below 1e-6 (wrong in the sixth digit) and it has no trigamma,
//! so both are here: recurrence up to 15, then the asymptotic series of Abramowitz & Stegun 6.3.18 and 6.4.12.

pub(super) use statrs::function::gamma::ln_gamma;

/// From here the eight terms below are exact to the last digit (the first left out is 3.1 / 15^18 < 1e-20).
const ASYMPTOTIC_FROM: f64 = 15.0;
/// B₂ₖ, k = 1 … 8.
const BERNOULLI: [f64; 8] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
];

/// ψ(x) and ψ′(x) for x > 0.
pub(super) fn digamma_trigamma(mut x: f64) -> (f64, f64) {
    let (mut psi, mut psi1) = (0.0, 0.0);
    while x < ASYMPTOTIC_FROM {
        psi -= 1.0 / x;
        psi1 += 1.0 / (x * x);
        x += 1.0;
    }
    let inverse_square = 1.0 / (x * x);
    let (mut power, mut series, mut series1) = (inverse_square, 0.0, 0.0);
    for (k, b) in BERNOULLI.iter().enumerate() {
        series += b * power / (2.0 * (k + 1) as f64);
        series1 += b * power;
        power *= inverse_square;
    }
    (psi + x.ln() - 0.5 / x - series, psi1 + 1.0 / x + 0.5 * inverse_square + series1 / x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(x: f64, psi: f64, psi1: f64) {
        let (d, t) = digamma_trigamma(x);
        assert!((d / psi - 1.0).abs() < 1e-14, "ψ({x}) = {d}, not {psi}");
        assert!((t / psi1 - 1.0).abs() < 1e-14, "ψ′({x}) = {t}, not {psi1}");
    }

    #[test]
    fn digits_of_mpmath() {
        // mpmath 1.3, 30 digits
        check(1.0, -0.577_215_664_901_532_9, 1.644_934_066_848_226_4);
        check(0.25, -4.227_453_533_376_265, 17.197_329_154_507_11);
        check(1e-7, -10_000_000.577_215_5, 1.000_000_000_000_016_4e14);
        check(37.5, 3.610_948_344_596_338_4, 0.027_025_382_266_785_014);
    }
}
