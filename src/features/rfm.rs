//! How recently, how often and for how much did each customer buy, and which segment is that?
//!
//! DEFINITIONS §4, over kept orders up to a day: recency in days since the last order, frequency in purchase days,
//! monetary the sum of net goods. Scores 1–5 by the share of customers strictly below, so equal values always score
//! the same. F differs from plain quintiles **[conv]**: one purchase day is exactly 1, the others share 2–5, because
//! half of a shop's customers buy once and quintiles would leave scores empty or split equal customers.

use rayon::prelude::*;

use crate::domain::{Day, Segment};
use crate::warehouse::{NONE, Warehouse};

/// Fewer customers than this make no grid, only a list.
pub const FEWEST_FOR_GRID: usize = 50;

/// Every customer with a kept order up to a day, ordered by row (so by id).
#[derive(Debug, Clone, PartialEq)]
pub struct Rfm {
    /// The day looked from.
    pub as_of: Day,
    /// Row of the customer in the warehouse.
    pub customer: Vec<u32>,
    /// First purchase day.
    pub first: Vec<Day>,
    /// Last purchase day.
    pub last: Vec<Day>,
    /// Number of purchase days.
    pub frequency: Vec<u32>,
    /// Σ net goods, micros.
    pub monetary: Vec<i128>,
    /// Scores R, F, M; `None` below [`FEWEST_FOR_GRID`] customers.
    pub scores: Option<Vec<Scores>>,
}

/// The three scores, 1–5, 5 best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the field's usual letters")]
pub struct Scores {
    pub r: u8,
    pub f: u8,
    pub m: u8,
}

impl Scores {
    /// The segment of the cell; M only orders customers inside it.
    pub fn segment(self) -> Segment {
        use Segment as S;
        match (self.r, self.f) {
            (5, 1) => S::New,
            (4, 1) => S::Promising,
            (4 | 5, 2 | 3) => S::PotentialLoyalists,
            (5, _) => S::Champions,
            (4, _) | (3, 4 | 5) => S::Loyal,
            (3, 1 | 2) => S::AboutToSleep,
            (3, _) => S::NeedAttention,
            (2, 1 | 2) => S::Hibernating,
            (_, 1 | 2) => S::Lost,
            (_, 5) => S::CantLose,
            (_, _) => S::AtRisk,
        }
    }
}

impl Rfm {
    /// As of the end of a day.
    pub fn as_of(warehouse: &Warehouse, day: Day) -> Self {
        let orders = &warehouse.orders;
        let until = orders.day.partition_point(|order_day| *order_day <= day.0);
        let mut collected = Collected::new(warehouse.customers.id.len());
        for row in (0..until).filter(|row| warehouse.is_kept(*row) && orders.customer[*row] != NONE) {
            collected.add(orders.customer[row], Day(orders.day[row]), orders.net[row]);
        }
        collected.finish(day)
    }

    /// From plain purchases in any order, a row each: the customer's number below `customers`, the day, the net amount
    /// in micros. Columns that are given away go as soon as they are read: ten million rows are 160 MB.
    pub fn from_columns(
        customers: usize,
        as_of: Day,
        customer: impl AsRef<[u32]>,
        days: impl AsRef<[Day]>,
        net: impl AsRef<[i64]>,
    ) -> Self {
        let parts = Parts::of(customers, as_of, customer.as_ref(), days.as_ref(), net.as_ref());
        drop((customer, days, net));
        Collected(parts.collected()).finish(as_of)
    }

    /// How many customers.
    pub fn len(&self) -> usize {
        self.customer.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.customer.is_empty()
    }

    /// Days since the last order of the i-th customer.
    pub fn recency(&self, i: usize) -> i32 {
        self.as_of.since(self.last[i])
    }

    /// The segment of every customer of the warehouse (`None`: not yet a customer); `None` without a grid.
    pub fn segments(&self, customers: usize) -> Option<Vec<Option<Segment>>> {
        let scores = self.scores.as_ref()?;
        let mut segments = vec![None; customers];
        for (customer, scores) in self.customer.iter().zip(scores) {
            if let Some(segment) = segments.get_mut(*customer as usize) {
                *segment = Some(scores.segment());
            }
        }
        Some(segments)
    }
}

/// Customers of one part at most: their entries fit into a core's own cache.
const PART: usize = 1 << 12;
/// Rows brought into the order of the parts at a time.
const CHUNK: usize = 1 << 18;

#[derive(Clone, Copy, Default)]
struct Purchase {
    customer: u32,
    day: Day,
    net: i64,
}

