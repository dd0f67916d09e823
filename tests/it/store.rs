//! What the store promises: batches whole or not at all, requirements checked, indexes that follow their records,
//! one process a folder.

use std::path::Path;

use mercato::domain::*;
use mercato::store::{Record, Store, StoreError};

use crate::support::records::{full_order, sparse_order};

fn both(check: impl Fn(&Store)) {
    check(&Store::memory());
    let dir = tempfile::tempdir().unwrap();
    check(&Store::create(dir.path()).unwrap());
}

#[test]
fn an_index_follows_its_record() {
    both(|store| {
        let mut order = full_order("A-1");
        store.put(&order).unwrap();
        store.put(&Order { customer: Some("c10".into()), ..full_order("A-2") }).unwrap();
        let of = |customer: &str| store.by_index::<Order>("customer", customer.as_bytes()).unwrap();
        assert_eq!(of("c1"), [order.clone()], "c10 begins with c1 and is somebody else");
        order.customer = Some("c2".into());
        store.put(&order).unwrap();
        assert_eq!((of("c1").len(), of("c2").len()), (0, 1));
        store.delete::<Order>(&order.key()).unwrap();
        assert_eq!((of("c2").len(), store.get::<Order>(&order.key()).unwrap()), (0, None));
    });
}

#[test]
fn a_scan_comes_in_key_order_and_keeps_to_its_table() {
    both(|store| {
        for id in ["b", "a", "c"] {
            store.put(&sparse_order(id)).unwrap();
        }
        store.set_setting("colour", &"red").unwrap();
        let ids: Vec<String> = store.scan::<Order>().map(|order| order.unwrap().id.0).collect();
        assert_eq!(ids, ["a", "b", "c"]);
        assert_eq!(store.scan::<Customer>().count(), 0);
        assert_eq!(store.setting::<String>("colour").unwrap().as_deref(), Some("red"));
    });
}

#[test]
fn of_two_edits_of_the_same_record_one_gets_a_conflict_and_writes_nothing() {
    both(|store| {
        let before = sparse_order("a");
        store.put(&before).unwrap();
        let (mut first, mut second) = (store.edit(), store.edit());
        for edit in [&mut first, &mut second] {
            edit.expect(&before.key(), Some(&before)).unwrap();
        }
        first.put(&full_order("a")).unwrap();
        second.put(&sparse_order("other")).unwrap();
        first.commit().unwrap();
        assert!(matches!(second.commit(), Err(StoreError::Conflict)));
        assert_eq!(store.get::<Order>(b"other").unwrap(), None, "the whole batch is refused");
    });
}

#[test]
fn threads_that_commit_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..25 {
                    store.put(&sparse_order(&format!("{thread}-{n}"))).unwrap();
                }
            });
        }
    });
    drop(store);
    assert_eq!(Store::open(dir.path()).unwrap().scan::<Order>().count(), 200);
}

#[test]
fn a_missing_folder_is_said_with_the_mend() {
    let error = Store::open(Path::new("/nonexistent/shop")).err().unwrap();
    assert_eq!(
        error.to_string(),
        "no data in /nonexistent/shop; import a file first: mercato --data /nonexistent/shop import orders.csv"
    );
}

#[test]
fn a_folder_in_use_names_the_process_that_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path()).unwrap();
    let error = Store::open(dir.path()).err().unwrap();
    assert!(matches!(error, StoreError::Locked { .. }));
    let said = error.to_string();
    assert!(said.contains(&format!("in use by process {} (", std::process::id())), "{said}");
    drop(store);
    Store::open(dir.path()).unwrap();
}

#[test]
fn a_folder_opens_again_at_once_while_other_processes_are_being_started() {
    // A process that is just being started has a copy of every open file, locks with them, until it runs.
    let done = std::sync::atomic::AtomicBool::new(false);
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    std::process::Command::new("true").status().unwrap();
                }
            });
        }
        let opened: Result<Vec<()>, StoreError> =
            (0..40).map(|_| Store::create(dir.path()).map(drop)).collect();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        opened.unwrap();
    });
}
