//! A shop comes back from its backup byte for byte, what is wrong in a folder is found and named with its mend, and a
//! person who asks for it is gone from every file while reports keep their totals.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mercato::agent::audit::Audit;
use mercato::agent::{Plan, Question};
use mercato::app::tables;
use mercato::domain::*;
use mercato::store::doctor::Mend;
use mercato::store::{AnyRecord, ErasedList, Record, Store, StoreError};
use mercato::warehouse::Warehouse;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::support::agent::{Script, agent_in, ask, sales};
use crate::support::files::content;
use crate::support::records::{full_order, sparse_order};

const PERSON: &str = "PLANTED-01";
const PLANTED: [&str; 21] = [
    PERSON,
    "Plantina Twofold",
    "plant3@example.com",
    "Plantville-4",
    "plant-gender-5",
    "plant-engraving-6",
    "plant-title-7",
    "PLANTTRACK8",
    "plant-reason-9",
    "plant_card_10",
    "plant-question-11",
    "plant-history-12",
    "plant-export-13",
    "plant-reject-14",
    "plant-staging-15",
    "plant-picture-16",
    "plant-own-17",
    "plant-option-18",
    "plant-packed-19",
    "plant-model-20",
    "plant-feedback-21",
];

fn mercato(data: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mercato"));
    command.env_remove("MERCATO_DATA").arg("--data").arg(data).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn customer(id: &str, name: &str, city: &str) -> Customer {
    Customer {
        id: id.into(),
        name: Some(name.into()),
        email: Some(format!("{}@example.com", name.to_lowercase().replace(' ', "."))),
        city: Some(city.into()),
        joined: Some(Day(20_000)),
        gender: None,
        birth_year: Some(1990),
        consent: Consent::default(),
    }
}

/// Forty orders of eight people, all of München or Lyon.
fn records() -> Vec<AnyRecord> {
    let mut records: Vec<AnyRecord> = (0..8)
        .map(|n| customer(&format!("c{n}"), &format!("Person {n}"), ["München", "Lyon"][n % 2]).into())
        .collect();
    for n in 0..40 {
        let id = format!("A-{n:03}");
        let mut order = if n % 3 == 0 { sparse_order(&id) } else { full_order(&id) };
        order.customer = Some(CustomerId(format!("c{}", n % 8)));
        order.flags.no_customer_key = false;
        order.goods = Micros(i64::from(n + 20) * 1_000_000);
        order.placed_on = Day(20_500 + n);
        records.push(order.into());
    }
    records
}

fn shop() -> Shop {
    Shop { currency: Currency::EUR, timezone: "UTC".into(), churn_window_days: None }
}

/// A folder with a shop and a conversation.
async fn folder(more: Vec<AnyRecord>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let script = Script::of(vec![Plan::Calls(vec![sales("Berlin")]), Plan::Calls(vec![sales("Atlantis")])]);
    let agent = agent_in(&dir.path().join("shop"), script);
    let store = &agent.house().store;
    store.import_records(records().into_iter().chain(more), &shop(), &NoWork).unwrap();
    ask(&agent, "sales in Berlin").await;
    dir
}

fn data(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("shop")
}

#[tokio::test]
async fn a_restored_shop_exports_byte_for_byte_the_same() {
    let dir = folder(Vec::new()).await;
    let backup = dir.path().join("shop.backup");
    let done = mercato(&data(&dir), &["backup", backup.to_str().unwrap()]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let new = dir.path().join("new");
    let done = mercato(&new, &["restore", backup.to_str().unwrap()]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let (old, new) = (mercato(&data(&dir), &["export"]), mercato(&new, &["export"]));
    assert!(old.status.success() && old.stdout.len() > 5_000);
    assert!(old.stdout == new.stdout);
    let again = mercato(&data(&dir), &["restore", backup.to_str().unwrap()]);
    assert!(text(&again.stderr).contains("is not empty; name a new folder"), "{}", text(&again.stderr));
    let restored = Store::open(&dir.path().join("new")).unwrap();
    assert_eq!(restored.data_version().unwrap(), 1);
    assert_eq!(restored.scan::<Audit>().count(), 1, "audit rows come along");
    assert!(restored.examine(&tables(), &NoWork).unwrap().findings.is_empty());
}

#[tokio::test]
async fn a_backup_that_is_not_whole_makes_no_folder() {
    let dir = folder(Vec::new()).await;
    let backup = dir.path().join("shop.backup");
    Store::open(&data(&dir)).unwrap().backup(&backup, &tables(), &NoWork).unwrap();
    let whole = std::fs::read(&backup).unwrap();
    let new = dir.path().join("new");
    let check = |bytes: &[u8], what: &str| {
        std::fs::write(&backup, bytes).unwrap();
        let done = Store::restore(&new, &backup, &[], &tables(), &NoWork);
        assert!(matches!(done, Err(StoreError::BadBackup { .. })), "{what}: {done:?}");
        assert!(!new.exists(), "{what}");
    };
    // The first ten bytes are gzip's own head, in which a time or a flag may differ without harm.
    for at in (10..whole.len()).step_by(whole.len() / 40) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        check(&flipped, &format!("byte {at} flipped"));
        check(&whole[..at], &format!("cut at {at}"));
    }
}

#[tokio::test]
async fn the_doctor_finds_what_is_wrong_and_says_the_mend() {
    let dir = folder(Vec::new()).await;
    let data = data(&dir);
    let well = mercato(&data, &["doctor"]);
    assert!(well.status.success() && text(&well.stdout).contains("nothing is wrong"), "{well:?}");

    // Without its seal the folder is as after a crash, so that the store's own sums must find it.
    let spoil = |change: &dyn Fn(&sled::Db)| {
        std::fs::remove_file(data.join("seal")).unwrap();
        let raw = sled::open(data.join("store")).unwrap();
        change(&raw);
        raw.flush().unwrap();
    };
    let whole = content(&Store::open(&data).unwrap());
    spoil(&|raw| {
        let entry = raw.scan_prefix(b"order\x01").keys().next().unwrap().unwrap();
        raw.remove(entry).unwrap();
        raw.insert(b"order\x01customer\0nobody", b"").unwrap();
    });
    let ill = mercato(&data, &["doctor"]);
    let said = text(&ill.stdout);
    assert_eq!(ill.status.code(), Some(1), "{said}");
    assert!(said.contains("the index of table order: 1 entries are missing, 1 too many"), "{said}");
    assert!(said.contains("doctor --mend"), "{said}");
    let mended = mercato(&data, &["doctor", "--mend"]);
    assert!(mended.status.success(), "{mended:?}");
    assert!(mercato(&data, &["doctor"]).status.success());
    assert!(content(&Store::open(&data).unwrap()) == whole, "mending changes no record");

    Store::open(&data).unwrap().delete::<Audit>(&1_u64.to_be_bytes()).unwrap();
    let said = text(&mercato(&data, &["doctor"]).stdout);
    assert!(said.contains("the chain of audit rows is broken: row 1 is missing"), "{said}");

    spoil(&|raw| drop(raw.remove(b"order\0A-007").unwrap()));
    let store = Store::open(&data).unwrap();
    let findings = store.examine(&tables(), &NoWork).unwrap().findings;
    let lost = findings.iter().find(|finding| finding.what.contains("39 entries, and 40 were written"));
    assert_eq!(lost.map(|finding| finding.mend), Some(Mend::Restore), "{findings:?}");
    let loaded = Warehouse::load(&store).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(loaded.contains("table order does not hold what was written"), "{loaded}");
    let backed_up = store.backup(&dir.path().join("bad.backup"), &tables(), &NoWork);
    assert!(matches!(backed_up, Err(StoreError::Harmed(_))), "{backed_up:?}");
}

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

#[test]
fn a_store_written_anew_takes_the_old_ones_place_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old"), dir.path().join("new"));
    for (folder, id) in [(&old, "A-1"), (&new, "B-1")] {
        let store = Store::create(folder).unwrap();
        store.import_records([AnyRecord::from(full_order(id))], &shop(), &NoWork).unwrap();
    }
    let ids = |folder: &Path| -> Vec<String> {
        let store = Store::open(folder).unwrap();
        store.scan::<Order>().map(|order| order.unwrap().id.0).collect()
    };
    // Before the commit point, a store in the making is nothing.
    copy(&new.join("store"), &old.join("store.part"));
    assert_eq!(ids(&old), ["A-1"]);
    assert!(!old.join("store.part").exists());
    // After it, it takes the place, whether the old one is still there, partly there, or gone.
    for left in [2, 1, 0] {
        let data = dir.path().join(format!("left-{left}"));
        copy(&old, &data);
        copy(&new.join("store"), &data.join("store.new"));
        if left < 2 {
            std::fs::remove_file(data.join("store/db")).unwrap();
        }
        if left < 1 {
            std::fs::remove_dir_all(data.join("store")).unwrap();
        }
        assert_eq!(ids(&data), ["B-1"], "{left}");
        assert!(!data.join("store.new").exists());
        assert_eq!(ids(&data), ["B-1"], "{left}");
    }
}

/// As the app keeps fitted models.
#[derive(Serialize, Deserialize)]
struct KeptModel {
    key: String,
    data_version: u64,
    bytes: Vec<u8>,
}

impl Record for KeptModel {
    const TABLE: &'static str = "model";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        self.key.clone().into_bytes()
    }
}

