//! Which split brings most, and how much more could any other bring?
//!
//! Branch and bound. A node holds an interval a channel; over it each response is replaced by its concave envelope, and
//! the relaxed problem is solved through its multiplier λ: the dual value at any λ is an upper bound on every split of
//! the node. At the optimum of the relaxation all channels but at most one stand on their own curve; that one stands on a
//! chord, and its interval is cut there. Source of the scheme: Falk & Soland (1969), "An algorithm for separable
//! nonconvex programming problems", Management Science 15(9). Equal channels are kept in falling order, for otherwise
//! every order of them is searched.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::curve::{Curve, Envelope};

/// Relative distance between split and bound at which the search ends, and after [`LONG`].
const CLOSE: f64 = 1e-7;
const CLOSE_LATER: f64 = 1e-5;
/// Nodes times channels after which less will do, and at most; the bound stays valid when they run out. Half a second
/// (measured: 50 channels that differ by a thousandth, the hardest case known).
const LONG: usize = 5_000;
const WORK_MAX: usize = 25_000;
/// Nodes whose relaxation is polished into a split of its own.
const POLISHED: usize = 40;
/// Halvings of ln λ.
const HALVINGS: usize = 56;

/// The best split found.
pub(super) struct Found {
    pub(super) split: Vec<f64>,
    pub(super) value: f64,
    /// No split brings more.
    pub(super) upper_bound: f64,
}

struct Relaxed {
    bound: f64,
    split: Vec<f64>,
    /// The channel on a chord.
    torn: Option<usize>,
}

