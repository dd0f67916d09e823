//! Which plans are allowed, and which allowed plan is best for a straight or a rounded hill?
//!
//! Bounds a week, bounds a channel over the whole plan, and a total (or none). Both questions are answered through one
//! multiplier on the total: a channel takes what it would at that price, cut to its own bounds.

/// Bounds of one channel, money.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limits {
    /// Each week, least and most.
    pub week: (f64, f64),
    /// Over the whole plan, least and most.
    pub whole: (f64, f64),
}

/// Allowed plans.
#[derive(Clone, PartialEq, Debug)]
pub struct Room {
    /// A channel each.
    pub limits: Vec<Limits>,
    /// Weeks of the plan.
    pub weeks: usize,
    /// Money to spend, all of it; `None`: as much as pays.
    pub total: Option<f64>,
}

/// Halvings of a price or an amount.
const HALVINGS: usize = 64;

impl Limits {
    /// What the channel can take over `weeks` weeks, least and most.
    pub fn sums(&self, weeks: usize) -> (f64, f64) {
        let weeks = weeks as f64;
        (self.whole.0.max(weeks * self.week.0), self.whole.1.min(weeks * self.week.1))
    }
}

impl Room {
    /// What all channels together can take, least and most.
    pub fn sums(&self) -> (f64, f64) {
        let sums = self.limits.iter().map(|limits| limits.sums(self.weeks));
        sums.fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1))
    }

    /// The plan nearest to `wish`, where coming nearer by one unit squared counts `weight`: the most of
    /// Σ −weight·(plan − wish)²/2.
    pub(super) fn nearest(&self, wish: &[f64], weight: &[f64]) -> Vec<f64> {
        let at = |i: usize, price: f64, limits: &Limits| {
            (wish[i] - price / weight[i]).clamp(limits.week.0, limits.week.1)
        };
        let own = |c: usize| c * self.weeks..(c + 1) * self.weeks;
        let sum = |c: usize, price: f64| own(c).map(|i| at(i, price, &self.limits[c])).sum::<f64>();
        let held = |c: usize, price: f64| {
            let (least, most) = self.limits[c].sums(self.weeks);
            sum(c, price).clamp(least, most.max(least))
        };
        // prices at which everything is at its least or most
        let mut range = (0.0_f64, 0.0_f64);
        for (c, limits) in self.limits.iter().enumerate() {
            for i in own(c) {
                range.0 = range.0.min((wish[i] - limits.week.1) * weight[i]);
                range.1 = range.1.max((wish[i] - limits.week.0) * weight[i]);
            }
        }
        let price = match self.total {
            None => 0.0,
            Some(total) => {
                halve(range, |price| (0..self.limits.len()).map(|c| held(c, price)).sum::<f64>() > total)
            }
        };
        let mut plan = Vec::with_capacity(wish.len());
        for (c, limits) in self.limits.iter().enumerate() {
            let free = sum(c, price);
            let held = held(c, price);
            let own_price = if (free - held).abs() <= 1e-9 * held.abs().max(1.0) {
                price
            } else {
                halve(range, |price| sum(c, price) > held)
            };
            plan.extend(own(c).map(|i| at(i, own_price, limits)));
        }
        plan
    }

    /// The most that Σ slope·plan can be.
    pub(super) fn steepest(&self, slope: &[f64]) -> f64 {
        let mut plan = Vec::with_capacity(slope.len());
        let mut order: Vec<usize> = (0..slope.len()).collect();
        order.sort_by(|a, b| slope[*b].total_cmp(&slope[*a]));
        let mut held: Vec<(f64, f64)> = Vec::new();
        for limits in &self.limits {
            plan.extend(std::iter::repeat_n(limits.week.0, self.weeks));
            let sums = limits.sums(self.weeks);
            let least = limits.week.0 * self.weeks as f64;
            held.push(((sums.0 - least).max(0.0), (sums.1 - least).max(0.0)));
        }
        let channel = |i: usize| i / self.weeks.max(1);
        // what a channel must take goes to its best weeks, then the best weeks of all
        let mut left = self.total.map_or(f64::INFINITY, |total| total - plan.iter().sum::<f64>());
        for forced in [true, false] {
            for i in &order {
                let (must, may) = held[channel(*i)];
                let room = self.limits[channel(*i)].week.1 - plan[*i];
                let wanted = if forced { must } else { may };
                let step = match self.total {
                    None if !forced && slope[*i] <= 0.0 => 0.0,
                    _ => room.min(wanted).min(if forced { f64::INFINITY } else { left }).max(0.0),
                };
                plan[*i] += step;
                left -= step;
                held[channel(*i)] = (must - step, may - step);
            }
        }
        plan.iter().zip(slope).map(|(plan, slope)| plan * slope).sum()
    }
}

/// The place in the range up to which `more` holds.
fn halve(range: (f64, f64), more: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = range;
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if more(middle) { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}
