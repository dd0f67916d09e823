//! The planner alone: questions in, calls out.

use std::path::PathBuf;

use crate::cli::Out;

/// The planner alone: questions in, calls out (JSON lines).
#[derive(Debug, clap::Args)]
pub struct PlanLines {}

impl PlanLines {
    pub(super) fn run(self, _data: Option<PathBuf>, _out: &mut Out) -> anyhow::Result<()> {
        anyhow::bail!("being built")
    }
}
