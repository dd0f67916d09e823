//! What does a plan say: each channel's money, what it brings, and how the whole stands against today's split?

use serde::{Deserialize, Serialize};

use super::Reach;
use crate::model::mix::measure::Estimate;

/// Moving less than this share is moving nothing.
const STILL: f64 = 1e-3;
/// A gain below this share of what today's split brings is none.
const FLAT: f64 = 5e-3;

/// One channel of a plan; money over the whole plan where nothing else is said.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChannelPlan {
    /// As in the model.
    pub name: String,
    /// Each week, whole cents.
    pub weekly: Vec<f64>,
    /// Σ of them.
    pub spend: f64,
    /// Today's split of the same total.
    pub reference: f64,
    /// A week today.
    pub today_weekly: f64,
    /// The largest week seen.
    pub largest_week: f64,
    /// What it brings.
    pub response: Estimate,
    /// What the next unit would bring, in its best week that has room.
    pub next_unit: Option<f64>,
    /// Judged by the model; else it keeps today's spend.
    pub judged: bool,
    /// Has a lift test not older than a year.
    pub tested: bool,
    /// Standard deviation over the draws of what moving its money brings.
    pub doubt: f64,
}

/// The total that pays best, and what it brings.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct TotalFound {
    /// Money over all channels and weeks, the kept ones included.
    pub total: f64,
    /// What it brings.
    pub response: f64,
    /// Margin less spend, where the margin is known.
    pub profit: Option<f64>,
    /// The bounds end there: more might do still better.
    pub at_end: bool,
}

/// How a target ROI fares.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct RoiFound {
    /// What is asked.
    pub target: f64,
    /// Of the plan.
    pub planned: f64,
    /// Whether the plan reaches it.
    pub reached: bool,
    /// The best that any total within the bounds reaches.
    pub best: f64,
    /// Its total, money over all channels and weeks.
    pub best_total: f64,
    /// The largest total that reaches the target, likewise.
    pub largest_total: Option<f64>,
}

/// A plan, judged.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// Weeks.
    pub weeks: usize,
    /// Money over all channels and weeks, the kept ones included.
    pub total: f64,
    /// The total was not asked but found.
    pub total_found: bool,
    /// The model's channels, then those that keep today's spend.
    pub channels: Vec<ChannelPlan>,
    /// What the judged channels bring.
    pub expected: Estimate,
    /// Margin less spend, where the margin is known.
    pub profit: Option<Estimate>,
    /// What the same total brings in today's split.
    pub reference: Estimate,
    /// The one less the other (in profit where that is asked).
    pub gain: Estimate,
    /// Share of the judging draws in which the gain is positive.
    pub p_better: f64,
    /// How far the mean value may lie below the best there is, of the bound (on the choosing draws).
    pub gap: f64,
    /// How the bounds were widened.
    pub reach: Reach,
    /// Where the next unit goes, and what it brings.
    pub next: Option<(usize, Estimate)>,
    /// The total that pays best, where the margin is known.
    pub best_total: Option<TotalFound>,
    /// The target's fate.
    pub roi: Option<RoiFound>,
    /// Share of the moved money in channels with a test.
    pub tested_share: f64,
}

impl Plan {
    /// The largest planned week over the largest seen, of the channel that goes furthest; `None` where money goes to one
    /// never used.
    pub fn stretch(&self) -> Option<f64> {
        let judged = self.channels.iter().filter(|channel| channel.judged);
        judged.map(ChannelPlan::stretch).try_fold(0.0, |most: f64, own| own.map(|own| most.max(own)))
    }

    /// The channels that get more in a week than was ever spent on them.
    pub fn beyond(&self) -> Vec<&ChannelPlan> {
        let judged = self.channels.iter().filter(|channel| channel.judged);
        judged.filter(|channel| channel.stretch().is_none_or(|own| own > 1.0 + 1e-9)).collect()
    }

    /// Whether the judged channels get what they would in the reference, and it brings as much: nothing is moved.
    pub fn stands_still(&self) -> bool {
        let judged = || self.channels.iter().filter(|channel| channel.judged);
        let moved: f64 = judged().map(|channel| 0.5 * (channel.spend - channel.reference).abs()).sum();
        moved <= STILL * self.judged_spend() && self.gain.value.abs() <= FLAT * self.reference.value.abs()
    }

    /// Money of the judged channels.
    pub fn judged_spend(&self) -> f64 {
        self.channels.iter().filter(|channel| channel.judged).map(|channel| channel.spend).sum()
    }

    /// Nothing was spent of late, so the reference has the shares of all weeks.
    pub fn paused(&self) -> bool {
        self.channels.iter().filter(|channel| channel.judged).all(|channel| channel.today_weekly <= 0.0)
    }

    /// The reference is not in today's shares, for somebody's bounds forbid them.
    pub fn reference_bounded(&self) -> bool {
        let judged = || self.channels.iter().filter(|channel| channel.judged);
        let today: f64 = judged().map(|channel| channel.today_weekly).sum();
        let all: f64 = judged().map(|channel| channel.reference).sum();
        let off = |c: &ChannelPlan| (c.reference - all * c.today_weekly / today).abs() > 1e-6 * all.max(1.0);
        today > 0.0 && judged().any(off)
    }

    /// The channel whose test would settle most: the one that adds most to the doubt about the gain, the untested first.
    pub fn test_that_pays(&self) -> Option<&ChannelPlan> {
        let judged = || self.channels.iter().filter(|channel| channel.judged);
        let most = |channels: &mut dyn Iterator<Item = &'_ ChannelPlan>| -> Option<String> {
            channels.max_by(|a, b| a.doubt.total_cmp(&b.doubt)).map(|channel| channel.name.clone())
        };
        let name =
            most(&mut judged().filter(|c| !c.tested && c.doubt > 0.0)).or_else(|| most(&mut judged()))?;
        self.channels.iter().find(|channel| channel.name == name)
    }
}

impl ChannelPlan {
    /// Its largest planned week over the largest seen; `None` where it gets money and was never used.
    pub fn stretch(&self) -> Option<f64> {
        let largest = self.weekly.iter().copied().fold(0.0, f64::max);
        match self.largest_week {
            seen if seen > 0.0 => Some(largest / seen),
            _ if largest > 0.0 => None,
            _ => Some(0.0),
        }
    }
}
