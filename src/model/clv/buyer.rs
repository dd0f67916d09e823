//! What must be known of a customer before anything can be said about their future?

use crate::domain::Cancelled;

/// One customer's past as the purchase models see it (DEFINITIONS §5).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Buyer {
    /// x: purchase days after the first.
    pub frequency: u32,
    /// t_x: from the first to the last purchase day, in weeks; 0 where there was one only.
    pub recency: f64,
    /// T: from the first purchase day to the end of the data, in weeks.
    pub t: f64,
}

impl Buyer {
    /// The field that cannot be, with its value and the mend.
    pub fn fault(&self) -> Option<(&'static str, f64, &'static str)> {
        if !self.t.is_finite() || self.t < 0.0 {
            Some(("T", self.t, "a number of at least 0 is needed"))
        } else if !self.recency.is_finite() || self.recency < 0.0 {
            Some(("recency", self.recency, "a number of at least 0 is needed"))
        } else if self.recency > self.t {
            Some(("recency", self.recency, "it cannot be larger than T"))
        } else if self.frequency == 0 && self.recency > 0.0 {
            Some(("recency", self.recency, "with frequency 0 there was one purchase only, so recency is 0"))
        } else if self.frequency > MOST_PURCHASES {
            Some((
                "frequency",
                f64::from(self.frequency),
                "more than a million purchases is not one customer",
            ))
        } else {
            None
        }
    }
}

/// Likelihood tables have one entry a purchase; nobody buys more often than this.
const MOST_PURCHASES: u32 = 1_000_000;

/// Why a model could not be fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    /// No rows.
    #[error("no customers; at least one row is needed")]
    NoRows,
    /// Nothing to learn from.
    #[error("no customer bought twice, so the rate of repeat purchases is unknown; take a longer period")]
    NoRepeat,
    /// Too few for a spread of values.
    #[error(
        "{n} customers with a repeat purchase and a value above 0, at least {needed} are needed; take a longer period"
    )]
    TooFewSpenders {
        /// How many there are.
        n: usize,
        /// How many it takes.
        needed: usize,
    },
    /// A row that cannot be.
    #[error("row {row}, field {field}: {value} is not possible; {mend}")]
    Row {
        /// Position from 0.
        row: usize,
        /// Field's name.
        field: &'static str,
        /// As given.
        value: f64,
        /// What would be.
        mend: &'static str,
    },
    /// Somebody pressed stop.
    #[error("cancelled")]
    Cancelled,
}

impl From<Cancelled> for FitError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}
