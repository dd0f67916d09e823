//! What would this split bring, and is it better than the same money split as today?
//!
//! DEFINITIONS §9: each channel's money is spread evenly over the weeks; a channel that is not named gets nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::budget::{self, Place};
use super::media::{self, Media};
use super::number::weeks;
use super::{Next, Note, Outcome, Tool, ToolContext, ToolError};
use crate::domain::{
    Axis, Caption, Chart, ChartKind, Column, Currency, Fact, Label, Point, Role, Series, SeriesRole, Table,
    Unit,
};
use crate::model::mix::Kind;
use crate::model::plan::{self, Ask, Bound, Plan, trust};

/// The tool.
pub struct SimulateBudget;

/// Which split, for how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// Money of each channel over all weeks; a channel that is not named gets nothing.
    pub allocation: Vec<ChannelSpend>,
    /// Weeks, 1 to 52.
    #[serde(default = "four", deserialize_with = "weeks")]
    #[schemars(range(min = 1, max = 52))]
    pub weeks: u32,
}

/// One channel's money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelSpend {
    /// Its name or a part of it.
    pub channel: String,
    /// Money over all weeks.
    #[serde(deserialize_with = "amount")]
    pub spend: f64,
}

fn four() -> u32 {
    4
}

fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let value = f64::deserialize(deserializer)?;
    if (0.0..=1e12).contains(&value) {
        Ok((value * 100.0).round() / 100.0)
    } else {
        Err(D::Error::custom(format!("{value} is not in 0 to 1e12")))
    }
}

/// What the split brings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// Of every amount.
    pub currency: Currency,
    /// Weeks.
    pub weeks: u32,
    /// The split with all that is known of it.
    pub plan: Plan,
    /// P(better) is above what can be told from certain.
    pub p_over: bool,
    /// Channels that were not named and get nothing.
    pub without: Vec<String>,
    /// Largest week against the largest ever seen is above 1, in these channels.
    pub beyond: Vec<String>,
}

impl Tool for SimulateBudget {
    const NAME: &'static str = "simulate_budget";
    const ROLES: &'static [Role] = &[Role::Manager, Role::Analyst];
    type Args = Args;
    type Output = Output;

    fn call(ctx: &ToolContext<'_>, args: Args) -> Result<Outcome<Output>, ToolError> {
        if args.allocation.is_empty() {
            return Err(ToolError::invalid("budget_empty_allocation"));
        }
        let media = Media::of(ctx, Kind::Revenue)?;
        ctx.work.check()?;
        let mut spend = vec![0.0; media.mix.channels.len()];
        let mut named = vec![false; spend.len()];
        for part in &args.allocation {
            match budget::place(&media.mix, &part.channel)? {
                Place::Judged(c) => {
                    spend[c] += part.spend;
                    named[c] = true;
                }
                Place::LeftOut(name) => {
                    return Err(ToolError::not_enough_data("budget_not_judged").with("channel", name));
                }
            }
        }
        if spend.iter().sum::<f64>() <= 0.0 {
            return Err(ToolError::invalid("budget_empty_allocation"));
        }
        let ask = Ask {
            total: None,
            weeks: args.weeks as usize,
            objective: plan::Objective::Response,
            target_roi: None,
            bounds: vec![Bound::default(); spend.len()],
            margin: media.input.margin,
        };
        let mut plan =
            plan::simulate(&media.mix, &ask, &spend).map_err(|e| budget::no_plan(e, &media.mix))?;
        // what is not judged is no part of the question
        plan.channels.retain(|channel| channel.judged);
        plan.total = spend.iter().sum();
        let evidence = budget::evidence(ctx, &media, &trust::simulation_limits(&plan, &media.mix));
        let over = |channel: &&plan::ChannelPlan| {
            channel.weekly.iter().any(|week| *week > channel.largest_week * (1.0 + 1e-9))
        };
        let output = Output {
            currency: ctx.warehouse.shop.currency,
            weeks: args.weeks,
            p_over: plan.p_better > 0.99,
            without: plan
                .channels
                .iter()
                .zip(&named)
                .filter(|(_, named)| !**named)
                .map(|(c, _)| c.name.clone())
                .collect(),
            beyond: plan.channels.iter().filter(over).map(|channel| channel.name.clone()).collect(),
            plan,
        };
        let mut outcome = Outcome::new(output, evidence);
        outcome.facts = facts(&outcome.output, media.input.margin);
        outcome.table = Some(table(&outcome.output));
        outcome.charts = vec![chart(&outcome.output)];
        outcome.notes = notes(&outcome.output);
        let total = outcome.output.plan.total.round() as i64;
        outcome.next = vec![
            Next::new("optimize").with("total", total).with("weeks", args.weeks),
            Next::new("other_weeks").with("weeks", if args.weeks == 8 { 4 } else { 8 }),
        ];
        Ok(outcome)
    }
}

