//! Which days, which products, cities and customers does the question mean?

use super::{Args, CompareTo, Filter};
use crate::domain::{Day, Entities, Lookup, NamedPeriod, NamedProduct, Period, Segment, Span};
use crate::features::rfm::Rfm;
use crate::tool::{ToolContext, ToolError};
use crate::warehouse::Warehouse;
use crate::warehouse::metrics::{self, Group, Metric};

/// What the arguments mean in this shop.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// The shop's day.
    pub today: Day,
    /// First and last day of the data that the metric needs.
    pub data: Span,
    /// The days asked for, inside the data.
    pub span: Span,
    /// The days to compare with; `None` where none was asked for or it would start before the data.
    pub before: Option<Span>,
    /// The calendar period is not over.
    pub so_far: bool,
    /// The period was cut, because orders and ad costs do not cover the same days.
    pub cut: bool,
    /// Rows of what is counted.
    pub filter: metrics::Filter,
    /// The same by full names.
    pub names: Filter,
}

impl Scope {
    pub(super) fn find(ctx: &ToolContext<'_>, args: &Args) -> Result<Self, ToolError> {
        let (today, data) = days(ctx, args.metric)?;
        let asked = args.period.resolve(today, data)?;
        let joined = matches!(args.metric, Metric::Mer | Metric::Cac);
        let span =
            if joined { Span { from: asked.from.max(data.from), to: asked.to.min(data.to) } } else { asked };
        let before = args.compare_to.map(|compare| match compare {
            CompareTo::PreviousPeriod => args.period.previous(span, today),
            CompareTo::PreviousYear => args.period.previous_year(span),
        });
        let (filter, names) = named(ctx.warehouse, args.filter.as_ref())?;
        Ok(Self {
            today,
            data,
            span,
            before: before.filter(|before| before.from >= data.from),
            so_far: so_far(args.period, span, today),
            cut: span != asked,
            filter,
            names,
        })
    }

    /// The day whose segments count for a period: the day before it; for `all`, today.
    pub(super) fn segment_day(&self, args: &Args, span: Span) -> Option<Day> {
        let by_segment = args.group_by == Some(Group::Segment) || self.filter.segment.is_some();
        let all = args.period == Period::Named(NamedPeriod::All);
        by_segment.then_some(if all { self.today } else { span.from.plus(-1) })
    }

    /// Every customer's segment on that day; `None` where no segment is asked for.
    pub(super) fn segments(
        &self,
        ctx: &ToolContext<'_>,
        args: &Args,
        span: Span,
    ) -> Result<Option<Vec<Option<Segment>>>, ToolError> {
        let Some(day) = self.segment_day(args, span) else { return Ok(None) };
        let rfm = Rfm::as_of(ctx.warehouse, day);
        match rfm.segments(ctx.warehouse.customers.id.len()) {
            Some(segments) => Ok(Some(segments)),
            // Nobody had a segment yet: everybody is "not yet a customer".
            None if rfm.is_empty() => Ok(Some(Vec::new())),
            None => Err(ToolError::not_enough_data("too_few_for_segments")
                .with("day", day.to_string())
                .with("customers", rfm.len())),
        }
    }
}

/// Today, and the days for which there is what the metric needs.
fn days(ctx: &ToolContext<'_>, metric: Metric) -> Result<(Day, Span), ToolError> {
    if !matches!(metric, Metric::Spend | Metric::Mer | Metric::Cac) {
        return ctx.today();
    }
    let spend = ctx.warehouse.spend_days();
    let spend = spend.ok_or_else(|| ToolError::not_enough_data("no_spend").with("metric", metric.key()))?;
    if metric == Metric::Spend {
        let last = ctx.warehouse.order_days().map_or(spend.to, |orders| orders.to);
        return Ok((ctx.clock.today(last), spend));
    }
    let (today, orders) = ctx.today()?;
    let both = Span { from: spend.from.max(orders.from), to: spend.to.min(orders.to) };
    if both.from > both.to {
        return Err(ToolError::not_enough_data("spend_and_orders_apart").with("metric", metric.key()));
    }
    Ok((today, both))
}

