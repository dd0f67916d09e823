//! What is written about, how often, and in which mood?
//!
//! Weights by topic and mood for a review of a product on a day in a city. Their sum says how likely an order is to be
//! written about at all, so what makes one topic more frequent takes nothing from the others.

use std::collections::BTreeMap;

use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::super::catalogue::{CATEGORIES, TEA, category, id};
use super::super::events::{COMPLAINTS, EVENT_CITY, NEW_COURIER, TEA_DEARER};
use super::super::streams::{Rng, pick};
use super::grammar::edible;
use crate::domain::{Day, ProductId};

/// What a review is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the definition's own words")]
pub enum Topic {
    Delivery,
    Packaging,
    Taste,
    Price,
    /// Product fault, or its absence.
    Fault,
    Service,
}

/// How somebody feels about it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the usual words")]
pub enum Sentiment {
    Positive,
    Neutral,
    Negative,
    Mixed,
}

/// The mood of a sentence, as the grammars name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mood {
    Good,
    Fair,
    Bad,
}

impl Topic {
    /// In the order of the tables.
    pub(super) const ALL: [Self; 6] =
        [Self::Delivery, Self::Packaging, Self::Taste, Self::Price, Self::Fault, Self::Service];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Packaging => "packaging",
            Self::Taste => "taste",
            Self::Price => "price",
            Self::Fault => "fault",
            Self::Service => "service",
        }
    }
}

impl Mood {
    const ALL: [Self; 3] = [Self::Good, Self::Fair, Self::Bad];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Bad => "bad",
        }
    }
}

impl From<Mood> for Sentiment {
    fn from(mood: Mood) -> Self {
        match mood {
            Mood::Good => Self::Positive,
            Mood::Fair => Self::Neutral,
            Mood::Bad => Self::Negative,
        }
    }
}

/// An event of line 7 that people write about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Talk {
    Courier,
    TeaPrice,
}

impl Talk {
    /// What becomes more frequent.
    pub(super) fn about(self) -> (Topic, Mood) {
        match self {
            Self::Courier => (Topic::Delivery, Mood::Bad),
            Self::TeaPrice => (Topic::Price, Mood::Bad),
        }
    }

    pub(super) fn patterns(self) -> &'static str {
        match self {
            Self::Courier => "delivery.courier",
            Self::TeaPrice => "price.rise",
        }
    }
}

/// The parameters, as the truth file has them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct FeedbackTruth {
    /// Share of each topic by category.
    pub topics: BTreeMap<String, BTreeMap<Topic, f64>>,
    /// Share of positive, neutral and negative by topic.
    pub moods: BTreeMap<Topic, BTreeMap<String, f64>>,
    /// What single products are known for.
    pub known_for: Vec<KnownFor>,
    /// Times as many bad words about delivery from 24 November to the end of the year.
    pub christmas: f64,
    /// Times as many complaints about the price of tea since it rose.
    pub tea_price: f64,
}

/// A product that is praised or blamed for something more often than others.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct KnownFor {
    /// Which product.
    pub product: ProductId,
    /// For what.
    pub topic: Topic,
    /// In which mood.
    pub sentiment: Sentiment,
    /// Times as often.
    pub times: f64,
}

/// The parameters.
pub(super) struct Table {
    /// Shares of topics for coffee, tea, kitchen, snacks, gifts.
    topics: [[f64; 6]; 5],
    /// Shares of good, fair and bad by topic.
    moods: [[f64; 3]; 6],
    /// What single products are known for: product, topic, mood, times as often.
    known_for: [(usize, Topic, Mood, f64); 7],
    /// Bad words about delivery from 24 November to the end of the year, times as often.
    christmas: f64,
    /// Complaints about tea's price after the rise, times as often.
    tea_price: f64,
}

