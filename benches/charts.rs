//! How long does a picture take, as SVG and as PNG?
#![expect(
    clippy::unwrap_used,
    dead_code,
    reason = "a bench that cannot set its scene should stop right there; it draws only some of the tests' samples"
)]

#[path = "../tests/it/support/charts.rs"]
mod samples;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use mercato::domain::Lang;
use mercato::prompts::Prompts;
use mercato::render::Templates;
use mercato::render::chart::{Words, draw, png};

fn charts(criterion: &mut Criterion) {
    let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
    let mut group = criterion.benchmark_group("charts");
    for sample in samples::each_kind() {
        let words = Words { templates: &templates, lang: Lang::Zh, title: sample.title(Lang::Zh), alt: "" };
        group.bench_function(format!("svg/{}", sample.name), |bencher| {
            bencher.iter(|| draw(black_box(&sample.chart), words));
        });
        let svg = draw(&sample.chart, words).svg;
        group.bench_function(format!("png/{}", sample.name), |bencher| {
            bencher.iter(|| png(black_box(&svg)).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, charts);
criterion_main!(benches);
