//! How does a record get in and out?
//!
//! A record's key is `TABLE 00 key`; each of its index entries is `TABLE 01 name 00 length value key` without a
//! value. Keys sort as bytes, so a scan comes in key order. A value is a version byte, then postcard (or JSON for
//! records with open values).

use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde::{Serialize, de::DeserializeOwned};

use super::folder::Folder;
use super::kv::{SledKv, hash};
use super::recent::Recent;
use super::{Batch, Kv, MemoryKv, Require, StoreError, redo, sums};
use crate::domain::Shop;

/// A record type: its table, its key, how its bytes are written, its secondary indexes.
pub trait Record: Serialize + DeserializeOwned {
    /// Table name, the key's prefix.
    const TABLE: &'static str;
    /// Version byte written before the value.
    const VERSION: u8;
    /// JSON behind the version byte (open values: turn, session …) instead of postcard.
    const JSON: bool = false;
    /// Key within the table.
    fn key(&self) -> Vec<u8>;
    /// Secondary indexes: name and value; written in the same batch.
    fn indexes(&self) -> Vec<(&'static str, Vec<u8>)> {
        Vec::new()
    }
}

/// The open data folder (or memory), one process at a time.
#[derive(Clone)]
pub struct Store {
    pub(crate) kv: Arc<dyn Kv>,
    pub(super) folder: Option<Arc<Folder>>,
    /// Held by the import under way: the data version of the next one depends on it.
    pub(super) importing: Arc<Mutex<()>>,
    pub(super) recent: Arc<Recent>,
}

/// Key of the data version, 8 bytes big-endian.
pub(super) const DATA_VERSION: &[u8] = b"meta/data_version";
/// How often a write by one process's threads may collide before somebody must look at it.
const RETRIES: usize = 20;

