//! How should a budget be spread over channels and weeks, and is that better than what is done today?
//!
//! DEFINITIONS §9. [`course`] says what a plan brings, [`room`] and [`bounds`] which plans are allowed, [`ascent`] finds the
//! best on some of the posterior draws; here it is set in cents and judged on the others, against the same total split
//! as today. [`trust`] grades it.

mod ascent;
pub mod bounds;
mod course;
mod room;
pub mod trust;

use serde::{Deserialize, Serialize};

use super::allocate::largest_remainder;
use super::mix::measure::Estimate;
use super::mix::{Draw, Mix};
use ascent::{Aim, climb};
pub use bounds::{Bound, BoundsError, Reach, Seen};
use course::mean;
pub use course::{Course, TAIL};
pub use room::{Limits, Room};

/// What should be large.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// What the weeks count: revenue or orders.
    #[default]
    Response,
    /// Margin of the response, less spend.
    Profit,
}

/// What is asked.
#[derive(Clone, PartialEq, Debug)]
pub struct Ask {
    /// Money for all channels; `None`: as much as pays.
    pub total: Option<f64>,
    /// Weeks.
    pub weeks: usize,
    /// What should be large.
    pub objective: Objective,
    /// Revenue per unit of spend that must be reached.
    pub target_roi: Option<f64>,
    /// By judged channel.
    pub bounds: Vec<Bound>,
    /// Margin of a unit of revenue.
    pub margin: Option<f64>,
}

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

/// What happens to a total when it is asked for, or is to pay best.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct TotalFound {
    /// Money over the whole plan.
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
    /// The largest total that reaches the target, and what it brings.
    pub largest_total: Option<TotalFound>,
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
    /// Largest planned week over the largest seen, over the channels; `None` where money goes to one never used.
    pub stretch: Option<f64>,
    /// Where the next unit goes, and what it brings.
    pub next: Option<(usize, Estimate)>,
    /// The total that pays best, where the margin is known.
    pub best_total: Option<TotalFound>,
    /// The target's fate.
    pub roi: Option<RoiFound>,
    /// Share of the moved money in channels with a test.
    pub tested_share: f64,
}

/// Why there is no plan.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "the names say what each is")]
pub enum PlanError {
    /// No channel can be judged.
    NothingJudged,
    /// No profit without a margin.
    MarginUnknown,
    Bounds(BoundsError),
    /// Channels without a judged response take this already.
    BelowKept {
        kept: f64,
    },
}

/// Draws a plan is chosen by at most: more make the choice slower, hardly better.
const CHOOSING: usize = 48;
/// Totals tried for a target ROI.
const TOTALS: usize = 9;
/// How much doubt counts in choosing (see [`Aim::doubt`]). Measured on demo shops 1–10 without lift tests: mean regret
/// 1.13 % at 0 (one of ten harmful), .92 % at 1, .88 % at 2 (none); with tests .5 % at 1 and 2.
pub const DOUBT: f64 = 1.0;
/// A lift test older than this says little of today.
const TEST_DAYS: i32 = 365;

/// The best plan for what is asked.
pub fn plan(mix: &Mix, ask: &Ask) -> Result<Plan, PlanError> {
    if mix.channels.is_empty() {
        return Err(PlanError::NothingJudged);
    }
    if ask.objective == Objective::Profit && ask.margin.is_none() {
        return Err(PlanError::MarginUnknown);
    }
    let game = Game::new(mix, ask);
    let kept = game.kept();
    let total = match ask.total {
        Some(total) if total < kept => return Err(PlanError::BelowKept { kept }),
        Some(total) => Some(total - kept),
        // without a margin nothing says how much pays: as much as today
        None if ask.margin.is_none() && ask.target_roi.is_none() => Some(game.today() * ask.weeks as f64),
        None => None,
    };
    let (room, reach) = bounds::room(&game.seen, &ask.bounds, ask.weeks, total).map_err(PlanError::Bounds)?;
    let mut chosen = game.choose(&room);
    let mut roi = None;
    if let Some(target) = ask.target_roi {
        let found = game.roi(&room, &chosen, target);
        if let (None, Some(largest)) = (total, found.largest_total) {
            chosen = game.choose(&Room { total: Some(cents(largest.total)), ..room.clone() });
        }
        roi = Some(found);
    }
    let total = total.unwrap_or_else(|| cents(chosen.plan.iter().sum()));
    let plan = in_cents(&chosen.plan, &Room { total: Some(total), ..room.clone() });
    let mut plan = game.judge(&room, plan, total, reach);
    plan.gap = chosen.gap;
    plan.total_found = ask.total.is_none();
    plan.best_total = game.best_total(&room, ask);
    plan.roi = roi.map(|roi| {
        let spent: f64 = plan.channels.iter().filter(|c| c.judged).map(|c| c.spend).sum();
        let planned = if spent > 0.0 { plan.expected.value / spent } else { 0.0 };
        RoiFound { planned, reached: planned >= roi.target * (1.0 - 1e-3), ..roi }
    });
    Ok(plan)
}

