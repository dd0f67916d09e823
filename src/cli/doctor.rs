//! Is everything in the data folder as it must be?

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::{DEFAULT_DATA, Out};
use crate::agent::audit;
use crate::app::tables;
use crate::domain::NoWork;
use crate::store::doctor::{Finding, Mend};
use crate::store::{Store, StoreError};

/// Examine the data folder
///
/// Looks at every record, every index, the sums beside the tables and the chain of audit rows. Each finding comes with
/// what mends it; ends with 1 where something is wrong.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mercato doctor --mend")]
pub struct Doctor {
    /// Write everything anew where that mends what was found
    #[arg(long)]
    mend: bool,
}

impl Doctor {
    pub(super) fn run(self, data: Option<PathBuf>, out: &mut Out) -> anyhow::Result<()> {
        let dir = data.unwrap_or_else(|| DEFAULT_DATA.into());
        let (store, findings) = examine(&dir, out)?;
        for finding in &findings {
            out.line(format!("{}\n  mend: {}", finding.what, mend(finding.mend, &dir)))?;
        }
        if findings.is_empty() {
            return out.line("nothing is wrong");
        }
        out.flush()?;
        if self.mend && findings.iter().all(|finding| finding.mend == Mend::Renew) {
            store.renew(&tables(), &NoWork)?;
            let (_, left) = examine(&dir, out)?;
            if left.is_empty() {
                return out.line("mended");
            }
        }
        bail!("{} things are wrong in {}", findings.len(), dir.display())
    }
}

fn examine(dir: &Path, out: &mut Out) -> anyhow::Result<(Store, Vec<Finding>)> {
    let store = Store::open(dir)?;
    let mut examined = store.examine(&tables(), &NoWork)?;
    for (table, count) in &examined.records {
        out.line(format!("{table}: {count}"))?;
    }
    match audit::verify(&store) {
        Ok(Ok(_)) | Err(StoreError::Damaged { .. } | StoreError::Harmed(_)) => {}
        Ok(Err(what)) => {
            let what = format!("the chain of audit rows is broken: {what}");
            examined.findings.push(Finding { what, mend: Mend::Restore });
        }
        Err(error) => return Err(error.into()),
    }
    Ok((store, examined.findings))
}

fn mend(mend: Mend, dir: &Path) -> String {
    match mend {
        Mend::Renew => format!("mercato --data {} doctor --mend", dir.display()),
        Mend::Restore => "restore the last backup: mercato --data NEW restore BACKUP".into(),
        Mend::Update => "a newer mercato wrote it; use that one".into(),
    }
}