/// As planted.
pub(super) const WEIGHTS: Table = Table {
    topics: [
        [0.20, 0.13, 0.37, 0.12, 0.06, 0.12],
        [0.18, 0.16, 0.37, 0.13, 0.05, 0.11],
        [0.19, 0.14, 0.0, 0.15, 0.37, 0.15],
        [0.19, 0.20, 0.37, 0.11, 0.05, 0.08],
        [0.22, 0.27, 0.12, 0.13, 0.10, 0.16],
    ],
    moods: [
        [0.55, 0.11, 0.34],
        [0.59, 0.12, 0.29],
        [0.68, 0.11, 0.21],
        [0.37, 0.18, 0.45],
        [0.42, 0.12, 0.46],
        [0.53, 0.11, 0.36],
    ],
    known_for: [
        (26, Topic::Fault, Mood::Bad, 3.0),      // Milk Frother: breaks
        (29, Topic::Packaging, Mood::Bad, 3.0),  // Glass Teapot: arrives broken
        (4, Topic::Taste, Mood::Bad, 2.5),       // Decaf Beans: thin
        (19, Topic::Price, Mood::Bad, 2.5),      // Matcha Powder: dear
        (58, Topic::Fault, Mood::Bad, 2.0),      // Scented Candle
        (0, Topic::Taste, Mood::Good, 1.6),      // Espresso Beans 1kg: loved
        (49, Topic::Packaging, Mood::Good, 1.8), // Gift Box Deluxe: beautiful
    ],
    christmas: 1.8,
    tea_price: 2.5,
};

/// The weights of one possible review.
pub(super) struct Weights {
    cells: [[f64; 3]; 6],
    /// The event that raised one of them.
    pub(super) event: Option<Talk>,
}

impl Table {
    /// For the truth file.
    pub(in super::super) fn truth(&self) -> FeedbackTruth {
        let shares = |shares: [f64; 6]| Topic::ALL.into_iter().zip(shares).collect();
        let moods = |shares: [f64; 3]| {
            ["positive", "neutral", "negative"].map(str::to_owned).into_iter().zip(shares).collect()
        };
        let known = |(item, topic, mood, times): (usize, Topic, Mood, f64)| KnownFor {
            product: id(item),
            topic,
            sentiment: mood.into(),
            times,
        };
        FeedbackTruth {
            topics: CATEGORIES.map(str::to_owned).into_iter().zip(self.topics.map(shares)).collect(),
            moods: Topic::ALL.into_iter().zip(self.moods.map(moods)).collect(),
            known_for: self.known_for.map(known).into(),
            christmas: self.christmas,
            tea_price: self.tea_price,
        }
    }

    pub(super) fn of(&self, item: usize, on: Day, city: Option<&str>) -> Weights {
        let mut cells: [[f64; 3]; 6] = std::array::from_fn(|topic| {
            let share = self.topics[category(item)][topic];
            let tasteless = Topic::ALL[topic] == Topic::Taste && !edible(item);
            self.moods[topic].map(|mood| if tasteless { 0.0 } else { share * mood })
        });
        let mut raise = |topic: Topic, mood: Mood, times: f64| cells[topic as usize][mood as usize] *= times;
        for (_, topic, mood, times) in self.known_for.iter().filter(|(known, ..)| *known == item) {
            raise(*topic, *mood, *times);
        }
        let date = on.date();
        if (date.month() == 11 && date.day() >= 24) || date.month() == 12 {
            raise(Topic::Delivery, Mood::Bad, self.christmas);
        }
        let event = match () {
            () if city == Some(EVENT_CITY) && on >= NEW_COURIER => Some((Talk::Courier, COMPLAINTS)),
            () if category(item) == TEA && on >= TEA_DEARER => Some((Talk::TeaPrice, self.tea_price)),
            () => None,
        };
        if let Some((talk, times)) = event {
            let (topic, mood) = talk.about();
            raise(topic, mood, times);
        }
        Weights { cells, event: event.map(|(talk, _)| talk) }
    }
}

impl Weights {
    pub(super) fn total(&self) -> f64 {
        self.cells.iter().flatten().sum()
    }

    pub(super) fn draw(&self, rng: &mut Rng) -> (Topic, Mood) {
        let cell = pick(self.cells.as_flattened(), rng.r#gen());
        (Topic::ALL[cell / 3], Mood::ALL[cell % 3])
    }
}
