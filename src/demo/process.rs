//! Who orders when, and why?
//!
//! DEFINITIONS §12 lines 1, 2 and 4 played week by week: organic orders and those the channels cause are spread over
//! the week's days and hours; some are first orders of new customers, the others are dealt to the living in
//! proportion to their activity λ. Every order carries its hidden cause.

use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::response::{ORDER_VALUE, Response};
use super::season::{
    FIRST_DAY, GROWTH_YEARLY, HARMONICS, LAST_DAY, ORGANIC_WEEKLY, WEEKS_SIMULATED, moment, organic_orders,
    season,
};
use super::spend::CHANNELS;
use super::streams::{Line, Rng, Streams, beta, gamma, normal, poisson};
use crate::domain::Day;

/// Customers before the first day.
pub(super) const AT_THE_START: usize = 1_050;
/// Organic new customers a week at season 1.
const ARRIVALS_WEEKLY: f64 = 4.0;
/// λ ~ Gamma(shape, rate).
const ACTIVITY: (f64, f64) = (1.2, 5.0);
/// p ~ Beta(a, b), and times as much for those who lapse.
const DROP_OUT: (f64, f64) = (0.8, 9.0);
const LAPSING: f64 = 3.0;
/// Standard deviation of the log of the basket level.
const BASKET_SD: f64 = 0.4;
/// Its mean: the mean level is 1.
const BASKET_MEAN: f64 = -0.08;
/// Shape of an order's factor; its mean is 1.
const FACTOR_SHAPE: f64 = 10.0;

/// Parameters of lines 1 and 2, for the truth file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// Customers before the first day.
    pub customers_at_start: usize,
    /// Organic new customers a week at season 1.
    pub arrivals_weekly: f64,
    /// λ ~ Gamma(shape, rate).
    pub lambda: (f64, f64),
    /// p ~ Beta(a, b).
    pub p: (f64, f64),
    /// Times p for those acquired by display or social before Christmas.
    pub lapsing: f64,
    /// Standard deviation of the log of the basket level.
    pub basket_sd: f64,
    /// Shape of an order's factor.
    pub factor_shape: f64,
    /// Organic orders a week at season 1, at the start.
    pub organic_weekly: f64,
    /// Their growth a year.
    pub growth_yearly: f64,
    /// Amplitudes of the first two harmonics of the season.
    pub season: [f64; 2],
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            customers_at_start: AT_THE_START,
            arrivals_weekly: ARRIVALS_WEEKLY,
            lambda: ACTIVITY,
            p: DROP_OUT,
            lapsing: LAPSING,
            basket_sd: BASKET_SD,
            factor_shape: FACTOR_SHAPE,
            organic_weekly: ORGANIC_WEEKLY,
            growth_yearly: GROWTH_YEARLY,
            season: HARMONICS,
        }
    }
}

/// Why an order was placed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cause {
    Organic,
    /// Position in [`CHANNELS`].
    Channel(usize),
}

/// What nobody at the shop knows about a customer.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Person {
    /// λ: activity, orders a week relative to the others'.
    pub(super) lambda: f64,
    /// Chance to drop out after an order.
    pub(super) p: f64,
    /// Mean order relative to the shop's.
    pub(super) basket: f64,
    /// Acquired by display or social before Christmas.
    pub(super) lapsing: bool,
    /// Day of registration.
    pub(super) joined: Day,
    /// Orders until drop-out: what the coins after each order come to.
    orders_for_life: u64,
    orders: u64,
    /// Neither dropped out by the last day of the data, nor new after it.
    pub(super) alive: bool,
}

/// An order before anybody chose what is in it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Placed {
    pub(super) day: Day,
    /// Second of the local day.
    pub(super) second: u32,
    pub(super) cause: Cause,
    /// Position in the list of people.
    pub(super) who: usize,
    /// This order against a mean one: the customer's basket level times the order's factor, over the mean level of
    /// the living. Without the last the mean order wanders by 2 % as the few who order most come and go, and weekly
    /// residuals were correlated by .12 (12 seeds).
    pub(super) size: f64,
}

/// What happened, and what would happen in the year after the data.
pub(super) struct Played {
    /// Everybody by arrival, those after the data included.
    pub(super) people: Vec<Person>,
    /// By time, those after the data included.
    pub(super) placed: Vec<Placed>,
}

