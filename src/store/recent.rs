//! What did the last imports change?
//!
//! Kept in memory: only this process can import while it has the folder, and one that starts reads everything anyway.
//! Bounded: an import that changes more than [`CHANGES_MAX`] records leaves a gap, and so does one that was cut off
//! and redone; whoever meets a gap reads everything again.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use super::{Store, StoreError};
use crate::domain::{Currency, Day};

/// Changed records that are remembered, over all imports.
const CHANGES_MAX: usize = 50_000;

/// A record that is new or different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its table.
    pub table: &'static str,
    /// Its key.
    pub key: Vec<u8>,
    /// What it was before; `None` where it is new.
    pub before: Option<Before>,
}

/// What must be known of a record as it was, to find and take back what was made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Currency of its amounts.
    pub currency: Option<Currency>,
    /// Day and instant, where rows are sorted by them.
    pub placed: Option<(Day, i64)>,
}

/// The last imports, oldest first.
#[derive(Default)]
pub(super) struct Recent {
    log: Mutex<VecDeque<(u64, Vec<Change>)>>,
    /// Held for writing while records are merged.
    pub(super) merging: RwLock<()>,
}

impl Recent {
    /// What the import that made this data version changed; `None` where that is not known.
    pub(super) fn note(&self, data_version: u64, changes: Option<Vec<Change>>) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        match changes {
            Some(changes) => log.push_back((data_version, changes)),
            None => log.clear(),
        }
        while log.iter().map(|(_, changes)| changes.len()).sum::<usize>() > CHANGES_MAX {
            log.pop_front();
        }
    }
}

/// Changes of the import under way.
pub(super) struct Noted(Option<Vec<Change>>);

impl Noted {
    /// `known` is false for an import that was cut off: what it merged before is not known here.
    pub(super) fn new(known: bool) -> Self {
        Self(known.then(Vec::new))
    }

    pub(super) fn add(&mut self, change: Change) {
        match &mut self.0 {
            Some(changes) if changes.len() < CHANGES_MAX => changes.push(change),
            _ => self.0 = None,
        }
    }

    pub(super) fn into_changes(self) -> Option<Vec<Change>> {
        self.0
    }
}

impl Store {
    /// Every record that is not as it was at this data version, once each, with what it was then; `None` where that
    /// is not known any more.
    pub fn changes_since(&self, data_version: u64) -> Result<Option<Vec<Change>>, StoreError> {
        let now = self.data_version()?;
        let log = self.recent.log.lock().unwrap_or_else(PoisonError::into_inner);
        let mut met: HashSet<(&str, &[u8])> = HashSet::new();
        let mut all: Vec<Change> = Vec::new();
        for wanted in data_version + 1..=now {
            let Some((_, changes)) = log.iter().find(|(version, _)| *version == wanted) else {
                return Ok(None);
            };
            for change in changes {
                if met.insert((change.table, &change.key)) {
                    all.push(change.clone());
                }
            }
        }
        Ok(Some(all))
    }

    /// No import merges as long as this is held; `None` while one does.
    pub fn settled(&self) -> Option<RwLockReadGuard<'_, ()>> {
        match self.recent.merging.try_read() {
            Ok(guard) => Some(guard),
            // The lock guards no value.
            Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => None,
        }
    }
}
