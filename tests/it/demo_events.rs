//! What happened to the demo shop is to be found in its data, and nothing else moved because of it.
//!
//! Line 7 of DEFINITIONS §12. Method: the fingerprints below were taken before the events existed; the shop without
//! events still has them, and the shop with events has them in everything that the events do not touch. Then the
//! events are looked for in the data, with the questions a manager would ask.
use std::collections::HashMap;
use std::sync::LazyLock;

use mercato::demo::{self, DemoShop, EventKind, EventTruth, Streams};
use mercato::domain::{Clock, Customer, Day, Line, NoWork, Order, Principal, Refund, Spend};
use mercato::model::Models;
use mercato::store::Store;
use mercato::tool::{self, ToolContext};
use mercato::warehouse::{Records, Warehouse};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const SEED: u64 = 7;

fn shop() -> &'static DemoShop {
    static SHOP: LazyLock<DemoShop> = LazyLock::new(|| demo::generate(SEED));
    &SHOP
}

fn without() -> &'static DemoShop {
    static WITHOUT: LazyLock<DemoShop> =
        LazyLock::new(|| demo::generate_from(&Streams::of(SEED).without_events()));
    &WITHOUT
}

/// SHA-256 of lines of text, so that a field added to a record changes nothing here.
fn fingerprint(lines: impl Iterator<Item = String>) -> String {
    let mut hash = Sha256::new();
    for line in lines {
        hash.update(line);
        hash.update("\n");
    }
    format!("{:x}", hash.finalize())
}

fn customer_line(customer: &Customer) -> String {
    let Customer { id, name, email, city, joined, birth_year, consent, .. } = customer;
    format!("{id} {name:?} {email:?} {city:?} {joined:?} {birth_year:?} {consent:?}")
}

fn spend_line(row: &Spend) -> String {
    format!("{} {} {}", row.day, row.channel, row.cost.0)
}

fn placed_line(order: &Order) -> String {
    format!("{} {:?} {} {}", order.id, order.customer, order.placed_at, order.placed_on)
}

fn contents_line(order: &Order) -> String {
    let line = |l: &Line| format!("{} {:?} {} {} {}", l.n, l.item, l.qty, l.unit_price.0, l.discount.0);
    let lines: Vec<_> = order.lines.iter().map(line).collect();
    let refund = |r: &Refund| format!("{:?} {:?} {} {}", r.day, r.line, r.qty, r.amount.0);
    let refunds: Vec<_> = order.refunds.iter().map(refund).collect();
    format!("{} {:?} {} {lines:?} {refunds:?}", order.id, order.status, order.shipping.0)
}

fn truth_line(customer: &demo::CustomerTruth) -> String {
    let demo::CustomerTruth { id, lambda, p, basket, lapsing, alive, taste, .. } = customer;
    let [lambda, p, basket] = [lambda, p, basket].map(|value| (value * 1e9).round());
    let next = customer.next.iter().map(|(days, f)| format!("{days} {} {:.2}", f.orders, f.revenue));
    let next: Vec<_> = next.collect();
    format!("{id} {lambda} {p} {basket} {lapsing} {alive} {taste:?} {next:?}")
}

#[test]
fn no_earlier_number_moved() {
    let check = |what: &str, found: String, before: &str| assert_eq!(found, before, "{what}");
    for shop in [shop(), without()] {
        check(
            "customers",
            fingerprint(shop.customers.iter().map(customer_line)),
            "ab09e43b7ba454c0d1b28077150b66dd63bbe6485a9af29699305026effa8c1e",
        );
        check(
            "spend",
            fingerprint(shop.spend.iter().map(spend_line)),
            "c6c055ad7b0fd87f4457544f9f2d95e86700c79fb70b825d41c07e484cfdfadf",
        );
        check(
            "who orders when",
            fingerprint(shop.orders.iter().map(placed_line)),
            "4c1d99fb605ab3f9cc69cd53e8e2bbe3ba8e50a6ea7141a8bf24bd9492a557ae",
        );
    }
    check(
        "what is in the orders",
        fingerprint(without().orders.iter().map(contents_line)),
        "9f8424867f7a59027af26d468fa8ba1f9c8bfbac82110fa72fc07ed46651c9f2",
    );
    check(
        "the customers' truth",
        fingerprint(without().truth.customers.iter().map(truth_line)),
        "a09646f9cc3e3c0a49ba994a2e9450beee319b22d0335b85e3c33eebd8435d97",
    );
}

fn april() -> Day {
    Day::from_ymd(2026, 4, 1).unwrap()
}

fn sold_out(order: &Order) -> bool {
    let days = Day::from_ymd(2026, 5, 11).unwrap()..=Day::from_ymd(2026, 5, 31).unwrap();
    order.city.as_deref() == Some("Berlin") && days.contains(&order.placed_on)
}

fn is_tea(line: &Line) -> bool {
    (13..=24).contains(&line.product.as_ref().unwrap().0.trim_start_matches('P').parse::<u32>().unwrap())
}

#[test]
fn an_order_that_no_event_concerns_is_the_same_to_the_byte() {
    let espresso = |line: &Line| line.title == "Espresso Beans 1kg";
    let mut touched = 0;
    for (with, without) in shop().orders.iter().zip(&without().orders) {
        let concerned = without.lines.iter().any(|line| {
            (is_tea(line) && without.placed_on >= april()) || (espresso(line) && sold_out(without))
        });
        assert!(concerned || with == without, "{}", with.id);
        touched += usize::from(with != without);
    }
    assert!((1_000..3_500).contains(&touched), "{touched} orders touched");
}

