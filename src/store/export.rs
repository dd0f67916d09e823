//! How does everything come out again, for a person, a script, or a repair?
//!
//! One JSON object a record, one file a table (`order.jsonl` …), in key order. Days and instants are ISO texts.
//! **Amounts are texts with the exact decimal value** (`"12.50"`), since a JSON number becomes a binary fraction in
//! most readers: Python's `Decimal(x)` keeps them exact; in SQLite `CAST(ROUND(x * 1000000) AS INTEGER)` gives whole
//! millionths, exact for amounts below 9 billion.

use std::io::{self, Write};

use serde::Serializer;
use serde_json::{Map, Value};

use super::{Record, Store, StoreError};
use crate::domain::{
    Customer, Experiment, Feedback, Interaction, LiftTest, Micros, Order, Product, Spend, UnlinkedRefund,
};

/// Tables in the order they are exported.
pub const TABLES: [&str; 10] = [
    Customer::TABLE,
    Experiment::TABLE,
    Feedback::TABLE,
    Interaction::TABLE,
    LiftTest::TABLE,
    Order::TABLE,
    Product::TABLE,
    SETTING,
    Spend::TABLE,
    UnlinkedRefund::TABLE,
];
pub(super) const SETTING: &str = "setting";

/// A record as it is exported. Fields are named at any depth.
pub(super) trait Exported: Record {
    /// Fields that are amounts ([`Micros`]), or lists of them.
    const AMOUNTS: &'static [&'static str] = &[];
    /// Fields that are UTC seconds.
    const INSTANTS: &'static [&'static str] = &[];
}

impl Exported for Customer {}
impl Exported for Experiment {}
impl Exported for Feedback {
    const INSTANTS: &'static [&'static str] = &["at"];
}
impl Exported for Interaction {
    const AMOUNTS: &'static [&'static str] = &["value"];
    const INSTANTS: &'static [&'static str] = &["at"];
}
impl Exported for LiftTest {
    const AMOUNTS: &'static [&'static str] =
        &["effect", "scope_share", "se", "spend_control", "spend_treated"];
}
impl Exported for Order {
    const AMOUNTS: &'static [&'static str] =
        &["amount", "discount", "goods", "paid", "shipping", "tax", "unit_price"];
    const INSTANTS: &'static [&'static str] = &["at", "paid_at", "placed_at"];
}
impl Exported for Product {
    const AMOUNTS: &'static [&'static str] = &["cost", "price"];
}
impl Exported for Spend {
    const AMOUNTS: &'static [&'static str] = &["conversions", "cost"];
}
impl Exported for UnlinkedRefund {
    const AMOUNTS: &'static [&'static str] = &["amount"];
    const INSTANTS: &'static [&'static str] = &["at"];
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what each is")]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is no table {table}; write one of {}", TABLES.join(", "))]
    UnknownTable { table: String },
    #[error("the export could not be written: {0}")]
    Io(#[from] io::Error),
}

/// Writes one table, one record a line; gives their number.
pub fn table(store: &Store, name: &str, out: &mut dyn Write) -> Result<u64, ExportError> {
    match name {
        Customer::TABLE => records::<Customer>(store, out),
        Experiment::TABLE => records::<Experiment>(store, out),
        Feedback::TABLE => records::<Feedback>(store, out),
        Interaction::TABLE => records::<Interaction>(store, out),
        LiftTest::TABLE => records::<LiftTest>(store, out),
        Order::TABLE => records::<Order>(store, out),
        Product::TABLE => records::<Product>(store, out),
        Spend::TABLE => records::<Spend>(store, out),
        UnlinkedRefund::TABLE => records::<UnlinkedRefund>(store, out),
        SETTING => settings(store, out),
        _ => Err(ExportError::UnknownTable { table: name.to_owned() }),
    }
}

/// The exact decimal text of an amount, with at least two decimals.
pub fn decimal(amount: Micros) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    let (units, micros) = (amount.0.unsigned_abs() / 1_000_000, amount.0.unsigned_abs() % 1_000_000);
    let digits = format!("{micros:06}");
    let shown = digits.trim_end_matches('0').len().max(2);
    format!("{sign}{units}.{}", digits.get(..shown).unwrap_or(&digits))
}

