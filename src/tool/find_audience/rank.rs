//! In which order do customers come, and how many of the first bought it when the same was done before?
//!
//! Everybody whose purchases speak for it is a candidate: Σ over what the customer has, similarity × strength, the product
//! itself counted as its own like. The order among them is one of four; the one that found most buyers from the earlier
//! date on is used, and what is reported of it was measured from a later date on, which did not choose it.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::Targets;
use crate::domain::{Day, Span};
use crate::features::recommend::{Rhythms, bought_between, strengths};
use crate::model::clv::interval::wilson;
use crate::model::keep;
use crate::model::recommend::{Recommender, Similar};
use crate::tool::recommender::Fitted;
use crate::tool::{ToolContext, ToolError};

/// Days in which an order loses half of its weight.
const HALF_LIFE: f64 = 90.0;
/// An order of candidates is chosen by at least so many of the first: the hits of five are chance.
const CHOSEN_BY: usize = 50;

/// Places among the origins of the hold-out, latest first.
const REPORTED: usize = 0;
const EARLIER: usize = 1;

/// By what candidates are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ranking {
    /// How much what they have speaks for it.
    ItemCf,
    /// How much of it they bought, recent purchases first.
    Bought,
    /// How often they ordered anything lately.
    RecentOrders,
    /// How often they ordered anything; what one would do without a model.
    MostOrders,
}

impl Ranking {
    /// All; of equals the first is used.
    pub(super) const ALL: [Self; 4] = [Self::ItemCf, Self::Bought, Self::RecentOrders, Self::MostOrders];

    /// The name in JSON and the words.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::ItemCf => "item_cf",
            Self::Bought => "bought_most",
            Self::RecentOrders => "recent_orders",
            Self::MostOrders => "most_orders",
        }
    }
}

/// Somebody whose purchases speak for it.
pub(super) struct Candidate {
    pub(super) customer: u32,
    /// The last day bought.
    pub(super) last: Option<Day>,
    /// By [`Ranking::ALL`].
    scores: [f64; 4],
}

impl Candidate {
    /// What a ranking goes by.
    pub(super) fn score(&self, ranking: Ranking) -> f64 {
        self.scores[ranking as usize]
    }
}

/// Who would fit, and how many are supplied.
pub(super) struct Ranked {
    pub(super) customers: Vec<Candidate>,
    pub(super) supplied: usize,
}

impl Ranked {
    pub(super) fn of(model: &Recommender, rhythms: &Rhythms, targets: &Targets, today: Day) -> Self {
        let mut ranked = Self { customers: Vec::new(), supplied: 0 };
        for customer in 0..model.strengths.customers() as u32 {
            let (mut likes, mut supplied) = (0.0, false);
            for product in &targets.products {
                // a thing that is bought once, or within the usual time to the next purchase
                let has = match rhythms.of(customer, *product) {
                    Some(rhythm) => rhythms.gap(*product).is_none_or(|gap| today.since(rhythm.last) < gap),
                    None => model.strengths.bought(customer, *product) && rhythms.gap(*product).is_none(),
                };
                if has {
                    supplied = true;
                } else {
                    likes += liking(model, customer, *product);
                }
            }
            if likes > 0.0 {
                let last = targets.dated.iter().filter_map(|product| rhythms.of(customer, *product));
                let last = last.map(|rhythm| rhythm.last).max();
                let bought = targets.products.iter().map(|product| strength(model, customer, *product)).sum();
                let days = model.strengths.order_days(customer);
                let recent = days.iter().map(|day| (-f64::from(today.0 - day) / HALF_LIFE).exp2()).sum();
                let scores = [likes, bought, recent, days.len() as f64];
                ranked.customers.push(Candidate { customer, last, scores });
            } else if supplied {
                ranked.supplied += 1;
            }
        }
        ranked
    }

    /// Best first; equals by their likes, then as the customers are stored.
    pub(super) fn by(&self, ranking: Ranking) -> Vec<&Candidate> {
        let descending = |a: &Candidate, b: &Candidate, by: Ranking| b.score(by).total_cmp(&a.score(by));
        let order = |a: &&Candidate, b: &&Candidate| -> Ordering {
            descending(a, b, ranking)
                .then_with(|| descending(a, b, Ranking::ItemCf))
                .then(a.customer.cmp(&b.customer))
        };
        let mut customers: Vec<&Candidate> = self.customers.iter().collect();
        customers.sort_by(order);
        customers
    }
}

fn strength(model: &Recommender, customer: u32, product: u32) -> f64 {
    let own = model.strengths.of(customer);
    own.binary_search_by_key(&product, |cell| cell.at).ok().map_or(0.0, |at| own[at].strength)
}