/// Plays all weeks.
pub(super) fn play(streams: &Streams, response: &Response) -> Played {
    let mut crowd = Crowd::new(streams);
    let mut week_rng = WeekRng::new(streams);
    let mut dealer = streams.open(Line::Orders, 2);
    let mut factors = streams.open(Line::Customers, 3);
    let mut placed = Vec::new();
    for week in 0..WEEKS_SIMULATED {
        for visit in week_rng.visits(week, response) {
            crowd.close_books(visit.day);
            let u = dealer.r#gen();
            let who = if visit.new { None } else { crowd.pick(u) };
            let who = who.unwrap_or_else(|| crowd.arrive(visit.cause, visit.day));
            let size = crowd.people[who].basket / crowd.basket_mean()
                * gamma(&mut factors, FACTOR_SHAPE, 1.0 / FACTOR_SHAPE);
            crowd.order(who);
            let Visit { day, second, cause, .. } = visit;
            placed.push(Placed { day, second, cause, who, size });
        }
    }
    Played { people: crowd.people, placed }
}

struct Visit {
    day: Day,
    second: u32,
    cause: Cause,
    new: bool,
}

/// The streams that a week draws from.
struct WeekRng {
    arrivals: Rng,
    organic: Rng,
    moments: Rng,
    rounding: Rng,
    newcomers: Rng,
}

impl WeekRng {
    fn new(streams: &Streams) -> Self {
        Self {
            arrivals: streams.open(Line::Customers, 1),
            organic: streams.open(Line::Orders, 0),
            moments: streams.open(Line::Orders, 1),
            rounding: streams.open(Line::Response, 0),
            newcomers: streams.open(Line::Response, 1),
        }
    }

    /// The week's orders by time.
    fn visits(&mut self, week: usize, response: &Response) -> Vec<Visit> {
        let arrivals = poisson(&mut self.arrivals, ARRIVALS_WEEKLY * season(week));
        let organic = poisson(&mut self.organic, organic_orders(week));
        let mut causes: Vec<(Cause, bool)> = (0..organic).map(|k| (Cause::Organic, k < arrivals)).collect();
        for (c, channel) in CHANNELS.iter().enumerate() {
            let caused = response.expected[c][week] / ORDER_VALUE + self.rounding.r#gen::<f64>();
            for _ in 0..caused.floor() as usize {
                causes.push((Cause::Channel(c), self.newcomers.gen_bool(channel.share_new)));
            }
        }
        let visit = |(cause, new): (Cause, bool)| {
            let (day, second) = moment(&mut self.moments, week);
            Visit { day, second, cause, new }
        };
        let mut visits: Vec<Visit> = causes.into_iter().map(visit).collect();
        visits.sort_by_key(|visit| (visit.day, visit.second));
        visits
    }
}

/// Everybody, and a tree of the activities of those who are still with the shop.
struct Crowd {
    people: Vec<Person>,
    living: WeightTree,
    /// The same with activity × basket level.
    baskets: WeightTree,
    traits: Rng,
    books_open: bool,
}

impl Crowd {
    fn new(streams: &Streams) -> Self {
        let traits = streams.open(Line::Customers, 0);
        let mut crowd = Self {
            people: Vec::new(),
            living: WeightTree::new(),
            baskets: WeightTree::new(),
            traits,
            books_open: true,
        };
        let mut joined = streams.open(Line::Customers, 2);
        let mut days: Vec<i32> = (0..AT_THE_START).map(|_| joined.gen_range(1..=730)).collect();
        days.sort_unstable_by(|a, b| b.cmp(a));
        for before in days {
            let who = crowd.meet(false, FIRST_DAY.plus(-before));
            crowd.weigh(who, true);
        }
        crowd
    }

