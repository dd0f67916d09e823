//! What do customers write about their orders?
//!
//! DEFINITIONS §12 line 8: 1,800 reviews, 45 % of them Chinese, about six topics. How likely an order is to be written
//! about, about what and in which mood is a table of weights ([`weights`]): by kind of product, by single products that
//! are known for something, by week, and by the events of line 7. The words come from grammars ([`grammar`]). 8 % are
//! mixed, ironic or empty.

mod grammar;
mod voice;
mod weights;

use jiff::tz::TimeZone;
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::catalogue::position;
use super::fate::instant;
use super::season::{FIRST_DAY, LAST_DAY, moment_of_day};
use super::streams::{Line, Rng, Streams, pick};
use crate::domain::{Customer, CustomerId, Day, Feedback, Lang, Order, OrderStatus};
use grammar::{Grammar, Subject};
pub use weights::{FeedbackTruth, KnownFor, Sentiment, Topic};
use weights::{Mood, WEIGHTS, Weights};

/// Reviews, and those of them in Chinese.
const REVIEWS: usize = 1_800;
const CHINESE: usize = 810;
/// Parcels are written about from the third day after the order on.
const EARLIEST: i32 = 3;
const LATEST: i32 = 12;
/// The shop asks more and more for reviews: so many times as often at the end as at the start.
const GROWTH: f64 = 2.5;

/// What kind of text a review is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// One topic, one mood, meant as it is written.
    Plain,
    /// Praise and blame for two topics.
    Mixed,
    /// Praise that is none.
    Ironic,
    /// Says nothing.
    Empty,
}

/// What a review is about, as nobody at the shop was told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReviewTruth {
    /// Key of the review.
    pub id: String,
    /// What it is about; none where it is empty.
    pub topic: Option<Topic>,
    /// The other topic of a mixed one.
    pub second: Option<Topic>,
    /// How the customer feels; neutral where it is empty.
    pub sentiment: Sentiment,
    /// What kind of text it is.
    pub manner: Manner,
}

/// What was planted, for the truth file.
pub(super) fn planted() -> FeedbackTruth {
    WEIGHTS.truth()
}

/// An order that may be written about.
struct Candidate<'a> {
    order: &'a Order,
    item: usize,
    on: Day,
    lang: Lang,
    weights: Weights,
    /// The smaller, the sooner it is taken: exponential with the weight as rate.
    turn: f64,
}

/// Writes the reviews of the shop's orders.
pub(super) fn write(
    streams: &Streams,
    customers: &[Customer],
    orders: &[Order],
    zone: &TimeZone,
) -> (Vec<Feedback>, Vec<ReviewTruth>) {
    let mut candidates = candidates(streams, customers, orders);
    candidates.sort_by(|a, b| a.turn.total_cmp(&b.turn));
    let mut left = [REVIEWS - CHINESE, CHINESE];
    candidates.retain(|candidate| {
        let left = &mut left[usize::from(candidate.lang == Lang::Zh)];
        let taken = *left > 0;
        *left -= usize::from(taken);
        taken
    });
    candidates.sort_by(|a, b| (a.on, &a.order.id.0).cmp(&(b.on, &b.order.id.0)));
    let (mut hands, mut moments) = (streams.open(Line::Feedback, 2), streams.open(Line::Feedback, 3));
    let review = |(n, candidate): (usize, &Candidate<'_>)| {
        let second = moment_of_day(&mut moments);
        let at = instant(candidate.on, second, zone);
        candidate.write(&mut hands, format!("F{:05}", n + 1), at)
    };
    candidates.iter().enumerate().map(review).unzip()
}

/// Every order that has arrived, with a line of it, a day and a language.
fn candidates<'a>(streams: &Streams, customers: &[Customer], orders: &'a [Order]) -> Vec<Candidate<'a>> {
    let mut tongues = streams.open(Line::Feedback, 0);
    let lang = |_| if tongues.gen_bool(CHINESE as f64 / REVIEWS as f64) { Lang::Zh } else { Lang::En };
    let tongues: std::collections::HashMap<&CustomerId, Lang> =
        customers.iter().map(|customer| &customer.id).zip((0..customers.len()).map(lang)).collect();
    let rng = &mut streams.open(Line::Feedback, 1);
    let candidate = |order: &'a Order| {
        let (line, lag, uniform) = (rng.r#gen::<f64>(), rng.gen_range(EARLIEST..=LATEST), rng.r#gen::<f64>());
        let on = order.placed_on.plus(lag);
        let product = order.lines[(line * order.lines.len() as f64) as usize].product.as_ref();
        let (item, lang) = (product.and_then(position)?, tongues.get(order.customer.as_ref()?)?);
        let weights = WEIGHTS.of(item, on, order.city.as_deref());
        let growth =
            1.0 + (GROWTH - 1.0) * f64::from(on.since(FIRST_DAY)) / f64::from(LAST_DAY.since(FIRST_DAY));
        let turn = -(1.0 - uniform).ln() / (weights.total() * growth);
        let arrived = order.status != OrderStatus::Cancelled && on <= LAST_DAY;
        arrived.then_some(Candidate { order, item, on, lang: *lang, weights, turn })
    };
    orders.iter().filter_map(candidate).collect()
}

/// Share of reviews that are mixed, that say nothing, and of bad ones that are ironic: 8 % in all.
const MIXED: f64 = 0.04;
const EMPTY: f64 = 0.02;
const IRONIC: f64 = 0.06;
/// Where it was written; only the first has stars.
const SOURCES: [(&str, f64); 3] = [("review", 0.74), ("email", 0.14), ("survey", 0.12)];
/// Share of reviews without a product: about the order as a whole.
const NO_PRODUCT: f64 = 0.10;

