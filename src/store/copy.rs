//! How does everything get into a new store, with its indexes made afresh and forgotten people left out?
//!
//! sled keeps old pages, so what must be gone for good goes by writing the rest into a new folder, which then takes the
//! old one's place. Backups come back the same way.

use std::fs;
use std::ops::Bound;

use super::catalogue::Table;
use super::erase::{ErasedList, Erasure, table_of};
use super::folder::{Folder, remove_dir};
use super::kv::{Pair, SledKv};
use super::tables::{DATA_VERSION, Write, data_version};
use super::{Batch, Kv, Store, StoreError, sums, traces};
use crate::domain::{Clock, Day, Work};

/// Records a batch.
const BATCH_RECORDS: usize = 50;
/// What concerns an import under way is not taken along.
const IMPORT: &[u8] = b"import/";

/// Whether a pair is taken along as it is: no sum, no import under way, no index entry that is made afresh.
pub(super) fn is_content(tables: &[Table], key: &[u8]) -> bool {
    let Some(group) = sums::group(key) else { return false };
    let index_of = group.strip_suffix(&[1]);
    let made_afresh = index_of.is_some_and(|name| tables.iter().any(|table| table.name.as_bytes() == name));
    !made_afresh && group != IMPORT
}

/// Writes the pairs into an empty store; gives their number.
fn copy(
    pairs: impl Iterator<Item = Result<Pair, StoreError>>,
    to: &dyn Kv,
    tables: &[Table],
    erasure: &Erasure,
    work: &dyn Work,
) -> Result<u64, StoreError> {
    let mut writes: Vec<Write> = Vec::new();
    let (mut count, mut in_batch) = (0, 0);
    for pair in pairs {
        let (key, value) = pair?;
        if !is_content(tables, &key) {
            continue;
        }
        let Some((key, value)) = erasure.keep(tables, key, value)? else { continue };
        if let Some((table, own)) = table_of(tables, &key) {
            writes.extend((table.indexes)(own, &value)?.into_iter().map(|index| (index, Some(Vec::new()))));
        }
        writes.push((key, Some(value)));
        (count, in_batch) = (count + 1, in_batch + 1);
        if in_batch == BATCH_RECORDS {
            to.apply(Batch { writes: std::mem::take(&mut writes), require: Vec::new() })?;
            in_batch = 0;
            work.progress("store", count, 0);
            work.check().map_err(|_| StoreError::Cancelled)?;
        }
    }
    to.commit(Batch { writes, require: Vec::new() })?;
    Ok(count)
}

/// Everything in a store, once what is taken along of it is known to be what was written.
pub(super) fn everything<'a>(
    kv: &'a dyn Kv,
    tables: &[Table],
) -> Result<Box<dyn Iterator<Item = Result<Pair, StoreError>> + 'a>, StoreError> {
    if kv.moment().is_some() {
        let differing = sums::all_differing(&sums::count(kv)?, &sums::stored(kv)?);
        if let Some(group) = differing.iter().find(|group| is_content(tables, group)) {
            return Err(sums::lost(group));
        }
    }
    Ok(kv.range(Bound::Unbounded, Bound::Unbounded))
}

/// What became of a person's records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// What the person is called now.
    pub pseudonym: String,
    /// Files beside the store that named the person: cleared or removed.
    pub files: Vec<String>,
}

impl Store {
    /// Forgets a customer for good: in the records, in conversations, in every file of the folder. Needs the store for
    /// itself, and closes it.
    pub fn forget(
        self,
        id: &str,
        clock: &Clock,
        tables: &[Table],
        work: &dyn Work,
    ) -> Result<Forgotten, StoreError> {
        let Some(folder) = self.folder.clone() else {
            return Err(StoreError::Backend("it is in memory".into()));
        };
        let on = Day::from(jiff::tz::Offset::UTC.to_datetime(clock.now()).date());
        let path = ErasedList::path(folder.dir());
        let mut all = ErasedList::load(&path)?;
        if all.pseudonym(id).is_none() {
            all.add(id, clock.secret(), on);
        }
        // The list comes first: whatever happens from here on, the wish is on record.
        all.save(&path)?;
        self.clear_undo()?;
        let erasure = Erasure::find(&all, tables, || everything(self.kv.as_ref(), tables))?;
        let files = traces::clear(folder.dir(), &erasure)?;
        let version = self.data_version()? + 1;
        self.rewrite(tables, &erasure, Some(version), work)?;
        Ok(Forgotten { pseudonym: all.pseudonym(id).unwrap_or_default().to_owned(), files })
    }

    /// Writes everything anew, with fresh indexes and sums. Needs the store for itself, and closes it.
    pub fn renew(self, tables: &[Table], work: &dyn Work) -> Result<(), StoreError> {
        self.rewrite(tables, &Erasure::default(), None, work)
    }

    fn rewrite(
        self,
        tables: &[Table],
        erasure: &Erasure,
        version: Option<u64>,
        work: &dyn Work,
    ) -> Result<(), StoreError> {
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let pairs = everything(self.kv.as_ref(), tables)?;
        let (_, version) = build(&folder, pairs, tables, erasure, version, work)?;
        drop(self);
        folder.swap()?;
        folder.seal(version)
    }
}

/// Makes `store.part` of the pairs; gives their number and the data version. Nothing counts before the swap.
pub(super) fn build(
    folder: &Folder,
    pairs: impl Iterator<Item = Result<Pair, StoreError>>,
    tables: &[Table],
    erasure: &Erasure,
    version: Option<u64>,
    work: &dyn Work,
) -> Result<(u64, u64), StoreError> {
    let part = folder.part_store();
    remove_dir(&part)?;
    fs::create_dir_all(&part).map_err(|source| StoreError::Io { path: part.clone(), source })?;
    let to = SledKv::open(&part)?;
    sums::begin(&to, false)?;
    let count = copy(pairs, &to, tables, erasure, work)?;
    if let Some(version) = version {
        let write = (DATA_VERSION.to_vec(), Some(version.to_be_bytes().to_vec()));
        to.commit(Batch { writes: vec![write], require: Vec::new() })?;
    }
    Ok((count, data_version(&to)?))
}
