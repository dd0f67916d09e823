//! Media response on a plain file: fit, plan.
//!
//! The contract of DESIGN §6, as JSON.

mod fit;
mod plan;
mod weeks;

use clap::Subcommand;

use crate::cli::Out;

/// Media response on a plain file.
#[derive(Debug, Subcommand)]
pub enum Mix {
    /// Fit trend, season and each channel's response to weekly (or daily) data, as JSON
    ///
    /// Example: mercato lab mix fit weeks.csv --date week --target revenue --media tv,search --out fit.json
    Fit(fit::Fit),
    /// Spread a budget over the channels of a fit, week by week, as JSON
    ///
    /// Example: mercato lab mix plan fit.json --total 60000 --weeks 4 --bounds bounds.csv
    Plan(plan::Plan),
}

impl Mix {
    pub(super) fn run(self, out: &mut Out) -> anyhow::Result<()> {
        match self {
            Self::Fit(command) => command.run(out),
            Self::Plan(command) => command.run(out),
        }
    }
}
