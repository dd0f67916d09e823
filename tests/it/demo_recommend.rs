//! Recommendations meet what the sample shop's customers come to buy, more often than the most popular products do.
//!
//! The row *recommendation* of DEFINITIONS §12: the first five new products for everybody who buys something new to them
//! in the 90 days after the data (the truth), by the method that `auto` takes, against the most bought products each does
//! not have (knowing everybody's taste and all weights would give × 1.35); planted pairs are first among what goes
//! together. The seeds that grade (301 … 312) tuned nothing; three run always, all with `MERCATO_ALL_SEEDS=1`.

use std::collections::HashMap;

use mercato::demo;
use mercato::domain::{Clock, NoWork, Principal};
use mercato::features::recommend::strengths;
use mercato::model::Models;
use mercato::model::recommend::{Method, Recommender, best};
use mercato::store::Store;
use mercato::tool::{self, NothingSaid, ToolContext};
use mercato::warehouse::{Records, Warehouse};
use serde_json::{Value, json};

const LISTED: usize = 5;
const PAIRS: [(&str, &str); 3] = [
    ("Espresso Beans 1kg", "Milk Frother"),
    ("Pour-over Kettle", "Paper Filters 100 pcs"),
    ("Oolong Tea 250g", "Gift Box Classic"),
];

struct Shop {
    warehouse: Warehouse,
    truth: demo::Truth,
    models: Models,
}

impl Shop {
    fn of(seed: u64) -> Self {
        let made = demo::generate(seed);
        let records = Records {
            customers: made.customers,
            products: made.products,
            orders: made.orders,
            interactions: made.interactions,
            ..Records::default()
        };
        let warehouse = Warehouse::from_records(1, made.shop, &records);
        Self { warehouse, truth: made.truth, models: Models::default() }
    }

    fn ask(&self, args: &Value) -> Value {
        let principal = Principal::local_manager();
        let context = ToolContext {
            principal: &principal,
            store: &Store::memory(),
            warehouse: &self.warehouse,
            models: &self.models,
            clock: Clock::system(None),
            said: &NothingSaid,
            work: &NoWork,
        };
        let tool = tool::find(principal.role, "recommend_products").unwrap();
        (tool.run)(&context, &(tool.check)(args).unwrap()).unwrap().output
    }
}

/// Share of the customers with something new whose list met it, and of the new that was listed, by method; and the
/// method that `auto` takes.
fn measure(shop: &Shop) -> (HashMap<Method, (f64, f64)>, String) {
    let warehouse = &shop.warehouse;
    let today = warehouse.order_days().unwrap().to;
    let recommender = Recommender::fit(strengths(warehouse, today), &NoWork).unwrap();
    let offered = |product: u32| warehouse.products.stock[product as usize] != Some(0);
    let mut sums: HashMap<Method, (f64, f64)> = HashMap::new();
    let mut n = 0.0;
    for customer in shop.truth.customers.iter().filter(|customer| !customer.next_new.is_empty()) {
        let row = warehouse.customers.by_id[&customer.id.0];
        if recommender.strengths.order_days(row).is_empty() {
            continue;
        }
        let new: Vec<u32> = customer
            .next_new
            .iter()
            .map(|product| warehouse.products.by_id[&product.0])
            .filter(|product| !recommender.strengths.bought(row, *product))
            .collect();
        if new.is_empty() {
            continue;
        }
        n += 1.0;
        for method in Method::ALL {
            let scores = recommender.scores(method, row);
            let free = |product: u32| offered(product) && !recommender.strengths.bought(row, product);
            let hits = best(&scores, free, LISTED).iter().filter(|product| new.contains(product)).count();
            let sum = sums.entry(method).or_default();
            sum.0 += f64::from(u8::from(hits > 0));
            sum.1 += hits as f64 / new.len().min(LISTED) as f64;
        }
    }
    sums.values_mut().for_each(|sum| *sum = (sum.0 / n, sum.1 / n));
    let used = shop.ask(&json!({"customer": "C00042"}))["method"].as_str().unwrap().to_owned();
    (sums, used)
}

fn seeds() -> Vec<u64> {
    if let Ok(list) = std::env::var("MERCATO_RECOMMEND_SEEDS") {
        return list.split(',').map(|seed| seed.parse().unwrap()).collect();
    }
    if std::env::var_os("MERCATO_ALL_SEEDS").is_some() {
        (301..=312).collect()
    } else {
        (301..=303).collect()
    }
}

#[test]
fn new_products_are_met_more_often_than_by_the_popular_ones() {
    let seeds = seeds();
    let mut total: HashMap<Method, (f64, f64)> = HashMap::new();
    let (mut chosen, mut first, mut asked) = ((0.0, 0.0), 0, 0);
    for seed in &seeds {
        let shop = Shop::of(*seed);
        let (rows, used) = measure(&shop);
        let of = |key: &str| rows[&Method::ALL.into_iter().find(|method| method.key() == key).unwrap()];
        println!(
            "seed {seed}: auto takes {used}; hit@5 {:.3}, popular {:.3}, × {:.3}; recall@5 × {:.3}",
            of(&used).0,
            of("popular").0,
            of(&used).0 / of("popular").0,
            of(&used).1 / of("popular").1
        );
        chosen = (chosen.0 + of(&used).0, chosen.1 + of(&used).1);
        for (method, row) in &rows {
            let sum = total.entry(*method).or_default();
            *sum = (sum.0 + row.0, sum.1 + row.1);
        }
        for (a, b) in PAIRS {
            let output = shop.ask(&json!({"product": a}));
            asked += 1;
            if output["discover"][0]["product"] == b {
                first += 1;
            } else {
                println!("seed {seed}: {a} is with {}", output["discover"][0]);
            }
        }
    }
    let popular = total[&Method::Popular];
    for method in Method::ALL {
        let row = total[&method];
        println!(
            "{}: hit@5 {:.4} (× {:.3}), recall@5 {:.4} (× {:.3})",
            method.key(),
            row.0 / seeds.len() as f64,
            row.0 / popular.0,
            row.1 / seeds.len() as f64,
            row.1 / popular.1
        );
    }
    println!(
        "auto: hit@5 × {:.3}, recall@5 × {:.3}; planted pairs first {first} of {asked}",
        chosen.0 / popular.0,
        chosen.1 / popular.1
    );
    assert_eq!(first, asked, "planted pairs come first");
    let bar = if seeds.len() >= 12 { 1.3 } else { 1.25 };
    assert!(chosen.0 / popular.0 >= bar, "hit@5 against the popular products");
}
