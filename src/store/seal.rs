//! Are the store's files still as we left them?
//!
//! `DIR/seal` lies outside the store, so that it tells of the whole store's loss as well. When the folder is closed
//! it gets the CRC-32 of each file; opening compares before sled sees a byte, since sled answers some damage with a
//! panic, a hang or fewer records. While the folder is open, and after a crash, it only names the newest data version.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{StoreError, folder};

/// What the seal says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seal {
    /// The store has this data version or a newer one.
    pub(super) data_version: u64,
    /// Path, length and CRC-32 of each file, where the folder was closed in good order.
    pub(super) files: Option<Vec<(String, u64, u32)>>,
}

const CHUNK_BYTES: usize = 1 << 18;

/// Where it lies.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("seal")
}

/// Reads the seal; `None` where there is none.
pub(super) fn read(dir: &Path) -> Result<Option<Seal>, StoreError> {
    let path = path(dir);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StoreError::Io { path, source }),
    };
    let harmed = || StoreError::Harmed(format!("{} cannot be read", path.display()));
    let cut = text.iter().rposition(|byte| *byte == b' ').ok_or_else(harmed)?;
    let (body, crc) = text.split_at(cut);
    let crc = crc.strip_prefix(b" ").and_then(|crc| std::str::from_utf8(crc).ok()).ok_or_else(harmed)?;
    if crc.trim_end() != format!("{:08x}", crc32fast::hash(body)) {
        return Err(harmed());
    }
    serde_json::from_slice(body).map(Some).map_err(|_| harmed())
}

/// Writes it, whole or not at all.
pub(super) fn write(dir: &Path, seal: &Seal) -> Result<(), StoreError> {
    let path = path(dir);
    let part = dir.join("seal.part");
    let io = |source| StoreError::Io { path: path.clone(), source };
    let body = serde_json::to_string(seal).map_err(|error| io(error.into()))?;
    let mut file = File::create(&part).map_err(io)?;
    writeln!(file, "{body} {:08x}", crc32fast::hash(body.as_bytes())).map_err(io)?;
    file.sync_all().map_err(io)?;
    fs::rename(&part, &path).map_err(io)?;
    folder::sync_dir(dir)
}

/// Refuses files that are not as the seal has them.
pub(super) fn check(store: &Path, seal: &Seal) -> Result<(), StoreError> {
    let Some(expected) = &seal.files else { return Ok(()) };
    let found = files(store)?;
    let differs = expected.iter().find(|file| !found.contains(file)).or_else(|| {
        let known = |file: &&(String, u64, u32)| expected.iter().any(|known| known.0 == file.0);
        found.iter().find(|file| !known(file))
    });
    match differs {
        None => Ok(()),
        Some((name, ..)) => {
            let path = store.join(name);
            Err(StoreError::Harmed(format!("{} is not as it was left", path.display())))
        }
    }
}

/// Path, length and CRC-32 of every file below, by path.
pub(super) fn files(store: &Path) -> Result<Vec<(String, u64, u32)>, StoreError> {
    let mut found = Vec::new();
    let mut folders = vec![store.to_owned()];
    while let Some(folder) = folders.pop() {
        let io = |source| StoreError::Io { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            let path = entry.path();
            if entry.file_type().map_err(io)?.is_dir() {
                folders.push(path);
                continue;
            }
            let (length, crc) = sum(&path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
            let name = path.strip_prefix(store).unwrap_or(&path).to_string_lossy().into_owned();
            found.push((name, length, crc));
        }
    }
    found.sort();
    Ok(found)
}

fn sum(path: &Path) -> io::Result<(u64, u32)> {
    let mut file = File::open(path)?;
    let (mut crc, mut length) = (crc32fast::Hasher::new(), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = file.read(&mut chunk)?;
        let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        crc.update(bytes);
        length += read as u64;
    }
    Ok((length, crc.finalize()))
}
