//! What bad input gets: one sentence with the place, the value and the mend, and nothing stored.

use mercato::store::Store;
use mercato::store::import::Options;

use crate::support::files::{Files, clock, euros, gzip};

#[track_caller]
fn says(name: &str, bytes: impl AsRef<[u8]>, options: &Options, expected: &str) {
    assert_eq!(Files::new().sentence(name, bytes, options), expected);
}

#[test]
fn an_unreadable_file() {
    let files = Files::new();
    let read = |path: &std::path::Path| {
        let work = mercato::domain::NoWork;
        let done = mercato::store::import::import_file(&Store::memory(), path, &euros(), &clock(), &work);
        done.unwrap_err().to_string()
    };
    let missing = files.path("missing.csv");
    assert_eq!(read(&missing), format!("{}: No such file or directory (os error 2)", missing.display()));
    let folder = files.path("");
    assert_eq!(read(&folder), format!("{}: Is a directory (os error 21)", folder.display()));
    let packed = gzip(b"order_id,date,amount\n1,2026-05-01,5\n");
    let cut = files.write("cut.csv.gz", &packed[..packed.len() - 12]);
    assert_eq!(
        read(&cut),
        format!("{}: the packed file ends too early; copy or export it again", cut.display())
    );
}

#[test]
fn an_empty_file() {
    says("a.csv", "", &euros(), "a.csv is empty; export it again");
    says("a.csv", " \n\n", &euros(), "a.csv is empty; export it again");
    says("a.csv.gz", gzip(b""), &euros(), "a.csv.gz is empty; export it again");
    says(
        "a.csv",
        "order_id,date,amount\n",
        &euros(),
        "a.csv has a header in line 1 and no rows under it; export it again",
    );
}

#[test]
fn an_unknown_format_says_what_was_looked_for_and_found() {
    let said = Files::new().sentence("a.csv", "when,who,what\n2026-05-01,ann,tea\n", &euros());
    assert!(
        said.starts_with("a.csv: cannot tell what this file is; looked for customers, feedback, "),
        "{said}"
    );
    let end = "; found the columns when, who, what; say what it is: --kind orders --map COLUMN=FIELD";
    assert!(said.ends_with(end), "{said}");
    says(
        "a.csv",
        "order_id,customer_id,quantity,discount,status\n1,ann,2,0,paid\n",
        &euros(),
        "a.csv: cannot tell what this file is; looked for orders (order_id, date, and amount or quantity with \
         unit_price); found the columns order_id, customer_id, quantity, discount, status; say what it is: --kind \
         orders --map COLUMN=FIELD",
    );
    says(
        "returns.csv",
        "Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\nTEA,-1,2010-12-01 09:41,2.5,14527,UK\n",
        &Options { kind: Some("uci".into()), ..euros() },
        "returns.csv: as uci it lacks InvoiceNo, StockCode, Quantity, InvoiceDate and UnitPrice; found the columns \
         Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country; name the column: --map COLUMN=FIELD \
         (fields: invoice, stock_code, description, quantity, invoice_date, unit_price, customer_id)",
    );
    says(
        "a.csv",
        "id,name\n1,ann\n",
        &euros(),
        "a.csv: can be read as customers and as products; found the columns id, name; say which it is: \
         --kind customers, and --map COLUMN=FIELD where a name does not fit",
    );
    says(
        "a.csv",
        "order_id,date,amount,total\n1,2026-05-01,5,6\n",
        &euros(),
        "a.csv: the columns amount and total both stand for amount; say which: --map \"amount=amount\"",
    );
}

#[test]
fn a_flag_that_means_nothing() {
    let orders = "order_id,date,amount\n1,2026-05-01,5\n";
    let with = |change: fn(&mut Options)| {
        let mut options = euros();
        change(&mut options);
        options
    };
    for (options, expected) in [
        (
            with(|options| options.currency = Some("EURO".into())),
            "--currency \"EURO\" is not an ISO 4217 code; write EUR, CNY, USD, GBP …",
        ),
        (
            with(|options| options.timezone = Some("Berlin".into())),
            "--timezone \"Berlin\" is not known; write a name such as Europe/Berlin or Asia/Shanghai",
        ),
        (
            with(|options| options.encoding = Some("utf-9".into())),
            "--encoding \"utf-9\" is not known; write utf-8, gb18030, windows-1252, big5, shift_jis …",
        ),
        (with(|options| options.map = vec!["amount".into()]), "--map \"amount\" is not COLUMN=FIELD"),
        (
            with(|options| {
                options.kind = Some("orders".into());
                options.map = vec!["sum=amount".into()];
            }),
            "--map \"sum=amount\": there is no column sum; found the columns order_id, date, amount",
        ),
    ] {
        says("a.csv", orders, &options, expected);
    }
    let said = Files::new().sentence("a.csv", orders, &with(|options| options.kind = Some("sales".into())));
    assert!(said.starts_with("--kind \"sales\" is not known; write one of customers, feedback, "), "{said}");
}

