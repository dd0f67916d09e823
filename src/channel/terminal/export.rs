//! Where does the last table go that somebody wants in a spreadsheet?
//!
//! Under `exports/` of the data folder, named after the tool and the question's place in the talk, or to the path that
//! was given; a file of that name is never overwritten by a path somebody typed.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::agent::turn::{CallResult, Turn};
use crate::domain::{Lang, Table};
use crate::prompts::Prompts;
use crate::render::sheet;

/// The folder in the data folder.
pub const EXPORTS: &str = "exports";

/// The table of an answer's last call that has one, with the tool's name.
pub(super) fn table_of(turn: &Turn) -> Option<(&str, &Table)> {
    turn.calls.iter().rev().find_map(|record| match &record.result {
        Some(CallResult::Answered(outcome)) => Some((record.call.tool.as_str(), outcome.table.as_ref()?)),
        _ => None,
    })
}

/// Writes it; gives back where.
pub(super) fn write(
    turn: &Turn,
    wanted: &str,
    data: Option<&Path>,
    prompts: &Prompts,
    lang: Lang,
) -> anyhow::Result<PathBuf> {
    let (tool, table) = table_of(turn).context("the last answer has no table")?;
    // "/export xlsx table.xlsx" names the kind twice
    let wanted = match wanted.split_once(' ') {
        Some(("csv" | "xlsx", path)) => path.trim(),
        _ => wanted,
    };
    let (path, given) = match wanted.to_lowercase().as_str() {
        "" | "csv" | "xlsx" => {
            let ending = if wanted.is_empty() { "csv".to_owned() } else { wanted.to_lowercase() };
            let dir = data.unwrap_or_else(|| Path::new(".")).join(EXPORTS);
            fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
            (dir.join(format!("{tool}-{}-{}.{ending}", turn.conversation, turn.number)), false)
        }
        _ => (PathBuf::from(wanted), true),
    };
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let bytes = match ending.as_deref() {
        Some("csv") => sheet::csv(prompts, table, lang)?,
        Some("xlsx") => sheet::xlsx(prompts, table, lang)?,
        _ => anyhow::bail!("{}: write a name that ends in .csv or .xlsx", path.display()),
    };
    let file = OpenOptions::new().write(true).create_new(given).create(true).truncate(true).open(&path);
    let mut file = file.with_context(|| format!("{} could not be written", path.display()))?;
    file.write_all(&bytes).with_context(|| path.display().to_string())?;
    Ok(path)
}