/// What a given plan brings (`weekly`: by judged channel), against the same total split as today.
pub fn simulate(mix: &Mix, ask: &Ask, spend: &[f64]) -> Result<Plan, PlanError> {
    if mix.channels.is_empty() {
        return Err(PlanError::NothingJudged);
    }
    let game = Game::new(mix, ask);
    let weeks = ask.weeks.max(1);
    let even = |spend: &f64| {
        let parts = vec![spend * 100.0 / weeks as f64; weeks];
        let whole = largest_remainder(&parts, (spend * 100.0).round() as i64, &[]);
        whole.into_iter().map(|cents| cents as f64 / 100.0)
    };
    let plan: Vec<f64> = spend.iter().flat_map(even).collect();
    let limits =
        game.seen.iter().map(|seen| Limits { week: (0.0, seen.largest), whole: (0.0, f64::INFINITY) });
    let total: f64 = spend.iter().sum();
    let room = Room { limits: limits.collect(), weeks, total: Some(total) };
    Ok(game.judge(&room, plan, total, Reach::Usual))
}

/// A mix, prepared for planning.
struct Game<'a> {
    mix: &'a Mix,
    ask: &'a Ask,
    history: Vec<&'a [f64]>,
    seen: Vec<Seen>,
}

struct Chosen {
    plan: Vec<f64>,
    gap: f64,
}

impl<'a> Game<'a> {
    fn new(mix: &'a Mix, ask: &'a Ask) -> Self {
        let history = mix.channels.iter().map(|channel| channel.media.as_slice()).collect();
        let seen = mix.channels.iter().map(|channel| Seen::of(&channel.spend)).collect();
        Self { mix, ask, history, seen }
    }

    /// What channels without a judgement go on to take.
    fn kept(&self) -> f64 {
        self.mix.left_out.iter().map(|left| cents(Seen::of(&left.spend).today) * self.ask.weeks as f64).sum()
    }

    /// A week of the judged channels today.
    fn today(&self) -> f64 {
        self.seen.iter().map(|seen| seen.today).sum()
    }

    /// The total in today's shares, the same each week.
    fn reference(&self, total: f64) -> Vec<f64> {
        let today = self.today();
        let all: f64 = self.mix.channels.iter().flat_map(|channel| &channel.spend).sum();
        let share = |(c, seen): (usize, &Seen)| {
            // nothing spent of late: the shares of all weeks
            if today > 0.0 {
                seen.today / today
            } else {
                self.mix.channels[c].spend.iter().sum::<f64>() / all.max(1e-9)
            }
        };
        let weeks = self.ask.weeks;
        let week = |share: f64| std::iter::repeat_n(share * total / weeks as f64, weeks);
        self.seen.iter().enumerate().map(share).flat_map(week).collect()
    }