/// Purchases sorted by part of the customers, chunk by chunk, so that every part can be collected on its own: the
/// customers of consecutive rows lie far apart, and reaching for each in memory would cost more than all the rest.
struct Parts {
    customers: usize,
    /// Customers of each part but the last.
    size: usize,
    /// Rows of a chunk by part, and where each part's begin.
    chunks: Vec<(Vec<Purchase>, Vec<usize>)>,
}

impl Parts {
    fn of(customers: usize, as_of: Day, customer: &[u32], days: &[Day], net: &[i64]) -> Self {
        let size = customers.div_ceil(64).clamp(1, PART);
        let chunk = |((customer, days), net): ((&[u32], &[Day]), &[i64])| {
            let rows = || customer.iter().zip(days).zip(net).filter(|((_, day), _)| **day <= as_of);
            let mut starts = vec![0; customers.div_ceil(size) + 1];
            rows().for_each(|((customer, _), _)| starts[*customer as usize / size + 1] += 1);
            (1..starts.len()).for_each(|part| starts[part] += starts[part - 1]);
            let mut sorted = vec![Purchase::default(); starts.last().copied().unwrap_or(0)];
            let mut next = starts.clone();
            for ((customer, day), net) in rows() {
                let next = &mut next[*customer as usize / size];
                sorted[*next] = Purchase { customer: *customer, day: *day, net: *net };
                *next += 1;
            }
            (sorted, starts)
        };
        let chunks = customer.par_chunks(CHUNK).zip(days.par_chunks(CHUNK)).zip(net.par_chunks(CHUNK));
        Self { customers, size, chunks: chunks.map(chunk).collect() }
    }

    /// The entries of all customers.
    fn collected(&self) -> Vec<Purchases> {
        let part = |part: usize| {
            let rows = self.chunks.iter().flat_map(|(rows, starts)| &rows[starts[part]..starts[part + 1]]);
            let mut rows: Vec<Purchase> = rows.copied().collect();
            if !rows.is_sorted_by_key(|row| row.day) {
                rows = by_day(&rows);
            }
            let first = part * self.size;
            let mut collected = Collected::new(self.size.min(self.customers - first));
            for row in rows {
                collected.add(row.customer - first as u32, row.day, row.net);
            }
            collected.0
        };
        (0..self.customers.div_ceil(self.size)).into_par_iter().flat_map_iter(part).collect()
    }
}

/// The rows by day: a counting sort, since days are few.
fn by_day(rows: &[Purchase]) -> Vec<Purchase> {
    let days = || rows.iter().map(|row| row.day);
    let (Some(first), Some(last)) = (days().min(), days().max()) else { return Vec::new() };
    let place = |day: Day| day.since(first) as usize;
    let mut starts = vec![0_u32; place(last) + 2];
    days().for_each(|day| starts[place(day) + 1] += 1);
    (1..starts.len()).for_each(|place| starts[place] += starts[place - 1]);
    let mut sorted = vec![Purchase::default(); rows.len()];
    for row in rows {
        let next = &mut starts[place(row.day)];
        sorted[*next as usize] = *row;
        *next += 1;
    }
    sorted
}

/// One entry a customer, bought or not; kept together, because the customers of consecutive orders lie far apart.
struct Collected(Vec<Purchases>);

#[derive(Clone, Copy)]
struct Purchases {
    monetary: i128,
    first: Day,
    last: Day,
    frequency: u32,
}

impl Collected {
    fn new(customers: usize) -> Self {
        Self(vec![Purchases { monetary: 0, first: Day(0), last: Day(i32::MIN), frequency: 0 }; customers])
    }

    /// Days must not fall.
    fn add(&mut self, customer: u32, day: Day, net: i64) {
        let purchases = &mut self.0[customer as usize];
        if purchases.frequency == 0 {
            purchases.first = day;
        }
        purchases.frequency += u32::from(purchases.last != day);
        purchases.last = day;
        purchases.monetary += i128::from(net);
    }

    fn finish(self, as_of: Day) -> Rfm {
        let bought = || (0_u32..).zip(&self.0).filter(|(_, purchases)| purchases.frequency > 0);
        let mut rfm = Rfm {
            as_of,
            customer: bought().map(|(row, _)| row).collect(),
            first: bought().map(|(_, purchases)| purchases.first).collect(),
            last: bought().map(|(_, purchases)| purchases.last).collect(),
            frequency: bought().map(|(_, purchases)| purchases.frequency).collect(),
            monetary: bought().map(|(_, purchases)| purchases.monetary).collect(),
            scores: None,
        };
        if rfm.len() >= FEWEST_FOR_GRID {
            rfm.scores = Some(scores(&rfm));
        }
        rfm
    }
}

fn scores(rfm: &Rfm) -> Vec<Scores> {
    let r = parts(&rfm.last, 5);
    let m = parts(&rfm.monetary, 5);
    let f = frequency_scores(&rfm.frequency);
    (0..rfm.len()).map(|i| Scores { r: 1 + r[i], f: f[i], m: 1 + m[i] }).collect()
}

