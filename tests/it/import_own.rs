//! What was exported comes back as it was: every table of a shop, byte by byte of its next export.

use std::path::{Path, PathBuf};
use std::process::Command;

use mercato::domain::*;
use mercato::store::import::{ImportError, Options, import_file};
use mercato::store::{AnyRecord, Store, export};

use crate::support::files::{Files, clock, content, uci_file};
use crate::support::records::{full_order, responses, sparse_order};

fn write_out(store: &Store, files: &Files) -> Vec<PathBuf> {
    // The settings first: they say which shop it is.
    let mut tables = export::TABLES;
    tables.sort_by_key(|table| *table != "setting");
    let write = |table: &str| {
        let mut text = Vec::new();
        let rows = export::table(store, table, &mut text).unwrap();
        (rows > 0).then(|| files.write(&format!("{table}.jsonl"), text))
    };
    tables.iter().filter_map(|table| write(table)).collect()
}

fn read_in(store: &Store, paths: &[PathBuf]) {
    for path in paths {
        let report = import_file(store, path, &Options::default(), &clock(), &NoWork).unwrap();
        assert!(report.changes.unwrap().changed(), "{}", path.display());
    }
}

#[test]
fn a_shop_with_every_kind_of_record_comes_back() {
    let (files, store) = (Files::new(), Store::memory());
    files.import(&store, "uci.csv", uci_file(400), &Options::default()).unwrap();
    let mut records: Vec<AnyRecord> = responses();
    records.extend([full_order("A-1").into(), sparse_order("A-2").into()]);
    records.push(AnyRecord::from(UnlinkedRefund {
        id: "C1".into(),
        n: 2,
        at: -1,
        on: Day(-1),
        customer: None,
        product: Some("P".into()),
        qty: 1,
        amount: Micros(1),
        currency: Currency::GBP,
    }));
    records.push(AnyRecord::from(Spend {
        day: Day(20_000),
        channel: "search".into(),
        account: None,
        campaign: Some("a,\"b\"".into()),
        cost: Micros(12_345_678),
        currency: Currency::GBP,
        impressions: Some(1),
        clicks: None,
        conversions: Some(Micros(1_500_000)),
    }));
    store.import_records(records, &store.shop().unwrap().unwrap(), &NoWork).unwrap();

    let back = Store::memory();
    read_in(&back, &write_out(&store, &files));
    assert_eq!(content(&back), content(&store));
    // Once more changes nothing.
    for path in write_out(&store, &files) {
        let report = import_file(&back, &path, &Options::default(), &clock(), &NoWork).unwrap();
        assert!(!report.changes.unwrap().changed(), "{}", path.display());
    }
}

fn mercato(data: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mercato"));
    let output = command.env_remove("MERCATO_DATA").arg("--data").arg(data).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_folder_of_tables_comes_back_at_the_terminal_in_any_order() {
    let files = Files::new();
    let (shop, out, back) = (files.path("shop"), files.path("out"), files.path("back"));
    let lines = files.write("uci.csv", uci_file(300));
    mercato(&shop, &["import", lines.to_str().unwrap()]);
    mercato(&shop, &["export", "--out", out.to_str().unwrap()]);
    let tables = std::fs::read_dir(&out).unwrap().map(Result::unwrap);
    let mut tables: Vec<String> = tables
        .filter(|entry| entry.metadata().unwrap().len() > 0)
        .map(|entry| entry.path().display().to_string())
        .collect();
    // The settings, which come last in this order, are read first.
    tables.sort();
    tables.sort_by_key(|path| path.contains("setting"));
    let args: Vec<&str> = std::iter::once("import").chain(tables.iter().map(String::as_str)).collect();
    let said = mercato(&back, &args);
    assert!(said.contains("read as UTF-8, one record of our own export a line"), "{said}");
    let orders =
        files.import(&Store::memory(), "uci.csv", uci_file(300), &Options::default()).unwrap().orders;
    let sum = format!("GBP: {orders} orders, sum of lines ");
    assert!(said.contains(&sum), "{said}");
    assert_eq!(content(&Store::open(&back).unwrap()), content(&Store::open(&shop).unwrap()));
}

#[test]
fn what_is_no_export_of_ours_is_said_with_line_and_mend() {
    let order = r#"{"id":"1","placed_at":"2026-05-01T00:00:00Z","lines":[]}"#;
    let setting =
        r#"{"name":"shop","value":{"currency":"EUR","timezone":"Europe/Berlin","churn_window_days":null}}"#;
    let options = Options::default();
    for (text, expected) in [
        (
            r#"{"a":1}"#,
            "a.jsonl has JSON lines of no table of ours (fields a); import what `mercato export` wrote: customer, experiment, feedback, interaction, lift_test, order, product, setting, spend, unlinked_refund",
        ),
        (
            order,
            "a.jsonl has amounts and no shop to belong to; import setting.jsonl of the same export first, or say --currency EUR --timezone Europe/Berlin",
        ),
        (
            &format!("{setting}\n{{"),
            "a.jsonl line 2 is not JSON (EOF while parsing an object at line 1 column 1); export it again",
        ),
    ] {
        assert_eq!(Files::new().sentence("a.jsonl", text, &options), expected);
    }
    let named = Options { currency: Some("EUR".into()), timezone: Some("UTC".into()), ..Options::default() };
    let said = Files::new().sentence("a.jsonl", order, &named);
    assert!(said.starts_with("a.jsonl line 1 is no record of the table order (missing field"), "{said}");
    let amount = order.replace(r#""id""#, r#""goods":12.5,"id""#);
    let said = Files::new().sentence("a.jsonl", amount, &named);
    assert!(said.contains("goods: 12.5 is not written as text"), "{said}");
}

#[test]
fn an_export_of_another_shop_is_refused() {
    let (files, store) = (Files::new(), Store::memory());
    files.import(&store, "uci.csv", uci_file(50), &Options::default()).unwrap();
    let text =
        r#"{"name":"shop","value":{"currency":"EUR","timezone":"Europe/Berlin","churn_window_days":9}}"#;
    let error = files.import(&store, "setting.jsonl", text, &Options::default()).unwrap_err();
    assert!(matches!(&error, ImportError::OtherShop { own, .. } if own == "GBP, Europe/London"), "{error}");
}