    fn draws(&self) -> Vec<&'a Draw> {
        let from = if self.mix.choosing.is_empty() {
            std::slice::from_ref(&self.mix.point)
        } else {
            &self.mix.choosing
        };
        let step = from.len().div_ceil(CHOOSING).max(1);
        from.iter().step_by(step).collect()
    }

    fn choose(&self, room: &Room) -> Chosen {
        let mut course = Course::new(&self.draws(), &self.history, room.weeks);
        let (rate, cost) = match (room.total, self.ask.margin) {
            (None, Some(margin)) => (margin, 1.0),
            _ => (1.0, 0.0),
        };
        let start = self.reference(room.total.unwrap_or(self.today() * room.weeks as f64));
        let doubt = if room.total.is_some() { DOUBT } else { 0.0 };
        let best = climb(&mut course, room, &Aim { rate, cost, doubt, reference: Some(&start) }, &start);
        let gap = if best.upper_bound > 0.0 { 1.0 - best.value / best.upper_bound } else { 0.0 };
        Chosen { plan: best.plan, gap: gap.clamp(0.0, 1.0) }
    }

    /// The total that pays best within the bounds.
    fn best_total(&self, room: &Room, ask: &Ask) -> Option<TotalFound> {
        let margin = ask.margin?;
        let room = Room { total: None, ..room.clone() };
        let plan = self.choose(&room).plan;
        Some(self.found(&room, &plan, Some(margin)))
    }

    fn found(&self, room: &Room, plan: &[f64], margin: Option<f64>) -> TotalFound {
        let response = Course::new(&self.draws(), &self.history, room.weeks).value(plan);
        let total: f64 = plan.iter().sum();
        let (_, most) = room.sums();
        TotalFound {
            total: cents(total),
            response,
            profit: margin.map(|margin| margin * response - total),
            at_end: total >= most * (1.0 - 1e-3),
        }
    }

    /// Whether the target is reached, by which total, and what is the best that can be.
    fn roi(&self, room: &Room, chosen: &Chosen, target: f64) -> RoiFound {
        let course = Course::new(&self.draws(), &self.history, room.weeks);
        let at = |plan: &[f64]| {
            let spent: f64 = plan.iter().sum();
            if spent > 0.0 { course.value(plan) / spent } else { 0.0 }
        };
        let planned = at(&chosen.plan);
        let (least, most) = room.sums();
        let least = least.max(0.02 * most);
        let with = |total: f64| self.choose(&Room { total: Some(total), ..room.clone() }).plan;
        let (mut best, mut fits) = (planned, None::<f64>);
        for i in 0..TOTALS {
            let total = least + (most - least) * i as f64 / (TOTALS - 1) as f64;
            let roi = at(&with(total));
            best = best.max(roi);
            if roi >= target {
                fits = Some(total);
            }
        }
        // between the last total that reaches it and the next
        let largest_total = fits.map(|low| {
            let (mut low, mut high) = (low, (low + (most - least) / (TOTALS - 1) as f64).min(most));
            for _ in 0..6 {
                let middle = 0.5 * (low + high);
                if at(&with(middle)) >= target { low = middle } else { high = middle }
            }
            self.found(room, &with(low), self.ask.margin)
        });
        RoiFound { target, planned, reached: planned >= target, best, largest_total }
    }

    /// Sets the plan against today's split on draws that did not choose it.
    fn judge(&self, room: &Room, plan: Vec<f64>, total: f64, reach: Reach) -> Plan {
        let weeks = room.weeks;
        let draws: Vec<&Draw> = if self.mix.judging.is_empty() {
            vec![&self.mix.point]
        } else {
            self.mix.judging.iter().collect()
        };
        let course = Course::new(&draws, &self.history, weeks);
        let reference = self.reference(total);
        let margin = self.ask.margin.filter(|_| self.ask.objective == Objective::Profit);
        let by_channel: Vec<Vec<f64>> =
            (0..course.channels()).map(|c| course.channel_values(c, &plan)).collect();
        let today: Vec<Vec<f64>> =
            (0..course.channels()).map(|c| course.channel_values(c, &reference)).collect();
        let sum = |all: &[Vec<f64>]| {
            (0..draws.len()).map(|d| all.iter().map(|of| of[d]).sum()).collect::<Vec<f64>>()
        };
        let (values, today_values) = (sum(&by_channel), sum(&today));
        let rate = margin.unwrap_or(1.0);
        let gains: Vec<f64> = values.iter().zip(&today_values).map(|(a, b)| rate * (a - b)).collect();
        // where both are the same but for cents, neither is the better one
        let same = 1e-6 * rate * today_values.iter().sum::<f64>().abs() / gains.len().max(1) as f64;
        let wins = |gain: &f64| if gain.abs() <= same { 0.5 } else { f64::from(u8::from(*gain > 0.0)) };
        let better = gains.iter().map(wins).sum::<f64>() / gains.len().max(1) as f64;
        let even = vec![1.0 / draws.len() as f64; draws.len()];
        let slope = course.local(&plan, course::Shape::Response, &even).slope;
        let own = |c: usize| c * weeks..(c + 1) * weeks;
        let tested = |c: usize| {
            let end = self.mix.end();
            self.mix.tests.iter().any(|test| test.channel == c && end.since(test.until) <= TEST_DAYS)
        };
        let mut channels = Vec::new();
        let mut next: Option<(usize, usize, f64)> = None;
        for (c, channel) in self.mix.channels.iter().enumerate() {
            let weekly = plan[own(c)].to_vec();
            let spend: f64 = cents(weekly.iter().sum());
            let limits = &room.limits[c];
            // whole cents may end a cent below a bound
            let free = |i: &usize| plan[*i] < limits.week.1 - 0.02 && spend < limits.whole.1 - 0.02;
            let best = own(c).filter(free).max_by(|a, b| slope[*a].total_cmp(&slope[*b]));
            if let Some(i) = best
                && next.is_none_or(|(_, _, most)| slope[i] > most)
            {
                next = Some((c, i, slope[i]));
            }
            let moved: Vec<f64> = by_channel[c].iter().zip(&today[c]).map(|(a, b)| a - b).collect();
            channels.push(ChannelPlan {
                name: channel.name.clone(),
                spend,
                reference: reference[own(c)].iter().sum(),
                today_weekly: self.seen[c].today,
                largest_week: self.seen[c].largest,
                response: Estimate::of(&by_channel[c]),
                next_unit: best.map(|i| slope[i]),
                judged: true,
                tested: tested(c),
                doubt: spread(&moved),
                weekly,
            });
        }
        let moved = |channel: &ChannelPlan| (channel.spend - channel.reference).abs();
        let all_moved: f64 = channels.iter().map(moved).sum();
        let tested_moved: f64 = channels.iter().filter(|channel| channel.tested).map(moved).sum();
        let stretch = channels.iter().try_fold(0.0_f64, |most, channel| {
            let largest = channel.weekly.iter().copied().fold(0.0, f64::max);
            match channel.largest_week {
                seen if seen > 0.0 => Some(most.max(largest / seen)),
                _ if largest > 0.0 => None,
                _ => Some(most),
            }
        });
        let next = next.map(|(c, i, _)| {
            // a step that a curve can feel, small beside the plan
            let step = (1e-3 * total / weeks as f64).max(1e-2);
            let mut more = plan.clone();
            more[i] += step;
            let with = course.channel_values(c, &more);
            let brings: Vec<f64> = with.iter().zip(&by_channel[c]).map(|(a, b)| (a - b) / step).collect();
            (c, Estimate::of(&brings))
        });
        for left in &self.mix.left_out {
            let today = Seen::of(&left.spend);
            let week = cents(today.today);
            let spend = cents(week * weeks as f64);
            channels.push(ChannelPlan {
                name: left.name.clone(),
                weekly: vec![week; weeks],
                spend,
                reference: spend,
                today_weekly: today.today,
                largest_week: today.largest,
                response: Estimate::default(),
                next_unit: None,
                judged: false,
                tested: false,
                doubt: 0.0,
            });
        }
        let spent = cents(channels.iter().map(|channel| channel.spend).sum());
        let profit = self.ask.margin.map(|margin| {
            Estimate::of(&values.iter().map(|value| margin * value - total).collect::<Vec<f64>>())
        });
        Plan {
            weeks,
            total: spent,
            total_found: false,
            expected: Estimate::of(&values),
            profit,
            reference: Estimate::of(&today_values),
            gain: Estimate::of(&gains),
            p_better: better,
            gap: 0.0,
            reach,
            stretch,
            next,
            best_total: None,
            roi: None,
            // the sum of nothing is −0
            tested_share: if all_moved > 0.005 { (tested_moved / all_moved).max(0.0) } else { 0.0 },
            channels,
        }
    }
}

