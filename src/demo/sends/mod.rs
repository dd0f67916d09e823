//! What does the shop send, who opens it, and what did its experiments find?
//!
//! DEFINITIONS §12 line 9, the part about people. Newsletters, texts and push messages of the last half year; exp-1,
//! an A/B test over 2 × 6,000 e-mails; exp-2, push messages that do not differ; and a hold-out over a year of e-mails to
//! two segments. Whoever is written to has consented. Nothing here moves an order.

mod holdout;
mod people;
mod rates;

use jiff::tz::TimeZone;
use rand::Rng as _;
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};

use super::fate::instant;
use super::season::LAST_DAY;
use super::streams::{Line, Rng, Streams, pick};
use crate::domain::{Arm, Customer, Day, Experiment, Interaction, InteractionKind, Order};
use people::People;
pub use rates::{ChannelRates, SendRates};

/// Messages an arm of exp-1 and of exp-2, sent in so many weekly waves.
const EXP_1: u64 = 6_000;
const EXP_2: u64 = 3_000;
const WAVES: i32 = 8;
/// Thursday 2026-02-05 and Tuesday 2026-04-07.
const EXP_1_FROM: Day = Day(LAST_DAY.0 - 145);
const EXP_2_FROM: Day = Day(LAST_DAY.0 - 84);
/// Share that clicks, by arm.
const EXP_1_RATES: [f64; 2] = [0.042, 0.051];
const EXP_2_RATES: [f64; 2] = [0.038, 0.038];
/// Days after a message that count for it.
const WINDOW: i32 = 7;

/// What is true of an experiment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ExperimentTruth {
    /// Key of the experiment.
    pub id: String,
    /// True rate of each arm, in its order.
    pub rates: Vec<f64>,
}

/// What line 9 makes.
pub(super) struct Sent {
    /// By time.
    pub(super) interactions: Vec<Interaction>,
    pub(super) experiments: Vec<Experiment>,
    pub(super) truth: Vec<ExperimentTruth>,
}

/// One message to one customer, before anybody knows what comes of it.
struct Message<'a> {
    who: usize,
    day: Day,
    hour: u32,
    channel: &'a ChannelRates,
    campaign: &'a str,
    variant: &'a str,
    click: f64,
}

/// Sends everything.
pub(super) fn send(streams: &Streams, customers: &[Customer], orders: &[Order], zone: &TimeZone) -> Sent {
    let people = People::of(customers, orders);
    let rates = SendRates::default();
    let mut post =
        Post { people: &people, zone, rng: streams.open(Line::Sends, 1), interactions: Vec::new(), sent: 0 };
    let mut sent = Sent { interactions: Vec::new(), experiments: Vec::new(), truth: Vec::new() };
    campaigns(&mut streams.open(Line::Sends, 0), &rates, &mut post);
    for (id, name, channel, from, n, arms) in [
        ("exp-1", "Subject line: question or offer", &rates.email, EXP_1_FROM, EXP_1, EXP_1_RATES),
        ("exp-2", "Push with or without picture", &rates.push, EXP_2_FROM, EXP_2, EXP_2_RATES),
    ] {
        let part = if id == "exp-1" { 2 } else { 3 };
        let test = AbTest { id, name, channel, from, n, rates: arms };
        sent.experiments.push(test.run(&mut streams.open(Line::Sends, part), &rates, &mut post));
        sent.truth.push(ExperimentTruth { id: id.to_owned(), rates: arms.to_vec() });
    }
    for (part, held) in (4..).zip(holdout::HELD_OUT) {
        let (experiment, truth) = held.run(&mut streams.open(Line::Sends, part), &rates, &mut post);
        sent.experiments.push(experiment);
        sent.truth.push(truth);
    }
    sent.interactions = post.interactions;
    sent.interactions.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    sent
}

/// Newsletters by e-mail, texts, push messages: every four, eight and eight weeks, at an hour and with a copy drawn for each.
fn campaigns(rng: &mut Rng, rates: &SendRates, post: &mut Post<'_>) {
    for (channel, name, every, last, times) in [
        (&rates.email, "newsletter", 28, 14, 6),
        (&rates.sms, "sms", 56, 20, 3),
        (&rates.push, "push", 56, 11, 3),
    ] {
        for time in (0..times).rev() {
            let day = LAST_DAY.plus(-last - every * time);
            let campaign = format!("{name}-{day}");
            for who in post.people.reachable(&channel.name, day) {
                let (hour, copy) = (pick_hour(rng), rng.gen_range(0..rates.copies.len()));
                let (variant, liked) = (&rates.copies[copy].0, rates.copies[copy].1);
                let keen = rates.segment(post.people.segment(who, day)) * channel.at(hour);
                let click = channel.click * keen * liked;
                post.deliver(
                    &Message { who, day, hour, channel, campaign: &campaign, variant, click },
                    channel.open * keen,
                );
            }
        }
    }
}

