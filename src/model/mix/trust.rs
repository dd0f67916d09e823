//! How far can figures of the media model be trusted, and which step lifts it?
//!
//! DEFINITIONS §10: interval width, skill on unseen weeks and diagnostics, the same for a channel, for all of them and
//! for a plan; what a channel or a plan has of its own comes on top.

use serde::{Deserialize, Serialize};

use super::measure::Estimate;
use super::{Channel, Mix, PRIOR_DOMINATED};
use crate::domain::Grade;

/// A component that limits the grade: the grade, what it is and its mend (keys of `prompts/words/grade.toml`).
pub type Limit = (Grade, &'static str, &'static str);

/// Half-width of the 90 % interval over the value: ready, review_first.
const WIDTH: [f64; 2] = [0.20, 0.50];
/// Skill on unseen weeks: ready, review_first.
const SKILL: [f64; 2] = [0.05, 0.0];
/// A figure is as blind as the channels that make more than this share of it.
const BLIND: f64 = 0.5;
/// R-hat that NUTS must not pass: clean, more than rough.
const R_HAT: [f64; 2] = [1.01, 1.05];

/// How far a channel's figures may be trusted, and what limits it most.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Trust {
    /// The worst component's grade.
    pub grade: Grade,
    /// That component; `None` for `ready`.
    pub component: Option<&'static str>,
    /// The cheapest step that lifts it.
    pub mend: Option<&'static str>,
}

impl Trust {
    /// The worst of these; of several the first.
    fn of(limits: Vec<Limit>) -> Self {
        let ready = Self { grade: Grade::Ready, component: None, mend: None };
        limits.into_iter().fold(ready, |worst, (grade, component, mend)| match grade < worst.grade {
            true => Self { grade, component: Some(component), mend: Some(mend) },
            false => worst,
        })
    }
}

impl Channel {
    /// Why the weeks alone do not show this channel's effect: they say little of it, or what nobody can believe.
    pub fn blind(&self) -> Option<Limit> {
        if self.warnings.iter().any(|warning| warning == "roi_far_out") {
            return Some((Grade::Directional, "roi_far_out", "lift_test"));
        }
        (self.prior_share > PRIOR_DOMINATED).then_some((Grade::Directional, "prior_dominated", "lift_test"))
    }
}

impl Mix {
    /// 1 − loss/naive loss on unseen weeks (root mean square errors); `None` with fewer than two origins.
    pub fn skill(&self) -> Option<f64> {
        let of = |method: &str| self.holdout.iter().find(|row| row.method == method);
        let (mix, naive) = (of("mix")?, of("naive")?);
        (naive.rmse > 0.0).then(|| 1.0 - mix.rmse / naive.rmse)
    }

    /// What keeps the fit itself from `ready`.
    pub fn limits_of_fit(&self) -> Vec<Limit> {
        let mut limits: Vec<Limit> = Vec::new();
        let diagnostics = &self.diagnostics;
        if self.rough() {
            limits.push((Grade::Directional, "media_rough", "more_weeks"));
        } else if diagnostics.flat
            || diagnostics.r_hat.is_some_and(|r_hat| r_hat > R_HAT[0])
            || diagnostics.divergences.is_some_and(|divergences| divergences > 0)
        {
            limits.push((Grade::ReviewFirst, "media_diagnostics", "more_weeks"));
        }
        limits.extend(match self.skill() {
            None => Some((Grade::NeedsData, "media_few_origins", "more_weeks")),
            Some(skill) if skill < SKILL[1] => Some((Grade::Directional, "media_no_skill", "more_weeks")),
            Some(skill) if skill < SKILL[0] => Some((Grade::ReviewFirst, "media_no_skill", "more_weeks")),
            Some(_) => None,
        });
        limits
    }

    /// What keeps a figure of this fit from `ready`: its interval, wide or across 0, and the fit.
    pub fn limits(&self, headline: &Estimate) -> Vec<Limit> {
        let Estimate { lo, hi, .. } = *headline;
        let width = if lo > 0.0 || hi < 0.0 { headline.half_width() } else { f64::INFINITY };
        let mut limits: Vec<Limit> = Vec::new();
        if width.is_nan() || width > WIDTH[1] {
            limits.push((Grade::Directional, "interval_wide", "lift_test"));
        } else if width > WIDTH[0] {
            limits.push((Grade::ReviewFirst, "interval_wide", "lift_test"));
        }
        limits.extend(self.limits_of_fit());
        limits
    }

    /// A channel's grade; `headline` is the figure that is said.
    pub fn trust(&self, channel: &Channel, headline: Estimate) -> Trust {
        let mut limits: Vec<Limit> = Vec::new();
        limits.extend(channel.blind());
        limits.extend(self.limits(&headline));
        if !channel.warnings.is_empty() {
            limits.push((Grade::ReviewFirst, "media_diagnostics", "more_weeks"));
        }
        Trust::of(limits)
    }

    /// What limits a figure to which each channel adds this much (of either sign), where most of it comes from channels
    /// whose effect the weeks do not show.
    pub fn blind(&self, parts: &[f64]) -> Option<Limit> {
        let all: f64 = parts.iter().map(|part| part.abs()).sum();
        let parts = self.channels.iter().zip(parts);
        let blind: Vec<(f64, Limit)> =
            parts.filter_map(|(channel, part)| Some((part.abs(), channel.blind()?))).collect();
        let most = blind.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        (blind.iter().map(|(part, _)| part).sum::<f64>() > BLIND * all).then_some(most.1)
    }

    /// The grade of what all channels bring together; `parts`: what each brings.
    pub fn trust_of_all(&self, headline: Estimate, parts: &[f64]) -> Trust {
        Trust::of(self.blind(parts).into_iter().chain(self.limits(&headline)).collect())
    }

    /// Whether the draws are only roughly the posterior.
    pub fn rough(&self) -> bool {
        let diagnostics = &self.diagnostics;
        match diagnostics.r_hat {
            Some(r_hat) => {
                r_hat > R_HAT[1] || diagnostics.divergences.is_some_and(|n| n > self.judging.len() / 50)
            }
            None => diagnostics.k_hat > super::draws::ROUGH,
        }
    }
}
