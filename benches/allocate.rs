//! The best split of a budget over S-shaped channels, with its certificate: 10 and 50 channels.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use mercato::model::allocate::{Channel, Problem, allocate};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn problem(random: &mut ChaCha8Rng, channels: usize) -> Problem {
    let channel = |i: usize| {
        let scale = 10_f64.powf(random.gen_range(2.0..4.0));
        Channel {
            name: format!("c{i}"),
            beta: scale * random.gen_range(0.5..4.0),
            half_saturation: scale * random.gen_range(0.4..2.0),
            slope: random.gen_range(0.7..4.0),
            min: 0.0,
            max: Some(scale * random.gen_range(2.0..6.0)),
        }
    };
    let channels: Vec<Channel> = (0..channels).map(channel).collect();
    let most: f64 = channels.iter().filter_map(|channel| channel.max).sum();
    Problem { total: (most * random.gen_range(5.0..90.0)).round() / 100.0, channels }
}

fn splits(c: &mut Criterion) {
    let mut group = c.benchmark_group("allocate");
    for channels in [10, 50] {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        group.bench_function(format!("{channels} channels"), |b| {
            b.iter_batched(
                || problem(&mut random, channels),
                |problem| black_box(allocate(&problem)),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, splits);
criterion_main!(benches);
