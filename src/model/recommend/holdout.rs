//! Would the recommendations of some time ago have met what people bought since?

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::shop::{Method, Recommender, best};
use super::strengths::Cell;
use crate::domain::{Cancelled, Work};

/// How well each method met what came, on the same customers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holdout {
    /// A row a method, the popular one included.
    pub rows: Vec<MethodHits>,
    /// Customers who bought something new to them.
    pub customers: u32,
    /// Recommendations each was given.
    pub n: u32,
}

/// One method.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MethodHits {
    /// Which.
    pub method: Method,
    /// Share of the customers who bought at least one of the recommended.
    pub hit: f64,
    /// Mean over customers of hits / min(n, items).
    pub recall: f64,
}

impl Holdout {
    /// `after`: products each customer bought after the recommender's last day. Only those new to the customer count;
    /// ranked are all products the customer has never bought that `offered` lets through.
    pub fn of(
        recommender: &Recommender,
        after: &[Vec<u32>],
        offered: &(dyn Fn(u32) -> bool + Sync),
        n: usize,
        work: &dyn Work,
    ) -> Result<Self, Cancelled> {
        let new = |customer: u32| -> Vec<u32> {
            let mut items: Vec<u32> = after.get(customer as usize).cloned().unwrap_or_default();
            items.retain(|item| !recommender.strengths.bought(customer, *item));
            items.sort_unstable();
            items.dedup();
            items
        };
        let tests: Vec<(u32, Vec<u32>)> = (0..after.len() as u32)
            .filter(|customer| recommender.strengths.of(*customer).iter().any(Cell::bought))
            .map(|customer| (customer, new(customer)))
            .filter(|(_, items)| !items.is_empty())
            .collect();
        let hits: Vec<[usize; 4]> = tests
            .par_iter()
            .map(|(customer, items)| {
                work.check()?;
                let near = recommender.neighbours(*customer);
                let free = |item: u32| offered(item) && !recommender.strengths.bought(*customer, item);
                Ok(Method::ALL.map(|method| {
                    let scores = recommender.scores_with(method, *customer, &near);
                    let listed = best(&scores, free, n);
                    listed.iter().filter(|item| items.binary_search(item).is_ok()).count()
                }))
            })
            .collect::<Result<_, Cancelled>>()?;
        let row = |(place, method): (usize, Method)| {
            let mean = |of: &dyn Fn(usize, usize) -> f64| {
                let sum: f64 =
                    hits.iter().zip(&tests).map(|(hits, (_, items))| of(hits[place], items.len())).sum();
                if tests.is_empty() { 0.0 } else { sum / tests.len() as f64 }
            };
            MethodHits {
                method,
                hit: mean(&|hits, _| f64::from(u8::from(hits > 0))),
                recall: mean(&|hits, items| hits as f64 / items.min(n).max(1) as f64),
            }
        };
        let rows = Method::ALL.into_iter().enumerate().map(row).collect();
        Ok(Self { rows, customers: tests.len() as u32, n: n as u32 })
    }

    /// A method's row.
    pub fn row(&self, method: Method) -> Option<&MethodHits> {
        self.rows.iter().find(|row| row.method == method)
    }

    /// The method with the best recall; the popular ones where no other is better, or nobody could be asked.
    pub fn best(&self) -> Method {
        let popular = self.row(Method::Popular).map_or(0.0, |row| row.recall);
        let others = self.rows.iter().filter(|row| row.method != Method::Popular && row.recall > popular);
        let best = others.fold(None::<&MethodHits>, |best, row| {
            if best.is_none_or(|best| row.recall > best.recall) { Some(row) } else { best }
        });
        best.map_or(Method::Popular, |row| row.method)
    }
}
