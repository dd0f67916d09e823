//! What does a plan bring, and is it better than the same total split as today?
//!
//! On posterior draws that did not choose the plan: every figure with its interval, and P(better) as the share of draws in
//! which the plan's objective is above that of today's split.

use super::cents::cents;
use super::course::{Shape, mean};
use super::{ChannelPlan, Game, Objective, Plan, Reach, Room, Seen};
use crate::domain::Cancelled;
use crate::model::mix::LeftOut;
use crate::model::mix::measure::Estimate;

/// A lift test older than this says little of today.
const TEST_DAYS: i32 = 365;

/// By channel, under each judging draw.
type Values = Vec<Vec<f64>>;

impl Game<'_> {
    /// Sets a plan of the judged channels (whole cents, `total` in all) against today's split.
    pub(super) fn judge(
        &self,
        room: &Room,
        plan: &[f64],
        total: f64,
        reach: Reach,
    ) -> Result<Plan, Cancelled> {
        let reference = self.reference(total);
        let (own, today) = (self.values(plan)?, self.values(&reference)?);
        let (values, today_values) = (sums(&own), sums(&today));
        let margin = self.ask.margin.filter(|_| self.ask.objective == Objective::Profit);
        let rate = margin.unwrap_or(1.0);
        let gains: Vec<f64> = values.iter().zip(&today_values).map(|(a, b)| rate * (a - b)).collect();
        // where both are the same but for cents, neither is the better one
        let same = 1e-6 * rate * mean(&today_values).abs();
        let wins = |gain: &f64| if gain.abs() <= same { 0.5 } else { f64::from(u8::from(*gain > 0.0)) };
        let draws = self.judging.draws();
        let slope = self.judging.local(plan, Shape::Response, &vec![1.0 / draws as f64; draws]).slope;
        let mut channels = Vec::new();
        let mut next: Option<(usize, Estimate)> = None;
        for c in 0..self.mix.channels.len() {
            let channel = self.channel(c, plan, &reference, (&own[c], &today[c]));
            let best = self.best_week(c, room, plan, &slope);
            let brings = best.map(|i| self.one_more(c, i, plan, total, &own[c]));
            if let Some(brings) = brings
                && next.is_none_or(|(_, most)| brings.value > most.value)
            {
                next = Some((c, brings));
            }
            channels.push(ChannelPlan { next_unit: brings.map(|brings| brings.value), ..channel });
        }
        let moved = |channel: &ChannelPlan| (channel.spend - channel.reference).abs();
        let all_moved: f64 = channels.iter().map(moved).sum();
        let tested_moved: f64 = channels.iter().filter(|channel| channel.tested).map(moved).sum();
        channels.extend(self.mix.left_out.iter().map(|left| kept(left, room.weeks)));
        let profit = |margin: f64| values.iter().map(|value| margin * value - total).collect::<Vec<f64>>();
        Ok(Plan {
            weeks: room.weeks,
            total: cents(channels.iter().map(|channel| channel.spend).sum()),
            total_found: false,
            expected: Estimate::of(&values),
            profit: self.ask.margin.map(|margin| Estimate::of(&profit(margin))),
            reference: Estimate::of(&today_values),
            gain: Estimate::of(&gains),
            p_better: mean(&gains.iter().map(wins).collect::<Vec<f64>>()),
            gap: 0.0,
            reach,
            next,
            best_total: None,
            roi: None,
            // the sum of nothing is −0
            tested_share: if all_moved > 0.005 { (tested_moved / all_moved).max(0.0) } else { 0.0 },
            channels,
        })
    }

    fn values(&self, plan: &[f64]) -> Result<Values, Cancelled> {
        let of = |c| {
            self.work.check()?;
            Ok(self.judging.channel_values(c, plan))
        };
        (0..self.judging.channels()).map(of).collect()
    }

    fn own(&self, c: usize) -> std::ops::Range<usize> {
        let weeks = self.judging.weeks();
        c * weeks..(c + 1) * weeks
    }

    fn channel(
        &self,
        c: usize,
        plan: &[f64],
        reference: &[f64],
        (values, today): (&[f64], &[f64]),
    ) -> ChannelPlan {
        let weekly = plan[self.own(c)].to_vec();
        let moved: Vec<f64> = values.iter().zip(today).map(|(a, b)| a - b).collect();
        let end = self.mix.end();
        let fresh = |test: &&crate::model::mix::TestUsed| end.since(test.until) <= TEST_DAYS;
        ChannelPlan {
            name: self.mix.channels[c].name.clone(),
            spend: cents(weekly.iter().sum()),
            reference: reference[self.own(c)].iter().sum(),
            today_weekly: self.seen[c].today,
            largest_week: self.seen[c].largest,
            response: Estimate::of(values),
            next_unit: None,
            judged: true,
            tested: self.mix.tests.iter().filter(|test| test.channel == c).any(|test| fresh(&test)),
            doubt: spread(&moved),
            weekly,
        }
    }

    /// The week of a channel in which the next unit brings most, where any has room.
    fn best_week(&self, c: usize, room: &Room, plan: &[f64], slope: &[f64]) -> Option<usize> {
        let limits = &room.limits[c];
        let spend: f64 = plan[self.own(c)].iter().sum();
        // whole cents may end a cent below a bound
        let free = |i: &usize| plan[*i] < limits.week.1 - 0.02 && spend < limits.whole.1 - 0.02;
        self.own(c).filter(free).max_by(|a, b| slope[*a].total_cmp(&slope[*b]))
    }

    /// What the next unit brings in this channel and week.
    fn one_more(&self, c: usize, i: usize, plan: &[f64], total: f64, values: &[f64]) -> Estimate {
        // a step that a curve can feel, small beside the plan
        let step = (1e-3 * total / self.judging.weeks() as f64).max(1e-2);
        let mut more = plan.to_vec();
        more[i] += step;
        let with = self.judging.channel_values(c, &more);
        Estimate::of(&with.iter().zip(values).map(|(a, b)| (a - b) / step).collect::<Vec<f64>>())
    }
}

/// A channel without a judgement goes on as today.
fn kept(left: &LeftOut, weeks: usize) -> ChannelPlan {
    let seen = Seen::of(&left.spend);
    let week = cents(seen.today);
    let spend = cents(week * weeks as f64);
    ChannelPlan {
        name: left.name.clone(),
        weekly: vec![week; weeks],
        spend,
        reference: spend,
        today_weekly: seen.today,
        largest_week: seen.largest,
        response: Estimate::default(),
        next_unit: None,
        judged: false,
        tested: false,
        doubt: 0.0,
    }
}

fn sums(values: &Values) -> Vec<f64> {
    let draws = values.first().map_or(0, Vec::len);
    (0..draws).map(|d| values.iter().map(|of| of[d]).sum()).collect()
}

fn spread(values: &[f64]) -> f64 {
    let middle = mean(values);
    mean(&values.iter().map(|value| (value - middle).powi(2)).collect::<Vec<f64>>()).sqrt()
}
