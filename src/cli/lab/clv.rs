//! Customer lifetime value on a plain file: fit, predict, backtest.

use crate::cli::Out;

/// Customer lifetime value on a plain file.
#[derive(Debug, clap::Subcommand)]
pub enum Clv {}

impl Clv {
    pub(super) fn run(self, _out: &mut Out) -> anyhow::Result<()> {
        match self {}
    }
}
