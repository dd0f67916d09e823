//! Which kinds of customers does the shop have, how much does each bring, and what should be done with it?
//!
//! RFM segments of DEFINITIONS §4 as of today: recency, frequency, monetary in scores, eleven named segments over the
//! R–F grid. With fewer than fifty customers there is no grid but a list.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Next, Note, Outcome, Tool, ToolContext, ToolError, freshness};
use crate::domain::{
    Axis, Caption, Cell, Chart, ChartKind, Column, Currency, Day, Evidence, Fact, Grade, Label, Point, Role,
    Segment, Series, Span, Table, Unit, units,
};
use crate::features::rfm::{Rfm, Scores};
use crate::warehouse::{NONE, Warehouse};

/// The tool.
pub struct SegmentCustomers;

/// How to segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The method; rfm scores recency, frequency and money.
    #[serde(default)]
    pub method: Method,
}

/// Ways to segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Recency, frequency, monetary.
    #[default]
    Rfm,
}

/// The segments, or the customers where they are too few for segments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Output {
    /// `segments`, or `list` below fifty customers.
    pub kind: &'static str,
    pub method: Method,
    pub currency: Currency,
    pub today: Day,
    /// With a paid order that was not refunded in full.
    pub n_customers: usize,
    /// Known to the shop, without such an order.
    pub n_prospects: usize,
    /// Best first; those that nobody is in are left out.
    pub segments: Vec<SegmentRow>,
    /// All 25 cells, R from 5 down, F from 1 up.
    pub grid: Vec<GridCell>,
    /// Most revenue first; only in a list.
    pub customers: Vec<CustomerRow>,
}

/// One segment with its mean customer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct SegmentRow {
    pub segment: Segment,
    pub customers: usize,
    /// Of all customers.
    pub share: f64,
    /// Σ net goods so far.
    pub revenue: f64,
    /// Of all customers' revenue.
    pub revenue_share: f64,
    /// Mean days since the last order.
    pub recency: f64,
    /// Mean purchase days.
    pub frequency: f64,
    /// Mean revenue of a customer so far.
    pub monetary: f64,
}

/// One cell of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the field's usual letters")]
pub struct GridCell {
    pub r: u8,
    pub f: u8,
    pub segment: Segment,
    pub customers: usize,
    pub revenue: f64,
}

/// One customer of a short list.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct CustomerRow {
    pub id: String,
    pub name: Option<String>,
    pub last_order: Day,
    pub recency: i32,
    pub frequency: u32,
    pub monetary: f64,
}

/// More unusable rows than this want a second look (DEFINITIONS §10).
const UNUSABLE: f64 = 0.05;
/// Orders without a customer are named from this share on (DEFINITIONS §1).
const NAMED: f64 = 0.01;

impl Tool for SegmentCustomers {
    const NAME: &'static str = "segment_customers";
    const ROLES: &'static [Role] = &[Role::Manager, Role::Analyst];
    type Args = Args;
    type Output = Output;

    fn call(ctx: &ToolContext<'_>, args: Args) -> Result<Outcome<Output>, ToolError> {
        let (today, data) = ctx.today()?;
        let rfm = Rfm::as_of(ctx.warehouse, today);
        if rfm.is_empty() {
            return Err(ToolError::not_enough_data("segments_no_customers"));
        }
        ctx.work.check()?;
        let output = output(ctx.warehouse, args, &rfm);
        let days = Span { from: data.from, to: data.to.min(today) };
        let mut outcome = Outcome::new(output, evidence(ctx, &rfm, days));
        outcome.facts = facts(&outcome.output, days);
        outcome.table = Some(table(&outcome.output));
        outcome.charts = heat_map(&outcome.output).into_iter().collect();
        outcome.notes = notes(ctx.warehouse, &outcome.output);
        outcome.next = next(&outcome.output);
        Ok(outcome)
    }
}

fn output(warehouse: &Warehouse, args: Args, rfm: &Rfm) -> Output {
    let grid = rfm.scores.as_deref();
    let customers = if grid.is_none() { listed(warehouse, rfm) } else { Vec::new() };
    Output {
        kind: if grid.is_some() { "segments" } else { "list" },
        method: args.method,
        currency: warehouse.shop.currency,
        today: rfm.as_of,
        n_customers: rfm.len(),
        n_prospects: warehouse.customers.id.len() - rfm.len(),
        segments: grid.map(|scores| segments(rfm, scores)).unwrap_or_default(),
        grid: grid.map(|scores| cells(rfm, scores)).unwrap_or_default(),
        customers,
    }
}

