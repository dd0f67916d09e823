//! What happened to the shop, that its manager would want to find out?
//!
//! DEFINITIONS §12 line 7: tea got 8 % dearer on 2026-04-01 and sells 6 % fewer units for it; Espresso Beans 1kg could
//! not be had in Berlin from 2026-05-11 to 05-31; another courier delivers in Berlin since 2026-05-04 (that one shows
//! in the reviews). The events change what is in a basket that was already filled: who orders when, what lies at home
//! and every other basket are the same as without them. The rise goes on after the data.

use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::basket::{Basket, Piece};
use super::catalogue::{COFFEE, ITEMS, N_PRODUCTS, SNACKS, TEA, category, id, on_sale};
use super::season::LAST_DAY;
use super::streams::{Line, Rng, Streams, pick};
use crate::domain::{Day, ProductId};

/// 2026-04-01.
pub(super) const TEA_DEARER: Day = Day(20_544);
/// Percent; what the shop pays rose alike, so that the margin is what it was.
const DEARER: i64 = 8;
/// Share of tea's units that people no longer take.
const UNITS_LOST: f64 = 0.06;
/// 2026-05-11 … 05-31.
const SOLD_OUT: (Day, Day) = (Day(20_584), Day(20_604));
/// Espresso Beans 1kg.
const SOLD_OUT_ITEM: usize = 0;
/// Of those who find it sold out and have something else in the basket, so many take no other coffee for it.
const GOES_WITHOUT: f64 = 0.5;
/// 2026-05-04.
pub(super) const NEW_COURIER: Day = Day(20_577);
/// How much more often its deliveries are complained about.
pub(super) const COMPLAINTS: f64 = 4.0;
/// Where.
pub(super) const EVENT_CITY: &str = "Berlin";

/// One event, as the truth file has it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EventTruth {
    /// What happened.
    pub kind: EventKind,
    /// First day.
    pub from: Day,
    /// Last day, where it ended.
    pub to: Option<Day>,
    /// Where, if not everywhere.
    pub city: Option<String>,
    /// To which products; empty where it is none's.
    pub products: Vec<ProductId>,
    /// Of prices (+.08), of the chance to be bought (−.06, −1), of the rate of complaints (× 4).
    pub factor: f64,
    /// Pieces sold of these products there and then, cancelled orders included.
    pub units: i64,
    /// The pieces that would have been sold without it.
    pub units_without: i64,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A list price rose.
    PriceRise,
    /// A product could not be had.
    StockOut,
    /// Another courier delivers.
    CourierChange,
}

/// The events at work.
pub(super) struct Events {
    rng: Rng,
    /// Off in the shop that the others are compared with.
    happen: bool,
    tea: Units,
    espresso: Units,
}

/// Pieces with the event and without it, over the days of the data.
#[derive(Default)]
struct Units {
    sold: i64,
    planned: i64,
}

impl Events {
    pub(super) fn new(streams: &Streams) -> Self {
        Self {
            rng: streams.open(Line::Events, 0),
            happen: streams.events(),
            tea: Units::default(),
            espresso: Units::default(),
        }
    }

    /// What becomes of a planned basket.
    pub(super) fn act(&mut self, day: Day, city: Option<&str>, planned: &Basket) -> Basket {
        let mut basket = planned.clone();
        if !self.happen || day < TEA_DEARER {
            return basket;
        }
        let sold_out = city == Some(EVENT_CITY) && (SOLD_OUT.0..=SOLD_OUT.1).contains(&day);
        for line in 0..basket.pieces.len() {
            let piece = basket.pieces[line];
            if sold_out && piece.item == SOLD_OUT_ITEM {
                self.espresso.planned += piece.qty;
                self.lose(day, line, piece.qty, GOES_WITHOUT, &mut basket);
            } else if category(piece.item) == TEA {
                let lost = (0..piece.qty).filter(|_| self.rng.gen_bool(UNITS_LOST)).count() as i64;
                let still = piece.qty - lost;
                self.tea.count(day, piece.qty, still);
                self.lose(day, line, lost, 1.0, &mut basket);
            }
        }
        basket.pieces.retain(|piece| piece.qty > 0);
        for piece in &mut basket.pieces {
            piece.price = price(piece.item, day);
        }
        basket
    }

