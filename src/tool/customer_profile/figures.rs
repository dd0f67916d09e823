//! Which figures may an answer about one customer say?

use super::{Output, predict_clv};
use crate::domain::{Cell, Column, Day, Fact, Span, Table, Unit};

/// What of predict_clv's facts a profile says, each under `ahead.`.
const AHEAD: [&str; 6] = ["clv", "revenue", "orders", "horizon", "p_inside", "p_alive"];

pub(super) fn facts(output: &Output, ahead: Option<&[Fact]>) -> Vec<Fact> {
    let money = Unit::Money(output.currency);
    let past = &output.past;
    let date = |day: Day| f64::from(day.0);
    let span = past.first.zip(past.last).map(|(from, to)| Span { from, to });
    let over = |fact: Fact| match span {
        Some(span) => fact.over(span),
        None => fact,
    };
    let mut facts = vec![
        over(Fact::new("revenue", past.revenue, money)),
        over(Fact::new("orders", past.orders as f64, Unit::Count)),
        Fact::new("today", date(output.today), Unit::Date),
        Fact::new("units_sold", past.units_sold as f64, Unit::Count),
        Fact::new("units_returned", past.units_returned as f64, Unit::Count),
        Fact::new("orders_not_sales", past.orders_not_sales as f64, Unit::Count),
        Fact::new("orders_open_return", past.open_returns as f64, Unit::Count),
        Fact::new("loose_refunds", past.loose_refunds, money),
    ];
    if past.orders > 0 {
        facts.push(Fact::new("aov", past.revenue / past.orders as f64, money));
    }
    if past.units_sold > 0 {
        let share = past.units_returned as f64 / past.units_sold as f64;
        facts.push(Fact::new("return_rate", share, Unit::Share));
    }
    for (name, day) in [("first_order", past.first), ("last_order", past.last), ("joined", output.joined)] {
        facts.extend(day.map(|day| Fact::new(name, date(day), Unit::Date)));
    }
    facts.extend(past.usual_gap.map(|days| Fact::new("usual_gap", f64::from(days), Unit::Days)));
    if let Some(rfm) = output.rfm {
        facts.push(Fact::new("recency", f64::from(rfm.recency), Unit::Days));
        facts.push(Fact::new("frequency", f64::from(rfm.frequency), Unit::Days));
        facts.push(Fact::new("monetary", rfm.monetary, money));
        for (name, score) in [("score.r", rfm.r), ("score.f", rfm.f), ("score.m", rfm.m)] {
            facts.extend(score.map(|score| Fact::new(name, f64::from(score), Unit::Score)));
        }
        facts.push(Fact::new("score.best", 5.0, Unit::Score));
    }
    facts.push(Fact::new("feedback", past.feedback.n as f64, Unit::Count));
    facts.extend(past.feedback.rating.map(|rating| Fact::new("rating", rating, Unit::Score)));
    if let Some(latest) = past.feedback.latest.first() {
        facts.push(Fact::new("last_feedback", date(latest.day), Unit::Date));
        facts.extend(latest.rating.map(|stars| Fact::new("last_rating", f64::from(stars), Unit::Score)));
    }
    for (n, favourite) in past.favourites.iter().enumerate() {
        facts.push(Fact::new(format!("favourite{}", n + 1), favourite.units as f64, Unit::Count));
    }
    let told = ahead.into_iter().flatten().filter(|fact| AHEAD.contains(&fact.id.as_str()));
    facts.extend(told.map(|fact| Fact { id: format!("ahead.{}", fact.id), ..fact.clone() }));
    facts.extend(next_order(output));
    facts
}

fn next_order(output: &Output) -> Vec<Fact> {
    let Some(next) = output.next_order else { return Vec::new() };
    let soon = predict_clv::SOON_DAYS;
    let within = Span { from: output.today.plus(1), to: output.today.plus(soon) };
    let mut facts = vec![
        Fact::new("soon", f64::from(soon), Unit::Days),
        Fact::new("p_soon", next.p_soon, Unit::Share).over(within),
    ];
    if let Some(days) = next.even_days {
        facts.push(Fact::new("next_order_days", f64::from(days), Unit::Days));
        let day = output.today.plus(days);
        facts.push(Fact::new("next_order", f64::from(day.0), Unit::Date));
    }
    facts
}

/// Recent orders, newest first.
pub(super) fn table(output: &Output) -> Option<Table> {
    if output.past.recent.is_empty() {
        return None;
    }
    let columns = [
        ("order", None),
        ("day", None),
        ("products", None),
        ("units", Some(Unit::Count)),
        ("units_returned", Some(Unit::Count)),
        ("revenue", Some(Unit::Money(output.currency))),
        ("order_state", None),
    ];
    let row = |order: &super::RecentOrder| {
        vec![
            Cell::Text(order.order.clone()),
            Cell::Day(order.day),
            Cell::Text(order.products.join(", ")),
            Cell::Number(order.units as f64),
            Cell::Number(order.units_returned as f64),
            Cell::Number(order.revenue),
            Cell::Text(order.state.into()),
        ]
    };
    Some(Table {
        columns: columns.into_iter().map(|(key, unit)| Column { key: key.into(), unit }).collect(),
        rows: output.past.recent.iter().map(row).collect(),
    })
}
