//! How much may importance weights be trusted, and how are the largest tamed?
//!
//! Pareto-smoothed importance sampling (Vehtari, Simpson, Gelman, Yao & Gabry 2024, JMLR 25): the largest weights are
//! replaced by quantiles of a generalised Pareto distribution fitted to them (Zhang & Stephens 2009); its shape k̂ tells
//! how heavy the tail is. Above .7 the estimates converge too slowly to be believed.

/// Smoothed weights (they sum to 1) and k̂.
pub(super) fn smooth(log_weights: &[f64]) -> (Vec<f64>, f64) {
    let n = log_weights.len();
    let top = log_weights.iter().copied().filter(|w| w.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    if n == 0 || !top.is_finite() {
        return (vec![1.0 / n.max(1) as f64; n], f64::INFINITY);
    }
    let mut weights: Vec<f64> =
        log_weights.iter().map(|w| if w.is_finite() { (w - top).exp() } else { 0.0 }).collect();
    let tail = ((0.2 * n as f64).min(3.0 * (n as f64).sqrt()).ceil() as usize).min(n.saturating_sub(1));
    let mut k_hat = f64::INFINITY;
    if tail >= 5 {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| weights[*a].total_cmp(&weights[*b]).then(a.cmp(b)));
        let cut = weights[order[n - tail - 1]];
        let above: Vec<f64> = order[n - tail..].iter().map(|i| weights[*i] - cut).collect();
        if above[0] > 0.0 && above[tail - 1] > above[0] {
            let (shape, scale) = pareto(&above);
            k_hat = shape;
            for (rank, i) in order[n - tail..].iter().enumerate() {
                let p = (rank as f64 + 0.5) / tail as f64;
                let excess = if shape.abs() < 1e-12 {
                    -scale * (-p).ln_1p()
                } else {
                    scale * ((-shape * (-p).ln_1p()).exp_m1()) / shape
                };
                weights[*i] = (cut + excess).min(1.0);
            }
        } else {
            // all weights are the same: no tail at all; or too few are above 0 for one: nothing can be said
            k_hat = if cut >= 1.0 { 0.0 } else { f64::INFINITY };
        }
    }
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
    (weights, k_hat)
}

/// Shape (regularised for small tails) and scale for sorted excesses.
fn pareto(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let grid = 30 + n.sqrt() as usize;
    let quarter = x[((n / 4.0 + 0.5).floor() as usize).saturating_sub(1)];
    let largest = x[x.len() - 1];
    let mean_log = |b: f64| x.iter().map(|x| (-b * x).ln_1p()).sum::<f64>() / n;
    let b: Vec<f64> = (1..=grid)
        .map(|j| (1.0 - (grid as f64 / (j as f64 - 0.5)).sqrt()) / (3.0 * quarter) + 1.0 / largest)
        .collect();
    let profile: Vec<f64> = b
        .iter()
        .map(|b| {
            let k = mean_log(*b);
            n * ((-b / k).ln() - k - 1.0)
        })
        .collect();
    let weight = |j: usize| 1.0 / profile.iter().map(|other| (other - profile[j]).exp()).sum::<f64>();
    let b: f64 = (0..grid).map(|j| b[j] * weight(j)).sum();
    let shape = mean_log(b);
    let scale = -shape / b;
    (shape * n / (n + 10.0) + 0.5 * 10.0 / (n + 10.0), scale)
}

/// `n` indices in proportion to the weights (systematic resampling from one uniform number in 0..1).
pub(super) fn resample(weights: &[f64], n: usize, start: f64) -> Vec<usize> {
    let mut chosen = Vec::with_capacity(n);
    let (mut at, mut sum) = (0, weights.first().copied().unwrap_or(1.0));
    for j in 0..n {
        let wanted = (j as f64 + start) / n as f64;
        while sum < wanted && at + 1 < weights.len() {
            at += 1;
            sum += weights[at];
        }
        chosen.push(at);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weights with a Pareto tail of known shape: quantiles of it.
    fn weights(shape: f64) -> Vec<f64> {
        (0..4000).map(|i| -shape * (-((f64::from(i) + 0.5) / 4000.0)).ln_1p()).collect()
    }

    #[test]
    fn the_tail_s_shape_is_found() {
        for shape in [0.2, 0.5, 0.9] {
            let (smoothed, k) = smooth(&weights(shape));
            assert!((k - shape).abs() < 0.1, "{shape}: {k}");
            assert!((smoothed.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        assert!(smooth(&[0.0; 100]).1 < 0.7);
        assert!(smooth(&[f64::NEG_INFINITY; 3]).1.is_infinite());
    }

    #[test]
    fn resampling_follows_the_weights() {
        assert_eq!(resample(&[0.5, 0.0, 0.25, 0.25], 4, 0.5), [0, 0, 2, 3]);
        assert_eq!(resample(&[], 2, 0.5), [0, 0]);
    }
}
