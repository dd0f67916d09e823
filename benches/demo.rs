//! How long does the demo shop take to make, and to store?
//!
//! Seed 1, all nine lines of its definition. Asked for: made in ≤ 1 s, stored through the import's own path in ≤ 5 s.
#![expect(clippy::unwrap_used, reason = "a bench that cannot set its scene should stop right there")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use mercato::demo;
use mercato::domain::NoWork;
use mercato::store::{AnyRecord, Store};

const SEED: u64 = 1;

fn shop(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("demo");
    group.sample_size(10);
    group.bench_function("make", |bench| bench.iter(|| demo::generate(SEED)));
    let made = demo::generate(SEED);
    let shop = made.shop.clone();
    let records: Vec<AnyRecord> = demo::records(made).collect();
    group.bench_function("store", |bench| {
        bench.iter_batched(
            || {
                let dir = tempfile::tempdir().unwrap();
                (Store::create(dir.path()).unwrap(), dir, records.clone())
            },
            |(store, dir, records)| {
                store.import_records(records, &shop, &NoWork).unwrap();
                (store, dir)
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, shop);
criterion_main!(benches);
