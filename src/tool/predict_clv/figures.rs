//! Which figures may an answer about customer value say?

use super::trust;
use super::worth::{LEVEL, Valued};
use super::{Args, CustomerValue, Output, TierValue};
use crate::domain::{Cell, Column, Day, Fact, MONTH_DAYS, NamedCustomer, Span, Table, Tier, Unit};
use crate::model::clv::backtest::{MethodErrors, Rolling};
use crate::model::clv::interval::{self, TotalDraws};
use crate::model::clv::measure::descending;
use crate::tool::{Outcome, ToolContext, ToolError};

/// The totals and the most valuable of many.
pub(super) fn many(
    ctx: &ToolContext<'_>,
    args: &Args,
    valued: &Valued,
) -> Result<Outcome<Output>, ToolError> {
    let who = members(args, valued)?;
    let draws = valued.total(&who);
    ctx.work.check()?;
    let clv: Vec<f64> = who.iter().map(|i| valued.rows[*i].clv).collect();
    let listed = descending(&clv).into_iter().take(args.top as usize);
    let listed: Vec<usize> = listed.filter_map(|place| who.get(place).copied()).collect();
    let customers = listed.iter().map(|i| customer(ctx, valued, *i)).collect();
    let tiers = tiers(valued);
    let output = output(ctx, args, valued, "customers", who.len(), customers, tiers);
    let facts = facts_of_many(&output, valued, &who, &draws);
    let total = facts.iter().find(|fact| fact.id == "clv").cloned();
    let evidence = trust::evidence(ctx, args, valued, total.as_ref());
    let mut outcome = Outcome::new(output, evidence);
    outcome.period = Some(outcome.output.period);
    outcome.table = Some(table(&outcome.output));
    outcome.facts = facts;
    Ok(outcome)
}

/// One customer.
pub(super) fn one(
    ctx: &ToolContext<'_>,
    args: &Args,
    valued: &Valued,
    named: &NamedCustomer,
) -> Result<Outcome<Output>, ToolError> {
    let row = ctx.warehouse.customers.by_id.get(&named.id).copied();
    let place = row.and_then(|row| valued.input.now.customer.binary_search(&row).ok());
    let Some(i) = place else {
        let name = named.name.clone().unwrap_or_else(|| named.id.clone());
        return Err(ToolError::not_enough_data("clv_never_ordered").with("customer", name));
    };
    let customer = customer(ctx, valued, i);
    let output = output(ctx, args, valued, "customer", 1, vec![customer], Vec::new());
    let facts = facts_of_one(&output, valued, i);
    let value = facts.iter().find(|fact| fact.id == "clv").cloned();
    let mut evidence = trust::evidence(ctx, args, valued, value.as_ref());
    evidence.interval_method = Some("predictive".into());
    let mut outcome = Outcome::new(output, evidence);
    outcome.period = Some(outcome.output.period);
    outcome.facts = facts;
    Ok(outcome)
}

/// Places of the customers that are asked for.
fn members(args: &Args, valued: &Valued) -> Result<Vec<usize>, ToolError> {
    let all = 0..valued.rows.len();
    let Some(group) = args.segment else { return Ok(all.collect()) };
    if group.segment().is_some() && valued.rows.iter().all(|row| row.segment.is_none()) {
        return Err(
            ToolError::not_enough_data("too_few_for_segments").with("day", valued.input.today.to_string())
        );
    }
    let member = |i: &usize| {
        let row = &valued.rows[*i];
        group.tier().is_some_and(|tier| row.tier == tier)
            || (group.segment().is_some() && row.segment == group.segment())
    };
    let members: Vec<usize> = all.filter(member).collect();
    if members.is_empty() {
        return Err(ToolError::not_enough_data("clv_empty_segment").with("segment", group.key()));
    }
    Ok(members)
}

fn output(
    ctx: &ToolContext<'_>,
    args: &Args,
    valued: &Valued,
    kind: &'static str,
    n_customers: usize,
    customers: Vec<CustomerValue>,
    tiers: Vec<TierValue>,
) -> Output {
    let today = valued.input.today;
    let days = (MONTH_DAYS * f64::from(args.horizon_months)).round() as i32;
    Output {
        kind,
        currency: ctx.warehouse.shop.currency,
        period: Span { from: today.plus(1), to: today.plus(days) },
        horizon_months: args.horizon_months,
        discount_rate: args.discount_rate,
        segment: args.segment,
        model: valued.fit.model,
        chosen_by_backtest: args.model == super::Model::Auto,
        margin_based: valued.input.margin.is_some(),
        seasonal: valued.input.season.is_some(),
        n_customers,
        customers,
        tiers,
    }
}

