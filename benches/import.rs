//! How fast does a file come in, and how fast are orders read again?
//!
//! A generated file of UCI's kind (50,000 lines, the rows of an invoice scattered), the demo shop's records through
//! the import's own path, and a scan over its orders. Each on disk, in a new folder.
#![expect(clippy::unwrap_used, reason = "a bench that cannot set its scene should stop right there")]

use std::fmt::Write;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use mercato::demo;
use mercato::domain::{Clock, Day, NoWork, Order};
use mercato::store::import::{Options, import_file};
use mercato::store::{AnyRecord, Store};

const LINES: usize = 50_000;
const LINES_PER_INVOICE: usize = 26;
const DEMO_SEED: u64 = 1;

fn lines() -> String {
    let mut text =
        String::from("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n");
    let invoices = LINES / LINES_PER_INVOICE;
    let first = Day::from_ymd(2010, 12, 1).unwrap();
    for n in 0..LINES {
        let (invoice, product) = ((n * 7) % invoices, (n * 31) % 3_900);
        let day = first.plus((invoice * 373 / invoices) as i32);
        let (customer, cents) = (12_000 + invoice % 900, 1 + (product * 37) % 1_500);
        let (number, code, qty, hour) = (536_365 + invoice, 20_000 + product, 1 + n % 12, 8 + invoice % 10);
        let price = format!("{}.{:02}", cents / 100, cents % 100);
        writeln!(text, "{number},{code},PRODUCT {product},{qty},{day} {hour:02}:26,{price},{customer},UK")
            .unwrap();
    }
    text
}

fn file(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lines.csv");
    std::fs::write(&path, lines()).unwrap();
    let mut group = criterion.benchmark_group("import");
    group.sample_size(10).throughput(Throughput::Elements(LINES as u64));
    group.bench_function("uci 50k lines", |bench| {
        bench.iter_batched(
            || {
                let dir = tempfile::tempdir().unwrap();
                (Store::create(dir.path()).unwrap(), dir)
            },
            |(store, dir)| {
                import_file(&store, &path, &Options::default(), &Clock::system(None), &NoWork).unwrap();
                (store, dir)
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn records(criterion: &mut Criterion) {
    let shop = demo::generate(DEMO_SEED);
    let records: Vec<AnyRecord> = (shop.customers.into_iter().map(AnyRecord::from))
        .chain(shop.products.into_iter().map(AnyRecord::from))
        .chain(shop.orders.into_iter().map(AnyRecord::from))
        .chain(shop.spend.into_iter().map(AnyRecord::from))
        .collect();
    let mut group = criterion.benchmark_group("records");
    group.sample_size(10).throughput(Throughput::Elements(records.len() as u64));
    group.bench_function("demo shop in", |bench| {
        bench.iter_batched(
            || {
                let dir = tempfile::tempdir().unwrap();
                (Store::create(dir.path()).unwrap(), dir, records.clone())
            },
            |(store, dir, records)| {
                store.import_records(records, &shop.shop, &NoWork).unwrap();
                (store, dir)
            },
            BatchSize::PerIteration,
        );
    });
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    store.import_records(records, &shop.shop, &NoWork).unwrap();
    group.bench_function("scan the demo's orders", |bench| {
        bench.iter(|| store.scan::<Order>().map(|order| order.unwrap().lines.len()).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, file, records);
criterion_main!(benches);
