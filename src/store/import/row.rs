//! What does this row say in this field, under the conventions of the whole file?
//!
//! Pass 1 reads every cell of the number and date columns ([`conventions`]); afterwards no cell is a guess.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::date::{self, DateOrder, Moment};
use super::error::{Mixed, Readings};
use super::format::{CurrencyField, Reads};
use super::number::{self, Decimal};
use super::phone::Phones;
use super::reject::{Reject, clip};
use super::sheet::Sheet;
use super::source::Source;
use super::{ImportError, Options, cell, totals};
use crate::domain::{Currency, Day, Micros, Shop, Work};
use crate::store::Store;

/// Rows a file may have.
const ROWS_MAX: u64 = 5_000_000;
/// Rows of totals that are compared with the rows they stand under.
const TOTALS_KEPT: usize = 20;
/// Whether to stop is asked every so many rows: far more often than a second.
const CHECK_ROWS: u64 = 512;
/// Progress is told every so many rows.
const PROGRESS_ROWS: u64 = 8_192;

/// The conventions of one file.
pub(super) struct Plan<'a> {
    pub(super) store: &'a Store,
    pub(super) sheet: &'a Sheet,
    /// By field.
    pub(super) decimals: Vec<Decimal>,
    pub(super) orders: Vec<DateOrder>,
    /// Currency of amounts whose row names none; `None` only where the file has no amounts.
    pub(super) currency: Option<Currency>,
    /// Zone of times without one.
    pub(super) zone: TimeZone,
    /// Zone of the shop's days.
    pub(super) shop_zone: TimeZone,
    /// The last day a row may have: tomorrow, since the shop may lie east of us.
    pub(super) last_day: Day,
    /// Where large files are sorted by order; `None` in memory.
    pub(super) spill: Option<std::path::PathBuf>,
    /// Fields that the person named by `--map`.
    pub(super) named: BTreeSet<String>,
    /// Makes ids of telephone numbers.
    pub(super) phones: Phones,
    /// The shop as the store has it, or as this file sets it.
    pub(super) shop: Option<Shop>,
}

/// What pass 1 found.
pub(super) struct Conventions {
    /// Decimal sign by field.
    pub(super) decimals: Vec<Decimal>,
    /// Order of day and month by field.
    pub(super) orders: Vec<DateOrder>,
    /// Rows by the currency they name.
    currencies: BTreeMap<Currency, u64>,
}

impl Conventions {
    pub(super) fn only_currency(&self) -> Option<Currency> {
        self.currencies.keys().next().copied().filter(|_| self.currencies.len() == 1)
    }

    pub(super) fn most_frequent_currency(&self) -> Option<Currency> {
        self.currencies.iter().max_by_key(|(_, rows)| **rows).map(|(currency, _)| *currency)
    }
}

/// What a column's cells have proved so far.
#[derive(Clone, Default)]
struct Proof {
    point: Option<(u64, String)>,
    comma: Option<(u64, String)>,
    dmy: Option<(u64, String)>,
    mdy: Option<(u64, String)>,
    open: Option<(u64, String)>,
}

/// Pass 1: the conventions of every number and date column, over all rows.
pub(super) fn conventions(
    source: &Source,
    sheet: &Sheet,
    options: &Options,
    work: &dyn Work,
) -> Result<Conventions, ImportError> {
    let fields = sheet.format.fields();
    let mut proofs = vec![Proof::default(); fields.len()];
    let watched: Vec<(usize, usize, Reads)> = fields
        .iter()
        .zip(&sheet.columns)
        .enumerate()
        .filter_map(|(at, (field, column))| Some((at, (*column)?, field.reads)))
        .filter(|(_, _, reads)| matches!(reads, Reads::Number | Reads::Date))
        .collect();
    let mut currencies = BTreeMap::new();
    let currency_column = match sheet.format.currency_field(&sheet.columns) {
        CurrencyField::At(Some(field)) => sheet.columns.get(field).copied().flatten(),
        _ => None,
    };
    each_row(source, sheet, work, "read", |record, line| {
        if let Some(known) = currency_column.and_then(|column| record.get(column)).and_then(currency) {
            *currencies.entry(known).or_default() += 1;
        }
        for (at, column, reads) in &watched {
            let (Some(proof), Some(text)) = (proofs.get_mut(*at), record.get(*column)) else { continue };
            match reads {
                Reads::Number => proof.number(text, line),
                _ => proof.date(text, line),
            }
        }
        Ok(())
    })?;
    let decimals = decide_decimals(source, sheet, options, &proofs)?;
    let orders = decide_orders(source, sheet, options, &proofs)?;
    Ok(Conventions { decimals, orders, currencies })
}