    /// Takes pieces off a line. Where none is left, the line goes with a chance, if another stays; else something
    /// else comes in its place.
    fn lose(&mut self, day: Day, line: usize, lost: i64, goes_without: f64, basket: &mut Basket) {
        basket.pieces[line].qty -= lost;
        if lost == 0 || basket.pieces[line].qty > 0 {
            return;
        }
        let others = basket.pieces.iter().any(|piece| piece.qty > 0);
        if others && self.rng.gen_bool(goes_without) {
            return;
        }
        if let Some(other) = self.instead(day, line, lost, basket) {
            basket.pieces[line] = other;
        }
    }

    /// Another coffee for coffee, coffee or something sweet for tea, for about the same money.
    fn instead(&mut self, day: Day, line: usize, lost: i64, basket: &Basket) -> Option<Piece> {
        let Piece { item, place, .. } = basket.pieces[line];
        let value = ITEMS[item].price * lost;
        let appeal = |other: usize| {
            let near = (value / 2..=value * 5 / 4).contains(&ITEMS[other].price);
            let kind = category(other) == COFFEE || (category(item) == TEA && category(other) == SNACKS);
            let there = basket.pieces.iter().any(|piece| piece.item == other) || !on_sale(other, day);
            if near && kind && !there { ITEMS[other].weight } else { 0.0 }
        };
        let weights: [f64; N_PRODUCTS] = std::array::from_fn(appeal);
        let uniform = self.rng.r#gen();
        if weights.iter().all(|weight| *weight <= 0.0) {
            return None;
        }
        let other = pick(&weights, uniform);
        let qty = (value as f64 / ITEMS[other].price as f64).round().max(1.0) as i64;
        Some(Piece { item: other, variant: 0, qty, price: ITEMS[other].price, place })
    }

    /// Cents for a product, and what it costs the shop, at the end of the data.
    pub(super) fn latest(&self, item: usize, cents: i64) -> i64 {
        if self.happen && category(item) == TEA { dearer(cents) } else { cents }
    }

    /// For the truth file.
    pub(super) fn close(self) -> Vec<EventTruth> {
        if !self.happen {
            return Vec::new();
        }
        let berlin = Some(EVENT_CITY.to_owned());
        vec![
            EventTruth {
                kind: EventKind::PriceRise,
                from: TEA_DEARER,
                to: None,
                city: None,
                products: (0..N_PRODUCTS).filter(|item| category(*item) == TEA).map(id).collect(),
                factor: 1.0 + DEARER as f64 / 100.0,
                units: self.tea.sold,
                units_without: self.tea.planned,
            },
            EventTruth {
                kind: EventKind::StockOut,
                from: SOLD_OUT.0,
                to: Some(SOLD_OUT.1),
                city: berlin.clone(),
                products: vec![id(SOLD_OUT_ITEM)],
                factor: 0.0,
                units: self.espresso.sold,
                units_without: self.espresso.planned,
            },
            EventTruth {
                kind: EventKind::CourierChange,
                from: NEW_COURIER,
                to: None,
                city: berlin,
                products: Vec::new(),
                factor: COMPLAINTS,
                units: 0,
                units_without: 0,
            },
        ]
    }
}

impl Units {
    fn count(&mut self, day: Day, planned: i64, sold: i64) {
        if day <= LAST_DAY {
            self.planned += planned;
            self.sold += sold;
        }
    }
}

/// Cents for a product on a day on which the events are under way.
fn price(item: usize, day: Day) -> i64 {
    let cents = ITEMS[item].price;
    if category(item) == TEA && day >= TEA_DEARER { dearer(cents) } else { cents }
}

fn dearer(cents: i64) -> i64 {
    (cents * (100 + DEARER) + 50) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_are_those_of_the_definition() {
        let days = [TEA_DEARER, SOLD_OUT.0, SOLD_OUT.1, NEW_COURIER].map(|day| day.to_string());
        assert_eq!(days, ["2026-04-01", "2026-05-11", "2026-05-31", "2026-05-04"]);
        assert_eq!(ITEMS[SOLD_OUT_ITEM].name(), "Espresso Beans 1kg");
    }
}
