//! What must a key-value store promise us?
//!
//! Ordered keys, atomic batches, and durability that is said when it is there. See DESIGN §3.

mod memory;
mod sled;

use std::ops::Bound;

use sha2::{Digest, Sha256};

pub use memory::MemoryKv;
pub(crate) use sled::SledKv;

use super::StoreError;

/// A precondition of a commit: the key must (still) hold this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Require {
    /// The key must not exist.
    Absent(Vec<u8>),
    /// The value's SHA-256 must be this.
    Hash(Vec<u8>, [u8; 32]),
}

/// Writes that happen together or not at all; ≤ 50 records each (a batch of 30,000 cost 550 MiB).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Key and new value; `None` deletes.
    pub writes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Checked under the writer's lock before anything is written.
    pub require: Vec<Require>,
}

/// Key and value.
pub(crate) type Pair = (Vec<u8>, Vec<u8>);

/// A small ordered store.
pub trait Kv: Send + Sync {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Pairs in key order.
    fn range(
        &self,
        from: Bound<Vec<u8>>,
        to: Bound<Vec<u8>>,
    ) -> Box<dyn Iterator<Item = Result<Pair, StoreError>> + '_>;
    /// Writes a batch; durable when it returns.
    fn commit(&self, batch: Batch) -> Result<(), StoreError>;
    /// The same without the flush, for the redo of an import.
    fn apply(&self, batch: Batch) -> Result<(), StoreError>;
    /// Makes all that was applied durable.
    fn flush(&self) -> Result<(), StoreError>;
    /// Counts the commits of this process, for caches.
    fn generation(&self) -> u64;
    /// Odd while a batch is being applied, and another number after it; `None` where no sums are kept
    /// (`store/sums.rs`), since nothing can be lost.
    fn moment(&self) -> Option<u64> {
        None
    }
}

/// The hash that [`Require::Hash`] compares.
pub(crate) fn hash(value: &[u8]) -> [u8; 32] {
    Sha256::digest(value).into()
}

fn check_requirements(
    require: &[Require],
    get: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, StoreError>,
) -> Result<(), StoreError> {
    for requirement in require {
        let holds = match requirement {
            Require::Absent(key) => get(key)?.is_none(),
            Require::Hash(key, expected) => get(key)?.is_some_and(|value| hash(&value) == *expected),
        };
        if !holds {
            return Err(StoreError::Conflict);
        }
    }
    Ok(())
}
