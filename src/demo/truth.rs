//! What is true of the demo shop, that its data does not tell?
//!
//! DEFINITIONS §12 line 10. Kept as `demo-truth.json` beside the store; never imported, no
//! tool reads it. Money in EUR.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::basket::{Basket, Taste};
use super::catalogue::{self, N_PRODUCTS};
use super::events::EventTruth;
use super::fate::Fate;
use super::feedback::{self, FeedbackTruth, ReviewTruth};
use super::lift::LiftTruth;
use super::plans::{self, PlanTruth};
use super::process::{Cause, Parameters, Person, Placed};
use super::response::{ORDER_VALUE, Response};
use super::season::{FIRST_DAY, LAST_DAY, WEEKS_COMPLETE, monday, organic_orders};
use super::sends::{ExperimentTruth, SendRates};
use super::spend::{CHANNELS, N_CHANNELS, Weekly};
use crate::domain::{CustomerId, Day, ProductId};

/// Days ahead for which each customer's future is kept.
pub const HORIZONS: [i32; 4] = [30, 90, 182, 365];

/// The truth file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Truth {
    /// The seed that makes the shop.
    pub seed: u64,
    /// First and last day of the data.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Of customers and organic orders.
    pub parameters: Parameters,
    /// Mean net value of a caused order, cancelled ones counted with 0.
    pub order_value: f64,
    /// What is true of each channel.
    pub channels: BTreeMap<String, ChannelTruth>,
    /// The complete weeks.
    pub weeks: Vec<WeekTruth>,
    /// How messages are opened and clicked.
    pub sends: SendRates,
    /// Rates of the experiments' arms.
    pub experiments: Vec<ExperimentTruth>,
    /// What the lift tests should have measured.
    pub lift_tests: Vec<LiftTruth>,
    /// How often the reviews are about what.
    pub feedback: FeedbackTruth,
    /// What each review is about.
    pub reviews: Vec<ReviewTruth>,
    /// What happened to the shop.
    pub events: Vec<EventTruth>,
    /// The best splits of three budgets.
    pub plans: Vec<PlanTruth>,
    /// All customers of the data.
    pub customers: Vec<CustomerTruth>,
}

/// A channel's parameters and its effect over the complete weeks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChannelTruth {
    /// Carry-over a week; weights over 13 weeks sum to 1.
    pub alpha: f64,
    /// κ: money a week.
    pub half_saturation: f64,
    /// Hill slope.
    pub slope: f64,
    /// β: money a week.
    pub beta: f64,
    /// Share of its orders that new customers place.
    pub share_new: f64,
    /// Spend over the complete weeks.
    pub spend: f64,
    /// Expected revenue over spend.
    pub roi: f64,
    /// Expected revenue per unit for 1 % more in each complete week.
    pub mroi: f64,
    /// Σ over the complete weeks.
    pub contribution: Effect,
}

/// Short-run revenue: what was expected, and what the orders with this cause came to.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Effect {
    /// From the parameters.
    pub expected: f64,
    /// Σ net value of the orders with this tag, once all returns are in.
    pub realised: f64,
}

/// One week.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct WeekTruth {
    /// Its Monday.
    pub monday: Day,
    /// Revenue without media.
    pub organic: Effect,
    /// Revenue by channel.
    pub channels: BTreeMap<String, Effect>,
}

/// One customer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CustomerTruth {
    /// Key.
    pub id: CustomerId,
    /// λ: orders come in proportion to it.
    pub lambda: f64,
    /// Chance to drop out after an order.
    pub p: f64,
    /// Mean order against the shop's.
    pub basket: f64,
    /// Acquired by display or social before Christmas (3p).
    pub lapsing: bool,
    /// Whether still a customer at the end of the last day.
    pub alive: bool,
    /// What they like.
    pub taste: Taste,
    /// By days ahead (30, 90, 182, 365).
    pub next: BTreeMap<i32, Future>,
    /// Products never bought in the data, bought and kept in the 90 days after; in the order in which they were.
    #[serde(default)]
    pub next_new: Vec<ProductId>,
}

/// Kept orders after the last day and what stays with the shop of them.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Future {
    /// Orders that are not cancelled and not wholly returned.
    pub orders: u32,
    /// Their net value.
    pub revenue: f64,
}

/// The truth of lines 8 and 9.
pub(super) struct Told {
    pub(super) reviews: Vec<ReviewTruth>,
    pub(super) lifts: Vec<LiftTruth>,
    pub(super) experiments: Vec<ExperimentTruth>,
}

impl Truth {
    /// Adds what is known only once everything is made.
    pub(super) fn told(&mut self, spend: &[Weekly; N_CHANNELS], response: &Response, told: Told) {
        for (c, channel) in CHANNELS.iter().enumerate() {
            if let Some(truth) = self.channels.get_mut(channel.name) {
                truth.mroi = response.mroi(c, &spend[c]);
            }
        }
        self.plans = plans::plans(spend, response);
        self.reviews = told.reviews;
        self.lift_tests = told.lifts;
        self.experiments = told.experiments;
    }
}

