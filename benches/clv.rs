//! How long does it take to fit BG/NBD to a million customers?
//!
//! Simulated here, times continuous (so that hardly a row repeats: the hardest case) and in whole days.

#![expect(clippy::expect_used, reason = "constants that are positive")]

use criterion::{Criterion, criterion_group, criterion_main};
use mercato::domain::NoWork;
use mercato::model::clv::{Buyer, PurchaseModel};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution, Exp, Gamma};

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

fn fit(c: &mut Criterion) {
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

criterion_group!(benches, fit);
criterion_main!(benches);
