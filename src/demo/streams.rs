//! Which random numbers belong to which line of the demo shop's definition?
//!
//! DEFINITIONS §12: each line draws from its own stream, so that adding a later line never moves an earlier number.
//! A stream is ChaCha8 keyed by the line's seed; the stream number separates the parts of one line.

use rand::SeedableRng;
use rand::distributions::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Gamma, Normal, Poisson};

/// A numbered line of DEFINITIONS §12 that draws random numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Line {
    /// 1: who the customers are.
    Customers = 1,
    /// 2: season, organic orders, weekdays and hours.
    Orders = 2,
    /// 3: spend.
    Spend = 3,
    /// 4: response to spend.
    Response = 4,
    /// 5: tastes and baskets.
    Products = 5,
    /// 6: returns, cancellations, consent.
    Returns = 6,
    /// 7: planted events.
    Events = 7,
    /// 8: reviews.
    Feedback = 8,
    /// 9: sends, experiments and lift tests.
    Sends = 9,
}

/// One seed a line; all the same in an ordinary demo shop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Streams {
    seed: u64,
    reseeded: Option<(Line, u64)>,
    events: bool,
}

/// A source of random numbers.
pub(super) type Rng = ChaCha8Rng;

impl Streams {
    /// All lines from one seed.
    pub fn of(seed: u64) -> Self {
        Self { seed, reseeded: None, events: true }
    }

    /// The same shop with one line drawn anew, to see what hangs on it.
    #[must_use]
    pub fn reseed(self, line: Line, seed: u64) -> Self {
        Self { reseeded: Some((line, seed)), ..self }
    }

    /// The same shop without line 7, to see what the events did.
    #[must_use]
    pub fn without_events(self) -> Self {
        Self { events: false, ..self }
    }

    /// Whether the events happen.
    pub(super) fn events(&self) -> bool {
        self.events
    }

    /// The seed of the shop.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The stream of a part (0–15) of a line.
    pub(super) fn open(&self, line: Line, part: u64) -> Rng {
        let seed = match self.reseeded {
            Some((changed, seed)) if changed == line => seed,
            _ => self.seed,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(u64::from(line as u8) * 16 + part);
        rng
    }
}

/// Gamma with this shape and scale, both positive constants of DEFINITIONS §12.
#[expect(clippy::expect_used, reason = "callers pass positive constants")]
pub(super) fn gamma(rng: &mut Rng, shape: f64, scale: f64) -> f64 {
    Gamma::new(shape, scale).expect("shape and scale are positive").sample(rng)
}

/// Beta with these positive constants.
#[expect(clippy::expect_used, reason = "callers pass positive constants")]
pub(super) fn beta(rng: &mut Rng, a: f64, b: f64) -> f64 {
    Beta::new(a, b).expect("a and b are positive").sample(rng)
}

/// Normal with mean 0.
#[expect(clippy::expect_used, reason = "callers pass positive constants")]
pub(super) fn normal(rng: &mut Rng, sd: f64) -> f64 {
    Normal::new(0.0, sd).expect("sd is finite").sample(rng)
}

/// Poisson with a positive mean.
#[expect(
    clippy::expect_used,
    reason = "every mean is a positive constant times the season, which stays above .7"
)]
pub(super) fn poisson(rng: &mut Rng, mean: f64) -> usize {
    Poisson::new(mean).expect("the mean is positive").sample(rng) as usize
}

/// The position that a uniform number picks from weights.
pub(super) fn pick(weights: &[f64], uniform: f64) -> usize {
    let mut left = uniform * weights.iter().sum::<f64>();
    let mut last = 0;
    for (position, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        last = position;
        left -= weight;
        if left < 0.0 {
            break;
        }
    }
    last
}
