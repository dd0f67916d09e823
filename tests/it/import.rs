//! A shop's file goes in as it is: in its encoding, with its columns' names, its numbers and dates; once is enough,
//! a newer one brings it up to date.

use mercato::domain::*;
use mercato::store::Store;
use mercato::store::import::{DateOrder, Decimal, FileReport, Options, import_file};

use crate::support::files::{Files, clock, content, euros, gzip, uci_file};

fn import(name: &str, bytes: impl AsRef<[u8]>, options: &Options) -> (Store, FileReport) {
    let store = Store::memory();
    let report = Files::new().import(&store, name, bytes, options).unwrap();
    (store, report)
}

fn orders(store: &Store) -> Vec<Order> {
    store.scan::<Order>().map(Result::unwrap).collect()
}

const CHINESE: &str = "订单号,下单时间,客户编号,商品名称,数量,单价,状态,优惠,退款金额\n\
    1001,2026-05-01 23:58:00,王芳,乌龙茶,2,30.00,交易成功,10.00,\n\
    1001,2026-05-01 23:58:00,王芳,马克杯,1,40.00,交易成功,,\n\
    1002,2026-05-02,李雷,乌龙茶,1,30.00,已退款,,30.00\n";

#[test]
fn a_chinese_file_in_any_encoding_gives_the_same_shop() {
    let options = Options { currency: Some("CNY".into()), ..Options::default() };
    let (plain, report) = import("orders.csv", CHINESE, &options);
    assert_eq!(
        (report.kind, report.encoding, report.timezone.as_str()),
        ("orders", "UTF-8", "Asia/Shanghai")
    );
    let first = &orders(&plain)[0];
    assert_eq!((first.id.0.as_str(), first.lines.len(), first.goods), ("1001", 2, Micros(90_000_000)));
    assert_eq!((first.placed_on.to_string(), first.placed_at), ("2026-05-01".into(), 1_777_651_080));
    assert_eq!(orders(&plain)[1].net_goods(), Micros::ZERO);

    let gbk = encoding_rs::GB18030.encode(CHINESE).0.into_owned();
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(CHINESE.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let bom = [b"\xEF\xBB\xBF", CHINESE.as_bytes()].concat();
    for (bytes, encoding) in
        [(gbk.clone(), "gb18030"), (utf16, "UTF-16LE"), (bom, "UTF-8"), (gzip(&gbk), "gb18030")]
    {
        let (store, report) = import("orders.csv", bytes, &options);
        assert_eq!(report.encoding, encoding);
        assert_eq!(content(&store), content(&plain));
    }
}

#[test]
fn delimiter_preamble_and_decimal_comma_are_found() {
    let text = "Bericht;;;\nvom 1.6.2026;;;\nOrder ID;Date;Customer;Total\n\
        7;13.05.2026;anna;\"1.234,50\"\n8;02.05.2026;bo;12,00\nTotal;;;1.246,50\n";
    let (store, report) = import("bericht.csv", text, &euros());
    assert_eq!((report.delimiter, report.header_line, report.totals), (';', 3, 1));
    assert_eq!((report.decimal, report.date_order), (Some(","), Some("dmy")));
    assert_eq!(orders(&store)[0].goods, Micros(1_234_500_000));
    assert_eq!(orders(&store)[1].placed_on.to_string(), "2026-05-02", "13 above proves the day first");
    assert!(orders(&store)[0].flags.lines_unknown);
}

#[test]
fn what_cannot_be_decided_is_decided_by_a_flag() {
    let text = "order_id,date,customer_id,amount\n1,01/05/2026,a,\"1,234\"\n";
    let read = |date_order, decimal| {
        let options = Options { date_order: Some(date_order), decimal: Some(decimal), ..euros() };
        let (store, _) = import("orders.csv", text, &options);
        let order = orders(&store).remove(0);
        (order.placed_on.to_string(), order.goods.0)
    };
    assert_eq!(read(DateOrder::Dmy, Decimal::Point), ("2026-05-01".into(), 1_234_000_000));
    assert_eq!(read(DateOrder::Mdy, Decimal::Comma), ("2026-01-05".into(), 1_234_000));
}

#[test]
fn a_column_that_fits_both_ways_follows_the_other_columns() {
    let text = "order_id,date,quantity,unit_price,product\n1,2026-05-01,\"1,000\",0.25,Bead\n";
    let (store, _) = import("orders.csv", text, &euros());
    assert_eq!(orders(&store)[0].goods, Micros(250_000_000));
}

#[test]
fn columns_can_be_named_and_times_keep_their_zone() {
    let text = "nr,when,who,sum\n1,2026-05-01 23:30:00 -0400,a,5.00\n";
    let map = ["nr=order_id", "when=date", "who=customer_id", "sum=amount"].map(str::to_owned).to_vec();
    let (store, report) = import("x.csv", text, &Options { kind: Some("orders".into()), map, ..euros() });
    assert_eq!(report.columns[3], ("sum".to_owned(), "amount"));
    assert_eq!(orders(&store)[0].placed_on.to_string(), "2026-05-02", "the day in Berlin");
}

#[test]
fn ids_stay_text_and_masked_keys_are_none() {
    let text = "order_id,date,customer_id,amount\n\"=\"\"00123\"\"\",2026-05-01,17850.0,5\n'00124,2026-05-01,张**,5\n";
    let (store, report) = import("orders.csv", text, &euros());
    let found = orders(&store);
    assert_eq!((found[0].id.0.as_str(), found[1].id.0.as_str()), ("00123", "00124"));
    assert_eq!((found[0].customer.clone(), found[1].customer.clone()), (Some("17850".into()), None));
    assert!(found[1].flags.no_customer_key);
    assert_eq!(report.with_customer, 1);
}

#[test]
fn values_of_a_whole_order_count_once_and_are_shared_out() {
    let text = "order_id,date,product,quantity,unit_price,discount,refund,shipping\n\
        A,2026-05-01,Tea,2,10.00,3.00,5.00,4.90\nA,2026-05-01,Mug,1,5.50,3.00,5.00,4.90\n\
        B,2026-05-01,Tea,1,10.00,1.00,9.00,0\nB,2026-05-01,Mug,1,5.50,0.50,0,4.90\n\
        C,2026-05-01,Tea,1,10.00,0,10.00,0\nC,2026-05-01,Oolong,1,10.00,0,10.00,0\n";
    let (store, _) = import("orders.csv", text, &euros());
    let [a, b, c] = orders(&store).try_into().unwrap();
    assert_eq!((a.goods, a.discount, a.shipping), (Micros(22_500_000), Micros(3_000_000), Micros(4_900_000)));
    assert_eq!([a.lines[0].discount, a.lines[1].discount], [Micros(2_360_000), Micros(640_000)]);
    assert_eq!((a.refunds.len(), a.refunds[0].line, a.net_goods()), (1, None, Micros(17_500_000)));
    assert_eq!((b.discount, b.refunds[0].line, b.refunds[0].qty), (Micros(1_500_000), Some(1), 1));
    assert_eq!(
        (c.refunds.len(), c.net_goods()),
        (2, Micros::ZERO),
        "each row's own value, not the order's twice"
    );
}

#[test]
fn an_amount_for_several_pieces_is_kept_exactly() {
    let (store, _) =
        import("orders.csv", "order_id,date,product,qty,amount\nA,2026-05-01,Tea,3,10.00\n", &euros());
    let order = orders(&store).remove(0);
    assert_eq!((order.lines[0].qty, order.goods), (3, Micros(10_000_000)));
    assert_eq!(order.lines[0].gross() - order.lines[0].discount, Micros(10_000_000));
}

#[test]
fn a_status_of_refunded_without_an_amount_is_an_estimate_and_said() {
    let (store, report) = import(
        "orders.csv",
        "order_id,date,amount,status\nA,2026-05-01,10,Refunded\nB,2026-05-01,10,已取消\nC,2026-05-01,10,unpaid\n",
        &euros(),
    );
    let found = orders(&store);
    assert!(
        found[0].flags.refund_amount_estimated && found[0].net_goods() == Micros::ZERO && found[0].is_sale()
    );
    assert!(!found[1].is_sale() && !found[2].is_sale());
    assert!(report.cannot_answer.iter().any(|note| note.starts_with("how much was refunded")));
}

#[test]
fn customers_and_products_are_told_apart_from_orders() {
    let (store, report) = import(
        "customers.csv",
        "customer_id,name,email,city,joined,consent_email\nc1,Ann,ANN@Example.com,Berlin,2025-03-01,yes\n",
        &Options::default(),
    );
    let ann = store.get::<Customer>(b"c1").unwrap().unwrap();
    assert_eq!(
        (report.kind, ann.email.as_deref(), ann.consent.email),
        ("customers", Some("ann@example.com"), Some(true))
    );
    assert_eq!(store.shop().unwrap(), None, "a list of customers says nothing about money");
    let (store, report) = import(
        "products.csv",
        "SKU,title,category,price,cost,stock,variant\nT1,Tee,Shirts,9.99,4.5,12,S\nT1,Tee,Shirts,9.99,4.5,12,M\n",
        &euros(),
    );
    let tee = store.get::<Product>(b"T1").unwrap().unwrap();
    assert_eq!(
        (report.kind, tee.variants, tee.price),
        ("products", vec!["S".into(), "M".into()], Some(Micros(9_990_000)))
    );
}

#[test]
fn the_same_file_twice_changes_nothing_and_only_a_newer_one_moves_a_status() {
    let (files, store) = (Files::new(), Store::memory());
    let day1 = "order_id,date,amount,status,customer_id\nA,2026-05-01,10,paid,c\nB,2026-05-01,5,paid,c\n";
    let day2 = day1.replace("A,2026-05-01,10,paid", "A,2026-05-01,10,shipped");
    let import = |text: &str| files.import(&store, "orders.csv", text, &euros()).unwrap().changes.unwrap();
    assert_eq!((import(day1).data_version, import(day1).data_version), (1, 1));
    let newer = import(&day2);
    assert_eq!((newer.table("order").updated, newer.table("order").unchanged, newer.data_version), (1, 1, 2));
    let before = content(&store);
    let older = import(day1);
    assert_eq!((older.table("order").older, older.changed(), older.data_version), (1, false, 2));
    assert_eq!(content(&store), before);
}

#[test]
fn lines_of_uci_become_orders_returns_fees_and_products() {
    let text = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
        536365,85123A,WHITE HEART,6,2010-12-01 08:26,2.55,17850.0,United Kingdom\n\
        536366,71053,LANTERN,1,2010-12-01 08:28,3.39,,United Kingdom\n\
        536365,POST,POSTAGE,1,2010-12-01 08:26,18.00,17850.0,United Kingdom\n\
        536365,85123A,HEART WHITE,6,2010-12-01 08:26,2.55,17850.0,United Kingdom\n\
        536365,85123A,WHITE HEART,1,2010-12-01 08:26,0.00,17850.0,United Kingdom\n\
        536390,85123A,WHITE HEART,2,2010-12-02 08:26,2.55,17850.0,United Kingdom\n\
        536414,22139,,56,2010-12-01 11:52,0.00,,United Kingdom\n\
        C536379,85123A,WHITE HEART,-1,2010-12-01 09:41,2.55,17850.0,United Kingdom\n\
        C536379,POST,POSTAGE,-1,2010-12-01 09:41,18.00,17850.0,United Kingdom\n\
        536380,22960,damaged,-3,2010-12-01 09:41,0,,United Kingdom\n";
    let (store, report) = import("lines.csv", text, &Options::default());
    let found = orders(&store);
    assert_eq!(
        found.iter().map(|order| order.id.0.as_str()).collect::<Vec<_>>(),
        ["536365", "536366", "536390"]
    );
    let first = &found[0];
    assert_eq!((first.lines.len(), first.goods, first.shipping), (4, Micros(30_600_000), Micros(18_000_000)));
    assert_eq!(first.lines[3].kind, LineKind::Adjustment);
    assert_eq!((first.currency, first.customer.clone()), (Currency::GBP, Some("17850".into())));
    let returns: Vec<UnlinkedRefund> = store.scan().map(Result::unwrap).collect();
    assert_eq!((returns.len(), returns[0].amount, returns[0].qty), (1, Micros(2_550_000), 1));
    assert_eq!(store.get::<Product>(b"85123A").unwrap().unwrap().name, "WHITE HEART", "the most frequent");
    assert_eq!(store.scan::<Product>().count(), 2, "postage and corrections are no products");
    let shop = store.shop().unwrap().unwrap();
    assert_eq!((shop.currency, shop.timezone.as_str()), (Currency::GBP, "Europe/London"));
    assert_eq!((report.returns, report.fees, report.corrections), (1, 2, 3));
}

#[test]
fn rows_of_an_order_come_together_from_anywhere_in_a_large_file() {
    let (files, dir) = (Files::new(), tempfile::tempdir().unwrap());
    let text = uci_file(60_000);
    let on_disk = Store::create(dir.path()).unwrap();
    let in_memory = Store::memory();
    let report = files.import(&on_disk, "a.csv", &text, &Options::default()).unwrap();
    files.import(&in_memory, "a.csv.gz", gzip(text.as_bytes()), &Options::default()).unwrap();
    assert_eq!((report.orders, report.lines), (2_400, 60_000));
    assert_eq!(content(&on_disk), content(&in_memory), "spilled to files or not");
    assert!(orders(&on_disk).iter().all(|order| order.lines.len() == 25));
}

#[test]
fn the_churn_window_is_kept_at_the_first_import() {
    // Gaps of 40 days nine times in ten: the 90th percentile is 40, the smallest window above it 60.
    let mut text = String::from("order_id,date,customer_id,amount\n");
    let start = Day::parse("2025-01-01").unwrap();
    let mut day = start;
    for n in 0..11 {
        text += &format!("{n},{day},c,10\n");
        day = day.plus(if n == 9 { 200 } else { 40 });
    }
    let (store, _) =
        import("orders.csv", text, &Options { currency: Some("EUR".into()), ..Options::default() });
    assert_eq!(store.shop().unwrap().unwrap().churn_window_days, Some(60));
}

#[test]
fn orders_in_another_currency_are_kept_in_it() {
    let (store, report) = import(
        "orders.csv",
        "order_id,date,amount,currency\nA,2026-05-01,10,EUR\nB,2026-05-01,10,eur\nC,2026-05-01,10,USD\n",
        &Options::default(),
    );
    assert_eq!(store.shop().unwrap().unwrap().currency, Currency::EUR, "the most frequent");
    assert_eq!(
        report.sums.iter().map(|(code, sums)| (code.as_str(), sums.orders)).collect::<Vec<_>>(),
        [("EUR", 2), ("USD", 1)]
    );
    assert_eq!(orders(&store)[2].currency.code(), "USD");
}

#[test]
fn a_dry_run_says_the_same_and_stores_nothing() {
    let (store, report) = import(
        "orders.csv",
        CHINESE,
        &Options { dry_run: true, currency: Some("CNY".into()), ..Options::default() },
    );
    assert_eq!((report.orders, report.changes, report.first_rows.len()), (2, None, 3));
    assert_eq!(
        (store.data_version().unwrap(), store.scan::<Order>().count(), store.shop().unwrap()),
        (0, 0, None)
    );
}

#[test]
fn a_few_bad_rows_are_left_out_and_named() {
    let mut text = String::from("order_id,date,amount,quantity\n");
    for n in 0..20 {
        text += &format!("{n},2026-05-01,5,1\n");
    }
    text += "x,2026-13-02,5,1\ny,2026-07-02,5,1\nz,2026-05-01,5,-2\n";
    let (store, report) = import("orders.csv", text, &euros());
    assert_eq!((store.scan::<Order>().count(), report.rejected.count), (20, 3));
    let said: Vec<String> = report.rejected.first.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "line 22, date: \"2026-13-02\" is not a date; write YYYY-MM-DD",
            "line 23, date: \"2026-07-02\" lies in the future; write a date up to 2026-06-30",
            "line 24, quantity: \"-2\" is negative; write a return into the refund column of its order",
        ]
    );
}

