//! How is the newest import taken back?
//!
//! Before an import's commit point everything that it will change is written to `undo/ID` as it was, and synced. Taking
//! the import back writes that again: the key `import/undoing` = ID is the commit point, what follows may stop anywhere
//! and be done again. Only the newest can go; an older one would take the newer ones' changes with it. The pre-images
//! hold customers as they were, so whoever forgets a customer clears them ([`Store::clear_undo`]).

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::PoisonError;

use serde::Serialize;

use super::redo::{END, Frames, io_error};
use super::tables::{DATA_VERSION, Write as KeyWrite, setting_key};
use super::{Batch, Kv, Store, StoreError, folder};

/// Present from the moment an import counts as taken back until it is wholly so.
const UNDOING: &[u8] = b"import/undoing";
/// Then the id; the value is what was imported.
const BATCH: &[u8] = b"import/batch/";
const MAGIC: &[u8; 16] = b"mercato undo   1";
/// Imports that can be taken back, one after the other.
const KEPT: usize = 10;
/// Keys written at once.
const KEYS_AT_ONCE: usize = 100;

/// An import that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// Its number: the data version that it made.
    pub batch: u64,
    /// The file it came from.
    pub what: String,
    /// The data version afterwards; it never goes back, since answers name it.
    pub data_version: u64,
}

impl Store {
    /// Takes back the newest import; `batch` is the one that is meant, where the person named it.
    pub fn undo_import(&self, batch: Option<u64>) -> Result<Undone, StoreError> {
        let _only_one = self.importing.lock().unwrap_or_else(PoisonError::into_inner);
        let batches = batches(self)?;
        let Some((newest, what)) = batches.last() else { return Err(StoreError::NothingToUndo) };
        if let Some(asked) = batch.filter(|asked| asked != newest) {
            let newer: Vec<String> = batches
                .iter()
                .rev()
                .filter(|(id, _)| *id > asked)
                .map(|(id, what)| format!("{id} ({what})"))
                .collect();
            return Err(match batches.iter().any(|(id, _)| *id == asked) {
                true => StoreError::NewerImports { asked, newer: newer.join(", ") },
                false => StoreError::UnknownImport { asked, newest: *newest, what: what.clone() },
            });
        }
        // Nothing is touched before the pre-images have been read to their end once.
        let mut images = open(self, *newest)?;
        while images.next::<KeyWrite>()?.is_some() {}
        self.kv.commit(Batch {
            writes: vec![(UNDOING.to_vec(), Some(newest.to_be_bytes().to_vec()))],
            require: Vec::new(),
        })?;
        let data_version = put_back(self, *newest)?;
        Ok(Undone { batch: *newest, what: what.clone(), data_version })
    }

    /// Removes what would bring older states of records back: afterwards no import can be taken back. Forgetting a
    /// customer needs it.
    pub fn clear_undo(&self) -> Result<(), StoreError> {
        let _only_one = self.importing.lock().unwrap_or_else(PoisonError::into_inner);
        let writes = batches(self)?.into_iter().map(|(id, _)| (key(id), None)).collect();
        self.kv.commit(Batch { writes, require: Vec::new() })?;
        self.folder.as_ref().map_or(Ok(()), |folder| folder::remove_dir(&folder.undo()))
    }
}

/// The pre-images of an import in the making.
pub(super) struct Images {
    path: PathBuf,
    file: BufWriter<File>,
    count: u64,
}

impl Images {
    /// `None` in memory.
    pub(super) fn begin(store: &Store, id: u64) -> Result<Option<Self>, StoreError> {
        let Some(folder) = &store.folder else { return Ok(None) };
        let dir = folder.undo();
        fs::create_dir_all(&dir).map_err(|source| io_error(&dir, source))?;
        let path = dir.join(name(id));
        let file = File::create(&path).map_err(|source| io_error(&path, source))?;
        let mut images = Self { path, file: BufWriter::with_capacity(1 << 16, file), count: 0 };
        images.write(MAGIC)?;
        images.frame(&id)?;
        // The first import sets the shop, and the first with repeat buyers its churn window.
        if store.shop()?.is_none_or(|shop| shop.churn_window_days.is_none()) {
            images.add(store.kv.as_ref(), &[(setting_key("shop"), None)])?;
        }
        Ok(Some(images))
    }

    /// What the keys of these writes hold now.
    pub(super) fn add(&mut self, kv: &dyn Kv, writes: &[KeyWrite]) -> Result<(), StoreError> {
        for (key, _) in writes {
            let image: KeyWrite = (key.clone(), kv.get(key)?);
            self.frame(&image)?;
            self.count += 1;
        }
        Ok(())
    }

