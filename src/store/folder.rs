//! Who has the data folder, and where in it is what?
//!
//! `store/` is sled's, `staging/` holds what an import is about to write, `undo/` what the last ones changed,
//! `rejects/` the rows they left out, `lock` names the process that has the folder, `seal` says how the store's files
//! were left. The lock is the operating system's, so it ends with the process, however that ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::StoreError;
use super::seal::{self, Seal};

/// How often a held lock is tried, and how long apart: half a second in all.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(10);

/// A locked data folder.
pub(crate) struct Folder {
    dir: PathBuf,
    /// Held as long as the folder is in use.
    lock: File,
    /// The newest data version, once the store was found whole; without it the folder is not sealed.
    data_version: Mutex<Option<u64>>,
}

impl Folder {
    /// Whether a store was made here.
    pub(super) fn has_store(dir: &Path) -> Result<bool, StoreError> {
        let io = |source| StoreError::Io { path: dir.to_owned(), source };
        Ok(dir.join("store").try_exists().map_err(io)? || dir.join("store.new").try_exists().map_err(io)?)
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
        let folder = Self { dir: dir.to_owned(), lock, data_version: Mutex::new(None) };
        folder.finish_swap()?;
        Ok(folder)
    }

    /// Takes the seal off before the store is opened; gives the data version that it must have at least, or nothing
    /// where there is no seal. Refuses files that are not as they were left.
    pub(super) fn unseal(&self) -> Result<Option<u64>, StoreError> {
        let found = seal::read(&self.dir)?;
        let is_new = !self.store().exists();
        match &found {
            Some(seal) if is_new && seal.data_version > 0 => {
                return Err(StoreError::Harmed(format!("{} is gone", self.store().display())));
            }
            Some(seal) => seal::check(&self.store(), seal)?,
            None => {}
        }
        if found.is_some() || is_new {
            let data_version = found.as_ref().map_or(0, |seal| seal.data_version);
            seal::write(&self.dir, &Seal { data_version, files: None })?;
        }
        Ok(found.map(|seal| seal.data_version))
    }

    /// Writes the data version down outside the store.
    pub(super) fn seal(&self, data_version: u64) -> Result<(), StoreError> {
        *self.data_version.lock().unwrap_or_else(PoisonError::into_inner) = Some(data_version);
        seal::write(&self.dir, &Seal { data_version, files: None })
    }

    /// Puts `store.new`, which is complete, in the place of the store. Every step may be the last before a crash.
    pub(super) fn finish_swap(&self) -> Result<(), StoreError> {
        let fail = |source| StoreError::Io { path: self.new_store(), source };
        remove_dir(&self.part_store())?;
        if !self.new_store().try_exists().map_err(fail)? {
            return Ok(());
        }
        // The seal's sums are of the files that go.
        if let Some(found) = seal::read(&self.dir)? {
            seal::write(&self.dir, &Seal { files: None, ..found })?;
        }
        remove_dir(&self.store())?;
        fs::rename(self.new_store(), self.store()).map_err(fail)?;
        sync_dir(&self.dir)
    }

    /// Declares `store.part` complete and puts it in the place of the store, which must be closed.
    pub(super) fn swap(&self) -> Result<(), StoreError> {
        let fail = |source| StoreError::Io { path: self.part_store(), source };
        sync_dir(&self.part_store())?;
        fs::rename(self.part_store(), self.new_store()).map_err(fail)?;
        sync_dir(&self.dir)?;
        self.finish_swap()
    }

    /// Removes what is ours in the folder, and the folder where nothing else is in it.
    pub(super) fn remove(&self) -> Result<(), StoreError> {
        *self.data_version.lock().unwrap_or_else(PoisonError::into_inner) = None;
        remove_dir(&self.store())?;
        remove_dir(&self.staging())?;
        remove_dir(&self.undo())?;
        for ours in [seal::path(&self.dir), self.dir.join("lock")] {
            fs::remove_file(&ours).map_err(|source| StoreError::Io { path: ours, source })?;
        }
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

    /// A store in the making.
    pub(super) fn part_store(&self) -> PathBuf {
        self.dir.join("store.part")
    }

    /// A store that is made and about to take the other's place.
    fn new_store(&self) -> PathBuf {
        self.dir.join("store.new")
    }

    /// What imports changed as it was before them.
    pub(super) fn undo(&self) -> PathBuf {
        self.dir.join("undo")
    }

    /// Rows that imports left out.
    pub(super) fn rejects(&self) -> PathBuf {
        self.dir.join("rejects")
    }

    /// The part of imports under way.
    pub(super) fn staging(&self) -> PathBuf {
        self.dir.join("staging")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The command may name a person; a lock that nobody holds needs no words. The next holder writes over it.
        let _ = self.lock.set_len(0);
        let Some(data_version) = *self.data_version.lock().unwrap_or_else(PoisonError::into_inner) else {
            return;
        };
        // sled has closed its files once their lock is free; what cannot be sealed now is looked at when it is opened.
        let Ok(db) = File::open(self.store().join("db")) else { return };
        if patiently(|| db.try_lock(), |error| matches!(error, TryLockError::WouldBlock)).is_err() {
            return;
        }
        if let Ok(files) = seal::files(&self.store()) {
            let _ = seal::write(&self.dir, &Seal { data_version, files: Some(files) });
        }
    }
}

/// Removes a folder where there is one.
pub(super) fn remove_dir(dir: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(dir) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(StoreError::Io { path: dir.to_owned(), source })
        }
        _ => Ok(()),
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