#[test]
fn lines_are_counted_alike_under_every_end_of_line() {
    let text = "order_id,date,amount\n1,2026-05-01,5\n2,2026-05-01,5\n3,2026-13-01,5\n";
    for ends in ["\n", "\r\n", "\r"] {
        let store = mercato::store::Store::memory();
        let report = Files::new().import(&store, "a.csv", text.replace('\n', ends), &euros()).unwrap();
        assert_eq!((report.rows, report.orders, report.rejected.first[0].line), (3, 2, 4), "{ends:?}");
    }
}

#[test]
fn a_wrong_encoding_names_line_and_byte() {
    says(
        "a.csv",
        b"order_id,date,amount,city\n1,2026-05-01,5,K\xF6\n2,2026-05-01,5,K\xF6ln\n",
        &euros(),
        "a.csv line 2: the byte 0xF6 is neither UTF-8 nor GB18030; \
         say what the file is in: --encoding windows-1252 (or big5, shift_jis …)",
    );
    says(
        "a.csv",
        b"order_id,date,amount\n1,2026-05-01,5\xFF\n",
        &Options { encoding: Some("utf-8".into()), ..euros() },
        "a.csv line 2: this is not UTF-8; leave --encoding out to let it be found, or name another",
    );
    let store = Store::memory();
    let options = Options { encoding: Some("windows-1252".into()), ..euros() };
    let latin = b"order_id,date,amount,city\n1,2026-05-01,5,K\xF6ln\n";
    Files::new().import(&store, "a.csv", latin, &options).unwrap();
    let order = store.get::<mercato::domain::Order>(b"1").unwrap().unwrap();
    assert_eq!(order.city.as_deref(), Some("Köln"));
}

#[test]
fn what_cannot_be_decided_shows_both_readings() {
    says(
        "a.csv",
        "order_id,date,amount\n1,2026-05-01,\"1,234\"\n",
        &euros(),
        "a.csv line 2, column amount: \"1,234\" can be 1234.00 or 1.234; \
         say which: --decimal . reads 1234.00, --decimal , reads 1.234",
    );
    says(
        "a.csv",
        "order_id,date,amount\n1,2026-05-01,1.50\n2,2026-05-01,\"1,5\"\n",
        &euros(),
        "a.csv, column amount: \"1.50\" in line 2 has a decimal point and \"1,5\" in line 3 a decimal comma; \
         write one way throughout, or say which: --decimal . or --decimal ,",
    );
    says(
        "a.csv",
        "order_id,date,amount\n1,01/05/2026,5\n",
        &euros(),
        "a.csv line 2, column date: \"01/05/2026\" can be 2026-05-01 or 2026-01-05; \
         say which: --date-order dmy reads 2026-05-01, --date-order mdy reads 2026-01-05",
    );
    says(
        "a.csv",
        "order_id,date,amount\n1,13/05/2026,5\n2,05/13/2026,5\n",
        &euros(),
        "a.csv, column date: \"13/05/2026\" in line 2 has the day first and \"05/13/2026\" in line 3 the month; \
         write one way throughout (YYYY-MM-DD is best)",
    );
    says(
        "a.csv",
        "order_id,date,product,amount\n1,2026-05-01,Tea,15.00\n1,2026-05-01,Mug,15.00\n",
        &euros(),
        "a.csv line 2: order 1 has amount \"15.00\" in each of its rows, which can be a row's own amount or the \
         order's total; say which: --map \"amount=amount\" (add the rows up) or --map \"amount=order_amount\" \
         (count it once)",
    );
    says(
        "a.csv",
        "order_id,date,amount\n1,2026-05-01,5\n",
        &Options::default(),
        "a.csv does not say its currency; add it: --currency EUR (or CNY, USD, GBP …)",
    );
}

