//! Which figures may a report on models say?

use super::{Fitted, Model, Output};
use crate::domain::{Cell, Column, Evidence, Fact, HoldoutRow, Span, Table, Unit};
use crate::tool::predict_clv::Examined;

/// Standard errors on each side of an estimate within which 90 % lie.
const Z90: f64 = 1.644_853_626_951_472_2;

pub(super) fn facts(output: &Output, examined: Option<&Examined>) -> Vec<Fact> {
    let count = |name: &str, n: f64| Fact::new(name, n, Unit::Count);
    if output.model == Some(Model::Mix) {
        return super::media::facts(output);
    }
    let mut facts = vec![
        count("customers", output.n_customers as f64).over(output.period),
        count("data_version", output.data_version as f64),
        Fact::new("today", f64::from(output.today.0), Unit::Date),
        Fact::new("last_day", f64::from(output.period.to.0), Unit::Date),
        Fact::new("age", f64::from(output.today.since(output.period.to)), Unit::Days),
    ];
    if let Some(examined) = examined {
        facts.push(Fact::new("best_share", 0.1, Unit::Share));
        facts.push(count("repeat_customers", output.n_repeat as f64));
        facts.push(count("backtest_origins", examined.rolling.origins.len() as f64));
        facts.push(Fact::new("backtest_days", f64::from(examined.rolling.horizon_days), Unit::Days));
        facts.extend(examined.rolling.rows.iter().flat_map(|row| {
            let name = |what: &str| format!("holdout.{}.{what}", row.method);
            [
                Fact::new(name("total_error"), row.total_error, Unit::Change),
                Fact::new(name("capture"), row.capture_top10, Unit::Share),
                Fact::new(name("spearman"), row.spearman, Unit::Score),
                Fact::new(name("mae"), row.mae, Unit::Score),
                Fact::new(name("rmse"), row.rmse, Unit::Score),
            ]
        }));
        facts.retain(|fact| fact.value.is_finite());
    }
    facts.extend(output.fitted.iter().flat_map(of_fit));
    facts.extend(tenths(output));
    let money = Unit::Money(output.currency);
    for row in &output.values {
        let name = |what: &str| format!("value.{}.{what}", row.method);
        facts.push(Fact::new(name("mae"), row.mae, money));
        facts.push(Fact::new(name("rmse"), row.rmse, money));
        facts.push(Fact::new(name("total_error"), row.total_error, Unit::Change));
    }
    facts.extend(of_rfm(output));
    facts.extend(output.recommender.iter().flat_map(super::recommender::facts));
    facts.extend(super::media::facts(output));
    facts
}

fn of_fit(fitted: &Fitted) -> Vec<Fact> {
    let name = |what: &str| format!("{}.{what}", fitted.model);
    let mut facts = vec![Fact::new(name("customers"), fitted.customers, Unit::Count)];
    for param in &fitted.params {
        let fact = Fact::new(name(param.name), param.value, Unit::Score);
        match param.se {
            Some(se) => {
                facts.push(fact.within(param.value - Z90 * se, param.value + Z90 * se));
                facts.push(Fact::new(name(&format!("{}_se", param.name)), se, Unit::Score));
            }
            None => facts.push(fact),
        }
    }
    facts.extend(fitted.skill.map(|skill| Fact::new(name("skill"), skill, Unit::Share)));
    facts.extend(fitted.before.map(|before| Fact::new(name("before"), before as f64, Unit::Count)));
    facts
}

/// The best and the worst tenth, forecast and actual.
fn tenths(output: &Output) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (name, tenth) in [("best", output.tenths.first()), ("worst", output.tenths.last())] {
        if let Some(tenth) = tenth {
            facts.push(Fact::new(format!("tenth.{name}.predicted"), tenth.predicted, Unit::Count));
            facts.push(Fact::new(format!("tenth.{name}.actual"), tenth.actual, Unit::Count));
        }
    }
    facts
}