impl Proof {
    fn number(&mut self, text: &str, line: u64) {
        let slot = match number::hint(text) {
            number::Hint::Nothing => return,
            number::Hint::Only(Decimal::Point) => &mut self.point,
            number::Hint::Only(Decimal::Comma) => &mut self.comma,
            number::Hint::Both => &mut self.open,
        };
        slot.get_or_insert_with(|| (line, clip(text.trim())));
    }

    fn date(&mut self, text: &str, line: u64) {
        let slot = match date::hint(text) {
            date::Hint::Nothing => return,
            date::Hint::Only(DateOrder::Dmy) => &mut self.dmy,
            date::Hint::Only(DateOrder::Mdy) => &mut self.mdy,
            date::Hint::Both => &mut self.open,
        };
        slot.get_or_insert_with(|| (line, clip(text.trim())));
    }
}

fn column_of(sheet: &Sheet, field: usize) -> String {
    sheet.columns.get(field).copied().flatten().map(|column| sheet.column_name(column)).unwrap_or_default()
}

fn decide_decimals(
    source: &Source,
    sheet: &Sheet,
    options: &Options,
    proofs: &[Proof],
) -> Result<Vec<Decimal>, ImportError> {
    if let Some(decimal) = options.decimal {
        return Ok(vec![decimal; proofs.len()]);
    }
    let numbers = || {
        proofs.iter().zip(sheet.format.fields()).enumerate().filter(|(_, (_, f))| f.reads == Reads::Number)
    };
    for (at, (proof, _)) in numbers() {
        if let (Some((point_line, point)), Some((comma_line, comma))) = (&proof.point, &proof.comma) {
            return Err(ImportError::MixedNumbers(Box::new(Mixed {
                file: source.name.clone(),
                column: column_of(sheet, at),
                first: point.clone(),
                first_line: *point_line,
                second: comma.clone(),
                second_line: *comma_line,
            })));
        }
    }
    let any_point = numbers().any(|(_, (proof, _))| proof.point.is_some());
    let any_comma = numbers().any(|(_, (proof, _))| proof.comma.is_some());
    // A semicolon separates cells where the comma is taken by the decimals (rule 3).
    let of_the_file = match (any_point, any_comma) {
        (true, false) => Some(Decimal::Point),
        (false, true) => Some(Decimal::Comma),
        _ if sheet.delimiter == b';' => Some(Decimal::Comma),
        _ => None,
    };
    let mut decided = vec![Decimal::Point; proofs.len()];
    for (at, (proof, _)) in numbers() {
        let decimal = match (&proof.point, &proof.comma, &proof.open) {
            (Some(_), _, _) => Decimal::Point,
            (_, Some(_), _) => Decimal::Comma,
            (_, _, None) => of_the_file.unwrap_or(Decimal::Point),
            (_, _, Some((line, value))) => of_the_file.ok_or_else(|| {
                let read = |decimal| {
                    number::parse(value, decimal)
                        .map_or_else(|| "nothing".into(), crate::store::export::decimal)
                };
                ImportError::AmbiguousNumber(Box::new(Readings {
                    file: source.name.clone(),
                    line: *line,
                    column: column_of(sheet, at),
                    value: value.clone(),
                    first: read(Decimal::Point),
                    second: read(Decimal::Comma),
                }))
            })?,
        };
        if let Some(slot) = decided.get_mut(at) {
            *slot = decimal;
        }
    }
    Ok(decided)
}

