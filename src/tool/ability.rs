//! What can be asked of the data as they are, and which file would add the rest?
//!
//! Decided by what the shop holds (customer keys, lines, costs, spend, reviews), never by where a file came from.

use serde::Serialize;

use super::data_overview::{Quality, UNUSABLE, quality};
use crate::domain::{Consent, Day};
use crate::features::margin::MARGIN_KNOWN;
use crate::features::media::{MediaInput, NoMedia};
use crate::features::rfm::{FEWEST_FOR_GRID, Rfm};
use crate::model::mix::{Kind, WEEKS_MIN};
use crate::warehouse::Warehouse;

/// What can be asked, or what it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ability {
    /// Key of `prompts/words/ability.toml`.
    pub name: &'static str,
    /// Whether it can be asked now.
    pub possible: bool,
    /// What would add it, a key of section `adds` in `prompts/messages/import.toml`; `None` where it is possible.
    pub lacks: Option<&'static str>,
}

/// Where more than half is missing, an answer would be about the smaller part.
const HALF: f64 = 0.5;

/// Everything that can be asked, and what the rest lacks.
pub fn abilities(warehouse: &Warehouse) -> Vec<Ability> {
    let last = warehouse.order_days().map(|days| days.to);
    judge(warehouse, last, &quality(warehouse))
}

pub(super) fn judge(warehouse: &Warehouse, today: Option<Day>, quality: &Quality) -> Vec<Ability> {
    let ability = |name, lacks: Option<&'static str>| Ability { name, possible: lacks.is_none(), lacks };
    let no_orders = today.is_none().then_some("orders");
    let unless = |possible: bool, lacks: &'static str| no_orders.or((!possible).then_some(lacks));
    let (segments, value) =
        no_orders.map_or_else(|| of_customers(warehouse, today, quality), |lack| (Some(lack), Some(lack)));
    let lines = quality.net_without_product <= HALF;
    let effects = today.and_then(|today| of_channels(warehouse, today));
    let likes = of_purchases(today, quality);
    let told = warehouse.customers.consent.iter().any(|consent| *consent != Consent::default());
    let audiences = likes.or((!told).then_some("consent"));
    let margin = if quality.net_without_product > UNUSABLE { "lines" } else { "costs" };
    vec![
        ability("sales_figures", no_orders),
        ability("by_product", unless(lines, "lines")),
        ability(
            "by_category",
            unless(warehouse.categories.len() > 1, if lines { "categories" } else { "lines" }),
        ),
        ability("by_city", unless(warehouse.cities.len() > 1, "cities")),
        ability("gross_profit", unless(quality.margin_known >= MARGIN_KNOWN, margin)),
        ability("ad_spend", unless(!warehouse.spend.day.is_empty(), "spend")),
        ability("channel_effects", no_orders.or(effects)),
        ability("budget_plans", no_orders.or(effects)),
        ability("segments", segments),
        ability("customer_value", value),
        ability("recommendations", likes),
        ability("audiences", audiences),
        ability("reviews", (warehouse.feedback.id.is_empty()).then_some("feedback")),
    ]
}

/// What the effects of channels and budget plans lack: costs, or enough weeks of costs and orders.
fn of_channels(warehouse: &Warehouse, today: Day) -> Option<&'static str> {
    match MediaInput::from_warehouse(warehouse, today, Kind::Revenue) {
        Ok(input) if input.input.target.len() >= WEEKS_MIN => None,
        Ok(_) | Err(NoMedia::NoWeek | NoMedia::Gap { .. }) => Some("weeks"),
        Err(NoMedia::NoSpend) => Some("spend"),
    }
}

/// What recommendations lack: products in the orders, and who bought them.
fn of_purchases(today: Option<Day>, quality: &Quality) -> Option<&'static str> {
    if today.is_none() {
        Some("orders")
    } else if quality.net_without_product > HALF {
        Some("lines")
    } else {
        (quality.orders_without_customer > HALF).then_some("customer_keys")
    }
}

/// What segments and the value of customers lack.
fn of_customers(
    warehouse: &Warehouse,
    today: Option<Day>,
    quality: &Quality,
) -> (Option<&'static str>, Option<&'static str>) {
    let Some(today) = today else { return (Some("orders"), Some("orders")) };
    if quality.orders_without_customer > HALF {
        return (Some("customer_keys"), Some("customer_keys"));
    }
    let customers = Rfm::as_of(warehouse, today);
    if customers.len() < FEWEST_FOR_GRID {
        return (Some("more_customers"), Some("more_customers"));
    }
    let any_repeat = customers.frequency.iter().any(|days| *days > 1);
    (None, (!any_repeat).then_some("repeat_orders"))
}