/// A running calendar period that ends today, unless today is its last day.
fn so_far(period: Period, span: Span, today: Day) -> bool {
    use NamedPeriod as P;
    let end = match period {
        Period::Named(P::ThisWeek) => span.from.plus(6),
        Period::Named(P::ThisMonth) => span.from.month_start(1).plus(-1),
        Period::Named(P::ThisQuarter) => span.from.quarter_start(1).plus(-1),
        Period::Named(P::ThisYear) => span.from.year_start(1).plus(-1),
        _ => return false,
    };
    today < end
}

/// Rows and full names of what the filter names.
fn named(warehouse: &Warehouse, filter: Option<&Filter>) -> Result<(metrics::Filter, Filter), ToolError> {
    let (mut rows, mut names) = (metrics::Filter::default(), Filter::default());
    let Some(filter) = filter else { return Ok((rows, names)) };
    if let Some(text) = &filter.category {
        let name = plain("category", &warehouse.categories, text)?;
        (rows.category, names.category) = (row(&warehouse.categories, &name), Some(name));
    }
    if let Some(text) = &filter.city {
        let name = plain("city", &warehouse.cities, text)?;
        (rows.city, names.city) = (row(&warehouse.cities, &name), Some(name));
    }
    if let Some(text) = &filter.channel {
        let name = plain("channel", &warehouse.channels, text)?;
        (rows.channel, names.channel) = (row(&warehouse.channels, &name), Some(name));
    }
    if let Some(text) = &filter.product {
        let product = product(warehouse, text)?;
        rows.product = warehouse.products.by_id.get(&product.id).copied();
        names.product = Some(product.name);
    }
    (rows.segment, names.segment) = (filter.segment, filter.segment);
    Ok((rows, names))
}

fn row(sorted: &[String], name: &str) -> Option<u32> {
    sorted.binary_search_by(|known| known.as_str().cmp(name)).ok().map(|row| row as u32)
}

/// All there are may be named where they are this few.
const FEW: usize = 12;

pub(in crate::tool) fn plain(kind: &str, names: &[String], text: &str) -> Result<String, ToolError> {
    one(kind, text, names, Entities::plain(names, text), |name| name)
}

pub(in crate::tool) fn product(warehouse: &Warehouse, text: &str) -> Result<NamedProduct, ToolError> {
    let products = warehouse.named_products();
    let entities = Entities { products, ..Entities::default() };
    let all: Vec<String> = entities.products.iter().map(|product| product.name.clone()).collect();
    let mut found = None;
    let lookup = entities.product(text);
    one("product", text, &all, lookup, |product| {
        let name = product.name.clone();
        found = Some(product);
        name
    })?;
    found.ok_or_else(|| ToolError::internal("a product was found and lost"))
}

/// The one that is meant, or the candidates; where all there are (`names`) are few, those too.
fn one<T>(
    kind: &str,
    text: &str,
    names: &[String],
    lookup: Lookup<T>,
    mut name: impl FnMut(T) -> String,
) -> Result<String, ToolError> {
    let known = if names.len() <= FEW { names.to_vec() } else { Vec::new() };
    let say = |error: ToolError| error.with("kind", kind).with("text", text).with("known", known);
    match lookup {
        Lookup::One(found) => Ok(name(found)),
        Lookup::Many(found) => {
            let names: Vec<String> = found.into_iter().map(name).collect();
            Err(say(ToolError::ambiguous("several_of_that_name", names.clone()).with("candidates", names)))
        }
        Lookup::None(near) => {
            let names: Vec<String> = near.into_iter().map(name).collect();
            Err(say(ToolError::not_found("unknown_name").with("candidates", names.clone()).among(names)))
        }
    }
}