fn decide_orders(
    source: &Source,
    sheet: &Sheet,
    options: &Options,
    proofs: &[Proof],
) -> Result<Vec<DateOrder>, ImportError> {
    let mut decided = vec![options.date_order.unwrap_or(DateOrder::Dmy); proofs.len()];
    if options.date_order.is_some() {
        return Ok(decided);
    }
    for (at, (proof, field)) in proofs.iter().zip(sheet.format.fields()).enumerate() {
        if field.reads != Reads::Date {
            continue;
        }
        let file = source.name.clone();
        let column = column_of(sheet, at);
        let order = match (&proof.dmy, &proof.mdy, &proof.open) {
            (Some((dmy_line, dmy)), Some((mdy_line, mdy)), _) => {
                return Err(ImportError::MixedDates(Box::new(Mixed {
                    file,
                    column,
                    first: dmy.clone(),
                    first_line: *dmy_line,
                    second: mdy.clone(),
                    second_line: *mdy_line,
                })));
            }
            (_, Some(_), _) => DateOrder::Mdy,
            (Some(_), _, _) | (_, _, None) => DateOrder::Dmy,
            (_, _, Some((line, value))) => {
                let read = |order| {
                    date::parse(value, order)
                        .map_or_else(|| "nothing".into(), |moment| moment.day().to_string())
                };
                return Err(ImportError::AmbiguousDate(Box::new(Readings {
                    file,
                    line: *line,
                    column,
                    value: value.clone(),
                    first: read(DateOrder::Dmy),
                    second: read(DateOrder::Mdy),
                })));
            }
        };
        if let Some(slot) = decided.get_mut(at) {
            *slot = order;
        }
    }
    Ok(decided)
}

/// Every row under the header with its line; rows of totals and empty rows are passed over and counted.
pub(super) fn each_row(
    source: &Source,
    sheet: &Sheet,
    work: &dyn Work,
    what: &str,
    mut take: impl FnMut(&csv::StringRecord, u64) -> Result<(), ImportError>,
) -> Result<Seen, ImportError> {
    let mut rows = sheet.rows(source)?;
    let mut record = csv::StringRecord::new();
    let mut seen = Seen::default();
    loop {
        let more = rows.read_record(&mut record).map_err(|error| source.io(std::io::Error::other(error)))?;
        if !more {
            break;
        }
        let position = record.position();
        let line = position.map_or(0, csv::Position::line);
        if line <= sheet.header_line {
            continue;
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if totals::is_total(sheet, &record) {
            seen.totals += 1;
            if seen.first_totals.len() < TOTALS_KEPT {
                seen.first_totals.push((line, record.clone()));
            }
            continue;
        }
        seen.rows += 1;
        if seen.rows > ROWS_MAX {
            return Err(ImportError::TooLarge { file: source.name.clone(), limit: "5 million rows" });
        }
        if seen.rows % CHECK_ROWS == 0 {
            work.check()?;
        }
        if seen.rows % PROGRESS_ROWS == 0 {
            work.progress(what, position.map_or(0, csv::Position::byte), source.bytes);
        }
        take(&record, line)?;
    }
    if seen.rows == 0 {
        return Err(ImportError::HeaderOnly { file: source.name.clone(), line: sheet.header_line });
    }
    Ok(seen)
}

/// How many rows there were.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) rows: u64,
    pub(super) totals: u64,
    /// The first rows of totals with their lines.
    pub(super) first_totals: Vec<(u64, csv::StringRecord)>,
}

/// One row of the file.
pub(super) struct Row<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) file: &'a str,
    pub(super) record: &'a csv::StringRecord,
    pub(super) line: u64,
}

impl<'a> Row<'a> {
    /// Whether the file has the field.
    pub(super) fn has(&self, field: usize) -> bool {
        self.plan.sheet.columns.get(field).copied().flatten().is_some()
    }