fn of_rfm(output: &Output) -> Vec<Fact> {
    let Some(rfm) = &output.rfm else { return Vec::new() };
    let held_out = Span { from: rfm.as_of.plus(1), to: rfm.as_of.plus(rfm.days) };
    let mut facts = vec![
        Fact::new("rfm.customers", rfm.customers as f64, Unit::Count),
        Fact::new("rfm.as_of", f64::from(rfm.as_of.0), Unit::Date),
        Fact::new("rfm.days", f64::from(rfm.days), Unit::Days),
        Fact::new("rfm.best_share", 0.1, Unit::Share),
        Fact::new("rfm.capture", rfm.capture, Unit::Share).over(held_out),
        Fact::new("rfm.capture_naive", rfm.capture_naive, Unit::Share).over(held_out),
        Fact::new("rfm.score.best", 5.0, Unit::Score),
        Fact::new("rfm.score.worst", 1.0, Unit::Score),
    ];
    for (r, share) in (1..).zip(rfm.ordered) {
        let fact = |share| Fact::new(format!("rfm.repeat.r{r}"), share, Unit::Share).over(held_out);
        facts.extend(share.map(fact));
    }
    facts
}

/// A table's columns and their units.
type Heads = Vec<(&'static str, Option<Unit>)>;

/// The hold-out, naive rows first: of purchases, of a purchase's value, or of RFM.
pub(super) fn table(output: &Output, evidence: &Evidence) -> Table {
    let money = Some(Unit::Money(output.currency));
    let (columns, rows): (Heads, Vec<Vec<Cell>>) = match output.model {
        Some(Model::GammaGamma) => (
            vec![("method", None), ("mae", money), ("rmse", money), ("total_error", Some(Unit::Change))],
            output.values.iter().map(value_row).collect(),
        ),
        Some(Model::Rfm) => (vec![("method", None), ("capture", Some(Unit::Share))], rfm_rows(output)),
        Some(model) if model.recommends().is_some() => (
            vec![("method", None), ("hit", Some(Unit::Share)), ("recall", Some(Unit::Share))],
            output
                .recommender
                .as_ref()
                .map_or(Vec::new(), |report| super::recommender::rows(report, model.recommends())),
        ),
        Some(Model::Mix) => (
            vec![
                ("method", None),
                ("rmse", money),
                ("mape", Some(Unit::Share)),
                ("total_error", Some(Unit::Change)),
            ],
            super::media::rows(output),
        ),
        model => (
            vec![
                ("method", None),
                ("mae", Some(Unit::Score)),
                ("rmse", Some(Unit::Score)),
                ("spearman", Some(Unit::Score)),
                ("total_error", Some(Unit::Change)),
                ("capture", Some(Unit::Share)),
            ],
            evidence.holdout.iter().filter(|row| asked(model, &row.method)).map(purchase_row).collect(),
        ),
    };
    Table { columns: columns.into_iter().map(|(key, unit)| Column { key: key.into(), unit }).collect(), rows }
}

/// The naive row stands beside every model.
fn asked(model: Option<Model>, method: &str) -> bool {
    match model {
        Some(Model::BgNbd) => method != "mbg_nbd",
        Some(Model::MbgNbd) => method != "bg_nbd",
        _ => true,
    }
}

fn purchase_row(row: &HoldoutRow) -> Vec<Cell> {
    let measure = |name: &str| {
        let found = row.errors.iter().find(|(known, _)| known == name);
        found.map_or(Cell::Empty, |(_, value)| Cell::Number(*value))
    };
    let measures = ["mae", "rmse", "spearman", "total_error", "capture_top10"].map(measure);
    std::iter::once(Cell::Text(row.method.clone())).chain(measures).collect()
}

fn value_row(row: &crate::model::clv::calibration::ValueErrors) -> Vec<Cell> {
    let numbers = [row.mae, row.rmse, row.total_error].map(Cell::Number);
    std::iter::once(Cell::Text(row.method.clone())).chain(numbers).collect()
}

fn rfm_rows(output: &Output) -> Vec<Vec<Cell>> {
    let Some(rfm) = &output.rfm else { return Vec::new() };
    [("most_revenue", rfm.capture_naive), ("rfm", rfm.capture)]
        .map(|(method, capture)| vec![Cell::Text(method.into()), Cell::Number(capture)])
        .into()
}
