//! Who has the data folder, and where in it is what?
//!
//! `store/` is sled's, `staging/` holds what an import is about to write, `lock` names the process that has the
//! folder. The lock is the operating system's, so it ends with the process, however that ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::StoreError;

/// How often a held lock is tried, and how long apart: half a second in all.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(10);

/// A locked data folder.
pub(crate) struct Folder {
    dir: PathBuf,
    /// Held as long as the folder is in use; only its being open matters.
    _lock: File,
}

impl Folder {
    /// Whether a store was made here.
    pub(super) fn has_store(dir: &Path) -> Result<bool, StoreError> {
        let io = |source| StoreError::Io { path: dir.to_owned(), source };
        dir.join("store").try_exists().map_err(io)
    }

    /// Takes the folder (making it where there is none), or names who has it.
    pub(super) fn take(dir: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(dir).map_err(|source| StoreError::Io { path: dir.to_owned(), source })?;
        let path = dir.join("lock");
        let io = |source| StoreError::Io { path: path.clone(), source };
        let mut lock =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        let taken = patiently(|| lock.try_lock(), |error| matches!(error, TryLockError::WouldBlock));
        match taken {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { dir: dir.to_owned(), holder: holder(&mut lock) });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let command: Vec<String> =
            std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
        lock.set_len(0).map_err(io)?;
        write!(lock, "{} ({})", std::process::id(), command.join(" ")).map_err(io)?;
        Ok(Self { dir: dir.to_owned(), _lock: lock })
    }

    /// Removes what is ours in the folder, and the folder where nothing else is in it.
    pub(super) fn remove(&self) -> Result<(), StoreError> {
        for ours in [self.store(), self.staging()] {
            match fs::remove_dir_all(&ours) {
                Err(source) if source.kind() != ErrorKind::NotFound => {
                    return Err(StoreError::Io { path: ours, source });
                }
                _ => {}
            }
        }
        let lock = self.dir.join("lock");
        fs::remove_file(&lock).map_err(|source| StoreError::Io { path: lock, source })?;
        // Somebody else's files are in it.
        let _ = fs::remove_dir(&self.dir);
        Ok(())
    }

    /// The folder itself.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// sled's part.
    pub(super) fn store(&self) -> PathBuf {
        self.dir.join("store")
    }

    /// The part of imports under way.
    pub(super) fn staging(&self) -> PathBuf {
        self.dir.join("staging")
    }
}

/// Tries to take a lock, again for a moment while somebody else has it: a lock outlives its holder by the blink in
/// which a process that the holder was just starting still has a copy of the open file.
pub(super) fn patiently<T, E>(
    mut take: impl FnMut() -> Result<T, E>,
    is_held: impl Fn(&E) -> bool,
) -> Result<T, E> {
    for _ in 1..TRIES {
        match take() {
            Err(error) if is_held(&error) => std::thread::sleep(PAUSE),
            done => return done,
        }
    }
    take()
}

/// Makes the names of new files in a folder survive a power cut.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    let io = |source| StoreError::Io { path: dir.to_owned(), source };
    match File::open(dir).and_then(|dir| dir.sync_all()) {
        // Some file systems have no such thing as syncing a folder.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        done => done.map_err(io),
    }
}

/// Process and command that the lock names.
fn holder(lock: &mut File) -> String {
    let mut text = String::new();
    match lock.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "that is just starting".to_owned(),
    }
}
