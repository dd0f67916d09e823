//! After any import the columns are what a whole load gives.
//!
//! Shops grow by random imports: new, changed, repeated and older orders, orders that change hands, customers who
//! appear, move and get names, products, refunds and costs, in two currencies. After each one the refreshed columns
//! are compared, struct by struct, with columns read afresh.

use mercato::domain::*;
use mercato::store::{AnyRecord, Store};
use mercato::warehouse::{Refreshed, Warehouse};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::support::records::{full_order, sparse_order};

const SEEDS: u64 = 24;
const IMPORTS: usize = 8;
const FIRST_ORDERS: usize = 400;
const CITIES: [&str; 6] = ["Aachen", "Berlin", "Lyon", "Wien", "上海", "Zürich"];

struct Dice(ChaCha8Rng);

impl Dice {
    fn up_to(&mut self, n: usize) -> usize {
        self.0.gen_range(0..n)
    }
    fn hits(&mut self, percent: usize) -> bool {
        self.up_to(100) < percent
    }
    fn city(&mut self, percent: usize) -> Option<String> {
        self.hits(percent).then(|| CITIES[self.up_to(CITIES.len())].to_owned())
    }
    fn currency(&mut self) -> Currency {
        if self.hits(5) { Currency::GBP } else { Currency::EUR }
    }

    fn customer(&mut self) -> Customer {
        let n = self.up_to(150);
        Customer {
            id: CustomerId(format!("c{n}")),
            name: self.hits(70).then(|| format!("Name {}", self.up_to(500))),
            email: self.hits(50).then(|| format!("{n}@example.com")),
            city: self.city(70),
            joined: self.hits(50).then_some(Day(20_000)),
            gender: None,
            birth_year: None,
            consent: Consent { email: self.hits(50).then_some(n.is_multiple_of(2)), ..Consent::default() },
        }
    }

    fn product(&mut self, n: usize) -> Product {
        Product {
            id: ProductId(format!("p{n}")),
            name: format!("Product {n}.{}", self.up_to(2)),
            category: self.hits(60).then(|| format!("Category {}", self.up_to(5))),
            variants: Vec::new(),
            price: Some(Micros(10_000_000)),
            cost: self.hits(50).then_some(Micros(4_000_000)),
            stock: self.hits(50).then_some(3),
        }
    }

    /// Days lie anywhere, most of them late, as in a shop that grows.
    fn order(&mut self, products: usize) -> Order {
        let n = self.up_to(900);
        let day = if self.hits(60) { 400 + self.up_to(10) } else { self.up_to(400) };
        let mut order = if self.hits(70) { full_order("") } else { sparse_order("") };
        order.id = OrderId(format!("o{n}"));
        order.customer = self.hits(85).then(|| CustomerId(format!("c{}", self.up_to(200))));
        order.placed_on = Day(20_000 + day as i32);
        order.placed_at = i64::from(order.placed_on.0) * 86_400 + self.up_to(5) as i64;
        order.city = self.city(40);
        order.currency = self.currency();
        order.status =
            [OrderStatus::Pending, OrderStatus::Paid, OrderStatus::Completed, OrderStatus::Cancelled]
                [self.up_to(4)];
        order.service_state = None;
        order.goods = Micros(self.up_to(100) as i64 * 1_000_000);
        for line in &mut order.lines {
            line.product = self.hits(95).then(|| ProductId(format!("p{}", self.up_to(products))));
            line.title = format!("Title {}", self.up_to(9));
        }
        for refund in &mut order.refunds {
            refund.day = self.hits(60).then(|| order.placed_on.plus(self.up_to(40) as i32));
        }
        order
    }

    fn refund(&mut self, products: usize) -> UnlinkedRefund {
        UnlinkedRefund {
            id: format!("r{}", self.up_to(40)),
            n: 1,
            at: 0,
            on: Day(20_000 + self.up_to(400) as i32),
            customer: self.hits(70).then(|| CustomerId(format!("c{}", self.up_to(230)))),
            product: self.hits(70).then(|| ProductId(format!("p{}", self.up_to(products)))),
            qty: 1,
            amount: Micros(1_000_000 * self.up_to(9) as i64),
            currency: self.currency(),
        }
    }

    fn spend(&mut self) -> Spend {
        Spend {
            day: Day(20_000 + self.up_to(20) as i32),
            channel: format!("channel {}", self.up_to(4)),
            account: None,
            campaign: None,
            cost: Micros(1_000_000 * self.up_to(9) as i64),
            currency: self.currency(),
            impressions: None,
            clicks: None,
            conversions: None,
        }
    }

    fn feedback(&mut self, products: usize) -> Feedback {
        Feedback {
            id: format!("f{}", self.up_to(400)),
            at: self.up_to(99) as i64,
            on: Day(20_000 + self.up_to(400) as i32),
            customer: self.hits(70).then(|| CustomerId(format!("c{}", self.up_to(260)))),
            product: self.hits(70).then(|| ProductId(format!("p{}", self.up_to(products)))),
            rating: self.hits(50).then_some(3),
            text: "fine".into(),
            source: "review".into(),
            lang: None,
        }
    }

