//! What does a shop look like of which we know the truth?
//!
//! The sample shop: DESIGN §7 has its story, DEFINITIONS §12 its processes and parameters. One seed makes customers,
//! products, orders and spend, and the truth behind them, always the same ones. Each line of §12 draws from its own
//! stream of random numbers. The life of an order: the week says how many there are and why ([`process`]), the basket
//! says what is in them ([`basket`]), what happened to the shop changes some ([`events`]), their fate is what came back
//! ([`fate`]), and some are written about ([`feedback`]). Beside them go messages ([`sends`]) and tests of spend ([`lift`]).

mod basket;
mod catalogue;
mod events;
mod fate;
mod feedback;
mod lift;
mod names;
mod plans;
mod process;
mod response;
mod season;
mod sends;
mod spend;
mod streams;
mod truth;
mod write;

use jiff::tz::TimeZone;

use basket::{Home, Shelves, Taste};
use events::Events;
pub use events::{EventKind, EventTruth};
use fate::Fate;
pub use feedback::{FeedbackTruth, KnownFor, Manner, ReviewTruth, Sentiment, Topic};
pub use lift::LiftTruth;
use names::Profile;
pub use plans::{ChannelPlanTruth, Judged, PlanTruth};
pub use process::Parameters;
use process::{Person, Played};
use response::{ORDER_VALUE, Response};
use season::LAST_DAY;
pub use sends::{ChannelRates, ExperimentTruth, SendRates};
pub use streams::{Line, Streams};
pub use truth::{ChannelTruth, CustomerTruth, Effect, Future, HORIZONS, Truth, WeekTruth};
use truth::{Ledger, Told};
pub use write::{DemoError, TRUTH_FILE, open, records};

use crate::domain::{
    Consent, Currency, Customer, CustomerId, Experiment, Feedback, Interaction, LiftTest, Order, OrderId,
    Product, Shop, Spend,
};

/// Zone of the shop's days.
const TIMEZONE: &str = "Europe/Berlin";
/// Goods of a mean order before cancellations and returns, EUR: [`ORDER_VALUE`] over what stays of it (97 % are not
/// cancelled; the rest measured over seeds 1–12: share returned by value, and how full baskets get).
const GOODS: f64 = ORDER_VALUE / 0.97 / 0.955;

/// The shop's records and the truth behind them.
#[derive(Clone, PartialEq, Debug)]
pub struct DemoShop {
    /// Currency and zone.
    pub shop: Shop,
    /// By id.
    pub customers: Vec<Customer>,
    /// By id.
    pub products: Vec<Product>,
    /// By time.
    pub orders: Vec<Order>,
    /// By day.
    pub spend: Vec<Spend>,
    /// By time.
    pub feedback: Vec<Feedback>,
    /// By time.
    pub interactions: Vec<Interaction>,
    /// A/B tests and hold-outs.
    pub experiments: Vec<Experiment>,
    /// One a tested channel.
    pub lift_tests: Vec<LiftTest>,
    /// What the records do not tell.
    pub truth: Truth,
}

/// Makes the demo shop of a seed.
pub fn generate(seed: u64) -> DemoShop {
    generate_from(&Streams::of(seed))
}

/// Makes the demo shop of these streams.
#[expect(clippy::expect_used, reason = "the zone's rules are compiled in")]
pub fn generate_from(streams: &Streams) -> DemoShop {
    let zone = TimeZone::get(TIMEZONE).expect("jiff bundles the zones");
    let spend = spend::weekly(streams);
    let response = Response::to(&spend);
    let mut played = process::play(streams, &response);
    let n = played.people.iter().take_while(|person| person.joined <= LAST_DAY).count();
    seat_the_known(&mut played);
    let customers = customers(streams, &played.people[..n]);
    let events = Events::new(streams);
    let products = catalogue::products(&events);
    let (orders, mut truth) = orders(streams, &played, &customers, &response, events, &zone);
    let (feedback, reviews) = feedback::write(streams, &customers, &orders, &zone);
    let (lift_tests, lifts) = lift::tests(streams, &spend, &response);
    let sent = sends::send(streams, &customers, &orders, &zone);
    truth.told(&spend, &response, Told { reviews, lifts, experiments: sent.truth });
    DemoShop {
        shop: Shop { currency: Currency::EUR, timezone: TIMEZONE.to_owned(), churn_window_days: None },
        customers,
        products,
        orders,
        spend: spend::daily_rows(&spend),
        feedback,
        interactions: sent.interactions,
        experiments: sent.experiments,
        lift_tests,
        truth,
    }
}

