//! A figure means what the definitions say, whatever it is split by, narrowed to or set against.
//!
//! Small shops whose figures are worked out by hand; then the demo shop, where parts must add up to the whole and
//! every answer must read in both languages through the ledger. The recount of the whole grid by separate code is
//! `tests/recount.py`.

use std::sync::Arc;

use mercato::agent::ledger::Ledger;
use mercato::domain::*;
use mercato::prompts::Prompts;
use mercato::render::{Scope, Templates};
use mercato::warehouse::metrics::{Group, Metric};
use serde_json::{Value, json};

use crate::support::reading::{demo, reads_well};
use crate::support::small_shop::{SmallShop, call, refund};

/// Arguments for every metric, split in every way that has a meaning, compared and not.
fn grid() -> Vec<Value> {
    let mut all = Vec::new();
    for metric in Metric::ALL {
        all.push(json!({"metric": metric, "period": "last_quarter", "compare_to": "previous_year"}));
        all.push(json!({"metric": metric, "period": "this_week", "compare_to": "previous_period"}));
        for group in metric.groups() {
            all.push(json!({"metric": metric, "group_by": group, "period": "last_quarter"}));
            all.push(json!({"metric": metric, "group_by": group, "period": "last_90_days",
                "compare_to": "previous_period", "top": 3}));
        }
        for filter in metric.filters() {
            let name = match filter {
                Group::Product => "Espresso Beans 1kg",
                Group::Category => "coffee",
                Group::City => "Berlin",
                Group::Channel => "tv",
                _ => "loyal",
            };
            let period = json!({"from": "2026-04-01", "to": "2026-05-15"});
            all.push(json!({"metric": metric, "period": period, "filter": {filter.key(): name}}));
        }
    }
    all
}

const FIRST: &str = "2026-01-01";

/// The one figure of these arguments, to the cent.
#[track_caller]
fn check(shop: &SmallShop, args: &Value, expected: Option<f64>) {
    let outcome = call(&shop.warehouse(), "query_metrics", args).unwrap();
    near(outcome.output["value"].as_f64(), expected);
}

#[track_caller]
fn near(found: Option<f64>, expected: Option<f64>) {
    match (found, expected) {
        (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-6, "{found}, not {expected}"),
        (found, expected) => assert_eq!(found, expected),
    }
}

/// The groups as (name or key, figure).
#[track_caller]
fn check_groups(shop: &SmallShop, args: &Value, expected: &[(&str, Option<f64>)]) {
    let outcome = call(&shop.warehouse(), "query_metrics", args).unwrap();
    let groups = outcome.output["groups"].as_array().unwrap();
    let keys: Vec<&str> = groups.iter().map(|group| group["key"].as_str().unwrap_or("-")).collect();
    assert_eq!(keys, expected.iter().map(|(key, _)| *key).collect::<Vec<_>>());
    for (group, (_, value)) in groups.iter().zip(expected) {
        near(group["value"].as_f64(), *value);
    }
}

/// January: a buys A and B with a discount and a part refunded, b buys twice, c's order is refunded in full, one
/// order is nobody's, one cancelled. February: a again.
fn small() -> SmallShop {
    let mut shop = SmallShop::default();
    shop.customer("a", "Berlin", None).customer("b", "Paris", None).customer("c", "", None);
    shop.product("A", "Coffee", 10.0, Some(6.0)).product("B", "Tea", 20.0, Some(5.0));
    let order = shop.order("1", FIRST, "a", &[("A", 3, 10.0), ("B", 1, 20.0)]);
    order.goods = Micros(45_000_000);
    order.discount = Micros(5_000_000);
    refund(order, Some(1), 1, 9.0, Some("2026-01-11"));
    shop.order("2", "2026-01-10", "b", &[("B", 1, 20.0)]);
    shop.order("3", "2026-01-20", "b", &[("B", 2, 20.0)]).city = Some("Berlin".into());
    refund(shop.order("4", "2026-01-21", "c", &[("A", 1, 10.0)]), None, 1, 10.0, None);
    shop.order("5", "2026-01-22", "", &[("A", 2, 10.0)]);
    shop.order("6", "2026-01-23", "c", &[("A", 2, 10.0)]).status = OrderStatus::Cancelled;
    shop.order("7", "2026-02-10", "a", &[("A", 1, 10.0)]);
    shop.loose_refund("C1", "2026-01-25", "b", "B", 4.0);
    shop.spend(FIRST, "search", 12.0).spend("2026-01-31", "tv", 8.0).spend("2026-02-10", "tv", 5.0);
    shop
}

