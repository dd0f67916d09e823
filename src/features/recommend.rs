//! What does the recommender see of the shop: who cares for what, what is used up and bought again, and when?
//!
//! DEFINITIONS §7. Strength of a customer's interest in a product: Σ over kept lines ln(1 + pieces kept) ·
//! 2^(−age / 180 days), plus .3 a time in the cart and .1 a view (each three at most). Whatever was ever bought counts
//! as bought, sent back or not: it is not new to the customer.

use std::collections::BTreeMap;

use crate::domain::{Day, InteractionKind, percentile};
use crate::model::recommend::{Cell, Strengths};
use crate::warehouse::{NONE, Warehouse};

/// Days in which a purchase loses half of its weight.
const HALF_LIFE: f64 = 180.0;
/// Weight of a cart and of a view, and how many count.
const CART: f64 = 0.3;
const VIEW: f64 = 0.1;
const COUNTED: u32 = 3;
/// A product is used up and bought again where at least this share of those who had time for it did so.
const AGAIN: f64 = 0.35;
/// Days in which somebody had time for it.
const TIME_FOR_IT: i32 = 180;
/// Fewer gaps between purchases make no rhythm of a product, and of one customer with it.
const GAPS_MIN: usize = 3;
const OWN_GAPS_MIN: usize = 2;

/// Strengths as of the end of a day, by row of the warehouse.
pub fn strengths(warehouse: &Warehouse, day: Day) -> Strengths {
    #[derive(Default, Clone, Copy)]
    struct Sum {
        orders: f64,
        carts: u32,
        views: u32,
        first: Option<i32>,
    }
    let mut sums: Vec<BTreeMap<u32, Sum>> = vec![BTreeMap::new(); warehouse.customers.id.len()];
    let mut days: Vec<Vec<i32>> = vec![Vec::new(); warehouse.customers.id.len()];
    each_line(warehouse, i32::MIN, day.0, |customer, product, on, kept| {
        let (Some(sum), Some(days)) = (sums.get_mut(customer as usize), days.get_mut(customer as usize))
        else {
            return;
        };
        if days.last() != Some(&on) {
            days.push(on);
        }
        let sum = sum.entry(product).or_default();
        sum.first.get_or_insert(on);
        let age = f64::from(day.0 - on);
        sum.orders += (kept.max(0) as f64).ln_1p() * (-age / HALF_LIFE).exp2();
    });
    let events = &warehouse.interactions;
    for row in (0..events.day.len()).filter(|row| events.day[*row] <= day.0 && events.product[*row] != NONE) {
        let Some(sum) = sums.get_mut(events.customer[row] as usize) else { continue };
        match events.kind[row] {
            InteractionKind::Cart => sum.entry(events.product[row]).or_default().carts += 1,
            InteractionKind::View => sum.entry(events.product[row]).or_default().views += 1,
            InteractionKind::Send | InteractionKind::Open | InteractionKind::Click => {}
        }
    }
    let cell = |(at, sum): (u32, Sum)| {
        let seen = CART * f64::from(sum.carts.min(COUNTED)) + VIEW * f64::from(sum.views.min(COUNTED));
        Cell { at, strength: sum.orders + seen, first: sum.first }
    };
    let rows = sums.into_iter().map(|row| row.into_iter().map(cell).collect()).collect();
    Strengths::new(warehouse.products.id.len(), rows, days)
}

/// Products each customer bought in (after, to], by row of the warehouse.
pub fn bought_between(warehouse: &Warehouse, after: Day, to: Day) -> Vec<Vec<u32>> {
    let mut bought = vec![Vec::new(); warehouse.customers.id.len()];
    each_line(warehouse, after.0, to.0, |customer, product, _, kept| {
        if kept > 0
            && let Some(bought) = bought.get_mut(customer as usize)
        {
            bought.push(product);
        }
    });
    bought
}

/// Lines of kept orders of customers on days in (after, to]: customer, product, day, pieces kept.
fn each_line(warehouse: &Warehouse, after: i32, to: i32, mut each: impl FnMut(u32, u32, i32, i64)) {
    let orders = &warehouse.orders;
    let from = orders.day.partition_point(|day| *day <= after);
    let until = orders.day.partition_point(|day| *day <= to);
    for order in from..until {
        let customer = orders.customer[order];
        if customer == NONE || !warehouse.is_kept(order) {
            continue;
        }
        for line in warehouse.lines_of(order) {
            let product = warehouse.lines.product[line];
            if product != NONE {
                let kept = warehouse.lines.qty[line] - warehouse.lines.returned[line];
                each(customer, product, orders.day[order], kept);
            }
        }
    }
}

