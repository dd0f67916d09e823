//! How does a record get in and out?
//!
//! CONTRACT SKETCH, to be filled by the store's author: the signatures below are what the rest of the house calls.

use std::path::Path;
use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use super::{Kv, StoreError};
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
}

impl Store {
    /// Opens a data folder that exists; redoes a pending import; refuses a folder in use.
    pub fn open(_dir: &Path) -> Result<Self, StoreError> {
        todo!()
    }
    /// The same, making the folder where there is none.
    pub fn create(_dir: &Path) -> Result<Self, StoreError> {
        todo!()
    }
    /// An empty store in memory.
    pub fn memory() -> Self {
        todo!()
    }
    /// One record.
    pub fn get<R: Record>(&self, _key: &[u8]) -> Result<Option<R>, StoreError> {
        todo!()
    }
    /// All records of a table, in key order.
    pub fn scan<R: Record>(&self) -> Box<dyn Iterator<Item = Result<R, StoreError>> + '_> {
        todo!()
    }
    /// Records whose index `name` has this value.
    pub fn by_index<R: Record>(&self, _name: &str, _value: &[u8]) -> Result<Vec<R>, StoreError> {
        todo!()
    }
    /// Writes one record, durably.
    pub fn put<R: Record>(&self, _record: &R) -> Result<(), StoreError> {
        todo!()
    }
    /// Deletes one record (and its index entries), durably.
    pub fn delete<R: Record>(&self, _key: &[u8]) -> Result<(), StoreError> {
        todo!()
    }
    /// Raised by every import; every answer and fitted model names it.
    pub fn data_version(&self) -> Result<u64, StoreError> {
        todo!()
    }
    /// The shop's settings, once an import has set them.
    pub fn shop(&self) -> Result<Option<Shop>, StoreError> {
        todo!()
    }
}
