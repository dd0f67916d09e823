//! Ask one question

use std::path::PathBuf;

use super::Out;

/// Ask one question
#[derive(Debug, clap::Args)]
pub struct Ask {}

impl Ask {
    pub(super) fn run(self, _data: Option<PathBuf>, _out: &mut Out) -> anyhow::Result<()> {
        anyhow::bail!("being built")
    }
}
