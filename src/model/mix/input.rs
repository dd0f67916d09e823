//! Which weeks, channels and tests can be judged at all?
//!
//! DEFINITIONS §8: at least 52 complete weeks, at least ten weeks of each channel; a channel whose spend hardly varies is
//! not judged, and channels that move as one are judged as one. What is left out is named, never dropped silently.

use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, Shape as Design};
use super::posterior::{Lift, Posterior, Shape};
use super::response::{LAGS, today, with_history};
use super::{Channel, Kind, LeftOut, MixError};
use crate::domain::Day;

/// Weeks below which nothing is fitted.
pub const WEEKS_MIN: usize = 52;
/// Weeks from which the season has two harmonics.
const TWO_HARMONICS: usize = 78;
/// Weeks of spend below which a channel is not judged.
const CHANNEL_WEEKS: usize = 10;
/// Spend that varies less (standard deviation over mean) tells nothing.
const VARIES: f64 = 0.10;
/// Channels that move closer together than this are one.
const TOGETHER: f64 = 0.9;

/// What a fit starts from.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Input {
    /// What the weeks count.
    pub kind: Kind,
    /// First day of the first week.
    pub first_day: Day,
    /// Revenue or orders by week.
    pub target: Vec<f64>,
    /// Spend by week, one each.
    pub channels: Vec<Series>,
    /// Other things that move the target, by week.
    pub controls: Vec<(String, Vec<f64>)>,
    /// Tests of a channel's spend.
    pub tests: Vec<Test>,
}

/// One channel's weeks.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Series {
    /// Name.
    pub name: String,
    /// Money.
    pub spend: Vec<f64>,
    /// What people saw (impressions, clicks), where that is known; the response is to this.
    pub exposure: Option<Vec<f64>>,
}

/// A lift test.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Test {
    /// Key.
    pub id: String,
    /// Channel's name.
    pub channel: String,
    /// First day with changed spend.
    pub from: Day,
    /// Last day measured.
    pub measured_until: Day,
    /// Spend by week in the control areas, as if it were the whole shop.
    pub control: Vec<f64>,
    /// The same where it was treated.
    pub treated: Vec<f64>,
    /// Share of the shop in the test's areas.
    pub scope: f64,
    /// What treated brought more than control.
    pub effect: f64,
    /// Its standard error.
    pub se: f64,
}

impl Input {
    /// One finite value a week everywhere, none of spend or exposure below 0.
    pub(super) fn check(&self) -> Result<(), MixError> {
        let weeks = self.target.len();
        let finite = |values: &[f64]| values.len() == weeks && values.iter().all(|value| value.is_finite());
        let positive = |values: &[f64]| finite(values) && values.iter().all(|value| *value >= 0.0);
        let bad = |name: &str| Err(MixError::BadSeries(name.to_owned()));
        if !finite(&self.target) {
            return bad("target");
        }
        for series in &self.channels {
            if !(positive(&series.spend) && series.exposure.as_deref().is_none_or(positive)) {
                return bad(&series.name);
            }
        }
        match self.controls.iter().find(|(_, values)| !finite(values)) {
            Some((name, _)) => bad(name),
            None => Ok(()),
        }
    }
}

/// The density with what belongs to it.
pub(super) struct Prepared {
    pub(super) posterior: Posterior,
    pub(super) design: Design,
    pub(super) channels: Vec<Channel>,
    pub(super) left_out: Vec<LeftOut>,
    /// Test of the input, channel, place among the channel's lifts.
    pub(super) tests: Vec<(usize, usize, usize)>,
    pub(super) warnings: Vec<String>,
}

/// Checks and shapes the first `weeks` weeks; `delayed` names channels whose effect peaks later.
pub(super) fn prepare(input: &Input, weeks: usize, delayed: &[String]) -> Result<Prepared, MixError> {
    if weeks < WEEKS_MIN {
        return Err(MixError::TooFewWeeks { weeks, needed: WEEKS_MIN });
    }
    let target = &input.target[..weeks];
    let mean = target.iter().sum::<f64>() / weeks as f64;
    if !(mean.is_finite() && mean > 0.0) {
        return Err(MixError::NothingSold);
    }
    let mut warnings = Vec::new();
    let (channels, left_out) = judged(input, weeks);
    if channels.is_empty() {
        return Err(MixError::NoChannel { left_out });
    }
    if channels.iter().any(|channel| channel.parts.len() > 1) {
        warnings.push("merged_channels".to_owned());
    }
    let harmonics = if weeks >= TWO_HARMONICS { 2 } else { 1 };
    if harmonics == 1 {
        warnings.push("one_harmonic".to_owned());
    }
    let controls: Vec<Vec<f64>> =
        input.controls.iter().filter_map(|(_, values)| standardised(values, weeks)).collect();
    if controls.len() < input.controls.len() {
        warnings.push("flat_control".to_owned());
    }
    let most = weeks / 4;
    if controls.len() > most {
        return Err(MixError::TooManyControls { controls: controls.len(), most });
    }
    let design = Design { weeks, harmonics, controls, level: 0.6 };
    let baseline = Baseline::new(&design).ok_or(MixError::NoFit)?;
    let mut shapes: Vec<Shape> = channels
        .iter()
        .map(|channel| {
            let media = &channel.media[..weeks];
            let used = media.iter().filter(|spend| **spend > 0.0).count();
            Shape {
                media: with_history(media),
                scale: media.iter().sum::<f64>() / used as f64,
                budget: channel.spend[..weeks].iter().sum::<f64>() / mean,
                delayed: channel.parts.iter().any(|part| delayed.contains(part)),
                lifts: Vec::new(),
            }
        })
        .collect();
    let mut tests = Vec::new();
    for (place, test) in input.tests.iter().enumerate() {
        let found = channels.iter().position(|channel| channel.parts.contains(&test.channel));
        let lift = found
            .and_then(|channel| lift(input, &channels[channel], test, weeks, mean).map(|l| (channel, l)));
        match lift {
            Some((channel, lift)) => {
                tests.push((place, channel, shapes[channel].lifts.len()));
                shapes[channel].lifts.push(lift);
            }
            None => warnings.push("test_not_used".to_owned()),
        }
    }
    warnings.dedup();
    let target = target.iter().zip(&baseline.prior).map(|(y, prior)| y / mean - prior).collect();
    let posterior = Posterior { kind: input.kind, baseline, target, mean, channels: shapes };
    Ok(Prepared { posterior, design, channels, left_out, tests, warnings })
}