fn segments(rfm: &Rfm, scores: &[Scores]) -> Vec<SegmentRow> {
    let all: i128 = rfm.monetary.iter().sum();
    let row = |segment: Segment| {
        let members: Vec<usize> = (0..rfm.len()).filter(|i| scores[*i].segment() == segment).collect();
        if members.is_empty() {
            return None;
        }
        let n = members.len() as f64;
        let revenue: i128 = members.iter().map(|i| rfm.monetary[*i]).sum();
        let recency: i64 = members.iter().map(|i| i64::from(rfm.recency(*i))).sum();
        let frequency: u64 = members.iter().map(|i| u64::from(rfm.frequency[*i])).sum();
        Some(SegmentRow {
            segment,
            customers: members.len(),
            share: n / rfm.len() as f64,
            revenue: units(revenue),
            revenue_share: if all > 0 { revenue as f64 / all as f64 } else { 0.0 },
            recency: recency as f64 / n,
            frequency: frequency as f64 / n,
            monetary: units(revenue) / n,
        })
    };
    Segment::ALL.into_iter().filter_map(row).collect()
}

fn cells(rfm: &Rfm, scores: &[Scores]) -> Vec<GridCell> {
    let cell = |r: u8, f: u8| {
        let inside = |i: &usize| scores[*i].r == r && scores[*i].f == f;
        let revenue: i128 = (0..rfm.len()).filter(inside).map(|i| rfm.monetary[i]).sum();
        GridCell {
            r,
            f,
            segment: Scores { r, f, m: 1 }.segment(),
            customers: (0..rfm.len()).filter(inside).count(),
            revenue: units(revenue),
        }
    };
    (1..=5).rev().flat_map(|r| (1..=5).map(move |f| (r, f))).map(|(r, f)| cell(r, f)).collect()
}

fn listed(warehouse: &Warehouse, rfm: &Rfm) -> Vec<CustomerRow> {
    let row = |i: usize| {
        let customer = rfm.customer[i] as usize;
        CustomerRow {
            id: warehouse.customers.id[customer].clone(),
            name: warehouse.customers.name[customer].clone(),
            last_order: rfm.last[i],
            recency: rfm.recency(i),
            frequency: rfm.frequency[i],
            monetary: units(rfm.monetary[i]),
        }
    };
    let mut order: Vec<usize> = (0..rfm.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(rfm.monetary[*i]));
    order.into_iter().map(row).collect()
}

fn evidence(ctx: &ToolContext<'_>, rfm: &Rfm, days: Span) -> Evidence {
    let mut evidence = Evidence::descriptive(rfm.len() as u64, Some(days), ctx.warehouse.data_version);
    if unkeyed(ctx.warehouse) > UNUSABLE {
        evidence.limit(Grade::ReviewFirst, "orders_without_customer", "import_customer_keys");
    }
    freshness::limit(ctx, rfm.as_of, &mut evidence);
    evidence
}

/// Share of the sale orders that carry no customer.
fn unkeyed(warehouse: &Warehouse) -> f64 {
    let orders = &warehouse.orders;
    let sales = orders.sale.iter().filter(|sale| **sale).count();
    let without = orders.sale.iter().zip(&orders.customer).filter(|(sale, row)| **sale && **row == NONE);
    if sales == 0 { 0.0 } else { without.count() as f64 / sales as f64 }
}

fn facts(output: &Output, days: Span) -> Vec<Fact> {
    let money = Unit::Money(output.currency);
    let revenue: f64 = output.segments.iter().map(|row| row.revenue).sum();
    let listed: f64 = output.customers.iter().map(|row| row.monetary).sum();
    let mut facts = vec![
        Fact::new("customers", output.n_customers as f64, Unit::Count).over(days),
        Fact::new("prospects", output.n_prospects as f64, Unit::Count),
        Fact::new("revenue", revenue + listed, money).over(days),
        Fact::new("today", f64::from(output.today.0), Unit::Date),
    ];
    for row in &output.segments {
        let name = |what: &str| format!("segment.{}.{what}", row.segment.key());
        facts.extend([
            Fact::new(name("customers"), row.customers as f64, Unit::Count),
            Fact::new(name("share"), row.share, Unit::Share),
            Fact::new(name("revenue"), row.revenue, money).over(days),
            Fact::new(name("revenue_share"), row.revenue_share, Unit::Share),
            Fact::new(name("recency"), row.recency, Unit::Days),
            Fact::new(name("frequency"), row.frequency, Unit::Days),
            Fact::new(name("monetary"), row.monetary, money),
        ]);
    }
    for cell in &output.grid {
        let name = format!("grid.r{}f{}", cell.r, cell.f);
        facts.push(Fact::new(name, cell.customers as f64, Unit::Count));
    }
    facts
}

