//! What would this split bring, and is it better than the same money split as today?
//!
//! DEFINITIONS §9: each channel's money is spread evenly over the weeks; a channel that is not named gets nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::budget::{self, Place};
use super::media::Media;
use super::number::weeks;
use super::{Next, Note, Outcome, Tool, ToolContext, ToolError};
use crate::domain::{Currency, Role, Unit};
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
    /// Nothing was spent of late, so the split beside it has the shares of all weeks.
    pub paused: bool,
    /// Channels that were not named and get nothing.
    pub without: Vec<String>,
    /// Channels that get more in a week than was ever spent on them.
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
                Place::Judged(c, _) => {
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
        let currency = ctx.warehouse.shop.currency;
        let mut plan = plan::simulate(&media.mix, &ask, &spend, ctx.work)
            .map_err(|error| budget::no_plan(error, &media.mix, currency))?;
        // what is not judged is no part of the question
        plan.channels.retain(|channel| channel.judged);
        plan.total = spend.iter().sum();
        let evidence = budget::evidence(ctx, &media, &trust::simulation_limits(&plan, &media.mix));
        let output = Output {
            currency,
            weeks: args.weeks,
            p_over: plan.p_better > 0.99,
            paused: plan.paused(),
            without: plan
                .channels
                .iter()
                .zip(&named)
                .filter(|(_, named)| !**named)
                .map(|(c, _)| c.name.clone())
                .collect(),
            beyond: budget::beyond(&plan),
            plan,
        };
        let money = Unit::Money(currency);
        let mut outcome = Outcome::new(output, evidence);
        let plan = &outcome.output.plan;
        outcome.facts = budget::figures::facts(plan, currency, money, money, media.input.margin);
        outcome.table = Some(budget::figures::table(plan, currency, money));
        outcome.charts = vec![budget::figures::beside_today(plan, currency, "budget_what_if")];
        outcome.notes = notes(&outcome.output);
        if media.input.margin.is_none() {
            outcome.notes.push(Note::new("media_margin_unknown"));
        }
        outcome.notes.extend(media.notes());
        let total = budget::money(outcome.output.plan.total, currency);
        outcome.next = vec![
            Next::new("optimize").with("total", total).with("weeks", args.weeks),
            Next::new("other_weeks").with("weeks", if args.weeks == 8 { 4 } else { 8 }),
        ];
        Ok(outcome)
    }
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