fn january(metric: &str) -> Value {
    json!({"metric": metric, "period": {"from": FIRST, "to": "2026-01-31"}})
}

#[test]
fn each_metric_of_a_small_shop_by_hand() {
    let shop = small();
    // net goods: 45 − 9, 20, 40, 0, 20; a refund without an order takes 4
    check(&shop, &january("revenue"), Some(112.0));
    check(&shop, &january("orders"), Some(5.0));
    check(&shop, &january("units"), Some(2.0 + 1.0 + 1.0 + 2.0 + 0.0 + 2.0));
    check(&shop, &january("customers"), Some(3.0));
    check(&shop, &january("new_customers"), Some(3.0));
    check(&shop, &january("aov"), Some(112.0 / 5.0));
    check(&shop, &january("repeat_rate"), Some(1.0 / 3.0));
    check(&shop, &january("return_rate"), Some(2.0 / 10.0));
    check(&shop, &january("discount_share"), Some(5.0 / (116.0 + 5.0)));
    check(&shop, &january("spend"), Some(20.0));
    check(&shop, &january("mer"), Some(112.0 / 20.0));
    check(&shop, &january("cac"), Some(20.0 / 3.0));
    // order 1: 5 off 50 leaves 27 of A and 18 of B, 9 back on A leaves 18; margins 40 % of A, 75 % of B
    let margin = 0.4 * (18.0 + 0.0 + 20.0) + 0.75 * (18.0 + 20.0 + 40.0 - 4.0);
    check(&shop, &january("gross_profit"), Some(margin));
}

#[test]
fn parts_by_product_city_and_month_by_hand() {
    let shop = small();
    let by = |metric: &str, group: &str| {
        let mut args = january(metric);
        args["group_by"] = group.into();
        args
    };
    check_groups(&shop, &by("revenue", "product"), &[("B", Some(74.0)), ("A", Some(38.0))]);
    check_groups(&shop, &by("orders", "product"), &[("A", Some(3.0)), ("B", Some(3.0))]);
    check_groups(&shop, &by("aov", "product"), &[("B", Some(74.0 / 3.0)), ("A", Some(38.0 / 3.0))]);
    // b lives in Paris but had order 3 sent to Berlin; its loose refund is where b lives
    let cities = [("Berlin", Some(76.0)), ("-", Some(20.0)), ("Paris", Some(16.0))];
    check_groups(&shop, &by("revenue", "city"), &cities);
    let args = json!({"metric": "revenue", "group_by": "month", "period": "all"});
    check_groups(&shop, &args, &[("2026-01-01", Some(112.0)), ("2026-02-01", Some(10.0))]);
    let args = json!({"metric": "aov", "group_by": "day", "period": {"from": FIRST, "to": "2026-01-03"}});
    let days = [(FIRST, Some(36.0)), ("2026-01-02", None), ("2026-01-03", None)];
    check_groups(&shop, &args, &days);
    let args = json!({"metric": "spend", "group_by": "channel", "period": "all"});
    check_groups(&shop, &args, &[("tv", Some(13.0)), ("search", Some(12.0))]);
}

#[test]
fn an_order_level_refund_is_spread_by_value_and_cents_go_to_the_largest_line() {
    let mut shop = SmallShop::default();
    shop.product("A", "x", 1.0, None).product("B", "x", 1.0, None).product("C", "y", 1.0, None);
    let order = shop.order("1", FIRST, "a", &[("A", 1, 10.0), ("B", 1, 10.0), ("C", 1, 10.01)]);
    refund(order, None, 0, 10.0, None);
    let args = json!({"metric": "revenue", "group_by": "product", "period": "all"});
    // 10.00 · 10.00/30.01 = 3.332… → 3.33 each, and 10.00 · 10.01/30.01 = 3.335… → 3.33 + the cent left over
    check_groups(&shop, &args, &[("A", Some(6.67)), ("B", Some(6.67)), ("C", Some(6.67))]);
    check(&shop, &json!({"metric": "revenue", "period": "all"}), Some(20.01));
}

