//! How should a budget be spread over channels and weeks, what will that bring, and is it better than today's split?
//!
//! DEFINITIONS §9 and §10: the plan is chosen on some posterior draws of the media model and judged on the others; a plan
//! that is hardly better than today's split is not given, but the test that would settle most.

mod chart;
mod figures;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::budget::{self, Place};
use super::media::Media;
use super::number::weeks;
use super::{Next, Note, Outcome, Tool, ToolContext, ToolError};
use crate::domain::{Currency, Role};
use crate::model::mix::{self, Kind};
use crate::model::plan::{self, Ask, Bound, Plan, PlanError, trust};

/// The tool.
pub struct OptimizeBudget;

/// How much, for how long, to what end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// Money to spend over all weeks, all of it; without it the total that pays best.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "total")]
    #[schemars(range(min = 1.0))]
    pub total: Option<f64>,
    /// Weeks, 1 to 52.
    #[serde(default = "four", deserialize_with = "weeks")]
    #[schemars(range(min = 1, max = 52))]
    pub weeks: u32,
    /// What should be large; profit (margin less spend) where nothing is said and margins are known, else revenue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Objective>,
    /// Revenue per unit of spend to reach at least.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "ratio")]
    pub target_roi: Option<f64>,
    /// Least and most money of a channel over all weeks; the others stay between half and twice of today's spend.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bounds: Vec<ChannelBound>,
    /// How the plan is found; exact is the best of all within the bounds.
    #[serde(default)]
    pub method: Method,
}

/// What a plan makes large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// Margin of the revenue, less spend.
    Profit,
    /// Revenue.
    Revenue,
    /// Number of orders.
    Orders,
}

/// A channel's bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelBound {
    /// Its name or a part of it.
    pub channel: String,
    /// At least this much over all weeks.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "amount")]
    pub min: Option<f64>,
    /// At most this much over all weeks.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "amount")]
    pub max: Option<f64>,
}

/// Ways to find a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The best there is: exact.
    #[default]
    Auto,
    /// Climbs the concave envelopes, then the responses, with a bound on every other plan.
    Exact,
}

fn four() -> u32 {
    4
}

/// Amounts beyond this are typing errors.
const AMOUNT_MAX: f64 = 1e12;

fn number<'de, D: Deserializer<'de>>(
    deserializer: D,
    least: f64,
    most: f64,
) -> Result<Option<f64>, D::Error> {
    let Some(value) = Option::<f64>::deserialize(deserializer)? else { return Ok(None) };
    if (least..=most).contains(&value) {
        Ok(Some(value))
    } else {
        Err(D::Error::custom(format!("{value} is not in {least} to {most}")))
    }
}

fn total<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    number(deserializer, 1.0, AMOUNT_MAX)
}
fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    number(deserializer, 0.0, AMOUNT_MAX)
}
fn ratio<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    number(deserializer, 0.01, 1000.0)
}

/// A plan, or why there is none and which test would help.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// `plan`; `same` where it moves nothing; `no_plan` where today's split may be as good.
    pub kind: &'static str,
    /// Of every amount.
    pub currency: Currency,
    /// What was made large.
    pub objective: Objective,
    /// Weeks of the plan.
    pub weeks: u32,
    /// Whether the total was found rather than asked.
    pub total_found: bool,
    /// The plan with all that is known of it; what was looked at where there is none.
    pub plan: Plan,
    /// P(better) is above what can be told from certain.
    pub p_over: bool,
    /// Nothing was spent of late, so the split beside the plan has the shares of all weeks.
    pub paused: bool,
    /// The split beside the plan is today's, brought inside the asker's bounds.
    pub reference_bounded: bool,
    /// Judged channels, and those of them with bounds of the asker's own.
    pub judged: usize,
    /// See `judged`.
    pub bounded: Vec<String>,
    /// Channels that get more in a week than was ever spent on them.
    pub beyond: Vec<String>,
    /// The plan within what was seen, where this one goes beyond.
    pub inside: Option<Plan>,
    /// The channel whose test would settle most.
    pub test: Option<String>,
    /// Channels that keep today's spend, for their effect cannot be judged.
    pub kept: Vec<String>,
    /// The channel that the next unit of money goes to.
    pub next_channel: Option<String>,
}

impl Tool for OptimizeBudget {
    const NAME: &'static str = "optimize_budget";
    const ROLES: &'static [Role] = &[Role::Manager, Role::Analyst];
    type Args = Args;
    type Output = Output;

