//! What does this shop's data hold, from when to when, and what can't be trusted or asked because of it?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ability::{Ability, judge};
use super::{Next, Note, Outcome, Tool, ToolContext, ToolError};
use crate::domain::{Cell, Column, Day, Evidence, Fact, Grade, Role, Span, Table, Unit};
use crate::features::margin::MARGIN_KNOWN;
use crate::warehouse::{NONE, Warehouse};

/// The tool.
pub struct DataOverview;

/// No arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {}

/// What is loaded and how good it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Output {
    pub data_version: u64,
    pub currency: String,
    pub timezone: String,
    pub period: Span,
    pub tables: Vec<Loaded>,
    pub gaps: Gaps,
    pub quality: Quality,
    pub questions: Vec<Ability>,
    /// Fitted on these data.
    pub models: Vec<&'static str>,
}

/// Rows of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Loaded {
    pub name: &'static str,
    pub rows: u64,
    pub first: Option<Day>,
    pub last: Option<Day>,
}

/// Days without any order between the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Gaps {
    pub days: u64,
    pub longest: Option<Span>,
}

/// Shares of what is missing or odd; 0 is best, except for the margin.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Quality {
    pub orders_not_sales: u64,
    pub orders_without_customer: f64,
    pub orders_without_lines: f64,
    pub net_without_product: f64,
    pub margin_known: f64,
    pub orders_tax_included: f64,
    pub refunds_without_order: u64,
    pub foreign_rows: u64,
    pub foreign_currencies: Vec<String>,
}

/// Missing shares are named from here on.
const NAMED: f64 = 0.01;
/// More unusable rows than this want a second look (DEFINITIONS §10).
pub(super) const UNUSABLE: f64 = 0.05;

/// The models whose fits are kept, by the names of `prompts/words/model.toml`.
const MODELS: [&str; 3] = ["bg_nbd", "mbg_nbd", "gamma_gamma"];

impl Tool for DataOverview {
    const NAME: &'static str = "data_overview";
    const ROLES: &'static [Role] = &[Role::Manager, Role::Analyst];
    type Args = Args;
    type Output = Output;

    fn call(ctx: &ToolContext<'_>, _: Args) -> Result<Outcome<Output>, ToolError> {
        let warehouse = ctx.warehouse;
        let (today, period) = ctx.today()?;
        let quality = quality(warehouse);
        let output = Output {
            data_version: warehouse.data_version,
            currency: warehouse.shop.currency.to_string(),
            timezone: warehouse.shop.timezone.clone(),
            period,
            tables: tables(warehouse),
            gaps: gaps(&warehouse.orders.day),
            questions: judge(warehouse, Some(today), &quality),
            models: fitted(ctx, today),
            quality,
        };
        let mut outcome = Outcome::new(output, evidence(warehouse, period));
        limit(&mut outcome.evidence, &outcome.output.quality);
        outcome.facts = facts(&outcome.output, today);
        outcome.table = Some(table(&outcome.output));
        outcome.notes = notes(&outcome.output);
        outcome.next = next(&outcome.output);
        Ok(outcome)
    }
}

fn evidence(warehouse: &Warehouse, period: Span) -> Evidence {
    Evidence::descriptive(warehouse.orders.id.len() as u64, Some(period), warehouse.data_version)
}

fn limit(evidence: &mut Evidence, quality: &Quality) {
    if quality.orders_without_customer > UNUSABLE {
        evidence.limit(Grade::ReviewFirst, "orders_without_customer", "import_customer_keys");
    }
    if quality.foreign_rows as f64 > UNUSABLE * (evidence.n + quality.foreign_rows) as f64 {
        evidence.limit(Grade::ReviewFirst, "foreign_currency", "import_in_one_currency");
    }
}

fn tables(warehouse: &Warehouse) -> Vec<Loaded> {
    let span = |days: &[i32]| (days.first().copied().map(Day), days.last().copied().map(Day));
    let dated = |name, days: &[i32]| {
        let (first, last) = span(days);
        Loaded { name, rows: days.len() as u64, first, last }
    };
    let plain = |name, rows: usize| Loaded { name, rows: rows as u64, first: None, last: None };
    let mut tables = vec![
        dated("orders", &warehouse.orders.day),
        plain("order_lines", warehouse.lines.product.len()),
        plain("customers", warehouse.customers.id.len()),
        plain("products", warehouse.products.id.len()),
        dated("unlinked_refunds", &warehouse.unlinked_refunds.day),
        dated("spend", &warehouse.spend.day),
        dated("feedback", &warehouse.feedback.day),
        dated("interactions", &warehouse.interactions.day),
        plain("lift_tests", warehouse.lift_tests.len()),
        plain("experiments", warehouse.experiments.len()),
    ];
    tables.retain(|table| table.rows > 0);
    tables
}

/// Days are ordered.
fn gaps(days: &[i32]) -> Gaps {
    let mut gaps = Gaps::default();
    for pair in days.windows(2) {
        let without = pair[1] - pair[0] - 1;
        if without > 0 {
            gaps.days += u64::from(without.unsigned_abs());
            let span = Span { from: Day(pair[0] + 1), to: Day(pair[1] - 1) };
            if gaps.longest.is_none_or(|longest| span.days() > longest.days()) {
                gaps.longest = Some(span);
            }
        }
    }
    gaps
}

