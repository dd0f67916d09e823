//! A table is the same table in whatever it was saved: encodings, archives, workbooks; and what cannot be opened is
//! refused with the way to open it.

use std::io::Write;

use mercato::store::Store;
use mercato::store::import::Options;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::support::disguise::{self, utf16, workbook, zipped};
use crate::support::files::{Files, content, euros};

const ORDERS: &str = "order_id,date,customer_id,product,quantity,unit_price,status\n\
    A1,2026-05-01 10:00:00,c1,\"茶, 绿\",2,4.50,已付款\n\
    A2,2026-05-02 11:30:00,c2,Mug,1,9.00,已发货\n";

#[track_caller]
fn says(name: &str, bytes: impl AsRef<[u8]>, expected: &str) {
    assert_eq!(Files::new().sentence(name, bytes, &euros()), expected);
}

#[track_caller]
fn stored(bytes: &[u8]) -> String {
    let store = Store::memory();
    Files::new().import(&store, "orders", bytes, &euros()).unwrap();
    content(&store)
}

#[test]
fn a_table_is_the_same_in_each_of_its_clothes() {
    let plain = stored(ORDERS.as_bytes());
    for (clothes, bytes) in disguise::all(ORDERS) {
        assert_eq!(stored(&bytes), plain, "{clothes}");
    }
    let unmarked = utf16(ORDERS, true).split_off(2);
    assert_eq!(stored(&unmarked), plain, "UTF-16 without its mark");
}

/// Real dates, numbers and a second sheet, as a console or a person makes them.
fn typed(id: impl Fn(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, name) in ["order_id", "date", "quantity", "unit_price", "product"].iter().enumerate() {
        sheet.write_string(2, column as u16, *name).unwrap();
    }
    let date = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let moment = ExcelDateTime::from_ymd(2026, 5, 1).unwrap().and_hms(23, 59, 59).unwrap();
    sheet.write_datetime_with_format(3, 1, &moment, &date).unwrap();
    sheet.write_number(3, 2, 2.0).unwrap();
    sheet.write_number(3, 3, 1.234).unwrap();
    sheet.write_string(3, 4, "Two\nlines").unwrap();
    id(sheet);
    workbook.add_worksheet().set_name("notes").unwrap().write_string(0, 0, "more").unwrap();
    workbook.save_to_buffer().unwrap()
}

#[test]
fn dates_numbers_and_ids_of_a_workbook() {
    let text = stored(&typed(|sheet| _ = sheet.write_number(3, 0, 1_234_567.0).unwrap()));
    assert!(text.contains(r#""id":"1234567""#), "{text}");
    assert!(text.contains(r#""placed_at":"2026-05-01T21:59:59Z""#), "{text}");
    assert!(text.contains(r#""unit_price":"1.234""#) && text.contains("Two lines"), "{text}");
    let report = Files::new()
        .import(
            &Store::memory(),
            "a.xlsx",
            typed(|sheet| _ = sheet.write_string(3, 0, "A").unwrap()),
            &euros(),
        )
        .unwrap();
    assert_eq!(
        (report.encoding, report.header_line, report.other_sheets),
        ("XLSX", 3, vec!["notes".to_owned()])
    );
    says(
        "a.xlsx",
        typed(|sheet| _ = sheet.write_number(3, 0, 3_553_498_017_448_000.0).unwrap()),
        "a.xlsx line 4, column order_id: 3.55349801744800E+15 has lost digits in a spreadsheet; \
         export the file again and do not open it there, or format the column as text first",
    );
}

#[test]
fn what_cannot_be_opened_names_the_way() {
    let refused = "open it in a spreadsheet, save it as XLSX or as CSV (UTF-8), and import that";
    says("a.xls", "<html><table>", &format!("a.xls is a web page with an Excel name; {refused}"));
    let old = [&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], [0; 600].as_slice()].concat();
    says("a.xls", &old, &format!("a.xls is an old Excel workbook (.xls); {refused}"));
    let locked = [old.as_slice(), &utf16("EncryptedPackage", true)[2..]].concat();
    says(
        "a.xlsx",
        locked,
        "a.xlsx is a workbook with a password; open it in a spreadsheet and save it without the password",
    );
    // The flag of the entry, in its own header and in the directory, says that it is encrypted.
    let mut zip = zipped(&[("a.csv", b"order_id")]);
    let directory = zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    zip[6] |= 1;
    zip[directory + 8] |= 1;
    says(
        "a.zip",
        zip,
        "a.zip is a zip archive with a password; unpack it with its password, and import what is inside",
    );
    let several = zipped(&[("a.csv", b"1"), ("b.csv", b"2"), ("__MACOSX/._a.csv", b"3")]);
    says("a.zip", several, "a.zip holds several files (a.csv, b.csv); unpack it and import each");
    says("a.zip", zipped(&[]), "a.zip is empty; export it again");
    says(
        "a.zip",
        zipped(&[("a.zip", &zipped(&[("a.csv", b"1")]))]),
        "a.zip is an archive within an archive; unpack it, and import what is inside",
    );
    says("a.xlsx", workbook(""), "a.xlsx is empty; export it again");
    let cut = &workbook(ORDERS)[..3_000];
    let sentence = Files::new().sentence("a.xlsx", cut, &euros());
    assert!(
        sentence.starts_with("a.xlsx cannot be unpacked (") && sentence.ends_with("copy or export it again"),
        "{sentence}"
    );
}

#[test]
fn what_swells_is_stopped() {
    let blank = vec![b' '; 201 * 1024 * 1024];
    says("a.zip", zipped(&[("a.csv", &blank)]), "a.zip is above the limit of 200 MB unpacked; split it");
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&blank).unwrap();
    says("a.gz", packer.finish().unwrap(), "a.gz is above the limit of 200 MB unpacked; split it");
    let mut wide = Workbook::new();
    wide.add_worksheet().write_string(0, 2_000, "x").unwrap();
    says("a.xlsx", wide.save_to_buffer().unwrap(), "a.xlsx is above the limit of 2,000 columns; split it");
    // One long text that every cell shares is small in the file.
    let (mut shared, long) = (Workbook::new(), "x".repeat(32_000));
    let sheet = shared.add_worksheet();
    for row in 0..7_000 {
        sheet.write_string(row, 0, &long).unwrap();
    }
    says(
        "a.xlsx",
        shared.save_to_buffer().unwrap(),
        "a.xlsx is above the limit of 200 MB unpacked; split it",
    );
    let header = ["order_id", "date", "amount"].map(str::to_owned).into_iter();
    let header = header.chain((0..2_000).map(|n| format!("c{n}"))).collect::<Vec<_>>().join(",");
    says(
        "a.csv",
        format!("{header}\n1,2026-05-01,2\n"),
        "a.csv is above the limit of 2,000 columns; split it",
    );
}

#[test]
fn an_encoding_that_is_asked_for_is_taken() {
    let options = Options { encoding: Some("utf-16le".into()), ..euros() };
    let bytes = utf16(ORDERS, true);
    let store = Store::memory();
    Files::new().import(&store, "a.csv", &bytes[2..], &options).unwrap();
    assert_eq!(content(&store), stored(ORDERS.as_bytes()));
}