    /// Makes them durable.
    pub(super) fn finish(mut self) -> Result<(), StoreError> {
        self.write(&END.to_le_bytes())?;
        self.write(&self.count.to_le_bytes())?;
        self.file.flush().map_err(|source| io_error(&self.path, source))?;
        self.file.get_ref().sync_all().map_err(|source| io_error(&self.path, source))?;
        let dir = self.path.parent().unwrap_or(&self.path);
        folder::sync_dir(dir)
    }

    fn frame<T: Serialize>(&mut self, value: &T) -> Result<(), StoreError> {
        let bytes = postcard::to_stdvec(value).map_err(|error| StoreError::Backend(error.to_string()))?;
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length < END);
        let length = length.ok_or_else(|| StoreError::Backend("a record is above 4 GiB".into()))?;
        self.write(&length.to_le_bytes())?;
        self.write(&bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(bytes).map_err(|source| io_error(&self.path, source))
    }
}

/// What an import that is wholly in adds to its last batch: that it can be taken back, and which cannot any more.
pub(super) fn keep(store: &Store, id: u64, what: &str) -> Result<Vec<KeyWrite>, StoreError> {
    let mut writes = vec![(key(id), Some(what.as_bytes().to_vec()))];
    let batches = batches(store)?;
    let past = (batches.len() + 1).saturating_sub(KEPT);
    writes.extend(batches.iter().take(past).map(|(id, _)| (key(*id), None)));
    Ok(writes)
}

/// Finishes what was cut off, and removes pre-images of which no import is left.
pub(super) fn finish_pending(store: &Store) -> Result<(), StoreError> {
    if let Some(id) = store.kv.get(UNDOING)? {
        let id = id.try_into().map_err(|_| StoreError::Backend("import/undoing is no number".into()))?;
        put_back(store, u64::from_be_bytes(id))?;
    }
    clear_orphans(store)
}

/// Removes pre-images that belong to no import.
pub(super) fn clear_orphans(store: &Store) -> Result<(), StoreError> {
    let Some(folder) = &store.folder else { return Ok(()) };
    let Ok(files) = fs::read_dir(folder.undo()) else { return Ok(()) };
    let known: Vec<String> = batches(store)?.into_iter().map(|(id, _)| name(id)).collect();
    for file in files.filter_map(Result::ok) {
        if !known.iter().any(|name| *name.as_str() == *file.file_name()) {
            // One that cannot be removed now is removed when the store is opened next.
            let _ = fs::remove_file(file.path());
        }
    }
    Ok(())
}

/// Writes everything as it was; every step may be the last before a crash.
fn put_back(store: &Store, id: u64) -> Result<u64, StoreError> {
    let _merging = store.recent.merging.write().unwrap_or_else(PoisonError::into_inner);
    let mut images = open(store, id)?;
    let mut writes = Vec::new();
    while let Some(image) = images.next::<KeyWrite>()? {
        writes.push(image);
        if writes.len() >= KEYS_AT_ONCE {
            store.kv.apply(Batch { writes: std::mem::take(&mut writes), require: Vec::new() })?;
        }
    }
    store.kv.apply(Batch { writes, require: Vec::new() })?;
    store.kv.flush()?;
    let data_version = store.data_version()? + 1;
    let last = vec![
        (DATA_VERSION.to_vec(), Some(data_version.to_be_bytes().to_vec())),
        (key(id), None),
        (UNDOING.to_vec(), None),
    ];
    store.kv.commit(Batch { writes: last, require: Vec::new() })?;
    store.sealed(data_version)?;
    store.recent.note(data_version, None);
    clear_orphans(store)?;
    Ok(data_version)
}

fn open(store: &Store, id: u64) -> Result<Frames<BufReader<File>>, StoreError> {
    let folder = store.folder.as_ref().ok_or(StoreError::NothingToUndo)?;
    let path = folder.undo().join(name(id));
    let file = File::open(&path).map_err(|source| match source.kind() {
        // A restored backup has the shop's records and none of what they were before.
        io::ErrorKind::NotFound => StoreError::NothingToUndo,
        _ => io_error(&path, source),
    })?;
    let mut images = Frames::begin(BufReader::with_capacity(1 << 16, file), MAGIC)?;
    match images.next::<u64>()? {
        Some(found) if found == id => Ok(images),
        _ => Err(super::redo::damaged("it is another import's")),
    }
}

/// Imports that can be taken back, oldest first.
fn batches(store: &Store) -> Result<Vec<(u64, String)>, StoreError> {
    let mut batches = Vec::new();
    for pair in store.kv.range(Bound::Included(BATCH.to_vec()), Bound::Unbounded) {
        let (key, what) = pair?;
        let Some(id) = key.strip_prefix(BATCH) else { break };
        if let Ok(id) = id.try_into() {
            batches.push((u64::from_be_bytes(id), String::from_utf8_lossy(&what).into_owned()));
        }
    }
    Ok(batches)
}

fn key(id: u64) -> Vec<u8> {
    [BATCH, &id.to_be_bytes()].concat()
}

fn name(id: u64) -> String {
    format!("{id:08}")
}
