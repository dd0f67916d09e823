//! The demo shop's messages, experiments and lift tests behave as planted, and agree with each other.
//!
//! Line 9 of DEFINITIONS §12. Rates are counted over several seeds and held against the truth file within their sampling
//! error; what an experiment says is counted again from messages and orders, the lift tests' truth from the channels'
//! parameters.
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use mercato::demo::{self, DemoShop, Line, Streams};
use mercato::domain::{Day, Experiment, Interaction, InteractionKind};

fn shops() -> &'static [DemoShop] {
    static SHOPS: LazyLock<Vec<DemoShop>> = LazyLock::new(|| (1..=4).map(demo::generate).collect());
    &SHOPS
}

fn experiment<'a>(shop: &'a DemoShop, id: &str) -> &'a Experiment {
    shop.experiments.iter().find(|experiment| experiment.id == id).unwrap()
}

/// Arms over all shops: people and conversions.
fn pooled(id: &str) -> [(f64, f64); 2] {
    let mut arms = [(0.0, 0.0); 2];
    for shop in shops() {
        for (sum, arm) in arms.iter_mut().zip(&experiment(shop, id).arms) {
            *sum = (sum.0 + arm.n as f64, sum.1 + arm.conversions as f64);
        }
    }
    arms
}

#[track_caller]
fn check_rate((n, conversions): (f64, f64), planted: f64) {
    let error = (planted * (1.0 - planted) / n).sqrt();
    let rate = conversions / n;
    assert!((rate - planted).abs() < 3.5 * error, "{rate:.4} of {n}, planted {planted:.4} ± {error:.4}");
}

#[test]
fn the_ab_tests_convert_at_their_rates() {
    let [a, b] = pooled("exp-1");
    check_rate(a, 0.042);
    check_rate(b, 0.051);
    for arm in pooled("exp-2") {
        check_rate(arm, 0.038);
    }
    for shop in shops() {
        let sizes = |id: &str| experiment(shop, id).arms.iter().map(|arm| arm.n).collect::<Vec<_>>();
        assert_eq!((sizes("exp-1"), sizes("exp-2")), (vec![6_000; 2], vec![3_000; 2]));
        for id in ["exp-1", "exp-2"] {
            for arm in &experiment(shop, id).arms {
                let of = |kind: InteractionKind| {
                    let of_arm = |i: &&Interaction| {
                        i.campaign.as_deref() == Some(id) && i.variant.as_deref() == Some(&arm.name)
                    };
                    shop.interactions.iter().filter(of_arm).filter(|i| i.kind == kind).count() as u64
                };
                assert_eq!((of(InteractionKind::Send), of(InteractionKind::Click)), (arm.n, arm.conversions));
            }
        }
        let truth = |id: &str| &shop.truth.experiments.iter().find(|truth| truth.id == id).unwrap().rates;
        assert_eq!(
            (truth("exp-1").as_slice(), truth("exp-2").as_slice()),
            (&[0.042, 0.051][..], &[0.038; 2][..])
        );
    }
}

#[test]
fn the_hold_out_finds_an_uplift_among_those_at_risk_only() {
    for (id, uplift) in [("holdout-at_risk", 0.015), ("holdout-champions", 0.0)] {
        let [held, sent] = pooled(id).map(|(n, conversions)| (n, conversions / n));
        let variance = |(n, rate): (f64, f64)| rate * (1.0 - rate) / n;
        let error = (variance(held) + variance(sent)).sqrt();
        let found = sent.1 - held.1;
        println!("{id}: {held:?} {sent:?} uplift {found:.4} ± {error:.4}");
        assert!((found - uplift).abs() < 3.0 * error, "{id}: {found:.4} ± {error:.4}, planted {uplift}");
        assert!((held.0 / sent.0 - 1.0).abs() < 0.06, "{id}: {} {}", held.0, sent.0);
        for shop in shops() {
            let rates = &shop.truth.experiments.iter().find(|truth| truth.id == id).unwrap().rates;
            assert!((rates[1] - rates[0] - uplift).abs() < 1e-12);
            let sent = &experiment(shop, id).arms[1];
            let (n, ordered) = recount(shop, id);
            assert_eq!(sent.n, n, "{id}");
            // the orders that the mail adds are not among the shop's: no earlier number moves
            let added = (sent.conversions - ordered) as f64;
            let error = (n as f64 * uplift).sqrt();
            assert!((added - uplift * n as f64).abs() <= 4.0 * error, "{id}: {added} of {n}");
        }
    }
}

