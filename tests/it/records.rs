//! What is written is read again: every record type, with every field filled and with every field empty.

use mercato::domain::*;
use mercato::store::{AnyRecord, Record, Store};

use crate::support::records::{full_order, sparse_order};

fn round_trip<R: Record + PartialEq + std::fmt::Debug>(record: R) {
    let store = Store::memory();
    store.put(&record).unwrap();
    assert_eq!(store.get::<R>(&record.key()).unwrap().as_ref(), Some(&record));
    assert_eq!(store.scan::<R>().collect::<Result<Vec<_>, _>>().unwrap(), [record]);
}

#[test]
fn every_record_type_round_trips() {
    round_trip(full_order("A-1"));
    round_trip(sparse_order("A-2"));
    round_trip(Customer {
        id: "c1".into(),
        name: Some("王芳".into()),
        email: Some("fang@example.com".into()),
        city: Some("上海".into()),
        joined: Day::parse("2025-02-28"),
        gender: Some("f".into()),
        birth_year: Some(1990),
        consent: Consent { email: Some(true), sms: Some(false), push: None },
    });
    round_trip(Product {
        id: "SKU-1".into(),
        name: "Oolong 250 g".into(),
        category: Some("Tea".into()),
        variants: vec!["loose".into(), "bags".into()],
        price: Some(Micros(12_345_678)),
        cost: Some(Micros(1)),
        stock: Some(-3),
    });
    round_trip(UnlinkedRefund {
        id: "C536379".into(),
        n: 1,
        at: 1_291_194_060,
        on: Day::parse("2010-12-01").unwrap(),
        customer: Some("14527".into()),
        product: Some("22556".into()),
        qty: 1,
        amount: Micros(27_500_000),
        currency: Currency::GBP,
    });
    round_trip(Spend {
        day: Day::parse("1969-12-31").unwrap(),
        channel: "search".into(),
        account: None,
        campaign: Some("brand".into()),
        cost: Micros(99_999_999),
        currency: Currency::EUR,
        impressions: Some(1),
        clicks: None,
        conversions: Some(Micros(1_500_000)),
    });
}

#[test]
fn an_import_of_records_counts_what_it_did_and_the_second_time_nothing() {
    let store = Store::memory();
    let shop = Shop { currency: Currency::EUR, timezone: "Europe/Berlin".into(), churn_window_days: None };
    let records = || [AnyRecord::from(full_order("A-1")), AnyRecord::from(sparse_order("A-2"))];
    let first = store.import_records(records(), &shop, &NoWork).unwrap();
    assert_eq!((first.table("order").created, first.data_version), (2, 1));
    let again = store.import_records(records(), &shop, &NoWork).unwrap();
    assert_eq!((again.table("order").unchanged, again.data_version, again.changed()), (2, 1, false));
    assert_eq!(store.shop().unwrap(), Some(shop));
}