/// The channels to be judged, those that move as one merged, and the others.
fn judged(input: &Input, weeks: usize) -> (Vec<Channel>, Vec<LeftOut>) {
    let (mut channels, mut left_out) = (Vec::new(), Vec::new());
    for series in &input.channels {
        let media = money(series);
        let seen = &media[..weeks];
        let spend: f64 = series.spend[..weeks].iter().sum();
        let used = seen.iter().filter(|spend| **spend > 0.0).count();
        let why = if !(spend > 0.0 && used > 0) {
            "zero_spend"
        } else if used < CHANNEL_WEEKS {
            "few_weeks"
        } else if varies(seen) < VARIES {
            "flat"
        } else {
            channels.push(Channel {
                name: series.name.clone(),
                parts: vec![series.name.clone()],
                spend: series.spend.clone(),
                media,
                prior_share: 1.0,
                warnings: Vec::new(),
            });
            continue;
        };
        left_out.push(LeftOut {
            name: series.name.clone(),
            why: why.to_owned(),
            spend: series.spend.clone(),
        });
    }
    // a merged channel may come close to one that its parts were not close to
    while let Some((one, other)) = closest(&channels, weeks) {
        let other = channels.remove(other);
        let one = &mut channels[one];
        one.name = format!("{} + {}", one.name, other.name);
        one.parts.extend(other.parts);
        one.spend.iter_mut().zip(&other.spend).for_each(|(all, own)| *all += own);
        one.media.iter_mut().zip(&other.media).for_each(|(all, own)| *all += own);
    }
    (channels, left_out)
}

/// The first pair, in order, that moves as one.
fn closest(channels: &[Channel], weeks: usize) -> Option<(usize, usize)> {
    (0..channels.len()).find_map(|one| {
        let together = |other: &usize| {
            correlation(&channels[one].media[..weeks], &channels[*other].media[..weeks]) > TOGETHER
        };
        (one + 1..channels.len()).find(together).map(|other| (one, other))
    })
}

/// Exposure at its mean price, or the spend itself.
fn money(series: &Series) -> Vec<f64> {
    let Some(exposure) = &series.exposure else { return series.spend.clone() };
    let (seen, paid): (f64, f64) = (exposure.iter().sum(), series.spend.iter().sum());
    if seen > 0.0 {
        exposure.iter().map(|exposure| exposure * paid / seen).collect()
    } else {
        vec![0.0; exposure.len()]
    }
}

/// The test as the density sees it; `None` where it lies outside the weeks.
fn lift(input: &Input, channel: &Channel, test: &Test, weeks: usize, mean: f64) -> Option<Lift> {
    let week = |day: Day| (f64::from(day.since(input.first_day)) / 7.0).round() as i64;
    let from = usize::try_from(week(test.from)).ok().filter(|from| *from < weeks)?;
    let changed = test.treated.len();
    let end = usize::try_from(week(test.measured_until.plus(1))).ok()?.max(from + changed);
    let usable = changed > 0 && test.control.len() == changed && test.se > 0.0 && test.effect.is_finite();
    if !usable || test.scope.is_nan() || test.scope <= 0.0 || end > weeks + 2 * LAGS {
        return None;
    }
    let media = &channel.media[..weeks];
    let after = today(media);
    // what the other channels of a merged one spend stays
    let own = input.channels.iter().find(|series| series.name == test.channel).map(money)?;
    let all = with_history(media);
    let series = |levels: &[f64]| -> Vec<f64> {
        (from..end + LAGS - 1)
            .map(|place| {
                let usual = all.get(place).copied().unwrap_or(after);
                let Some(week) = place.checked_sub(LAGS - 1) else { return usual };
                match week.checked_sub(from).and_then(|week| levels.get(week)) {
                    Some(level) => level + (usual - own.get(week).copied().unwrap_or(usual)).max(0.0),
                    None => usual,
                }
            })
            .collect()
    };
    Some(Lift {
        treated: series(&test.treated),
        control: series(&test.control),
        scope: test.scope,
        effect: test.effect / mean,
        se: test.se / mean,
    })
}

/// Zero mean and unit spread over the fitted weeks; `None` where it does not vary.
fn standardised(values: &[f64], weeks: usize) -> Option<Vec<f64>> {
    let seen = &values[..weeks];
    let (mean, sd) = moments(seen);
    (sd.is_finite() && sd > 1e-9 * mean.abs().max(1e-300))
        .then(|| values.iter().map(|value| (value - mean) / sd).collect())
}

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt())
}

/// Standard deviation over mean.
fn varies(values: &[f64]) -> f64 {
    let (mean, sd) = moments(values);
    sd / mean
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let ((ma, sa), (mb, sb)) = (moments(a), moments(b));
    let together: f64 = a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum::<f64>() / a.len() as f64;
    together / (sa * sb)
}
