//! What did Google Ads cost? (the campaign report: a title, its dates, the header, rows, rows of totals)
//!
//! The channel is the campaign's type where the report has it, else "google ads". Conversions may be fractional.

use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink};
use super::reject::{Rejects, RowError};
use super::row::{Plan, Row};
use super::spend::{Days, cost, day};
use super::{FileReport, ImportError};
use crate::domain::{Spend, Work};

const DAY: usize = 0;
const CAMPAIGN: usize = 1;
const COST: usize = 2;
const IMPRESSIONS: usize = 3;
const CLICKS: usize = 4;
const CONVERSIONS: usize = 5;
const CURRENCY: usize = 6;
const TYPE: usize = 7;
const ACCOUNT: usize = 8;

const FIELDS: [Field; 9] = [
    Field { name: "day", names: &["day"], reads: Reads::Date },
    Field { name: "campaign", names: &["campaign"], reads: Reads::Text },
    Field { name: "cost", names: &["cost"], reads: Reads::Number },
    Field { name: "impressions", names: &["impr.", "impressions"], reads: Reads::Number },
    Field { name: "clicks", names: &["clicks"], reads: Reads::Number },
    Field { name: "conversions", names: &["conversions"], reads: Reads::Number },
    Field { name: "currency", names: &["currency_code"], reads: Reads::Text },
    Field { name: "campaign_type", names: &["campaign_type"], reads: Reads::Text },
    Field { name: "account", names: &["account", "account_name"], reads: Reads::Text },
];

/// The format.
pub(super) struct GoogleAds;

impl Format for GoogleAds {
    fn kind(&self) -> &'static str {
        "google_ads"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "Day, Campaign, Cost and Impr."
    }
    fn complete(&self, columns: &[Option<usize>], named: bool) -> bool {
        let has = |field: usize| columns.get(field).copied().flatten().is_some();
        has(DAY) && has(CAMPAIGN) && has(COST) && (named || has(IMPRESSIONS))
    }
    fn currency_field(&self, columns: &[Option<usize>]) -> CurrencyField {
        CurrencyField::At(columns.get(CURRENCY).copied().flatten().map(|_| CURRENCY))
    }
    fn adds_up(&self) -> &'static [usize] {
        &[COST, IMPRESSIONS, CLICKS, CONVERSIONS]
    }
    fn begin<'a>(&self, _: &'a Plan<'a>) -> Result<Box<dyn Rows + 'a>, ImportError> {
        Ok(Box::new(Report { days: Days::default() }))
    }
}

struct Report {
    days: Days,
}

impl Rows for Report {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let channel = row.text(TYPE).map_or_else(|| "google ads".to_owned(), str::to_lowercase);
        let spend = Spend {
            day: day(row, DAY)?,
            channel,
            account: row.text(ACCOUNT).map(str::to_owned),
            campaign: row.text(CAMPAIGN).map(str::to_owned),
            cost: cost(row, COST)?,
            currency: row.currency()?,
            impressions: row.count(IMPRESSIONS)?,
            clicks: row.count(CLICKS)?,
            conversions: row.number(CONVERSIONS)?,
        };
        self.days.add(row, COST, spend)?;
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        sink: &mut Sink<'_>,
        _: &mut Rejects,
        report: &mut FileReport,
        _: &dyn Work,
    ) -> Result<(), ImportError> {
        self.days.finish(sink, report)
    }
}
