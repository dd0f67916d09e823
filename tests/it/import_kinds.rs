//! Each kind of file of advertising costs, reviews, events and tests becomes the same records in every encoding, and
//! the same file again changes nothing. What the records are is approved line by line in the snapshots.

use mercato::domain::*;
use mercato::store::Store;
use mercato::store::import::{FileReport, ImportError, Options};

use crate::support::disguise::delimited;
use crate::support::files::{Files, content, euros};

/// Files of `tests/data/import`, their kind, and the currency that only a flag says.
const GOLDEN: [(&str, &str, Option<&str>); 11] = [
    ("feedback", "feedback", None),
    ("feedback_zh", "feedback", None),
    ("google_ads", "google_ads", None),
    ("interactions", "interactions", Some("EUR")),
    ("interactions_zh", "interactions", None),
    ("lift_tests", "lift_tests", None),
    ("lift_tests_zh", "lift_tests", None),
    ("meta_ads", "meta_ads", None),
    ("meta_ads_fr", "meta_ads", None),
    ("spend", "spend", None),
    ("spend_zh", "spend", None),
];

fn golden(name: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/import");
    std::fs::read_to_string(format!("{path}/{name}.csv")).unwrap()
}

fn options(currency: Option<&str>) -> Options {
    Options {
        currency: currency.map(str::to_owned),
        timezone: Some("Europe/Berlin".into()),
        ..Options::default()
    }
}

fn import(text: &str, options: &Options) -> (Store, FileReport) {
    let store = Store::memory();
    let report = Files::new().import(&store, "file.csv", text, options).unwrap();
    (store, report)
}

