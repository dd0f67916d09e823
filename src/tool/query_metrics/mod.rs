//! How much was it, in which period, split by what, and more or less than before?
//!
//! The metrics of DEFINITIONS §2–§3. This file has the arguments and the order of work; `scope` finds the days and
//! names meant, `figures` the facts, `rows` the groups, `caveats` what must be said beside them.

mod caveats;
mod chart;
mod figures;
mod next;
mod rows;
mod scope;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::{Outcome, Tool, ToolContext, ToolError};
use crate::domain::{Currency, Evidence, NamedPeriod, Period, Role, Segment, Span};
use crate::warehouse::metrics::{Group, Metric, Query, Tally, tally};

pub use figures::Comparison;
pub use rows::{Months, Row};
pub use scope::Scope;
pub(in crate::tool) use scope::{plain, product};

/// The tool.
pub struct QueryMetrics;

/// Which figure, of which days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The figure. mer = revenue / ad spend; cac = ad spend / new customers.
    pub metric: Metric,
    /// Splits it: by time, or by what was sold where and to whom. channel (advertising) goes with spend only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_by: Option<Group>,
    /// The days.
    #[serde(default = "last_30_days")]
    pub period: Period,
    /// Sets it against an earlier period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_to: Option<CompareTo>,
    /// Only the highest groups, 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "top")]
    #[schemars(range(min = 1, max = 1000))]
    pub top: Option<u16>,
    /// Counts only these.
    #[serde(default, skip_serializing_if = "Filter::is_nothing")]
    pub filter: Option<Filter>,
}

/// What a figure is set against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CompareTo {
    /// The period before, of equal kind.
    PreviousPeriod,
    /// The same days a year earlier.
    PreviousYear,
}

impl CompareTo {
    /// The name in arguments, JSON and the words.
    pub fn key(self) -> &'static str {
        match self {
            Self::PreviousPeriod => "previous_period",
            Self::PreviousYear => "previous_year",
        }
    }
}

/// What counts; several conditions hold together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Name of a product category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Id or name of a product, or a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// City of delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Advertising channel; goes with spend only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// RFM segment held on the day before the period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
}

impl Filter {
    #[expect(clippy::ref_option, reason = "serde's skip_serializing_if hands over a reference to the field")]
    fn is_nothing(filter: &Option<Self>) -> bool {
        filter.as_ref().is_none_or(|filter| *filter == Self::default())
    }
}

fn last_30_days() -> Period {
    Period::Named(NamedPeriod::Last30Days)
}

fn top<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let top = Option::<i64>::deserialize(deserializer)?;
    let inside = |top: i64| u16::try_from(top).ok().filter(|top| (1..=1000).contains(top));
    let check = |top| inside(top).ok_or_else(|| D::Error::custom(format!("{top} is not in 1 to 1000")));
    top.map(check).transpose()
}

/// The figure, its parts, and what it was set against.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// As asked.
    pub metric: Metric,
    /// As asked.
    pub group_by: Option<Group>,
    /// Of every amount.
    pub currency: Currency,
    /// The days.
    pub period: Span,
    /// The calendar period is not over.
    pub so_far: bool,
    /// What was counted, by its full name.
    pub filter: Filter,
    /// The figure; nothing where there is nothing to divide by.
    pub value: Option<f64>,
    /// It is a ratio that rests on fewer than 30 things.
    pub few: bool,
    /// As asked.
    pub compare_to: Option<CompareTo>,
    /// Against what; nothing where that would start before the data.
    pub comparison: Option<Comparison>,
    /// The groups shown.
    pub groups: Vec<Row>,
    /// How many there are.
    pub groups_in_all: usize,
    /// Whether the groups add up to the value.
    pub adds_up: Option<bool>,
}

impl Tool for QueryMetrics {
    const NAME: &'static str = "query_metrics";
    const ROLES: &'static [Role] = &[Role::Manager, Role::Analyst];
    type Args = Args;
    type Output = Output;

