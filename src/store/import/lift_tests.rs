//! What does a plain file of lift tests hold, in English or Chinese? (a row a test of one channel)
//!
//! Spend is given a week, one amount each, separated by `;`: as it would have been (control) and as it was (treated).

use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink};
use super::gather::Events;
use super::number;
use super::reject::{Reject, Rejects, RowError};
use super::row::{Plan, Row};
use super::{Decimal, FileReport, ImportError};
use crate::domain::{Day, LiftTest, Micros, Span, Work};

const CHANNEL: usize = 0;
const FROM: usize = 1;
const TO: usize = 2;
const EFFECT: usize = 3;
const SE: usize = 4;
const CONTROL: usize = 5;
const TREATED: usize = 6;
const SCOPE: usize = 7;
const METRIC: usize = 8;
const UNTIL: usize = 9;
const CURRENCY: usize = 10;
const ID: usize = 11;

const FIELDS: [Field; 12] = [
    Field { name: "channel", names: &["channel", "渠道"], reads: Reads::Text },
    Field { name: "from", names: &["from", "start", "starts", "开始", "开始日期"], reads: Reads::Date },
    Field { name: "to", names: &["to", "end", "ends", "结束", "结束日期"], reads: Reads::Date },
    Field { name: "effect", names: &["effect", "lift", "效果", "增量"], reads: Reads::Number },
    Field { name: "se", names: &["se", "standard_error", "std_error", "标准误"], reads: Reads::Number },
    Field {
        name: "spend_control",
        names: &["spend_control", "control_spend", "对照花费", "对照组花费"],
        reads: Reads::Text,
    },
    Field {
        name: "spend_treated",
        names: &["spend_treated", "treated_spend", "实验花费", "实验组花费"],
        reads: Reads::Text,
    },
    Field {
        name: "scope_share", names: &["scope_share", "覆盖比例", "范围占比"], reads: Reads::Number
    },
    Field { name: "metric", names: &["metric", "指标"], reads: Reads::Text },
    Field {
        name: "measured_until", names: &["measured_until", "测量截止", "观测截止"], reads: Reads::Date
    },
    Field { name: "currency", names: &["currency", "币种", "货币"], reads: Reads::Text },
    Field { name: "id", names: &["id", "test_id", "测试编号", "实验编号"], reads: Reads::Id },
];

const WEEK_DAYS: i32 = 7;

/// The format.
pub(super) struct LiftTests;

impl Format for LiftTests {
    fn kind(&self) -> &'static str {
        "lift_tests"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "channel, from, to, effect, se, spend_control and spend_treated"
    }
    fn complete(&self, columns: &[Option<usize>], _: bool) -> bool {
        (CHANNEL..=TREATED).all(|field| columns.get(field).copied().flatten().is_some())
    }
    fn currency_field(&self, columns: &[Option<usize>]) -> CurrencyField {
        CurrencyField::At(columns.get(CURRENCY).copied().flatten().map(|_| CURRENCY))
    }
    fn begin<'a>(&self, plan: &'a Plan<'a>) -> Result<Box<dyn Rows + 'a>, ImportError> {
        let decimal = plan.decimals.get(EFFECT).copied().unwrap_or(Decimal::Point);
        Ok(Box::new(List { events: Events::default(), decimal }))
    }
}

struct List {
    events: Events,
    /// Of the weekly spend: as the effect has it.
    decimal: Decimal,
}

impl Rows for List {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let channel = row.text(CHANNEL);
        let channel = channel.ok_or_else(|| row.reject(CHANNEL, "is no channel", "fill it in"))?;
        let ((_, from), (_, to)) = (row.required_at(FROM)?, row.required_at(TO)?);
        if to < from {
            return Err(row.reject(TO, &format!("lies before {from}"), "swap the dates").into());
        }
        let measured_until = row.at(UNTIL)?.map_or(to, |(_, day)| day);
        if measured_until < to {
            return Err(row
                .reject(UNTIL, &format!("lies before the test's end {to}"), "write a later day")
                .into());
        }
        let effect = row
            .number(EFFECT)?
            .ok_or_else(|| row.reject(EFFECT, "is no amount", "fill it in, 0 for none"))?;
        let se = row.number(SE)?.filter(|se| *se > Micros::ZERO);
        let se = se.ok_or_else(|| row.reject(SE, "is no standard error", "write one above 0"))?;
        let (spend_control, spend_treated) = self.weeks(row, Span { from, to }, measured_until)?;
        let own = row.id(ID)?;
        let id = own.map_or_else(|| format!("{channel} {from}"), str::to_owned);
        let test = LiftTest {
            id: id.clone(),
            channel: channel.to_owned(),
            from,
            to,
            effect,
            se,
            spend_control,
            spend_treated,
            scope_share: scope(row)?,
            metric: row.text(METRIC).unwrap_or("revenue").to_lowercase(),
            measured_until,
            currency: row.currency()?,
        };
        self.events.add(row, Some(&id), test)?;
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        sink: &mut Sink<'_>,
        _: &mut Rejects,
        report: &mut FileReport,
        _: &dyn Work,
    ) -> Result<(), ImportError> {
        self.events.finish(sink, report)
    }
}

impl List {
    /// Both spends, of as many weeks as the test has, or as the measuring has.
    fn weeks(&self, row: &Row<'_>, test: Span, until: Day) -> Result<(Vec<Micros>, Vec<Micros>), Reject> {
        let weeks = |days: i32| usize::try_from((days + WEEK_DAYS - 1) / WEEK_DAYS).unwrap_or_default();
        let fewest = weeks(test.days());
        let most = weeks(Span { from: test.from, to: until }.days());
        let read = |field: usize| {
            let text = row.text(field).unwrap_or_default();
            let amounts: Option<Vec<Micros>> = text
                .split([';', '；', '|'])
                .map(|amount| {
                    number::parse(amount.trim(), self.decimal).filter(|amount| *amount >= Micros::ZERO)
                })
                .collect();
            let fits = |amounts: &Vec<Micros>| (fewest..=most).contains(&amounts.len());
            amounts.filter(fits).ok_or_else(|| {
                let mend = format!(
                    "write one amount a week from {} on, separated by ; ({fewest} of them)",
                    test.from
                );
                row.reject(field, "is no spend by week", &mend)
            })
        };
        let (control, treated) = (read(CONTROL)?, read(TREATED)?);
        if control.len() != treated.len() {
            return Err(row.reject(
                TREATED,
                "has other weeks than the control",
                "write the same weeks for both",
            ));
        }
        Ok((control, treated))
    }
}

/// A share of 1 or in percent; the whole shop where nothing is said.
fn scope(row: &Row<'_>) -> Result<Micros, Reject> {
    let Some(number) = row.number(SCOPE)? else { return Ok(Micros(Micros::UNIT)) };
    let percent = row.text(SCOPE).is_some_and(|text| text.contains(['%', '％']));
    let share = if percent { Micros(number.0 / 100) } else { number };
    if share <= Micros::ZERO || share.0 > Micros::UNIT {
        return Err(row.reject(SCOPE, "is no share", "write above 0 and up to 1, or 25%"));
    }
    Ok(share)
}