fn customer(ctx: &ToolContext<'_>, valued: &Valued, i: usize) -> CustomerValue {
    let (now, worth) = (&valued.input.now, &valued.rows[i]);
    let row = now.customer[i] as usize;
    let weeks = valued.horizon.weeks();
    let alive = valued.fit.alive(&now.buyers[i]);
    let outlook = alive.outlook(weeks, LEVEL);
    let (lo, hi) = interval::value_between(&alive, weeks, &valued.money.params, &now.spenders[i], LEVEL);
    // from revenue to what is counted: discount and margin move all of it alike
    let counted = if worth.revenue > 0.0 { worth.clv / worth.revenue } else { 0.0 };
    let (days, _) = valued.input.history.of(row);
    CustomerValue {
        id: ctx.warehouse.customers.id[row].clone(),
        name: ctx.warehouse.customers.name[row].clone(),
        clv: worth.clv,
        clv_lo: lo * counted,
        clv_hi: hi * counted,
        revenue: worth.revenue,
        p_alive: worth.p_alive,
        orders_expected: worth.orders,
        orders_lo: outlook.lo,
        orders_hi: outlook.hi,
        past_value: valued.input.past_value[i],
        purchase_days: now.buyers[i].frequency + 1,
        last_order: days
            .iter()
            .rev()
            .find(|day| **day <= valued.input.today.0)
            .map_or(valued.input.today, |day| Day(*day)),
        tier: worth.tier,
        segment: worth.segment,
    }
}

fn tiers(valued: &Valued) -> Vec<TierValue> {
    let all: f64 = valued.rows.iter().map(|row| row.tier_clv).sum();
    let tier_value = |tier: Tier| {
        let of_tier = || valued.rows.iter().filter(|row| row.tier == tier);
        let clv: f64 = of_tier().map(|row| row.tier_clv).sum();
        let revenue: f64 = of_tier().map(|row| row.tier_clv / row.margin).sum();
        TierValue {
            tier,
            customers: of_tier().count(),
            clv,
            share: if all > 0.0 { clv / all } else { 0.0 },
            margin: valued.input.margin.as_ref().filter(|_| revenue > 0.0).map(|_| clv / revenue),
        }
    };
    Tier::ALL.into_iter().map(tier_value).collect()
}

/// Facts that hold for every answer.
fn common(output: &Output, valued: &Valued) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new("horizon", f64::from(output.horizon_months), Unit::Months).over(output.period),
        Fact::new("p_inside", LEVEL, Unit::Share),
        Fact::new("discount_rate", output.discount_rate, Unit::Share),
        Fact::new("today", f64::from(valued.input.today.0), Unit::Date),
        Fact::new("tier_months", 12.0, Unit::Months),
        Fact::new("backtest_days", f64::from(valued.rolling.horizon_days), Unit::Days),
        Fact::new("backtest_origins", valued.rolling.origins.len() as f64, Unit::Count),
    ];
    if let Some(pace) = &valued.pace {
        facts.push(Fact::new("pace_moved", pace.moved.exp_m1(), Unit::Change));
    }
    if let Some(margin) = &valued.input.margin {
        facts.push(Fact::new("margin_rate", margin.shop, Unit::Share));
    }
    if let Some(season) = &valued.input.season {
        facts.push(Fact::new("season_years", f64::from(season.years), Unit::Count));
    }
    let model = &valued.rolling.rows[Rolling::place(valued.fit.model) + 1];
    for (name, row) in [("backtest", Some(model)), ("naive", valued.rolling.rows.first())] {
        let Some(row) = row else { continue };
        facts.extend(error_facts(name, row));
    }
    facts
}

fn error_facts(name: &str, row: &MethodErrors) -> Vec<Fact> {
    [
        ("total_error", row.total_error, Unit::Change),
        ("capture", row.capture_top10, Unit::Share),
        ("rmse", row.rmse, Unit::Score),
        ("mae", row.mae, Unit::Score),
    ]
    .into_iter()
    .filter(|(_, value, _)| value.is_finite())
    .map(|(measure, value, unit)| Fact::new(format!("{name}.{measure}"), value, unit))
    .collect()
}

