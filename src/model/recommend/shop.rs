//! What would each customer of a shop like that they do not have yet?
//!
//! A shop has orders, not ratings, so similarity is the cosine over whole vectors of strengths (DEFINITIONS §7), shrunk
//! by n / (n + 10) with n what both share. Item-based: Σ over what the customer has, similarity × strength.
//! User-based: mean over the most similar customers, weighted by similarity. [`Method::FirstTime`] is user-based too,
//! but foretells what is asked for: how often, an order, similar customers who did not have a product yet came to buy
//! it. It gives a product that was launched last month its due, which nobody has had the time to buy. Products with
//! fewer than three buyers are in none of these; the popular ones are those with most buyers.

use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::strengths::{Cell, Strengths};
use crate::domain::{Cancelled, Work};

/// How to recommend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// What similar customers care for most.
    UserCf,
    /// What is similar to what the customer cares for.
    ItemCf,
    /// What similar customers come to buy for the first time.
    FirstTime,
    /// What most customers bought.
    Popular,
}

impl Method {
    /// All, the naive row last.
    pub const ALL: [Self; 4] = [Self::UserCf, Self::ItemCf, Self::FirstTime, Self::Popular];

    /// The name in JSON and the words.
    pub fn key(self) -> &'static str {
        match self {
            Self::UserCf => "user_cf",
            Self::ItemCf => "item_cf",
            Self::FirstTime => "first_time",
            Self::Popular => "popular",
        }
    }
}

/// Products like each product: what is learnt and kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Similar(Vec<Vec<Near>>);

/// A recommender over strengths.
#[derive(Debug, Clone)]
pub struct Recommender {
    /// What it rests on.
    pub strengths: Strengths,
    /// Buyers of each product.
    pub buyers: Vec<u32>,
    columns: Vec<Vec<Cell>>,
    /// Length of each customer's vector.
    lengths: Vec<f64>,
    /// First purchases of each product an order of somebody who did not have it.
    rates: Vec<f64>,
    similar: Arc<Similar>,
}

/// Something similar.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Near {
    /// Which product or customer.
    pub at: u32,
    /// Cosine, shrunk.
    pub similarity: f64,
}

/// One part of a score: its addends are its reasons.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Addend {
    /// The product that speaks for it (item-based) or the customer (user-based).
    pub of: u32,
    /// What it adds.
    pub value: f64,
}

/// Fewer buyers say nothing.
pub const SUPPORT: u32 = 3;
/// Similarity × n / (n + this).
const SHRINK: f64 = 10.0;
/// Similar products kept a product.
const TOP: usize = 100;
/// Similar customers that count.
pub const NEIGHBOURS: usize = 40;
/// Orders of everybody that stand beside those of similar customers.
const PRIOR: f64 = 10.0;

#[derive(Clone, Copy, Default)]
struct Shared {
    product: f64,
    n: u32,
}

impl Similar {
    /// Learns which products the same customers care for.
    pub fn fit(strengths: &Strengths, work: &dyn Work) -> Result<Self, Cancelled> {
        let columns = strengths.by_product();
        let widths: Vec<f64> = columns.iter().map(|column| length(column)).collect();
        let supported: Vec<bool> = columns.iter().map(|column| buyers(column) >= SUPPORT).collect();
        let similar = (0..columns.len()).into_par_iter().map_init(
            || vec![Shared::default(); columns.len()],
            |shared, product| {
                work.check()?;
                if !supported[product] {
                    return Ok(Vec::new());
                }
                share(&columns[product], |customer| strengths.of(customer), shared);
                let mut near = nearest(shared, &widths, widths[product], product, columns.len());
                near.retain(|near| supported[near.at as usize]);
                near.truncate(TOP);
                Ok(near)
            },
        );
        Ok(Self(similar.collect::<Result<_, Cancelled>>()?))
    }
}

impl Recommender {
    /// Learns from strengths.
    pub fn fit(strengths: Strengths, work: &dyn Work) -> Result<Self, Cancelled> {
        let similar = Arc::new(Similar::fit(&strengths, work)?);
        Ok(Self::with(strengths, similar))
    }

