//! What is in each order?
//!
//! DEFINITIONS §12 line 5. A customer has one of six tastes over the categories, buys again what is used up after
//! 28–42 days, seldom buys a durable thing twice, and often takes the second of a planted pair. The basket is filled
//! to the customer's level times the order's factor, so that both stay visible in the amounts.

use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::catalogue::{ITEMS, N_CATEGORIES, N_PRODUCTS, PAIRS, category, on_sale};
use super::streams::{Rng, pick};
use crate::domain::Day;

/// What somebody likes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taste {
    /// Coffee above all.
    CoffeePurist,
    /// Tea above all.
    TeaHouse,
    /// Coffee and the tools for it.
    HomeBarista,
    /// Something sweet or salty with it.
    Snacker,
    /// Buys for others.
    Gifter,
    /// A bit of everything.
    Explorer,
}

impl Taste {
    const ALL: [Self; 6] =
        [Self::CoffeePurist, Self::TeaHouse, Self::HomeBarista, Self::Snacker, Self::Gifter, Self::Explorer];
    /// How common each is.
    const SHARES: [f64; 6] = [0.24, 0.20, 0.16, 0.16, 0.12, 0.12];

    /// The next customer's taste.
    pub(super) fn draw(rng: &mut Rng) -> Self {
        Self::ALL[pick(&Self::SHARES, rng.r#gen())]
    }

    /// Weights of coffee, tea, kitchen, snacks, gifts.
    fn categories(self) -> [f64; N_CATEGORIES] {
        match self {
            Self::CoffeePurist => [0.70, 0.03, 0.14, 0.10, 0.03],
            Self::TeaHouse => [0.03, 0.70, 0.12, 0.10, 0.05],
            Self::HomeBarista => [0.46, 0.02, 0.42, 0.07, 0.03],
            Self::Snacker => [0.12, 0.10, 0.03, 0.70, 0.05],
            Self::Gifter => [0.06, 0.12, 0.08, 0.14, 0.60],
            Self::Explorer => [0.25, 0.25, 0.15, 0.20, 0.15],
        }
    }
}

/// Some of one variant of a product.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Piece {
    /// Position in the catalogue.
    pub(super) item: usize,
    /// Position among the item's variants, 0 where it has none.
    pub(super) variant: usize,
    pub(super) qty: i64,
    /// Cents a piece.
    pub(super) price: i64,
    /// Position in the basket as it was filled.
    pub(super) place: usize,
}

impl Piece {
    /// Cents before discount.
    pub(super) fn gross(&self) -> i64 {
        self.price * self.qty
    }
}

/// What was put together for one order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Basket {
    pub(super) pieces: Vec<Piece>,
    /// Order-level discount, percent.
    pub(super) discount_percent: i64,
}

/// What can be bought on a day.
pub(super) struct Shelves {
    day: Day,
    has: [bool; N_PRODUCTS],
}

impl Shelves {
    pub(super) fn on(day: Day) -> Self {
        Self { day, has: std::array::from_fn(|item| on_sale(item, day)) }
    }

    /// Fills them for a later day.
    pub(super) fn turn(&mut self, day: Day) {
        if self.day != day {
            *self = Self::on(day);
        }
    }
}

/// What a customer has at home.
pub(super) struct Home {
    taste: Taste,
    /// Day on which a consumable is used up; `None` where never bought.
    used_up: [Option<Day>; N_PRODUCTS],
    owns: [bool; N_PRODUCTS],
}

/// Chance to buy again, at the first order after it, what was used up.
const BUYS_AGAIN: f64 = 0.65;
/// Days after which what was used up is forgotten.
const FORGOTTEN: i32 = 45;
/// Appeal of a consumable that is still there, of a durable that is owned.
const STILL_THERE: f64 = 0.1;
/// Chance to take the second of a pair with the first; a second piece of a durable is rarer.
const PAIRED: f64 = 0.35;
const PAIRED_OWNED: f64 = 0.04;
/// Lines an order has at most.
const LINES_MAX: usize = 4;
/// An item may cost this much more than what is left to fill.
const OVER: f64 = 1.1;
/// Share of orders with 5, 10 and 15 % off.
const DISCOUNTS: [(i64, f64); 3] = [(5, 0.08), (10, 0.09), (15, 0.04)];

impl Home {
    pub(super) fn new(taste: Taste) -> Self {
        Self { taste, used_up: [None; N_PRODUCTS], owns: [false; N_PRODUCTS] }
    }

