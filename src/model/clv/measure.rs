//! How far were forecasts from what happened?
//!
//! One entry a customer in both slices; ranks break ties by position, and rows are ordered by customer id.

/// Mean absolute error. Reported, never a criterion: on counts it rewards shrinking every forecast (DEFINITIONS §5).
pub fn mae(predicted: &[f64], actual: &[f64]) -> f64 {
    mean(predicted, actual, |p, a| (p - a).abs())
}

/// Root of the mean squared error.
pub fn rmse(predicted: &[f64], actual: &[f64]) -> f64 {
    mean(predicted, actual, |p, a| (p - a) * (p - a)).sqrt()
}

/// Σ predicted / Σ actual − 1.
pub fn total_error(predicted: &[f64], actual: &[f64]) -> f64 {
    predicted.iter().sum::<f64>() / actual.iter().sum::<f64>() - 1.0
}

/// Mean Poisson deviance of counts: 2 (y ln(y/μ) − (y − μ)); what `auto` goes by.
pub fn poisson_deviance(predicted: &[f64], actual: &[f64]) -> f64 {
    mean(predicted, actual, |mu, y| {
        let log = if y > 0.0 { y * (y / mu).ln() } else { 0.0 };
        2.0 * (log - (y - mu))
    })
}

/// Correlation of ranks; equal values share their mean rank.
pub fn spearman(predicted: &[f64], actual: &[f64]) -> f64 {
    let (p, a) = (ranks(predicted), ranks(actual));
    let middle = (p.len() as f64 + 1.0) / 2.0;
    let sum =
        |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| (x - middle) * (y - middle)).sum() };
    sum(&p, &a) / (sum(&p, &p) * sum(&a, &a)).sqrt()
}

/// Share of everything actual that the highest-ranked `share` of customers brought.
pub fn capture(predicted: &[f64], actual: &[f64], share: f64) -> f64 {
    let best = (predicted.len() as f64 * share).ceil() as usize;
    let by_rank: f64 = descending(predicted).into_iter().take(best).map(|i| actual[i]).sum();
    by_rank / actual.iter().sum::<f64>()
}

/// Gini of the actual by predicted order over Gini by actual order: 1 is a perfect ranking, 0 none.
pub fn gini(predicted: &[f64], actual: &[f64]) -> f64 {
    let concentration = |order: Vec<usize>| {
        let (mut cumulated, mut area) = (0.0, 0.0);
        for i in order {
            cumulated += actual[i];
            area += cumulated;
        }
        area / cumulated - (actual.len() as f64 + 1.0) / 2.0
    };
    concentration(descending(predicted)) / concentration(descending(actual))
}

/// Positions, highest value first, ties by position.
pub fn descending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    order
}

fn mean(predicted: &[f64], actual: &[f64], loss: impl Fn(f64, f64) -> f64) -> f64 {
    predicted.iter().zip(actual).map(|(p, a)| loss(*p, *a)).sum::<f64>() / predicted.len() as f64
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    for equal in order.chunk_by(|a, b| values[*a].total_cmp(&values[*b]).is_eq()) {
        let start = equal.first().map_or(0, |first| order.partition_point(|i| values[*i] < values[*first]));
        for i in equal {
            ranks[*i] = start as f64 + (equal.len() as f64 + 1.0) / 2.0;
        }
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-12, "{got} instead of {expected}");
    }

    #[test]
    fn by_hand() {
        let (predicted, actual) = ([1.0, 3.0, 2.0, 0.5], [0.0, 4.0, 1.0, 1.0]);
        check(mae(&predicted, &actual), 0.875);
        check(rmse(&predicted, &actual), (3.25_f64 / 4.0).sqrt());
        check(total_error(&predicted, &actual), 6.5 / 6.0 - 1.0);
        check(spearman(&predicted, &actual), 0.632_455_532_033_675_9);
        check(capture(&predicted, &actual, 0.25), 4.0 / 6.0);
        check(gini(&actual, &actual), 1.0);
        check(spearman(&actual, &actual), 1.0);
        check(poisson_deviance(&actual[1..], &actual[1..]), 0.0);
    }
}