/// The known customers have to be active: where one is not, the nearest later active one takes the seat. Seats are
/// only labels, so the shop as a whole is not changed by it; the days of registration stay with the seats.
fn seat_the_known(played: &mut Played) {
    let mut orders = vec![(0, season::FIRST_DAY); played.people.len()];
    for placed in played.placed.iter().filter(|placed| placed.day <= LAST_DAY) {
        orders[placed.who] = (orders[placed.who].0 + 1, placed.day);
    }
    let active = |played: &Played, who: usize| {
        let (count, last) = orders[who];
        played.people[who].alive && count >= 6 && LAST_DAY.since(last) <= 30
    };
    let mut moved: Vec<usize> = (0..played.people.len()).collect();
    for (seat, _) in names::KNOWN {
        let free = |who: &usize| !names::KNOWN.iter().any(|(seat, _)| seat == who);
        let candidates = std::iter::once(seat).chain((seat + 1..process::AT_THE_START).filter(free));
        let mut unused = candidates.filter(|who| moved[*who] == *who);
        let Some(who) = unused.find(|who| active(played, *who)) else { continue };
        moved.swap(seat, who);
    }
    // `moved` swaps pairs, so it is its own inverse
    let joined: Vec<_> = played.people.iter().map(|person| person.joined).collect();
    let people: Vec<Person> = moved.iter().map(|who| played.people[*who].clone()).collect();
    played.people = people;
    for (person, joined) in played.people.iter_mut().zip(joined) {
        person.joined = joined;
    }
    for placed in &mut played.placed {
        placed.who = moved[placed.who];
    }
}

fn customers(streams: &Streams, people: &[Person]) -> Vec<Customer> {
    let profiles = names::profiles(&mut streams.open(Line::Customers, 4), people.len());
    let mut consents = streams.open(Line::Returns, 1);
    let record = |(k, (person, profile)): (usize, (&Person, Profile))| {
        let consent: Consent = fate::consent(&mut consents);
        Customer {
            id: CustomerId(format!("C{:05}", k + 1)),
            name: Some(profile.name),
            email: Some(profile.email),
            city: Some(profile.city.to_owned()),
            joined: Some(person.joined),
            gender: None,
            birth_year: Some(profile.birth_year),
            consent,
        }
    };
    people.iter().zip(profiles).enumerate().map(record).collect()
}

/// Fills, ships and takes back every order; those after the data only count for the truth.
fn orders(
    streams: &Streams,
    played: &Played,
    customers: &[Customer],
    response: &Response,
    mut events: Events,
    zone: &TimeZone,
) -> (Vec<Order>, Truth) {
    let mut tastes = streams.open(Line::Products, 0);
    let tastes: Vec<Taste> = played.people.iter().map(|_| Taste::draw(&mut tastes)).collect();
    let mut homes: Vec<Home> = tastes.iter().copied().map(Home::new).collect();
    let (mut baskets, mut fates) = (streams.open(Line::Products, 1), streams.open(Line::Returns, 0));
    let mut ledger = Ledger::new(customers.len());
    let mut shelves = Shelves::on(season::FIRST_DAY);
    let mut orders = Vec::new();
    for (k, placed) in played.placed.iter().enumerate() {
        shelves.turn(placed.day);
        let target = 100.0 * GOODS * placed.size;
        let planned = homes[placed.who].shop(&mut baskets, &shelves, target);
        let city = customers.get(placed.who).and_then(|customer| customer.city.as_deref());
        let basket = events.act(placed.day, city, &planned);
        let fate = Fate::draw(&mut fates, placed.day, planned.pieces.len(), &basket);
        ledger.book(placed, &fate, &basket);
        if placed.day <= LAST_DAY {
            let id = order_id(streams.seed(), k as u64);
            orders.push(fate::record(id, &customers[placed.who], placed, &basket, &fate, zone));
        }
    }
    let ids = customers.iter().map(|customer| customer.id.clone()).collect();
    (orders, ledger.close(streams.seed(), response, &played.people, ids, &tastes, events.close()))
}

/// `#W` and seven digits that look drawn but never repeat: the step shares no factor with the number of numbers.
fn order_id(seed: u64, k: u64) -> OrderId {
    const NUMBERS: u64 = 9_000_000;
    const STEP: u64 = 7_654_321;
    OrderId(format!("#W{}", 1_000_000 + (k * STEP + seed % NUMBERS * 40_503) % NUMBERS))
}
