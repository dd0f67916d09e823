//! What would customers like, as this shop's recommender has it, and how often was it right?
//!
//! Shared by the tools that recommend: the model fitted on the data as they are, and the same model as it would have been
//! at two earlier dates, against what people bought since. The earlier date chooses the method, the later one is
//! reported.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ToolContext, ToolError, freshness};
use crate::domain::{Day, Evidence, Fact, Grade, HoldoutRow, Span, Unit};
use crate::features::recommend::{Rhythms, bought_between, strengths};
use crate::model::clv::interval::wilson;
use crate::model::recommend::{Holdout, Method, Recommender, Similar};
use crate::warehouse::{NONE, Warehouse};

/// Days held out, and the share of the history they may take at most.
const HELD_OUT: i32 = 90;
const PART: i32 = 4;
/// Recommendations each customer is given in the hold-out.
const LISTED: usize = 5;
/// 1 − loss / naive loss from which the grade is ready, or review_first.
const SKILL: [f64; 2] = [0.05, 0.0];
/// Days within which a product must have been bought to count as sold by the shop.
const SOLD_DAYS: i32 = 180;
/// Products that are never recommended: a list of ids under this setting.
const BLOCKED: &str = "blocked_products";

/// The recommender of the data as they are.
pub(super) struct Fitted {
    pub(super) recommender: Recommender,
    pub(super) rhythms: Rhythms,
    pub(super) tested: Arc<Tested>,
    pub(super) today: Day,
    pub(super) span: Span,
    offers: Vec<Offer>,
}

/// Whether a product can be recommended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// It can.
    Yes,
    /// Nobody bought it lately, so the shop may not sell it any more.
    NotSold,
    /// None is left.
    OutOfStock,
    /// The shop does not want it.
    Blocked,
}

/// How the recommender did at earlier dates, the latest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Tested(pub(super) Vec<Origin>);

/// One of these dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) as_of: Day,
    pub(super) to: Day,
    pub(super) holdout: Holdout,
}

impl Fitted {
    /// An error where no customer has bought any product.
    pub(super) fn of(ctx: &ToolContext<'_>) -> Result<Self, ToolError> {
        let (today, data) = ctx.today()?;
        let version = ctx.warehouse.data_version;
        let now = strengths(ctx.warehouse, today);
        if (0..now.products() as u32).all(|product| now.launched(product) == i32::MAX) {
            return Err(ToolError::not_enough_data("recommend_no_purchases"));
        }
        ctx.work.check()?;
        let similar = ctx.models.get_or_fit(&ctx.kept_as("item_cf", today), version, || {
            ctx.work.progress("fit", 0, 1);
            Similar::fit(&now, ctx.work)
        })?;
        let span = Span { from: data.from, to: today };
        let tested = ctx
            .models
            .get_or_fit(&ctx.kept_as("recommend_holdout", today), version, || Tested::of(ctx, span))?;
        let blocked: Vec<String> = ctx.store.setting(BLOCKED)?.unwrap_or_default();
        Ok(Self {
            recommender: Recommender::with(now, similar),
            rhythms: Rhythms::as_of(ctx.warehouse, today),
            tested,
            today,
            span,
            offers: offers(ctx.warehouse, today, &blocked),
        })
    }

    /// Whether a product can be recommended.
    pub(super) fn offer(&self, product: u32) -> Offer {
        self.offers.get(product as usize).copied().unwrap_or(Offer::NotSold)
    }

    /// How many cannot be recommended for this reason.
    pub(super) fn left_out(&self, why: Offer) -> usize {
        self.offers.iter().filter(|offer| **offer == why).count()
    }

    /// Customers who bought something.
    pub(super) fn buyers(&self) -> usize {
        let strengths = &self.recommender.strengths;
        (0..strengths.customers() as u32)
            .filter(|customer| !strengths.order_days(*customer).is_empty())
            .count()
    }

    /// What the grade rests on, for recommendations made by this method.
    pub(super) fn evidence(&self, ctx: &ToolContext<'_>, method: Method) -> Evidence {
        let mut evidence =
            Evidence::descriptive(self.buyers() as u64, Some(self.span), ctx.warehouse.data_version);
        if let Some(origin) = self.tested.0.first() {
            evidence.holdout = origin.rows();
        }
        if self.tested.0.len() < 2 || self.tested.0.iter().any(|origin| origin.holdout.customers == 0) {
            evidence.limit(Grade::NeedsData, "few_origins", "more_history");
        }
        match self.tested.skill(method) {
            _ if method == Method::Popular => {
                evidence.limit(Grade::ReviewFirst, "recommends_popular", "wait_for_orders");
            }
            Some(skill) if skill >= SKILL[0] => {}
            Some(skill) if skill >= SKILL[1] => {
                evidence.limit(Grade::ReviewFirst, "hardly_better_than_popular", "more_history");
            }
            _ => evidence.limit(Grade::Directional, "hardly_better_than_popular", "more_history"),
        }
        freshness::limit(ctx, self.today, &mut evidence);
        evidence
    }

