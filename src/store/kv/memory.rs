//! How do tests and one-off work get a store that forgets when the process ends?

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use super::{Batch, Kv, Pair, StoreError, check_requirements};

/// An ordered map behind a lock.
#[derive(Debug, Default)]
pub struct MemoryKv {
    map: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
    generation: AtomicU64,
}

impl Kv for MemoryKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.map.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn range(
        &self,
        from: Bound<Vec<u8>>,
        to: Bound<Vec<u8>>,
    ) -> Box<dyn Iterator<Item = Result<Pair, StoreError>> + '_> {
        // BTreeMap::range panics where the range is inverted or excludes both of two equal ends.
        let empty = match (&from, &to) {
            (Bound::Excluded(a), Bound::Excluded(b)) => a >= b,
            (Bound::Included(a) | Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b)) => a > b,
            _ => false,
        };
        if empty {
            return Box::new(std::iter::empty());
        }
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        let pairs: Vec<Pair> = map.range((from, to)).map(|(k, v)| (k.clone(), v.clone())).collect();
        Box::new(pairs.into_iter().map(Ok))
    }

    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.apply(batch)
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        check_requirements(&batch.require, |key| Ok(map.get(key).cloned()))?;
        for (key, value) in batch.writes {
            match value {
                Some(value) => map.insert(key, value),
                None => map.remove(&key),
            };
        }
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}