impl Store {
    /// Opens a data folder that exists; redoes a pending import; refuses a folder in use.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        if !Folder::has_store(dir)? {
            return Err(StoreError::Missing(dir.to_owned()));
        }
        Self::create(dir)
    }

    /// The same, making the folder where there is none.
    pub fn create(dir: &Path) -> Result<Self, StoreError> {
        let folder = Folder::take(dir)?;
        let newest = folder.unseal()?;
        let kv = SledKv::open(&folder.store())?;
        sums::begin(&kv, newest.is_some())?;
        let store = Self {
            kv: Arc::new(kv),
            folder: Some(Arc::new(folder)),
            importing: Arc::default(),
            recent: Arc::default(),
        };
        if store.data_version()? < newest.unwrap_or_default() {
            return Err(StoreError::Harmed("the last import is missing".into()));
        }
        redo::finish_pending(&store)?;
        store.sealed(store.data_version()?)?;
        Ok(store)
    }

    /// Tells the folder's seal of the data version; from now on the folder is sealed when it is closed.
    pub(super) fn sealed(&self, data_version: u64) -> Result<(), StoreError> {
        self.folder.as_ref().map_or(Ok(()), |folder| folder.seal(data_version))
    }

    /// An empty store in memory.
    pub fn memory() -> Self {
        let kv = Arc::new(MemoryKv::default());
        Self { kv, folder: None, importing: Arc::default(), recent: Arc::default() }
    }

    /// The data folder; `None` in memory.
    pub fn dir(&self) -> Option<&Path> {
        self.folder.as_deref().map(Folder::dir)
    }

    /// Takes back the making of a folder into which nothing has come; other files in it stay.
    pub fn undo_create(self) -> Result<(), StoreError> {
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        if !sums::stored(self.kv.as_ref())?.is_empty() {
            return Ok(());
        }
        drop(self);
        folder.remove()
    }

    /// One record.
    pub fn get<R: Record>(&self, key: &[u8]) -> Result<Option<R>, StoreError> {
        self.kv.get(&record_key::<R>(key))?.map(|value| decode(key, &value)).transpose()
    }

    /// All records of a table, in key order. One that was written and is not among them is an error at the end.
    pub fn scan<R: Record>(&self) -> Box<dyn Iterator<Item = Result<R, StoreError>> + '_> {
        let from = record_key::<R>(&[]);
        let to = index_prefix::<R>();
        let skip = from.len();
        let pairs = self.kv.range(Bound::Included(from.clone()), Bound::Excluded(to));
        let pairs = sums::checked(self.kv.as_ref(), from, pairs);
        Box::new(pairs.map(move |pair| {
            let (key, value) = pair?;
            decode(key.get(skip..).unwrap_or_default(), &value)
        }))
    }

    /// Records whose index `name` has this value, in key order.
    pub fn by_index<R: Record>(&self, name: &str, value: &[u8]) -> Result<Vec<R>, StoreError> {
        let from = index_key::<R>(name, value, &[]);
        let skip = from.len();
        let mut records = Vec::new();
        for pair in self.kv.range(Bound::Included(from.clone()), Bound::Unbounded) {
            let (key, _) = pair?;
            if !key.starts_with(&from) {
                break;
            }
            records.extend(self.get::<R>(key.get(skip..).unwrap_or_default())?);
        }
        Ok(records)
    }

    /// Writes one record, durably.
    pub fn put<R: Record>(&self, record: &R) -> Result<(), StoreError> {
        self.update(|edit| edit.put(record))
    }

    /// Deletes one record (and its index entries), durably.
    pub fn delete<R: Record>(&self, key: &[u8]) -> Result<(), StoreError> {
        self.update(|edit| edit.delete::<R>(key))
    }

    /// Several writes that happen together or not at all.
    pub fn edit(&self) -> Edit<'_> {
        Edit { store: self, batch: Batch::default() }
    }

    /// Raised by every import that changed something; every answer and fitted model names it.
    pub fn data_version(&self) -> Result<u64, StoreError> {
        data_version(self.kv.as_ref())
    }

    /// The shop's settings, once an import has set them.
    pub fn shop(&self) -> Result<Option<Shop>, StoreError> {
        self.setting("shop")
    }

    /// Sets them.
    pub fn set_shop(&self, shop: &Shop) -> Result<(), StoreError> {
        self.set_setting("shop", shop)
    }

    /// A setting by name, kept as JSON.
    pub fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let Some(bytes) = self.kv.get(&setting_key(name))? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| StoreError::Damaged {
            table: "setting".into(),
            key: name.into(),
            why: error.to_string(),
        })
    }

    /// Sets it, durably.
    pub fn set_setting<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        self.kv.commit(Batch { writes: vec![setting_write(name, value)?], require: Vec::new() })
    }

    /// Counts the commits of this process, for caches.
    pub fn generation(&self) -> u64 {
        self.kv.generation()
    }

    /// Every setting, by name.
    pub(super) fn settings(&self) -> impl Iterator<Item = Result<(String, Vec<u8>), StoreError>> + '_ {
        let prefix = setting_key("");
        let skip = prefix.len();
        let mut to = prefix.clone();
        to.pop();
        to.push(1);
        self.kv.range(Bound::Included(prefix), Bound::Excluded(to)).map(move |pair| {
            let (key, value) = pair?;
            let name = String::from_utf8_lossy(key.get(skip..).unwrap_or_default());
            Ok((name.into_owned(), value))
        })
    }

    /// Reads and writes as one: done again where somebody came between.
    pub fn update(&self, write: impl Fn(&mut Edit<'_>) -> Result<(), StoreError>) -> Result<(), StoreError> {
        for _ in 0..RETRIES {
            let mut edit = self.edit();
            write(&mut edit)?;
            match edit.commit() {
                Err(StoreError::Conflict) => {}
                done => return done,
            }
        }
        Err(StoreError::Conflict)
    }
}

/// Writes gathered for one commit. Each record written or deleted is required to be still as it was read here, so
/// that its index entries stay right; where somebody came between, [`Edit::commit`] gives [`StoreError::Conflict`].
#[must_use = "nothing is written before commit"]
pub struct Edit<'a> {
    store: &'a Store,
    batch: Batch,
}

