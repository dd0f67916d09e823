//! The models on plain files, without a shop: for analysts, and to set mercato beside other tools.

mod allocate;
mod clv;
mod columns;
mod mix;
mod plan;
mod recommend;
mod rfm;

use std::path::PathBuf;

use clap::Subcommand;

use super::Out;

/// The models on plain files, without a shop.
#[derive(Debug, Subcommand)]
pub enum Lab {
    /// The best split of a budget over channels with known responses
    Allocate(allocate::Allocate),
    /// Customer lifetime value: fit, predict, backtest
    #[command(subcommand)]
    Clv(clv::Clv),
    /// Media response: fit
    #[command(subcommand)]
    Mix(mix::Mix),
    /// The planner alone: questions in, calls out (JSON lines)
    Plan(plan::PlanLines),
    /// Recommendation: how well ratings are foretold
    #[command(subcommand)]
    Recommend(recommend::Recommend),
    /// Recency, frequency, monetary value, scores and segments
    Rfm(rfm::RfmOf),
}

impl Lab {
    pub(super) fn run(self, data: Option<PathBuf>, out: &mut Out) -> anyhow::Result<()> {
        match self {
            Self::Allocate(command) => command.run(out),
            Self::Clv(command) => command.run(out),
            Self::Mix(command) => command.run(out),
            Self::Plan(command) => command.run(data, out),
            Self::Recommend(command) => command.run(out),
            Self::Rfm(command) => command.run(out),
        }
    }
}
