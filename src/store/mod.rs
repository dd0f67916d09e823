//! Where is everything kept, and what survives a power cut?
//!
//! One ordered key-value store ([`Kv`]); typed tables of versioned records over it ([`Store`]); the import as a
//! redo log; export, backup, doctor, and forgetting a person. Sums beside each table and a seal beside the store notice
//! what a damaged disk loses. Knows records of `domain`, and nothing above.
#![warn(missing_docs)]

pub mod backup;
mod catalogue;
mod churn;
mod copy;
pub mod doctor;
mod erase;
pub mod export;
mod folder;
pub mod import;
mod kv;
mod lines;
mod merge;
mod recent;
mod records;
mod redo;
mod seal;
mod sums;
mod tables;
mod traces;
mod undo;

use std::path::PathBuf;

pub use catalogue::{TABLES, Table};
pub use copy::Forgotten;
pub use erase::ErasedList;
pub use kv::{Batch, Kv, MemoryKv, Require};
pub use recent::{Before, Change};
pub use redo::{AnyRecord, Changes, ImportReport};
pub use tables::{Edit, Record, Store};
pub use undo::Undone;

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what each is")]
pub enum StoreError {
    #[error("no data in {}; import a file first: mercato --data {} import orders.csv", .0.display(), .0.display())]
    Missing(PathBuf),
    #[error("{} is in use by process {holder}; wait for it to end, or stop it", .dir.display())]
    Locked { dir: PathBuf, holder: String },
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("the record {key} in table {table} cannot be read ({why}); restore the last backup")]
    Damaged { table: String, key: String, why: String },
    #[error(
        "the store is damaged: {0}; restore the last backup into a new folder: mercato --data NEW restore BACKUP"
    )]
    Harmed(String),
    #[error("{} is not a whole backup: {why}; take another one", .path.display())]
    BadBackup { path: PathBuf, why: String },
    #[error("{} is not empty; name a new folder: mercato --data NEW restore BACKUP", .0.display())]
    NotEmpty(PathBuf),
    #[error("there is no import that could be taken back")]
    NothingToUndo,
    #[error(
        "import {asked} cannot be taken back before those that came after it: {newer}; take them back first: mercato import --undo"
    )]
    NewerImports { asked: u64, newer: String },
    #[error("there is no import {asked} that could be taken back; the newest is {newest} ({what})")]
    UnknownImport { asked: u64, newest: u64, what: String },
    #[error("cancelled; nothing was stored")]
    Cancelled,
    #[error("somebody else changed the record meanwhile; read it again")]
    Conflict,
    #[error("the store failed: {0}")]
    Backend(String),
}

/// Store calls stay off the async threads.
pub async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panic) => Err(StoreError::Backend(panic.to_string())),
    }
}
