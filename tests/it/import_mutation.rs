//! Whatever becomes of a shop's file on its way to us, it is taken or refused in a sentence that names the place.
//!
//! Each golden file is bent as files get bent: cells changed, quotes opened, ids and numbers spoilt, rows and columns
//! moved, huge cells, a cut, another encoding or container, and bytes flipped in that. Never a panic; what is refused
//! is not stored, and the sentence names the file, with the line wherever one row is to blame; what is taken adds up or
//! says that it does not, and changes nothing when it comes again.

use std::path::{Path, PathBuf};

use mercato::store::Store;
use mercato::store::import::{ImportError, Options};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::disguise;
use crate::support::files::{Files, content};

/// A golden file and what must be there before it.
fn golden() -> Vec<(PathBuf, Option<PathBuf>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "csv" || end == "jsonl"))
        .collect();
    files.sort();
    assert!(files.len() >= 7, "{files:?}");
    files
        .into_iter()
        .map(|file| {
            let items = file.file_name().is_some_and(|name| name == "taobao_items.csv");
            (file, items.then(|| dir.join("taobao_orders.csv")))
        })
        .collect()
}

#[derive(Clone, Debug)]
enum Bend {
    /// A cell becomes this.
    Cell(Index, Index, String),
    /// A character is put in at a place.
    Insert(Index, char),
    /// A row stands twice, or is gone.
    Twice(Index),
    Gone(Index),
    /// The rest is cut off.
    Cut(Index),
}

fn bend() -> impl Strategy<Value = Bend> {
    let cells = prop::sample::select(vec![
        "1.23457E+18",
        "=\"007\"",
        "'",
        "\"",
        "-",
        "NaN",
        "1e308",
        "99999999999999999999",
        "-5",
        "1,234",
        "1.234",
        "(3.00)",
        "2.3万",
        "31/02/2026",
        "01/05/2026",
        "2099-01-01",
        "0",
        "张**",
        "=cmd()",
        "合计",
        "Total",
        "\u{FEFF}",
        "a\nb",
        "USD",
        "EURO",
        "退款成功",
        "voided",
        "name@",
        "",
    ]);
    let cell = prop_oneof![
        8 => cells.prop_map(str::to_owned),
        1 => Just("x".repeat(100_000)),
        1 => any::<String>(),
    ];
    prop_oneof![
        6 => (any::<Index>(), any::<Index>(), cell).prop_map(|(row, column, cell)| Bend::Cell(row, column, cell)),
        2 => (any::<Index>(), prop::sample::select(vec!['"', ',', ';', '\t', '\n', '\r', '\0', '，']))
            .prop_map(|(at, sign)| Bend::Insert(at, sign)),
        1 => any::<Index>().prop_map(Bend::Twice),
        1 => any::<Index>().prop_map(Bend::Gone),
        1 => any::<Index>().prop_map(Bend::Cut),
    ]
}

fn bent(text: &str, bends: &[Bend]) -> String {
    let mut text = text.to_owned();
    for bend in bends {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if lines.is_empty() {
            break;
        }
        match bend {
            Bend::Cell(row, column, cell) => {
                let line = &mut lines[row.index(text.lines().count())];
                let mut cells: Vec<&str> = line.split(',').collect();
                let at = column.index(cells.len());
                let quoted = format!("\"{}\"", cell.replace('"', "\"\""));
                cells[at] = if cell == "\"" { cell } else { &quoted };
                *line = cells.join(",");
            }
            Bend::Insert(at, sign) => {
                let at = at.index(text.chars().count());
                text = text.chars().take(at).chain([*sign]).chain(text.chars().skip(at)).collect();
                continue;
            }
            Bend::Twice(row) => {
                let at = row.index(lines.len());
                lines.insert(at, lines[at].clone());
            }
            Bend::Gone(row) => drop(lines.remove(row.index(lines.len()))),
            Bend::Cut(at) => {
                text = text.chars().take(at.index(text.chars().count())).collect();
                continue;
            }
        }
        text = lines.join("\n");
    }
    text
}

/// Whether one row is to blame.
fn of_a_row(error: &ImportError) -> bool {
    matches!(
        error,
        ImportError::LostDigits { .. }
            | ImportError::Duplicate { .. }
            | ImportError::AmbiguousNumber(_)
            | ImportError::AmbiguousDate(_)
            | ImportError::MixedNumbers(_)
            | ImportError::MixedDates(_)
            | ImportError::AmbiguousAmount { .. }
            | ImportError::TooManyRejected { .. }
            | ImportError::EndlessRow { .. }
            | ImportError::Encoding { .. }
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bent_file_is_taken_or_refused_with_its_place(
        file in any::<Index>(),
        bends in prop::collection::vec(bend(), 0..5),
        clothes in any::<Index>(),
        flips in prop_oneof![4 => Just(vec![]), 1 => prop::collection::vec((any::<Index>(), any::<u8>()), 1..4)],
    ) {
        let golden = golden();
        let (path, before) = &golden[file.index(golden.len())];
        let text = bent(&std::fs::read_to_string(path).unwrap(), &bends);
        // A quote that the test itself opened cannot be read as records to be written elsewhere.
        let (clothes, mut bytes) = match clothes.index(6) {
            0 => ("utf-16", disguise::utf16(&text, true)),
            1 => ("gb18030", disguise::gb18030(&text)),
            2 => ("workbook", disguise::workbook(&text)),
            3 => ("zip", disguise::zipped(&[("a.csv", text.as_bytes())])),
            _ => ("utf-8", text.clone().into_bytes()),
        };
        for (at, byte) in flips {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        let (files, store) = (Files::new(), Store::memory());
        let options = Options { timezone: Some("Asia/Shanghai".into()), currency: Some("CNY".into()), ..Options::default() };
        if let Some(before) = before {
            files.import(&store, "before.csv", std::fs::read(before).unwrap(), &options).unwrap();
        }
        let version = store.data_version().unwrap();
        match files.import(&store, "bent.csv", &bytes, &options) {
            Ok(report) => {
                let gap = report.sums.values().any(|sums| sums.lines_total != sums.orders_total);
                prop_assert!(!gap || !report.warnings.is_empty(), "{clothes}: {:?}", report.sums);
                let stored = content(&store);
                let again = files.import(&store, "bent.csv", &bytes, &options).unwrap();
                prop_assert!(!again.changes.unwrap().changed(), "{clothes}");
                prop_assert_eq!(content(&store), stored);
            }
            Err(error) => {
                let sentence = error.to_string();
                prop_assert!(sentence.contains("bent.csv"), "{clothes}: {sentence}");
                prop_assert!(!of_a_row(&error) || sentence.contains("line "), "{clothes}: {sentence}");
                prop_assert!(sentence.len() < 20_000, "{clothes}: {} letters", sentence.len());
                prop_assert_eq!(store.data_version().unwrap(), version);
            }
        }
    }
}

#[test]
fn a_quote_that_is_never_closed_does_not_fill_the_memory() {
    let open = format!(
        "order_id,date,amount\n1,2026-05-01,5\n2,\"2026-05-01,5\n{}",
        "3,2026-05-01,5\n".repeat(400_000)
    );
    assert_eq!(
        Files::new().sentence("a.csv", open, &crate::support::files::euros()),
        "a.csv line 3: the row that begins here is above 4 MB; close its quote, or export the file again"
    );
}