    /// From what was learnt of the same strengths.
    pub fn with(strengths: Strengths, similar: Arc<Similar>) -> Self {
        let columns = strengths.by_product();
        let buyers: Vec<u32> = columns.iter().map(|column| buyers(column)).collect();
        let customers = 0..strengths.customers() as u32;
        let lengths = customers.clone().map(|customer| length(strengths.of(customer))).collect();
        let everybody: Vec<(u32, f64)> = customers.map(|customer| (customer, 1.0)).collect();
        let (firsts, tries) = chances(&strengths, &everybody);
        let rates = firsts.iter().zip(tries).map(|(firsts, tries)| firsts / tries.max(1.0)).collect();
        Self { strengths, buyers, columns, lengths, rates, similar }
    }

    /// Products like this one, most similar first.
    pub fn similar(&self, product: u32) -> &[Near] {
        self.similar.0.get(product as usize).map_or(&[], Vec::as_slice)
    }

    /// Customers like this one, most similar first.
    pub fn neighbours(&self, customer: u32) -> Vec<Near> {
        let Some(length) = self.lengths.get(customer as usize) else { return Vec::new() };
        let mut shared = vec![Shared::default(); self.lengths.len()];
        let column = |product: u32| self.columns.get(product as usize).map_or(&[][..], Vec::as_slice);
        share(self.strengths.of(customer), column, &mut shared);
        nearest(&shared, &self.lengths, *length, customer as usize, NEIGHBOURS)
    }

    /// A score of every product for a customer; 0 where nothing speaks for it.
    pub fn scores(&self, method: Method, customer: u32) -> Vec<f64> {
        let near = match method {
            Method::UserCf | Method::FirstTime => self.neighbours(customer),
            Method::ItemCf | Method::Popular => Vec::new(),
        };
        self.scores_with(method, customer, &near)
    }

    /// The same with the customer's neighbours at hand.
    pub(super) fn scores_with(&self, method: Method, customer: u32, near: &[Near]) -> Vec<f64> {
        let mut scores = vec![0.0; self.columns.len()];
        match method {
            Method::Popular => {
                scores.iter_mut().zip(&self.buyers).for_each(|(score, n)| *score = f64::from(*n))
            }
            Method::ItemCf => {
                for cell in self.strengths.of(customer) {
                    for near in self.similar(cell.at) {
                        scores[near.at as usize] += near.similarity * cell.strength;
                    }
                }
            }
            Method::UserCf => {
                let weights: f64 = near.iter().map(|near| near.similarity).sum();
                for near in near {
                    for cell in self.strengths.of(near.at) {
                        if self.buyers[cell.at as usize] >= SUPPORT {
                            scores[cell.at as usize] += near.similarity / weights * cell.strength;
                        }
                    }
                }
            }
            Method::FirstTime => {
                let near: Vec<(u32, f64)> = near.iter().map(|near| (near.at, near.similarity)).collect();
                let (firsts, tries) = chances(&self.strengths, &near);
                for (product, score) in
                    scores.iter_mut().enumerate().filter(|(product, _)| self.buyers[*product] >= SUPPORT)
                {
                    *score = (firsts[product] + PRIOR * self.rates[product]) / (tries[product] + PRIOR);
                }
            }
        }
        scores
    }

    /// What a customer's scores are made of: asked of a product, the addends of its score, the largest first; none
    /// for popular products. The customer's neighbours are looked for once.
    pub fn reasons(&self, method: Method, customer: u32) -> impl Fn(u32) -> Vec<Addend> {
        let near = match method {
            Method::UserCf | Method::FirstTime => self.neighbours(customer),
            Method::ItemCf | Method::Popular => Vec::new(),
        };
        let tries = match method {
            Method::FirstTime => {
                let near: Vec<(u32, f64)> = near.iter().map(|near| (near.at, near.similarity)).collect();
                chances(&self.strengths, &near).1
            }
            Method::Popular | Method::ItemCf | Method::UserCf => Vec::new(),
        };
        let similarity: f64 = near.iter().map(|near| near.similarity).sum();
        move |product| {
            let mut reasons: Vec<Addend> = match method {
                Method::Popular => Vec::new(),
                Method::ItemCf => {
                    let of = |cell: &Cell| {
                        let near = self.similar(cell.at).iter().find(|near| near.at == product)?;
                        Some(Addend { of: cell.at, value: near.similarity * cell.strength })
                    };
                    self.strengths.of(customer).iter().filter_map(of).collect()
                }
                Method::UserCf | Method::FirstTime => {
                    let weights = match tries.get(product as usize) {
                        Some(tries) => tries + PRIOR,
                        None => similarity,
                    };
                    let of = |near: &Near| {
                        let row = self.strengths.of(near.at);
                        let at = row.binary_search_by_key(&product, |cell| cell.at).ok()?;
                        let value = near.similarity / weights * told(method, row.get(at)?);
                        Some(Addend { of: near.at, value })
                    };
                    near.iter().filter_map(of).collect()
                }
            };
            reasons.retain(|reason| reason.value > 0.0);
            reasons.sort_by(|a, b| b.value.total_cmp(&a.value).then(a.of.cmp(&b.of)));
            reasons
        }
    }
}

