//! Make the sample shop and try it

use std::path::PathBuf;

use super::Out;

/// Make the sample shop and try it
#[derive(Debug, clap::Args)]
pub struct Demo {}

impl Demo {
    pub(super) fn run(self, _data: Option<PathBuf>, _out: &mut Out) -> anyhow::Result<()> {
        anyhow::bail!("being built")
    }
}
