//! What must be said beside the figure, and when is there none?

use super::{Args, Output, Scope};
use crate::domain::{Evidence, Grade};
use crate::features::margin::MARGIN_KNOWN;
use crate::tool::{Note, ToolContext, ToolError};
use crate::warehouse::metrics::{Group, Metric, Tally};

/// Orders without a customer key are named from this share on.
const UNKEYED_NAMED: f64 = 0.01;
/// Descriptive answers with more unusable rows than this want a second look (DEFINITIONS §10).
const UNUSABLE: f64 = 0.05;
/// Customers first seen in these first days of data may be older than the data.
const FIRST_DAYS: i32 = 90;

/// Figures that the data cannot give.
pub(super) fn refuse(
    ctx: &ToolContext<'_>,
    args: &Args,
    scope: &Scope,
    now: &Tally,
) -> Result<(), ToolError> {
    if args.metric == Metric::GrossProfit && now.total.margin_known() < MARGIN_KNOWN {
        return Err(ToolError::not_enough_data("margin_unknown"));
    }
    if args.metric != Metric::ChurnRate {
        return Ok(());
    }
    if ctx.warehouse.churn_window_days.is_none() {
        return Err(ToolError::not_enough_data("no_repeat_buyers"));
    }
    if scope.span.from <= scope.data.from {
        return Err(ToolError::not_enough_data("churn_without_history")
            .with("from", scope.span.from.to_string())
            .with("first", scope.data.from.to_string()));
    }
    Ok(())
}

pub(super) fn evidence(ctx: &ToolContext<'_>, args: &Args, scope: &Scope, now: &Tally) -> Evidence {
    let n = match args.metric {
        Metric::Spend => ctx.warehouse.spend.day.iter().filter(|day| in_span(scope, **day)).count() as u64,
        Metric::ChurnRate => now.total.base,
        _ => now.total.orders,
    };
    let mut evidence = super::descriptive(ctx, n, scope.span);
    if about_customers(args) && unkeyed_share(now) > UNUSABLE {
        evidence.limit(Grade::ReviewFirst, "orders_without_customer", "import_customer_keys");
    }
    let foreign: u64 = ctx.warehouse.foreign.iter().map(|(_, rows)| rows).sum();
    if foreign as f64 > UNUSABLE * (ctx.warehouse.orders.id.len() as u64 + foreign) as f64 {
        evidence.limit(Grade::ReviewFirst, "foreign_currency", "import_in_one_currency");
    }
    if ctx.clock.is_live() {
        let grade = match scope.today.since(scope.data.to) {
            ..=7 => Grade::Ready,
            8..=35 => Grade::ReviewFirst,
            36..=180 => Grade::Directional,
            _ => Grade::NeedsData,
        };
        evidence.limit(grade, "data_lag", "import_newer_data");
    }
    evidence
}

fn in_span(scope: &Scope, day: i32) -> bool {
    scope.span.contains(crate::domain::Day(day))
}

/// Whether orders without a customer key are missing from the figure or its parts.
fn about_customers(args: &Args) -> bool {
    let by_customer = |group| matches!(group, Group::Segment | Group::CohortMonth);
    args.metric.is_of_customers()
        || args.group_by.is_some_and(by_customer)
        || args.filter.as_ref().is_some_and(|filter| filter.segment.is_some())
}

fn unkeyed_share(now: &Tally) -> f64 {
    now.total.orders_unkeyed as f64 / now.total.orders.max(1) as f64
}

pub(super) fn notes(
    ctx: &ToolContext<'_>,
    args: &Args,
    scope: &Scope,
    now: &Tally,
    output: &Output,
) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut say = |when: bool, note: Note| {
        if when {
            notes.push(note);
        }
    };
    let metric = Note::new("").with("metric", args.metric.key()).params;
    let about = |key: &str| Note { key: key.into(), params: metric.clone() };
    let no_value = output.value.is_none();
    say(no_value, about("nothing_to_divide_by"));
    say(output.few && !no_value, about("few"));
    say(output.so_far, about("so_far"));
    say(scope.cut, about("cut_to_common_days"));
    say(args.compare_to.is_some() && scope.before.is_none(), about("comparison_before_data"));
    say(output.adds_up == Some(false) && args.metric.is_sum(), about("groups_overlap"));
    let of_product = scope.filter.product.is_some() || scope.filter.category.is_some();
    let by_product = matches!(args.group_by, Some(Group::Product | Group::Category));
    say((of_product || by_product) && args.metric == Metric::Aov, about("aov_of_product"));
    say((of_product || by_product) && args.metric == Metric::RepeatRate, about("repeat_of_product"));
    say(output.groups.iter().any(|row| row.partial), about("partial_buckets"));
    say(output.groups.iter().any(|row| row.few), about("few_in_groups"));
    say(new_partly_unknown(args, scope), about("new_partly_unknown"));
    say(about_customers(args) && unkeyed_share(now) > UNKEYED_NAMED, about("orders_without_customer"));
    say(churn_history_short(ctx, args, scope), about("churn_history_short"));
    if let Some(day) = scope.segment_day(args, scope.span) {
        let today = day == scope.today;
        say(true, about(if today { "segment_today" } else { "segment_before" }));
    }
    say(returns_open(ctx, args, scope), about("returns_still_open"));
    say(args.metric.falls_with_returns() && now.total.open_returns > 0, about("open_returns"));
    let loose_units = matches!(args.metric, Metric::Units | Metric::ReturnRate);
    say(
        loose_units && !ctx.warehouse.unlinked_refunds.day.is_empty(),
        about("unlinked_refunds_not_in_units"),
    );
    say(now.total.unlinked > 0, about("unlinked_refunds_in_revenue"));
    let partly = args.metric == Metric::GrossProfit && now.total.margin_known() < 1.0;
    say(partly, about("margin_partly_known"));
    if !ctx.warehouse.foreign.is_empty() {
        let codes: Vec<String> = ctx.warehouse.foreign.iter().map(|(code, _)| code.to_string()).collect();
        say(true, about("foreign_left_out").with("currencies", codes));
    }
    notes
}

fn new_partly_unknown(args: &Args, scope: &Scope) -> bool {
    let of_new = matches!(args.metric, Metric::NewCustomers | Metric::Cac);
    of_new && scope.span.from < scope.data.from.plus(FIRST_DAYS)
}

/// The window before the period reaches back before the data, so the base is too small.
fn churn_history_short(ctx: &ToolContext<'_>, args: &Args, scope: &Scope) -> bool {
    let window = ctx.warehouse.churn_window_days.unwrap_or(0);
    args.metric == Metric::ChurnRate && scope.span.from.plus(-window) < scope.data.from
}

/// The period ends less than nine in ten return lags before the last day of data.
fn returns_open(ctx: &ToolContext<'_>, args: &Args, scope: &Scope) -> bool {
    let still = |lag: i32| scope.span.to.plus(lag) > scope.data.to;
    args.metric.falls_with_returns() && ctx.warehouse.return_lag_days.is_some_and(still)
}