fn person() -> Customer {
    Customer {
        name: Some("Plantina Twofold".into()),
        email: Some("plant3@example.com".into()),
        gender: Some("plant-gender-5".into()),
        ..customer(PERSON, "", "Plantville-4")
    }
}

fn planted_records() -> Vec<AnyRecord> {
    let mut records = vec![AnyRecord::from(person())];
    for n in 0..6 {
        let mut order = full_order(&format!("P-{n}"));
        order.customer = Some(PERSON.into());
        order.placed_on = Day(20_510 + n);
        order.city = Some(if n == 0 { "Plantville-4".into() } else { "München".to_owned() });
        order.lines[0].options = vec![("plant-option-18".into(), "plant-engraving-6".into())];
        order.lines[1].title = "plant-title-7".into();
        order.payment_history[0].method = "plant_card_10".into();
        order.fulfilments[0].tracking = vec!["PLANTTRACK8".into()];
        order.refunds[0].reason = Some("plant-reason-9".into());
        records.push(order.into());
    }
    records.push(
        UnlinkedRefund {
            id: "R-1".into(),
            n: 1,
            at: 0,
            on: Day(20_520),
            customer: Some(PERSON.into()),
            product: None,
            qty: 1,
            amount: Micros(5_000_000),
            currency: Currency::EUR,
        }
        .into(),
    );
    let (id, on) = ("F-1".to_owned(), Day(20_530));
    let (customer, text, source) = (Some(PERSON.into()), "plant-feedback-21".to_owned(), "review".to_owned());
    let feedback =
        Feedback { id, at: 0, on, customer, product: None, rating: Some(2), text, source, lang: None };
    records.push(feedback.into());
    let event = Interaction {
        id: "I-1".into(),
        at: 0,
        on,
        customer: PERSON.into(),
        product: None,
        kind: InteractionKind::Open,
        channel: Some("email".into()),
        campaign: None,
        variant: None,
        value: None,
    };
    records.push(event.into());
    records
}

