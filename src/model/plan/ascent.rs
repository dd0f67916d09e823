//! Which plan brings most, and how much more could any other bring?
//!
//! Steps of a projected quasi-Newton ascent: the value is replaced by its slope and a bound on its curvature, whose best
//! allowed plan is found exactly ([`Room::nearest`]). The concave envelopes of the responses are climbed first: there every
//! local best is the best, and the straight hill through any plan lies above, so its highest allowed plan bounds every
//! plan's value. Then the responses themselves are climbed from there, from steady and from pulsed plans.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::course::{Course, Shape, mean};
use super::room::Room;
use crate::domain::{Cancelled, Work};

/// What is to be made large: rate·response − cost·spend, less the doubt about the gain over another plan.
pub(super) struct Aim<'a> {
    /// Worth of a unit of response: 1, or the margin.
    pub(super) rate: f64,
    /// 1 where spend counts against it, else 0.
    pub(super) cost: f64,
    /// How much doubt counts: the certain equivalent −ln(mean(exp(−a·gain)))/a is climbed, a = doubt / the spread of the
    /// gain of the plan that is best on the mean; 0 looks at the mean alone.
    pub(super) doubt: f64,
    /// The plan the gain is counted from.
    pub(super) reference: Option<&'a [f64]>,
}

/// The best plan found.
pub(super) struct Best {
    pub(super) plan: Vec<f64>,
    pub(super) value: f64,
    /// No allowed plan's mean value is above.
    pub(super) upper_bound: f64,
}

/// Steps of one climb.
const STEPS: usize = 160;
/// Of a first look from a start.
const STEPS_FIRST: usize = 14;
/// Random pulsed starts.
const STARTS: usize = 10;
/// A climb ends when a step brings less than this part of the value.
const FLAT: f64 = 1e-8;

/// The best allowed plan; `start` is one of the starts.
pub(super) fn climb(
    course: &mut Course,
    room: &Room,
    aim: &Aim<'_>,
    start: &[f64],
    work: &dyn Work,
) -> Result<Best, Cancelled> {
    let even = vec![1.0 / course.draws().max(1) as f64; course.draws()];
    let week =
        |of: fn((f64, f64)) -> f64| room.limits.iter().map(|limits| of(limits.week)).collect::<Vec<f64>>();
    course.envelop(&week(|week| week.0), &week(|week| week.1));
    let course = &*course;
    let start = room.nearest(start, &vec![1.0; start.len()]);
    let plain =
        Hill { course, aim, weights: even, base: Vec::new(), dread: 0.0, shape: Shape::Envelope, work };
    let (mut best, mut value) = plain.climb(room, start.clone(), STEPS)?;
    let mut upper_bound = plain.bound(room, &best);
    let hill = Hill { shape: Shape::Response, ..plain };
    if course.concave() {
        upper_bound = upper_bound.max(value);
    } else {
        let mut starts = vec![best, start];
        starts.extend(pulses(room, STARTS));
        let mut looked: Vec<(Vec<f64>, f64)> = starts
            .into_iter()
            .map(|start| hill.climb(room, start, STEPS_FIRST))
            .collect::<Result<_, Cancelled>>()?;
        looked.sort_by(|a, b| b.1.total_cmp(&a.1));
        looked.truncate(3);
        let climbed = looked.into_iter().map(|(start, _)| hill.climb(room, start, STEPS));
        let climbed = climbed.collect::<Result<Vec<_>, Cancelled>>()?;
        (best, value) = climbed.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default();
    }
    if let (true, Some(reference)) = (aim.doubt > 0.0, aim.reference) {
        let base = hill.gains(reference);
        let gains: Vec<f64> = hill.gains(&best).iter().zip(&base).map(|(gain, base)| gain - base).collect();
        let middle = mean(&gains);
        let spread = mean(&gains.iter().map(|gain| (gain - middle).powi(2)).collect::<Vec<f64>>()).sqrt();
        let dread = aim.doubt / spread.max(1e-9 * (1.0 + mean(&base).abs()));
        let careful = Hill { base, dread, ..hill };
        (best, _) = careful.climb(room, best, STEPS)?;
        value = careful.mean(&best);
    }
    Ok(Best { plan: best, value, upper_bound: upper_bound.max(value) })
}

/// What is climbed.
struct Hill<'a> {
    course: &'a Course,
    aim: &'a Aim<'a>,
    /// Of the draws.
    weights: Vec<f64>,
    /// The reference's worth under each draw; empty where doubt does not count.
    base: Vec<f64>,
    /// a.
    dread: f64,
    shape: Shape,
    work: &'a dyn Work,
}

