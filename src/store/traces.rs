//! Which files beside the store still name a person?
//!
//! Exports, histories, rejected rows, staged rows. A text keeps its other lines; any other file that names the person
//! goes, and so does what mercato writes and cannot be searched (a picture, a packed file, a workbook).

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
    let remove = || fs::remove_file(path).map(|()| true).map_err(io);
    if path.extension().is_some_and(|ending| OPAQUE.iter().any(|known| ending == *known)) {
        return remove();
    }
    let bytes = fs::read(path).map_err(io)?;
    if !erasure.names(&String::from_utf8_lossy(&bytes)) {
        return Ok(false);
    }
    let Ok(text) = String::from_utf8(bytes) else { return remove() };
    let kept: String = text.split_inclusive('\n').filter(|line| !erasure.names(line)).collect();
    if kept.trim().is_empty() {
        return remove();
    }
    fs::write(path, kept).map(|()| true).map_err(io)
}
