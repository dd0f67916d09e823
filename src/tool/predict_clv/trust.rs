//! How far can these values be trusted, and what must be said beside them?
//!
//! The grade of DEFINITIONS §10: the worst of interval width, skill against the naive row, back-test length, optimum
//! and age of the data.

use super::worth::Valued;
use super::{Args, Output};
use crate::domain::{Evidence, Fact, Grade, HoldoutRow, MONTH_DAYS};
use crate::model::clv::backtest::Rolling;
use crate::model::clv::{PurchaseModel, Status};
use crate::tool::{Note, ToolContext, freshness};
use crate::warehouse::NONE;

/// Half-width of the headline's interval over its value, up to which the grade is ready, or review_first.
const WIDTH: [f64; 2] = [0.20, 0.50];
/// 1 − loss / naive loss from which the grade is ready, or review_first.
const SKILL: [f64; 2] = [0.05, 0.0];
/// A horizon this much longer than what was back-tested is still the same (months are not whole days).
const SLACK_DAYS: f64 = 7.0;
/// Beyond two years, or twice the history, nothing like it was ever seen.
const FAR_MONTHS: u32 = 24;
/// Shares of orders without a customer are named from here on (DEFINITIONS §1).
const NAMED: f64 = 0.01;
/// A forecast moved by less is the same to whoever reads it.
const MOVED_NAMED: f64 = 0.01;

pub(super) fn evidence(
    ctx: &ToolContext<'_>,
    args: &Args,
    valued: &Valued,
    headline: Option<&Fact>,
) -> Evidence {
    let n = valued.input.now.buyers.len() as u64;
    let mut evidence = Evidence::descriptive(n, Some(valued.input.span), ctx.warehouse.data_version);
    evidence.interval_method = Some("total".into());
    evidence.holdout = holdout(&valued.rolling);
    by_width(&mut evidence, args, headline);
    by_backtest(&mut evidence, args, valued);
    if valued.fit.certificate.status != Status::Interior {
        evidence.limit(Grade::ReviewFirst, "optimum_flat", "more_history");
        evidence.warnings.push("optimum_flat".into());
    }
    freshness::limit(ctx, valued.input.today, &mut evidence);
    evidence
}

fn by_width(evidence: &mut Evidence, args: &Args, headline: Option<&Fact>) {
    let width = headline.and_then(|fact| {
        let (lo, hi) = fact.interval?;
        (fact.value > 0.0).then_some(0.5 * (hi - lo) / fact.value)
    });
    let (component, mend) = if args.customer.is_some() {
        ("one_customer_varies", "decide_for_groups")
    } else {
        ("interval_wide", "more_history")
    };
    match width {
        None => evidence.limit(Grade::NeedsData, component, mend),
        Some(width) if width > WIDTH[1] => evidence.limit(Grade::Directional, component, mend),
        Some(width) if width > WIDTH[0] => evidence.limit(Grade::ReviewFirst, component, mend),
        Some(_) => {}
    }
}

/// Enough origins, and better than the naive row at them.
pub(super) fn by_skill(evidence: &mut Evidence, rolling: &Rolling, model: PurchaseModel, mend: &str) {
    if rolling.origins.len() < 2 {
        evidence.limit(Grade::NeedsData, "few_origins", "more_history");
    }
    let skill = rolling.skill[Rolling::place(model)];
    if skill.is_nan() || skill < SKILL[1] {
        evidence.limit(Grade::Directional, "no_better_than_naive", mend);
    } else if skill < SKILL[0] {
        evidence.limit(Grade::ReviewFirst, "no_better_than_naive", mend);
    }
}

fn by_backtest(evidence: &mut Evidence, args: &Args, valued: &Valued) {
    let rolling = &valued.rolling;
    by_skill(evidence, rolling, valued.fit.model, "ask_shorter_horizon");
    let asked = MONTH_DAYS * f64::from(args.horizon_months);
    let history = f64::from(valued.input.span.days());
    if args.horizon_months > FAR_MONTHS || asked > 2.0 * history {
        evidence.limit(Grade::Directional, "horizon_far", "ask_shorter_horizon");
    } else if asked > f64::from(rolling.horizon_days) + SLACK_DAYS {
        evidence.limit(Grade::Directional, "horizon_not_tested", "ask_shorter_horizon");
    }
}

pub(super) fn holdout(rolling: &Rolling) -> Vec<HoldoutRow> {
    let row = |errors: &crate::model::clv::backtest::MethodErrors| {
        let mut named = vec![
            ("mae", errors.mae),
            ("rmse", errors.rmse),
            ("spearman", errors.spearman),
            ("total_error", errors.total_error),
            ("capture_top10", errors.capture_top10),
        ];
        named.extend(errors.value_gini.map(|gini| ("value_gini", gini)));
        HoldoutRow::new(&errors.method, named)
    };
    rolling.rows.iter().map(row).collect()
}

pub(super) fn notes(ctx: &ToolContext<'_>, valued: &Valued, output: &Output) -> Vec<Note> {
    let mut notes = Vec::new();
    if !output.margin_based {
        notes.push(Note::new("clv_revenue_based"));
    }
    if valued.pace.is_some_and(|pace| pace.moved.abs() >= MOVED_NAMED) {
        notes.push(Note::new("clv_pace"));
    }
    if !valued.tells_alive() {
        notes.push(Note::new("clv_nobody_stops"));
    } else if output.customers.iter().any(|customer| customer.purchase_days == 1) {
        notes.push(Note::new("clv_one_order"));
    }
    // a whole year has every season in it once
    if !output.seasonal && !output.horizon_months.is_multiple_of(12) {
        notes.push(Note::new("clv_no_season"));
    }
    let orders = &ctx.warehouse.orders;
    let sales = orders.sale.iter().filter(|sale| **sale).count();
    let unkeyed =
        orders.sale.iter().zip(&orders.customer).filter(|(sale, row)| **sale && **row == NONE).count();
    if unkeyed as f64 > NAMED * sales as f64 {
        notes.push(Note::new("clv_orders_without_customer"));
    }
    notes
}