#[test]
fn new_is_the_first_sale_in_all_data_unless_the_customer_joined_before() {
    let mut shop = SmallShop::default();
    shop.customer("old", "", Some("2025-06-01")).customer("new", "", Some("2026-01-05"));
    shop.order("1", FIRST, "old", &[("A", 1, 1.0)]);
    shop.order("2", "2026-01-05", "new", &[("A", 1, 1.0), ("B", 1, 1.0)]);
    shop.order("3", "2026-02-05", "new", &[("B", 1, 1.0)]);
    check(&shop, &json!({"metric": "new_customers", "period": "all"}), Some(1.0));
    let args = json!({"metric": "new_customers", "period": "all", "filter": {"product": "B"}});
    check(&shop, &args, Some(1.0));
    let february = json!({"from": "2026-02-01", "to": "2026-02-05"});
    check(&shop, &json!({"metric": "new_customers", "period": february}), Some(0.0));
    let error = call(&shop.warehouse(), "query_metrics", &json!({"metric": "cac"})).unwrap_err();
    assert_eq!(error.code, "no_spend", "nothing was spent");
}

#[test]
fn churn_compares_who_was_active_before_with_who_is_at_the_end() {
    let mut shop = SmallShop::default();
    // gaps of 20 and 25 days make W = 30
    shop.order("1", FIRST, "stays", &[("A", 1, 1.0)]);
    shop.order("2", "2026-01-21", "stays", &[("A", 1, 1.0)]);
    shop.order("3", "2026-02-15", "stays", &[("A", 1, 1.0)]);
    shop.order("4", "2026-01-25", "lost", &[("A", 1, 1.0)]);
    shop.order("5", "2026-01-02", "edge", &[("A", 1, 1.0)]);
    shop.order("6", "2026-02-20", "late", &[("A", 1, 1.0)]);
    shop.order("7", "2026-02-28", "late", &[("A", 1, 1.0)]);
    let warehouse = shop.warehouse();
    assert_eq!(warehouse.churn_window_days, Some(30));
    // active on 31 January: (1 January, 31 January], so "edge" of 2 January is in and 1 January alone is not
    let args = json!({"metric": "churn_rate", "period": {"from": "2026-02-01", "to": "2026-02-28"}});
    check(&shop, &args, Some(2.0 / 3.0));
    let outcome = call(&warehouse, "query_metrics", &args).unwrap();
    assert!(outcome.notes.iter().any(|note| note.key == "few"));
    assert!(outcome.facts.iter().any(|fact| fact.id == "churn_window"));
    let all =
        call(&warehouse, "query_metrics", &json!({"metric": "churn_rate", "period": "all"})).unwrap_err();
    assert_eq!(all.code, "churn_without_history");
}

#[test]
fn a_comparison_names_its_days_and_gives_no_percent_from_nothing() {
    let shop = small();
    let compared = |metric: &str, to: &str| {
        let period = json!({"from": "2026-02-01", "to": "2026-02-10"});
        let args = json!({"metric": metric, "period": period, "compare_to": to});
        call(&shop.warehouse(), "query_metrics", &args).unwrap().output["comparison"].clone()
    };
    let revenue = compared("revenue", "previous_period");
    assert_eq!(revenue["period"], json!({"from": "2026-01-22", "to": "2026-01-31"}));
    near(revenue["value"].as_f64(), Some(16.0));
    near(revenue["change"].as_f64(), Some(10.0 / 16.0 - 1.0));
    let new = compared("new_customers", "previous_period");
    assert_eq!((new["value"].as_f64(), new["change"].as_f64()), (Some(0.0), None));
    assert_eq!(compared("revenue", "previous_year"), Value::Null, "it would start before the data");
    let share = compared("repeat_rate", "previous_period");
    assert_eq!(
        (share["value"].as_f64(), share["change"].as_f64()),
        (None, None),
        "no buyer with a key before"
    );
}

