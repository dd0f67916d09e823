//! The same at the terminal: sentences on standard error, exit codes, pipes that close.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use mercato::store::Store;

use crate::support::files::{Files, uci_file};

fn mercato(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mercato"));
    command.env_remove("MERCATO_DATA").arg("--data").arg(data).args(args);
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

const ORDERS: &str = "order_id,date,amount,customer_id\nA1,2026-05-01,10.50,c1\n";

#[test]
fn a_missing_folder_and_one_in_use() {
    let files = Files::new();
    let data = files.path("shop");
    let export = mercato(&data, &["export"]).output().unwrap();
    assert_eq!(export.status.code(), Some(1));
    let shown = data.display();
    assert_eq!(
        said(&export),
        format!("mercato: no data in {shown}; import a file first: mercato --data {shown} import orders.csv")
    );
    let held = Store::create(&data).unwrap();
    let export = mercato(&data, &["export"]).output().unwrap();
    assert_eq!(export.status.code(), Some(1));
    let holder = format!("mercato: {shown} is in use by process {} (", std::process::id());
    assert!(said(&export).starts_with(&holder), "{}", said(&export));
    drop(held);
    assert_eq!(mercato(&data, &["export"]).status().unwrap().code(), Some(0));
}

#[test]
fn a_file_that_is_not_taken_leaves_no_folder() {
    let files = Files::new();
    let data = files.path("shop");
    for (name, text) in [("missing.csv", None), ("empty.csv", Some("")), ("odd.csv", Some("a,b\n1,2\n"))] {
        let path = text.map_or_else(|| files.path(name), |text| files.write(name, text));
        let output = mercato(&data, &["import", path.to_str().unwrap()]).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        assert!(said(&output).contains(name), "{}", said(&output));
        assert!(!data.exists(), "{name}");
    }
}

#[test]
fn import_says_what_it_did_and_export_gives_it_back() {
    let files = Files::new();
    let (data, orders) = (files.path("shop"), files.write("orders.csv", ORDERS));
    let flags = ["--currency", "EUR", "--timezone", "Europe/Berlin"];
    let import = |more: &[&str]| {
        let args = [&["import", orders.to_str().unwrap()], flags.as_slice(), more].concat();
        let output = mercato(&data, &args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(import(&["--dry-run"]).contains("dry run: nothing was stored"));
    assert!(!data.exists());
    let text = import(&[]);
    assert!(text.contains("EUR: 1 orders, sum of lines 10.50, sum of orders 10.50"), "{text}");
    assert!(text.contains("order: 1 created, 0 updated, 0 unchanged"), "{text}");
    assert!(import(&[]).contains("nothing changed, data version 1"));
    let json: serde_json::Value = serde_json::from_str(&import(&["--json"])).unwrap();
    assert_eq!(
        (json["rows"].as_u64(), json["sums"]["EUR"]["lines_total"].as_str()),
        (Some(1), Some("10.50"))
    );

    let exported = mercato(&data, &["export", "order"]).output().unwrap().stdout;
    let order: serde_json::Value = serde_json::from_slice(&exported).unwrap();
    assert_eq!((order["id"].as_str(), order["goods"].as_str()), (Some("A1"), Some("10.50")));
    assert_eq!(order["placed_at"].as_str(), Some("2026-04-30T22:00:00Z"));
    let folder = files.path("out");
    mercato(&data, &["export", "--out", folder.to_str().unwrap()]).output().unwrap();
    assert_eq!(std::fs::read(folder.join("order.jsonl")).unwrap(), exported);
    // what was exported is imported as it is, also where tables have no records
    let copy = files.path("copy");
    let written = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    let again = mercato(&copy, &["import"]).args(written).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert_eq!(mercato(&copy, &["export", "order"]).output().unwrap().stdout, exported);
    let unknown = mercato(&data, &["export", "orders"]).output().unwrap();
    assert_eq!(
        said(&unknown),
        "mercato: there is no table orders; write one of customer, experiment, feedback, interaction, lift_test, \
         order, product, setting, spend, unlinked_refund"
    );
}

#[test]
fn export_into_head_ends_quietly() {
    let files = Files::new();
    let (data, lines) = (files.path("shop"), files.write("lines.csv", uci_file(5_000)));
    mercato(&data, &["import", lines.to_str().unwrap()]).output().unwrap();
    let mut export =
        mercato(&data, &["export"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What `head -c 10` does: read a little, close the pipe.
    let mut pipe = export.stdout.take().unwrap();
    let mut start = [0; 10];
    pipe.read_exact(&mut start).unwrap();
    drop(pipe);
    let output = export.wait_with_output().unwrap();
    assert_eq!((output.status.code(), said(&output)), (Some(0), String::new()));
}