fn length(cells: &[Cell]) -> f64 {
    cells.iter().map(|cell| cell.strength * cell.strength).sum::<f64>().sqrt()
}

fn buyers(column: &[Cell]) -> u32 {
    column.iter().filter(|cell| cell.bought()).count() as u32
}

/// Of every product, over these customers with these weights: first purchases, and orders placed since it is sold by
/// those who did not have it before.
fn chances(strengths: &Strengths, customers: &[(u32, f64)]) -> (Vec<f64>, Vec<f64>) {
    let mut orders: Vec<(i32, f64)> = Vec::new();
    for (customer, weight) in customers {
        orders.extend(strengths.order_days(*customer).iter().map(|day| (*day, *weight)));
    }
    orders.sort_by_key(|(day, _)| *day);
    // weight of the orders from each place on
    let mut from = vec![0.0; orders.len() + 1];
    for (place, (_, weight)) in orders.iter().enumerate().rev() {
        from[place] = from[place + 1] + weight;
    }
    let since = |product: u32| from[orders.partition_point(|(day, _)| *day < strengths.launched(product))];
    let mut tries: Vec<f64> = (0..strengths.products() as u32).map(since).collect();
    let mut firsts = vec![0.0; strengths.products()];
    for (customer, weight) in customers {
        let days = strengths.order_days(*customer);
        for cell in strengths.of(*customer) {
            if let Some(first) = cell.first {
                firsts[cell.at as usize] += weight;
                let after = days.len() - days.partition_point(|day| *day <= first);
                tries[cell.at as usize] -= weight * after as f64;
            }
        }
    }
    (firsts, tries)
}

/// What a similar customer's cell says.
fn told(method: Method, cell: &Cell) -> f64 {
    if method == Method::FirstTime { f64::from(u8::from(cell.bought())) } else { cell.strength }
}

/// Sums over what a row shares with every other row.
fn share<'a>(row: &[Cell], column: impl Fn(u32) -> &'a [Cell], shared: &mut [Shared]) {
    shared.fill(Shared::default());
    for own in row {
        for other in column(own.at) {
            if let Some(shared) = shared.get_mut(other.at as usize) {
                shared.product += own.strength * other.strength;
                shared.n += u32::from(own.bought() && other.bought());
            }
        }
    }
}

/// The most similar rows; ties by number.
fn nearest(shared: &[Shared], lengths: &[f64], length: f64, but: usize, most: usize) -> Vec<Near> {
    let near = |(at, shared): (usize, &Shared)| {
        let lengths = length * lengths.get(at)?;
        if at == but || shared.n == 0 || lengths <= 0.0 {
            return None;
        }
        let n = f64::from(shared.n);
        let similarity = shared.product / lengths * n / (n + SHRINK);
        Some(Near { at: at as u32, similarity })
    };
    let mut all: Vec<Near> =
        shared.iter().enumerate().filter_map(near).filter(|near| near.similarity > 0.0).collect();
    let order = |a: &Near, b: &Near| b.similarity.total_cmp(&a.similarity).then(a.at.cmp(&b.at));
    if all.len() > most {
        all.select_nth_unstable_by(most, order);
        all.truncate(most);
    }
    all.sort_unstable_by(order);
    all
}

/// The best of scored products, best first; those with nothing to say and those not wanted are left out; ties by number.
pub fn best(scores: &[f64], wanted: impl Fn(u32) -> bool, most: usize) -> Vec<u32> {
    let mut places: Vec<u32> = (0..scores.len() as u32)
        .filter(|product| scores[*product as usize] > 0.0 && wanted(*product))
        .collect();
    let order = |a: &u32, b: &u32| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b));
    if places.len() > most {
        places.select_nth_unstable_by(most, order);
        places.truncate(most);
    }
    places.sort_unstable_by(order);
    places
}