/// The records without the settings, as the export writes them.
fn records(store: &Store) -> String {
    content(store)
        .lines()
        .filter(|line| !line.starts_with(r#"{"name":"shop""#))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn each_golden_file_gives_the_approved_records() {
    for (name, kind, currency) in GOLDEN {
        let (store, report) = import(&golden(name), &options(currency));
        assert_eq!((report.kind, report.rejected.count), (kind, 0), "{name}: {:?}", report.rejected);
        insta::assert_snapshot!(format!("import_{name}"), records(&store));
    }
}

#[test]
fn each_golden_file_gives_them_in_any_encoding_and_once_only() {
    for (name, _, currency) in GOLDEN {
        let text = golden(name);
        let (plain, _) = import(&text, &options(currency));
        let gb18030 = encoding_rs::GB18030.encode(&text).0.into_owned();
        let utf16 = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let bom = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
        let windows = text.replace('\n', "\r\n").into_bytes();
        let old_mac = text.replace('\n', "\r").into_bytes();
        let mut clothes = vec![gb18030, utf16, bom, windows, old_mac];
        // The French report has semicolons of its own.
        clothes.extend((name != "meta_ads_fr").then(|| delimited(&text, b';')));
        for bytes in clothes {
            let (files, store) = (Files::new(), Store::memory());
            files.import(&store, "file.csv", &bytes, &options(currency)).unwrap();
            assert_eq!(content(&store), content(&plain), "{name}");
            let again = files.import(&store, "file.csv", &bytes, &options(currency)).unwrap();
            assert!(!again.changes.unwrap().changed(), "{name}");
        }
    }
}

#[test]
fn a_total_that_says_more_than_its_rows_is_reported_and_never_added() {
    let (store, report) = import(&golden("google_ads"), &options(None));
    assert_eq!((report.rows, report.totals, report.joined), (4, 2, 1));
    let spent: Micros = store.scan::<Spend>().map(|spend| spend.unwrap().cost).sum();
    assert_eq!(spent, Micros(1_197_345_678), "the rows alone");
    let gaps: Vec<_> =
        report.gaps.iter().map(|gap| (gap.line, gap.column.as_str(), gap.total - gap.kept)).collect();
    assert_eq!(gaps, [(9, "Cost", Micros(100_000_000))], "line 8 agrees with its rows");
    let (_, report) = import(&golden("spend"), &options(None));
    assert_eq!((report.totals, report.gaps.len()), (1, 0), "it agrees: {:?}", report.gaps);
}

/// A store-wide promotion has no row, and the total of Pinduoduo's report exceeds the rows by it.
#[test]
fn the_gap_of_a_promotion_without_rows_is_told() {
    let text = "名称：推广\n日期,渠道,商品名称,推广场景,总花费(元),交易额(元),曝光量,点击量\n\
        2026-05-31,拼多多,手持横幅,稳定成本推广,102.12,701.07,7677,624\n\
        2026-05-30,拼多多,手持横幅,稳定成本推广,80.00,500.00,6000,500\n\
        总计,-,-,-,500.00,1201.07,13677,1124\n";
    let (store, report) = import(text, &options(None));
    assert_eq!(store.shop().unwrap().unwrap().currency.code(), "CNY", "the header says yuan");
    let gap = &report.gaps[0];
    assert_eq!((gap.line, gap.label.as_str(), gap.column.as_str()), (5, "总计", "总花费(元)"));
    assert_eq!((gap.total, gap.kept), (Micros(500_000_000), Micros(182_120_000)));
    assert_eq!(report.gaps.len(), 1, "what agrees is not listed: {:?}", report.gaps);
}

/// Totals whose keys are all dashes, as 360 and Sogou write them in the second row.
#[test]
fn a_row_whose_keys_are_dashes_is_a_total() {
    let text = "渠道,日期,花费,点击\n--,--,150.00,3\n搜狗,2026-05-01,100.00,2\n搜狗,2026-05-02,50.00,1\n";
    let (_, report) = import(text, &euros());
    assert_eq!((report.rows, report.totals, report.gaps.len()), (2, 1, 0));
}

#[test]
fn meta_counts_only_purchases_and_takes_only_days() {
    let (store, _) = import(&golden("meta_ads"), &options(None));
    let spend: Vec<Spend> = store.scan().map(Result::unwrap).collect();
    assert_eq!(spend[0].cost, Micros(200_000_000), "two ad sets of one day");
    assert_eq!(spend[0].conversions, Some(Micros(4_000_000)), "120 link clicks are no purchases");
    assert_eq!(
        (spend[0].clicks, spend[0].currency.code()),
        (Some(400), "USD"),
        "not the column of all clicks"
    );
    assert_eq!(spend[2].conversions, None);

    let files = Files::new();
    let month = "Reporting starts,Reporting ends,Campaign name,Amount spent (USD)\n2026-05-01,2026-05-31,Broad,120.50\n";
    let error = files.import(&Store::memory(), "meta.csv", month, &options(None)).unwrap_err();
    assert!(matches!(error, ImportError::NotDaily { line: 2, .. }), "{error}");
    let said = files.sentence("meta.csv", month, &options(None));
    assert_eq!(
        said,
        "meta.csv line 2 covers 2026-05-01 to 2026-05-31 in one row, and what was spent on which day cannot be told; \
         export it again by day (Breakdown, By time, Day)"
    );
}

#[test]
fn a_review_finds_its_product_by_name_and_two_equal_ones_are_two() {
    let (files, store) = (Files::new(), Store::memory());
    let products = "商品编号,商品名称,售价\nT1,乌龙茶,60\nM1,马克杯,40\n";
    files
        .import(
            &store,
            "products.csv",
            products,
            &Options { currency: Some("CNY".into()), ..Options::default() },
        )
        .unwrap();
    let report = files.import(&store, "reviews.csv", golden("feedback_zh"), &Options::default()).unwrap();
    let reviews: Vec<Feedback> = store.scan().map(Result::unwrap).collect();
    assert_eq!(reviews.len(), 4);
    let teas: Vec<_> = reviews.iter().filter(|review| review.product == Some("T1".into())).collect();
    assert_eq!(teas.len(), 2, "the same words twice, by two hands or one");
    assert!(reviews.iter().any(|review| review.rating == Some(1) && review.text == "收到就碎了"));
    assert!(
        reviews
            .iter()
            .any(|review| review.customer.is_none() && review.text.is_empty() && review.rating == Some(4))
    );
    assert!(report.cannot_answer.iter().any(|note| note.contains("good, neutral and bad")));
}

#[test]
fn one_number_for_two_reviews_stops_the_file() {
    let said = Files::new().sentence(
        "r.csv",
        "id,date,text\n1,2026-05-01,fine\n2,2026-05-01,good\n1,2026-05-02,bad\n",
        &options(None),
    );
    assert_eq!(
        said,
        "r.csv: feedback 1 stands in line 2 and, with other content, in line 4; keep one of them"
    );
}

#[test]
fn events_that_other_files_tell_are_passed_over_and_counted() {
    let (store, report) = import(&golden("interactions"), &options(Some("EUR")));
    assert_eq!((report.rows, store.scan::<Interaction>().count()), (7, 6));
    assert_eq!(report.skipped.values().copied().collect::<Vec<_>>(), [1]);
    let (_, report) = import(&golden("interactions_zh"), &options(None));
    assert_eq!(report.skipped.get("rows of favourites"), Some(&1));
}

#[test]
fn a_lift_test_that_contradicts_itself_is_left_out_with_the_mend() {
    let header =
        "channel,from,to,effect,se,spend_control,spend_treated,scope_share,measured_until,currency\n";
    let good = "tv,2026-04-06,2026-04-12,200,90,2200,3520,1,,EUR\n";
    for (row, expected) in [
        (
            "tv,2026-04-12,2026-04-06,200,90,2200,3520,1,,EUR",
            r#"line 2, to: "2026-04-06" lies before 2026-04-12; swap the dates"#,
        ),
        (
            "tv,2026-04-06,2026-04-19,200,90,2200,3520,1,,EUR",
            r#"line 2, spend_control: "2200" is no spend by week; write one amount a week from 2026-04-06 on, separated by ; (2 of them)"#,
        ),
        (
            "tv,2026-04-06,2026-04-12,200,0,2200,3520,1,,EUR",
            r#"line 2, se: "0" is no standard error; write one above 0"#,
        ),
        (
            "tv,2026-04-06,2026-04-12,200,90,2200,3520,25,,EUR",
            r#"line 2, scope_share: "25" is no share; write above 0 and up to 1, or 25%"#,
        ),
        (
            "tv,2026-04-06,2026-04-12,200,90,2200,3520,1,2026-04-01,EUR",
            r#"line 2, measured_until: "2026-04-01" lies before the test's end 2026-04-12; write a later day"#,
        ),
    ] {
        let (store, report) = import(&format!("{header}{row}\n{good}"), &options(None));
        assert_eq!(store.scan::<LiftTest>().count(), 1);
        assert_eq!(report.rejected.first[0].to_string(), expected);
    }
}
