//! A table is the same table in whatever it was saved: encodings, archives, workbooks; and what cannot be opened is
//! refused with the way to open it.

use std::io::Write;

use mercato::store::Store;
use mercato::store::import::Options;

use crate::support::disguise::{self, book, number_cell, text_cell, utf16, workbook, zipped};
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

/// The orders with real types: whole numbers, doubles, instants, an empty cell.
fn parquet() -> Vec<u8> {
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
    let schema =
        "message orders { REQUIRED BYTE_ARRAY order_id (UTF8); REQUIRED INT64 date (TIMESTAMP_MILLIS);
        OPTIONAL BYTE_ARRAY customer_id (UTF8); REQUIRED BYTE_ARRAY product (UTF8); REQUIRED INT32 quantity;
        REQUIRED DOUBLE unit_price; REQUIRED BYTE_ARRAY status (UTF8); }";
    let schema = std::sync::Arc::new(parquet::schema::parser::parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut file =
        parquet::file::writer::SerializedFileWriter::new(&mut bytes, schema, std::sync::Arc::default())
            .unwrap();
    let mut group = file.next_row_group().unwrap();
    let texts = |words: &[&str]| words.iter().map(|word| ByteArray::from(*word)).collect::<Vec<_>>();
    macro_rules! column {
        ($kind:ty, $values:expr, $levels:expr) => {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<$kind>().write_batch($values, $levels, None).unwrap();
            column.close().unwrap();
        };
    }
    column!(ByteArrayType, &texts(&["A1", "A2", "A3"]), None);
    column!(Int64Type, &[1_777_629_600_000, 1_777_721_400_000, 1_777_721_400_000], None);
    column!(ByteArrayType, &texts(&["c1", "c2"]), Some(&[1, 1, 0]));
    column!(ByteArrayType, &texts(&["茶, 绿", "Mug", "Mug"]), None);
    column!(Int32Type, &[2, 1, 3], None);
    column!(DoubleType, &[4.5, 9.0, 8.125], None);
    column!(ByteArrayType, &texts(&["已付款", "已发货", "paid"]), None);
    group.close().unwrap();
    file.close().unwrap();
    bytes
}

/// Real dates, numbers and a second sheet, as a console or a person makes them; the table begins in the third row.
fn typed(id: &str) -> Vec<u8> {
    let header = ["order_id", "date", "quantity", "unit_price", "product"];
    let header: String = header.iter().enumerate().map(|(at, name)| text_cell(2, at, name)).collect();
    let cells = [
        id.to_owned(),
        // 2026-05-01 23:59:59, a little before the second.
        number_cell(3, 1, "46143.9999884258", 1),
        number_cell(3, 2, "2", 0),
        number_cell(3, 3, "1.234", 0),
        text_cell(3, 4, "Two\nlines"),
    ];
    let rows = format!("<row r=\"3\">{header}</row><row r=\"4\">{}</row>", cells.concat());
    book(&[("orders", &rows), ("notes", &format!("<row r=\"1\">{}</row>", text_cell(0, 0, "more")))], &[])
}

#[test]
fn a_parquet_file_says_what_its_csv_says() {
    let last = "A3,2026-05-02 11:30:00,,Mug,3,8.125,paid\n";
    assert_eq!(stored(&parquet()), stored(format!("{ORDERS}{last}").as_bytes()));
    let mut cut = parquet();
    cut.truncate(cut.len() / 2);
    let said = Files::new().sentence("orders.parquet", &cut, &euros());
    assert!(
        said.contains("orders.parquet cannot be read as Parquet") && said.ends_with("or as CSV (UTF-8)"),
        "{said}"
    );
}

#[test]
fn dates_numbers_and_ids_of_a_workbook() {
    let text = stored(&typed(&number_cell(3, 0, "1234567", 0)));
    assert!(text.contains(r#""id":"1234567""#), "{text}");
    assert!(text.contains(r#""placed_at":"2026-05-01T21:59:59Z""#), "{text}");
    assert!(text.contains(r#""unit_price":"1.234""#) && text.contains("Two lines"), "{text}");
    let store = Store::memory();
    let report = Files::new().import(&store, "a.xlsx", typed(&text_cell(3, 0, "A")), &euros()).unwrap();
    assert_eq!(
        (report.encoding, report.header_line, report.other_sheets),
        ("XLSX", 3, vec!["notes".to_owned()])
    );
    assert!(stored(&typed(&number_cell(3, 0, "3553498017448001", 0))).contains("3553498017448001"), "exact");
    for (written, shown) in
        [("3553498017448000", "3.55349801744800E+15"), ("3553498017448001234", "3.55349801744800E+18")]
    {
        says(
            "a.xlsx",
            typed(&number_cell(3, 0, written, 0)),
            &format!(
                "a.xlsx line 4, column order_id: {shown} has lost digits in a spreadsheet; \
                 export the file again and do not open it there, or format the column as text first"
            ),
        );
    }
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
    let whole = workbook(ORDERS);
    let cut = &whole[..whole.len() / 2];
    let sentence = Files::new().sentence("a.xlsx", cut, &euros());
    assert!(
        sentence.starts_with("a.xlsx cannot be unpacked (") && sentence.ends_with("copy or export it again"),
        "{sentence}"
    );
}

#[test]
fn what_swells_is_stopped() {
    let blank = vec![b'\n'; 201 * 1024 * 1024];
    says("a.zip", zipped(&[("a.csv", &blank)]), "a.zip is above the limit of 200 MB unpacked; split it");
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&blank).unwrap();
    says("a.gz", packer.finish().unwrap(), "a.gz is above the limit of 200 MB unpacked; split it");
    let wide = format!("<row r=\"1\">{}</row>", text_cell(0, 2_000, "x"));
    says("a.xlsx", book(&[("s", &wide)], &[]), "a.xlsx is above the limit of 2,000 columns; split it");
    // One long text that every cell shares is small in the file.
    let cells = (1..=7_000).map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>0</v></c></row>"));
    let shared = book(&[("s", &cells.collect::<String>())], &[&"x".repeat(32_000)]);
    says("a.xlsx", shared, "a.xlsx is above the limit of 200 MB unpacked; split it");
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