pub(super) fn quality(warehouse: &Warehouse) -> Quality {
    let orders = &warehouse.orders;
    let sales: Vec<usize> = (0..orders.id.len()).filter(|row| orders.sale[*row]).collect();
    let share = |n: usize| if sales.is_empty() { 0.0 } else { n as f64 / sales.len() as f64 };
    let count = |test: &dyn Fn(usize) -> bool| sales.iter().filter(|row| test(**row)).count();
    let (mut net, mut without_product, mut with_margin) = (0_i128, 0_i128, 0_i128);
    for line in sales.iter().flat_map(|row| warehouse.lines_of(*row)) {
        let amount = i128::from(warehouse.lines.net[line]);
        let product = warehouse.lines.product[line];
        net += amount;
        without_product += if product == NONE { amount } else { 0 };
        let rate = warehouse.products.margin_rate.get(product as usize).copied().flatten();
        with_margin += if rate.is_some() { amount } else { 0 };
    }
    let of_net = |part: i128| if net > 0 { part as f64 / net as f64 } else { 0.0 };
    Quality {
        orders_not_sales: (orders.id.len() - sales.len()) as u64,
        orders_without_customer: share(count(&|row| orders.customer[row] == NONE)),
        orders_without_lines: share(count(&|row| orders.lines_unknown[row])),
        net_without_product: of_net(without_product),
        margin_known: of_net(with_margin),
        orders_tax_included: share(count(&|row| orders.tax_included[row])),
        refunds_without_order: warehouse.unlinked_refunds.day.len() as u64,
        foreign_rows: warehouse.foreign.iter().map(|(_, rows)| rows).sum(),
        foreign_currencies: warehouse.foreign.iter().map(|(currency, _)| currency.to_string()).collect(),
    }
}

/// Models at hand without fitting.
fn fitted(ctx: &ToolContext<'_>, today: Day) -> Vec<&'static str> {
    let version = ctx.warehouse.data_version;
    let at_hand = |name: &&str| ctx.models.has(&ctx.kept_as(name, today), version);
    MODELS.into_iter().filter(at_hand).collect()
}

fn facts(output: &Output, today: Day) -> Vec<Fact> {
    let mut facts = Vec::new();
    for table in &output.tables {
        let fact = Fact::new(table.name, table.rows as f64, Unit::Count);
        facts.push(match (table.first, table.last) {
            (Some(from), Some(to)) => fact.over(Span { from, to }),
            _ => fact,
        });
    }
    facts.push(Fact::new("today", f64::from(today.0), Unit::Date));
    facts.push(Fact::new("days", f64::from(output.period.days()), Unit::Days).over(output.period));
    facts.push(Fact::new("days_without_orders", output.gaps.days as f64, Unit::Days));
    if let Some(longest) = output.gaps.longest {
        facts.push(Fact::new("longest_gap", f64::from(longest.days()), Unit::Days).over(longest));
    }
    let quality = &output.quality;
    facts.push(Fact::new("orders_not_sales", quality.orders_not_sales as f64, Unit::Count));
    facts.push(Fact::new("foreign_rows", quality.foreign_rows as f64, Unit::Count));
    for (name, share) in [
        ("orders_without_customer", quality.orders_without_customer),
        ("orders_without_lines", quality.orders_without_lines),
        ("net_without_product", quality.net_without_product),
        ("margin_known", quality.margin_known),
        ("orders_tax_included", quality.orders_tax_included),
    ] {
        facts.push(Fact::new(name, share, Unit::Share));
    }
    facts
}

fn table(output: &Output) -> Table {
    let column = |key: &str, unit| Column { key: key.into(), unit };
    let day = |day: Option<Day>| day.map_or(Cell::Empty, Cell::Day);
    Table {
        columns: vec![
            column("loaded", None),
            column("rows", Some(Unit::Count)),
            column("first_day", None),
            column("last_day", None),
        ],
        rows: output
            .tables
            .iter()
            .map(|table| {
                let rows = Cell::Number(table.rows as f64);
                vec![Cell::Text(table.name.into()), rows, day(table.first), day(table.last)]
            })
            .collect(),
    }
}

fn notes(output: &Output) -> Vec<Note> {
    let quality = &output.quality;
    let mut notes = Vec::new();
    for (key, worth_saying) in [
        ("overview_gaps", output.gaps.days > 0),
        ("overview_not_sales", quality.orders_not_sales > 0),
        ("overview_without_customer", quality.orders_without_customer > NAMED),
        ("overview_without_lines", quality.orders_without_lines > NAMED),
        ("overview_without_product", quality.net_without_product > NAMED),
        ("overview_no_margin", quality.margin_known < MARGIN_KNOWN),
        ("overview_tax_included", quality.orders_tax_included > NAMED),
        ("overview_unlinked_refunds", quality.refunds_without_order > 0),
        ("overview_no_spend", !output.questions.iter().any(|q| q.name == "ad_spend" && q.possible)),
    ] {
        if worth_saying {
            notes.push(Note::new(key));
        }
    }
    if quality.foreign_rows > 0 {
        notes.push(Note::new("overview_foreign").with("currencies", quality.foreign_currencies.clone()));
    }
    notes
}

fn next(output: &Output) -> Vec<Next> {
    let possible = |name: &str| output.questions.iter().any(|q| q.name == name && q.possible);
    let mut next = vec![Next::new("revenue_by_month")];
    next.push(Next::new(if possible("by_category") { "best_categories" } else { "best_products" }));
    if possible("customer_value") {
        next.push(Next::new("most_valuable"));
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_orders_are_counted_and_the_longest_run_is_named() {
        let gaps = gaps(&[1, 1, 2, 5, 6, 9, 14]);
        assert_eq!(gaps.days, 2 + 2 + 4);
        assert_eq!(gaps.longest, Some(Span { from: Day(10), to: Day(13) }));
    }
}
