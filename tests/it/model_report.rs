//! A report on models shows what was held out, beside naive rows, and never hides how old a fit is.
//!
//! On the sample shop: the figures are those of the back-test and of the fits themselves, tenths lose nobody, the first
//! report fits and says so, the second finds the fit; every answer reads in both languages, every follow-up runs.

use std::sync::Arc;

use mercato::domain::*;
use mercato::model::Models;
use mercato::prompts::Prompts;
use mercato::render::Templates;
use mercato::store::Store;
use mercato::tool::{self, Outcome, ToolContext, ToolError};
use serde_json::{Value, json};

use crate::support::reading::{demo, reads_well, runs};
use crate::support::small_shop::{SmallShop, call};

fn report(models: &Models, args: &Value) -> Result<Outcome<Value>, ToolError> {
    let principal = Principal::local_manager();
    let context = ToolContext {
        principal: &principal,
        store: &Store::memory(),
        warehouse: demo(),
        models,
        clock: Clock::system(None),
        said: &mercato::tool::NothingSaid,
        work: &NoWork,
    };
    let entry = tool::find(principal.role, "model_report").unwrap();
    (entry.run)(&context, &(entry.check)(args)?)
}

fn fact(outcome: &Outcome<Value>, name: &str) -> Fact {
    outcome.facts.iter().find(|fact| fact.id == name).unwrap_or_else(|| panic!("no {name}")).clone()
}

#[test]
fn the_first_report_fits_and_says_so_the_second_finds_the_fit() {
    let models = Models::default();
    let fits = |outcome: &Outcome<Value>| -> Vec<String> {
        let fitted = outcome.output["fitted"].as_array().unwrap();
        fitted.iter().map(|model| model["fit"].as_str().unwrap().to_owned()).collect()
    };
    let first = report(&models, &json!({})).unwrap();
    assert_eq!(fits(&first), ["first", "first", "first"]);
    let second = report(&models, &json!({})).unwrap();
    assert_eq!(fits(&second), ["kept", "kept", "kept"]);
    assert_eq!(first.facts, second.facts, "the same figures");
}

#[test]
fn every_report_reads_well_and_shows_naive_rows() {
    let models = Models::default();
    let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
    for (args, first_row, charts) in [
        (json!({}), "naive", 2),
        (json!({"model": "bg_nbd"}), "naive", 2),
        (json!({"model": "mbg_nbd"}), "naive", 2),
        (json!({"model": "gamma_gamma"}), "overall_mean", 0),
        (json!({"model": "rfm"}), "most_revenue", 1),
    ] {
        let outcome = report(&models, &args).unwrap();
        let table = outcome.table.clone().unwrap();
        assert_eq!(table.rows[0][0], Cell::Text(first_row.into()), "{args}");
        assert!(table.rows.len() > 1, "{args}: a model beside the naive row");
        assert_eq!(outcome.charts.len(), charts, "{args}");
        for (lang, questions) in reads_well(&templates, "model_report", &args, &outcome) {
            runs(lang, &questions);
        }
    }
}

#[test]
fn the_figures_are_those_of_the_fits_and_of_the_hold_out() {
    let models = Models::default();
    let outcome = report(&models, &json!({"model": "bg_nbd"})).unwrap();
    let clv = call(demo(), "predict_clv", &json!({"model": "bg_nbd"})).unwrap();
    assert_eq!(outcome.evidence.holdout, clv.evidence.holdout);
    let tenths = outcome.output["tenths"].as_array().unwrap();
    assert_eq!(tenths.len(), 10);
    let of = |key: &str| -> Vec<f64> { tenths.iter().map(|tenth| tenth[key].as_f64().unwrap()).collect() };
    assert!(of("predicted").windows(2).all(|pair| pair[0] >= pair[1]), "best first");
    assert!(of("actual")[0] > 5.0 * of("actual")[9], "the best tenth orders far more");
    let mut sum = 0.0;
    for tenth in outcome.output["calibration"].as_array().unwrap() {
        let (p, share) = (tenth["predicted"].as_f64().unwrap(), tenth["actual"].as_f64().unwrap());
        assert!((0.0..=1.0).contains(&p) && (p - share).abs() < 0.2, "{tenth}");
        sum += p - share;
    }
    assert!((sum / 10.0_f64).abs() < 0.1, "{sum}");
    let r = fact(&outcome, "bg_nbd.r");
    let (lo, hi) = r.interval.unwrap();
    let se = fact(&outcome, "bg_nbd.r_se").value;
    assert!(((hi - lo) / (2.0 * 1.6449 * se) - 1.0).abs() < 1e-4 && lo < r.value && r.value < hi);
    assert_eq!(outcome.output["fitted"].as_array().unwrap().len(), 1);
    let value = report(&models, &json!({"model": "gamma_gamma"})).unwrap();
    let rmse = |method: &str| fact(&value, &format!("value.{method}.rmse")).value;
    // The sample shop's people spend steadily, so their own mean is hard to beat; the mean of all is not.
    assert!(rmse("gamma_gamma") < rmse("overall_mean") && rmse("gamma_gamma") < 1.1 * rmse("own_mean"));
}

#[test]
fn rfm_scores_foretell_who_orders() {
    let outcome = report(&Models::default(), &json!({"model": "rfm"})).unwrap();
    let share = |r: u8| fact(&outcome, &format!("rfm.repeat.r{r}")).value;
    assert!((1..5).all(|r| share(r) < share(r + 1)), "the more recent, the more order again");
    assert_eq!(outcome.output["chosen"], Value::Null);
}

#[test]
fn too_few_orders_and_unknown_models_are_refused() {
    let mut shop = SmallShop::default();
    shop.order("1", "2026-03-01", "a", &[("A", 1, 10.0)]);
    shop.order("2", "2026-03-04", "a", &[("A", 2, 10.0)]);
    let shop = shop.warehouse();
    assert_eq!(call(&shop, "model_report", &json!({})).unwrap_err().code, "clv_few_repeat");
    let rfm = call(&shop, "model_report", &json!({"model": "rfm"})).unwrap();
    assert_eq!(rfm.output["rfm"], Value::Null);
    let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
    reads_well(&templates, "model_report", &json!({"model": "rfm"}), &rfm);
    assert_eq!(
        call(&shop, "model_report", &json!({"model": "pareto_nbd"})).unwrap_err().code,
        "args_not_valid"
    );
}
