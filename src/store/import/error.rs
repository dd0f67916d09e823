//! Why was a file not taken, and what can be done about it?

use std::io;
use std::path::PathBuf;

use super::reject::Reject;
use crate::domain::Day;
use crate::store::StoreError;

/// What stops an import; nothing of the file is stored then.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what each is")]
pub enum ImportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cancelled; nothing of this file was stored")]
    Cancelled,
    #[error("{file}: {source}")]
    Io { file: String, source: io::Error },
    #[error("{file} is empty; export it again")]
    Empty { file: String },
    #[error("{file} has a header in line {line} and no rows under it; export it again")]
    HeaderOnly { file: String, line: u64 },
    #[error("{file} is {what}; {mend}")]
    Container { file: String, what: &'static str, mend: &'static str },
    #[error("{file} holds several files ({entries}); unpack it and import each")]
    SeveralInside { file: String, entries: String },
    #[error("{file} cannot be read as Parquet ({why}); write it again, or as CSV (UTF-8)")]
    DamagedParquet { file: String, why: String },
    #[error("{file} cannot be unpacked ({why}); copy or export it again")]
    DamagedArchive { file: String, why: String },
    #[error(
        "{file} line {line}: the row that begins here is above 4 MB; close its quote, or export the file again"
    )]
    EndlessRow { file: String, line: u64 },
    #[error("{file} is above the limit of {limit}; split it")]
    TooLarge { file: String, limit: &'static str },
    #[error(
        "{file} line {line}: the byte 0x{byte:02X} is neither UTF-8 nor GB18030; \
         say what the file is in: --encoding windows-1252 (or big5, shift_jis …)"
    )]
    Encoding { file: String, line: u64, byte: u8 },
    #[error(
        "{file} line {line}: this is not {encoding}; leave --encoding out to let it be found, or name another"
    )]
    OtherEncoding { file: String, line: u64, encoding: &'static str },
    #[error("--encoding {0:?} is not known; write utf-8, gb18030, windows-1252, big5, shift_jis …")]
    UnknownEncoding(String),
    #[error(
        "{file}: cannot tell what this file is; looked for {looked_for}; found the columns {found}; \
         say what it is: --kind orders --map COLUMN=FIELD"
    )]
    UnknownFormat { file: String, looked_for: String, found: String },
    #[error(
        "{file}: can be read as {kinds}; found the columns {found}; \
         say which it is: --kind {first}, and --map COLUMN=FIELD where a name does not fit"
    )]
    SeveralFormats { file: String, kinds: String, first: &'static str, found: String },
    #[error(
        "{file}: as {kind} it lacks {needs}; found the columns {found}; \
         name the column: --map COLUMN=FIELD (fields: {fields})"
    )]
    MissingFields { file: String, kind: &'static str, needs: &'static str, found: String, fields: String },
    #[error("--kind {kind:?} is not known; write one of {kinds}")]
    UnknownKind { kind: String, kinds: String },
    #[error("--map {map:?}: {kind} has no field {field}; write one of {fields}")]
    UnknownField { map: String, kind: &'static str, field: String, fields: String },
    #[error("--map {map:?}: there is no column {column}; found the columns {found}")]
    UnknownColumn { map: String, column: String, found: String },
    #[error("--map {0:?} is not COLUMN=FIELD")]
    NotAMap(String),
    #[error(
        "{file}: the columns {first} and {second} both stand for {field}; say which: --map \"{first}={field}\""
    )]
    TwoColumns { file: String, field: &'static str, first: String, second: String },
    #[error(
        "{} line {}, column {}: {:?} can be {first} or {second}; \
         say which: --decimal . reads {first}, --decimal , reads {second}",
        .0.file, .0.line, .0.column, .0.value, first = .0.first, second = .0.second
    )]
    AmbiguousNumber(Box<Readings>),
    #[error(
        "{}, column {}: {:?} in line {} has a decimal point and {:?} in line {} a decimal comma; \
         write one way throughout, or say which: --decimal . or --decimal ,",
        .0.file, .0.column, .0.first, .0.first_line, .0.second, .0.second_line
    )]
    MixedNumbers(Box<Mixed>),
    #[error(
        "{} line {}, column {}: {:?} can be {first} or {second}; \
         say which: --date-order dmy reads {first}, --date-order mdy reads {second}",
        .0.file, .0.line, .0.column, .0.value, first = .0.first, second = .0.second
    )]
    AmbiguousDate(Box<Readings>),
    #[error(
        "{}, column {}: {:?} in line {} has the day first and {:?} in line {} the month; \
         write one way throughout (YYYY-MM-DD is best)",
        .0.file, .0.column, .0.first, .0.first_line, .0.second, .0.second_line
    )]
    MixedDates(Box<Mixed>),
    #[error(
        "{file} line {line}: order {order} has {column} {value:?} in each of its rows, which can be a row's own amount or the order's total; \
         say which: --map \"{column}=amount\" (add the rows up) or --map \"{column}=order_amount\" (count it once)"
    )]
    AmbiguousAmount { file: String, line: u64, order: String, column: String, value: String },
    #[error("{file} line {line} is not JSON ({why}); export it again")]
    NotJson { file: String, line: u64, why: String },
    #[error("{file} line {line} is no record of the table {table} ({why}); export it again")]
    NotARecord { file: String, line: u64, table: &'static str, why: String },
    #[error(
        "{file} has JSON lines of no table of ours (fields {found}); import what `mercato export` wrote: {tables}"
    )]
    UnknownTable { file: String, found: String, tables: String },
    #[error(
        "{file} has amounts and no shop to belong to; import setting.jsonl of the same export first, \
         or say --currency EUR --timezone Europe/Berlin"
    )]
    NoSettings { file: String },
    #[error(
        "{file} belongs to a shop with {other}, and this folder holds one with {own}; \
         import it into a folder of its own with --data DIR"
    )]
    OtherShop { file: String, own: String, other: String },
    #[error("{file} does not say its currency; add it: --currency EUR (or CNY, USD, GBP …)")]
    NoCurrency { file: String },
    #[error("--currency {0:?} is not an ISO 4217 code; write EUR, CNY, USD, GBP …")]
    UnknownCurrency(String),
    #[error("--timezone {0:?} is not known; write a name such as Europe/Berlin or Asia/Shanghai")]
    UnknownZone(String),
    #[error("the shop's days are those of {shop} since its first import; leave --timezone {given} out")]
    OtherZone { shop: String, given: String },
    #[error(
        "{file} line {line}, column {column}: {value} has lost digits in a spreadsheet; \
         export the file again and do not open it there, or format the column as text first"
    )]
    LostDigits { file: String, line: u64, column: String, value: String },
    #[error(
        "{file} line {line} covers {from} to {to} in one row, and what was spent on which day cannot be told; \
         export it again by day (Breakdown, By time, Day)"
    )]
    NotDaily { file: String, line: u64, from: Day, to: Day },
    #[error(
        "{file}: {kind} {id} stands in line {first} and, with other content, in line {second}; keep one of them"
    )]
    Duplicate { file: String, kind: &'static str, id: String, first: u64, second: u64 },
    #[error(
        "{file}: {rejected} of {rows} rows cannot be read, so nothing was stored; mend them and import again\n{}{}",
        list(.first), all_in(.all)
    )]
    TooManyRejected { file: String, rejected: u64, rows: u64, first: Vec<Reject>, all: Option<PathBuf> },
}

/// One cell that can be read in two ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readings {
    /// The file.
    pub file: String,
    /// Line of the cell.
    pub line: u64,
    /// Its column.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// With the decimal point, or the day first.
    pub first: String,
    /// With the decimal comma, or the month first.
    pub second: String,
}

/// Two cells of a column that cannot be read in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mixed {
    /// The file.
    pub file: String,
    /// The column.
    pub column: String,
    /// The cell with the decimal point, or the day first.
    pub first: String,
    /// Its line.
    pub first_line: u64,
    /// The cell with the decimal comma, or the month first.
    pub second: String,
    /// Its line.
    pub second_line: u64,
}

fn list(rejects: &[Reject]) -> String {
    rejects.iter().map(|reject| format!("  {reject}")).collect::<Vec<_>>().join("\n")
}

fn all_in(file: &Option<PathBuf>) -> String {
    file.as_ref().map(|file| format!("\nall of them: {}", file.display())).unwrap_or_default()
}

impl From<crate::domain::Cancelled> for ImportError {
    fn from(_: crate::domain::Cancelled) -> Self {
        Self::Cancelled
    }
}
