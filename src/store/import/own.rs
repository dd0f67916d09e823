//! What comes back from our own export? (one JSON object a line, as `mercato export` writes them)
//!
//! Each line is a record as it was, so that export and import give an equal shop. The table is known by the fields
//! of the first line. Records of money want the shop's settings first: `setting.jsonl` of the same export.

use std::io::{BufRead, BufReader, Read};

use serde_json::{Map, Value};

use super::source::Source;
use super::whole::Fit;
use super::{FileReport, ImportError, Options, row};
use crate::domain::{
    Customer, Experiment, Feedback, Interaction, LiftTest, Order, Product, Shop, Spend, UnlinkedRefund, Work,
};
use crate::store::export::{self, Exported, SETTING};
use crate::store::redo::{AnyRecord, Staging};
use crate::store::{Record, Store, StoreError};

/// No line of an export is longer.
const LINE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Progress is told every so many lines.
const PROGRESS_LINES: u64 = 4_096;

/// Fields that only records of one table have, all of them.
const SIGNATURES: [(&str, &[&str]); 10] = [
    (Customer::TABLE, &["id", "consent"]),
    (Experiment::TABLE, &["id", "arms"]),
    (Feedback::TABLE, &["id", "text", "source"]),
    (Interaction::TABLE, &["id", "kind", "customer"]),
    (LiftTest::TABLE, &["id", "effect", "se"]),
    (Order::TABLE, &["id", "placed_at", "lines"]),
    (Product::TABLE, &["id", "name", "variants"]),
    (SETTING, &["name", "value"]),
    (Spend::TABLE, &["day", "channel", "cost"]),
    (UnlinkedRefund::TABLE, &["id", "n", "amount"]),
];

/// Whether the file is JSON lines: no table of cells begins with a brace.
pub(super) fn is_own(source: &Source) -> Result<bool, ImportError> {
    let mut head = Vec::new();
    source.text()?.take(512).read_to_end(&mut head).map_err(|error| source.io(error))?;
    Ok(head.trim_ascii_start().starts_with(b"{"))
}

/// Brings the file in: all of it or nothing.
pub(super) fn import(
    store: &Store,
    source: &Source,
    options: &Options,
    work: &dyn Work,
) -> Result<FileReport, ImportError> {
    let table = table(source, &mut Lines::of(source)?)?;
    let shop = shop(store, source, table, options)?;
    let mut report = FileReport {
        file: source.name.clone(),
        kind: table,
        encoding: source.encoding.name(),
        delimiter: '\n',
        currency: shop.as_ref().map(|shop| shop.currency),
        timezone: shop.as_ref().map(|shop| shop.timezone.clone()).unwrap_or_default(),
        ..FileReport::default()
    };
    let mut staging = match options.dry_run {
        true => None,
        false => Some(Staging::begin(store, shop.as_ref(), &source.name)?),
    };
    let mut lines = Lines::of(source)?;
    while let Some((line, fields)) = lines.next()? {
        let record = record(store, source, table, line, fields)?;
        note(&mut report, &record);
        report.rows += 1;
        if let Some(staging) = &mut staging {
            staging.push(&record)?;
        }
        if report.rows.is_multiple_of(PROGRESS_LINES) {
            work.check()?;
            work.progress("read", lines.bytes, source.bytes);
        }
    }
    report.compare();
    if let Some(staging) = staging {
        report.changes = Some(staging.commit(work).map_err(|error| match error {
            StoreError::Cancelled => ImportError::Cancelled,
            error => error.into(),
        })?);
    }
    Ok(report)
}

