//! How long do the columns take to catch up with a day's 10,000 new orders, and how long does a whole load take?
//!
//! A shop of 400,000 orders of 40,000 customers on disk, three lines an order; the new orders are of its last day, one
//! in ten by a new customer. Both on the same store, in the same run.
#![expect(clippy::unwrap_used, reason = "a bench that cannot set its scene should stop right there")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use mercato::domain::{
    Currency, CustomerId, Day, Flags, Line, LineKind, Micros, NoWork, Order, OrderId, OrderStatus, Product,
    ProductId, Shop,
};
use mercato::store::{AnyRecord, Store};
use mercato::warehouse::{Refreshed, Warehouse};

const ORDERS: usize = 400_000;
const CUSTOMERS: usize = 40_000;
const PRODUCTS: usize = 3_000;
const DAYS: usize = 1_000;
const NEW_ORDERS: usize = 10_000;
const LINES: usize = 3;

fn order(n: usize, day: usize, customer: usize) -> Order {
    let placed_on = Day(19_000 + day as i32);
    let line = |k: usize| Line {
        n: k as u32 + 1,
        kind: LineKind::Product,
        product: Some(ProductId(format!("SKU-{}", (n * 31 + k * 7) % PRODUCTS))),
        item: None,
        options: Vec::new(),
        title: "Espresso Beans".into(),
        qty: 1,
        unit_price: Micros(12_500_000),
        discount: Micros::ZERO,
    };
    Order {
        id: OrderId(format!("{n:08}")),
        customer: Some(CustomerId(format!("C{customer:06}"))),
        placed_at: i64::from(placed_on.0) * 86_400 + (n % 86_400) as i64,
        placed_on,
        paid_at: None,
        status: OrderStatus::Completed,
        service_state: None,
        currency: Currency::EUR,
        city: Some(["Berlin", "Lyon", "Wien", "上海"][n % 4].into()),
        goods: Micros(37_500_000),
        shipping: Micros::ZERO,
        tax: Micros::ZERO,
        discount: Micros::ZERO,
        paid: Micros(37_500_000),
        lines: (0..LINES).map(line).collect(),
        payment_history: Vec::new(),
        fulfilments: Vec::new(),
        refunds: Vec::new(),
        flags: Flags::default(),
    }
}

fn product(n: usize) -> Product {
    Product {
        id: ProductId(format!("SKU-{n}")),
        name: format!("Product {n}"),
        category: Some(format!("Category {}", n % 20)),
        variants: Vec::new(),
        price: Some(Micros(12_500_000)),
        cost: None,
        stock: None,
    }
}

fn refresh(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    let shop = Shop { currency: Currency::EUR, timezone: "UTC".into(), churn_window_days: None };
    let old = (0..ORDERS).map(|n| order(n, n * DAYS / ORDERS, n * 7919 % CUSTOMERS).into());
    let records = (0..PRODUCTS).map(|n| AnyRecord::from(product(n))).chain(old);
    store.import_records(records, &shop, &NoWork).unwrap();
    let before = Warehouse::load(&store).unwrap();
    let customer = |n: usize| if n.is_multiple_of(10) { CUSTOMERS + n } else { n * 613 % CUSTOMERS };
    let new = (0..NEW_ORDERS).map(|n| order(ORDERS + n, DAYS - 1, customer(n)).into());
    store.import_records(new, &shop, &NoWork).unwrap();

    let mut group = criterion.benchmark_group("columns");
    group.sample_size(10);
    group.bench_function("10k new orders into 400k", |bench| {
        bench.iter_batched(
            || before.clone(),
            |mut columns| {
                assert_eq!(columns.refresh(&store).unwrap(), Refreshed::Changes);
                columns
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("whole load of 410k", |bench| bench.iter(|| Warehouse::load(&store).unwrap()));
    group.finish();
}

criterion_group!(benches, refresh);
criterion_main!(benches);
