//! What was in the file, and what cannot be answered from it? (rule 18 of IMPORT_FORMATS)

use std::collections::BTreeMap;

use encoding_rs::Encoding;
use serde::Serialize;

use super::Options;
use super::date::DateOrder;
use super::format::{CurrencyField, Reads};
use super::number::Decimal;
use super::reject::{Rejected, clip};
use super::row::Conventions;
use super::sheet::Sheet;
use super::source::Source;
use super::spill::OrderRow;
use super::totals::Gap;
use super::whole::Fit;
use crate::domain::{Currency, Day, LineKind, Micros, Order, Span};
use crate::store::{ImportReport, export};

/// What was understood of a file, what was read, and what it changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The file as it was named.
    pub file: String,
    /// Kind.
    pub kind: &'static str,
    /// Encoding, or `XLSX`.
    pub encoding: &'static str,
    /// Sheets of the workbook that were not read.
    pub other_sheets: Vec<String>,
    /// Delimiter.
    pub delimiter: char,
    /// Line of the header.
    pub header_line: u64,
    /// Column and field.
    pub columns: Vec<(String, &'static str)>,
    /// Columns that were not used.
    pub unused: Vec<String>,
    /// Decimal sign, where the file has numbers.
    pub decimal: Option<&'static str>,
    /// Order of day and month, where the file has dates.
    pub date_order: Option<&'static str>,
    /// Currency of rows that name none.
    pub currency: Option<Currency>,
    /// Zone of times without one.
    pub timezone: String,
    /// The first rows as decoded.
    pub first_rows: Vec<Vec<String>>,
    /// Rows under the header.
    pub rows: u64,
    /// Rows of totals, passed over.
    pub totals: u64,
    /// Rows that say the same as one before (customers, products).
    pub repeats: u64,
    /// What the rows of totals say otherwise than the rows above them.
    pub gaps: Vec<Gap>,
    /// Rows passed over, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Rows added to another of the same day, channel and campaign.
    pub joined: u64,
    /// Advertising cost by currency.
    pub spent: BTreeMap<String, Spent>,
    /// Rows left out.
    pub rejected: Rejected,
    /// Orders.
    pub orders: u64,
    /// Order lines.
    pub lines: u64,
    /// Orders with a customer.
    pub with_customer: u64,
    /// Refunds without an order.
    pub returns: u64,
    /// Lines of fees: no goods.
    pub fees: u64,
    /// Lines of corrections: no goods.
    pub corrections: u64,
    /// First and last day.
    pub days: Option<Span>,
    /// By currency.
    pub sums: BTreeMap<String, Sums>,
    /// Where the file contradicts itself.
    pub warnings: Vec<String>,
    /// Orders whose lines do not add up to what the file says of the order.
    pub odd_orders: OddOrders,
    /// What the file cannot answer.
    pub cannot_answer: Vec<String>,
    /// What it changed; `None` in a dry run.
    pub changes: Option<ImportReport>,
}

/// Advertising cost in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spent {
    /// Days, channels and campaigns with a cost.
    pub rows: u64,
    /// Σ cost.
    #[serde(serialize_with = "export::as_decimal")]
    pub cost: Micros,
}

/// Two ways to the same sum; where they differ the file contradicts itself or separates less than it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Orders in this currency.
    pub orders: u64,
    /// Σ over the lines of goods, after discounts.
    #[serde(serialize_with = "export::as_decimal")]
    pub lines_total: Micros,
    /// Σ of the amounts that the file gives for rows or orders; of the orders' goods where it gives none.
    #[serde(serialize_with = "export::as_decimal")]
    pub orders_total: Micros,
}

/// Orders whose lines and own amounts do not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OddOrders {
    /// How many.
    pub count: u64,
    /// The one that stands first in the file.
    pub first: Option<OddOrder>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OddOrder {
    /// Line of its first row.
    pub line: u64,
    /// Its number.
    pub order: String,
    /// What its lines cost after discounts.
    #[serde(serialize_with = "export::as_decimal")]
    pub lines: Micros,
    /// What the file says.
    #[serde(serialize_with = "export::as_decimal")]
    pub said: Micros,
}

impl OddOrders {
    fn add(&mut self, odd: OddOrder) {
        self.count += 1;
        if self.first.as_ref().is_none_or(|first| odd.line < first.line) {
            self.first = Some(odd);
        }
    }
}