/// Everything that can be planted beside the records.
async fn plant(data: &Path) {
    let plans = vec![Plan::Calls(vec![sales("Plantina Twofold")]), Plan::Calls(vec![sales("Berlin")])];
    let agent = agent_in(data, Script::of(plans));
    ask(&agent, "plant-question-11: what did Plantina Twofold buy?").await;
    let question = Question {
        principal: Principal::local_customer(PERSON.into()),
        conversation: None,
        text: "plant-own-17: where is my order?".into(),
        lang: None,
    };
    agent.ask(question, CancellationToken::new()).await.unwrap();
    let store = &agent.house().store;
    let bytes = b"plant-model-20".to_vec();
    store.put(&KeptModel { key: "clv".into(), data_version: 1, bytes }).unwrap();
    std::fs::write(data.join("chat-history"), "sales\nplant-history-12 Plantina Twofold\n").unwrap();
    std::fs::create_dir_all(data.join("exports")).unwrap();
    std::fs::create_dir_all(data.join("staging")).unwrap();
    std::fs::write(data.join("exports/top.csv"), "a,b\nplant-export-13,plant3@example.com\n").unwrap();
    std::fs::write(data.join("orders.rejects.csv"), format!("plant-reject-14;{PERSON}\n")).unwrap();
    std::fs::write(data.join("exports/top.png"), b"\x89PNG\xffplant-picture-16").unwrap();
    std::fs::write(data.join("exports/top.csv.gz"), b"\x1f\x8bplant-packed-19").unwrap();
    std::fs::write(data.join("staging/old"), "plant-staging-15").unwrap();
}