/// Mails of a hold-out and how many of them an order followed within seven days.
fn recount(shop: &DemoShop, id: &str) -> (u64, u64) {
    let mut sales: HashMap<_, Vec<Day>> = HashMap::new();
    for order in shop.orders.iter().filter(|order| order.is_sale()) {
        sales.entry(order.customer.clone().unwrap()).or_default().push(order.placed_on);
    }
    let sent = shop.interactions.iter().filter(|i| i.kind == InteractionKind::Send);
    let sent: Vec<_> = sent.filter(|i| i.campaign.as_deref() == Some(id)).collect();
    let followed = |i: &&&Interaction| {
        let days = sales.get(&i.customer);
        days.is_some_and(|days| days.iter().any(|day| (1..=7).contains(&day.since(i.on))))
    };
    (sent.len() as u64, sent.iter().filter(followed).count() as u64)
}

#[test]
fn only_who_consents_is_written_to_and_answers_follow_messages() {
    for shop in shops() {
        let customers: HashMap<_, _> = shop.customers.iter().map(|c| (&c.id, c)).collect();
        let ids: HashSet<_> = shop.interactions.iter().map(|i| &i.id).collect();
        assert_eq!(ids.len(), shop.interactions.len());
        assert!(shop.interactions.is_sorted_by_key(|i| i.at));
        let sends: HashMap<_, _> = shop
            .interactions
            .iter()
            .filter(|i| i.kind == InteractionKind::Send)
            .map(|i| (i.id.trim_end_matches('s'), i))
            .collect();
        println!("{} interactions, {} sends", shop.interactions.len(), sends.len());
        for i in &shop.interactions {
            let customer = customers[&i.customer];
            let consents = match i.channel.as_deref().unwrap() {
                "email" => customer.consent.email,
                "sms" => customer.consent.sms,
                _ => customer.consent.push,
            };
            assert!(consents == Some(true) && customer.joined.unwrap() < i.on, "{i:?}");
            let sent = sends[i.id.trim_end_matches(['s', 'o', 'c'])];
            assert!(sent.at <= i.at && sent.customer == i.customer && i.on <= shop.truth.to, "{i:?}");
            assert!(i.kind != InteractionKind::Open || i.channel.as_deref() != Some("sms"), "{i:?}");
            let at = jiff::Timestamp::from_second(i.at).unwrap().in_tz("Europe/Berlin").unwrap();
            assert_eq!(Day::from(at.date()), i.on, "{i:?}");
        }
    }
}

/// Share of the channel's campaign messages with an answer of this kind, by what `key` says of the message.
fn answered<K: std::hash::Hash + Eq>(
    channel: &str,
    kind: InteractionKind,
    key: impl Fn(&DemoShop, &Interaction) -> K,
) -> HashMap<K, f64> {
    let mut counts: HashMap<K, (f64, f64)> = HashMap::new();
    for shop in shops() {
        let answers: HashSet<&str> = shop
            .interactions
            .iter()
            .filter(|i| i.kind == kind)
            .map(|i| i.id.trim_end_matches(['o', 'c']))
            .collect();
        let sends = shop.interactions.iter().filter(|i| i.kind == InteractionKind::Send);
        for i in sends.filter(|i| i.campaign.as_ref().unwrap().contains("-2026-")) {
            if i.channel.as_deref() == Some(channel) {
                let count = counts.entry(key(shop, i)).or_default();
                count.0 += 1.0;
                count.1 += f64::from(u8::from(answers.contains(i.id.trim_end_matches('s'))));
            }
        }
    }
    counts.into_iter().map(|(key, (sent, answered))| (key, answered / sent)).collect()
}

fn hour(_: &DemoShop, i: &Interaction) -> i8 {
    jiff::Timestamp::from_second(i.at).unwrap().in_tz("Europe/Berlin").unwrap().hour()
}

fn best(rates: &HashMap<i8, f64>) -> Vec<i8> {
    let mut hours: Vec<i8> = rates.keys().copied().collect();
    hours.sort_by(|a, b| rates[b].total_cmp(&rates[a]));
    hours
}

#[test]
fn answers_hang_on_hour_and_copy() {
    let email = answered("email", InteractionKind::Open, hour);
    let mut first: Vec<i8> = best(&email)[..2].to_vec();
    first.sort_unstable();
    assert_eq!(first, [19, 20], "{email:?}");
    let push = answered("push", InteractionKind::Open, hour);
    assert_eq!(best(&push)[0], 12, "{push:?}");
    let copies = answered("email", InteractionKind::Click, |_, i| i.variant.clone().unwrap());
    assert!(copies["offer"] > copies["story"] && copies["story"] > copies["plain"], "{copies:?}");
    let all = answered("email", InteractionKind::Open, |_, _| ());
    assert!((0.2..0.33).contains(&all[&()]), "{all:?}");
    assert!(answered("sms", InteractionKind::Open, |_, _| ())[&()] < f64::EPSILON);
}

