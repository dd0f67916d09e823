//! The newest import can be taken back, whole, at any moment and after any crash.
//!
//! What is compared is every table as it would be exported. The kills are those of `kill.rs`: SIGKILL at moments drawn
//! over the duration of the work.

use std::path::Path;
use std::process::Command;

use mercato::domain::{Cancelled, Customer, Work};
use mercato::store::Store;
use mercato::store::import::{ImportError, Options, import_file};

use crate::support::files::{Files, clock, content, euros, uci_file};
use crate::support::kill::{delays, duration, kill_after};

const FIRST: &str = "order_id,date,amount,status,customer_id,product\n\
    A,2026-05-01,10,paid,c1,Tea\nB,2026-05-02,5,paid,c2,Mug\n";
const SECOND: &str = "order_id,date,amount,status,customer_id,product\n\
    A,2026-05-01,10,shipped,c9,Tea\nC,2026-05-03,7,paid,c1,Pot\nC2,2026-07-03,7,paid,c1,Pot\n";
const CUSTOMERS: &str = "customer_id,name,city\nc1,Ann,Berlin\n";

fn left(dir: &Path) -> usize {
    std::fs::read_dir(dir.join("undo")).map_or(0, Iterator::count)
}

#[test]
fn imports_are_taken_back_newest_first_and_the_export_is_as_before() {
    let (files, dir) = (Files::new(), tempfile::tempdir().unwrap());
    let store = Store::create(dir.path()).unwrap();
    let mut states = vec![content(&store)];
    for (name, text) in [("a.csv", FIRST), ("b.csv", SECOND), ("c.csv", CUSTOMERS)] {
        files.import(&store, name, text, &euros()).unwrap();
        states.push(content(&store));
    }
    assert!(!files.import(&store, "c.csv", CUSTOMERS, &euros()).unwrap().changes.unwrap().changed());
    assert_eq!(left(dir.path()), 3, "an import that changed nothing is none");
    let refused = store.undo_import(Some(1)).unwrap_err().to_string();
    let names = |name: &str| files.path(name).display().to_string();
    assert_eq!(
        refused,
        format!(
            "import 1 cannot be taken back before those that came after it: 3 ({}), 2 ({}); \
             take them back first: mercato import --undo",
            names("c.csv"),
            names("b.csv")
        )
    );
    assert_eq!(content(&store), states[3], "a refusal changes nothing");
    let undone = store.undo_import(Some(3)).unwrap();
    assert_eq!((undone.batch, undone.data_version, undone.what), (3, 4, names("c.csv")));
    assert_eq!(content(&store), states[2]);
    assert_eq!(
        store.undo_import(Some(3)).unwrap_err().to_string(),
        format!("there is no import 3 that could be taken back; the newest is 2 ({})", names("b.csv"))
    );
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!((store.undo_import(None).unwrap().batch, content(&store) == states[1]), (2, true));
    assert_eq!(store.by_index::<mercato::domain::Order>("customer", b"c9").unwrap().len(), 0, "indexes too");
    files.import(&store, "b.csv", SECOND, &euros()).unwrap();
    assert_eq!(content(&store), states[2], "and comes in again");
    store.undo_import(None).unwrap();
    store.undo_import(None).unwrap();
    assert_eq!((content(&store) == states[0], store.shop().unwrap()), (true, None));
    let nothing = store.undo_import(None).unwrap_err().to_string();
    assert_eq!((nothing.as_str(), left(dir.path())), ("there is no import that could be taken back", 0));
}

#[test]
fn only_the_last_ten_are_kept_and_clearing_leaves_no_trace() {
    let (files, dir) = (Files::new(), tempfile::tempdir().unwrap());
    let store = Store::create(dir.path()).unwrap();
    for n in 0..12 {
        let text = format!("customer_id,name\nplanted-{n},Ann\n,x\n");
        files.import(&store, "a.csv", text, &Options::default()).unwrap();
    }
    assert_eq!(left(dir.path()), 10);
    assert!(dir.path().join("rejects/a.rejects.csv").exists());
    store.clear_undo().unwrap();
    assert!(store.undo_import(None).is_err());
    assert!(!dir.path().join("undo").exists());
    assert_eq!(store.scan::<Customer>().count(), 12);
}

/// Stops at the n-th look.
struct StopAt(std::sync::atomic::AtomicI64);

impl Work for StopAt {
    fn progress(&self, _: &str, _: u64, _: u64) {}
    fn cancelled(&self) -> bool {
        self.0.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) <= 0
    }
    fn check(&self) -> Result<(), Cancelled> {
        if self.cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}

#[test]
fn a_cancelled_import_leaves_nothing_to_take_back() {
    let (files, dir) = (Files::new(), tempfile::tempdir().unwrap());
    let store = Store::create(dir.path()).unwrap();
    let path = files.write("a.csv", uci_file(3_000));
    let mut stopped = 0;
    for n in 0..400 {
        let work = StopAt(std::sync::atomic::AtomicI64::new(n));
        match import_file(&store, &path, &Options::default(), &clock(), &work) {
            Err(ImportError::Cancelled) => stopped += 1,
            Ok(_) => break,
            Err(error) => panic!("{error}"),
        }
        assert_eq!((store.data_version().unwrap(), left(dir.path())), (0, 0));
        assert!(std::fs::read_dir(dir.path().join("staging")).map_or(0, Iterator::count) == 0);
    }
    assert!(stopped > 10, "{stopped}");
    assert_eq!(left(dir.path()), 1);
}