/// The planted strings that stand in any file below.
fn found(dir: &Path) -> Vec<&'static str> {
    let mut bytes = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => bytes.extend(std::fs::read(entry.path()).unwrap()),
            }
        }
    }
    let stands = |word: &&&str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    PLANTED.iter().filter(stands).copied().collect()
}

/// What reports are made of: each order, each line, each refund, the number of customers, revenue by customer.
fn totals(store: &Store) -> String {
    let columns = Warehouse::load(store).unwrap();
    let orders = &columns.orders;
    let mut by_customer = vec![0; columns.customers.id.len()];
    for (customer, net) in orders.customer.iter().zip(&orders.net) {
        by_customer[*customer as usize] += net;
    }
    by_customer.sort_unstable();
    let lines = (&columns.lines.product, &columns.lines.net, &columns.lines.qty);
    let refunds = (&columns.unlinked_refunds.day, &columns.unlinked_refunds.amount);
    format!("{:?} {:?} {:?} {lines:?} {refunds:?} {by_customer:?}", orders.day, orders.net, orders.sale)
}

#[tokio::test]
async fn a_forgotten_person_is_in_no_file_and_reports_keep_their_totals() {
    let dir = folder(planted_records()).await;
    let data = data(&dir);
    plant(&data).await;
    assert_eq!(found(&data), PLANTED, "all of them stand somewhere before");
    let (before, backup) = (totals(&Store::open(&data).unwrap()), dir.path().join("before.backup"));
    Store::open(&data).unwrap().backup(&backup, &tables(), &NoWork).unwrap();

    let asked = mercato(&data, &["forget", "plant3@example.com"]);
    assert!(!asked.status.success() && text(&asked.stderr).contains("--yes"), "{asked:?}");
    let elsewhere = dir.path().join("elsewhere.backup");
    std::fs::copy(&backup, &elsewhere).unwrap();
    let (backup, elsewhere) = (backup.to_str().unwrap(), elsewhere.to_str().unwrap());
    let done = mercato(&data, &["forget", "Plantina Twofold", "--yes", "--backup", backup]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(found(&data), [""; 0], "{}", text(&done.stdout));
    let store = Store::open(&data).unwrap();
    assert_eq!(totals(&store), before);
    assert_eq!(store.data_version().unwrap(), 2);
    assert!(store.examine(&tables(), &NoWork).unwrap().findings.is_empty());
    assert_eq!(std::fs::read_to_string(data.join("chat-history")).unwrap(), "sales\n");
    let orders: Vec<Order> = store.scan::<Order>().map(Result::unwrap).collect();
    let kept: Vec<&Order> = orders.iter().filter(|order| order.id.0.starts_with("P-")).collect();
    assert!(kept.iter().all(|order| order.customer.as_ref().is_some_and(CustomerId::is_forgotten)));
    let cities = (kept[0].city.as_deref(), kept[1].city.as_deref());
    assert_eq!(cities, (None, Some("München")), "many have ordered to München, nobody else to the other");
    let after = content(&store);

    // The same files again bring nobody back.
    let again =
        store.import_records(records().into_iter().chain(planted_records()), &shop(), &NoWork).unwrap();
    assert!(!again.changed(), "{again:?}");
    drop(store);
    assert_eq!(found(&data), [""; 0]);

    // The backups from before hold the person; the list that forgetting left takes them out again.
    let list = ErasedList::path(&data);
    let ways = [vec!["restore", backup], vec!["restore", elsewhere, "--erased", list.to_str().unwrap()]];
    for (n, way) in ways.into_iter().enumerate() {
        let restored = dir.path().join(format!("restored-{n}"));
        let done = mercato(&restored, &way);
        assert!(done.status.success(), "{}", text(&done.stderr));
        assert_eq!(found(&restored), [""; 0]);
        assert!(content(&Store::open(&restored).unwrap()) == after);
    }
}
