//! Write every table as JSON lines

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{DEFAULT_DATA, Out};
use crate::store::Store;
use crate::store::export::{self, TABLES};

/// Write every table as JSON lines
///
/// One object a record, in key order; amounts are texts with the exact decimal value, days and times ISO texts. A table
/// without records gets no file where none was named: an empty file is one that was cut off, and is not imported.
///
/// Example: mercato export --out backup order customer
#[derive(Debug, clap::Args)]
pub struct Export {
    /// customer, experiment, feedback, interaction, lift_test, order, product, setting, spend, unlinked_refund; all
    /// where none is named
    #[arg(value_name = "TABLE")]
    tables: Vec<String>,
    /// Folder for one TABLE.jsonl each; to standard output where left out
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Export {
    pub(super) fn run(self, data: Option<PathBuf>, out: &mut Out) -> anyhow::Result<()> {
        let named = !self.tables.is_empty();
        let tables = if self.tables.is_empty() { TABLES.map(str::to_owned).to_vec() } else { self.tables };
        if let Some(table) = tables.iter().find(|table| !TABLES.contains(&table.as_str())) {
            return Err(export::ExportError::UnknownTable { table: table.clone() }.into());
        }
        let store = Store::open(&data.unwrap_or_else(|| DEFAULT_DATA.into()))?;
        for table in &tables {
            match &self.out {
                Some(dir) => {
                    let path = dir.join(format!("{table}.jsonl"));
                    let count = to_file(&store, table, dir, &path)?;
                    if count == 0 && !named {
                        fs::remove_file(&path).with_context(|| path.display().to_string())?;
                    } else {
                        out.line(format!("{}: {count}", path.display()))?;
                    }
                }
                None => {
                    export::table(&store, table, out)?;
                }
            }
        }
        out.flush()
    }
}

fn to_file(store: &Store, table: &str, dir: &Path, path: &Path) -> anyhow::Result<u64> {
    fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    let file = File::create(path).with_context(|| path.display().to_string())?;
    let mut file = BufWriter::new(file);
    let count = export::table(store, table, &mut file)?;
    file.flush().with_context(|| path.display().to_string())?;
    Ok(count)
}