/// Stops at the n-th look.
struct StopAt(std::sync::atomic::AtomicI64);

impl Work for StopAt {
    fn progress(&self, _: &str, _: u64, _: u64) {}
    fn cancelled(&self) -> bool {
        self.0.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) <= 0
    }
}

#[test]
fn an_import_cancelled_at_any_point_leaves_nothing() {
    let (files, dir) = (Files::new(), tempfile::tempdir().unwrap());
    let path = files.write("lines.csv", uci_file(5_000));
    let store = Store::create(dir.path()).unwrap();
    let mut stopped = 0;
    for n in 0.. {
        let work = StopAt(n.into());
        match import_file(&store, &path, &Options::default(), &clock(), &work) {
            Ok(_) => break,
            Err(error) => {
                stopped += 1;
                assert_eq!(error.to_string(), "cancelled; nothing of this file was stored");
                assert_eq!((store.data_version().unwrap(), store.scan::<Order>().count()), (0, 0));
                let left = std::fs::read_dir(dir.path().join("staging")).map_or(0, Iterator::count);
                assert_eq!(left, 0, "stopped at look {n}");
            }
        }
    }
    assert!(stopped > 60, "{stopped} looks at the stop button");
    assert_eq!(store.data_version().unwrap(), 1);
}

#[test]
fn uci_is_read_whole() {
    let Some(data) = crate::support::data::data("uci-online-retail/transactions.csv.gz") else { return };
    let store = Store::memory();
    let report = import_file(&store, &data, &Options::default(), &Clock::system(None), &NoWork).unwrap();
    // Counted by a separate script (csv and decimal of Python): lines above 0 that are no fee and no correction.
    assert_eq!(
        (report.rows, report.orders, report.fees, report.corrections),
        (531_282, 19_959, 2_311, 1_179)
    );
    assert_eq!(report.sums["GBP"].lines_total, Micros(10_272_118_873_000));
    assert_eq!(store.scan::<Product>().count(), 3_913);
    let customers: std::collections::BTreeSet<_> =
        orders(&store).into_iter().filter_map(|order| order.customer).collect();
    assert!(customers.len() >= 4_334);
    let again = import_file(&store, &data, &Options::default(), &Clock::system(None), &NoWork).unwrap();
    assert!(!again.changes.unwrap().changed());
}