/// Σ similarity × strength over what the customer has.
fn liking(model: &Recommender, customer: u32, product: u32) -> f64 {
    let near = model.similar(product).iter().map(|near| near.similarity * strength(model, customer, near.at));
    strength(model, customer, product) + near.sum::<f64>()
}

/// Which ranking is used, and how it did.
pub(super) struct Tested {
    pub(super) ranking: Ranking,
    /// An earlier date chose it.
    pub(super) chosen: bool,
    pub(super) reported: Option<Hits>,
}

/// What lists would have been worth at an earlier date.
pub(super) struct Hits {
    pub(super) span: Span,
    pub(super) listed: usize,
    /// Of all who would fit, the share who then bought it.
    pub(super) all: f64,
    /// The same of the first ones, by [`Ranking::ALL`].
    first: [f64; 4],
}

impl Hits {
    /// Of the first ones in this order, the share who then bought it.
    pub(super) fn hit(&self, ranking: Ranking) -> f64 {
        self.first[ranking as usize]
    }

    /// The same with its 90 % interval.
    pub(super) fn interval(&self, ranking: Ranking) -> (f64, f64) {
        wilson(self.hit(ranking), self.listed as f64, 0.9)
    }

    /// Whether a ranking may in truth find no more than another did.
    pub(super) fn may_be(&self, ranking: Ranking, other: Ranking) -> bool {
        self.interval(ranking).0 <= self.hit(other)
    }

    /// Lists of `n` at the origin `which` of the hold-out; `None` where there is none, nothing of it was sold by then, or
    /// nobody would have fitted.
    fn of(
        ctx: &ToolContext<'_>,
        fitted: &Fitted,
        which: usize,
        targets: &Targets,
        n: usize,
    ) -> Result<Option<Self>, ToolError> {
        let Some(origin) = fitted.tested.0.get(which) else { return Ok(None) };
        let then = strengths(ctx.warehouse, origin.as_of);
        if targets.products.iter().all(|product| then.launched(*product) > origin.as_of.0) {
            return Ok(None);
        }
        let key = keep::key(&format!("item_cf_then/{which}"), Some(origin.as_of));
        let similar =
            ctx.models.get_or_fit(&key, ctx.warehouse.data_version, || Similar::fit(&then, ctx.work))?;
        let model = Recommender::with(then, similar);
        let rhythms = Rhythms::as_of(ctx.warehouse, origin.as_of);
        let ranked = Ranked::of(&model, &rhythms, targets, origin.as_of);
        let wanted: BTreeSet<u32> = targets.products.iter().copied().collect();
        let after = bought_between(ctx.warehouse, origin.as_of, origin.to);
        let came = |candidate: &Candidate| {
            let bought = after.get(candidate.customer as usize).into_iter().flatten();
            bought.into_iter().any(|product| wanted.contains(product))
        };
        let share = |who: &[&Candidate]| {
            let hits = who.iter().filter(|candidate| came(candidate)).count();
            if who.is_empty() { 0.0 } else { hits as f64 / who.len() as f64 }
        };
        let listed = n.min(ranked.customers.len());
        Ok((listed > 0).then(|| Self {
            span: Span { from: origin.as_of.plus(1), to: origin.to },
            listed,
            all: share(&ranked.customers.iter().collect::<Vec<_>>()),
            first: Ranking::ALL.map(|ranking| share(&ranked.by(ranking)[..listed])),
        }))
    }

    /// The order that found most.
    fn best(&self) -> Ranking {
        let better = |best: Ranking, next: Ranking| if self.hit(next) > self.hit(best) { next } else { best };
        Ranking::ALL.into_iter().fold(Ranking::ItemCf, better)
    }
}

impl Tested {
    pub(super) fn of(
        ctx: &ToolContext<'_>,
        fitted: &Fitted,
        targets: &Targets,
        n: usize,
    ) -> Result<Self, ToolError> {
        let earlier = Hits::of(ctx, fitted, EARLIER, targets, n.max(CHOSEN_BY))?;
        ctx.work.check()?;
        let reported = Hits::of(ctx, fitted, REPORTED, targets, n)?;
        let ranking = earlier.as_ref().map_or(Ranking::ItemCf, Hits::best);
        Ok(Self { ranking, chosen: earlier.is_some(), reported })
    }

    /// 1 − misses / misses of as many customers with most orders.
    pub(super) fn skill(&self) -> Option<f64> {
        let reported = self.reported.as_ref()?;
        let (missed, naive) = (1.0 - reported.hit(self.ranking), 1.0 - reported.hit(Ranking::MostOrders));
        Some(match (missed > 0.0, naive > 0.0) {
            (_, true) => 1.0 - missed / naive,
            (true, false) => -1.0,
            (false, false) => 0.0,
        })
    }
}
