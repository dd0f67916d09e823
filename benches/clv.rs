//! How long does it take to fit BG/NBD to a million customers, and to say all three intervals of each?
//!
//! Simulated here, times continuous (so that hardly a row repeats: the hardest case) and in whole days. The peak of
//! memory over the input is printed once, where the system tells it.

#![expect(clippy::expect_used, reason = "constants that are positive")]

use criterion::{Criterion, criterion_group, criterion_main};
use mercato::domain::NoWork;
use mercato::model::clv::interval::{self, Group};
use mercato::model::clv::{Buyer, GammaGamma, PurchaseModel, Spender};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution, Exp, Gamma};
use rayon::prelude::*;

const CUSTOMERS: usize = 1_000_000;

/// `days`: times in whole days, else continuous.
fn cohort(days: bool) -> Vec<Buyer> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let rates = Gamma::new(0.25, 1.0 / 4.5).expect("positive");
    let coins = Beta::new(0.8, 2.4).expect("positive");
    let whole = |weeks: f64| if days { (weeks * 7.0).floor() / 7.0 } else { weeks };
    let person = |rng: &mut ChaCha8Rng| {
        let t = rng.gen_range(10.0..78.0);
        let rate: f64 = rates.sample(rng);
        let waits = Exp::new(rate.max(1e-300)).expect("positive");
        let stop: f64 = coins.sample(rng);
        let (mut now, mut last, mut frequency) = (0.0, 0.0, 0);
        loop {
            now += waits.sample(rng);
            if now > t {
                break;
            }
            frequency += 1;
            last = now;
            if rng.gen_bool(stop) {
                break;
            }
        }
        Buyer { frequency, recency: whole(last), t: whole(t) }
    };
    (0..CUSTOMERS).map(|_| person(&mut rng)).collect()
}

/// Mean values as the Gamma-Gamma model has them.
fn values(buyers: &[Buyer]) -> Vec<Spender> {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let levels = Gamma::new(4.0, 1.0 / 15.0).expect("positive");
    let spender = |buyer: &Buyer| {
        let x = f64::from(buyer.frequency);
        let level: f64 = levels.sample(&mut rng);
        let mean = Gamma::new(6.0 * x.max(1.0), 1.0 / (level * x.max(1.0))).expect("positive");
        let value = if buyer.frequency > 0 { mean.sample(&mut rng) } else { 0.0 };
        Spender { frequency: buyer.frequency, value }
    };
    buyers.iter().map(spender).collect()
}

/// Highest memory of this process so far, MiB.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok().map(|kib: f64| kib / 1024.0)
}

fn memory() {
    let buyers = cohort(false);
    let input = peak();
    PurchaseModel::BgNbd.fit(&buyers, None, &NoWork).expect("fits");
    if let (Some(input), Some(all)) = (input, peak()) {
        eprintln!("bg_nbd_fit_1m: peak {:.0} MiB over the input ({input:.0} MiB)", all - input);
    }
}

fn predict(c: &mut Criterion) {
    const AHEAD: f64 = 39.0;
    const LEVEL: f64 = 0.9;
    let buyers = cohort(false);
    let spenders = values(&buyers);
    let fit = PurchaseModel::BgNbd.fit(&buyers, None, &NoWork).expect("fits");
    let money = GammaGamma.fit(&spenders, None, &NoWork).expect("fits");
    let weights = vec![1.0; buyers.len()];
    let mut group = c.benchmark_group("predict_1m");
    group.sample_size(10);
    let moved = interval::moved(&fit);
    let each = || {
        let row = |buyer: &Buyer| {
            let (lo, hi) = interval::mean_with(&fit, &moved, buyer, AHEAD, LEVEL);
            (lo, hi, fit.alive(buyer).outlook(AHEAD, LEVEL))
        };
        buyers.par_iter().map(row).collect::<Vec<_>>()
    };
    let total = || {
        let all = Group { buyers: &buyers, spenders: &spenders, weights: &weights };
        interval::total(&fit, &money, all, AHEAD, (0.05, 0.05), 1)
    };
    group.bench_function("mean_and_predictive", |b| b.iter(each));
    group.bench_function("total", |b| b.iter(total));
    group.bench_function("all_three", |b| b.iter(|| (each(), total())));
    group.finish();
}

fn fit(c: &mut Criterion) {
    memory();
    let mut group = c.benchmark_group("bg_nbd_fit_1m");
    group.sample_size(10);
    for (name, days) in [("continuous", false), ("days", true)] {
        let buyers = cohort(days);
        group.bench_function(name, |b| {
            b.iter(|| PurchaseModel::BgNbd.fit(&buyers, None, &NoWork).expect("fits"));
        });
    }
    group.finish();
}

criterion_group!(benches, fit, predict);
criterion_main!(benches);