impl Hill<'_> {
    fn gains(&self, plan: &[f64]) -> Vec<f64> {
        let cost = self.aim.cost * plan.iter().sum::<f64>();
        self.course.values(plan).into_iter().map(|value| self.aim.rate * value - cost).collect()
    }

    fn mean(&self, plan: &[f64]) -> f64 {
        mean(&self.gains(plan))
    }

    /// Value, slope, bend.
    fn local(&self, plan: &[f64]) -> (f64, Vec<f64>, Vec<f64>) {
        let mut weights = self.weights.clone();
        let mut certain = None;
        if !self.base.is_empty() {
            let gains: Vec<f64> =
                self.gains(plan).iter().zip(&self.base).map(|(gain, base)| gain - base).collect();
            let a = self.dread;
            let least = gains.iter().copied().fold(f64::INFINITY, f64::min);
            weights = gains.iter().map(|gain| (-a * (gain - least)).exp()).collect();
            let sum: f64 = weights.iter().sum();
            certain = Some(least - (sum / gains.len() as f64).ln() / a);
            weights.iter_mut().for_each(|weight| *weight /= sum);
        }
        let local = self.course.local(plan, self.shape, &weights);
        let Aim { rate, cost, .. } = *self.aim;
        let value = certain.unwrap_or(rate * local.value - cost * plan.iter().sum::<f64>());
        let slope: Vec<f64> = local.slope.iter().map(|slope| rate * slope - cost).collect();
        (value, slope, local.bend.iter().map(|bend| rate * bend).collect())
    }

    fn climb(&self, room: &Room, start: Vec<f64>, steps: usize) -> Result<(Vec<f64>, f64), Cancelled> {
        let mut plan = start;
        let (mut value, mut slope, mut bend) = self.local(&plan);
        let mut length = 1.0;
        let mut flat = 0;
        for _ in 0..steps {
            self.work.check()?;
            let steepest = slope.iter().map(|slope| slope.abs()).fold(0.0, f64::max);
            // a straight stretch has no bend: then a step of a tenth of the room
            let weight = |(i, bend): (usize, &f64)| {
                let limits = &room.limits[i / room.weeks.max(1)];
                let reach = (limits.week.1 - limits.week.0).max(1e-9);
                (bend / length).max(1e-3 * steepest / reach).max(1e-12)
            };
            let weights: Vec<f64> = bend.iter().enumerate().map(weight).collect();
            let wish: Vec<f64> = plan
                .iter()
                .zip(&slope)
                .zip(&weights)
                .map(|((plan, slope), weight)| plan + slope / weight)
                .collect();
            let next = room.nearest(&wish, &weights);
            let (next_value, next_slope, next_bend) = self.local(&next);
            if next_value <= value {
                length *= 0.25;
                flat += 1;
                if flat > 6 {
                    break;
                }
                continue;
            }
            flat = if next_value - value <= FLAT * value.abs() { flat + 1 } else { 0 };
            (plan, value, slope, bend) = (next, next_value, next_slope, next_bend);
            length = (length * 1.6_f64).min(40.0);
            if flat > 2 {
                break;
            }
        }
        Ok((plan, value))
    }

    /// For a concave hill: no allowed plan lies above the straight one through `plan`.
    fn bound(&self, room: &Room, plan: &[f64]) -> f64 {
        let (value, slope, _) = self.local(plan);
        let here: f64 = plan.iter().zip(&slope).map(|(plan, slope)| plan * slope).sum();
        value + (room.steepest(&slope) - here).max(0.0)
    }
}

/// Plans that put the money of some channels into some weeks.
fn pulses(room: &Room, count: usize) -> Vec<Vec<f64>> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut plans = Vec::with_capacity(count);
    for _ in 0..count {
        let mut wish = Vec::new();
        for limits in &room.limits {
            let (every, first) = (random.gen_range(1..=4), random.gen_range(0..4));
            let on = random.gen_bool(0.7);
            let week = |w: usize| {
                if on && (w + first).is_multiple_of(every) { limits.week.1 } else { limits.week.0 }
            };
            wish.extend((0..room.weeks).map(week));
        }
        let weight: Vec<f64> = (0..wish.len())
            .map(|i| {
                let limits = &room.limits[i / room.weeks.max(1)];
                1.0 / (limits.week.1 - limits.week.0).max(1e-9)
            })
            .collect();
        plans.push(room.nearest(&wish, &weight));
    }
    plans
}
