//! Bring in a shop's files

use std::path::PathBuf;

use super::Out;

/// Bring in a shop's files
#[derive(Debug, clap::Args)]
pub struct Import {}

impl Import {
    pub(super) fn run(self, _data: Option<PathBuf>, _out: &mut Out) -> anyhow::Result<()> {
        anyhow::bail!("being built")
    }
}
