//! Promise: whoever asks something that cannot be answered gets one clear sentence with the mend, in their language,
//! and no stack trace. Method: the program itself, on the sample shop, with wrong questions and wrong arguments.

use std::process::Command;

use crate::support::shop::{mercato, sample_shop};

#[track_caller]
fn check(args: &[&str], code: i32, sentence: &[&str]) {
    let shop = sample_shop();
    let output = mercato().arg("--data").arg(shop.path()).args(args).output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    for part in sentence {
        assert!(said.contains(part), "{args:?} should say {part:?}, said:\n{said}");
    }
    for trace in ["panicked", "RUST_BACKTRACE", "stack backtrace", "unwrap"] {
        assert!(!said.contains(trace), "{args:?} shows a trace:\n{said}");
    }
    assert_eq!(output.status.code(), Some(code), "{args:?} said:\n{said}");
}

#[test]
fn an_unknown_customer_is_said_with_the_nearest_names() {
    check(&["tool", "predict_clv", "--args", r#"{"customer": "Zzyzx Qwert"}"#], 1, &["Zzyzx Qwert"]);
    check(
        &["tool", "predict_clv", "--args", r#"{"customer": "C99999"}"#, "--lang", "zh"],
        1,
        &["C99999", "没有"],
    );
}

#[test]
fn an_ambiguous_name_gives_the_candidates() {
    check(&["tool", "predict_clv", "--args", r#"{"customer": "Emma"}"#], 1, &["Emma Clark", "Emma Schmidt"]);
}

#[test]
fn a_period_without_data_names_the_days_there_are() {
    let args = r#"{"metric": "revenue", "period": {"from": "2019-01-01", "to": "2019-12-31"}}"#;
    check(&["tool", "query_metrics", "--args", args], 1, &["2019-01-01", "2024-07-01", "2026-06-30"]);
    check(
        &["tool", "query_metrics", "--args", args, "--lang", "zh"],
        1,
        &["2019-01-01", "2026-06-30", "没有"],
    );
}

#[test]
fn a_metric_grouped_by_what_has_no_meaning_names_what_has() {
    let args = r#"{"metric": "spend", "group_by": "product"}"#;
    check(&["tool", "query_metrics", "--args", args], 1, &["spend", "product", "channel"]);
    let args = r#"{"metric": "revenue", "group_by": "channel"}"#;
    check(&["tool", "query_metrics", "--args", args, "--lang", "zh"], 1, &["渠道"]);
}

#[test]
fn wrong_arguments_name_the_field() {
    check(&["tool", "predict_clv", "--args", r#"{"horizon_months": 900}"#], 1, &["horizon_months", "60"]);
    check(&["tool", "predict_clv", "--args", r#"{"colour": "red"}"#], 1, &["colour"]);
    check(&["tool", "predict_clv", "--args", "{"], 1, &["--args", "JSON"]);
    check(&["tool", "paint_it_black"], 1, &["paint_it_black", "query_metrics"]);
    check(&["ask"], 2, &["Usage"]);
}

#[test]
fn a_missing_folder_says_how_to_begin() {
    let output = mercato().args(["--data", "/nonexistent/shop", "ask", "sales last month"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("/nonexistent/shop") && said.contains("import"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let program = env!("CARGO_BIN_EXE_mercato");
    let shop = sample_shop();
    for command in [
        "export order",
        "tools --schema plain",
        "tool query_metrics --json --args '{\"metric\":\"revenue\"}'",
    ] {
        let line = format!(
            "set -o pipefail; {program} --data {} {command} | head -c 20 >/dev/null",
            shop.path().display()
        );
        let output = Command::new("bash").args(["-c", &line]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
        assert_eq!(output.status.code(), Some(0), "{command}");
    }
}
