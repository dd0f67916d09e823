//! What does a plain file of advertising costs hold, in English or Chinese? (a row a day and channel, or finer)
//!
//! Rows of one day, channel, account and campaign are added up: files are split by city, hour or device.

use std::collections::BTreeMap;

use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink};
use super::reject::{Reject, Rejects, RowError};
use super::row::{Plan, Row};
use super::{FileReport, ImportError};
use crate::domain::{Day, Micros, Spend, Work};
use crate::store::redo::AnyRecord;

const DATE: usize = 0;
const CHANNEL: usize = 1;
const SPEND: usize = 2;
const CAMPAIGN: usize = 3;
const ACCOUNT: usize = 4;
const CURRENCY: usize = 5;
const IMPRESSIONS: usize = 6;
const CLICKS: usize = 7;
const CONVERSIONS: usize = 8;

const FIELDS: [Field; 9] = [
    Field { name: "date", names: &["date", "day", "日期", "时间"], reads: Reads::Date },
    Field {
        name: "channel",
        names: &["channel", "media", "source", "platform", "渠道", "媒体", "平台"],
        reads: Reads::Text,
    },
    Field {
        name: "spend",
        names: &[
            "spend",
            "cost",
            "amount_spent",
            "ad_spend",
            "花费",
            "消耗",
            "费用",
            "消费",
            "广告费",
            "总花费",
        ],
        reads: Reads::Number,
    },
    Field {
        name: "campaign",
        names: &["campaign", "campaign_name", "计划", "活动", "推广计划", "计划名称"],
        reads: Reads::Text,
    },
    Field { name: "account", names: &["account", "account_name", "账户", "账号"], reads: Reads::Text },
    Field { name: "currency", names: &["currency", "currency_code", "币种", "货币"], reads: Reads::Text },
    Field {
        name: "impressions",
        names: &["impressions", "impr", "impr.", "展现", "曝光", "展示", "展现量", "曝光量", "展示数"],
        reads: Reads::Number,
    },
    Field { name: "clicks", names: &["clicks", "点击", "点击量", "点击数"], reads: Reads::Number },
    Field {
        name: "conversions", names: &["conversions", "conv.", "转化", "转化数"], reads: Reads::Number
    },
];

/// The format.
pub(super) struct Costs;

impl Format for Costs {
    fn kind(&self) -> &'static str {
        "spend"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "date, channel and spend"
    }
    fn complete(&self, columns: &[Option<usize>], _: bool) -> bool {
        [DATE, CHANNEL, SPEND].iter().all(|field| columns.get(*field).copied().flatten().is_some())
    }
    fn currency_field(&self, columns: &[Option<usize>]) -> CurrencyField {
        CurrencyField::At(columns.get(CURRENCY).copied().flatten().map(|_| CURRENCY))
    }
    fn adds_up(&self) -> &'static [usize] {
        &[SPEND, IMPRESSIONS, CLICKS, CONVERSIONS]
    }
    fn begin<'a>(&self, _: &'a Plan<'a>) -> Result<Box<dyn Rows + 'a>, ImportError> {
        Ok(Box::new(List { days: Days::default() }))
    }
}

struct List {
    days: Days,
}

impl Rows for List {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let channel = row.text(CHANNEL);
        let channel = channel.ok_or_else(|| row.reject(CHANNEL, "is no channel", "fill it in"))?;
        let spend = Spend {
            day: day(row, DATE)?,
            channel: channel.to_owned(),
            account: row.text(ACCOUNT).map(str::to_owned),
            campaign: row.text(CAMPAIGN).map(str::to_owned),
            cost: cost(row, SPEND)?,
            currency: row.currency()?,
            impressions: row.count(IMPRESSIONS)?,
            clicks: row.count(CLICKS)?,
            conversions: row.number(CONVERSIONS)?,
        };
        self.days.add(row, SPEND, spend)?;
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

/// The day of a cost.
pub(super) fn day(row: &Row<'_>, field: usize) -> Result<Day, Reject> {
    let day = row.at(field)?.map(|(_, day)| day);
    day.ok_or_else(|| {
        row.reject(field, "is no date", "write the day; a total without days tells no model anything")
    })
}

/// A cost. A dash is how platforms write none; an empty cell may be a lost one.
pub(super) fn cost(row: &Row<'_>, field: usize) -> Result<Micros, Reject> {
    match row.number(field)? {
        Some(cost) if cost < Micros::ZERO => {
            Err(row.reject(field, "is negative", "write what was spent; a credit is no advertising"))
        }
        Some(cost) => Ok(cost),
        None if row.has_dash(field) => Ok(Micros::ZERO),
        None => Err(row.reject(field, "is no amount", "fill it in, 0 if nothing was spent")),
    }
}

/// Costs by day, channel, account and campaign.
#[derive(Default)]
pub(super) struct Days {
    rows: BTreeMap<(Day, String, Option<String>, Option<String>), Spend>,
    joined: u64,
}

impl Days {
    /// Adds a row to its day.
    pub(super) fn add(&mut self, row: &Row<'_>, cost: usize, spend: Spend) -> Result<(), Reject> {
        let key = (spend.day, spend.channel.clone(), spend.account.clone(), spend.campaign.clone());
        let Some(known) = self.rows.get_mut(&key) else {
            self.rows.insert(key, spend);
            return Ok(());
        };
        if known.currency != spend.currency {
            let reason =
                format!("is in {}, other rows of its day and campaign in {}", spend.currency, known.currency);
            return Err(row.reject(cost, &reason, "give it an account or a campaign of its own"));
        }
        known.cost += spend.cost;
        known.impressions = both(known.impressions, spend.impressions, i64::saturating_add);
        known.clicks = both(known.clicks, spend.clicks, i64::saturating_add);
        known.conversions = both(known.conversions, spend.conversions, |a, b| a + b);
        self.joined += 1;
        Ok(())
    }

    pub(super) fn finish(self, sink: &mut Sink<'_>, report: &mut FileReport) -> Result<(), ImportError> {
        report.joined += self.joined;
        for spend in self.rows.into_values() {
            report.day(spend.day);
            report.spent(spend.currency, spend.cost);
            sink(AnyRecord::Spend(spend))?;
        }
        Ok(())
    }
}

fn both<T>(a: Option<T>, b: Option<T>, sum: impl Fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(sum(a, b)),
        (a, b) => a.or(b),
    }
}
