//! What became of each order?
//!
//! DEFINITIONS §12 line 6: 3 % are cancelled; lines come back with their product's rate 4–21 days later; the last
//! three days are paid and not yet packed. The shop's records know only what had happened by the last day.

use jiff::tz::TimeZone;
use rand::Rng as _;

use super::basket::{Basket, Piece};
use super::catalogue::{self, ITEMS};
use super::process::Placed;
use super::season::LAST_DAY;
use super::streams::Rng;
use crate::domain::{
    Consent, Currency, Customer, Day, Flags, Fulfilment, Line, LineKind, Micros, Order, OrderId, OrderStatus,
    Payment, PaymentKind, Refund, ServiceState,
};

/// Share of orders that are cancelled.
const CANCELLED: f64 = 0.03;
/// The last days that nobody has packed yet, and the days on which parcels are on their way.
const PENDING_DAYS: i32 = 3;
const SHIPPING_DAYS: i32 = 4;
/// Below these goods shipping costs, cents.
const FREE_FROM: i64 = 5_000;
const SHIPPING: i64 = 490;
/// Methods of payment.
const METHODS: [&str; 3] = ["card", "paypal", "sepa"];

/// Consent for e-mail, SMS and push.
pub(super) fn consent(rng: &mut Rng) -> Consent {
    Consent { email: Some(rng.gen_bool(0.72)), sms: Some(rng.gen_bool(0.35)), push: Some(rng.gen_bool(0.41)) }
}

/// What happens to an order, known to nobody when it is placed.
pub(super) struct Fate {
    cancelled: bool,
    method: usize,
    lines: Vec<LineFate>,
}

/// What happens to a line; money in cents.
struct LineFate {
    qty: i64,
    gross: i64,
    discount: i64,
    /// The day it comes back.
    returned: Option<Day>,
}

impl LineFate {
    fn net(&self) -> i64 {
        self.gross - self.discount
    }

    /// The refund, once the line has come back by the last day.
    fn refund(&self, n: usize) -> Option<Refund> {
        let day = self.returned.filter(|day| *day <= LAST_DAY)?;
        Some(Refund {
            day: Some(day),
            line: Some(n as u32 + 1),
            qty: self.qty,
            amount: Micros::from_cents(self.net()),
            reason: None,
        })
    }
}

impl Fate {
    /// Draws it. Each of the lines that were planned uses two numbers whatever comes of it.
    pub(super) fn draw(rng: &mut Rng, day: Day, planned: usize, basket: &Basket) -> Self {
        let cancelled = rng.gen_bool(CANCELLED);
        let method = rng.gen_range(0..METHODS.len());
        let luck: Vec<(i32, u32)> =
            (0..planned).map(|_| (rng.gen_range(4..=21), rng.gen_range(0..100))).collect();
        let line = |(piece, discount): (&Piece, i64)| {
            let (lag, percent) = luck[piece.place];
            let back = percent < ITEMS[piece.item].returned;
            let returned = (back && !cancelled).then(|| day.plus(lag));
            LineFate { qty: piece.qty, gross: piece.gross(), discount, returned }
        };
        let lines = basket.pieces.iter().zip(discounts(basket)).map(line).collect();
        Self { cancelled, method, lines }
    }

    /// Cents of goods, before returns.
    fn goods(&self) -> i64 {
        self.lines.iter().map(LineFate::net).sum()
    }

