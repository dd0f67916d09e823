//! Whatever stands in a file, the importer answers with a report or a sentence, never with a panic; and what it
//! takes once it takes again without a change.

use mercato::store::Store;
use mercato::store::import::{DateOrder, Decimal, Options};
use proptest::prelude::*;

use crate::support::files::{Files, content, euros};

const SEEDS: [&str; 10] = [
    include_str!("../data/import/feedback_zh.csv"),
    include_str!("../data/import/google_ads.csv"),
    include_str!("../data/import/interactions.csv"),
    include_str!("../data/import/lift_tests.csv"),
    include_str!("../data/import/meta_ads_fr.csv"),
    include_str!("../data/import/spend_zh.csv"),
    "order_id,date,amount,customer_id,product,quantity,discount,refund,currency,status\n\
     A1,2026-05-01,10.50,c1,Tea,2,1.00,,EUR,paid\nA1,2026-05-01,3.50,c1,Mug,1,,3.50,EUR,paid\n\
     A2,13/05/2026,\"1,234.50\",c2,\"Pot, large\",1,,,USD,已退款\n",
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
     536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850.0,UK\nC536379,D,Discount,-1,12/1/2010 9:41,27.5,14527,UK\n",
    "报表\n客户编号,姓名,邮箱,城市,注册日期\n1,王芳,a@b.cn,上海,2025年5月1日\n2,张**,--,,20250601\n合计,,,,\n",
    "sku;title;售价;成本;库存;variant\nT1;Tee;9,99;4,50;1.000;S\nT1;Tee;9,99;4,50;1.000;M\n",
];

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (
        any::<prop::sample::Index>(),
        prop_oneof![
            Just(None),
            prop::sample::select(b",;\"'\n\r\t\0-.0129E+=$\xE4\xFF\x1F".to_vec()).prop_map(Some),
            any::<u8>().prop_map(Some),
        ],
    );
    let cut = prop::option::weighted(0.2, any::<prop::sample::Index>());
    (prop::sample::select(&SEEDS[..]), prop::collection::vec(change, 0..12), cut).prop_map(
        |(seed, changes, cut)| {
            let mut bytes = seed.as_bytes().to_vec();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                match byte {
                    Some(byte) if bytes.len() % 2 == 0 => bytes[at] = byte,
                    Some(byte) => bytes.insert(at, byte),
                    None if bytes.len() > 1 => drop(bytes.remove(at)),
                    None => {}
                }
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_file_never_panics_and_is_idempotent(bytes in mutated(), forced in any::<bool>()) {
        let (files, store) = (Files::new(), Store::memory());
        let mut options = euros();
        if forced {
            options.date_order = Some(DateOrder::Dmy);
            options.decimal = Some(Decimal::Comma);
        }
        match files.import(&store, "a.csv", &bytes, &options) {
            Ok(_) => {
                let before = content(&store);
                let again = files.import(&store, "a.csv", &bytes, &options).unwrap();
                prop_assert!(!again.changes.unwrap().changed());
                prop_assert_eq!(content(&store), before);
            }
            Err(error) => {
                prop_assert!(!error.to_string().is_empty());
                prop_assert_eq!(store.data_version().unwrap(), 0);
            }
        }
    }

    #[test]
    fn any_bytes_at_all(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Files::new().import(&Store::memory(), "a.csv", &bytes, &Options::default());
    }
}