#[test]
fn tea_is_dearer_by_eight_percent_and_sells_six_percent_less() {
    let (mut planned, mut sold) = (0, 0);
    let mut rises = Vec::new();
    let old: HashMap<_, _> = without().products.iter().map(|p| (&p.id, p.price.unwrap())).collect();
    let new: HashMap<_, _> = shop().products.iter().map(|p| (&p.id, p)).collect();
    for (with, without) in shop().orders.iter().zip(&without().orders) {
        for line in with.lines.iter().filter(|line| is_tea(line)) {
            let product = line.product.as_ref().unwrap();
            let dearer = with.placed_on >= april();
            let list = if dearer { new[product].price.unwrap() } else { old[product] };
            assert_eq!(line.unit_price, list, "{}", with.id);
            rises.push(if dearer { line.unit_price.to_f64() / old[product].to_f64() } else { 1.08 });
            sold += if dearer { line.qty } else { 0 };
        }
        if without.placed_on >= april() {
            planned += without.lines.iter().filter(|line| is_tea(line)).map(|line| line.qty).sum::<i64>();
        }
    }
    assert!(rises.iter().all(|rise| (rise - 1.08).abs() < 0.001), "prices in whole cents");
    let change = sold as f64 / planned as f64 - 1.0;
    let sampling = (0.06 * 0.94 / planned as f64).sqrt();
    assert!((change + 0.06).abs() < 3.0 * sampling, "{change} of {planned}");
    let event = event(EventKind::PriceRise);
    assert_eq!((event.units, event.units_without), (sold, planned));
    assert_eq!((event.from, event.to, event.products.len()), (april(), None, 12));
    for (before, after) in without().products.iter().zip(&shop().products) {
        let rate = |p: &mercato::domain::Product| p.cost.unwrap().to_f64() / p.price.unwrap().to_f64();
        assert!((rate(before) - rate(after)).abs() < 0.001, "the margin of {}", after.name);
    }
}

fn event(kind: EventKind) -> &'static EventTruth {
    shop().truth.events.iter().find(|event| event.kind == kind).unwrap()
}

#[test]
fn espresso_beans_cannot_be_had_in_berlin_for_three_weeks() {
    let pieces = |shop: &DemoShop, here: &dyn Fn(&Order) -> bool| -> i64 {
        let orders = shop.orders.iter().filter(|order| here(order));
        orders.flat_map(|o| &o.lines).filter(|l| l.title == "Espresso Beans 1kg").map(|l| l.qty).sum()
    };
    assert_eq!(pieces(shop(), &sold_out), 0);
    let lost = pieces(without(), &sold_out);
    assert!(lost > 20, "{lost}");
    assert_eq!(event(EventKind::StockOut).units_without, lost);
    let elsewhere = |order: &Order| !sold_out(order);
    // other coffee is sold for it, but a tea customer may take espresso for dear tea
    let (with, without) = (pieces(shop(), &elsewhere), pieces(without(), &elsewhere));
    assert!(with >= without && with - without < 40, "{with} {without}");
}

struct House {
    store: Store,
    warehouse: Warehouse,
    models: Models,
}

impl House {
    fn of(shop: &DemoShop) -> Self {
        let records = Records {
            customers: shop.customers.clone(),
            products: shop.products.clone(),
            orders: shop.orders.clone(),
            spend: shop.spend.clone(),
            ..Records::default()
        };
        let warehouse = Warehouse::from_records(1, shop.shop.clone(), &records);
        Self { store: Store::memory(), warehouse, models: Models::default() }
    }

    /// What `query_metrics` answers.
    fn ask(&self, args: &Value) -> Value {
        let principal = Principal::local_manager();
        let context = ToolContext {
            principal: &principal,
            store: &self.store,
            warehouse: &self.warehouse,
            models: &self.models,
            clock: Clock::system(None),
            said: &tool::NothingSaid,
            work: &NoWork,
        };
        let tool = tool::find(principal.role, "query_metrics").unwrap();
        (tool.run)(&context, &(tool.check)(args).unwrap()).unwrap().output
    }

    fn tea(&self, metric: &str, period: &str) -> f64 {
        let args = json!({"metric": metric, "period": period, "filter": {"category": "Tea"}});
        self.ask(&args)["value"].as_f64().unwrap()
    }
}

#[test]
fn a_manager_finds_the_events_in_the_figures() {
    let (with, without) = (House::of(shop()), House::of(without()));
    let against = |metric: &str, period: &str| with.tea(metric, period) / without.tea(metric, period);
    assert_eq!(against("units", "last_quarter").to_bits(), 1.0_f64.to_bits());
    let units = against("units", "this_quarter");
    assert!((0.93..0.95).contains(&units), "{units}");
    let price = |period: &str| with.tea("revenue", period) / with.tea("units", period);
    let rise = price("this_quarter") / price("last_quarter");
    assert!((1.05..1.11).contains(&rise), "by the mix of teas too: {rise}");

    let weeks = with.ask(&json!({
        "metric": "units",
        "period": {"from": "2026-04-20", "to": "2026-06-21"},
        "group_by": "week",
        "filter": {"product": "Espresso Beans 1kg", "city": "Berlin"},
    }));
    let units: Vec<i64> = weeks["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|week| week["value"].as_f64().unwrap() as i64)
        .collect();
    assert_eq!(units.len(), 9);
    assert_eq!(&units[3..6], [0, 0, 0], "{units:?}");
    assert!(units[..3].iter().chain(&units[6..]).all(|units| *units > 0), "{units:?}");
}
