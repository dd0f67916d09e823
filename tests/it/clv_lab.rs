//! `lab clv` keeps its contract on plain files: digits, columns, and a clear sentence for what cannot be.

use std::io::Write;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::data::data;

fn lab(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mercato")).args(["lab", "clv"]).args(args).output().unwrap()
}

fn json(args: &[&str]) -> Value {
    let output = lab(args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn near(got: &Value, expected: f64, tolerance: f64) {
    let got = got.as_f64().unwrap();
    assert!((got - expected).abs() <= tolerance, "{got} instead of {expected}");
}

#[test]
fn fit_prints_the_contract() {
    let fit = json(&["fit", "--model", "bg_nbd", "tests/data/clv_cohort.csv"]);
    near(&fit["params"]["alpha"], 7.402_961_841_646_535, 1e-9);
    near(&fit["se"]["a"], 0.731_575_020_043_333_8, 1e-6);
    near(&fit["log_likelihood"], -3_889.750_996_828_929, 1e-7);
    assert_eq!(fit["status"], "interior");
    assert!(fit["gradient_norm"].as_f64().unwrap() < 1e-8 && fit["seconds"].is_number());
    let values = json(&["fit", "--model", "gamma_gamma", "tests/data/clv_cohort.csv"]);
    near(&values["params"]["v"], 15.289_847_511_804_178, 1e-8);
}

#[test]
fn predict_prints_a_row_each() {
    let output = lab(&["predict", "--model", "bg_nbd", "tests/data/clv_cohort.csv", "--t", "39"]);
    let mut rows = csv::Reader::from_reader(output.stdout.as_slice());
    let names: Vec<&str> = vec![
        "row",
        "p_alive",
        "expected_purchases",
        "mean_lo",
        "mean_hi",
        "predictive_lo",
        "predictive_hi",
        "expected_value",
    ];
    assert_eq!(rows.headers().unwrap().iter().collect::<Vec<_>>(), names);
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 600);
    for row in &rows {
        let [p, e, lo, hi] = std::array::from_fn(|i| row[i + 1].parse::<f64>().unwrap());
        assert!((0.0..=1.0).contains(&p) && lo < e && e < hi, "{row:?}");
    }
    let params = r#"{"r": 0.72, "alpha": 7.4, "a": 1.5, "b": 6.3}"#;
    let given =
        lab(&["predict", "--model", "bg_nbd", "tests/data/clv_cohort.csv", "--t", "39", "--params", params]);
    let given = String::from_utf8(given.stdout).unwrap();
    assert!(given.lines().nth(1).unwrap().contains(",,"), "no mean interval without standard errors");
}

#[test]
fn backtest_gives_the_published_rows() {
    let Some(file) = data("cdnow/transactions.csv.gz") else { return };
    let report = json(&["backtest", file.to_str().unwrap(), "--calibration-end", "1997-09-30"]);
    // GOLD §1: lifetimes on the same split
    let rows = [
        ("naive", [1.038, 2.158, f64::NAN, f64::NAN, f64::NAN]),
        ("bg_nbd", [0.8187, 1.7329, 0.4420, -0.143, 0.456]),
        ("mbg_nbd", [0.7945, 1.7396, 0.4454, -0.191, 0.459]),
    ];
    for (row, (method, expected)) in report["rows"].as_array().unwrap().iter().zip(rows) {
        assert_eq!(row["method"], method);
        let names = ["mae", "rmse", "spearman", "total_error", "capture_top10"];
        for (name, expected) in names.into_iter().zip(expected).filter(|(_, value)| !value.is_nan()) {
            near(&row[name], expected, if expected.abs() > 0.5 { 5e-4 } else { 5.1e-4 });
        }
    }
    near(&report["rows"][1]["value_gini"], 0.672, 5e-4);
    assert_eq!(report["auto"]["method"], "bg_nbd", "equal within 1 %: the simpler");
    assert!(report["auto"]["origins"].as_array().unwrap().len() >= 2);
}

#[track_caller]
fn check_error(content: &[u8], args: &[&str], sentence: &str) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let args: Vec<&str> = args.iter().map(|arg| if *arg == "FILE" { path.as_str() } else { arg }).collect();
    let output = lab(&args);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(sentence), "{text}");
    assert_eq!(text.lines().count(), 1, "one sentence: {text}");
}

#[test]
fn what_cannot_be_is_one_clear_sentence() {
    let fit = ["fit", "--model", "bg_nbd", "FILE"];
    check_error(b"x,t_x\n1,2\n", &fit, "has no column T or t; its columns are x, t_x");
    check_error(
        b"x,t_x,T\n1,2,9\nb,2,9\n",
        &fit,
        "line 3, column x: \"b\" is not a number; write it like 12.5",
    );
    check_error(b"x,t_x,T\n1.5,2,9\n", &fit, "line 2, column x: \"1.5\" is not a count");
    check_error(
        b"x,t_x,T\n1,2,9\n2,12,9\n",
        &fit,
        "line 3, column recency: \"12\" is not possible; it cannot be larger than T",
    );
    check_error(b"x,t_x,T\n0,0,9\n0,0,5\n", &fit, "no customer bought twice");
    check_error(b"", &fit, "is empty; the first line must name the columns");
    check_error(b"PAR1\0\0", &fit, "cannot be read");
    check_error(
        b"x,t_x,T\n1,2,9\n",
        &["fit", "--model", "gamma_gamma", "FILE"],
        "needs a column monetary_value",
    );
    let backtest = ["backtest", "FILE", "--calibration-end", "1997-09-30"];
    check_error(
        b"customer_id,date,amount\n1,1997-13-01,3\n",
        &backtest,
        "line 2, column date: \"1997-13-01\" is not a date; write YYYY-MM-DD",
    );
    check_error(b"customer_id,date,amount\n1,1998-01-01,3\n", &backtest, "must lie after the first purchase");
    let output = lab(&["fit", "--model", "bg_nbd", "no-such-file.csv"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no-such-file.csv cannot be read"));
    assert_eq!(lab(&["fit", "--model", "surprise", "x"]).status.code(), Some(2), "wrong usage");
}
