//! Damaged files give the right answer or a refusal with a mend: never another number, a panic or a hang.
//!
//! A shop is closed in good order, or left as by a crash; then a bit is flipped, a file cut, or a run of bytes zeroed
//! in any file of its folder, and the program exports everything in a process of its own. What it prints must be what
//! the whole shop gave, or it must end with one sentence that says the mend. The backup restores each time.
//! `MERCATO_TEST_DAMAGE=200` widens the sample.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use mercato::app::tables;
use mercato::domain::*;
use mercato::store::{AnyRecord, Store};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::support::files::content;
use crate::support::records::{full_order, sparse_order};

const DAMAGES: usize = 16;
const ORDERS: i32 = 600;
const AT_MOST: Duration = Duration::from_secs(60);

fn fill(store: &Store) {
    let shop = Shop { currency: Currency::EUR, timezone: "UTC".into(), churn_window_days: None };
    let order = |n: i32, goods: i64| {
        let id = format!("A-{n:04}");
        let mut order = if n % 3 == 0 { sparse_order(&id) } else { full_order(&id) };
        order.customer = Some(CustomerId(format!("c{}", n % 90)));
        order.placed_on = Day(20_000 + n);
        order.goods = Micros(goods * 1_000_000);
        AnyRecord::from(order)
    };
    // Two imports, so that pages are written twice and the newest data version can be lost.
    store.import_records((0..ORDERS).map(|n| order(n, 50)), &shop, &NoWork).unwrap();
    store.import_records((0..ORDERS / 2).map(|n| order(n * 2, 70)), &shop, &NoWork).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found.retain(|path| path.file_name().is_some_and(|name| name != "lock"));
    found.sort();
    found
}

/// Damages one file; says how.
fn damage(dir: &Path, dice: &mut ChaCha8Rng) -> String {
    let files: Vec<PathBuf> =
        files(dir).into_iter().filter(|path| fs::metadata(path).unwrap().len() > 0).collect();
    // Most of the bytes are in the largest file; so is every second damage.
    let largest = files.iter().max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    let path = if dice.gen_bool(0.5) { largest } else { &files[dice.gen_range(0..files.len())] };
    let mut bytes = fs::read(path).unwrap();
    // sled makes its file in steps of megabytes; behind the last written byte there is nothing to damage.
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |at| at + 1);
    let at = dice.gen_range(0..used);
    let how = match dice.gen_range(0..3) {
        0 => {
            bytes[at] ^= 1 << dice.gen_range(0..8);
            "a bit flipped"
        }
        1 => {
            bytes.truncate(at);
            "cut"
        }
        _ => {
            let to = (at + dice.gen_range(1..4_096)).min(used);
            bytes[at..to].fill(0);
            "zeroed"
        }
    };
    fs::write(path, &bytes).unwrap();
    format!("{} {how} at {at} of {used}", path.strip_prefix(dir).unwrap().display())
}

/// The program's end, its output and what it said; `None` where it hung.
fn export(data: &Path, dir: &Path) -> Option<(ExitStatus, String, String)> {
    let (out, said) = (dir.join("out"), dir.join("said"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_mercato"));
    command.env_remove("MERCATO_DATA").arg("--data").arg(data).arg("export").stdin(Stdio::null());
    let mut child =
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&said).unwrap()).spawn().unwrap();
    let id = child.id();
    let (sender, ended) = mpsc::channel();
    let waiter = std::thread::spawn(move || sender.send(child.wait().unwrap()));
    let status = ended.recv_timeout(AT_MOST).ok();
    if status.is_none() {
        Command::new("kill").args(["-9", &id.to_string()]).status().unwrap();
    }
    waiter.join().unwrap().unwrap();
    Some((status?, fs::read_to_string(out).unwrap(), fs::read_to_string(said).unwrap()))
}

#[test]
fn damaged_files_are_right_or_refused_and_the_backup_restores() {
    let dir = tempfile::tempdir().unwrap();
    let (closed, crashed) = (dir.path().join("closed"), dir.path().join("crashed"));
    let backup = dir.path().join("shop.backup");
    let whole = {
        let store = Store::create(&closed).unwrap();
        fill(&store);
        store.backup(&backup, &tables(), &NoWork).unwrap();
        // While it is open the folder looks as a crash leaves it: all is flushed, and nothing sealed.
        copy(&closed, &crashed);
        content(&store)
    };
    let expected = export(&closed, dir.path()).unwrap().1;
    assert!(export(&crashed, dir.path()).unwrap().1 == expected && expected.len() > 100_000);
    // The exports above took the seal off and put it on again.
    let crashed = {
        let store = Store::open(&crashed).unwrap();
        let again = dir.path().join("crashed-again");
        copy(&crashed, &again);
        drop(store);
        again
    };

    let count = std::env::var("MERCATO_TEST_DAMAGE").ok().and_then(|n| n.parse().ok()).unwrap_or(DAMAGES);
    let mut dice = ChaCha8Rng::seed_from_u64(20_261_125);
    let (mut right, mut refused, mut faults) = (0, 0, Vec::new());
    for n in 0..count {
        let from = if n % 2 == 0 { &closed } else { &crashed };
        let data = dir.path().join("damaged");
        copy(from, &data);
        let what = format!("{n}: {} {}", from.file_name().unwrap().display(), damage(&data, &mut dice));
        match export(&data, dir.path()) {
            None => faults.push(format!("{what}: hung")),
            Some((status, out, _)) if status.success() && out == expected => right += 1,
            Some((status, _, said)) if status.success() => {
                faults.push(format!("{what}: another export {said}"))
            }
            Some((_, _, said)) => {
                let sentence = said.starts_with("mercato: ") && said.trim().lines().count() == 1;
                let mend = said.contains("restore") && !said.contains("panicked");
                if sentence && mend { refused += 1 } else { faults.push(format!("{what}: said {said}")) }
            }
        }
        let restored = dir.path().join("restored");
        Store::restore(&restored, &backup, &[], &tables(), &NoWork).unwrap();
        assert!(content(&Store::open(&restored).unwrap()) == whole, "{what}: the backup");
        fs::remove_dir_all(&restored).unwrap();
        fs::remove_dir_all(&data).unwrap();
    }
    println!("{count} damages: {right} right, {refused} refused with a mend, {} faults", faults.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(refused > right, "most damage shows");
}