    /// Cents that stay with the shop once everything has come back that will.
    pub(super) fn net(&self) -> i64 {
        let kept = self.lines.iter().filter(|line| !self.cancelled && line.returned.is_none());
        kept.map(LineFate::net).sum()
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// Whether a line stays with the customer.
    pub(super) fn keeps(&self, line: usize) -> bool {
        !self.cancelled && self.lines.get(line).is_some_and(|line| line.returned.is_none())
    }

    fn refunds(&self) -> Vec<Refund> {
        self.lines.iter().enumerate().filter_map(|(n, line)| line.refund(n)).collect()
    }
}

/// The order's discount by line: spread by value, its cents to the largest line.
fn discounts(basket: &Basket) -> Vec<i64> {
    let gross: Vec<i64> = basket.pieces.iter().map(Piece::gross).collect();
    let total: i64 = gross.iter().sum();
    let discount = (total * basket.discount_percent + 50) / 100;
    let mut spread: Vec<i64> = gross.iter().map(|gross| discount * gross / total.max(1)).collect();
    let rest = discount - spread.iter().sum::<i64>();
    let largest = (0..gross.len()).max_by_key(|line| (gross[*line], std::cmp::Reverse(*line)));
    if let Some(largest) = largest {
        spread[largest] += rest;
    }
    spread
}

/// The record of an order as the shop has it on the last day.
pub(super) fn record(
    id: OrderId,
    customer: &Customer,
    placed: &Placed,
    basket: &Basket,
    fate: &Fate,
    zone: &TimeZone,
) -> Order {
    let goods = fate.goods();
    let shipping = if goods < FREE_FROM { SHIPPING } else { 0 };
    let discount = fate.lines.iter().map(|line| line.discount).sum();
    let refunds = fate.refunds();
    let placed_at = instant(placed.day, placed.second, zone);
    let (status, service_state) = status(placed.day, fate.cancelled, refunds.len(), basket.pieces.len());
    let mut order = Order {
        id,
        customer: Some(customer.id.clone()),
        placed_at,
        placed_on: placed.day,
        paid_at: Some(placed_at + 60),
        status,
        service_state,
        currency: Currency::EUR,
        city: customer.city.clone(),
        goods: Micros::from_cents(goods),
        shipping: Micros::from_cents(shipping),
        tax: Micros::ZERO,
        discount: Micros::from_cents(discount),
        paid: Micros::from_cents(goods + shipping),
        lines: lines(basket, fate),
        payment_history: Vec::new(),
        fulfilments: Vec::new(),
        refunds,
        flags: Flags::default(),
    };
    order.payment_history = payments(&order, METHODS[fate.method]);
    order.fulfilments = parcels(&order);
    order
}

fn status(day: Day, cancelled: bool, returned: usize, lines: usize) -> (OrderStatus, Option<ServiceState>) {
    let age = LAST_DAY.since(day);
    match () {
        () if cancelled => (OrderStatus::Cancelled, None),
        () if age < PENDING_DAYS => (OrderStatus::Pending, Some(ServiceState::Pending)),
        () if returned == lines => (OrderStatus::Refunded, None),
        () if returned > 0 => (OrderStatus::PartiallyRefunded, None),
        () if age < PENDING_DAYS + SHIPPING_DAYS => (OrderStatus::Shipped, None),
        () => (OrderStatus::Completed, None),
    }
}

fn lines(basket: &Basket, fate: &Fate) -> Vec<Line> {
    let line = |(n, (piece, fate)): (usize, (&Piece, &LineFate))| {
        let item = &ITEMS[piece.item];
        let (option, values) = item.variants();
        let product = catalogue::id(piece.item);
        Line {
            n: n as u32 + 1,
            kind: LineKind::Product,
            item: Some(format!("{product}-{}", piece.variant + 1)),
            product: Some(product),
            options: values
                .get(piece.variant)
                .map(|v| (option.to_owned(), (*v).to_owned()))
                .into_iter()
                .collect(),
            title: item.name().to_owned(),
            qty: piece.qty,
            unit_price: Micros::from_cents(piece.price),
            discount: Micros::from_cents(fate.discount),
        }
    };
    basket.pieces.iter().zip(&fate.lines).enumerate().map(line).collect()
}

/// The payment; all of it back where cancelled, else each refund.
fn payments(order: &Order, method: &str) -> Vec<Payment> {
    let row = |kind, amount| Payment { kind, amount, method: method.to_owned() };
    let mut rows = vec![row(PaymentKind::Payment, order.paid)];
    if order.status == OrderStatus::Cancelled {
        rows.push(row(PaymentKind::Refund, order.paid));
    }
    rows.extend(order.refunds.iter().map(|refund| row(PaymentKind::Refund, refund.amount)));
    rows
}

/// One parcel, sent the day after the next.
fn parcels(order: &Order) -> Vec<Fulfilment> {
    if matches!(order.status, OrderStatus::Cancelled | OrderStatus::Pending) {
        return Vec::new();
    }
    let items = order.lines.iter().filter_map(|line| line.item.clone()).collect();
    vec![Fulfilment { at: Some(order.placed_at + 2 * 86_400), tracking: Vec::new(), items }]
}

/// UTC seconds of a local second.
pub(super) fn instant(day: Day, second: u32, zone: &TimeZone) -> i64 {
    let [hour, minute, second] = [second / 3600, second / 60 % 60, second % 60].map(|part| part as i8);
    let local = day.date().at(hour, minute, second, 0);
    zone.to_ambiguous_timestamp(local).compatible().map_or(i64::from(day.0) * 86_400, |at| at.as_second())
}
