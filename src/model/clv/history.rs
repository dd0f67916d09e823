//! Who bought on which days, and what did that look like on an earlier day?
//!
//! The models see a customer only as x, t_x, T (and m). A back-test needs these as they were on the day it looks from,
//! and what came after: both are read off here. Purchases of one customer on one day are one purchase day.

use super::{Buyer, Spender};

/// Days in a week, the models' unit of time.
pub const DAYS_A_WEEK: f64 = 7.0;

/// Purchase days with the net value of each, customer by customer, each customer's in order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct History {
    /// Customer i has entries `first[i] .. first[i + 1]`.
    first: Vec<u32>,
    day: Vec<i32>,
    value: Vec<f64>,
}

/// The customers as of a day: one entry each of those with a purchase until then.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Snapshot {
    /// Number of the customer in the history, rising.
    pub customer: Vec<u32>,
    /// x, t_x, T in weeks.
    pub buyers: Vec<Buyer>,
    /// x and the mean value over the x repeat days.
    pub spenders: Vec<Spender>,
    /// Mean value over all purchase days, for naive rows.
    pub mean_value: Vec<f64>,
}

impl History {
    /// From purchases (customer's number below `customers`, day, value) in any order.
    pub fn new(customers: usize, mut purchases: Vec<(u32, i32, f64)>) -> Self {
        purchases.retain(|(customer, _, _)| (*customer as usize) < customers);
        // stable: equal days keep their order, so the sums are the same in every run
        purchases.sort_by_key(|(customer, day, _)| (*customer, *day));
        let mut history = Self { first: vec![0], day: Vec::new(), value: Vec::new() };
        let mut rows = purchases.into_iter().peekable();
        for customer in 0..customers as u32 {
            let start = history.day.len();
            while let Some((_, day, value)) = rows.next_if(|(row, _, _)| *row == customer) {
                if history.day.len() > start && history.day.last() == Some(&day) {
                    if let Some(sum) = history.value.last_mut() {
                        *sum += value;
                    }
                } else {
                    history.day.push(day);
                    history.value.push(value);
                }
            }
            history.first.push(history.day.len() as u32);
        }
        history
    }

    /// Number of customers, those without a purchase included.
    pub fn customers(&self) -> usize {
        self.first.len().saturating_sub(1)
    }

    /// First and last purchase day of all.
    pub fn span(&self) -> Option<(i32, i32)> {
        Some((*self.day.iter().min()?, *self.day.iter().max()?))
    }

    /// Purchase days and their values of one customer.
    pub fn of(&self, customer: usize) -> (&[i32], &[f64]) {
        let range = self.first[customer] as usize..self.first[customer + 1] as usize;
        (&self.day[range.clone()], &self.value[range])
    }

    /// The customers as they were at the end of `today`.
    pub fn as_of(&self, today: i32) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for customer in 0..self.customers() {
            let (days, values) = self.of(customer);
            let known = days.partition_point(|day| *day <= today);
            let (Some(first), Some(last)) = (days.first(), days[..known].last()) else { continue };
            let weeks = |days: i32| f64::from(days) / DAYS_A_WEEK;
            let frequency = known as u32 - 1;
            let repeat: f64 = values[1..known].iter().sum();
            let value = if frequency > 0 { repeat / f64::from(frequency) } else { 0.0 };
            snapshot.customer.push(customer as u32);
            snapshot.buyers.push(Buyer { frequency, recency: weeks(last - first), t: weeks(today - first) });
            snapshot.spenders.push(Spender { frequency, value });
            snapshot.mean_value.push((values[0] + repeat) / known as f64);
        }
        snapshot
    }

    /// Purchase days and their value in (from, to] of the customers of a snapshot.
    pub fn after(&self, snapshot: &Snapshot, from: i32, to: i32) -> (Vec<f64>, Vec<f64>) {
        let mut counts = Vec::with_capacity(snapshot.customer.len());
        let mut values = Vec::with_capacity(snapshot.customer.len());
        for customer in &snapshot.customer {
            let (days, value) = self.of(*customer as usize);
            let range = days.partition_point(|day| *day <= from)..days.partition_point(|day| *day <= to);
            counts.push(range.len() as f64);
            values.push(value[range].iter().sum());
        }
        (counts, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_purchase_and_the_first_is_no_repeat() {
        let rows = vec![(0, 20, 5.0), (0, 10, 1.0), (0, 10, 2.0), (1, 30, 7.0), (0, 24, 9.0)];
        let history = History::new(3, rows);
        let now = history.as_of(24);
        assert_eq!(now.customer, [0], "the second customer comes later, the third never");
        assert_eq!(now.buyers[0], Buyer { frequency: 2, recency: 2.0, t: 2.0 });
        assert!((now.spenders[0].value - 7.0).abs() < 1e-12, "mean of the repeat days 5 and 9");
        assert_eq!(history.after(&history.as_of(10), 10, 20), (vec![1.0], vec![5.0]));
    }
}