/// Collects the truth while the orders are made.
pub(super) struct Ledger {
    organic: Vec<f64>,
    channels: Vec<[f64; CHANNELS.len()]>,
    next: Vec<[Future; HORIZONS.len()]>,
    bought: Vec<[bool; N_PRODUCTS]>,
    next_new: Vec<Vec<ProductId>>,
}

/// Days ahead whose new products are kept.
const NEW_DAYS: i32 = 90;

impl Ledger {
    pub(super) fn new(customers: usize) -> Self {
        Self {
            organic: vec![0.0; WEEKS_COMPLETE],
            channels: vec![[0.0; CHANNELS.len()]; WEEKS_COMPLETE],
            next: vec![Default::default(); customers],
            bought: vec![[false; N_PRODUCTS]; customers],
            next_new: vec![Vec::new(); customers],
        }
    }

    /// Books an order under its cause where it lies in the complete weeks, and under its customer's future where it
    /// comes after the data.
    pub(super) fn book(&mut self, placed: &Placed, fate: &Fate, basket: &Basket) {
        self.meet(placed, fate, basket);
        let net = fate.net() as f64 / 100.0;
        let week = placed.day.since(FIRST_DAY) as usize / 7;
        match placed.cause {
            _ if week >= WEEKS_COMPLETE => {}
            Cause::Organic => self.organic[week] += net,
            Cause::Channel(c) => self.channels[week][c] += net,
        }
        let ahead = placed.day.since(LAST_DAY);
        if ahead <= 0 || fate.net() <= 0 {
            return;
        }
        if let Some(next) = self.next.get_mut(placed.who) {
            for (future, _) in next.iter_mut().zip(HORIZONS).filter(|(_, horizon)| ahead <= *horizon) {
                future.orders += 1;
                future.revenue += net;
            }
        }
    }

    /// Notes what somebody buys for the first time.
    fn meet(&mut self, placed: &Placed, fate: &Fate, basket: &Basket) {
        let ahead = placed.day.since(LAST_DAY);
        let Some(bought) = self.bought.get_mut(placed.who) else { return };
        for (line, piece) in basket.pieces.iter().enumerate() {
            if ahead <= 0 {
                bought[piece.item] |= !fate.is_cancelled();
            } else if ahead <= NEW_DAYS && !bought[piece.item] && fate.keeps(line) {
                bought[piece.item] = true;
                self.next_new[placed.who].push(catalogue::id(piece.item));
            }
        }
    }

    /// The file, once every order is booked; `ids` and `tastes` are of the data's customers.
    pub(super) fn close(
        self,
        seed: u64,
        response: &Response,
        people: &[Person],
        ids: Vec<CustomerId>,
        tastes: &[Taste],
        events: Vec<EventTruth>,
    ) -> Truth {
        let channels = (0..CHANNELS.len()).map(|c| (CHANNELS[c].name.to_owned(), self.channel(c, response)));
        let customer = |(k, id): (usize, CustomerId)| {
            let Person { lambda, p, basket, lapsing, alive, .. } = people[k];
            let next = HORIZONS.into_iter().zip(self.next[k]).collect();
            let next_new = self.next_new[k].clone();
            CustomerTruth { id, lambda, p, basket, lapsing, alive, taste: tastes[k], next, next_new }
        };
        Truth {
            seed,
            from: FIRST_DAY,
            to: LAST_DAY,
            parameters: Parameters::default(),
            order_value: ORDER_VALUE,
            channels: channels.collect(),
            weeks: (0..WEEKS_COMPLETE).map(|week| self.week(week, response)).collect(),
            sends: SendRates::default(),
            experiments: Vec::new(),
            lift_tests: Vec::new(),
            feedback: feedback::planted(),
            reviews: Vec::new(),
            events,
            plans: Vec::new(),
            customers: ids.into_iter().enumerate().map(customer).collect(),
        }
    }

    fn channel(&self, c: usize, response: &Response) -> ChannelTruth {
        let expected = response.expected[c].iter().take(WEEKS_COMPLETE).sum::<f64>();
        ChannelTruth {
            alpha: CHANNELS[c].alpha,
            half_saturation: response.half_saturation[c],
            slope: CHANNELS[c].slope,
            beta: response.beta[c],
            share_new: CHANNELS[c].share_new,
            spend: response.spend[c],
            roi: expected / response.spend[c],
            mroi: 0.0,
            contribution: Effect { expected, realised: self.channels.iter().map(|week| week[c]).sum() },
        }
    }

    fn week(&self, week: usize, response: &Response) -> WeekTruth {
        let effect =
            |c: usize| Effect { expected: response.expected[c][week], realised: self.channels[week][c] };
        WeekTruth {
            monday: monday(week),
            organic: Effect { expected: organic_orders(week) * ORDER_VALUE, realised: self.organic[week] },
            channels: (0..CHANNELS.len()).map(|c| (CHANNELS[c].name.to_owned(), effect(c))).collect(),
        }
    }
}
