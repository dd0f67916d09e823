//! RFM of ten million orders of a million customers, from columns that are in memory, by day and in any order.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use mercato::domain::Day;
use mercato::features::rfm::Rfm;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const ORDERS: usize = 10_000_000;
const CUSTOMERS: usize = 1_000_000;
const FIRST: i32 = 19_900;
const DAYS: i32 = 731;

fn rfm(c: &mut Criterion) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    // Half of the orders come from a tenth of the customers.
    let customer: Vec<u32> = (0..ORDERS)
        .map(|_| {
            let among = if random.gen_bool(0.5) { CUSTOMERS / 10 } else { CUSTOMERS };
            random.gen_range(0..among) as u32
        })
        .collect();
    let net: Vec<i64> = (0..ORDERS).map(|_| random.gen_range(1_000_000..200_000_000)).collect();
    let mut days: Vec<Day> = (0..ORDERS).map(|_| Day(FIRST + random.gen_range(0..DAYS))).collect();
    let today = Day(FIRST + DAYS);
    let mut group = c.benchmark_group("rfm of 10 M orders");
    group.sample_size(10);
    group.bench_function("in any order", |b| {
        b.iter(|| black_box(Rfm::from_columns(CUSTOMERS, today, &customer, &days, &net)));
    });
    days.sort_unstable();
    group.bench_function("by day, as the warehouse has them", |b| {
        b.iter(|| black_box(Rfm::from_columns(CUSTOMERS, today, &customer, &days, &net)));
    });
    group.finish();
}

criterion_group!(benches, rfm);
criterion_main!(benches);