impl FileReport {
    pub(super) fn begin(source: &Source, sheet: &Sheet, options: &Options) -> Self {
        let used: BTreeMap<usize, &'static str> = sheet
            .columns
            .iter()
            .zip(sheet.format.fields())
            .filter_map(|(column, field)| Some(((*column)?, field.name)))
            .collect();
        let mut columns = Vec::new();
        let mut unused = Vec::new();
        for (at, name) in sheet.header.iter().enumerate() {
            match used.get(&at) {
                Some(field) => columns.push((name.trim().to_owned(), *field)),
                None => unused.push(name.trim().to_owned()),
            }
        }
        let label = |label: &String| Encoding::for_label(label.as_bytes()).map(|encoding| encoding.name());
        Self {
            file: source.name.clone(),
            kind: sheet.format.kind(),
            encoding: match source.container {
                Some(container) => container,
                None => options.encoding.as_ref().and_then(label).unwrap_or(source.encoding.name()),
            },
            other_sheets: source.other_sheets.clone(),
            delimiter: char::from(sheet.delimiter),
            header_line: sheet.header_line,
            columns,
            unused,
            ..Self::default()
        }
    }

    pub(super) fn conventions(
        &mut self,
        sheet: &Sheet,
        conventions: &Conventions,
        currency: Option<Currency>,
        timezone: &str,
    ) {
        let first = |reads: Reads| {
            let fields = sheet.format.fields().iter().zip(&sheet.columns).enumerate();
            fields.into_iter().find(|(_, (field, column))| field.reads == reads && column.is_some())
        };
        self.decimal = first(Reads::Number).map(|(at, _)| match conventions.decimals.get(at) {
            Some(Decimal::Comma) => ",",
            _ => ".",
        });
        self.date_order = first(Reads::Date).map(|(at, _)| match conventions.orders.get(at) {
            Some(DateOrder::Mdy) => "mdy",
            _ => "dmy",
        });
        if sheet.format.currency_field(&sheet.columns) != CurrencyField::NoAmounts {
            self.currency = currency;
        }
        timezone.clone_into(&mut self.timezone);
    }

    pub(super) fn note(&mut self, text: &str) {
        if !self.cannot_answer.iter().any(|note| note == text) {
            self.cannot_answer.push(text.to_owned());
        }
    }

    pub(super) fn spent(&mut self, currency: Currency, cost: Micros) {
        let spent = self.spent.entry(currency.to_string()).or_default();
        spent.rows += 1;
        spent.cost += cost;
    }

    pub(super) fn day(&mut self, day: Day) {
        let span = self.days.get_or_insert(Span { from: day, to: day });
        span.from = span.from.min(day);
        span.to = span.to.max(day);
    }

    /// Says where two ways to the same sum differ, once everything is read.
    pub(super) fn compare(&mut self) {
        if let Some(first) = &self.odd_orders.first {
            let (lines, said) = (export::decimal(first.lines), export::decimal(first.said));
            self.warnings.push(format!(
                "{} orders whose lines and discounts do not add up to what the file says of the order: first {} in line {}, lines {lines}, order {said}",
                self.odd_orders.count, first.order, first.line
            ));
        }
        for (currency, sums) in &self.sums {
            if sums.lines_total != sums.orders_total {
                let (lines, orders) = (export::decimal(sums.lines_total), export::decimal(sums.orders_total));
                let gap = export::decimal(sums.orders_total - sums.lines_total);
                self.warnings.push(format!(
                    "{currency}: the lines add up to {lines} and the orders to {orders}, gap {gap}; figures are of the lines"
                ));
            }
        }
        for gap in &self.gaps {
            let (total, kept) = (export::decimal(gap.total), export::decimal(gap.kept));
            let difference = export::decimal(gap.total - gap.kept);
            let mend = match gap.total > gap.kept {
                true => {
                    "; what only the total has is not stored: where it is a cost, import it as a spend file of its own"
                }
                false => "",
            };
            self.warnings.push(format!(
                "line {}, {}: {} says {total} and the rows add up to {kept}, gap {difference}{mend}",
                gap.line, gap.label, gap.column
            ));
        }
    }

    pub(super) fn order(&mut self, order: &Order, rows: &[&OrderRow], fit: &Fit) {
        self.orders += 1;
        self.lines += order.lines.len() as u64;
        self.with_customer += u64::from(order.customer.is_some());
        self.day(order.placed_on);
        let goods = order.lines.iter().filter(|line| line.kind == LineKind::Product);
        let of_lines: Micros = goods.map(|line| line.gross() - line.discount).sum();
        let of_lines = if order.lines.is_empty() { order.goods } else { of_lines };
        let said = fit.said.unwrap_or(order.goods);
        let sums = self.sums.entry(order.currency.to_string()).or_default();
        sums.orders += 1;
        sums.lines_total += of_lines;
        sums.orders_total += said;
        if of_lines != said || fit.unexplained {
            let line = rows.first().map_or(0, |row| row.line);
            let odd = OddOrder { line, order: clip(&order.id.0), lines: of_lines, said };
            self.odd_orders.add(odd);
        }
        if order.flags.lines_unknown {
            self.note("products: some orders name none");
        }
        if order.flags.refund_date_unknown {
            self.note("when refunds were made: the file has no day for them");
        }
        if order.flags.refund_amount_estimated {
            self.note("how much was refunded: where only the status says so the whole order is taken");
        }
    }
}
