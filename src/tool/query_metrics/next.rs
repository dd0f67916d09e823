//! What would a manager ask next, that these data can answer?

use super::{Args, CompareTo, Scope};
use crate::domain::Period;
use crate::tool::{Next, ToolContext};
use crate::warehouse::Warehouse;
use crate::warehouse::metrics::{Group, Metric};

/// How many follow-ups are offered.
const MOST: usize = 3;
/// Splits worth offering, the most telling first.
const SPLITS: [Group; 5] = [Group::Category, Group::Product, Group::City, Group::Channel, Group::Month];

pub(super) fn questions(ctx: &ToolContext<'_>, args: &Args, scope: &Scope) -> Vec<Next> {
    let mut questions = Vec::new();
    // With a filter or plain dates the question goes on from this one; else it stands for itself.
    let when = match args.period {
        Period::Named(name) if args.filter.is_none() => Some(serde_json::json!(name)),
        _ => None,
    };
    let ask = |key: &str, metric: Metric| {
        let next = Next::new(key).with("metric", metric.key());
        match &when {
            Some(name) => next.with("when", name.clone()),
            None => next,
        }
    };
    let year_before = args.period.previous_year(scope.span).from >= scope.data.from;
    if args.compare_to != Some(CompareTo::PreviousYear) && year_before {
        questions.push(ask("against_year", args.metric));
    } else if args.compare_to.is_none()
        && args.period.previous(scope.span, scope.today).from >= scope.data.from
    {
        questions.push(ask("against_before", args.metric));
    }
    let split = |group: &&Group| {
        let meaningful = args.metric.groups().contains(group) && !is_narrowed(scope, **group);
        Some(**group) != args.group_by && meaningful && has(ctx.warehouse, **group, scope)
    };
    if let Some(group) = SPLITS.iter().find(split) {
        questions.push(ask("by_group", args.metric).with("group", group.key()));
    }
    questions.push(match args.metric {
        Metric::Revenue => ask("other_metric", Metric::Aov),
        Metric::Spend if ctx.warehouse.order_days().is_some() => ask("other_metric", Metric::Mer),
        _ => ask("other_metric", Metric::Revenue),
    });
    questions.truncate(MOST);
    questions
}

/// Whether a filter leaves only one of them.
fn is_narrowed(scope: &Scope, group: Group) -> bool {
    match group {
        Group::Product => scope.filter.product.is_some(),
        Group::Category => scope.filter.product.is_some() || scope.filter.category.is_some(),
        Group::City => scope.filter.city.is_some(),
        Group::Channel => scope.filter.channel.is_some(),
        _ => false,
    }
}

/// Whether the shop has at least two of them.
fn has(warehouse: &Warehouse, group: Group, scope: &Scope) -> bool {
    let n = match group {
        Group::Category => warehouse.categories.len(),
        Group::City => warehouse.cities.len(),
        Group::Channel => warehouse.channels.len(),
        Group::Product => warehouse.products.id.len(),
        _ => usize::from(scope.span.days() > 62) * 2,
    };
    n >= 2
}