impl Candidate<'_> {
    fn write(&self, rng: &mut Rng, id: String, at: i64) -> (Feedback, ReviewTruth) {
        let (topic, mood) = self.weights.draw(rng);
        let manner = manner(rng, mood);
        let second = self.other_topic(rng, topic);
        let truth = ReviewTruth {
            id: id.clone(),
            topic: (manner != Manner::Empty).then_some(topic),
            second: (manner == Manner::Mixed).then_some(second),
            sentiment: match manner {
                Manner::Empty => Sentiment::Neutral,
                Manner::Mixed => Sentiment::Mixed,
                Manner::Plain | Manner::Ironic => mood.into(),
            },
            manner,
        };
        let grammar = Grammar::of(self.lang);
        let text = match manner {
            Manner::Plain => self.plain(rng, grammar, topic, mood),
            Manner::Mixed => self.mixed(rng, grammar, (topic, mood), second),
            Manner::Ironic => grammar.say(rng, &format!("ironic.{}", topic.name()), self.about()),
            Manner::Empty => grammar.say(rng, "empty", self.about()),
        };
        let text = if manner == Manner::Empty { text } else { voice::spoken(rng, &text, self.lang) };
        let (source, stars) = (
            SOURCES[pick(&SOURCES.map(|(_, share)| share), rng.r#gen())].0,
            stars(rng, truth.sentiment, manner),
        );
        let named = !rng.gen_bool(NO_PRODUCT) || matches!(topic, Topic::Taste | Topic::Fault);
        let feedback = Feedback {
            id,
            at,
            on: self.on,
            customer: self.order.customer.clone(),
            product: named.then(|| super::catalogue::id(self.item)),
            rating: (source != "email").then_some(stars),
            text,
            source: source.to_owned(),
            lang: Some(self.lang),
        };
        (feedback, truth)
    }

    /// A beginning, a sentence or two, an end.
    fn plain(&self, rng: &mut Rng, grammar: &Grammar, topic: Topic, mood: Mood) -> String {
        let (opens, twice, closes) = (rng.gen_bool(0.3), rng.gen_bool(0.3), rng.gen_bool(0.3));
        let patterns = self.patterns(rng, topic, mood);
        let mut parts = Vec::new();
        if opens {
            parts.push(grammar.say(rng, "open", self.about()));
        }
        parts.push(grammar.say(rng, &patterns, self.about()));
        if twice {
            let more = grammar.say(rng, &patterns, self.about());
            let start = |text: &str| text.chars().take(6).collect::<String>();
            if !parts.iter().any(|part| start(part) == start(&more)) {
                parts.push(more);
            }
        }
        if closes {
            parts.push(grammar.say(rng, &format!("close.{}", mood.name()), self.about()));
        }
        self.joined(&parts)
    }

    /// Praise and blame, in either order.
    fn mixed(&self, rng: &mut Rng, grammar: &Grammar, (topic, mood): (Topic, Mood), second: Topic) -> String {
        let turned = if mood == Mood::Bad { Mood::Good } else { Mood::Bad };
        let first = if mood == Mood::Fair { Mood::Good } else { mood };
        let one = grammar.say(rng, &format!("{}.{}", topic.name(), first.name()), self.about());
        let but = grammar.say(rng, &format!("but.{}", turned.name()), self.about());
        let other = grammar.say(rng, &format!("{}.{}", second.name(), turned.name()), self.about());
        match self.lang {
            Lang::En => [one, but, other].join(" "),
            Lang::Zh => format!("{one}{but}{other}"),
        }
    }

    /// What an event gives rise to has its own patterns, used half of the time.
    fn patterns(&self, rng: &mut Rng, topic: Topic, mood: Mood) -> String {
        let special = rng.gen_bool(0.5);
        match (self.weights.event, topic, mood) {
            (Some(event), ..) if special && (topic, mood) == event.about() => event.patterns().to_owned(),
            _ => format!("{}.{}", topic.name(), mood.name()),
        }
    }

    fn about(&self) -> Subject<'_> {
        Subject { item: self.item, city: self.order.city.as_deref().unwrap_or_default() }
    }

    fn joined(&self, parts: &[String]) -> String {
        parts.join(if self.lang == Lang::En { " " } else { "" })
    }

    fn other_topic(&self, rng: &mut Rng, topic: Topic) -> Topic {
        let fits =
            |other: &&Topic| **other != topic && (**other != Topic::Taste || grammar::edible(self.item));
        let others: Vec<&Topic> = Topic::ALL.iter().filter(fits).collect();
        *others[rng.gen_range(0..others.len())]
    }
}

fn manner(rng: &mut Rng, mood: Mood) -> Manner {
    let (uniform, twisted) = (rng.r#gen::<f64>(), rng.gen_bool(IRONIC));
    match () {
        () if uniform < MIXED => Manner::Mixed,
        () if uniform < MIXED + EMPTY => Manner::Empty,
        () if twisted && mood == Mood::Bad => Manner::Ironic,
        () => Manner::Plain,
    }
}

/// One to five.
fn stars(rng: &mut Rng, sentiment: Sentiment, manner: Manner) -> u8 {
    let shares = match (sentiment, manner) {
        (_, Manner::Empty) => [0.02, 0.02, 0.08, 0.18, 0.70],
        (Sentiment::Positive, _) => [0.0, 0.0, 0.02, 0.26, 0.72],
        (Sentiment::Neutral, _) => [0.0, 0.08, 0.67, 0.25, 0.0],
        (Sentiment::Mixed, _) => [0.0, 0.20, 0.50, 0.30, 0.0],
        (Sentiment::Negative, _) => [0.55, 0.35, 0.10, 0.0, 0.0],
    };
    pick(&shares, rng.r#gen()) as u8 + 1
}
