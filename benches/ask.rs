//! How long does a question take, from the words to the checked answer, with fitted models?
//!
//! In process, on the sample shop of seed 1; asked for: p50 ≤ 150 ms.
#![expect(clippy::unwrap_used, reason = "a bench that cannot set its scene should stop right there")]

use criterion::{Criterion, criterion_group, criterion_main};
use mercato::agent::Question;
use mercato::app::App;
use mercato::config::Config;
use mercato::demo;
use mercato::domain::{NoWork, Principal};
use tokio_util::sync::CancellationToken;

fn ask(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let store = demo::open(dir.path(), 1, &NoWork).unwrap();
    let app = App::over(store, &Config::default()).unwrap();
    let agent = app.agent();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("ask");
    group.sample_size(20);
    for (name, text) in [
        ("metric", "sales last month against a year ago"),
        ("metric_zh", "上个月各城市销售额"),
        ("clv", "Which customers will be worth most over the next six months?"),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let question = Question {
                    principal: Principal::local_manager(),
                    conversation: None,
                    text: text.to_owned(),
                    lang: None,
                };
                runtime.block_on(agent.ask(question, CancellationToken::new())).unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, ask);
criterion_main!(benches);