    /// A person's traits are the next of their own stream, whoever they are.
    fn meet(&mut self, lapsing: bool, joined: Day) -> usize {
        let rng = &mut self.traits;
        let lambda = gamma(rng, ACTIVITY.0, 1.0 / ACTIVITY.1);
        let p = beta(rng, DROP_OUT.0, DROP_OUT.1) * if lapsing { LAPSING } else { 1.0 };
        let p = p.clamp(1e-12, 1.0);
        let basket = (normal(rng, BASKET_SD) + BASKET_MEAN).exp();
        let orders_for_life = lifetime(p, rng.r#gen());
        let alive = self.books_open;
        self.people.push(Person { lambda, p, basket, lapsing, joined, orders_for_life, orders: 0, alive });
        self.people.len() - 1
    }

    fn arrive(&mut self, cause: Cause, day: Day) -> usize {
        let lapsing = matches!(cause, Cause::Channel(c) if CHANNELS[c].lapsing) && before_christmas(day);
        self.meet(lapsing, day)
    }

    fn pick(&self, uniform: f64) -> Option<usize> {
        self.living.pick(uniform)
    }

    fn order(&mut self, who: usize) {
        let person = &mut self.people[who];
        person.orders += 1;
        let stays = person.orders < person.orders_for_life;
        if self.books_open {
            person.alive = stays;
        }
        self.weigh(who, stays);
    }

    fn weigh(&mut self, who: usize, living: bool) {
        let Person { lambda, basket, .. } = self.people[who];
        let weight = if living { lambda } else { 0.0 };
        self.living.set(who, weight);
        self.baskets.set(who, weight * basket);
    }

    /// Mean basket level of the living, by activity: what the next order is worth on average.
    fn basket_mean(&self) -> f64 {
        if self.living.total() > 0.0 { self.baskets.total() / self.living.total() } else { 1.0 }
    }

    /// After the last day of the data nobody's `alive` changes any more.
    fn close_books(&mut self, day: Day) {
        self.books_open &= day <= LAST_DAY;
    }
}

/// Orders until a coin with chance `p` after each order first falls: geometric, ≥ 1.
fn lifetime(p: f64, uniform: f64) -> u64 {
    1 + ((1.0 - uniform).ln() / (-p).ln_1p()).floor() as u64
}

/// 15 November to 24 December.
fn before_christmas(day: Day) -> bool {
    let date = day.date();
    (date.month() == 11 && date.day() >= 15) || (date.month() == 12 && date.day() <= 24)
}

/// Sums of non-negative weights over a binary tree: pick in proportion and change one weight in log n steps.
/// Each parent is recomputed from its children, so that no rounding piles up over 70,000 changes.
struct WeightTree {
    sums: Vec<f64>,
}

impl WeightTree {
    /// A power of two above all customers of three years (about 4,000).
    const LEAVES: usize = 16_384;

    fn new() -> Self {
        Self { sums: vec![0.0; 2 * Self::LEAVES] }
    }

    fn set(&mut self, leaf: usize, weight: f64) {
        let mut node = Self::LEAVES + leaf;
        self.sums[node] = weight;
        while node > 1 {
            node /= 2;
            self.sums[node] = self.sums[2 * node] + self.sums[2 * node + 1];
        }
    }

    fn total(&self) -> f64 {
        self.sums[1]
    }

    fn pick(&self, uniform: f64) -> Option<usize> {
        let mut left = uniform * self.sums[1];
        if self.sums[1] <= 0.0 {
            return None;
        }
        let mut node = 1;
        while node < Self::LEAVES {
            node *= 2;
            // rounding may leave `left` at the very end, where the right half is empty
            if left >= self.sums[node] && self.sums[node + 1] > 0.0 {
                left -= self.sums[node];
                node += 1;
            }
        }
        Some(node - Self::LEAVES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_picks_in_proportion_and_never_the_dead() {
        let mut tree = WeightTree::new();
        assert_eq!(tree.pick(0.3), None);
        for (leaf, weight) in [(0, 1.0), (5, 2.0), (9, 1.0)] {
            tree.set(leaf, weight);
        }
        let picks: Vec<_> = [0.0, 0.24, 0.26, 0.74, 0.76, 1.0].map(|u| tree.pick(u).unwrap()).into();
        assert_eq!(picks, [0, 0, 5, 5, 9, 9]);
        tree.set(9, 0.0);
        assert_eq!(tree.pick(1.0), Some(5));
    }

    #[test]
    fn lifetimes_have_the_mean_of_the_coin() {
        let n = 100_000;
        let mean = (0..n).map(|k| lifetime(0.2, (f64::from(k) + 0.5) / f64::from(n)) as f64).sum::<f64>()
            / f64::from(n);
        assert!((mean - 5.0).abs() < 0.01, "{mean}");
        assert_eq!(lifetime(1.0, 0.7), 1);
    }
}