/// An A/B test whose arms click at their rates over all who get the message.
struct AbTest<'a> {
    id: &'a str,
    name: &'a str,
    channel: &'a ChannelRates,
    from: Day,
    n: u64,
    rates: [f64; 2],
}

impl AbTest<'_> {
    fn run(&self, rng: &mut Rng, rates: &SendRates, post: &mut Post<'_>) -> Experiment {
        let mut arms = ["a", "b"].map(|name| Arm { name: name.to_owned(), n: 0, conversions: 0 });
        for wave in 0..WAVES {
            let day = self.from.plus(7 * wave);
            let mut who = post.people.reachable(&self.channel.name, day);
            who.shuffle(rng);
            who.truncate((2 * self.n / WAVES as u64) as usize);
            let keen: Vec<f64> =
                who.iter().map(|who| rates.segment(post.people.segment(*who, day))).collect();
            let mean = keen.iter().sum::<f64>() / keen.len().max(1) as f64;
            for (k, (who, keen)) in who.into_iter().zip(keen).enumerate() {
                let arm = k % 2;
                let click = self.rates[arm] * keen / mean;
                let variant = arms[arm].name.clone();
                let message = Message {
                    who,
                    day,
                    hour: self.channel.best_hour(),
                    channel: self.channel,
                    campaign: self.id,
                    variant: &variant,
                    click,
                };
                let clicked = post.deliver(&message, self.channel.open * keen);
                arms[arm].n += 1;
                arms[arm].conversions += u64::from(clicked);
            }
        }
        Experiment {
            id: self.id.to_owned(),
            name: self.name.to_owned(),
            started: self.from,
            ended: Some(self.from.plus(7 * WAVES - 1)),
            arms: arms.into(),
            metric: "click".to_owned(),
        }
    }
}

/// Hours at which messages go out.
fn pick_hour(rng: &mut Rng) -> u32 {
    rates::HOURS[pick(&[1.0; rates::HOURS.len()], rng.r#gen())]
}

/// Brings messages and notes what comes back.
struct Post<'a> {
    people: &'a People<'a>,
    zone: &'a TimeZone,
    rng: Rng,
    interactions: Vec<Interaction>,
    sent: usize,
}

impl Post<'_> {
    /// Whether the message was clicked; five numbers are drawn whatever comes of it.
    fn deliver(&mut self, message: &Message<'_>, open: f64) -> bool {
        self.sent += 1;
        let rng = &mut self.rng;
        let sent = message.hour * 3600 + rng.gen_range(0..1_200);
        let [luck, interest] = [rng.r#gen::<f64>(), rng.r#gen()];
        // most open within hours, few on the next day; a click follows within minutes
        let opened = sent + (-(1.0 - rng.r#gen::<f64>()).ln() * 9_000.0).min(100_000.0) as u32 + 20;
        let clicked = opened + rng.gen_range(5..240);
        let opens = luck < open.clamp(message.click, 1.0);
        let clicks = opens && interest < message.click / open.clamp(message.click, 1.0);
        self.note(message, InteractionKind::Send, sent);
        if opens && message.channel.opens_known {
            self.note(message, InteractionKind::Open, opened);
        }
        if clicks {
            self.note(message, InteractionKind::Click, clicked);
        }
        clicks
    }

    fn note(&mut self, message: &Message<'_>, kind: InteractionKind, second: u32) {
        let (on, second) = (message.day.plus((second / 86_400) as i32), second % 86_400);
        let letter = match kind {
            InteractionKind::Open => 'o',
            InteractionKind::Click => 'c',
            _ => 's',
        };
        self.interactions.push(Interaction {
            id: format!("M{:06}{letter}", self.sent),
            at: instant(on, second, self.zone),
            on,
            customer: self.people.id(message.who).clone(),
            product: None,
            kind,
            channel: Some(message.channel.name.clone()),
            campaign: Some(message.campaign.to_owned()),
            variant: Some(message.variant.to_owned()),
            value: None,
        });
    }
}