fn facts(output: &Output, margin: Option<f64>) -> Vec<Fact> {
    let money = Unit::Money(output.currency);
    let plan = &output.plan;
    let mut facts = vec![
        media::estimate("expected", plan.expected, money),
        Fact::new("total", plan.total, money),
        Fact::new("weeks", f64::from(output.weeks), Unit::Weeks),
        media::estimate("reference", plan.reference, money),
        media::estimate("gain", plan.gain, money),
        Fact::new("p_better", budget::unsure(plan.p_better), Unit::Share),
        Fact::new("p_inside", 0.9, Unit::Share),
    ];
    facts.extend(plan.profit.map(|profit| media::estimate("profit", profit, money)));
    let deficit = plan.profit.filter(|profit| profit.value < 0.0);
    facts.extend(deficit.map(|profit| Fact::new("deficit", -profit.value, money)));
    if plan.total > 0.0 {
        facts.push(Fact::new("roi", plan.expected.value / plan.total, Unit::Ratio));
    }
    if let Some(margin) = margin.filter(|margin| *margin > 0.0) {
        facts.push(Fact::new("break_even", 1.0 / margin, Unit::Ratio));
    }
    facts
}

fn table(output: &Output) -> Table {
    let money = Some(Unit::Money(output.currency));
    let columns = [
        ("channel", None),
        ("planned_spend", money),
        ("as_today", money),
        ("week_least", money),
        ("week_most", money),
        ("expected_response", money),
        ("lo", money),
        ("hi", money),
        ("next_unit", Some(Unit::Ratio)),
    ];
    let column = |(key, unit): (&str, Option<Unit>)| Column { key: key.into(), unit };
    Table {
        columns: columns.into_iter().map(column).collect(),
        rows: output.plan.channels.iter().map(budget::row).collect(),
    }
}

fn chart(output: &Output) -> Chart {
    let column = |key: &str| Label::word("column", key);
    let x = Axis::of_names(column("channel"));
    let y = Axis::of(column("planned_spend"), Unit::Money(output.currency));
    let mut chart = Chart::new(ChartKind::GroupedBar, Caption::new("budget_what_if"), x, y);
    let channels = &output.plan.channels;
    chart.categories = channels.iter().map(|channel| Label::Name(channel.name.clone())).collect();
    let points =
        |of: fn(&plan::ChannelPlan) -> f64| channels.iter().map(|c| Point::of(Some(of(c)))).collect();
    let today = Series::main(column("as_today"), points(|channel| channel.reference));
    chart.series = vec![
        Series { role: SeriesRole::Before, ..today },
        Series::main(column("planned_spend"), points(|channel| channel.spend)),
    ];
    chart
}

fn notes(output: &Output) -> Vec<Note> {
    let mut notes = vec![Note::new("budget_not_calibrated")];
    if !output.without.is_empty() {
        notes.push(Note::new("budget_without").with("channels", output.without.clone()));
    }
    if !output.beyond.is_empty() {
        notes.push(Note::new("budget_beyond").with("channels", output.beyond.clone()));
    }
    notes
}
