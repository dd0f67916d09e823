//! Which figures may an answer say?

use serde::{Deserialize, Serialize};

use super::{Currency, Span};

/// What a number is; a figure in a sentence must match a fact of the same class.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Currency units.
    Money(Currency),
    /// Whole things: orders, customers, lines; expected counts may have decimals.
    Count,
    /// 0 to 1, shown as a percentage.
    Share,
    /// A relative change, 0.12 shown as +12.0 %.
    Change,
    /// A difference of two shares, −0.018 shown as −1.8 pp.
    Points,
    /// A plain factor (ROI, orders per customer).
    Ratio,
    /// Days.
    Days,
    /// Weeks.
    Weeks,
    /// Months.
    Months,
    /// A day, as days since 1970-01-01.
    Date,
    /// A calendar year.
    Year,
    /// A score on its own scale.
    Score,
}

/// One computed figure with its unit, made by a tool; the only numbers a sentence may contain.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Fact {
    /// `c<call>.<name>` once the turn has registered it; within a tool just `<name>` (dots nest: `total.clv`).
    pub id: String,
    /// Value in the unit.
    pub value: f64,
    /// What the number is.
    pub unit: Unit,
    /// The days it speaks of.
    pub period: Option<Span>,
    /// Lower and upper end, 90 %.
    pub interval: Option<(f64, f64)>,
}

impl Fact {
    /// A figure without period or interval.
    pub fn new(name: impl Into<String>, value: f64, unit: Unit) -> Self {
        Self { id: name.into(), value, unit, period: None, interval: None }
    }

    /// The same with the days it speaks of.
    #[must_use]
    pub fn over(mut self, period: Span) -> Self {
        self.period = Some(period);
        self
    }

    /// The same with its 90 % interval.
    #[must_use]
    pub fn within(mut self, lo: f64, hi: f64) -> Self {
        self.interval = Some((lo, hi));
        self
    }
}
