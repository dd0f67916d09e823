//! Which figures may an answer about recommendations say, and what must be said beside them?

use super::{Args, Due, Item, Method, Output};
use crate::domain::{Cell, Column, Evidence, Fact, Grade, Table, Unit};
use crate::model::recommend::{self, NEIGHBOURS};
use crate::tool::recommender::Fitted;
use crate::tool::{Next, Note, Outcome, ToolContext, freshness};

/// Orders with both products from which on a companion needs no second look.
const ENOUGH: u32 = 30;

pub(super) fn outcome(
    ctx: &ToolContext<'_>,
    fitted: &Fitted,
    args: &Args,
    output: Output,
) -> Outcome<Output> {
    let evidence = evidence(ctx, fitted, &output);
    let mut outcome = Outcome::new(output, evidence);
    let output = &outcome.output;
    outcome.facts = facts(fitted, output);
    outcome.table = table(output);
    outcome.notes = notes(args, output);
    outcome.next = next(output);
    outcome
}

fn used(output: &Output) -> Option<recommend::Method> {
    recommend::Method::ALL.into_iter().find(|method| method.key() == output.method)
}

fn evidence(ctx: &ToolContext<'_>, fitted: &Fitted, output: &Output) -> Evidence {
    if output.kind != "product" {
        return fitted.evidence(ctx, used(output).unwrap_or(recommend::Method::Popular));
    }
    // counts of the past; nothing is foretold
    let n = output.customers as u64;
    let mut evidence = Evidence::descriptive(n, Some(fitted.span), ctx.warehouse.data_version);
    if output.discover.first().is_none_or(|item| item.orders_together.unwrap_or(item.buyers) < ENOUGH) {
        evidence.limit(Grade::ReviewFirst, "few_together", "more_history");
    }
    freshness::limit(ctx, fitted.today, &mut evidence);
    evidence
}

fn facts(fitted: &Fitted, output: &Output) -> Vec<Fact> {
    let count = |name: &str, n: usize| Fact::new(name, n as f64, Unit::Count);
    let mut facts = vec![
        count("items", output.discover.len()),
        count("due_items", output.replenish.len()),
        count("customers", output.customers),
        count("out_of_stock", output.left_out.out_of_stock),
        count("bought_already", output.left_out.bought),
        Fact::new("today", f64::from(output.today.0), Unit::Date),
    ];
    match used(output) {
        Some(recommend::Method::Popular) | None => {}
        Some(method) if output.kind != "product" => {
            facts.push(count("similar", NEIGHBOURS));
            facts.extend(fitted.facts(method));
        }
        Some(_) => {}
    }
    facts
}

/// New ones first, then what is due.
fn table(output: &Output) -> Option<Table> {
    let columns: &[(&str, Option<Unit>)] = match output.kind {
        "customer" => &[
            ("list", None),
            ("product", None),
            ("category", None),
            ("because", None),
            ("because_share", Some(Unit::Share)),
            ("similar_buyers", Some(Unit::Count)),
            ("buyers", Some(Unit::Count)),
            ("last_order", None),
            ("usual_gap", Some(Unit::Days)),
            ("due", None),
        ],
        "segment" => &[
            ("list", None),
            ("product", None),
            ("category", None),
            ("without", Some(Unit::Count)),
            ("customers_due", Some(Unit::Count)),
            ("usual_gap", Some(Unit::Days)),
            ("buyers", Some(Unit::Count)),
        ],
        _ => &[
            ("product", None),
            ("category", None),
            ("orders_together", Some(Unit::Count)),
            ("lift", Some(Unit::Ratio)),
            ("buyers", Some(Unit::Count)),
        ],
    };
    let rows =
        output.discover.iter().map(|item| columns.iter().map(|(key, _)| new(output, item, key)).collect());
    let due = output.replenish.iter().map(|item| columns.iter().map(|(key, _)| again(item, key)).collect());
    let rows: Vec<Vec<Cell>> = rows.chain(due).collect();
    let columns = columns.iter().map(|(key, unit)| Column { key: (*key).into(), unit: *unit }).collect();
    (!rows.is_empty()).then_some(Table { columns, rows })
}

fn text(text: Option<&String>) -> Cell {
    text.map_or(Cell::Empty, |text| Cell::Text(text.clone()))
}

fn number(n: Option<usize>) -> Cell {
    n.map_or(Cell::Empty, |n| Cell::Number(n as f64))
}

fn new(output: &Output, item: &Item, column: &str) -> Cell {
    let by_item = output.method == recommend::Method::ItemCf.key();
    let reason = item.reasons.first().filter(|_| by_item);
    match column {
        "list" => Cell::Text("discover".into()),
        "product" => Cell::Text(item.product.clone()),
        "category" => text(item.category.as_ref()),
        "because" => text(reason.map(|reason| &reason.of)),
        "because_share" => reason.map_or(Cell::Empty, |reason| Cell::Number(reason.share)),
        "similar_buyers" => number(item.similar_buyers),
        "buyers" => Cell::Number(f64::from(item.buyers)),
        "without" => number(item.without),
        "orders_together" => number(item.orders_together.map(|n| n as usize)),
        "lift" => item.lift.map_or(Cell::Empty, Cell::Number),
        _ => Cell::Empty,
    }
}

fn again(item: &Due, column: &str) -> Cell {
    match column {
        "list" => Cell::Text("replenish".into()),
        "product" => Cell::Text(item.product.clone()),
        "category" => text(item.category.as_ref()),
        "last_order" => item.last.map_or(Cell::Empty, Cell::Day),
        "usual_gap" => Cell::Number(f64::from(item.gap)),
        "due" => item.due.map_or(Cell::Empty, Cell::Day),
        "customers_due" => number(item.customers),
        _ => Cell::Empty,
    }
}

fn notes(args: &Args, output: &Output) -> Vec<Note> {
    let mut notes = Vec::new();
    if output.cold_start {
        notes.push(Note::new(if output.kind == "product" {
            "recommend_cold_product"
        } else {
            "recommend_cold_start"
        }));
    }
    if output.left_out.out_of_stock > 0 {
        notes.push(Note::new("recommend_out_of_stock"));
    }
    if output.discover.len() < args.n as usize {
        notes.push(Note::new("recommend_fewer"));
    }
    if output.kind == "product" && args.method == Method::UserCf {
        notes.push(Note::new("recommend_no_user_cf"));
    }
    notes
}

/// Questions that go on from here; each names something that is there.
fn next(output: &Output) -> Vec<Next> {
    let mut next = Vec::new();
    let who = output.name.clone().or_else(|| output.id.clone());
    match (output.kind, who) {
        ("customer", Some(name)) => next.push(Next::new("profile").with("name", name)),
        ("product", Some(product)) => next.push(Next::new("audience").with("product", product)),
        _ => {}
    }
    if let Some(first) = output.discover.first() {
        if output.kind != "product" {
            next.push(Next::new("audience").with("product", first.product.clone()));
        }
        next.push(Next::new("companions").with("product", first.product.clone()));
    }
    next.truncate(3);
    next
}
