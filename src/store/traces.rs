//! Which files beside the store still name a person?
//!
//! Exports, histories, rejected rows, staged rows. A text keeps its other lines; what cannot be read as text (a
//! picture, a packed file, a workbook) goes where it is of a kind that mercato writes.

use std::fs;
use std::path::{Path, PathBuf};

use super::erase::Erasure;
use super::{StoreError, folder};

/// Endings of what mercato writes and nobody can search for a name.
const OPAQUE: [&str; 6] = ["gz", "parquet", "part", "png", "svg", "xlsx"];
/// Ours, without a name in them, or dealt with by themselves.
const OURS: [&str; 7] = ["erased", "lock", "seal", "staging", "store", "store.new", "store.part"];

/// Clears every file of the folder; gives those that changed or went.
pub(super) fn clear(dir: &Path, erasure: &Erasure) -> Result<Vec<String>, StoreError> {
    folder::remove_dir(&dir.join("staging"))?;
    let mut changed = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let io = |source| StoreError::Io { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            let path = entry.path();
            let ours = folder == dir && OURS.iter().any(|name| entry.file_name() == *name);
            if ours {
                continue;
            }
            if entry.file_type().map_err(io)?.is_dir() {
                folders.push(path);
            } else if clear_file(&path, erasure)? {
                changed.push(path.strip_prefix(dir).unwrap_or(&path).display().to_string());
            }
        }
    }
    changed.sort();
    Ok(changed)
}

fn clear_file(path: &PathBuf, erasure: &Erasure) -> Result<bool, StoreError> {
    let io = |source| StoreError::Io { path: path.clone(), source };
    let is_opaque = path.extension().is_some_and(|ending| OPAQUE.iter().any(|known| ending == *known));
    let text = match String::from_utf8(fs::read(path).map_err(io)?) {
        Ok(text) if !is_opaque => text,
        _ if is_opaque => {
            fs::remove_file(path).map_err(io)?;
            return Ok(true);
        }
        _ => return Ok(false),
    };
    if !erasure.names(&text) {
        return Ok(false);
    }
    let kept: String = text.split_inclusive('\n').filter(|line| !erasure.names(line)).collect();
    if kept.trim().is_empty() {
        fs::remove_file(path).map_err(io)?;
    } else {
        fs::write(path, kept).map_err(io)?;
    }
    Ok(true)
}
