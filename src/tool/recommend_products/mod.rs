//! What should be offered to this customer, to this segment, or to whoever takes this product?
//!
//! DEFINITIONS §7. Two lists: what is new to them (*discover*, measured on the past) and what they will need again
//! (*replenish*). Filters in order: sold and in stock; blocked; bought already. For a product: what goes into one order
//! with it more often than chance has it, then what the same customers care for. This file has the arguments and the
//! order of work; `lists` asks the recommender, `figures` makes facts, the table, what is said beside and what is next.

mod figures;
mod lists;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::count;
use super::predict_clv::{self, Group};
use super::recommender::Fitted;
use super::{Outcome, Tool, ToolContext, ToolError, customer, query_metrics};
use crate::domain::{Day, Role};
use crate::model::recommend;

/// The tool.
pub struct RecommendProducts;

/// To whom, or to go with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// One customer: id, name, e-mail or a part of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// An RFM segment, or a value tier, as held today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Group>,
    /// A product: what goes with it, and what is like it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// How many products to list, 1 to 1000.
    #[serde(default = "five", deserialize_with = "count")]
    #[schemars(range(min = 1, max = 1000))]
    pub n: u32,
    /// The method; auto takes the one that foretold best at an earlier date.
    #[serde(default)]
    pub method: Method,
}

/// Ways to recommend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Chosen by hold-out.
    #[default]
    Auto,
    /// What similar customers care for.
    UserCf,
    /// What is similar to what they have.
    ItemCf,
    /// What most customers bought.
    Popular,
}

fn five() -> u32 {
    5
}

/// The recommendations.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct Output {
    /// `customer`, `segment`, `product`, or `shop` where nobody was named.
    pub kind: &'static str,
    pub id: Option<String>,
    /// Of the customer or the product.
    pub name: Option<String>,
    pub segment: Option<Group>,
    pub today: Day,
    /// What was used: `user_cf`, `item_cf`, `first_time`, `popular`; `together` for a product.
    pub method: &'static str,
    /// A hold-out chose it.
    pub chosen_by_holdout: bool,
    /// The customer has bought nothing yet, or the product too seldom, so there is nothing to go by.
    pub cold_start: bool,
    /// Customers recommended to.
    pub customers: usize,
    /// New to them, best first.
    pub discover: Vec<Item>,
    /// Used up about now, the most overdue habits first.
    pub replenish: Vec<Due>,
    pub left_out: LeftOut,
}

/// Products that were not considered, by the first filter that took them out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[expect(missing_docs, reason = "the names say what each is")]
pub struct LeftOut {
    /// Nobody bought it in the last 180 days.
    pub not_sold: usize,
    pub out_of_stock: usize,
    pub blocked: usize,
    /// By this customer.
    pub bought: usize,
}

/// One recommended product.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// The shop's key.
    pub id: String,
    /// Its name.
    pub product: String,
    /// Its category.
    pub category: Option<String>,
    /// By the method.
    pub score: f64,
    /// Customers who have bought it.
    pub buyers: u32,
    /// For a segment: those who have not.
    pub without: Option<usize>,
    /// Of the most similar customers, those who have it; for methods that ask them.
    pub similar_buyers: Option<usize>,
    /// For a product: orders with both.
    pub orders_together: Option<u32>,
    /// For a product: how many times as often together as chance has it.
    pub lift: Option<f64>,
    /// The largest parts of the score.
    pub reasons: Vec<Reason>,
}

/// A part of a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// The product or customer that speaks for it.
    pub of: String,
    /// What it adds to the score.
    pub adds: f64,
    /// Of the score.
    pub share: f64,
}

/// A product that is needed again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Due {
    /// The shop's key.
    pub id: String,
    /// Its name.
    pub product: String,
    /// Its category.
    pub category: Option<String>,
    /// For a customer: the last day it was bought.
    pub last: Option<Day>,
    /// Days from one purchase to the next: the customer's own, else the product's.
    pub gap: i32,
    /// For a customer: when it is due.
    pub due: Option<Day>,
    /// For a segment: customers for whom it is due.
    pub customers: Option<usize>,
}

impl Tool for RecommendProducts {
    const NAME: &'static str = "recommend_products";
    const ROLES: &'static [Role] = &[Role::Manager, Role::Analyst];
    type Args = Args;
    type Output = Output;

    fn call(ctx: &ToolContext<'_>, args: Args) -> Result<Outcome<Output>, ToolError> {
        let named = [args.customer.is_some(), args.segment.is_some(), args.product.is_some()];
        if named.iter().filter(|named| **named).count() > 1 {
            return Err(ToolError::invalid("recommend_one_of"));
        }
        let customer = args.customer.as_deref().map(|text| customer::named(ctx, text)).transpose()?;
        let product =
            args.product.as_deref().map(|text| query_metrics::product(ctx.warehouse, text)).transpose()?;
        let fitted = Fitted::of(ctx)?;
        ctx.work.check()?;
        let output = match (customer, args.segment, product) {
            (Some(customer), _, _) => lists::for_customer(ctx, &fitted, &args, customer)?,
            (_, Some(group), _) => {
                let members = predict_clv::members(ctx, group)?;
                if members.is_empty() {
                    return Err(
                        ToolError::not_enough_data("recommend_empty_segment").with("segment", group.key())
                    );
                }
                lists::for_many(ctx, &fitted, &args, &members)?
            }
            (_, _, Some(product)) => lists::for_product(ctx, &fitted, &args, product)?,
            (None, None, None) => lists::for_shop(ctx, &fitted, &args),
        };
        Ok(figures::outcome(ctx, &fitted, &args, output))
    }
}

/// What a customer may like next, for the tools that speak of one customer; nothing where there is nothing to go by.
pub(super) fn for_profile(ctx: &ToolContext<'_>, row: u32, n: usize) -> Result<Vec<String>, ToolError> {
    let fitted = Fitted::of(ctx)?;
    if fitted.recommender.strengths.order_days(row).is_empty() {
        return Ok(Vec::new());
    }
    let scores = fitted.recommender.scores(fitted.tested.chosen(), row);
    let listed = recommend::best(&scores, |product| lists::is_new(&fitted, row, product), n);
    Ok(listed
        .iter()
        .filter_map(|product| ctx.warehouse.products.name.get(*product as usize).cloned())
        .collect())
}