/// Money a week of a channel over the data, from the daily rows.
fn weekly_spend(shop: &DemoShop, channel: &str) -> Vec<f64> {
    let mut weeks = vec![0.0; 105];
    for row in shop.spend.iter().filter(|row| row.channel == channel) {
        weeks[row.day.since(shop.truth.from) as usize / 7] += row.cost.to_f64();
    }
    weeks
}

/// Σ of β·Hill over the weeks, by the formulas of DEFINITIONS §8.
fn response(truth: &demo::ChannelTruth, spend: &[f64], before: f64, weeks: std::ops::Range<usize>) -> f64 {
    let norm: f64 = (0..13).map(|lag| truth.alpha.powi(lag)).sum();
    let ad = |t: usize| {
        let week = |lag: usize| t.checked_sub(lag).map_or(before, |week| spend[week]);
        (0..13).map(|lag| truth.alpha.powi(lag as i32) * week(lag)).sum::<f64>() / norm
    };
    let hill = |x: f64| x.powf(truth.slope) / (truth.half_saturation.powf(truth.slope) + x.powf(truth.slope));
    weeks.map(|t| truth.beta * hill(ad(t))).sum()
}

#[test]
fn lift_tests_measure_the_truth_within_fifteen_percent() {
    let mut z = Vec::new();
    for shop in shops() {
        let channels: Vec<_> = shop.lift_tests.iter().map(|test| test.channel.as_str()).collect();
        assert_eq!(channels, ["search", "social", "display", "video", "tv"]);
        for (test, truth) in shop.lift_tests.iter().zip(&shop.truth.lift_tests) {
            assert_eq!(test.id, truth.id);
            let channel = &shop.truth.channels[&test.channel];
            let mut spend = weekly_spend(shop, &test.channel);
            let before = spend[..8].iter().sum::<f64>() / 8.0;
            let from = test.from.since(shop.truth.from) as usize / 7;
            let until = (test.measured_until.since(shop.truth.from) as usize + 1) / 7;
            let mut of = |weeks: &[mercato::domain::Micros]| {
                for (k, money) in weeks.iter().enumerate() {
                    spend[from + k] = money.to_f64();
                }
                response(channel, &spend, before, from..until)
            };
            let lift = of(&test.spend_treated) - of(&test.spend_control);
            let effect = test.scope_share.to_f64() * lift;
            assert!((effect / truth.effect - 1.0).abs() < 1e-6, "{}: {effect} {}", test.id, truth.effect);
            assert!((test.se.to_f64() / (0.15 * truth.effect) - 1.0).abs() < 1e-3, "{}", test.id);
            assert_eq!(
                (test.from.to_string().as_str(), test.to.to_string().as_str()),
                ("2026-04-06", "2026-05-03")
            );
            z.push((test.effect.to_f64() - truth.effect) / test.se.to_f64());
        }
    }
    let rms = (z.iter().map(|z| z * z).sum::<f64>() / z.len() as f64).sqrt();
    assert!((0.6..1.4).contains(&rms) && z.iter().all(|z| z.abs() < 3.5), "{rms} {z:?}");
}

#[test]
fn one_percent_more_brings_what_the_truth_says() {
    for shop in shops() {
        for (name, channel) in &shop.truth.channels {
            let spend = weekly_spend(shop, name);
            let before = spend[..8].iter().sum::<f64>() / 8.0;
            let more: Vec<f64> = spend[..104].iter().map(|spend| 1.01 * spend).collect();
            let gain = response(channel, &more, before, 0..104) - response(channel, &spend, before, 0..104);
            let mroi = gain / (0.01 * spend[..104].iter().sum::<f64>());
            assert!((mroi / channel.mroi - 1.0).abs() < 1e-3, "{name}: {mroi} {}", channel.mroi);
            assert!(channel.mroi > 0.0 && channel.mroi < 1.7 * channel.roi, "{name}: {}", channel.mroi);
        }
    }
}

#[test]
fn other_messages_leave_the_rest_of_the_shop_alone() {
    let shop = &shops()[0];
    let other = demo::generate_from(&Streams::of(1).reseed(Line::Sends, 99));
    assert!(shop.orders == other.orders && shop.customers == other.customers && shop.spend == other.spend);
    assert!(shop.feedback == other.feedback && shop.interactions != other.interactions);
    assert!(shop.truth.customers == other.truth.customers);
}