/// The table of the file, by its first line.
fn table(source: &Source, lines: &mut Lines<'_>) -> Result<&'static str, ImportError> {
    let fields = lines.next()?.map(|(_, fields)| fields).unwrap_or_default();
    let known = SIGNATURES.iter().find(|(_, names)| names.iter().all(|name| fields.contains_key(*name)));
    known.map(|(table, _)| *table).ok_or_else(|| ImportError::UnknownTable {
        file: source.name.clone(),
        found: fields.keys().cloned().collect::<Vec<_>>().join(", "),
        tables: export::TABLES.join(", "),
    })
}

/// The shop that the records belong to; `None` where they are of no shop's money, or are its settings.
fn shop(store: &Store, source: &Source, table: &str, options: &Options) -> Result<Option<Shop>, ImportError> {
    if let Some(shop) = store.shop()? {
        return Ok(Some(shop));
    }
    let of_money = [Order::TABLE, Spend::TABLE, UnlinkedRefund::TABLE, LiftTest::TABLE].contains(&table);
    match (&options.currency, &options.timezone) {
        (Some(code), Some(timezone)) => {
            let currency = row::currency(code).ok_or_else(|| ImportError::UnknownCurrency(code.clone()))?;
            super::zone(timezone)?;
            Ok(Some(Shop { currency, timezone: timezone.clone(), churn_window_days: None }))
        }
        _ if of_money => Err(ImportError::NoSettings { file: source.name.clone() }),
        _ => Ok(None),
    }
}

fn record(
    store: &Store,
    source: &Source,
    table: &'static str,
    line: u64,
    fields: Map<String, Value>,
) -> Result<AnyRecord, ImportError> {
    let read = match table {
        Customer::TABLE => read::<Customer>(fields),
        Experiment::TABLE => read::<Experiment>(fields),
        Feedback::TABLE => read::<Feedback>(fields),
        Interaction::TABLE => read::<Interaction>(fields),
        LiftTest::TABLE => read::<LiftTest>(fields),
        Order::TABLE => read::<Order>(fields),
        Product::TABLE => read::<Product>(fields),
        Spend::TABLE => read::<Spend>(fields),
        UnlinkedRefund::TABLE => read::<UnlinkedRefund>(fields),
        _ => return setting(store, source, line, fields),
    };
    read.map_err(|why| ImportError::NotARecord { file: source.name.clone(), line, table, why })
}

fn read<R: Exported + Into<AnyRecord>>(fields: Map<String, Value>) -> Result<AnyRecord, String> {
    let mut value = Value::Object(fields);
    export::unreadable::<R>(&mut value)?;
    serde_json::from_value::<R>(value).map(Into::into).map_err(|error| error.to_string())
}

/// A setting; the shop's currency and zone are those of its days and sums, and never change.
fn setting(
    store: &Store,
    source: &Source,
    line: u64,
    mut fields: Map<String, Value>,
) -> Result<AnyRecord, ImportError> {
    let not = |why: String| ImportError::NotARecord { file: source.name.clone(), line, table: SETTING, why };
    let value = fields.remove("value").unwrap_or_default();
    let Some(Value::String(name)) = fields.remove("name") else { return Err(not("it has no name".into())) };
    if name == "shop" {
        let shop: Shop = serde_json::from_value(value.clone()).map_err(|error| not(error.to_string()))?;
        super::zone(&shop.timezone)?;
        if let Some(own) =
            store.shop()?.filter(|own| (own.currency, &own.timezone) != (shop.currency, &shop.timezone))
        {
            return Err(ImportError::OtherShop {
                file: source.name.clone(),
                own: format!("{}, {}", own.currency, own.timezone),
                other: format!("{}, {}", shop.currency, shop.timezone),
            });
        }
    }
    Ok(AnyRecord::Setting { name, json: value.to_string() })
}

fn note(report: &mut FileReport, record: &AnyRecord) {
    match record {
        AnyRecord::Order(order) => report.order(order, &[], &Fit { said: None, unexplained: false }),
        AnyRecord::UnlinkedRefund(refund) => {
            report.day(refund.on);
            report.returns += 1;
        }
        AnyRecord::Spend(spend) => {
            report.day(spend.day);
            report.spent(spend.currency, spend.cost);
        }
        AnyRecord::Feedback(feedback) => report.day(feedback.on),
        AnyRecord::Interaction(event) => report.day(event.on),
        _ => {}
    }
}

/// The objects of a file, one a line.
struct Lines<'a> {
    from: BufReader<Box<dyn Read>>,
    source: &'a Source,
    line: u64,
    bytes: u64,
}

/// A line's number and its object.
type Numbered = (u64, Map<String, Value>);

impl<'a> Lines<'a> {
    fn of(source: &'a Source) -> Result<Self, ImportError> {
        Ok(Self { from: BufReader::new(source.text()?), source, line: 0, bytes: 0 })
    }

    fn next(&mut self) -> Result<Option<Numbered>, ImportError> {
        loop {
            let mut text = Vec::new();
            let read = (&mut self.from).take(LINE_BYTES_MAX).read_until(b'\n', &mut text);
            let read = read.map_err(|error| self.source.io(error))? as u64;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            self.bytes += read;
            let (file, line) = (self.source.name.clone(), self.line);
            if read == LINE_BYTES_MAX {
                return Err(ImportError::TooLarge { file, limit: "256 MiB in one line" });
            }
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            return match serde_json::from_slice(&text) {
                Ok(Value::Object(fields)) => Ok(Some((line, fields))),
                Ok(_) => Err(ImportError::NotJson { file, line, why: "it is no object".into() }),
                Err(error) => Err(ImportError::NotJson { file, line, why: error.to_string() }),
            };
        }
    }
}