/// Days on which each customer bought each product.
#[derive(Debug, Clone)]
pub struct Rhythms {
    /// By customer and product.
    days: BTreeMap<(u32, u32), Vec<i32>>,
    /// Median days between purchases by the same customer, of products that are used up and bought again.
    gaps: Vec<Option<i32>>,
}

/// When a customer bought a product, and when they may need it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// Days on which it was bought.
    pub times: usize,
    /// The last of them.
    pub last: Day,
    /// Median days between them, the product's where the customer's own are too few; `None` for what is not used up.
    pub gap: Option<i32>,
}

impl Rhythms {
    /// As of the end of a day.
    pub fn as_of(warehouse: &Warehouse, day: Day) -> Self {
        let mut days: BTreeMap<(u32, u32), Vec<i32>> = BTreeMap::new();
        each_line(warehouse, i32::MIN, day.0, |customer, product, on, kept| {
            if kept > 0 {
                let days = days.entry((customer, product)).or_default();
                if days.last() != Some(&on) {
                    days.push(on);
                }
            }
        });
        let products = warehouse.products.id.len();
        let (mut had_time, mut again) = (vec![0_u32; products], vec![0_u32; products]);
        let mut gaps = vec![Vec::new(); products];
        for ((_, product), days) in &days {
            let product = *product as usize;
            if days.first().is_some_and(|first| day.0 - first >= TIME_FOR_IT) {
                had_time[product] += 1;
                again[product] += u32::from(days.len() > 1);
            }
            gaps[product].extend(days.windows(2).map(|pair| pair[1] - pair[0]));
        }
        let gap = |(product, gaps): (usize, &mut Vec<i32>)| {
            let often = f64::from(again[product]) >= AGAIN * f64::from(had_time[product].max(1));
            if often && gaps.len() >= GAPS_MIN { percentile(gaps, 50) } else { None }
        };
        let gaps = gaps.iter_mut().enumerate().map(gap).collect();
        Self { days, gaps }
    }

    /// Median days between purchases of a product; `None` where it is not used up and bought again.
    pub fn gap(&self, product: u32) -> Option<i32> {
        self.gaps.get(product as usize).copied().flatten()
    }

    /// Of one customer and product; `None` where they never bought and kept it.
    pub fn of(&self, customer: u32, product: u32) -> Option<Rhythm> {
        let days = self.days.get(&(customer, product))?;
        let mut own: Vec<i32> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let own = if own.len() >= OWN_GAPS_MIN { percentile(&mut own, 50) } else { None };
        let gap = self.gap(product).map(|gap| own.unwrap_or(gap));
        Some(Rhythm { times: days.len(), last: Day(*days.last()?), gap })
    }
}

/// Two products in one order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Together {
    /// The other product.
    pub product: u32,
    /// Orders with both.
    pub orders: u32,
    /// How many times as often as if each were taken without regard to the other.
    pub lift: f64,
    /// What they are ranked by: lift, shrunk by n / (n + 10) where orders are few.
    pub score: f64,
}

/// Orders with both below which nothing is said.
const TOGETHER_MIN: u32 = 3;
/// Orders at which a lift counts half.
const TOGETHER_HALF: f64 = 10.0;

/// What is in one order with a product more often than chance has it, the strongest first.
pub fn together(warehouse: &Warehouse, product: u32, day: Day) -> Vec<Together> {
    let orders = &warehouse.orders;
    let (mut with, mut both) =
        (vec![0_u32; warehouse.products.id.len()], vec![0_u32; warehouse.products.id.len()]);
    let (mut all, mut own) = (0_u32, 0_u32);
    let mut basket: Vec<u32> = Vec::new();
    for order in (0..orders.day.partition_point(|on| *on <= day.0)).filter(|order| warehouse.is_kept(*order))
    {
        basket.clear();
        basket.extend(&warehouse.lines.product[warehouse.lines_of(order)]);
        basket.retain(|product| *product != NONE);
        basket.sort_unstable();
        basket.dedup();
        all += 1;
        let here = basket.binary_search(&product).is_ok();
        own += u32::from(here);
        for other in &basket {
            with[*other as usize] += 1;
            both[*other as usize] += u32::from(here);
        }
    }
    let pair = |(other, orders): (usize, &u32)| {
        if *orders < TOGETHER_MIN || other == product as usize {
            return None;
        }
        let n = f64::from(*orders);
        let lift = n * f64::from(all) / (f64::from(own) * f64::from(with[other]));
        let score = lift * n / (n + TOGETHER_HALF);
        (lift > 1.0).then_some(Together { product: other as u32, orders: *orders, lift, score })
    };
    let mut pairs: Vec<Together> = both.iter().enumerate().filter_map(pair).collect();
    pairs.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.product.cmp(&b.product)));
    pairs
}
