//! How do questions that are answered side by side see the newest columns?
//!
//! Each takes the columns as they are when it begins, and keeps them to its end; an import in between shows in the
//! next question.

use std::sync::{Arc, PoisonError, RwLock};

use super::{Refreshed, Warehouse};
use crate::domain::Entities;
use crate::store::{Store, StoreError};

/// The columns of a long-running process.
pub struct Live(RwLock<Seen>);

/// The columns at one moment, with the names in them.
#[derive(Clone)]
pub struct Seen {
    /// The columns.
    pub warehouse: Arc<Warehouse>,
    /// The shop's names.
    pub entities: Arc<Entities>,
}

impl Live {
    /// Begins with these.
    pub fn new(warehouse: Arc<Warehouse>) -> Self {
        let entities = Arc::new(warehouse.entities());
        Self(RwLock::new(Seen { warehouse, entities }))
    }

    /// The columns now.
    pub fn seen(&self) -> Seen {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Catches up with the store; in place where nobody else holds the columns, else in a copy.
    pub fn refresh(&self, store: &Store) -> Result<Refreshed, StoreError> {
        if store.data_version()? <= self.seen().warehouse.data_version {
            return Ok(Refreshed::Nothing);
        }
        let mut seen = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let done = Arc::make_mut(&mut seen.warehouse).refresh(store)?;
        if done != Refreshed::Nothing {
            seen.entities = Arc::new(seen.warehouse.entities());
        }
        Ok(done)
    }
}
