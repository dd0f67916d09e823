//! How does a write reach the disk before we say it is there?
//!
//! One sled tree. Our writer's lock checks what a batch requires, then `apply_batch`, then a blocking flush that
//! concurrent commits share. Never `flush_async` (it hangs) and never sled's transactions (reading another tree
//! inside one deadlocks, and its suite does not crash-test them).

use std::ops::Bound;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{Batch, Kv, Pair, StoreError, check_requirements};
use crate::store::folder::patiently;

/// Page cache; with sled's default of 1 GiB an import of half a million lines keeps all it wrote in memory.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// sled 0.34 on disk.
pub(crate) struct SledKv {
    db: sled::Db,
    /// Number of batches applied; held while requirements are checked and the batch is applied.
    applied: Mutex<u64>,
    flushed: Mutex<Flushed>,
    flush_ended: Condvar,
    generation: AtomicU64,
}

#[derive(Default)]
struct Flushed {
    /// Batches known to be on disk.
    up_to: u64,
    /// Whether somebody flushes just now.
    running: bool,
    /// Why the disk is not to be trusted any more: after a failed flush nobody knows what of it was written.
    failed: Option<String>,
}

impl SledKv {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let config = sled::Config::new().path(path).cache_capacity(CACHE_BYTES).mode(sled::Mode::LowSpace);
        // sled knows this error by its text alone.
        let held = |error: &sled::Error| error.to_string().contains("could not acquire lock");
        let db = patiently(|| config.open(), held).map_err(backend)?;
        Ok(Self {
            db,
            applied: Mutex::new(0),
            flushed: Mutex::default(),
            flush_ended: Condvar::new(),
            generation: AtomicU64::new(0),
        })
    }

    /// Applies and gives the batch's number.
    fn write(&self, batch: Batch) -> Result<u64, StoreError> {
        let mut applied = lock(&self.applied);
        if let Some(why) = &lock(&self.flushed).failed {
            return Err(StoreError::Backend(why.clone()));
        }
        check_requirements(&batch.require, |key| self.get(key))?;
        let mut writes = sled::Batch::default();
        for (key, value) in batch.writes {
            match value {
                Some(value) => writes.insert(key, value),
                None => writes.remove(key),
            }
        }
        self.db.apply_batch(writes).map_err(backend)?;
        self.generation.fetch_add(1, Ordering::Release);
        *applied += 1;
        Ok(*applied)
    }

    /// Waits until batch `ticket` is on disk: by another's flush that began after it, else by its own.
    fn wait_for(&self, ticket: u64) -> Result<(), StoreError> {
        let mut flushed = lock(&self.flushed);
        loop {
            if let Some(why) = &flushed.failed {
                return Err(StoreError::Backend(why.clone()));
            }
            if flushed.up_to >= ticket {
                return Ok(());
            }
            if flushed.running {
                flushed = self.flush_ended.wait(flushed).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            flushed.running = true;
            drop(flushed);
            let covers = *lock(&self.applied);
            let done = self.db.flush();
            flushed = lock(&self.flushed);
            flushed.running = false;
            match done {
                Ok(_) => flushed.up_to = flushed.up_to.max(covers),
                Err(error) => flushed.failed = Some(error.to_string()),
            }
            self.flush_ended.notify_all();
        }
    }
}

impl Kv for SledKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db.get(key).map_err(backend)?.map(|value| value.to_vec()))
    }

    fn range(
        &self,
        from: Bound<Vec<u8>>,
        to: Bound<Vec<u8>>,
    ) -> Box<dyn Iterator<Item = Result<Pair, StoreError>> + '_> {
        let pairs = self.db.range::<Vec<u8>, _>((from, to));
        Box::new(pairs.map(|pair| pair.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(backend)))
    }

    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let ticket = self.write(batch)?;
        self.wait_for(ticket)
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        self.write(batch).map(|_| ())
    }

    fn flush(&self) -> Result<(), StoreError> {
        let ticket = *lock(&self.applied);
        self.wait_for(ticket)
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}

/// A panic elsewhere leaves a counter, which is never half-written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn backend(error: sled::Error) -> StoreError {
    StoreError::Backend(error.to_string())
}