    fn call(ctx: &ToolContext<'_>, args: Args) -> Result<Outcome<Output>, ToolError> {
        valid(&args)?;
        let scope = Scope::find(ctx, &args)?;
        let now = scope.tally(ctx, &args, scope.span)?;
        ctx.work.check()?;
        let before = match scope.before {
            Some(span) => Some((span, scope.tally(ctx, &args, span)?)),
            None => None,
        };
        caveats::refuse(ctx, &args, &scope, &now)?;
        let output = output(ctx, &args, &scope, &now, before.as_ref());
        let mut outcome = Outcome::new(output, caveats::evidence(ctx, &args, &scope, &now));
        outcome.period = Some(scope.span);
        outcome.facts = figures::facts(ctx, &args, &scope, &now.total, &outcome.output);
        outcome.table = rows::table(&args, &outcome.output);
        outcome.charts = chart::charts(&args, &outcome.output);
        outcome.notes = caveats::notes(ctx, &args, &scope, &now, &outcome.output);
        outcome.next = next::questions(ctx, &args, &scope);
        Ok(outcome)
    }
}

/// What DEFINITIONS §3 gives no meaning is refused, with what would have one.
fn valid(args: &Args) -> Result<(), ToolError> {
    let keys = |groups: &mut dyn Iterator<Item = Group>| groups.map(Group::key).collect::<Vec<_>>();
    let refusal = |code: &str, group: Group, valid: Vec<&str>| {
        ToolError::invalid(code)
            .with("metric", args.metric.key())
            .with("group", group.key())
            .with("valid", valid.clone())
            .among(valid.into_iter().map(str::to_owned).collect())
    };
    if let Some(group) = args.group_by.filter(|group| !args.metric.groups().contains(group)) {
        let code = if group == Group::Channel { "metric_has_no_channel" } else { "group_not_valid" };
        return Err(refusal(code, group, keys(&mut args.metric.groups().iter().copied())));
    }
    let filter = args.filter.clone().unwrap_or_default();
    let asked = [
        (Group::Category, filter.category.is_some()),
        (Group::Product, filter.product.is_some()),
        (Group::City, filter.city.is_some()),
        (Group::Channel, filter.channel.is_some()),
        (Group::Segment, filter.segment.is_some()),
    ];
    for (group, _) in asked.into_iter().filter(|(_, asked)| *asked) {
        if !args.metric.filters().any(|valid| valid == group) {
            let code = if group == Group::Channel { "metric_has_no_channel" } else { "filter_not_valid" };
            return Err(refusal(code, group, keys(&mut args.metric.filters())));
        }
    }
    match (args.top, args.group_by) {
        (Some(_), None) => Err(ToolError::invalid("top_without_group").with("metric", args.metric.key())),
        _ => Ok(()),
    }
}

impl Scope {
    /// The sums of these days; segments are those of the day that counts for them.
    fn tally(&self, ctx: &ToolContext<'_>, args: &Args, span: Span) -> Result<Tally, ToolError> {
        let segments = self.segments(ctx, args, span)?;
        let query = Query {
            metric: args.metric,
            group: args.group_by,
            span,
            filter: self.filter,
            segments: segments.as_deref(),
        };
        Ok(tally(ctx.warehouse, &query))
    }
}

fn output(
    ctx: &ToolContext<'_>,
    args: &Args,
    scope: &Scope,
    now: &Tally,
    before: Option<&(Span, Tally)>,
) -> Output {
    let value = args.metric.value(&now.total);
    let comparison = before.map(|(span, tally)| {
        Comparison::new(args.metric, (value, scope.span), (args.metric.value(&tally.total), *span))
    });
    let mut groups = rows::rows(ctx, args, now, before);
    let groups_in_all = groups.len();
    if let Some(top) = args.top {
        rows::keep_highest(&mut groups, usize::from(top));
    }
    Output {
        metric: args.metric,
        group_by: args.group_by,
        currency: ctx.warehouse.shop.currency,
        period: scope.span,
        so_far: scope.so_far,
        filter: scope.names.clone(),
        value,
        few: figures::few(args.metric, &now.total),
        compare_to: args.compare_to,
        comparison,
        groups,
        groups_in_all,
        adds_up: args.group_by.map(|group| args.metric.adds_up(group)),
    }
}

/// Grade and rows of a descriptive answer.
fn descriptive(ctx: &ToolContext<'_>, n: u64, span: Span) -> Evidence {
    Evidence::descriptive(n, Some(span), ctx.warehouse.data_version)
}