#[test]
fn per_day_where_the_months_differ_in_length() {
    let mut shop = SmallShop::default();
    shop.order("1", "2026-01-15", "a", &[("A", 1, 62.0)]);
    shop.order("0", FIRST, "a", &[("A", 1, 31.0)]);
    shop.order("2", "2026-02-15", "a", &[("A", 1, 84.0)]);
    shop.order("3", "2026-03-01", "a", &[("A", 1, 1.0)]);
    let args = json!({"metric": "revenue", "period": "last_month", "compare_to": "previous_period"});
    let outcome = call(&shop.warehouse(), "query_metrics", &args).unwrap();
    near(outcome.output["comparison"]["change"].as_f64(), Some(84.0 / 93.0 - 1.0));
    near(outcome.output["comparison"]["change_per_day"].as_f64(), Some((84.0 / 28.0) / (93.0 / 31.0) - 1.0));
}

#[test]
fn the_best_are_ranked_with_ties_by_id_and_without_partial_months() {
    let mut shop = SmallShop::default();
    shop.product("B", "", 1.0, None).product("A", "", 1.0, None).product("C", "", 1.0, None);
    shop.order("1", "2026-01-20", "a", &[("B", 1, 5.0), ("A", 1, 5.0), ("C", 1, 9.0)]);
    shop.order("2", "2026-02-20", "a", &[("C", 1, 2.0)]);
    shop.order("3", "2026-03-10", "a", &[("C", 1, 50.0)]);
    let args = json!({"metric": "revenue", "group_by": "product", "top": 3, "period":
        {"from": "2026-01-20", "to": "2026-01-31"}});
    check_groups(&shop, &args, &[("C", Some(9.0)), ("A", Some(5.0)), ("B", Some(5.0))]);
    let args = json!({"metric": "revenue", "group_by": "month", "top": 1, "period": "all"});
    check_groups(&shop, &args, &[("2026-02-01", Some(2.0))]);
}

#[test]
fn what_has_no_meaning_is_refused_with_what_has() {
    let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
    let mut refused = 0;
    for metric in Metric::ALL {
        for group in Group::ALL.into_iter().filter(|group| !metric.groups().contains(group)) {
            let args = json!({"metric": metric, "group_by": group, "period": "all"});
            let error = call(demo(), "query_metrics", &args).unwrap_err();
            assert_eq!(error.kind, mercato::tool::ErrorKind::InvalidArgs, "{args}");
            assert_eq!(error.candidates.len(), metric.groups().len(), "{args}");
            for lang in Lang::ALL {
                let said =
                    templates.message(&format!("error.{}", error.code), &Scope::words(lang, &error.params));
                assert!(Ledger::default().check(&said.unwrap()).is_ok());
            }
            refused += 1;
        }
    }
    // 14 metrics by 10 groups, less what the table of DEFINITIONS §3 allows
    assert_eq!(refused, 140 - (4 * 9 + 5 * 8 + 7 + 4 + 5 + 2 * 4));
}

#[test]
fn every_fault_of_the_arguments_has_its_sentence() {
    let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
    for (args, code) in [
        (json!({"metric": "revenue", "filter": {"channel": "tv"}}), "metric_has_no_channel"),
        (json!({"metric": "mer", "filter": {"city": "Berlin"}}), "filter_not_valid"),
        (json!({"metric": "revenue", "top": 3}), "top_without_group"),
        (json!({"metric": "revenue", "filter": {"city": "Atlantis"}}), "unknown_name"),
        (json!({"metric": "revenue", "filter": {"product": "tea"}}), "several_of_that_name"),
        (json!({"metric": "churn_rate", "period": "all"}), "churn_without_history"),
    ] {
        let error = call(demo(), "query_metrics", &args).unwrap_err();
        assert_eq!(error.code, code, "{args}");
        for lang in Lang::ALL {
            let said =
                templates.message(&format!("error.{code}"), &Scope::words(lang, &error.params)).unwrap();
            println!("{said}");
        }
    }
    let code = |args: Value| call(demo(), "query_metrics", &args).unwrap_err().code;
    assert_eq!(code(json!({"metric": "revenue", "grup_by": "day"})), "args_not_valid");
    assert_eq!(code(json!({"metric": "revenue", "group_by": "city", "top": 0})), "out_of_range");
}

