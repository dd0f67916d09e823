//! What is in this file, and how does it get into the store whole or not at all?
//!
//! Pass 1 decides for the whole file: packing and encoding ([`source`]), header, delimiter and kind ([`sheet`]),
//! decimal sign and order of day and month ([`row`]). Pass 2 reads every row under these conventions, leaves out
//! what cannot be read ([`reject`]) and stages the records; from there on it is the redo log's (`store/redo.rs`).
//! What cannot be decided stops the import and names the flag that decides it.
//!
//! A new kind of file is one file here and its entry in [`FORMATS`].

mod assemble;
mod cell;
mod columnar;
mod customers;
mod date;
mod error;
mod feedback;
mod format;
mod gather;
mod google_ads;
mod interactions;
mod lift_tests;
mod lines;
mod meta_ads;
mod names;
mod number;
mod once;
mod orders;
mod own;
mod phone;
mod pinduoduo;
mod products;
mod reject;
mod report;
mod row;
mod sheet;
mod shopify_customers;
mod shopify_orders;
mod shopify_products;
mod source;
mod spend;
mod spill;
mod taobao_items;
mod taobao_orders;
mod totals;
mod uci;
mod whole;
mod woocommerce;
mod workbook;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

pub use date::DateOrder;
pub use error::{ImportError, Mixed, Readings};
pub use number::Decimal;
pub use reject::{Reject, Rejected};
pub use report::{FileReport, OddOrder, OddOrders, Spent, Sums};
pub use totals::Gap;

use crate::domain::{Clock, Currency, Day, Shop, Work};
use crate::store::redo::{AnyRecord, Staging};
use crate::store::{Store, StoreError};
use format::{CurrencyField, Format};
use phone::Phones;
use reject::{Rejects, RowError};
use row::{Conventions, Plan, Row};
use sheet::Sheet;
use source::Source;
use totals::Kept;

/// Every kind of file, alphabetically.
const FORMATS: &[&dyn Format] = &[
    &customers::Customers,
    &feedback::Reviews,
    &google_ads::GoogleAds,
    &interactions::Interactions,
    &lift_tests::LiftTests,
    &meta_ads::MetaAds,
    &orders::Orders,
    &pinduoduo::Pinduoduo,
    &products::Products,
    &shopify_customers::ShopifyCustomers,
    &shopify_orders::ShopifyOrders,
    &shopify_products::ShopifyProducts,
    &spend::Costs,
    &taobao_items::TaobaoItems,
    &taobao_orders::TaobaoOrders,
    &uci::Uci,
    &woocommerce::WooCommerce,
];

/// Rows shown before the commit, so that a wrong encoding is seen.
const ROWS_SHOWN: usize = 3;

/// What the person says about a file; everything left out is found in the file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which kind it is.
    pub kind: Option<String>,
    /// `COLUMN=FIELD`, for columns whose name says too little.
    pub map: Vec<String>,
    /// Which of two readings of `01/05/2026` is meant.
    pub date_order: Option<DateOrder>,
    /// Which sign separates the decimals.
    pub decimal: Option<Decimal>,
    /// Encoding label.
    pub encoding: Option<String>,
    /// Currency of amounts whose row names none.
    pub currency: Option<String>,
    /// Zone of times without one, and of the shop's days at its first import.
    pub timezone: Option<String>,
    /// Show what was understood; store nothing.
    pub dry_run: bool,
}

impl Options {
    /// Column and field of each `--map`.
    fn maps(&self) -> Result<Vec<(String, String)>, ImportError> {
        let split = |map: &String| {
            let (column, field) = map.rsplit_once('=').ok_or_else(|| ImportError::NotAMap(map.clone()))?;
            Ok((column.trim().to_owned(), field.trim().to_owned()))
        };
        self.map.iter().map(split).collect()
    }
}

/// The files in the order in which they can come in: the settings of our own export say which shop its other tables
/// belong to, and what only adds to orders comes after them.
pub fn in_order(files: &[PathBuf], options: &Options, work: &dyn Work) -> Vec<PathBuf> {
    // A file that cannot be understood is told of when its turn comes.
    let adds = |path: &PathBuf| {
        let source = Source::open(path, options.encoding.as_deref(), work);
        let sheet = source.and_then(|source| Sheet::find(&source, options));
        sheet.is_ok_and(|sheet| sheet.format.needs_orders())
    };
    let rank = |path: &PathBuf| match path.file_name().is_some_and(|name| name == "setting.jsonl") {
        true => 0,
        false => 1 + u8::from(files.len() > 1 && adds(path)),
    };
    let mut sorted: Vec<(u8, PathBuf)> = files.iter().map(|path| (rank(path), path.clone())).collect();
    sorted.sort_by_key(|(rank, _)| *rank);
    sorted.into_iter().map(|(_, path)| path).collect()
}

/// Brings one file into the store: all of it or nothing.
pub fn import_file(
    store: &Store,
    path: &Path,
    options: &Options,
    clock: &Clock,
    work: &dyn Work,
) -> Result<FileReport, ImportError> {
    let source = Source::open(path, options.encoding.as_deref(), work)?;
    if own::is_own(&source)? {
        return own::import(store, &source, options, work);
    }
    let sheet = Sheet::find(&source, options)?;
    let conventions = row::conventions(&source, &sheet, options, work)?;
    let mut report = FileReport::begin(&source, &sheet, options);
    let plan = plan(store, &source, &sheet, conventions, options, clock, &mut report)?;
    if options.dry_run {
        read(&source, &plan, &mut report, work, &mut |_| Ok(()))?;
        return Ok(report);
    }
    let mut staging = Staging::begin(store, plan.shop.as_ref(), &source.name)?;
    read(&source, &plan, &mut report, work, &mut |record| Ok(staging.push(&record)?))?;
    plan.phones.to_keep().map_or(Ok(()), |secret| staging.push(&secret))?;
    report.changes = Some(staging.commit(work).map_err(|error| match error {
        StoreError::Cancelled => ImportError::Cancelled,
        error => error.into(),
    })?);
    Ok(report)
}

