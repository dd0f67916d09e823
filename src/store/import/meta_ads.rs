//! What did Meta's ads cost? (the ads report of Facebook and Instagram, in English or French)
//!
//! The currency stands inside the header (`Amount spent (USD)`). A row is a day only where it starts and ends on the
//! same one. `Results` counts different things from row to row; only purchases are conversions.

use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink};
use super::reject::{Reject, Rejects, RowError};
use super::row::{Plan, Row};
use super::spend::{Days, cost, day};
use super::{FileReport, ImportError};
use crate::domain::{Day, Micros, Spend, Work};

const DAY: usize = 0;
const STARTS: usize = 1;
const ENDS: usize = 2;
const CAMPAIGN: usize = 3;
const SPENT: usize = 4;
const IMPRESSIONS: usize = 5;
const CLICKS: usize = 6;
const PURCHASES: usize = 7;
const RESULTS: usize = 8;
const INDICATOR: usize = 9;
const ACCOUNT: usize = 10;

const FIELDS: [Field; 11] = [
    Field { name: "day", names: &["day", "jour"], reads: Reads::Date },
    Field { name: "reporting_starts", names: &["reporting_starts"], reads: Reads::Date },
    Field { name: "reporting_ends", names: &["reporting_ends"], reads: Reads::Date },
    Field { name: "campaign", names: &["campaign_name", "nom_de_la_campagne"], reads: Reads::Text },
    Field { name: "amount_spent", names: &["amount_spent", "montant_dépensé"], reads: Reads::Number },
    Field { name: "impressions", names: &["impressions"], reads: Reads::Number },
    Field { name: "link_clicks", names: &["link_clicks"], reads: Reads::Number },
    Field { name: "purchases", names: &["purchases"], reads: Reads::Number },
    Field { name: "results", names: &["results"], reads: Reads::Number },
    Field { name: "result_indicator", names: &["result_indicator"], reads: Reads::Text },
    Field { name: "account", names: &["account_name"], reads: Reads::Text },
];

/// The format.
pub(super) struct MetaAds;

impl Format for MetaAds {
    fn kind(&self) -> &'static str {
        "meta_ads"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "Campaign name, Amount spent, and Day or Reporting starts with Reporting ends"
    }
    fn complete(&self, columns: &[Option<usize>], _: bool) -> bool {
        let has = |field: usize| columns.get(field).copied().flatten().is_some();
        has(CAMPAIGN) && has(SPENT) && (has(DAY) || has(STARTS) && has(ENDS))
    }
    fn currency_field(&self, _: &[Option<usize>]) -> CurrencyField {
        CurrencyField::At(None)
    }
    fn adds_up(&self) -> &'static [usize] {
        &[SPENT, IMPRESSIONS, CLICKS, PURCHASES]
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
        let spend = Spend {
            day: single_day(row)?,
            channel: "meta".to_owned(),
            account: row.text(ACCOUNT).map(str::to_owned),
            campaign: row.text(CAMPAIGN).map(str::to_owned),
            cost: cost(row, SPENT)?,
            currency: row.currency()?,
            impressions: row.count(IMPRESSIONS)?,
            clicks: row.count(CLICKS)?,
            conversions: purchases(row)?,
        };
        self.days.add(row, SPENT, spend)?;
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

/// The row's day; a row of several days stops the import, since spreading it would invent what happened.
fn single_day(row: &Row<'_>) -> Result<Day, RowError> {
    if row.text(DAY).is_some() {
        return Ok(day(row, DAY)?);
    }
    let (starts, ends) = (day(row, STARTS)?, day(row, ENDS)?);
    if starts == ends {
        return Ok(starts);
    }
    Err(ImportError::NotDaily { file: row.file.to_owned(), line: row.line, from: starts, to: ends }.into())
}

fn purchases(row: &Row<'_>) -> Result<Option<Micros>, Reject> {
    if row.has(PURCHASES) {
        return row.number(PURCHASES);
    }
    let counts_purchases = row.text(INDICATOR).is_some_and(|what| what.to_lowercase().contains("purchase"));
    if counts_purchases { row.number(RESULTS) } else { Ok(None) }
}