#[test]
fn parts_that_should_add_up_do() {
    let mut checked = 0;
    for metric in Metric::ALL {
        for group in metric.groups().iter().filter(|group| metric.adds_up(**group)) {
            let args = json!({"metric": metric, "group_by": group, "period": {"from": "2026-02-10", "to": "2026-05-20"}});
            let output = call(demo(), "query_metrics", &args).unwrap().output;
            let parts: f64 =
                output["groups"].as_array().unwrap().iter().filter_map(|g| g["value"].as_f64()).sum();
            let whole = output["value"].as_f64().unwrap();
            assert!((parts - whole).abs() < 1e-3, "{args}: {parts} of {whole}");
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked}");
}

#[test]
fn a_segment_is_the_one_held_before_the_period_and_for_all_of_it_todays() {
    let share = |period: Value| {
        let args = json!({"metric": "customers", "group_by": "segment", "period": period});
        let outcome = call(demo(), "query_metrics", &args).unwrap();
        let notes: Vec<String> = outcome.notes.iter().map(|note| note.key.clone()).collect();
        let groups = outcome.output["groups"].as_array().unwrap().clone();
        let not_yet = groups.iter().any(|group| group["key"] == "not_yet_customer");
        (not_yet, notes)
    };
    let (not_yet, notes) = share(json!("last_quarter"));
    assert!(not_yet && notes.contains(&"segment_before".to_owned()));
    let (not_yet, notes) = share(json!("all"));
    // a customer all of whose orders were refunded has bought and holds no segment, so nobody or few are left
    assert!(notes.contains(&"segment_today".to_owned()), "{not_yet}");
    let first = share(json!({"from": "2024-07-01", "to": "2024-07-31"}));
    assert!(first.0, "nobody had a segment before the first day");
}

#[test]
fn cohorts_are_shown_by_months_since_the_first_order() {
    let mut shop = SmallShop::default();
    shop.order("1", FIRST, "a", &[("A", 1, 10.0)]);
    shop.order("2", "2026-01-09", "b", &[("A", 1, 20.0)]);
    shop.order("3", "2026-02-01", "a", &[("A", 1, 30.0)]);
    shop.order("4", "2026-02-09", "c", &[("A", 1, 40.0)]);
    shop.order("5", "2026-03-09", "b", &[("A", 1, 50.0)]);
    let months = |metric: &str| -> Vec<Vec<f64>> {
        let args = json!({"metric": metric, "group_by": "cohort_month", "period": "all"});
        let output = call(&shop.warehouse(), "query_metrics", &args).unwrap().output;
        let of = |group: &Value| -> Vec<f64> {
            let months = group["months"].as_array().unwrap();
            months.iter().map(|month| month["value"].as_f64().unwrap()).collect()
        };
        output["groups"].as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!(months("revenue"), [vec![30.0, 30.0, 50.0], vec![40.0]]);
    assert_eq!(months("repeat_rate"), [vec![0.0, 0.5, 1.0], vec![0.0, 0.0]]);
}

#[test]
fn other_currencies_are_left_out_and_named() {
    let mut shop = small();
    shop.order("8", "2026-01-05", "a", &[("A", 1, 1000.0)]).currency = Currency::GBP;
    let outcome = call(&shop.warehouse(), "query_metrics", &january("revenue")).unwrap();
    near(outcome.output["value"].as_f64(), Some(112.0));
    let note = outcome.notes.iter().find(|note| note.key == "foreign_left_out").unwrap();
    assert_eq!(note.params["currencies"], json!(["GBP"]));
    assert_eq!(outcome.evidence.grade, Grade::ReviewFirst, "one row in eight is unusable");
}

#[test]
fn every_answer_reads_in_both_languages_and_says_only_its_figures() {
    let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
    for args in grid() {
        let outcome = call(demo(), "query_metrics", &args).unwrap_or_else(|error| panic!("{args}: {error}"));
        reads_well(&templates, "query_metrics", &args, &outcome);
    }
    let outcome = call(demo(), "data_overview", &json!({})).unwrap();
    reads_well(&templates, "data_overview", &json!({}), &outcome);
}
