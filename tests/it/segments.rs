//! Every customer is in exactly one segment, and the segments add up to the shop.
//!
//! Small shops whose segments can be told by hand, then the sample shop: sizes, shares and revenue add up, the grid
//! counts the same people, every answer reads in both languages through the ledger, every follow-up runs.

use std::sync::Arc;

use mercato::prompts::Prompts;
use mercato::render::Templates;
use mercato::tool::Outcome;
use serde_json::{Value, json};

use crate::support::reading::{demo, reads_well, runs};
use crate::support::small_shop::{SmallShop, call, day};

/// 60 customers: c00 … c29 bought once on 1 March, c30 … c59 also on each of the days before it, the more the higher
/// their number; everybody paid 10 a day.
fn sixty() -> SmallShop {
    let mut shop = SmallShop::default();
    for customer in 0..60 {
        for n in 0..=(customer - 29).max(0) {
            let on = day("2026-03-01").plus(-n).to_string();
            shop.order(&format!("{customer}-{n}"), &on, &format!("c{customer:02}"), &[("A", 1, 10.0)]);
        }
    }
    shop
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// segment → (customers, share, revenue, revenue share, recency, frequency, monetary)
fn rows(outcome: &Outcome<Value>) -> Vec<(String, [f64; 7])> {
    let keys = ["customers", "share", "revenue", "revenue_share", "recency", "frequency", "monetary"];
    let row = |row: &Value| (row["segment"].as_str().unwrap().to_owned(), keys.map(|key| number(&row[key])));
    outcome.output["segments"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn segments_of_a_small_shop_by_hand() {
    let mut shop = sixty();
    shop.customer("prospect", "", None);
    let outcome = call(&shop.warehouse(), "segment_customers", &json!({})).unwrap();
    // everybody bought last on the same day, so nobody is below anybody: R = 1. F: 30 once are 1, the rest a
    // quarter each of 8, 7, 8, 7 for 2 to 5.
    let segments = rows(&outcome);
    let sizes: Vec<(&str, f64)> = segments.iter().map(|(key, row)| (key.as_str(), row[0])).collect();
    assert_eq!(sizes, [("at_risk", 15.0), ("cant_lose", 7.0), ("lost", 38.0)]);
    let lost = segments.iter().find(|(key, _)| key == "lost").unwrap().1;
    // 30 with one day and 8 with 2 … 9 days of 10 each
    let days = 30.0 + f64::from((2..=9).sum::<i32>());
    let all = 30.0 + f64::from((2..=31).sum::<i32>());
    let expected = [38.0, 38.0 / 60.0, 10.0 * days, days / all, 0.0, days / 38.0, 10.0 * days / 38.0];
    for (found, expected) in lost.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9, "{lost:?}");
    }
    assert_eq!(outcome.output["n_prospects"], 1);
    let lost = outcome.facts.iter().find(|fact| fact.id == "grid.r1f1").unwrap();
    assert!((lost.value - 30.0).abs() < 1e-9);
}

#[test]
fn fewer_than_fifty_are_a_list() {
    let mut shop = SmallShop::default();
    shop.order("1", "2026-03-01", "a", &[("A", 1, 10.0)]);
    shop.order("2", "2026-03-04", "b", &[("A", 2, 10.0)]);
    shop.order("3", "2026-03-05", "a", &[("A", 3, 10.0)]);
    let outcome = call(&shop.warehouse(), "segment_customers", &json!({"method": "rfm"})).unwrap();
    assert_eq!(outcome.output["kind"], "list");
    let first = &outcome.output["customers"][0];
    assert_eq!((first["id"].as_str(), first["frequency"].as_u64()), (Some("a"), Some(2)));
    assert_eq!((number(&first["monetary"]), number(&first["recency"])), (40.0, 0.0));
    assert!(outcome.notes.iter().any(|note| note.key == "segments_too_few"));
    let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
    reads_well(&templates, "segment_customers", &json!({}), &outcome);
}

#[test]
fn nobody_to_segment_and_unknown_methods_are_refused() {
    let mut shop = SmallShop::default();
    shop.order("1", "2026-03-01", "", &[("A", 1, 10.0)]);
    let error = call(&shop.warehouse(), "segment_customers", &json!({})).unwrap_err();
    assert_eq!(error.code, "segments_no_customers");
    for args in [json!({"method": "kmeans"}), json!({"k": 4})] {
        assert_eq!(call(demo(), "segment_customers", &args).unwrap_err().code, "args_not_valid");
    }
}

#[test]
fn the_segments_of_the_sample_shop_add_up_and_read_well() {
    let outcome = call(demo(), "segment_customers", &json!({})).unwrap();
    let segments = rows(&outcome);
    assert_eq!(segments.len(), 11, "the sample shop has every segment");
    let sum = |at: usize| -> f64 { segments.iter().map(|(_, row)| row[at]).sum() };
    let fact = |name: &str| outcome.facts.iter().find(|fact| fact.id == name).unwrap().value;
    assert!((sum(0) - fact("customers")).abs() < 1e-9);
    assert!((sum(1) - 1.0).abs() < 1e-9 && (sum(3) - 1.0).abs() < 1e-9);
    let grid = outcome.output["grid"].as_array().unwrap();
    let of = |key: &str| -> f64 {
        grid.iter().filter(|cell| cell["segment"] == key).map(|cell| number(&cell["customers"])).sum()
    };
    for (key, row) in &segments {
        assert!((of(key) - row[0]).abs() < 1e-9, "{key}");
    }
    // what the customers with a key brought, counted by the metrics, in all time
    let revenue = call(demo(), "query_metrics", &json!({"metric": "revenue", "period": "all"})).unwrap();
    assert!((sum(2) - number(&revenue.output["value"])).abs() < 1e-3);
    let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
    for (lang, questions) in reads_well(&templates, "segment_customers", &json!({}), &outcome) {
        runs(lang, &questions);
    }
}
