//! How much did the shop sell, to whom, and at what cost?
//!
//! The metrics of DEFINITIONS §3 as kernels over the columns: one pass over the orders of the period adds up exact
//! micros a group ([`tally`]), a metric reads its value off the sums ([`Metric::value`]). Which metric may be grouped
//! and filtered by what stands in one table ([`Metric::groups`]).

mod bucket;
mod churn;
mod cohort;
mod kind;
mod slot;
mod sums;
mod tally;

pub use bucket::{Bucket, buckets};
pub use cohort::CohortCell;
pub use kind::{Group, Metric};
pub use sums::{FEW, Sums};
pub use tally::{GroupKey, Tally, tally};

use crate::domain::{Segment, Span};

/// Rows of the warehouse to which a metric is narrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is a row of the table of its name")]
pub struct Filter {
    pub product: Option<u32>,
    pub category: Option<u32>,
    pub city: Option<u32>,
    pub channel: Option<u32>,
    pub segment: Option<Segment>,
}

/// What is to be added up.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Decides which sums are needed.
    pub metric: Metric,
    /// Parts to show beside the total.
    pub group: Option<Group>,
    /// The days.
    pub span: Span,
    /// What counts.
    pub filter: Filter,
    /// Each customer's segment on the day that counts; needed to group or filter by it.
    pub segments: Option<&'a [Option<Segment>]>,
}
