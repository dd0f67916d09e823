//! Who is this customer: what did they buy, which segment is that, what are they worth, what did they send back?
//!
//! The past is counted (`past`), the future is that of predict_clv over a year, the segment that of DEFINITIONS §4
//! today. `figures` makes facts and the table.

mod figures;
mod past;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::predict_clv::{self, CustomerValue, NextOrder};
use super::{Next, Note, Outcome, Tool, ToolContext, ToolError, customer, freshness, recommend_products};
use crate::domain::{Currency, Day, Evidence, NamedCustomer, Role, Segment, Span, units};
use crate::features::rfm::Rfm;
pub use past::{Favourite, Feedback, Past, RecentOrder, Written};

/// The tool.
pub struct CustomerProfile;

/// Who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// Id, name, e-mail or a part of them.
    pub customer: String,
}

/// One customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Output {
    pub id: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub city: Option<String>,
    pub joined: Option<Day>,
    pub currency: Currency,
    pub today: Day,
    pub past: Past,
    /// Nothing without an order that was not refunded in full.
    pub rfm: Option<RfmRow>,
    /// The next twelve months; nothing where the shop's data cannot tell.
    pub value: Option<CustomerValue>,
    /// The value counts the margin; else revenue.
    pub margin_based: bool,
    pub next_order: Option<NextOrder>,
    /// Products new to this customer that suit, best first; three at most.
    pub recommended: Vec<String>,
}

/// Recency, frequency, monetary of one customer; scores and segment from fifty customers on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the field's usual letters")]
pub struct RfmRow {
    pub recency: i32,
    pub frequency: u32,
    pub monetary: f64,
    pub r: Option<u8>,
    pub f: Option<u8>,
    pub m: Option<u8>,
    pub segment: Option<Segment>,
}

/// Products recommended in a profile.
const RECOMMENDED: usize = 3;

impl Tool for CustomerProfile {
    const NAME: &'static str = "customer_profile";
    const ROLES: &'static [Role] = &[Role::Manager, Role::Analyst, Role::ServiceAgent];
    type Args = Args;
    type Output = Output;

    fn call(ctx: &ToolContext<'_>, args: Args) -> Result<Outcome<Output>, ToolError> {
        let named = customer::named(ctx, &args.customer)?;
        let (today, _) = ctx.today()?;
        let Some(row) = ctx.warehouse.customers.by_id.get(&named.id).copied() else {
            let error = ToolError::not_found("unknown_customer").with("text", args.customer);
            return Err(error.with("candidates", Vec::<String>::new()));
        };
        let past = Past::of(ctx.warehouse, row, today);
        ctx.work.check()?;
        let ahead = match predict_clv::year_ahead(ctx, &named) {
            Ok(ahead) => Some(ahead),
            // too little to forecast from, in the shop or of this customer: the past stands without it
            Err(error) if error.kind == super::ErrorKind::NotEnoughData => None,
            Err(error) => return Err(error),
        };
        let recommended = match recommend_products::for_profile(ctx, row, RECOMMENDED) {
            Ok(recommended) => recommended,
            Err(error) if error.kind == super::ErrorKind::NotEnoughData => Vec::new(),
            Err(error) => return Err(error),
        };
        let evidence = evidence(ctx, &past, today, ahead.as_ref().map(|(outcome, _)| &outcome.evidence));
        let output = Output { recommended, ..output(ctx, named, row, today, past, ahead.as_ref()) };
        let facts = figures::facts(&output, ahead.as_ref().map(|(outcome, _)| outcome.facts.as_slice()));
        let mut outcome = Outcome::new(output, evidence);
        outcome.facts = facts;
        outcome.table = figures::table(&outcome.output);
        outcome.notes = notes(&outcome.output);
        outcome.next = next(ctx, &outcome.output);
        Ok(outcome)
    }
}

/// The forecast's own where there is one: the worst part decides.
fn evidence(ctx: &ToolContext<'_>, past: &Past, today: Day, ahead: Option<&Evidence>) -> Evidence {
    let period = past.first.zip(past.last).map(|(from, to)| Span { from, to });
    let mut evidence = match ahead {
        Some(ahead) => Evidence { period, ..ahead.clone() },
        None => Evidence::descriptive(past.orders as u64, period, ctx.warehouse.data_version),
    };
    freshness::limit(ctx, today, &mut evidence);
    evidence
}

fn output(
    ctx: &ToolContext<'_>,
    named: NamedCustomer,
    row: u32,
    today: Day,
    past: Past,
    ahead: Option<&(Outcome<predict_clv::Output>, Option<NextOrder>)>,
) -> Output {
    let customers = &ctx.warehouse.customers;
    let city = customers.city.get(row as usize).and_then(|city| ctx.warehouse.cities.get(*city as usize));
    let value = ahead.and_then(|(outcome, _)| outcome.output.customers.first()).cloned();
    Output {
        city: city.cloned(),
        joined: customers.joined.get(row as usize).copied().flatten(),
        currency: ctx.warehouse.shop.currency,
        today,
        rfm: rfm(ctx, row, today),
        margin_based: ahead.is_some_and(|(outcome, _)| outcome.output.margin_based),
        next_order: ahead.and_then(|(_, next)| *next),
        recommended: Vec::new(),
        id: named.id,
        name: named.name,
        email: named.email,
        past,
        value,
    }
}

fn rfm(ctx: &ToolContext<'_>, row: u32, today: Day) -> Option<RfmRow> {
    let rfm = Rfm::as_of(ctx.warehouse, today);
    let i = rfm.customer.binary_search(&row).ok()?;
    let scores = rfm.scores.as_ref().and_then(|scores| scores.get(i));
    Some(RfmRow {
        recency: rfm.recency(i),
        frequency: rfm.frequency[i],
        monetary: units(rfm.monetary[i]),
        r: scores.map(|scores| scores.r),
        f: scores.map(|scores| scores.f),
        m: scores.map(|scores| scores.m),
        segment: scores.map(|scores| scores.segment()),
    })
}

fn notes(output: &Output) -> Vec<Note> {
    let mut notes = Vec::new();
    if output.value.is_none() && output.rfm.is_some() {
        notes.push(Note::new("profile_no_value"));
    }
    if output.value.is_some() && !output.margin_based {
        notes.push(Note::new("clv_revenue_based"));
    }
    notes
}

/// Questions that go on from here, for those who may ask them.
fn next(ctx: &ToolContext<'_>, output: &Output) -> Vec<Next> {
    let mut next = Vec::new();
    if !matches!(ctx.principal.role, Role::Manager | Role::Analyst) {
        return next;
    }
    if output.value.is_some() {
        let name = output.name.clone().unwrap_or_else(|| output.id.clone());
        next.push(Next::new("value").with("name", name).with("months", 24));
    }
    if !output.recommended.is_empty() {
        let name = output.name.clone().unwrap_or_else(|| output.id.clone());
        next.push(Next::new("recommend").with("name", name));
    }
    if let Some(segment) = output.rfm.and_then(|rfm| rfm.segment) {
        next.push(Next::new("segment").with("segment", segment.key()));
    }
    next.push(Next::new("segments"));
    next.truncate(3);
    next
}
