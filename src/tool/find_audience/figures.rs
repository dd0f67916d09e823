//! Which figures may an answer about an audience say, and what must be said beside them?

use super::rank::{Ranking, Tested};
use super::{Args, Member, Output};
use crate::domain::{Cell, Column, Evidence, Fact, Grade, HoldoutRow, Table, Unit};
use crate::tool::recommender::Fitted;
use crate::tool::{Next, Note, ToolContext, freshness};

/// 1 − misses / misses of as many customers with most orders, from which the list is worth more than they.
const SKILL: f64 = 0.05;

pub(super) fn evidence(ctx: &ToolContext<'_>, fitted: &Fitted, tested: &Tested) -> Evidence {
    let mut evidence =
        Evidence::descriptive(fitted.buyers() as u64, Some(fitted.span), ctx.warehouse.data_version);
    if let Some(reported) = &tested.reported {
        let row = |method: &str, hit: f64| HoldoutRow::new(method, [("hit", hit)]);
        evidence.holdout =
            Ranking::ALL.into_iter().map(|ranking| row(ranking.key(), reported.hit(ranking))).collect();
        evidence.holdout.push(row("anybody", reported.all));
        match tested.skill() {
            Some(skill) if skill < 0.0 => {
                evidence.limit(Grade::Directional, "worse_than_active", "more_history");
            }
            _ if tested.ranking == Ranking::MostOrders => {
                evidence.limit(Grade::ReviewFirst, "audience_by_orders", "more_history");
            }
            // or it may be no better for all that one can tell
            Some(skill) if skill < SKILL || reported.may_be(tested.ranking, Ranking::MostOrders) => {
                evidence.limit(Grade::ReviewFirst, "hardly_better_than_active", "more_history");
            }
            _ => {}
        }
    }
    if tested.reported.is_none() || fitted.tested.0.len() < 2 {
        evidence.limit(Grade::NeedsData, "few_origins", "more_history");
    }
    freshness::limit(ctx, fitted.today, &mut evidence);
    evidence
}

pub(super) fn facts(output: &Output, tested: &Tested) -> Vec<Fact> {
    let count = |name: &str, n: usize| Fact::new(name, n as f64, Unit::Count);
    let mut facts = vec![
        count("audience", output.customers.len()),
        count("email", output.email),
        count("sms", output.sms),
        count("push", output.push),
        count("candidates", output.candidates),
        count("supplied", output.left_out.supplied),
        count("no_consent", output.left_out.no_consent),
        count("consent_unknown", output.left_out.consent_unknown),
        count("buyers", output.buyers as usize),
        Fact::new("today", f64::from(output.today.0), Unit::Date),
    ];
    facts.extend(output.gap.map(|gap| Fact::new("usual_gap", f64::from(gap), Unit::Days)));
    if let Some(reported) = &tested.reported {
        let span = reported.span;
        let share = |name: &str, hit: f64| Fact::new(name, hit, Unit::Share).over(span);
        let (lo, hi) = reported.interval(tested.ranking);
        facts.extend([
            Fact::new("test_days", f64::from(span.days()), Unit::Days).over(span),
            count("test_listed", reported.listed),
            share("hit", reported.hit(tested.ranking)).within(lo, hi),
            share("hit_active", reported.hit(Ranking::MostOrders)),
            share("hit_all", reported.all),
        ]);
    }
    facts
}

pub(super) fn table(output: &Output) -> Table {
    let columns = ["customer", "name", "segment", "email", "sms", "push", "last_bought"];
    let yes = |yes: bool| Cell::Text(if yes { "yes" } else { "no" }.into());
    let row = |member: &Member| {
        vec![
            Cell::Text(member.id.clone()),
            member.name.clone().map_or(Cell::Empty, Cell::Text),
            member.segment.map_or(Cell::Empty, |segment| Cell::Text(segment.key().into())),
            yes(member.email),
            yes(member.sms),
            yes(member.push),
            member.last.map_or(Cell::Empty, Cell::Day),
        ]
    };
    Table {
        columns: columns.into_iter().map(|key| Column { key: key.into(), unit: None }).collect(),
        rows: output.customers.iter().map(row).collect(),
    }
}

pub(super) fn notes(args: &Args, output: &Output) -> Vec<Note> {
    let mut notes = Vec::new();
    if output.out_of_stock {
        notes.push(Note::new("audience_out_of_stock"));
    }
    if output.left_out.consent_unknown > 0 {
        notes.push(Note::new("audience_consent_unknown"));
    }
    if output.cut_off {
        notes.push(Note::new("audience_most"));
    }
    if output.customers.len() < args.n as usize {
        notes.push(Note::new("audience_fewer"));
    }
    notes
}

pub(super) fn next(output: &Output) -> Vec<Next> {
    let mut next = Vec::new();
    if let Some(first) = output.customers.first() {
        let name = first.name.clone().unwrap_or_else(|| first.id.clone());
        next.push(Next::new("recommend").with("name", name));
    }
    match (&output.product, &output.category) {
        (Some(product), _) => next.push(Next::new("companions").with("product", product.clone())),
        (None, Some(category)) => next.push(Next::new("revenue").with("category", category.clone())),
        (None, None) => {}
    }
    next
}
