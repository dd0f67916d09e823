//! What do the value models see of each customer?
//!
//! Kept orders with a customer only (DEFINITIONS §1, §5): purchase days, x, t_x and T in weeks up to today, m over the
//! x repeat days in units of the shop's currency; beside them what the tool multiplies with: margin and season.

use crate::domain::{Day, MONTH_DAYS, Span};
use crate::features::margin;
use crate::model::clv::pace::{self, Pace};
use crate::model::clv::value::Horizon;
use crate::model::clv::{History, PurchaseFit, Snapshot};
use crate::warehouse::{NONE, Warehouse};

/// Everything the value models need, made from the shop's columns.
#[derive(Debug, Clone)]
pub struct ClvInput {
    /// The day looked from.
    pub today: Day,
    /// First kept order to today.
    pub span: Span,
    /// Purchase days of all customers, by row of the warehouse.
    pub history: History,
    /// The customers as of today.
    pub now: Snapshot,
    /// Net goods so far of each customer of `now`.
    pub past_value: Vec<f64>,
    /// Margins, where they are known well enough.
    pub margin: Option<Margin>,
    /// The year's season, where two of them are known.
    pub season: Option<Season>,
}

/// Shares of net goods that stay after cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Margin {
    /// m̄: over net goods of the last 52 weeks.
    pub shop: f64,
    /// m̄ᵢ of each customer of `now`, shrunk to m̄.
    pub customers: Vec<f64>,
}

/// How much busier or quieter each calendar month is than the year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Season {
    /// Factor of January … December, shrunk to 1.
    pub month: [f64; 12],
    /// Whole years it rests on.
    pub years: u32,
}

/// Orders at which a customer's own margin weighs as much as the shop's.
const SHRINK_ORDERS: f64 = 5.0;
/// Seasons needed before one is believed.
const YEARS_MIN: u32 = 2;
/// Days in a year of the season's count.
const YEAR_DAYS: i32 = 365;
const MONTHS_A_YEAR: u32 = 12;

impl ClvInput {
    /// As of the end of `today`; `None` without any kept order of a customer until then.
    pub fn from_warehouse(warehouse: &Warehouse, today: Day) -> Option<Self> {
        let orders = &warehouse.orders;
        let kept: Vec<usize> = (0..orders.day.len())
            .filter(|row| {
                warehouse.is_kept(*row) && orders.customer[*row] != NONE && orders.day[*row] <= today.0
            })
            .collect();
        let first = kept.iter().map(|row| orders.day[*row]).min()?;
        let amount = |row: usize| orders.net[row] as f64 / 1e6;
        let purchases =
            kept.iter().map(|row| (orders.customer[*row], orders.day[*row], amount(*row))).collect();
        let history = History::new(warehouse.customers.id.len(), purchases);
        let now = history.as_of(today.0);
        let past_value = now.customer.iter().map(|row| history.of(*row as usize).1.iter().sum()).collect();
        let span = Span { from: Day(first), to: today };
        Some(Self {
            today,
            span,
            past_value,
            margin: margin(warehouse, &kept, today, &now),
            season: season(&history, span),
            history,
            now,
        })
    }

    /// Customers with a second purchase day.
    pub fn repeat_customers(&self) -> usize {
        self.now.buyers.iter().filter(|buyer| buyer.frequency > 0).count()
    }

    /// Seasonal factor of each month ahead of today; 1 where no season is known.
    pub fn season_ahead(&self, months: u32) -> Vec<f64> {
        let edge = |month: u32| (MONTH_DAYS * f64::from(month)).round() as i32;
        (0..months)
            .map(|month| {
                let (from, to) = (self.today.0 + edge(month), self.today.0 + edge(month + 1));
                self.purchase_days(from, to) / f64::from(to - from)
            })
            .collect()
    }

    /// The pace at which the customers' own forecasts for the months ahead (the first year of them) meet what the
    /// shop's last year says; `None` without a season.
    pub fn pace(&self, fit: &PurchaseFit, months: u32) -> Option<Pace> {
        self.season.as_ref()?;
        let months = months.min(MONTHS_A_YEAR);
        let exact = MONTH_DAYS * f64::from(months);
        let days = exact.round();
        let other = pace::year_before(&self.history, self.today.0, days as i32)? * exact / days;
        let alive: Vec<_> = self.now.buyers.iter().map(|buyer| fit.alive(buyer)).collect();
        let season = self.season_ahead(months);
        pace::between(&alive, Horizon { season, discount: 0.0 }.weeks(), other)
    }

    /// Days in (from, to], each counted by its season.
    pub fn purchase_days(&self, from: i32, to: i32) -> f64 {
        match &self.season {
            Some(season) => (from + 1..=to).map(|day| season.on(Day(day))).sum(),
            None => f64::from(to - from),
        }
    }
}

