//! Call one tool with arguments

use std::path::PathBuf;

use super::Out;

/// Call one tool with arguments
#[derive(Debug, clap::Args)]
pub struct Tool {}

impl Tool {
    pub(super) fn run(self, _data: Option<PathBuf>, _out: &mut Out) -> anyhow::Result<()> {
        anyhow::bail!("being built")
    }
}

/// List the tools
#[derive(Debug, clap::Args)]
pub struct Tools {}

impl Tools {
    pub(super) fn run(self, _out: &mut Out) -> anyhow::Result<()> {
        anyhow::bail!("being built")
    }
}