    fn interaction(&mut self, products: usize) -> Interaction {
        Interaction {
            id: format!("i{}", self.up_to(400)),
            at: self.up_to(99) as i64,
            on: Day(20_000 + self.up_to(400) as i32),
            customer: CustomerId(format!("c{}", self.up_to(260))),
            product: self.hits(70).then(|| ProductId(format!("p{}", self.up_to(products)))),
            kind: InteractionKind::Open,
            channel: self.hits(70).then(|| "email".into()),
            campaign: self.hits(70).then(|| format!("campaign {}", self.up_to(9))),
            variant: None,
            value: None,
        }
    }

    fn import(&mut self, orders: usize, products: usize) -> Vec<AnyRecord> {
        let mut records: Vec<AnyRecord> = (0..orders).map(|_| self.order(products).into()).collect();
        for _ in 0..self.up_to(8) {
            records.push(self.customer().into());
        }
        if self.hits(50) {
            let n = self.up_to(products);
            records.push(self.product(n).into());
        }
        if self.hits(30) {
            records.push(self.refund(products).into());
        }
        if self.hits(30) {
            records.push(self.spend().into());
        }
        if self.hits(5) {
            records.push(self.feedback(products).into());
        }
        records
    }
}

fn shop(churn_window_days: Option<i32>) -> Shop {
    Shop { currency: Currency::EUR, timezone: "UTC".into(), churn_window_days }
}

/// Columns that differ are named; the whole of them would be pages.
#[track_caller]
fn check(refreshed: &Warehouse, store: &Store, what: &str) {
    let fresh = Warehouse::load(store).unwrap();
    assert!(refreshed.customers == fresh.customers, "{what}: customers");
    assert!(refreshed.products == fresh.products, "{what}: products");
    assert!(refreshed.orders == fresh.orders, "{what}: orders");
    assert!(refreshed.lines == fresh.lines, "{what}: lines");
    assert!(refreshed == &fresh, "{what}: {refreshed:?}\n{fresh:?}");
}

#[test]
fn refreshed_columns_are_those_of_a_whole_load() {
    let (mut from_changes, mut whole) = (0, 0);
    for seed in 0..SEEDS {
        let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
        let store = Store::memory();
        // Every fourth shop has products that only lines name.
        let (products, known) = if seed % 4 == 0 { (24, 20) } else { (24, 24) };
        let mut records = dice.import(FIRST_ORDERS, products);
        records.extend((0..60).map(|_| AnyRecord::from(dice.feedback(products))));
        records.extend((0..60).map(|_| AnyRecord::from(dice.interaction(products))));
        records.extend((0..known).map(|n| AnyRecord::from(dice.product(n))));
        store.import_records(records, &shop(None), &NoWork).unwrap();
        let mut columns = Warehouse::load(&store).unwrap();
        for import in 0..IMPORTS {
            // Some refreshes cover two imports.
            for _ in 0..=usize::from(dice.hits(20)) {
                let orders = [0, 1, 3, 12, 40][dice.up_to(5)];
                store.import_records(dice.import(orders, products), &shop(None), &NoWork).unwrap();
            }
            match columns.refresh(&store).unwrap() {
                Refreshed::Changes => from_changes += 1,
                Refreshed::Whole => whole += 1,
                Refreshed::Nothing => {}
            }
            check(&columns, &store, &format!("seed {seed}, import {import}"));
        }
    }
    println!("{from_changes} refreshes from changes, {whole} whole loads");
    assert!(from_changes > 2 * whole && whole > 0, "{from_changes} from changes, {whole} whole");
}

#[test]
fn the_same_file_again_refreshes_nothing() {
    let store = Store::memory();
    let records = || [AnyRecord::from(full_order("A-1"))];
    store.import_records(records(), &shop(None), &NoWork).unwrap();
    let mut columns = Warehouse::load(&store).unwrap();
    store.import_records(records(), &shop(None), &NoWork).unwrap();
    assert_eq!(columns.refresh(&store).unwrap(), Refreshed::Nothing);
}

#[test]
fn a_process_that_just_opened_the_store_reads_everything() {
    let dir = tempfile::tempdir().unwrap();
    let mut old = {
        let store = Store::create(dir.path()).unwrap();
        store.import_records([AnyRecord::from(full_order("A-1"))], &shop(None), &NoWork).unwrap();
        let old = Warehouse::load(&store).unwrap();
        store.import_records([AnyRecord::from(sparse_order("A-2"))], &shop(None), &NoWork).unwrap();
        old
    };
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(old.refresh(&store).unwrap(), Refreshed::Whole);
    check(&old, &store, "after opening");
}