#[test]
fn rows_that_cannot_be() {
    let header = "order_id,date,quantity,unit_price,currency,status,discount\n";
    for (row, expected) in [
        (
            "1,2026-05-01,-2,5,EUR,paid,",
            "quantity: \"-2\" is negative; write a return into the refund column of its order",
        ),
        (
            "1,2026-07-02,1,5,EUR,paid,",
            "date: \"2026-07-02\" lies in the future; write a date up to 2026-06-30",
        ),
        ("1,2026-13-02,1,5,EUR,paid,", "date: \"2026-13-02\" is not a date; write YYYY-MM-DD"),
        (
            "1,2026-05-01,1,5,EURO,paid,",
            "currency: \"EURO\" is not a known currency; write its ISO 4217 code, such as EUR, CNY or USD",
        ),
        (
            "1,2026-05-01,1,5,EUR,lost,",
            "status: \"lost\" is not a known status; \
             write pending, paid, shipped, completed, cancelled, refunded or partially_refunded",
        ),
        (
            "1,2026-05-01,1,abc,EUR,paid,",
            "unit_price: \"abc\" is not a number with a decimal point; write digits only",
        ),
        ("1,2026-05-01,1.5,5,EUR,paid,", "quantity: \"1.5\" is not a whole number; write whole pieces"),
        (",2026-05-01,1,5,EUR,paid,", "order_id: \"\" is no id; fill it in"),
        ("1,,1,5,EUR,paid,", "date: \"\" is no date; fill it in"),
        (
            "1,2026-05-01,1,5,EUR,paid,6",
            "discount: \"6.00\" is above the value of what it is for; write the discount on the goods only",
        ),
    ] {
        says(
            "a.csv",
            format!("{header}{row}\n"),
            &euros(),
            &format!(
                "a.csv: 1 of 1 rows cannot be read, so nothing was stored; mend them and import again\n  line 2, {expected}"
            ),
        );
    }
}

#[test]
fn above_one_in_a_hundred_nothing_is_stored_and_ten_are_named() {
    let mut text = String::from("order_id,date,amount\n");
    for n in 0..100 {
        text += &format!("{n},{},5\n", if n < 11 { "soon" } else { "2026-05-01" });
    }
    let said = Files::new().sentence("a.csv", text, &euros());
    assert!(
        said.starts_with("a.csv: 11 of 100 rows cannot be read, so nothing was stored; mend them"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1 + 10);
}

#[test]
fn one_order_cannot_have_two_customers() {
    let text = "order_id,date,amount,customer_id\n1,2026-05-01,5,ann\n1,2026-05-01,6,bo\n";
    let report = Files::new().import(&Store::memory(), "a.csv", text, &euros()).unwrap();
    assert_eq!(
        report.rejected.first[0].to_string(),
        "line 3, customer_id: \"bo\" is not the \"ann\" that order 1 has in line 2; \
         give different orders different numbers"
    );
}

#[test]
fn an_id_twice_with_other_content_names_both_lines() {
    says(
        "a.csv",
        "customer_id,name\nc1,Ann\nc2,Bo\nc1,Ann\nc1,Anna\n",
        &Options::default(),
        "a.csv: customer c1 stands in line 2 and, with other content, in line 5; keep one of them",
    );
    says(
        "a.csv",
        "sku,name,price\nT1,Tee,9\nT1,Tee,10\n",
        &euros(),
        "a.csv: product T1 stands in line 2 and, with other content, in line 3; keep one of them",
    );
}

#[test]
fn digits_that_a_spreadsheet_has_eaten() {
    says(
        "a.csv",
        "order_id,date,amount\n3.5535E+15,2026-05-01,5\n",
        &euros(),
        "a.csv line 2, column order_id: 3.5535E+15 has lost digits in a spreadsheet; \
         export the file again and do not open it there, or format the column as text first",
    );
}

#[test]
fn the_shops_zone_stays_that_of_the_first_import() {
    let (files, store) = (Files::new(), Store::memory());
    let orders = "order_id,date,amount\n1,2026-05-01,5\n";
    files.import(&store, "a.csv", orders, &euros()).unwrap();
    let other = Options { timezone: Some("Asia/Shanghai".into()), ..euros() };
    let said = files.import(&store, "a.csv", orders, &other).unwrap_err().to_string();
    assert_eq!(
        said,
        "the shop's days are those of Europe/Berlin since its first import; leave --timezone Asia/Shanghai out"
    );
}
