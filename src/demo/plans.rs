//! Which split of a budget would really have been best, and how far from it is another one?
//!
//! DEFINITIONS §9 and §12 line 10: V = total media response at steady state, from the true parameters; V* the exact best
//! within the same bounds and total; regret = (V* − V)/V*; gain = (V − V_ref)/(V* − V_ref) over today's shares.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::response::Response;
use super::season::WEEKS_COMPLETE;
use super::spend::{CHANNELS, N_CHANNELS, Weekly};
use crate::model::allocate::{self, Problem, Split};
use crate::model::plan::{Bound, Seen, bounds};

/// Budgets of the truth file: EUR, weeks.
const BUDGETS: [(f64, usize); 3] = [(35_000.0, 4), (100_000.0, 4), (250_000.0, 8)];

/// The true best split of one budget.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PlanTruth {
    /// EUR, all of it spent.
    pub total: f64,
    /// Weeks, each the same.
    pub weeks: usize,
    /// What is made large: `steady_response`, Σ over channels and weeks of β·x^k/(κ^k + x^k) at the weekly spend x.
    pub objective: String,
    /// By channel.
    pub channels: BTreeMap<String, ChannelPlanTruth>,
    /// V*: the objective at `best`, EUR over the plan.
    pub best_value: f64,
    /// V_ref: the objective at `reference`.
    pub reference_value: f64,
}

/// One channel of a true plan, EUR a week.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChannelPlanTruth {
    /// Mean of the last 13 complete weeks.
    pub today: f64,
    /// Least a week.
    pub min: f64,
    /// Most a week.
    pub max: f64,
    /// The same total by today's shares.
    pub reference: f64,
    /// In the best split.
    pub best: f64,
    /// β, κ and k of the objective.
    pub beta: f64,
    /// κ.
    pub half_saturation: f64,
    /// k.
    pub slope: f64,
}

/// How good a plan really is.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Judged {
    /// V, EUR over the plan.
    pub value: f64,
    /// (V* − V)/V*.
    pub regret: f64,
    /// (V − V_ref)/(V* − V_ref); below 0 the plan is harmful.
    pub gain: f64,
}

impl PlanTruth {
    /// Judges a split; `spend`: EUR over the whole plan by channel, nothing for one that is not there.
    pub fn judge(&self, spend: &BTreeMap<String, f64>) -> Judged {
        let weeks = self.weeks as f64;
        let of = |(name, channel): (&String, &ChannelPlanTruth)| {
            channel.value(spend.get(name).copied().unwrap_or(0.0) / weeks)
        };
        let value = weeks * self.channels.iter().map(of).sum::<f64>();
        let possible = self.best_value - self.reference_value;
        Judged {
            value,
            regret: (self.best_value - value) / self.best_value,
            gain: if possible > 0.0 { (value - self.reference_value) / possible } else { 0.0 },
        }
    }
}

impl ChannelPlanTruth {
    fn value(&self, weekly: f64) -> f64 {
        let Self { beta, half_saturation, slope, .. } = *self;
        let channel =
            allocate::Channel { name: String::new(), beta, half_saturation, slope, min: 0.0, max: None };
        channel.response(weekly)
    }
}

/// The best plans for the budgets of the truth file.
pub(super) fn plans(spend: &[Weekly; N_CHANNELS], response: &Response) -> Vec<PlanTruth> {
    let money = |cents: &i64| *cents as f64 / 100.0;
    let seen: [Seen; N_CHANNELS] = std::array::from_fn(|c| {
        Seen::of(&spend[c].iter().take(WEEKS_COMPLETE).map(money).collect::<Vec<f64>>())
    });
    BUDGETS.iter().filter_map(|(total, weeks)| plan(&seen, response, *total, *weeks)).collect()
}

fn plan(seen: &[Seen; N_CHANNELS], response: &Response, total: f64, weeks: usize) -> Option<PlanTruth> {
    let (room, _) = bounds::room(seen, &[Bound::default(); N_CHANNELS], weeks, Some(total)).ok()?;
    let weekly = total / weeks as f64;
    let channel = |c: usize| allocate::Channel {
        name: CHANNELS[c].name.to_owned(),
        beta: response.beta[c],
        half_saturation: response.half_saturation[c],
        slope: CHANNELS[c].slope,
        min: room.limits[c].week.0,
        max: Some(room.limits[c].week.1),
    };
    let problem = Problem { total: weekly, channels: (0..N_CHANNELS).map(channel).collect() };
    let Split { spend: best, value, .. } = allocate::allocate(&problem).ok()?;
    let today: f64 = seen.iter().map(|seen| seen.today).sum();
    let truth = |(c, channel): (usize, &allocate::Channel)| {
        let truth = ChannelPlanTruth {
            today: seen[c].today,
            min: channel.min,
            max: room.limits[c].week.1,
            reference: weekly * seen[c].today / today,
            best: best[c],
            beta: channel.beta,
            half_saturation: channel.half_saturation,
            slope: channel.slope,
        };
        (channel.name.clone(), truth)
    };
    let channels: BTreeMap<String, ChannelPlanTruth> =
        problem.channels.iter().enumerate().map(truth).collect();
    let reference_value = channels.values().map(|channel| channel.value(channel.reference)).sum::<f64>();
    Some(PlanTruth {
        total,
        weeks,
        objective: "steady_response".to_owned(),
        channels,
        best_value: value * weeks as f64,
        reference_value: reference_value * weeks as f64,
    })
}