impl Edit<'_> {
    /// Adds or replaces a record.
    pub fn put<R: Record>(&mut self, record: &R) -> Result<(), StoreError> {
        self.clear::<R>(&record.key())?;
        write_record(&mut self.batch.writes, record)
    }

    /// Deletes a record where there is one.
    pub fn delete<R: Record>(&mut self, key: &[u8]) -> Result<(), StoreError> {
        self.clear::<R>(key)?;
        self.batch.writes.push((record_key::<R>(key), None));
        Ok(())
    }

    /// Sets a setting.
    pub fn setting<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), StoreError> {
        self.batch.writes.push(setting_write(name, value)?);
        Ok(())
    }

    /// Requires that a record is exactly this (or absent) at the commit.
    pub fn expect<R: Record>(&mut self, key: &[u8], record: Option<&R>) -> Result<(), StoreError> {
        let full = record_key::<R>(key);
        self.batch.require.push(match record {
            Some(record) => Require::Hash(full, hash(&encode(record)?)),
            None => Require::Absent(full),
        });
        Ok(())
    }

    /// Writes everything, durable when it returns; or nothing.
    pub fn commit(self) -> Result<(), StoreError> {
        self.store.kv.commit(self.batch)
    }

    /// Removes the index entries of the record as it is now.
    fn clear<R: Record>(&mut self, key: &[u8]) -> Result<(), StoreError> {
        let full = record_key::<R>(key);
        match self.store.kv.get(&full)? {
            Some(value) => {
                self.batch.require.push(Require::Hash(full, hash(&value)));
                clear_indexes::<R>(&mut self.batch.writes, &decode::<R>(key, &value)?);
            }
            None => self.batch.require.push(Require::Absent(full)),
        }
        Ok(())
    }
}

/// The data version in a store; 0 before the first import.
pub(super) fn data_version(kv: &dyn Kv) -> Result<u64, StoreError> {
    let stored = kv.get(DATA_VERSION)?;
    Ok(stored.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes))
}

/// Key and new value, as in [`Batch`].
pub(super) type Write = (Vec<u8>, Option<Vec<u8>>);

/// Adds a record and its index entries.
pub(super) fn write_record<R: Record>(writes: &mut Vec<Write>, record: &R) -> Result<(), StoreError> {
    let key = record.key();
    for (name, value) in record.indexes() {
        writes.push((index_key::<R>(name, &value, &key), Some(Vec::new())));
    }
    writes.push((record_key::<R>(&key), Some(encode(record)?)));
    Ok(())
}

/// Deletes a record's index entries.
pub(super) fn clear_indexes<R: Record>(writes: &mut Vec<Write>, record: &R) {
    let key = record.key();
    for (name, value) in record.indexes() {
        writes.push((index_key::<R>(name, &value, &key), None));
    }
}

/// Sets a setting.
pub(super) fn setting_write<T: Serialize>(name: &str, value: &T) -> Result<Write, StoreError> {
    let bytes = serde_json::to_vec(value).map_err(|error| StoreError::Backend(error.to_string()))?;
    Ok((setting_key(name), Some(bytes)))
}

/// Key of a setting.
pub(super) fn setting_key(name: &str) -> Vec<u8> {
    [b"setting\x00", name.as_bytes()].concat()
}

fn record_key<R: Record>(key: &[u8]) -> Vec<u8> {
    [R::TABLE.as_bytes(), &[0], key].concat()
}

fn index_prefix<R: Record>() -> Vec<u8> {
    [R::TABLE.as_bytes(), &[1]].concat()
}

/// The value's length keeps one value from being the beginning of another.
pub(super) fn index_key<R: Record>(name: &str, value: &[u8], key: &[u8]) -> Vec<u8> {
    let length = (value.len() as u64).to_be_bytes();
    [&index_prefix::<R>(), name.as_bytes(), &[0], length.as_slice(), value, key].concat()
}

pub(super) fn encode<R: Record>(record: &R) -> Result<Vec<u8>, StoreError> {
    let damaged = |why: String| StoreError::Damaged {
        table: R::TABLE.into(),
        key: String::from_utf8_lossy(&record.key()).into_owned(),
        why,
    };
    let start = vec![R::VERSION];
    if R::JSON {
        let mut bytes = start;
        serde_json::to_writer(&mut bytes, record).map_err(|error| damaged(error.to_string()))?;
        Ok(bytes)
    } else {
        postcard::to_extend(record, start).map_err(|error| damaged(error.to_string()))
    }
}

pub(super) fn decode<R: Record>(key: &[u8], bytes: &[u8]) -> Result<R, StoreError> {
    let damaged = |why: String| StoreError::Damaged {
        table: R::TABLE.into(),
        key: String::from_utf8_lossy(key).into_owned(),
        why,
    };
    let Some((version, value)) = bytes.split_first() else { return Err(damaged("it is empty".into())) };
    if *version != R::VERSION {
        return Err(damaged(format!("written in version {version}, this program reads {}", R::VERSION)));
    }
    if R::JSON {
        serde_json::from_slice(value).map_err(|error| damaged(error.to_string()))
    } else {
        postcard::from_bytes(value).map_err(|error| damaged(error.to_string()))
    }
}