fn frequency_scores(frequency: &[u32]) -> Vec<u8> {
    let repeat: Vec<u32> = frequency.iter().copied().filter(|days| *days > 1).collect();
    let mut part = parts(&repeat, 4).into_iter();
    frequency.iter().map(|days| if *days > 1 { 2 + part.next().unwrap_or(0) } else { 1 }).collect()
}

/// ⌊n·B⌋ for each value, B the share of values strictly below it: 0 … n − 1.
///
/// B ≥ k/n exactly for values above the ⌈k·len/n⌉-th smallest, so n − 1 order statistics decide and nothing is sorted.
fn parts<T: Ord + Copy>(values: &[T], n: usize) -> Vec<u8> {
    let mut ordered = values.to_vec();
    let cuts: Vec<T> = (1..n)
        .filter_map(|k| (k * values.len()).div_ceil(n).checked_sub(1))
        .map(|place| *ordered.select_nth_unstable(place).1)
        .collect();
    values.iter().map(|value| cuts.iter().filter(|cut| value > *cut).count() as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of DEFINITIONS §4, rows R = 5 … 1, columns F = 1 … 5.
    const GRID: [[&str; 5]; 5] = [
        ["new", "potential_loyalists", "potential_loyalists", "champions", "champions"],
        ["promising", "potential_loyalists", "potential_loyalists", "loyal", "loyal"],
        ["about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"],
        ["hibernating", "hibernating", "at_risk", "at_risk", "cant_lose"],
        ["lost", "lost", "at_risk", "at_risk", "cant_lose"],
    ];

    fn of(customers: usize, as_of: Day, purchases: &[(u32, Day, i64)]) -> Rfm {
        let customer: Vec<u32> = purchases.iter().map(|row| row.0).collect();
        let days: Vec<Day> = purchases.iter().map(|row| row.1).collect();
        let net: Vec<i64> = purchases.iter().map(|row| row.2).collect();
        Rfm::from_columns(customers, as_of, customer, days, net)
    }

    #[test]
    fn a_part_is_the_share_strictly_below() {
        let mut random = 1_u64;
        for len in [1, 2, 4, 5, 7, 50, 333] {
            let values: Vec<u64> = (0..len)
                .map(|_| {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (random >> 33) % 20
                })
                .collect();
            for n in [4, 5] {
                let below = |value| values.iter().filter(|other| *other < value).count();
                let plain: Vec<u8> = values.iter().map(|value| (n * below(value) / len) as u8).collect();
                assert_eq!(parts(&values, n), plain, "{len} values in {n} parts");
            }
        }
    }

    #[test]
    fn all_25_cells() {
        for (row, segments) in GRID.iter().enumerate() {
            for (column, segment) in segments.iter().enumerate() {
                let scores = Scores { r: 5 - row as u8, f: 1 + column as u8, m: 1 };
                assert_eq!(scores.segment().key(), *segment, "{scores:?}");
            }
        }
    }

    #[test]
    fn equal_values_score_the_same_and_one_purchase_day_is_f_1() {
        // 60 customers: 30 bought once, 30 on 2 … 31 days; two orders on one day are one purchase day.
        let mut purchases = Vec::new();
        for customer in 0..60_u32 {
            for n in 0..=customer.saturating_sub(29) {
                purchases.push((customer, Day(100 - n as i32), 1_000_000));
            }
            purchases.push((customer, Day(100), 500_000));
        }
        let rfm = of(60, Day(107), &purchases);
        let scores = rfm.scores.as_ref().unwrap();
        assert_eq!((rfm.recency(0), rfm.frequency[0], rfm.monetary[0]), (7, 1, 1_500_000));
        assert!(scores.iter().all(|scores| scores.r == 1), "all bought last on the same day");
        assert!(scores[..30].iter().all(|scores| scores.f == 1));
        let count = |f| scores.iter().filter(|scores| scores.f == f).count();
        assert_eq!((count(2), count(3), count(4), count(5)), (8, 7, 8, 7), "⌊4·B⌋ of 30 distinct values");
        assert_eq!((scores[0].m, scores[29].m, scores[59].m), (1, 1, 5));
    }

    #[test]
    fn what_comes_later_does_not_exist_yet_and_few_make_no_grid() {
        let purchases = vec![(0, Day(1), 5), (0, Day(3), 5), (1, Day(9), 5)];
        let rfm = of(3, Day(3), &purchases);
        assert_eq!((rfm.customer.as_slice(), rfm.frequency.as_slice()), ([0].as_slice(), [2].as_slice()));
        assert!(rfm.scores.is_none() && rfm.segments(3).is_none());
    }
}
