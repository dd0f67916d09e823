//! Write every table as JSON lines

use std::path::PathBuf;

use super::Out;

/// Write every table as JSON lines
#[derive(Debug, clap::Args)]
pub struct Export {}

impl Export {
    pub(super) fn run(self, _data: Option<PathBuf>, _out: &mut Out) -> anyhow::Result<()> {
        anyhow::bail!("being built")
    }
}