fn mercato(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mercato"));
    command.env_remove("MERCATO_DATA").arg("--data").arg(data).args(args);
    command
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), &to).unwrap();
        }
    }
}

fn state(data: &Path) -> (u64, String) {
    let store = Store::open(data).unwrap();
    (store.data_version().unwrap(), content(&store))
}

#[test]
fn an_undo_killed_at_any_moment_is_whole_or_not_begun() {
    let files = Files::new();
    let (before, large) = (files.path("before"), files.write("large.csv", uci_file(12_000)));
    let small = files.write("small.csv", uci_file(500).replace("PRODUCT", "RENAMED PRODUCT"));
    mercato(&before, &["import", small.to_str().unwrap()]).output().unwrap();
    let old = state(&before);
    mercato(&before, &["import", large.to_str().unwrap()]).output().unwrap();
    let new = state(&before);
    let whole = files.path("whole");
    copy(&before, &whole);
    let takes = duration(&mut mercato(&whole, &["import", "--undo"]));
    assert_eq!(state(&whole), (3, old.1.clone()));
    let (mut begun, mut untouched) = (0, 0);
    for (n, delay) in delays(23, 12, takes).into_iter().enumerate() {
        let data = files.path(&format!("kill-{n}"));
        copy(&before, &data);
        kill_after(&mut mercato(&data, &["import", "--undo"]), delay);
        let found = state(&data);
        match found.0 {
            2 => {
                untouched += 1;
                assert!(found == new, "kill {n} after {delay:?}: not begun, and changed");
            }
            _ => {
                begun += 1;
                assert!(found == (3, old.1.clone()), "kill {n} after {delay:?}: neither before nor after");
            }
        }
        std::fs::remove_dir_all(&data).unwrap();
    }
    println!("12 kills over {takes:?}: {untouched} before the commit point, {begun} after it");
}

#[test]
fn an_import_finished_after_a_kill_can_be_taken_back() {
    let files = Files::new();
    let (before, large) = (files.path("before"), files.write("large.csv", uci_file(12_000)));
    let small = files.write("small.csv", uci_file(500).replace("PRODUCT", "RENAMED PRODUCT"));
    mercato(&before, &["import", small.to_str().unwrap()]).output().unwrap();
    let old = state(&before);
    let whole = files.path("whole");
    copy(&before, &whole);
    let takes = duration(&mut mercato(&whole, &["import", large.to_str().unwrap()]));
    let mut taken_back = 0;
    // The last one may end by itself.
    let moments = delays(29, 10, takes).into_iter().chain([takes * 20]);
    for (n, delay) in moments.enumerate() {
        let data = files.path(&format!("kill-{n}"));
        copy(&before, &data);
        kill_after(
            &mut mercato(&data, &["import", large.to_str().unwrap()]),
            takes.mul_f64(0.4) + delay.mul_f64(0.6),
        );
        let store = Store::open(&data).unwrap();
        assert_eq!(
            left(&data) as u64,
            store.data_version().unwrap(),
            "kill {n}: one set of images an import"
        );
        if store.data_version().unwrap() == 2 {
            store.undo_import(None).unwrap();
            taken_back += 1;
        }
        assert!(content(&store) == old.1, "kill {n} after {delay:?}");
        drop(store);
        std::fs::remove_dir_all(&data).unwrap();
    }
    println!("11 kills over {takes:?}: {taken_back} imports finished and taken back");
    assert!(taken_back > 0);
}

#[test]
fn rows_left_out_stand_in_a_file_for_a_spreadsheet() {
    let (files, dir) = (Files::new(), tempfile::tempdir().unwrap());
    let store = Store::create(dir.path()).unwrap();
    let good: String = (0..20).map(|n| format!("G{n},2026-05-01,5,x\n")).collect();
    let long = "长".repeat(500);
    let text = format!("order_id,date,amount,product\n{good}B,\"=1+1, 不\",5,x\nC,{long},5,x\n");
    let report = files.import(&store, "orders.csv", &text, &euros()).unwrap();
    let file = report.rejected.file.unwrap();
    assert_eq!(
        (report.rejected.count, file.as_path()),
        (2, dir.path().join("rejects/orders.rejects.csv").as_path())
    );
    let expected = format!(
        "\u{FEFF}line,field,value,reason,mend\n22,date,\"'=1+1, 不\",is not a date,write YYYY-MM-DD\n23,date,{}…,is not a date,write YYYY-MM-DD\n",
        "长".repeat(200)
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), expected);
    let bad: String = (0..30).map(|n| format!("B{n},never,5,x\n")).collect();
    let error = files.import(&store, "orders.csv", format!("order_id,date,amount,product\n{bad}"), &euros());
    let sentence = error.unwrap_err().to_string();
    assert!(sentence.ends_with(&format!("all of them: {}", file.display())), "{sentence}");
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 31, "every row of it");
    files.import(&store, "orders.csv", format!("order_id,date,amount,product\n{good}"), &euros()).unwrap();
    assert!(!file.exists(), "nothing is left out any more");
}