    /// Fills a basket whose goods after discount come near `target` cents, and takes it home.
    pub(super) fn shop(&mut self, rng: &mut Rng, shelves: &Shelves, target: f64) -> Basket {
        let discount_percent = discount(rng);
        let mut left = target / (1.0 - discount_percent as f64 / 100.0);
        let mut pieces = Vec::with_capacity(4);
        self.replenish(rng, shelves, &mut left, &mut pieces);
        while pieces.len() < LINES_MAX {
            let Some(item) = self.choose(rng, shelves, left, &pieces) else { break };
            take(rng, item, &mut left, &mut pieces);
            self.pair(rng, shelves, item, &mut left, &mut pieces);
        }
        if pieces.is_empty() {
            take(rng, self.smallest(shelves), &mut left, &mut pieces);
        }
        top_up(left, &mut pieces);
        self.bring_home(rng, shelves.day, &pieces);
        Basket { pieces, discount_percent }
    }

    fn replenish(&self, rng: &mut Rng, shelves: &Shelves, left: &mut f64, pieces: &mut Vec<Piece>) {
        for item in 0..N_PRODUCTS {
            let due = self.used_up[item].is_some_and(|at| (0..=FORGOTTEN).contains(&shelves.day.since(at)));
            if due
                && rng.gen_bool(BUYS_AGAIN)
                && fits(item, *left)
                && shelves.has[item]
                && pieces.len() < LINES_MAX
            {
                take(rng, item, left, pieces);
            }
        }
    }

    /// An item by taste and popularity among those that fit; none where nothing fits.
    fn choose(&self, rng: &mut Rng, shelves: &Shelves, left: f64, pieces: &[Piece]) -> Option<usize> {
        let likes = self.taste.categories();
        let appeal = |item: usize| {
            if !fits(item, left) || !shelves.has[item] || pieces.iter().any(|piece| piece.item == item) {
                return 0.0;
            }
            let there = self.used_up[item].is_some_and(|at| shelves.day < at) || self.owns[item];
            likes[category(item)] * ITEMS[item].weight * if there { STILL_THERE } else { 1.0 }
        };
        let weights: [f64; N_PRODUCTS] = std::array::from_fn(appeal);
        let any = weights.iter().any(|weight| *weight > 0.0);
        any.then(|| pick(&weights, rng.r#gen()))
    }

    /// The second of a pair, where its first was just taken.
    fn pair(&self, rng: &mut Rng, shelves: &Shelves, first: usize, left: &mut f64, pieces: &mut Vec<Piece>) {
        for (_, second) in PAIRS.into_iter().filter(|(a, _)| *a == first) {
            let chance = if self.owns[second] { PAIRED_OWNED } else { PAIRED };
            let free = pieces.iter().all(|piece| piece.item != second);
            if rng.gen_bool(chance) && fits(second, *left) && shelves.has[second] && free {
                take(rng, second, left, pieces);
            }
        }
    }

    /// The cheapest item of the favourite category, for orders below every price.
    fn smallest(&self, shelves: &Shelves) -> usize {
        let likes = self.taste.categories();
        let liked = |item: &usize| likes[category(*item)] >= 0.1 && shelves.has[*item];
        (0..N_PRODUCTS).filter(liked).min_by_key(|item| ITEMS[*item].price).unwrap_or(0)
    }

    fn bring_home(&mut self, rng: &mut Rng, day: Day, pieces: &[Piece]) {
        for piece in pieces {
            if ITEMS[piece.item].consumable() {
                self.used_up[piece.item] = Some(day.plus(rng.gen_range(28..=42)));
            }
            self.owns[piece.item] |= ITEMS[piece.item].durable();
        }
    }
}

fn discount(rng: &mut Rng) -> i64 {
    let mut uniform: f64 = rng.r#gen();
    for (percent, share) in DISCOUNTS {
        uniform -= share;
        if uniform < 0.0 {
            return percent;
        }
    }
    0
}

fn fits(item: usize, left: f64) -> bool {
    ITEMS[item].price as f64 <= left * OVER
}

/// What is not durable is taken by twos to fours when there is much left to fill.
fn take(rng: &mut Rng, item: usize, left: &mut f64, pieces: &mut Vec<Piece>) {
    let qty = if ITEMS[item].durable() {
        1
    } else {
        (*left / ITEMS[item].price as f64 / 3.0).floor().clamp(1.0, 4.0) as i64
    };
    let variants = ITEMS[item].variants().1.len();
    let variant = rng.gen_range(0..variants.max(1));
    let piece = Piece { item, variant, qty, price: ITEMS[item].price, place: pieces.len() };
    *left -= piece.gross() as f64;
    pieces.push(piece);
}

/// More of the line that brings the basket nearest to its target.
fn top_up(left: f64, pieces: &mut [Piece]) {
    let gap_with = |piece: &Piece| {
        let price = ITEMS[piece.item].price as f64;
        let more = (left / price).round().max(0.0);
        (more as i64, (left - more * price).abs())
    };
    let gaps = pieces.iter().map(gap_with).enumerate();
    if let Some((line, (more, _))) = gaps.min_by(|a, b| a.1.1.total_cmp(&b.1.1)) {
        pieces[line].qty += more;
    }
}