fn facts_of_many(output: &Output, valued: &Valued, who: &[usize], draws: &TotalDraws) -> Vec<Fact> {
    let money = Unit::Money(output.currency);
    let sum =
        |f: &dyn Fn(&super::worth::Worth) -> f64| -> f64 { who.iter().map(|i| f(&valued.rows[*i])).sum() };
    let (revenue, clv, orders) = (sum(&|row| row.revenue), sum(&|row| row.clv), sum(&|row| row.orders));
    let ends = |draws: &[f64], value: f64| {
        let (lo, hi) = interval::between(draws, LEVEL);
        (lo * value, hi * value)
    };
    let of = |name: &str, value: f64, unit: Unit, draws: &[f64]| {
        let (lo, hi) = ends(draws, value);
        Fact::new(name, value, unit).within(lo, hi).over(output.period)
    };
    let mut facts = vec![
        of("revenue", revenue, money, &draws.revenue),
        of("clv", clv, money, &draws.revenue),
        of("orders", orders, Unit::Count, &draws.orders),
        Fact::new("customers", who.len() as f64, Unit::Count),
        Fact::new("clv_per_customer", clv / who.len() as f64, money),
        Fact::new("past_value", who.iter().map(|i| valued.input.past_value[*i]).sum(), money),
        Fact::new("listed", output.customers.len() as f64, Unit::Count),
    ];
    facts.extend(common(output, valued));
    let listed: f64 = output.customers.iter().map(|customer| customer.clv).sum();
    if clv > 0.0 {
        facts.push(Fact::new("listed_share", listed / clv, Unit::Share));
    }
    if output.segment.is_some() {
        let all: f64 = valued.rows.iter().map(|row| row.clv).sum();
        facts.push(Fact::new("share_of_all", clv / all, Unit::Share));
    }
    for tier in &output.tiers {
        let name = |what: &str| format!("tier.{}.{what}", tier.tier.key());
        facts.push(Fact::new(name("customers"), tier.customers as f64, Unit::Count));
        facts.push(Fact::new(name("clv"), tier.clv, money));
        facts.push(Fact::new(name("share"), tier.share, Unit::Share));
        if let Some(margin) = tier.margin {
            facts.push(Fact::new(name("margin"), margin, Unit::Share));
        }
    }
    facts
}

fn facts_of_one(output: &Output, valued: &Valued, i: usize) -> Vec<Fact> {
    let money = Unit::Money(output.currency);
    let Some(customer) = output.customers.first() else { return common(output, valued) };
    let worth = &valued.rows[i];
    let revenue = if worth.clv > 0.0 { worth.revenue / worth.clv } else { 0.0 };
    let mut facts = vec![
        Fact::new("clv", customer.clv, money).within(customer.clv_lo, customer.clv_hi).over(output.period),
        Fact::new("revenue", customer.revenue, money)
            .within(customer.clv_lo * revenue, customer.clv_hi * revenue)
            .over(output.period),
        Fact::new("orders", customer.orders_expected, Unit::Count)
            .within(f64::from(customer.orders_lo), f64::from(customer.orders_hi))
            .over(output.period),
        Fact::new("past_value", customer.past_value, money),
        Fact::new("past_orders", f64::from(customer.purchase_days), Unit::Days),
        Fact::new("last_order", f64::from(customer.last_order.0), Unit::Date),
    ];
    facts.extend(common(output, valued));
    if let Some(p_alive) = customer.p_alive {
        facts.push(Fact::new("p_alive", p_alive, Unit::Share));
    }
    facts
}

fn table(output: &Output) -> Table {
    let money = Some(Unit::Money(output.currency));
    let columns = [
        ("customer", None),
        ("name", None),
        ("clv", money),
        ("lo", money),
        ("hi", money),
        ("orders_expected", Some(Unit::Count)),
        ("p_alive", Some(Unit::Share)),
        ("tier", None),
    ];
    let text = |text: Option<&str>| text.map_or(Cell::Empty, |text| Cell::Text(text.to_owned()));
    let row = |customer: &CustomerValue| {
        vec![
            text(Some(&customer.id)),
            text(customer.name.as_deref()),
            Cell::Number(customer.clv),
            Cell::Number(customer.clv_lo),
            Cell::Number(customer.clv_hi),
            Cell::Number(customer.orders_expected),
            customer.p_alive.map_or(Cell::Empty, Cell::Number),
            text(Some(customer.tier.key())),
        ]
    };
    Table {
        rows: output.customers.iter().map(row).collect(),
        columns: columns.into_iter().map(|(key, unit)| Column { key: key.to_owned(), unit }).collect(),
    }
}
