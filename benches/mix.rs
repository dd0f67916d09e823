//! How long does it take to fit the media model to the sample shop (six channels, 104 weeks, five lift tests)?
//!
//! `posterior` makes every draw by NUTS (4 × 1,000); `map` by Laplace and importance weights; `performance` says the
//! figures of all channels from the kept draws.

#![expect(clippy::expect_used, reason = "the sample shop is what it is")]

use criterion::{Criterion, criterion_group, criterion_main};
use mercato::domain::NoWork;
use mercato::features::media::MediaInput;
use mercato::model::mix::{Kind, Method, Mix, Options};
use mercato::warehouse::{Records, Warehouse};

fn media() -> MediaInput {
    let shop = mercato::demo::generate(1);
    let records = Records {
        customers: shop.customers,
        products: shop.products,
        orders: shop.orders,
        spend: shop.spend,
        lift_tests: shop.lift_tests,
        ..Records::default()
    };
    let warehouse = Warehouse::from_records(1, shop.shop, &records);
    let today = warehouse.order_days().expect("orders").to;
    MediaInput::from_warehouse(&warehouse, today, Kind::Revenue).expect("two years of spend")
}

fn fits(criterion: &mut Criterion) {
    let media = media();
    let mut group = criterion.benchmark_group("mix");
    group.sample_size(10);
    for (name, method) in [("map", Method::Map), ("posterior", Method::Posterior)] {
        let options = Options { method, ..Options::default() };
        group.bench_function(name, |bencher| {
            bencher.iter(|| Mix::fit(&media.input, &options, &NoWork).expect("a fit"));
        });
    }
    let mix = Mix::fit(&media.input, &Options::default(), &NoWork).expect("a fit");
    group.bench_function("performance", |bencher| bencher.iter(|| mix.performance(91..104)));
    group.finish();
}

criterion_group!(benches, fits);
criterion_main!(benches);