/// [`decimal`] for serde.
pub(super) fn as_decimal<S: Serializer>(amount: &Micros, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&decimal(*amount))
}

fn records<R: Exported>(store: &Store, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut count = 0;
    for record in store.scan::<R>() {
        let mut value = serde_json::to_value(record?).map_err(io::Error::from)?;
        readable::<R>(&mut value);
        line(out, &value)?;
        count += 1;
    }
    Ok(count)
}

fn settings(store: &Store, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut count = 0;
    for setting in store.settings() {
        let (name, value) = setting?;
        let value: Value = serde_json::from_slice(&value).map_err(io::Error::from)?;
        let both = [("name".to_owned(), Value::from(name)), ("value".to_owned(), value)];
        line(out, &Value::Object(Map::from_iter(both)))?;
        count += 1;
    }
    Ok(count)
}

fn line(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Amounts and instants as texts, at any depth.
fn readable<R: Exported>(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if R::AMOUNTS.contains(&name.as_str()) {
                    amounts(value);
                } else if let Some(seconds) = value.as_i64().filter(|_| R::INSTANTS.contains(&name.as_str()))
                {
                    if let Ok(instant) = jiff::Timestamp::from_second(seconds) {
                        *value = Value::from(instant.to_string());
                    }
                } else {
                    readable::<R>(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(readable::<R>),
        _ => {}
    }
}

/// The reverse of [`readable`], or why it cannot be.
pub(super) fn unreadable<R: Exported>(value: &mut Value) -> Result<(), String> {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if R::AMOUNTS.contains(&name.as_str()) {
                    micros(name, value)?;
                } else if R::INSTANTS.contains(&name.as_str()) {
                    if let Value::String(text) = value {
                        let instant = text.parse::<jiff::Timestamp>();
                        let instant = instant.map_err(|_| format!("{name}: {text:?} is no instant"))?;
                        *value = Value::from(instant.as_second());
                    }
                } else {
                    unreadable::<R>(value)?;
                }
            }
            Ok(())
        }
        Value::Array(values) => values.iter_mut().try_for_each(unreadable::<R>),
        _ => Ok(()),
    }
}

/// A decimal text, or a list of them, as millionths.
fn micros(name: &str, value: &mut Value) -> Result<(), String> {
    match value {
        Value::Array(values) => values.iter_mut().try_for_each(|value| micros(name, value)),
        Value::String(text) => {
            let amount = exact(text).ok_or_else(|| format!("{name}: {text:?} is no amount"))?;
            *value = Value::from(amount.0);
            Ok(())
        }
        Value::Null => Ok(()),
        other => Err(format!("{name}: {other} is not written as text")),
    }
}

/// The amount of an exact decimal text, as [`decimal`] writes it.
fn exact(text: &str) -> Option<Micros> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (units, fraction) = digits.split_once('.')?;
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(units) || !plain(fraction) || fraction.len() > 6 {
        return None;
    }
    let value: i128 = format!("{units}{fraction:0<6}").parse().ok()?;
    i64::try_from(sign * value).ok().map(Micros)
}

/// An amount, or a list of amounts, as text.
fn amounts(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(amounts),
        value => {
            if let Some(micros) = value.as_i64() {
                *value = Value::from(decimal(Micros(micros)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_exact_amount_is_none() {
        for text in
            ["", "-", "1", "1.", ".5", "1.0000001", "+1.00", "1e3.00", "9223372036854.775808", "--1.00"]
        {
            assert_eq!(exact(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_exact_texts() {
        for (micros, text) in [
            (12_500_000, "12.50"),
            (-1, "-0.000001"),
            (0, "0.00"),
            (1_234_567, "1.234567"),
            (i64::MIN, "-9223372036854.775808"),
        ] {
            assert_eq!(decimal(Micros(micros)), text);
            assert_eq!(exact(text), Some(Micros(micros)));
        }
    }
}
