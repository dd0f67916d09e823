//! A crash loses nothing that was said to be done, and shows nothing that is half done.
//!
//! The program is killed with SIGKILL at uniform moments of an import; then the folder is opened again: its data
//! version is the old or the new one, and its whole content, table by table and byte by byte of the export, is what
//! an import that nobody killed left under that version. A second child prints each write that was acknowledged;
//! after its kill all of them are there.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use mercato::store::Store;

use crate::support::files::{Files, content, uci_file};
use crate::support::kill::{Killed, delays, duration, kill_after};
use crate::support::records::sparse_order;

const KILLS: usize = 24;

fn import(data: &Path, file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mercato"));
    command.env_remove("MERCATO_DATA").arg("--data").arg(data).arg("import").arg(file);
    command
}

/// A copy of a data folder that nobody has open.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn version_and_content(data: &Path) -> (u64, String) {
    let store = Store::open(data).unwrap();
    (store.data_version().unwrap(), content(&store))
}

/// Whether the commit point was passed, seen without the redo that opening the store does. Looked at in a copy: who
/// opens a store past its folder leaves files that the folder's seal does not know.
fn is_pending(data: &Path) -> bool {
    let peek = data.with_extension("peek");
    copy(&data.join("store"), &peek);
    let raw = sled::open(&peek).unwrap();
    let pending = raw.contains_key(b"import/pending").unwrap();
    drop(raw);
    std::fs::remove_dir_all(&peek).unwrap();
    pending
}

#[test]
fn an_import_killed_at_any_moment_is_whole_or_not_there() {
    let files = Files::new();
    let before = files.path("before");
    let small = files.write("small.csv", uci_file(500));
    let large = files.write("large.csv", uci_file(24_000).replace("PRODUCT", "RENAMED PRODUCT"));
    duration(&mut import(&before, &small));
    let old = version_and_content(&before);
    let whole = files.path("whole");
    copy(&before, &whole);
    let takes = duration(&mut import(&whole, &large));
    let new = version_and_content(&whole);
    assert_eq!((old.0, new.0), (1, 2));

    let (mut staged, mut pending, mut ended, mut finished) = (0, 0, 0, 0);
    for (n, delay) in delays(7, KILLS, takes).into_iter().enumerate() {
        let data = files.path(&format!("kill-{n}"));
        copy(&before, &data);
        let Killed { ended: by_itself, .. } = kill_after(&mut import(&data, &large), delay);
        ended += usize::from(by_itself);
        let has_staging = std::fs::read_dir(data.join("staging")).is_ok_and(|mut left| left.next().is_some());
        let was_pending = is_pending(&data);
        staged += usize::from(has_staging);
        pending += usize::from(was_pending);
        let found = version_and_content(&data);
        let expected = if found.0 == old.0 { &old } else { &new };
        assert!(found == *expected, "kill {n} after {delay:?}: neither the old shop nor the new one");
        finished += usize::from(was_pending && found.0 == new.0);
        assert!(!data.join("staging").exists(), "what the import left is cleared");
        std::fs::remove_dir_all(&data).unwrap();
    }
    println!(
        "{KILLS} kills over {takes:?}: {staged} with staging present, {pending} with import/pending \
         (all {finished} of them finished on opening), {ended} had ended"
    );
    assert_eq!(pending, finished, "past the commit point an import is never lost");
    assert!(staged * 2 > KILLS, "most kills land in the import proper: {staged} of {KILLS}");
}

const CHILD: &str = "MERCATO_TEST_KILL_CHILD";

/// Not a test of its own: the process that the next test starts and kills.
#[test]
fn child_that_says_what_is_written() {
    let Some(data) = std::env::var_os(CHILD) else { return };
    let store = Store::create(Path::new(&data)).unwrap();
    for n in 0..100_000 {
        store.put(&sparse_order(&n.to_string())).unwrap();
        // Rust's test harness captures print!, so the pipe is written to directly.
        std::io::Write::write_all(&mut std::io::stdout(), format!("written {n}\n").as_bytes()).unwrap();
    }
}

#[test]
fn every_acknowledged_write_survives_a_kill() {
    let mut acknowledged = 0;
    for (n, delay) in delays(11, 20, Duration::from_millis(400)).into_iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap());
        child
            .args(["--exact", "kill::child_that_says_what_is_written", "--nocapture"])
            .env(CHILD, dir.path());
        let killed = kill_after(&mut child, Duration::from_millis(100) + delay);
        let written: Vec<&str> =
            killed.lines.iter().filter_map(|line| line.split_once("written ").map(|(_, id)| id)).collect();
        acknowledged += written.len();
        if written.is_empty() {
            continue;
        }
        let store = Store::open(dir.path()).unwrap();
        for id in written {
            let found = store.get::<mercato::domain::Order>(id.as_bytes()).unwrap();
            assert_eq!(found, Some(sparse_order(id)), "kill {n}: order {id} was acknowledged");
        }
    }
    println!("{acknowledged} acknowledged writes over 20 kills, all found");
    assert!(acknowledged > 100, "{acknowledged}");
}
