//! What each platform's export holds arrives as the shop's own records, and the same in whatever it was saved.
//!
//! The files in `tests/data/import` are synthetic, with the headers that the platforms write; what becomes of each is
//! an approved snapshot, read against IMPORT_FORMATS by eye.

use std::fmt::Write;
use std::path::Path;

use mercato::domain::{Micros, NoWork, Order};
use mercato::store::Store;
use mercato::store::import::{FileReport, Options, import_file, in_order};

use crate::support::disguise;
use crate::support::files::{Files, clock, content, gzip};

fn golden(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn import(store: &Store, bytes: &[u8]) -> FileReport {
    let options = Options { timezone: Some("America/New_York".into()), currency: None, ..Options::default() };
    let options = if store.shop().unwrap().is_some() { Options::default() } else { options };
    Files::new().import(store, "file", bytes, &options).unwrap()
}

/// What was stored, and what the report says of it.
fn result(file: &str) -> String {
    let store = Store::memory();
    let mut options = Options::default();
    if file.starts_with("shopify") || file.starts_with("woo") {
        options.timezone = Some("America/New_York".into());
    }
    if file.starts_with("woo") || file == "shopify_products.csv" {
        options.currency = Some("EUR".into());
    }
    let plain = taken(&store, golden(file).as_bytes(), &options);
    for (clothes, bytes) in disguise::all(&golden(file)) {
        let store = Store::memory();
        assert_eq!(taken(&store, &bytes, &options), plain, "{file} as {clothes}");
        let again = Files::new().import(&store, "file", &bytes, &options).unwrap();
        assert!(!again.changes.unwrap().changed(), "{file} as {clothes} twice");
    }
    plain
}

fn taken(store: &Store, bytes: &[u8], options: &Options) -> String {
    let report = Files::new().import(store, "file", bytes, options).unwrap();
    content(store) + &said(&report)
}

fn said(report: &FileReport) -> String {
    let mut text = format!("{}: {} rows, {} orders", report.kind, report.rows, report.orders);
    writeln!(text, ", {} with a customer, {} left out", report.with_customer, report.rejected.count).unwrap();
    for (currency, sums) in &report.sums {
        assert!(sums.lines_total == sums.orders_total || report.odd_orders.count > 0, "a gap is said");
        writeln!(text, "{currency} {:?} {:?}", sums.lines_total, sums.orders_total).unwrap();
    }
    writeln!(text, "odd: {:?}", report.odd_orders).unwrap();
    report.cannot_answer.iter().fold(text, |text, note| text + note + "\n")
}

#[test]
fn shopify_orders() {
    insta::assert_snapshot!(result("shopify_orders.csv"));
}

#[test]
fn shopify_customers() {
    insta::assert_snapshot!(result("shopify_customers.csv"));
}

#[test]
fn shopify_products() {
    insta::assert_snapshot!(result("shopify_products.csv"));
}

#[test]
fn woocommerce_orders() {
    insta::assert_snapshot!(result("woocommerce_orders.csv"));
}

#[test]
fn taobao_orders() {
    insta::assert_snapshot!(result("taobao_orders.csv"));
}

#[test]
fn pinduoduo_orders() {
    insta::assert_snapshot!(result("pinduoduo_orders.csv"));
}

#[test]
fn taobao_items_give_the_orders_their_lines_whenever_they_come() {
    let (orders, items) = (golden("taobao_orders.csv"), golden("taobao_items.csv"));
    let store = Store::memory();
    import_cny(&store, orders.as_bytes());
    let report = import_cny(&store, items.as_bytes());
    let both = content(&store);
    insta::assert_snapshot!(both.clone() + &said(&report));
    assert_eq!(store.scan::<Order>().map(|order| order.unwrap().lines.len()).sum::<usize>(), 5);
    for (again, what) in [(&orders, "the orders"), (&items, "the items")] {
        assert!(!import_cny(&store, again.as_bytes()).changes.unwrap().changed(), "{what} again");
    }
    for (clothes, bytes) in disguise::all(&items) {
        let store = Store::memory();
        import_cny(&store, orders.as_bytes());
        import_cny(&store, &bytes);
        assert_eq!(content(&store), both, "the items as {clothes}");
    }
    // A newer export without lines moves the status and leaves the lines.
    import_cny(&store, orders.replace("卖家已发货，等待买家确认", "交易成功").as_bytes());
    assert_eq!(store.scan::<Order>().map(|order| order.unwrap().lines.len()).sum::<usize>(), 5);

    let (files, together) = (Files::new(), Store::memory());
    let named = [files.write("items.csv", &items), files.write("orders.csv", &orders)];
    for path in in_order(&named, &Options::default(), &NoWork) {
        import_file(&together, &path, &Options::default(), &clock(), &NoWork).unwrap();
    }
    assert_eq!(content(&together), both, "in one command, in whatever order");
}

fn import_cny(store: &Store, bytes: &[u8]) -> FileReport {
    Files::new().import(store, "file", bytes, &Options::default()).unwrap()
}

#[test]
fn taobao_items_without_their_orders_are_refused_with_the_way() {
    let sentence = Files::new().sentence("items.csv", golden("taobao_items.csv"), &Options::default());
    assert!(
        sentence.contains(
            "line 2, 订单编号: \"3553498017448001\" is no order of this shop; import its 订单报表 first, or both in one command"
        ),
        "{sentence}"
    );
}

#[test]
fn an_order_whose_lines_do_not_add_up_is_named() {
    let store = Store::memory();
    let report =
        import(&store, golden("shopify_orders.csv").replace(",29.98,5.00", ",39.98,5.00").as_bytes());
    let first = report.odd_orders.first.unwrap();
    assert_eq!((report.odd_orders.count, first.order.as_str(), first.line), (1, "#1001", 2));
    assert_eq!((first.lines, first.said), (Micros(29_980_000), Micros(39_980_000)));
    let sums = report.sums["USD"];
    assert_eq!(sums.orders_total - sums.lines_total, Micros(10_000_000));
    let packed = gzip(golden("shopify_orders.csv").as_bytes());
    assert_eq!(import(&Store::memory(), &packed).odd_orders.count, 0);
}

#[test]
fn customers_and_orders_of_shopify_meet_by_address_and_products_by_sku() {
    let store = Store::memory();
    for file in ["shopify_orders.csv", "shopify_customers.csv", "shopify_products.csv"] {
        import(&store, golden(file).as_bytes());
    }
    let order = store.get::<Order>(b"#1001").unwrap().unwrap();
    let customer = order.customer.unwrap();
    let known = store.get::<mercato::domain::Customer>(customer.0.as_bytes()).unwrap().unwrap();
    assert_eq!(known.name.as_deref(), Some("Ann Lee"));
    for line in order.lines {
        let product = store.get::<mercato::domain::Product>(line.product.unwrap().0.as_bytes()).unwrap();
        assert!(product.unwrap().cost.is_some(), "{}", line.title);
    }
}

#[test]
fn who_left_only_a_number_is_one_customer_in_every_file_and_the_number_is_not_kept() {
    let store = Store::memory();
    let header = "Name,Email,Financial Status,Paid at,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Phone,Billing Phone";
    let row = |order: &str, day: &str, email: &str, phone: &str, billing: &str| {
        format!(
            "{order},{email},paid,,USD,5,5,{day} 09:00:00 -0400,1,Mug,5,{phone},{billing}\n{order},,,,,,,,1,Cap,5,{phone},\n"
        )
    };
    let orders = |rows: &[String]| format!("{header}\n{}", rows.concat()).replace(",5,5,", ",10,10,");
    let first = row("#1", "2026-05-01", "", "'+1 (555) 010-9999", "");
    let second = row("#2", "2026-05-02", "ann@example.com", "15550109999", "");
    let third = row("#3", "2026-05-03", "", "", "001 555 010 9999");
    let masked = row("#4", "2026-05-04", "", "1******9999", "");
    let report = import(&store, orders(&[first, second]).as_bytes());
    assert_eq!((report.orders, report.with_customer), (2, 2), "{report:?}");
    let report = import(&store, orders(&[third, masked]).as_bytes());
    assert_eq!((report.orders, report.with_customer), (2, 1), "a masked number is nobody's");
    import(
        &store,
        b"Customer ID,First Name,Last Name,Email,Phone,Total Orders\n'77,Bo,Li,,+1 555 010 9999,2\n",
    );
    let who = |order: &str| store.get::<Order>(order.as_bytes()).unwrap().unwrap().customer.map(|id| id.0);
    let by_number = store.customer_by_phone("1-555-010-9999").unwrap();
    assert!(by_number.as_ref().is_some_and(|id| id.starts_with("phone:")), "{by_number:?}");
    assert_eq!((who("#1"), who("#3")), (by_number.clone(), by_number.clone()));
    assert_eq!(who("#2").as_deref(), Some("ann@example.com"), "an address goes before a number");
    let known = store.get::<mercato::domain::Customer>(by_number.unwrap().as_bytes()).unwrap();
    assert_eq!(known.unwrap().name.as_deref(), Some("Bo Li"));
    assert!(!content(&store).contains("0109999"), "only its hash is kept");
}
