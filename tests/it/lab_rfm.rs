//! `lab rfm` keeps its contract on plain files, CSV or Parquet alike, and says clearly what cannot be.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn lab(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mercato")).arg("lab").args(args).output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// 60 customers; customer c buys on c % 5 + 1 days, c + 1 euros a time.
fn purchases(dir: &Path) -> String {
    let mut rows = "customer_id,date,amount\n".to_owned();
    for customer in 0..60 {
        for n in 0..=customer % 5 {
            rows += &format!("{customer},2026-01-{:02} 10:00:00,{}.25\n", 3 + 4 * n, customer + 1);
        }
    }
    let file = dir.join("purchases.csv");
    std::fs::write(&file, rows).unwrap();
    file.to_str().unwrap().to_owned()
}

fn summary(args: &[&str]) -> Value {
    let mut summary: Value = serde_json::from_str(&text(&lab(args))).unwrap();
    assert!(summary.as_object_mut().unwrap().remove("seconds").unwrap().as_f64().unwrap() >= 0.0);
    summary
}

#[test]
fn the_sums_and_the_table_are_those_of_the_rows() {
    let dir = tempfile::tempdir().unwrap();
    let file = purchases(dir.path());
    let out = dir.path().join("rfm.csv");
    let sums = summary(&["rfm", &file, "--as-of", "2026-01-20", "--out", out.to_str().unwrap()]);
    // 12 customers each of 1 … 5 days; the last of n days is the (3 + 4(n − 1))th.
    let monetary: f64 = (0..60).map(|c| f64::from(c % 5 + 1) * (f64::from(c) + 1.25)).sum();
    assert_eq!(
        sums,
        serde_json::json!({
            "as_of": "2026-01-20", "customers": 60, "orders": 180, "sum_frequency": 180,
            "sum_recency_days": 12 * (17 + 13 + 9 + 5 + 1), "sum_monetary": monetary,
        })
    );
    let table = std::fs::read_to_string(&out).unwrap();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("customer_id,recency,frequency,T,monetary,r,f,m,segment"));
    assert_eq!(lines.next(), Some("0,17,1,17,1.25,1,1,1,lost"));
    assert_eq!(table.lines().count(), 61);
    // A day earlier in the data: what comes later does not exist yet.
    assert_eq!(summary(&["rfm", &file, "--as-of", "2026-01-03"])["orders"], 60);
}

#[test]
fn a_parquet_file_says_the_same_as_its_csv() {
    let dir = tempfile::tempdir().unwrap();
    let file = purchases(dir.path());
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (csv, parquet) = (path("rfm.csv"), path("rfm.parquet"));
    for out in [&csv, &parquet] {
        text(&lab(&["rfm", &file, "--out", out]));
    }
    assert_eq!(&std::fs::read(&parquet).unwrap()[..4], b"PAR1");
    // frequency, recency, T are what `clv` reads; both files must give the same forecasts, row by row.
    let params = r#"{"r": 0.24, "alpha": 4.4, "a": 0.79, "b": 2.4}"#;
    let forecast = |file: &str, out: Option<&str>| {
        let mut args = vec!["clv", "predict", "--model", "bg_nbd", file, "--t", "30", "--params", params];
        args.extend(out.iter().flat_map(|out| ["--out", out]));
        text(&lab(&args))
    };
    let rows = forecast(&parquet, None);
    assert_eq!(rows, forecast(&csv, None));
    assert_eq!(rows.lines().count(), 61);
    let written = path("forecast.csv");
    assert_eq!(forecast(&parquet, Some(&written)), "");
    assert_eq!(std::fs::read_to_string(written).unwrap(), rows);
}

#[test]
fn what_cannot_be_read_names_place_column_and_mend() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let rfm = |file: &str| refused(&lab(&["rfm", file]));
    let bad = file("bad.csv", b"customer_id,date,amount\na,2026-01-01,5\nb,2026-13-01,5\n");
    let said = rfm(&bad);
    assert!(
        said.contains("bad.csv line 3, column date: \"2026-13-01\" is not a date; write YYYY-MM-DD"),
        "{said}"
    );
    let none = file("none.csv", b"customer,date,amount\n");
    assert!(rfm(&none).contains("has no column customer_id; its columns are customer, date, amount"));
    let cut = file("cut.parquet", b"PAR1 and then nothing that a reader knows");
    let said = rfm(&cut);
    assert!(said.contains("cut.parquet cannot be read") && !said.contains("panicked"), "{said}");
    let empty = file("empty.csv", b"customer_id,date,amount\n");
    assert!(rfm(&empty).contains("no rows"));
    assert!(refused(&lab(&["rfm", &bad, "--as-of", "soon"])).contains("--as-of \"soon\" is not a date"));
}
