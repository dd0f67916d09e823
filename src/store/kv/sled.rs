//! How does a write reach the disk before we say it is there?
//!
//! One sled tree. Our writer's lock checks what a batch requires, then `apply_batch`, then a blocking flush that
//! concurrent commits share. Never `flush_async` (it hangs) and never sled's transactions (reading another tree
//! inside one deadlocks, and its suite does not crash-test them). It answers some damage with a panic, which ends here:
//! from then on nothing is read or written any more.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{Batch, Kv, Pair, StoreError, check_requirements};
use crate::store::folder::patiently;
use crate::store::sums::{self, Sum};
use crate::store::tables::Write;

/// Page cache; with sled's default of 1 GiB an import of half a million lines keeps all it wrote in memory.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// sled 0.34 on disk.
pub(crate) struct SledKv {
    /// Leaked after a panic: closing would go on with what panicked. Until then it is there.
    db: Option<sled::Db>,
    harmed: AtomicBool,
    /// Number of batches applied; held while requirements are checked and the batch is applied.
    applied: Mutex<u64>,
    flushed: Mutex<Flushed>,
    flush_ended: Condvar,
    generation: AtomicU64,
    moment: AtomicU64,
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
        let open = || patiently(|| config.open(), held).map_err(backend);
        let db = catch_unwind(AssertUnwindSafe(open)).map_err(|_| unreadable())??;
        Ok(Self {
            db: Some(db),
            harmed: AtomicBool::new(false),
            applied: Mutex::new(0),
            flushed: Mutex::default(),
            flush_ended: Condvar::new(),
            generation: AtomicU64::new(0),
            moment: AtomicU64::new(0),
        })
    }

    /// Applies and gives the batch's number.
    fn write(&self, batch: Batch) -> Result<u64, StoreError> {
        let mut applied = lock(&self.applied);
        if let Some(why) = &lock(&self.flushed).failed {
            return Err(StoreError::Backend(why.clone()));
        }
        check_requirements(&batch.require, |key| self.get(key))?;
        // Of two writes of a key the last counts.
        let last: BTreeMap<Vec<u8>, Option<Vec<u8>>> = batch.writes.into_iter().collect();
        let sums = self.sums_after(&last)?;
        let mut writes = sled::Batch::default();
        for (key, value) in last.into_iter().chain(sums) {
            match value {
                Some(value) => writes.insert(key, value),
                None => writes.remove(key),
            }
        }
        self.moment.fetch_add(1, Ordering::AcqRel);
        let done = self.sled(|db| db.apply_batch(writes));
        self.moment.fetch_add(1, Ordering::AcqRel);
        done?;
        self.generation.fetch_add(1, Ordering::Release);
        *applied += 1;
        Ok(*applied)
    }

    /// The sums of the groups that these writes change.
    fn sums_after(&self, writes: &BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Result<Vec<Write>, StoreError> {
        let mut after: HashMap<&[u8], Sum> = HashMap::new();
        for (key, value) in writes {
            let Some(group) = sums::group(key) else { continue };
            let before = self.get(key)?;
            if before.as_deref() == value.as_deref() {
                continue;
            }
            let sum = match after.entry(group) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(sums::read(self, group)?),
            };
            if let Some(before) = before {
                sum.remove(key, &before);
            }
            if let Some(value) = value {
                sum.add(key, value);
            }
        }
        Ok(after.into_iter().map(|(group, sum)| (sums::key(group), Some(sum.to_bytes()))).collect())
    }

    /// Lets sled do something, and stops its panics.
    fn sled<T>(&self, work: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, StoreError> {
        let Some(db) = self.db.as_ref().filter(|_| !self.harmed.load(Ordering::Acquire)) else {
            return Err(unreadable());
        };
        match catch_unwind(AssertUnwindSafe(|| work(db))) {
            Ok(done) => done.map_err(backend),
            Err(_) => {
                self.harmed.store(true, Ordering::Release);
                Err(unreadable())
            }
        }
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
            let done = self.sled(|db| db.flush());
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
        Ok(self.sled(|db| db.get(key))?.map(|value| value.to_vec()))
    }

    fn range(
        &self,
        from: Bound<Vec<u8>>,
        to: Bound<Vec<u8>>,
    ) -> Box<dyn Iterator<Item = Result<Pair, StoreError>> + '_> {
        let mut pairs = match self.sled(|db| Ok(db.range::<Vec<u8>, _>((from, to)))) {
            Ok(pairs) => pairs,
            Err(error) => return Box::new(std::iter::once(Err(error))),
        };
        let mut ended = false;
        Box::new(std::iter::from_fn(move || {
            if ended {
                return None;
            }
            let next = self.sled(|_| pairs.next().transpose());
            ended = !matches!(next, Ok(Some(_)));
            next.map(|pair| pair.map(|(key, value)| (key.to_vec(), value.to_vec()))).transpose()
        }))
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

    fn moment(&self) -> Option<u64> {
        Some(self.moment.load(Ordering::Acquire))
    }
}

impl Drop for SledKv {
    fn drop(&mut self) {
        let db = self.db.take();
        if self.harmed.load(Ordering::Acquire) {
            std::mem::forget(db);
        } else {
            // A panic while closing has nothing left to spoil: what was acknowledged is flushed.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(db)));
        }
    }
}

/// A panic elsewhere leaves a counter, which is never half-written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn backend(error: sled::Error) -> StoreError {
    match error {
        sled::Error::Corruption { .. } => unreadable(),
        error => StoreError::Backend(error.to_string()),
    }
}

fn unreadable() -> StoreError {
    StoreError::Harmed("its files cannot be read".into())
}