/// Pass 2.
fn read(
    source: &Source,
    plan: &Plan<'_>,
    report: &mut FileReport,
    work: &dyn Work,
    sink: &mut dyn FnMut(AnyRecord) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let mut rejects = Rejects::into_file(plan.store.rejects_file(&source.name))?;
    let mut rows = plan.sheet.format.begin(plan)?;
    let mut kept = Kept::default();
    let seen = row::each_row(source, plan.sheet, work, "read", |record, line| {
        if report.first_rows.len() < ROWS_SHOWN {
            report.first_rows.push(record.iter().map(|cell| cell.trim().to_owned()).collect());
        }
        let row = Row { plan, file: &source.name, record, line };
        match rows.row(&row) {
            Ok(()) => {
                kept.add(&row);
                Ok(())
            }
            Err(RowError::Reject(reject)) => {
                rejects.add(reject);
                Ok(())
            }
            Err(RowError::Stop(error)) => Err(error),
        }
    })?;
    report.rows = seen.rows;
    report.totals = seen.totals;
    report.gaps = kept.gaps(plan, &source.name, &seen.first_totals);
    rejects.check(&source.name, seen.rows)?;
    rows.finish(sink, &mut rejects, report, work)?;
    rejects.check(&source.name, seen.rows)?;
    report.rejected = rejects.close()?;
    report.compare();
    Ok(())
}

/// Currency, zone and conventions of the file, and the shop that it sets where it is the first.
fn plan<'a>(
    store: &'a Store,
    source: &Source,
    sheet: &'a Sheet,
    conventions: Conventions,
    options: &Options,
    clock: &Clock,
    report: &mut FileReport,
) -> Result<Plan<'a>, ImportError> {
    let shop = store.shop()?;
    let currency = file_currency(source, sheet, &conventions, options, shop.as_ref())?;
    let zone_name = zone_name(sheet, options, shop.as_ref(), currency, report)?;
    let zone = zone(&zone_name)?;
    let shop_zone = match &shop {
        Some(shop) => self::zone(&shop.timezone)?,
        None => zone.clone(),
    };
    let today = Day::from(shop_zone.to_datetime(clock.now()).date());
    let shop = shop.or_else(|| {
        let currency = currency.or_else(|| conventions.most_frequent_currency())?;
        Some(Shop { currency, timezone: zone_name.clone(), churn_window_days: None })
    });
    report.conventions(sheet, &conventions, currency, &zone_name);
    Ok(Plan {
        store,
        sheet,
        decimals: conventions.decimals,
        orders: conventions.orders,
        currency,
        zone,
        shop_zone,
        last_day: today.plus(1),
        spill: if options.dry_run { None } else { store.spill_dir() },
        named: options.maps()?.into_iter().map(|(_, field)| field).collect::<BTreeSet<_>>(),
        phones: Phones::of(store, clock)?,
        shop,
    })
}

/// The currency of rows that name none: as asked, as the kind has it, the file's only one, the shop's.
fn file_currency(
    source: &Source,
    sheet: &Sheet,
    conventions: &Conventions,
    options: &Options,
    shop: Option<&Shop>,
) -> Result<Option<Currency>, ImportError> {
    if let Some(code) = &options.currency {
        let known = row::currency(code).ok_or_else(|| ImportError::UnknownCurrency(code.clone()))?;
        return Ok(Some(known));
    }
    match sheet.format.currency_field(&sheet.columns) {
        CurrencyField::NoAmounts => Ok(None),
        CurrencyField::At(Some(_)) => Ok(conventions.only_currency().or_else(|| sheet.currency())),
        CurrencyField::At(None) => {
            let known = sheet.currency().or_else(|| sheet.format.default_currency());
            let known = known.or(shop.map(|shop| shop.currency));
            known.map(Some).ok_or_else(|| ImportError::NoCurrency { file: source.name.clone() })
        }
    }
}

/// The zone of times that name none: as asked, as the kind has it, the shop's, China's for yuan, else UTC, said.
fn zone_name(
    sheet: &Sheet,
    options: &Options,
    shop: Option<&Shop>,
    currency: Option<Currency>,
    report: &mut FileReport,
) -> Result<String, ImportError> {
    if let (Some(given), Some(shop)) = (&options.timezone, shop)
        && *given != shop.timezone
    {
        return Err(ImportError::OtherZone { shop: shop.timezone.clone(), given: given.clone() });
    }
    if let Some(known) = options.timezone.as_deref().or(sheet.format.default_zone()) {
        return Ok(known.to_owned());
    }
    if let Some(shop) = shop {
        return Ok(shop.timezone.clone());
    }
    if currency.is_some_and(|currency| currency.code() == "CNY") {
        return Ok("Asia/Shanghai".to_owned());
    }
    if currency.is_some() {
        report.note("the shop's time zone: days are those of UTC; to change that, import into a new folder with --timezone Europe/Berlin or your own");
    }
    Ok("UTC".to_owned())
}

fn zone(name: &str) -> Result<TimeZone, ImportError> {
    TimeZone::get(name).map_err(|_| ImportError::UnknownZone(name.to_owned()))
}
