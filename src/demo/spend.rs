//! What is spent on each channel, week by week and day by day?
//!
//! DEFINITIONS §12 line 3. Weekly sums in cents; the rows of the shop are daily and add up to them.

use rand::Rng as _;
use rand::seq::SliceRandom as _;

use super::season::{LAST_DAY, WEEKS_COMPLETE, WEEKS_OF_DATA, monday, season};
use super::streams::{Line, Rng, Streams, normal};
use crate::domain::{Currency, Micros, Spend};

/// An advertising channel with what is true of it.
pub(super) struct Channel {
    pub(super) name: &'static str,
    /// Mean spend a week, EUR.
    pub(super) spend_weekly: f64,
    /// α: what a week keeps of the week before.
    pub(super) alpha: f64,
    /// κ in mean weekly spends.
    pub(super) half_saturation: f64,
    /// Hill slope.
    pub(super) slope: f64,
    /// Revenue per unit of spend over the window.
    pub(super) roi: f64,
    /// Share of its orders that new customers place.
    pub(super) share_new: f64,
    /// On for some weeks, then off; else steady with bursts and cuts.
    pub(super) flighted: bool,
    /// Whether customers it brings before Christmas lapse three times as fast.
    pub(super) lapsing: bool,
}

/// How many channels there are.
pub(super) const N_CHANNELS: usize = 6;

/// Lines 3 and 4 of DEFINITIONS §12.
#[rustfmt::skip]
pub(super) const CHANNELS: [Channel; N_CHANNELS] = [
    Channel { name: "search",  spend_weekly: 2_600.0, alpha: 0.20, half_saturation: 1.1, slope: 1.0, roi: 3.2, share_new: 0.08, flighted: false, lapsing: false },
    Channel { name: "social",  spend_weekly: 2_000.0, alpha: 0.45, half_saturation: 1.0, slope: 1.2, roi: 2.2, share_new: 0.08, flighted: false, lapsing: true },
    Channel { name: "display", spend_weekly:   900.0, alpha: 0.30, half_saturation: 1.2, slope: 1.0, roi: 1.2, share_new: 0.05, flighted: false, lapsing: true },
    Channel { name: "video",   spend_weekly: 1_100.0, alpha: 0.55, half_saturation: 1.3, slope: 1.0, roi: 1.9, share_new: 0.05, flighted: true,  lapsing: false },
    Channel { name: "tv",      spend_weekly: 2_200.0, alpha: 0.70, half_saturation: 1.2, slope: 1.6, roi: 2.4, share_new: 0.06, flighted: true,  lapsing: false },
    Channel { name: "email",   spend_weekly:   200.0, alpha: 0.10, half_saturation: 0.8, slope: 1.0, roi: 3.0, share_new: 0.0,  flighted: false, lapsing: false },
];

/// Cents spent on a channel, by week of the data.
pub(super) type Weekly = Vec<i64>;

/// Draws the weekly spend of every channel. The mean of the complete weeks is the definition's to the cent's rounding:
/// otherwise a seed's spend, and with it orders and customers, would lie up to 15 % off.
pub(super) fn weekly(streams: &Streams) -> [Weekly; N_CHANNELS] {
    std::array::from_fn(|c| {
        let rng = &mut streams.open(Line::Spend, c as u64);
        let pulse = if CHANNELS[c].flighted { flights(rng) } else { bursts_and_cuts(rng) };
        let week = |(t, pulse): (usize, f64)| {
            let noise = (normal(rng, 0.6) - 0.18).exp();
            noise * (1.0 + 0.3 * (season(t) - 1.0)) * pulse
        };
        let shape: Vec<f64> = pulse.into_iter().enumerate().map(week).collect();
        let mean = shape.iter().take(WEEKS_COMPLETE).sum::<f64>() / WEEKS_COMPLETE as f64;
        let cents = |shape: f64| (CHANNELS[c].spend_weekly / mean * shape * 100.0).round() as i64;
        shape.into_iter().map(cents).collect()
    })
}

/// 4–8 weeks at 1.6 ×, 3–6 weeks off, and so on.
fn flights(rng: &mut Rng) -> Vec<f64> {
    let mut pulse = Vec::with_capacity(WEEKS_OF_DATA);
    // 6 weeks on and 4.5 off on average: the start falls into either in that proportion
    let mut on = rng.gen_bool(6.0 / 10.5);
    while pulse.len() < WEEKS_OF_DATA {
        let (weeks, level) = if on { (rng.gen_range(4..=8), 1.6) } else { (rng.gen_range(3..=6), 0.0) };
        pulse.extend(std::iter::repeat_n(level, weeks));
        on = !on;
    }
    pulse.truncate(WEEKS_OF_DATA);
    pulse
}

/// Six pairs of weeks at 2.5 × and six at .1 ×; they never overlap.
fn bursts_and_cuts(rng: &mut Rng) -> Vec<f64> {
    let mut pulse = vec![1.0; WEEKS_OF_DATA];
    let mut pairs: Vec<usize> = (0..WEEKS_OF_DATA / 2).collect();
    pairs.shuffle(rng);
    for (k, pair) in pairs.into_iter().take(12).enumerate() {
        let level = if k < 6 { 2.5 } else { 0.1 };
        pulse[2 * pair..2 * pair + 2].fill(level);
    }
    pulse
}

/// The rows a shop would keep: a day and channel each, cents exact, days without spend left out.
pub(super) fn daily_rows(weekly: &[Weekly; N_CHANNELS]) -> Vec<Spend> {
    let mut rows = Vec::new();
    for week in 0..WEEKS_OF_DATA {
        for weekday in 0..7_i64 {
            let day = monday(week).plus(weekday as i32);
            for (channel, weekly) in CHANNELS.iter().zip(weekly) {
                let cents = weekly[week] / 7 + i64::from(weekday < weekly[week] % 7);
                if cents > 0 && day <= LAST_DAY {
                    rows.push(row(channel.name, day, cents));
                }
            }
        }
    }
    rows
}

fn row(channel: &str, day: crate::domain::Day, cents: i64) -> Spend {
    Spend {
        day,
        channel: channel.to_owned(),
        account: None,
        campaign: None,
        cost: Micros::from_cents(cents),
        currency: Currency::EUR,
        impressions: None,
        clicks: None,
        conversions: None,
    }
}