struct Node {
    envelopes: Vec<Envelope>,
    relaxed: Relaxed,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Node {}
impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Node {
    fn cmp(&self, other: &Self) -> Ordering {
        self.relaxed.bound.total_cmp(&other.relaxed.bound)
    }
}

/// Splits `total` within `bounds`, whose sums lie on both sides of it.
pub(super) fn search(curves: &[Curve], bounds: &[(f64, f64)], total: f64) -> Found {
    let envelopes: Vec<Envelope> = curves
        .iter()
        .zip(bounds)
        .map(|(curve, (lower, upper))| Envelope::new(*curve, *lower, *upper))
        .collect();
    let equals = equals(curves, bounds);
    let relaxed = relax(&envelopes, total);
    let mut found =
        Found { split: relaxed.split.clone(), value: value(curves, &relaxed.split), upper_bound: 0.0 };
    let mut closed = f64::NEG_INFINITY;
    let mut open = BinaryHeap::from([Node { envelopes, relaxed }]);
    let mut nodes = 0;
    while let Some(node) = open.pop() {
        let work = nodes * curves.len();
        let enough = found.value * (1.0 + if work < LONG { CLOSE } else { CLOSE_LATER });
        if node.relaxed.bound <= enough || work >= WORK_MAX {
            closed = closed.max(node.relaxed.bound);
            break;
        }
        nodes += 1;
        consider(&mut found, curves, &node.relaxed.split);
        if nodes <= POLISHED {
            polish(&mut found, curves, bounds, total, &node.relaxed);
        }
        let Some(torn) = node.relaxed.torn else {
            // nothing is on a chord: the relaxation is a split, and only rounding keeps it apart
            closed = closed.max(node.relaxed.bound);
            continue;
        };
        for child in children(&node, torn, &equals, total) {
            if child.relaxed.bound > found.value {
                open.push(child);
            }
        }
    }
    found.upper_bound = closed.max(found.value);
    found
}

fn value(curves: &[Curve], split: &[f64]) -> f64 {
    curves.iter().zip(split).map(|(curve, x)| curve.value(*x)).sum()
}

fn consider(found: &mut Found, curves: &[Curve], split: &[f64]) {
    let value = value(curves, split);
    if value > found.value {
        found.value = value;
        split.clone_into(&mut found.split);
    }
}

/// For each channel those that are equal to it in every way, in order.
fn equals(curves: &[Curve], bounds: &[(f64, f64)]) -> Vec<Vec<usize>> {
    let same = |a: usize, b: usize| curves[a] == curves[b] && bounds[a] == bounds[b];
    (0..curves.len()).map(|a| (0..curves.len()).filter(|b| same(a, *b)).collect()).collect()
}

/// The relaxation: most height of the envelopes for the total.
fn relax(envelopes: &[Envelope], total: f64) -> Relaxed {
    let spent = |ln_lambda: f64| envelopes.iter().map(|envelope| envelope.best(ln_lambda)).sum::<f64>();
    let slopes =
        || envelopes.iter().filter(|envelope| envelope.upper > envelope.lower).map(Envelope::ln_slopes);
    // for k < 1 the slope at 0 has no end, so the upper end is widened until little enough is spent
    let mut high = slopes().map(|(first, _)| first.min(700.0)).fold(-700.0, f64::max) + 1e-9;
    let mut low = slopes().map(|(_, last)| last).fold(high, f64::min) - 1e-9;
    let mut step = 1.0;
    while spent(high) > total && high < 1e4 {
        high += step;
        step *= 2.0;
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if spent(middle) > total { low = middle } else { high = middle }
    }
    let lambda = high.exp();
    let mut split: Vec<f64> = envelopes.iter().map(|envelope| envelope.best(high)).collect();
    let height: f64 = envelopes.iter().zip(&split).map(|(envelope, x)| envelope.value(*x) - lambda * x).sum();
    let bound = height + lambda * total;
    let mut left = total - split.iter().sum::<f64>();
    let mut torn = None;
    for (c, envelope) in envelopes.iter().enumerate() {
        let room = envelope.best(low) - split[c];
        if left <= 0.0 || room <= 0.0 {
            continue;
        }
        let step = room.min(left);
        split[c] += step;
        left -= step;
        let inside = |x: f64| x > envelope.lower + 1e-9 * envelope.upper && x < envelope.touch * (1.0 - 1e-9);
        if torn.is_none() && inside(split[c]) {
            torn = Some(c);
        }
    }
    // what rounding left over
    for (x, envelope) in split.iter_mut().zip(envelopes) {
        let step = left.clamp(envelope.lower - *x, envelope.upper - *x);
        *x += step;
        left -= step;
    }
    Relaxed { bound, split, torn }
}

/// Both halves of the node at the torn channel's place.
fn children(node: &Node, torn: usize, equals: &[Vec<usize>], total: f64) -> Vec<Node> {
    let cut = {
        let envelope = node.envelopes[torn];
        let width = envelope.touch - envelope.lower;
        // not so near to an end that the other half stays as wide as before
        node.relaxed.split[torn].clamp(envelope.lower + 0.02 * width, envelope.lower + 0.98 * width)
    };
    let half = |below: bool| {
        let mut envelopes = node.envelopes.clone();
        for c in equals[torn].iter().copied().filter(|c| if below { *c >= torn } else { *c <= torn }) {
            let Envelope { lower, upper, .. } = envelopes[c];
            let (lower, upper) = if below { (lower, upper.min(cut)) } else { (lower.max(cut), upper) };
            if lower > upper {
                return None;
            }
            envelopes[c] = envelopes[c].within(lower, upper);
        }
        let sum = |of: fn(&Envelope) -> f64| envelopes.iter().map(of).sum::<f64>();
        if sum(|envelope| envelope.lower) > total || sum(|envelope| envelope.upper) < total {
            return None;
        }
        let mut relaxed = relax(&envelopes, total);
        relaxed.bound = relaxed.bound.min(node.relaxed.bound);
        Some(Node { envelopes, relaxed })
    };
    [half(true), half(false)].into_iter().flatten().collect()
}

/// Tries the torn channel at its least and in its concave part; those in their concave part share the rest, which is a
/// concave problem, and those below it stay where they are.
fn polish(found: &mut Found, curves: &[Curve], bounds: &[(f64, f64)], total: f64, relaxed: &Relaxed) {
    for upward in [false, true] {
        let envelope = |(c, (curve, (lower, upper))): (usize, (&Curve, &(f64, f64)))| {
            let bend = curve.inflection();
            let concave = if relaxed.torn == Some(c) { upward } else { relaxed.split[c] >= bend };
            if concave && *upper > bend {
                Envelope::new(*curve, lower.max(bend), *upper)
            } else if relaxed.torn == Some(c) {
                Envelope::new(*curve, *lower, *lower)
            } else {
                Envelope::new(*curve, relaxed.split[c], relaxed.split[c])
            }
        };
        let envelopes: Vec<Envelope> = curves.iter().zip(bounds).enumerate().map(envelope).collect();
        let least: f64 = envelopes.iter().map(|envelope| envelope.lower).sum();
        let most: f64 = envelopes.iter().map(|envelope| envelope.upper).sum();
        if least <= total && total <= most {
            consider(found, curves, &relax(&envelopes, total).split);
        }
    }
}