    fn raw(&self, field: usize) -> Option<&'a str> {
        let column = self.plan.sheet.columns.get(field).copied().flatten()?;
        self.record.get(column)
    }

    /// A left-out row because of this field.
    pub(super) fn reject(&self, field: usize, reason: &str, mend: &str) -> Reject {
        let named = self.plan.sheet.columns.get(field).copied().flatten();
        let fallback =
            || self.plan.sheet.format.fields().get(field).map_or("", |field| field.name).to_owned();
        Reject {
            line: self.line,
            field: named.map_or_else(fallback, |column| self.plan.sheet.column_name(column)),
            value: self.raw(field).unwrap_or_default().trim().to_owned(),
            reason: reason.to_owned(),
            mend: mend.to_owned(),
        }
    }

    /// Words; empty and masked cells are none.
    pub(super) fn text(&self, field: usize) -> Option<&'a str> {
        self.raw(field).and_then(cell::text).filter(|text| !cell::is_masked(text))
    }

    /// Whether the cell says with a dash that there is nothing.
    pub(super) fn has_dash(&self, field: usize) -> bool {
        self.raw(field).is_some_and(|text| matches!(text.trim(), "-" | "--"))
    }

    /// Words that may hold anything, stars for hidden letters included.
    pub(super) fn words(&self, field: usize) -> Option<&'a str> {
        self.raw(field).and_then(cell::text)
    }

    /// An id; a masked one is none.
    pub(super) fn id(&self, field: usize) -> Result<Option<&'a str>, ImportError> {
        let Some(id) = self.raw(field).and_then(cell::id).filter(|id| !cell::is_masked(id)) else {
            return Ok(None);
        };
        if cell::has_lost_digits(id) {
            return Err(ImportError::LostDigits {
                file: self.file.to_owned(),
                line: self.line,
                column: column_of(self.plan.sheet, field),
                value: id.to_owned(),
            });
        }
        Ok(Some(id))
    }

    /// An id that must be there.
    pub(super) fn required_id(&self, field: usize) -> Result<&'a str, super::reject::RowError> {
        Ok(self.id(field)?.ok_or_else(|| self.reject(field, "is no id", "fill it in"))?)
    }

    /// Instant and local day, which must be there.
    pub(super) fn required_at(&self, field: usize) -> Result<(i64, Day), Reject> {
        self.at(field)?.ok_or_else(|| self.reject(field, "is no date", "fill it in"))
    }

    /// What a piece costs, which must be there.
    pub(super) fn price(&self, field: usize) -> Result<Micros, Reject> {
        self.positive(field)?.ok_or_else(|| self.reject(field, "is no price", "write 0 if it was free"))
    }

    /// An amount.
    pub(super) fn number(&self, field: usize) -> Result<Option<Micros>, Reject> {
        let text = self.raw(field).and_then(cell::text).filter(|text| !cell::is_bound(text));
        let Some(text) = text else { return Ok(None) };
        let decimal = self.plan.decimals.get(field).copied().unwrap_or(Decimal::Point);
        let sign = if decimal == Decimal::Point { "a decimal point" } else { "a decimal comma" };
        number::parse(text, decimal)
            .map(Some)
            .ok_or_else(|| self.reject(field, &format!("is not a number with {sign}"), "write digits only"))
    }

    /// A whole count.
    pub(super) fn count(&self, field: usize) -> Result<Option<i64>, Reject> {
        let Some(number) = self.number(field)? else { return Ok(None) };
        if number.0 % Micros::UNIT != 0 {
            return Err(self.reject(field, "is not a whole number", "write whole pieces"));
        }
        Ok(Some(number.0 / Micros::UNIT))
    }

    /// An amount that cannot be below 0.
    pub(super) fn positive(&self, field: usize) -> Result<Option<Micros>, Reject> {
        match self.number(field)? {
            Some(number) if number < Micros::ZERO => {
                Err(self.reject(field, "is negative", "write it without the minus"))
            }
            number => Ok(number),
        }
    }

    /// What is taken off; exports write it with or without its minus.
    pub(super) fn taken_off(&self, field: usize) -> Result<Option<Micros>, Reject> {
        Ok(self.number(field)?.map(|number| Micros(number.0.saturating_abs())))
    }

    /// A quantity; one piece where the cell is empty.
    pub(super) fn pieces(&self, field: usize) -> Result<i64, Reject> {
        match self.count(field)?.unwrap_or(1) {
            pieces if pieces > 0 => Ok(pieces),
            _ => Err(self.reject(field, "is no quantity", "write the pieces, or leave the row out")),
        }
    }

    /// A quantity of which nothing may be left.
    pub(super) fn left(&self, field: usize) -> Result<i64, Reject> {
        match self.count(field)?.unwrap_or(1) {
            pieces if pieces >= 0 => Ok(pieces),
            _ => Err(self.reject(field, "is negative", "write the pieces that are left")),
        }
    }

    /// An e-mail address as a key: lower case; what is masked or no address is none.
    pub(super) fn email(&self, field: usize) -> Result<Option<String>, Reject> {
        let Some(text) = self.text(field) else { return Ok(None) };
        let is_address =
            text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
        if !is_address {
            return Err(self.reject(field, "is not an e-mail address", "write name@host, or leave it empty"));
        }
        Ok(Some(text.to_lowercase()))
    }

    /// The customer of a row without an id: the e-mail address, else the first full telephone number.
    pub(super) fn person(&self, email: usize, phones: &[usize]) -> Result<Option<String>, Reject> {
        let by_phone = || phones.iter().find_map(|field| self.plan.phones.id(self.text(*field)?));
        Ok(self.email(email)?.or_else(by_phone))
    }

    /// UTC seconds and local day; a day in the future is no date of an order.
    pub(super) fn at(&self, field: usize) -> Result<Option<(i64, Day)>, Reject> {
        let Some(moment) = self.moment(field)? else { return Ok(None) };
        let found = moment.at(&self.plan.zone, &self.plan.shop_zone);
        let (at, day) = found.ok_or_else(|| self.not_a_date(field))?;
        if day > self.plan.last_day {
            let mend = format!("write a date up to {}", self.plan.last_day.plus(-1));
            return Err(self.reject(field, "lies in the future", &mend));
        }
        Ok(Some((at, day)))
    }

    /// The currency of the row: its own, else the file's.
    pub(super) fn currency(&self) -> Result<Currency, Reject> {
        let named = match self.plan.sheet.format.currency_field(&self.plan.sheet.columns) {
            CurrencyField::At(Some(field)) => self.text(field).map(|text| (field, text)),
            _ => None,
        };
        let mend = "write its ISO 4217 code, such as EUR, CNY or USD";
        match named {
            Some((field, text)) => {
                currency(text).ok_or_else(|| self.reject(field, "is not a known currency", mend))
            }
            None => self.plan.currency.ok_or_else(|| self.reject(0, "has no currency", mend)),
        }
    }

    fn moment(&self, field: usize) -> Result<Option<Moment>, Reject> {
        let Some(text) = self.raw(field).and_then(cell::text) else { return Ok(None) };
        let order = self.plan.orders.get(field).copied().unwrap_or(DateOrder::Dmy);
        date::parse(text, order).map(Some).ok_or_else(|| self.not_a_date(field))
    }

    fn not_a_date(&self, field: usize) -> Reject {
        self.reject(field, "is not a date", "write YYYY-MM-DD")
    }
}

/// A currency by code, or by the signs that mean only one.
pub(super) fn currency(text: &str) -> Option<Currency> {
    match text.trim() {
        "€" => Some(Currency::EUR),
        "£" => Some(Currency::GBP),
        "元" | "￥" | "人民币" | "RMB" | "rmb" => Currency::parse("CNY"),
        code => Currency::parse(code),
    }
}