    /// What the hold-out says of this method.
    pub(super) fn facts(&self, method: Method) -> Vec<Fact> {
        let Some(origin) = self.tested.0.first().filter(|origin| origin.holdout.customers > 0) else {
            return Vec::new();
        };
        let span = Span { from: origin.as_of.plus(1), to: origin.to };
        let n = f64::from(origin.holdout.customers);
        let mut facts = vec![
            Fact::new("test_days", f64::from(span.days()), Unit::Days).over(span),
            Fact::new("test_customers", n, Unit::Count).over(span),
            Fact::new("test_listed", f64::from(origin.holdout.n), Unit::Count),
        ];
        for (name, method) in [("", method), ("_popular", Method::Popular)] {
            let Some(row) = origin.holdout.row(method) else { continue };
            let (lo, hi) = wilson(row.hit, n, 0.9);
            facts.push(Fact::new(format!("hit{name}"), row.hit, Unit::Share).within(lo, hi).over(span));
            facts.push(Fact::new(format!("recall{name}"), row.recall, Unit::Share).over(span));
        }
        facts
    }
}

fn offers(warehouse: &Warehouse, today: Day, blocked: &[String]) -> Vec<Offer> {
    let mut sold = vec![false; warehouse.products.id.len()];
    let span = Span { from: today.plus(1 - SOLD_DAYS), to: today };
    for order in warehouse.orders_on(span).filter(|order| warehouse.is_kept(*order)) {
        for line in warehouse.lines_of(order) {
            if let Some(sold) = sold.get_mut(warehouse.lines.product[line] as usize) {
                *sold = true;
            }
        }
    }
    let offer = |(product, sold): (usize, bool)| {
        let stock = warehouse.products.stock.get(product).copied().flatten();
        if !sold {
            Offer::NotSold
        } else if stock.is_some_and(|pieces| pieces <= 0) {
            Offer::OutOfStock
        } else if blocked.contains(&warehouse.products.id[product]) {
            Offer::Blocked
        } else {
            Offer::Yes
        }
    };
    sold.into_iter().enumerate().map(offer).collect()
}

impl Tested {
    fn of(ctx: &ToolContext<'_>, span: Span) -> Result<Self, ToolError> {
        let days = HELD_OUT.min(span.days() / PART);
        let mut origins = Vec::new();
        for back in 1..=2 {
            let as_of = span.to.plus(-days * back);
            if days < 1 || as_of.since(span.from) < days {
                break;
            }
            ctx.work.progress("backtest", u64::from(back.unsigned_abs()) - 1, 2);
            let recommender = Recommender::fit(strengths(ctx.warehouse, as_of), ctx.work)?;
            let to = as_of.plus(days);
            let after = bought_between(ctx.warehouse, as_of, to);
            let sold = |product: u32| recommender.strengths.launched(product) <= as_of.0;
            let holdout = Holdout::of(&recommender, &after, &sold, LISTED, ctx.work)?;
            origins.push(Origin { as_of, to, holdout });
        }
        Ok(Self(origins))
    }

    /// The method that did best at the earlier date; what was measured later did not choose it.
    pub(super) fn chosen(&self) -> Method {
        self.0.last().map_or(Method::Popular, |origin| origin.holdout.best())
    }

    /// 1 − misses / misses of the popular ones, at the latest date.
    pub(super) fn skill(&self, method: Method) -> Option<f64> {
        let origin = self.0.first().filter(|origin| origin.holdout.customers > 0)?;
        let missed = |method| origin.holdout.row(method).map(|row| 1.0 - row.recall);
        let (own, naive) = (missed(method)?, missed(Method::Popular)?);
        Some(if naive > 0.0 { 1.0 - own / naive } else { 0.0 })
    }
}

impl Origin {
    fn rows(&self) -> Vec<HoldoutRow> {
        let row = |row: &crate::model::recommend::MethodHits| {
            HoldoutRow::new(row.method.key(), [("hit", row.hit), ("recall", row.recall)])
        };
        self.holdout.rows.iter().map(row).collect()
    }
}

/// The name of a product's category; nothing where it has none.
pub(super) fn category(warehouse: &Warehouse, product: u32) -> Option<String> {
    let category = warehouse.products.category.get(product as usize).copied().unwrap_or(NONE);
    warehouse.categories.get(category as usize).cloned()
}
