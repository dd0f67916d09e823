//! Did the recommender of some time ago list what people came to buy?

use serde::Serialize;

use crate::domain::{Cell, Day, Evidence, Fact, Span, Unit};
use crate::model::recommend::{Method, MethodHits};
use crate::tool::recommender::Fitted;
use crate::tool::{ErrorKind, ToolContext, ToolError};

/// What each method was worth in the hold-out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecommenderReport {
    /// Customers who bought something so far.
    pub customers: usize,
    /// What is used unless another method is asked for.
    pub chosen: Method,
    /// The lists that were tested are of this day.
    pub as_of: Day,
    /// Days held out after it.
    pub days: i32,
    /// Customers who bought something new to them in these days.
    pub tested: u32,
    /// Products on each list.
    pub listed: u32,
    /// The popular products first.
    pub rows: Vec<MethodHits>,
    #[serde(skip)]
    pub(super) evidence: Evidence,
}

/// Nothing where the orders do not suffice.
pub(super) fn report(
    ctx: &ToolContext<'_>,
    asked: Option<Method>,
) -> Result<Option<RecommenderReport>, ToolError> {
    let fitted = match Fitted::of(ctx) {
        Ok(fitted) => fitted,
        Err(error) if error.kind == ErrorKind::NotEnoughData && asked.is_none() => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(origin) = fitted.tested.0.first() else { return Ok(None) };
    let chosen = fitted.tested.chosen();
    Ok(Some(RecommenderReport {
        customers: fitted.buyers(),
        chosen,
        as_of: origin.as_of,
        days: origin.to.since(origin.as_of),
        tested: origin.holdout.customers,
        listed: origin.holdout.n,
        rows: origin.holdout.rows.iter().rev().copied().collect(),
        evidence: fitted.evidence(ctx, asked.unwrap_or(chosen)),
    }))
}

pub(super) fn facts(report: &RecommenderReport) -> Vec<Fact> {
    let held_out = Span { from: report.as_of.plus(1), to: report.as_of.plus(report.days) };
    let mut facts = vec![
        Fact::new("recommend.customers", report.customers as f64, Unit::Count),
        Fact::new("recommend.test_days", f64::from(report.days), Unit::Days).over(held_out),
        Fact::new("recommend.test_customers", f64::from(report.tested), Unit::Count).over(held_out),
        Fact::new("recommend.test_listed", f64::from(report.listed), Unit::Count),
    ];
    for row in &report.rows {
        let name = |what: &str| format!("recommend.{}.{what}", row.method.key());
        facts.push(Fact::new(name("hit"), row.hit, Unit::Share).over(held_out));
        facts.push(Fact::new(name("recall"), row.recall, Unit::Share).over(held_out));
    }
    facts
}

/// A row a method, the popular products first; beside one that was asked for only these.
pub(super) fn rows(report: &RecommenderReport, asked: Option<Method>) -> Vec<Vec<Cell>> {
    let wanted =
        |row: &&MethodHits| asked.is_none_or(|asked| row.method == asked || row.method == Method::Popular);
    let row = |row: &MethodHits| {
        vec![Cell::Text(row.method.key().into()), Cell::Number(row.hit), Cell::Number(row.recall)]
    };
    report.rows.iter().filter(wanted).map(row).collect()
}
