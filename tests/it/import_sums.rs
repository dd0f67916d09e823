//! Of every file that is taken, the lines add up to the orders, or the report warns.
//!
//! Files are made at random with amounts that agree or do not, rows in any order, discounts and order totals; what the
//! file says of each order is added up while it is made, and what is stored is added up from the records. Order by
//! order, for what one order has too much may be what others lack.

use std::collections::BTreeMap;

use mercato::domain::*;
use mercato::store::Store;
use proptest::prelude::*;

use crate::support::files::{Files, euros};

/// A row: order, pieces, unit price and discount in cents, and by how much the amount differs from what they give.
type Line = (u8, i64, i64, i64, i64);

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let wrong = prop_oneof![6 => Just(0_i64), 1 => -500_i64..500];
    prop::collection::vec((0_u8..6, 1_i64..5, 100_i64..5_000, 0_i64..100, wrong), 1..20)
}

fn cents(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// What the lines of goods of each order are worth, as they are stored.
fn stored(store: &Store) -> BTreeMap<String, Micros> {
    let orders = store.scan::<Order>().map(Result::unwrap);
    orders
        .map(|order| {
            let goods = order.lines.iter().filter(|line| line.kind == LineKind::Product);
            let worth: Micros = goods.map(|line| line.gross() - line.discount).sum();
            assert!(order.lines.is_empty() || worth == order.goods, "order {}", order.id);
            (order.id.to_string(), if order.lines.is_empty() { order.goods } else { worth })
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn amounts_of_rows(lines in lines()) {
        let mut text = String::from("order_id,date,product,quantity,unit_price,discount,amount\n");
        let mut said = BTreeMap::new();
        for (n, (order, qty, price, discount, wrong)) in lines.iter().enumerate() {
            let amount = (qty * price - discount + wrong).max(0);
            *said.entry(*order).or_default() += amount;
            let (price, discount) = (cents(*price), cents(*discount));
            text += &format!("o{order},2026-05-01,P{n},{qty},{price},{discount},{}\n", cents(amount));
        }
        check(&text, &said)?;
    }

    #[test]
    fn totals_of_orders(lines in lines()) {
        let mut text = String::from("order_id,date,product,quantity,unit_price,order_amount\n");
        let of_order = |wanted: u8| {
            let rows = lines.iter().filter(|(order, ..)| *order == wanted);
            rows.map(|(_, qty, price, _, wrong)| (qty * price + wrong).max(0)).sum::<i64>()
        };
        let said = lines.iter().map(|(order, ..)| (*order, of_order(*order))).collect();
        for (n, (order, qty, price, ..)) in lines.iter().enumerate() {
            text += &format!("o{order},2026-05-01,P{n},{qty},{},{}\n", cents(*price), cents(of_order(*order)));
        }
        check(&text, &said)?;
    }
}

fn check(text: &str, said_cents: &BTreeMap<u8, i64>) -> Result<(), TestCaseError> {
    let (files, store) = (Files::new(), Store::memory());
    // A file that is refused stores nothing; what cannot be decided is asked.
    let Ok(report) = files.import(&store, "orders.csv", text, &euros()) else {
        prop_assert_eq!(store.scan::<Order>().count(), 0);
        return Ok(());
    };
    let rejected = report.rejected.count > 0;
    let said = said_cents.iter().map(|(order, cents)| (format!("o{order}"), Micros::from_cents(*cents)));
    let agrees = stored(&store) == said.collect();
    prop_assert!(agrees || rejected || !report.warnings.is_empty(), "{}\n{:?}", text, report);
    if agrees && !rejected {
        prop_assert!(report.warnings.is_empty(), "a warning without a gap: {:?}", report.warnings);
    }
    Ok(())
}