impl Season {
    /// Factor of a day.
    pub fn on(&self, day: Day) -> f64 {
        self.month[month_of(day)]
    }
}

fn month_of(day: Day) -> usize {
    usize::try_from(day.date().month() - 1).unwrap_or(0)
}

/// Share of yearly purchases by calendar month against its share of days, over whole years back from today, shrunk to
/// 1 with weight n/(n+1) (DEFINITIONS §5).
fn season(history: &History, span: Span) -> Option<Season> {
    let years = u32::try_from(span.days() / YEAR_DAYS).unwrap_or(0);
    if years < YEARS_MIN {
        return None;
    }
    let from = span.to.plus(-YEAR_DAYS * years as i32);
    let (mut purchases, mut days) = ([0.0; 12], [0.0; 12]);
    for day in from.0 + 1..=span.to.0 {
        days[month_of(Day(day))] += 1.0;
    }
    for customer in 0..history.customers() {
        for day in history.of(customer).0.iter().filter(|day| **day > from.0 && **day <= span.to.0) {
            purchases[month_of(Day(*day))] += 1.0;
        }
    }
    let mean = purchases.iter().sum::<f64>() / days.iter().sum::<f64>();
    if mean <= 0.0 {
        return None;
    }
    let weight = f64::from(years) / f64::from(years + 1);
    let month = std::array::from_fn(|m| 1.0 + weight * (purchases[m] / days[m] / mean - 1.0));
    Some(Season { month, years })
}

fn margin(warehouse: &Warehouse, kept: &[usize], today: Day, now: &Snapshot) -> Option<Margin> {
    let shop = margin::of_shop(warehouse, today)?;
    let customers = warehouse.customers.id.len();
    let mut own = vec![(0.0_f64, 0.0_f64, 0_u32); customers];
    for row in kept {
        let customer = &mut own[warehouse.orders.customer[*row] as usize];
        customer.2 += 1;
        for line in warehouse.lines_of(*row) {
            let amount = warehouse.lines.net[line] as f64;
            let rate = warehouse.products.margin_rate.get(warehouse.lines.product[line] as usize);
            let rate = rate.copied().flatten();
            customer.0 += rate.map_or(0.0, |_| amount);
            customer.1 += rate.map_or(0.0, |rate| amount * rate);
        }
    }
    let shrunk = |row: &u32| {
        let (net, earned, orders) = own[*row as usize];
        let weight = f64::from(orders) / (f64::from(orders) + SHRINK_ORDERS);
        if net > 0.0 { weight * (earned / net) + (1.0 - weight) * shop } else { shop }
    };
    Some(Margin { shop, customers: now.customer.iter().map(shrunk).collect() })
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, Gamma};

    use super::*;
    use crate::domain::NoWork;
    use crate::model::clv::PurchaseModel;

    /// Purchase days by month against the year, about as in UCI Online Retail.
    const CHRISTMAS: [f64; 12] = [0.75, 0.8, 0.95, 0.8, 1.0, 0.95, 0.9, 0.85, 1.2, 1.3, 1.7, 0.8];

    #[test]
    fn a_christmas_like_those_before_is_foreseen() {
        let [from, today, end] =
            ["2008-09-01", "2011-08-31", "2011-12-09"].map(|day| Day::parse(day).unwrap());
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let rates = Gamma::new(0.72, 1.0 / 9.4).unwrap();
        let mut purchases = Vec::new();
        for customer in 0..1_500 {
            let rate: f64 = rates.sample(&mut rng);
            for day in from.0..=end.0 {
                if rng.gen_bool((rate / 7.0 * CHRISTMAS[month_of(Day(day))]).min(1.0)) {
                    purchases.push((customer, day, 10.0));
                }
            }
        }
        let history = History::new(1_500, purchases);
        let now = history.as_of(today.0);
        let actual: f64 = history.after(&now, today.0, end.0).0.iter().sum();
        let fit = PurchaseModel::BgNbd.fit(&now.buyers, None, &NoWork).unwrap();
        let season = season(&history, Span { from, to: today }).unwrap();
        let days =
            |factor: &dyn Fn(Day) -> f64| (today.0 + 1..=end.0).map(|day| factor(Day(day))).sum::<f64>();
        let miss = |days: f64| {
            let weeks = days / 7.0;
            now.buyers.iter().map(|buyer| fit.alive(buyer).expected(weeks)).sum::<f64>() / actual - 1.0
        };
        let (plain, seasonal) = (miss(days(&|_| 1.0)), miss(days(&|day| season.on(day))));
        println!("without season {plain:+.3}, with {seasonal:+.3}");
        assert!(plain < -0.15, "without a season Christmas is missed: {plain}");
        assert!(seasonal.abs() < 0.5 * plain.abs(), "{seasonal} against {plain}");
        let one_year = Span { from: today.plus(-270), to: today };
        assert_eq!(super::season(&history, one_year), None, "nine months, as UCI's, show no season");
    }
}
