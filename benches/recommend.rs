//! How long do user and item k-NN take to foretell the ratings of five folds?
//!
//! The size and shape of ML-100K, simulated: 943 users, 1,682 items, 100,000 ratings with popular items and busy users.

#![expect(clippy::expect_used, reason = "constants that are positive")]

use criterion::{Criterion, criterion_group, criterion_main};
use mercato::model::recommend::{Algo, Fallback, Form, Neighbours, Pair, Ratings};
use rand::seq::SliceRandom as _;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal, WeightedIndex};

const USERS: usize = 943;
const ITEMS: usize = 1_682;
const RATINGS: usize = 100_000;
const FOLDS: usize = 5;

type Fold = (Ratings, Vec<Pair>);

fn folds() -> Vec<Fold> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let spread = Normal::new(0.0, 1.1).expect("positive");
    let mut weights = |n: usize| {
        WeightedIndex::new((0..n).map(|_| f64::exp(spread.sample(&mut rng)))).expect("positive weights")
    };
    let (users, items) = (weights(USERS), weights(ITEMS));
    let mut pairs = std::collections::BTreeSet::new();
    while pairs.len() < RATINGS {
        pairs.insert((users.sample(&mut rng) as u32, items.sample(&mut rng) as u32));
    }
    let rows: Vec<(u32, u32, f64)> =
        pairs.into_iter().map(|(user, item)| (user, item, f64::from(rng.gen_range(1..=5)))).collect();
    let mut fold: Vec<usize> = (0..RATINGS).map(|row| row % FOLDS).collect();
    fold.shuffle(&mut rng);
    let of = |held: usize| {
        let train: Vec<&(u32, u32, f64)> =
            rows.iter().zip(&fold).filter(|row| *row.1 != held).map(|row| row.0).collect();
        let user: Vec<u32> = train.iter().map(|row| row.0).collect();
        let item: Vec<u32> = train.iter().map(|row| row.1).collect();
        let rating: Vec<f64> = train.iter().map(|row| row.2).collect();
        let test = rows.iter().zip(&fold).filter(|row| *row.1 == held);
        let pairs = test.map(|((user, item, _), _)| (Some(*user), Some(*item))).collect();
        (Ratings::new(USERS, ITEMS, &user, &item, &rating), pairs)
    };
    (0..FOLDS).map(of).collect()
}

fn recommend(c: &mut Criterion) {
    let folds = folds();
    let base = Neighbours {
        algo: Algo::UserCf,
        k: 40,
        form: Form::Centred,
        shrink: 0.0,
        fallback: Fallback::Global,
    };
    let run = |model: Neighbours| {
        folds.iter().map(|(ratings, pairs)| model.predict(ratings, pairs).len()).sum::<usize>()
    };
    let mut group = c.benchmark_group("recommend");
    group.sample_size(10);
    group.bench_function("user k-NN, five folds of 100k ratings", |b| b.iter(|| run(base)));
    group.bench_function("item k-NN, five folds of 100k ratings", |b| {
        b.iter(|| run(Neighbours { algo: Algo::ItemCf, ..base }));
    });
    group.finish();
}

criterion_group!(benches, recommend);
criterion_main!(benches);