impl Plan {
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

fn spread(values: &[f64]) -> f64 {
    let middle = mean(values);
    mean(&values.iter().map(|value| (value - middle).powi(2)).collect::<Vec<f64>>()).sqrt()
}

fn cents(money: f64) -> f64 {
    (money * 100.0).round() / 100.0
}

/// The plan in whole cents that add up to the total: first each channel inside its bounds, then its weeks.
fn in_cents(plan: &[f64], room: &Room) -> Vec<f64> {
    let total = room.total.unwrap_or_else(|| plan.iter().sum());
    let steps = |(lower, upper): (f64, f64)| {
        ((lower * 100.0 - 1e-6).ceil() as i64, (upper * 100.0 + 1e-6).floor().min(9e17) as i64)
    };
    let weeks = room.weeks.max(1);
    let cents: Vec<f64> = plan.iter().map(|x| x * 100.0).collect();
    let sums: Vec<f64> = cents.chunks(weeks).map(|own| own.iter().sum()).collect();
    let bounds: Vec<(i64, i64)> = room
        .limits
        .iter()
        .map(|limits| {
            let (week, whole) = (steps(limits.week), steps(limits.whole));
            let of_weeks = |week: i64| week.saturating_mul(weeks as i64);
            (whole.0.max(of_weeks(week.0)), whole.1.min(of_weeks(week.1)))
        })
        .collect();
    let sums = largest_remainder(&sums, (total * 100.0).round() as i64, &bounds);
    let by_week = cents.chunks(weeks).zip(&room.limits).zip(sums);
    let whole = by_week
        .flat_map(|((own, limits), sum)| largest_remainder(own, sum, &vec![steps(limits.week); own.len()]));
    whole.map(|cents| cents as f64 / 100.0).collect()
}