fn table(output: &Output) -> Table {
    let money = Some(Unit::Money(output.currency));
    let column = |(key, unit): (&str, Option<Unit>)| Column { key: key.into(), unit };
    if output.kind == "list" {
        let columns = [
            ("customer", None),
            ("name", None),
            ("last_order", None),
            ("recency", Some(Unit::Days)),
            ("frequency", Some(Unit::Days)),
            ("monetary", money),
        ];
        let row = |customer: &CustomerRow| {
            vec![
                Cell::Text(customer.id.clone()),
                customer.name.clone().map_or(Cell::Empty, Cell::Text),
                Cell::Day(customer.last_order),
                Cell::Number(f64::from(customer.recency)),
                Cell::Number(f64::from(customer.frequency)),
                Cell::Number(customer.monetary),
            ]
        };
        let rows = output.customers.iter().map(row).collect();
        return Table { columns: columns.into_iter().map(column).collect(), rows };
    }
    let columns = [
        ("segment", None),
        ("customers", Some(Unit::Count)),
        ("share", Some(Unit::Share)),
        ("revenue", money),
        ("revenue_share", Some(Unit::Share)),
        ("mean_recency", Some(Unit::Days)),
        ("mean_frequency", Some(Unit::Days)),
        ("mean_monetary", money),
    ];
    let row = |row: &SegmentRow| {
        let numbers = [
            row.customers as f64,
            row.share,
            row.revenue,
            row.revenue_share,
            row.recency,
            row.frequency,
            row.monetary,
        ];
        std::iter::once(Cell::Text(row.segment.key().into())).chain(numbers.map(Cell::Number)).collect()
    };
    Table {
        columns: columns.into_iter().map(column).collect(),
        rows: output.segments.iter().map(row).collect(),
    }
}

/// The grid: R from the top, F from the left, the segment's name in each cell.
fn heat_map(output: &Output) -> Option<Chart> {
    if output.grid.is_empty() {
        return None;
    }
    let score = |n: u8| Label::Figure { value: f64::from(n), unit: Unit::Score };
    let x = Axis::of_names(Label::word("column", "score_f"));
    let y = Axis::of(Label::word("column", "score_r"), Unit::Count);
    let mut chart = Chart::new(ChartKind::HeatMap, Caption::new("rfm_grid"), x, y);
    chart.categories = (1..=5).map(score).collect();
    let cell = |cell: &GridCell| {
        Point::of(Some(cell.customers as f64)).called(Label::word("segment_short", cell.segment.key()))
    };
    let row =
        |r: u8| Series::main(score(r), output.grid.iter().filter(|cell| cell.r == r).map(cell).collect());
    chart.series = (1..=5).rev().map(row).collect();
    Some(chart)
}

fn notes(warehouse: &Warehouse, output: &Output) -> Vec<Note> {
    let mut notes = vec![Note::new("segments_how")];
    if output.kind == "list" {
        notes = vec![Note::new("segments_too_few")];
    }
    if unkeyed(warehouse) > NAMED {
        notes.push(Note::new("segments_orders_without_customer"));
    }
    notes
}

/// Questions about the segment with the most money in it, and the one with the most to lose.
fn next(output: &Output) -> Vec<Next> {
    let most = output.segments.iter().max_by(|a, b| a.revenue.total_cmp(&b.revenue));
    let mut next = Vec::new();
    if let Some(first) = output.customers.first() {
        let name = first.name.clone().unwrap_or_else(|| first.id.clone());
        next.push(Next::new("profile").with("name", name));
    }
    let Some(most) = most else { return next };
    next.push(Next::new("revenue").with("segment", most.segment.key()));
    let leaving = [Segment::CantLose, Segment::AtRisk, Segment::NeedAttention, Segment::Hibernating];
    let there = |segment: &Segment| output.segments.iter().any(|row| row.segment == *segment);
    if let Some(segment) = leaving.iter().find(|segment| there(segment)) {
        next.push(Next::new("value").with("segment", segment.key()));
    }
    next.push(Next::new("repeat_rate"));
    next
}