    fn call(ctx: &ToolContext<'_>, args: Args) -> Result<Outcome<Output>, ToolError> {
        let kind = if args.objective == Some(Objective::Orders) { Kind::Orders } else { Kind::Revenue };
        let media = Media::of(ctx, kind)?;
        ctx.work.check()?;
        let currency = ctx.warehouse.shop.currency;
        let none = |error| budget::no_plan(error, &media.mix, currency);
        let objective = match args.objective {
            Some(Objective::Profit) if media.input.margin.is_none() => {
                return Err(none(PlanError::MarginUnknown));
            }
            Some(objective) => objective,
            None if media.input.margin.is_some() => Objective::Profit,
            None => Objective::Revenue,
        };
        if let (Kind::Orders, Some(_)) = (kind, args.target_roi) {
            return Err(ToolError::invalid("budget_roi_of_orders"));
        }
        let (ask, shared) = ask(&media, &args, objective)?;
        let plan = plan::plan(&media.mix, &ask, ctx.work).map_err(none)?;
        let inside = plan::inside(&media.mix, &ask, &plan, ctx.work).map_err(none)?;
        let limits = trust::limits(&plan, &media.mix);
        let evidence = budget::evidence(ctx, &media, &limits);
        let test = plan.test_that_pays().map(|channel| channel.name.clone());
        let next_channel =
            plan.next.and_then(|(c, _)| plan.channels.get(c)).map(|channel| channel.name.clone());
        let output = Output {
            kind: match plan.p_better {
                _ if plan.stands_still() => "same",
                p if p >= trust::P_BETTER[2] => "plan",
                _ => "no_plan",
            },
            currency,
            objective,
            weeks: args.weeks,
            total_found: plan.total_found,
            p_over: plan.p_better > 0.99,
            paused: plan.paused(),
            reference_bounded: plan.reference_bounded(),
            judged: media.mix.channels.len(),
            bounded: bounded(&media, &ask),
            beyond: budget::beyond(&plan),
            inside,
            test,
            kept: media.mix.left_out.iter().map(|left| left.name.clone()).collect(),
            next_channel,
            plan,
        };
        let mut outcome = Outcome::new(output, evidence);
        outcome.facts = figures::facts(&outcome.output, media.input.margin);
        outcome.table = Some(budget::figures::table(
            &outcome.output.plan,
            outcome.output.currency,
            figures::unit(&outcome.output),
        ));
        outcome.charts = chart::charts(&outcome.output, media.mix.end());
        outcome.notes = notes(&outcome.output, &media, &args, shared);
        outcome.next = next(&outcome.output, &args);
        Ok(outcome)
    }
}

/// Channels with bounds of the asker's own.
fn bounded(media: &Media, ask: &Ask) -> Vec<String> {
    let own = media.mix.channels.iter().zip(&ask.bounds).filter(|(_, bound)| **bound != Bound::default());
    own.map(|(channel, _)| channel.name.clone()).collect()
}

/// What is asked, and the notes on bounds of channels that move as one: they have one budget, and one pair of bounds.
fn ask(media: &Media, args: &Args, objective: Objective) -> Result<(Ask, Vec<Note>), ToolError> {
    let mut bounds = vec![Bound::default(); media.mix.channels.len()];
    let mut named: Vec<Vec<String>> = vec![Vec::new(); bounds.len()];
    for bound in &args.bounds {
        let (c, name) = match budget::place(&media.mix, &bound.channel)? {
            Place::Judged(c, name) => (c, name),
            Place::LeftOut(name) => {
                return Err(ToolError::invalid("budget_bound_not_judged").with("channel", name));
            }
        };
        if named[c].contains(&name) {
            return Err(ToolError::invalid("budget_bound_twice").with("channel", name));
        }
        let own = Bound { min: bound.min, max: bound.max };
        bounds[c] = if named[c].is_empty() { own } else { together(bounds[c], own) };
        named[c].push(name);
    }
    let shared = media.mix.channels.iter().zip(&named);
    let shared = shared.filter(|(channel, named)| channel.parts.len() > 1 && !named.is_empty());
    let note = |(channel, named): (&mix::Channel, &Vec<String>)| {
        let key = if named.len() > 1 { "budget_bounds_added" } else { "budget_bound_shared" };
        Note::new(key).with("channels", channel.parts.clone())
    };
    let notes = shared.map(note).collect();
    let ask = Ask {
        total: args.total,
        weeks: args.weeks as usize,
        objective: if objective == Objective::Profit {
            plan::Objective::Profit
        } else {
            plan::Objective::Response
        },
        target_roi: args.target_roi,
        bounds,
        margin: media.input.margin.filter(|_| objective != Objective::Orders),
    };
    Ok((ask, notes))
}

/// Bounds of two parts of one budget.
fn together(a: Bound, b: Bound) -> Bound {
    let least = a.min.into_iter().chain(b.min).reduce(|a, b| a + b);
    Bound { min: least, max: a.max.zip(b.max).map(|(a, b)| a + b) }
}

fn notes(output: &Output, media: &Media, args: &Args, shared: Vec<Note>) -> Vec<Note> {
    let mut notes = shared;
    if output.kind == "plan" {
        notes.push(Note::new("budget_not_calibrated"));
    }
    if args.objective.is_none() && media.input.margin.is_none() {
        notes.push(Note::new("budget_no_margin"));
    }
    if args.total.is_none() && media.input.margin.is_none() && args.target_roi.is_none() {
        notes.push(Note::new("budget_total_of_today"));
    }
    if output.kind == "plan" && !output.beyond.is_empty() {
        notes.push(Note::new("budget_beyond").with("channels", output.beyond.clone()));
    }
    if !output.kept.is_empty() {
        notes.push(Note::new("budget_kept").with("channels", output.kept.clone()));
    }
    notes.extend(media.notes());
    notes
}

/// Another total, another end, and what today's split brings.
fn next(output: &Output, args: &Args) -> Vec<Next> {
    let total = output.plan.total;
    let mut next = Vec::new();
    if args.total.is_some() && output.objective == Objective::Profit {
        next.push(Next::new("best_total").with("weeks", output.weeks));
    } else if total >= 100.0 {
        // two leading digits are enough for a question
        let digits = 10_f64.powi(total.log10().floor() as i32 - 1);
        let more = (1.2 * total / digits).round() * digits;
        next.push(
            Next::new("other_total")
                .with("total", budget::money(more, output.currency))
                .with("weeks", output.weeks),
        );
    }
    let weeks = if output.weeks == 8 { 4 } else { 8 };
    next.push(Next::new("other_weeks").with("weeks", weeks));
    next
}
