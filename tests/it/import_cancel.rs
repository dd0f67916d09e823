//! Ctrl-c stops an import at once, in one sentence, and leaves nothing behind.
//!
//! The program gets a real SIGINT while it reads the rows: its staging file exists from the moment it begins to, so
//! the test waits for that and needs no clock. Then the folder is what it was before.

#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use mercato::store::Store;

use crate::support::files::{Files, content, uci_file};

/// Enough that reading them takes longer than a signal.
const LINES: usize = 80_000;
/// From the signal to the end of the process.
const SECONDS_MAX: u64 = 1;
/// Nothing takes as long; a test must end.
const GIVE_UP: Duration = Duration::from_secs(120);

fn import(data: &Path, file: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mercato"));
    command.env_remove("MERCATO_DATA").arg("--data").arg(data).arg("import").arg(file);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until the import has begun to stage, then sends SIGINT; gives what it said and how long it still took.
fn interrupt(mut child: Child, staged: &Path) -> (Output, Duration) {
    let start = Instant::now();
    while !staged.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it staged anything");
        assert!(start.elapsed() < GIVE_UP, "it never staged anything");
        std::thread::yield_now();
    }
    let sent = Instant::now();
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    (output, sent.elapsed())
}

fn check_stopped(output: &Output, took: Duration) {
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.trim(), "mercato: cancelled; nothing of this file was stored");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(took < Duration::from_secs(SECONDS_MAX), "{took:?}");
}

#[test]
fn a_shop_is_as_it_was_before() {
    let files = Files::new();
    let data = files.path("shop");
    let small = files.write("small.csv", uci_file(100));
    assert!(import(&data, &small).wait_with_output().unwrap().status.success());
    let before = content(&Store::open(&data).unwrap());
    let large = files.write("large.csv", uci_file(LINES).replace("PRODUCT", "RENAMED PRODUCT"));
    let (output, took) = interrupt(import(&data, &large), &data.join("staging").join("00000002"));
    check_stopped(&output, took);
    let left = std::fs::read_dir(data.join("staging")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "the staging folder is empty");
    let store = Store::open(&data).unwrap();
    assert_eq!((store.data_version().unwrap(), content(&store)), (1, before));
    println!("ended {took:?} after the signal");
}

#[test]
fn a_new_folder_is_gone() {
    let files = Files::new();
    let data = files.path("shop");
    let large = files.write("large.csv", uci_file(LINES));
    let (output, took) = interrupt(import(&data, &large), &data.join("staging").join("00000001"));
    check_stopped(&output, took);
    assert!(!data.exists());
}
