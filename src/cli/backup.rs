//! Write everything into one file, and make a shop of it again.

use std::path::PathBuf;

use super::{DEFAULT_DATA, Out};
use crate::app::tables;
use crate::domain::NoWork;
use crate::store::{Store, backup};

/// Write the whole shop into one file
///
/// The file is read through after it is written. `mercato restore` makes a shop of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mercato backup shop-2026-11-25.backup")]
pub struct Backup {
    /// Where to; a backup that is there is replaced
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Make a shop of a backup, in a new folder
///
/// Customers who were forgotten since the backup stay forgotten: their list is read from the backup, from FILE.erased
/// beside it, and from where --erased says.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mercato --data new-folder restore shop-2026-11-25.backup --erased old-folder/erased"
)]
pub struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A list of forgotten customers: the file `erased` of the folder that the backup is of
    #[arg(long, value_name = "FILE")]
    erased: Vec<PathBuf>,
}

impl Backup {
    pub(super) fn run(self, data: Option<PathBuf>, out: &mut Out) -> anyhow::Result<()> {
        let store = Store::open(&data.unwrap_or_else(|| DEFAULT_DATA.into()))?;
        let count = store.backup(&self.file, &tables(), &NoWork)?;
        backup::verify(&self.file)?;
        out.line(format!("{}: {count} records, data version {}", self.file.display(), store.data_version()?))
    }
}

impl Restore {
    pub(super) fn run(self, data: Option<PathBuf>, out: &mut Out) -> anyhow::Result<()> {
        let dir = data.unwrap_or_else(|| DEFAULT_DATA.into());
        if let Some(missing) = self.erased.iter().find(|list| !list.exists()) {
            anyhow::bail!(
                "{} is not there; --erased takes the file `erased` of a data folder",
                missing.display()
            );
        }
        let count = Store::restore(&dir, &self.file, &self.erased, &tables(), &NoWork)?;
        out.line(format!("{}: {count} records from {}", dir.display(), self.file.display()))
    }
}
