//! How is an import whole or not at all, whenever the power goes?
//!
//! Everything a file brings is first written to `staging/ID` and synced. Then the key `import/pending` = ID is the
//! one commit point. After it the staged records are merged in small batches, which may stop anywhere and be done
//! again; at the end the data version is raised and the key deleted in one batch. Opening the store finishes a
//! pending import and clears what an import left that never came to its commit point.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};

use super::erase::ErasedList;
use super::export::SETTING;
use super::merge::{Merged, Upsert, merge};
use super::recent::{Change, Noted};
use super::tables::{DATA_VERSION, Write as KeyWrite, clear_indexes, setting_write, write_record};
use super::undo::{self, Images};
use super::{Batch, Record as _, Store, StoreError, churn, folder};
use crate::domain::{
    Customer, Experiment, Feedback, Interaction, LiftTest, Order, Product, Shop, Spend, UnlinkedRefund, Work,
};

/// The commit point: present from the moment an import counts until it is wholly merged.
const PENDING: &[u8] = b"import/pending";
/// Present as soon as the pending import has changed something, so that a redo that finds everything merged still
/// raises the data version.
const CHANGED: &[u8] = b"import/changed";
/// Records a batch: one of 30,000 cost 550 MiB.
const BATCH_RECORDS: usize = 50;
const MAGIC: &[u8; 16] = b"mercato staging1";
/// In place of a record's length: the end.
pub(super) const END: u32 = u32::MAX;
/// No record is larger; a length above it means that the file is damaged.
const RECORD_BYTES_MAX: u32 = 256 * 1024 * 1024;

/// Any record that an import brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnyRecord {
    /// A customer.
    Customer(Customer),
    /// A product from a list of products.
    Product(Product),
    /// A product as order lines name it: it never changes one that is there.
    SeenProduct(Product),
    /// An order.
    Order(Order),
    /// A refund without an order.
    UnlinkedRefund(UnlinkedRefund),
    /// Advertising cost.
    Spend(Spend),
    /// A review or the like.
    Feedback(Feedback),
    /// A view, a message sent, opened …
    Interaction(Interaction),
    /// A test of a channel's spend.
    LiftTest(LiftTest),
    /// A comparison of arms.
    Experiment(Experiment),
    /// A setting, its value as JSON.
    Setting {
        /// Its name.
        name: String,
        /// Its value.
        json: String,
    },
}

macro_rules! any_record {
    ($($record:ident)*) => {$(
        impl From<$record> for AnyRecord {
            fn from(record: $record) -> Self {
                Self::$record(record)
            }
        }
    )*};
}
any_record!(Customer Product Order UnlinkedRefund Spend Feedback Interaction LiftTest Experiment);

/// What an import did to one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// New records.
    pub created: u64,
    /// Records with something new.
    pub updated: u64,
    /// Records that were there just so.
    pub unchanged: u64,
    /// Records left as they are because the file is older.
    pub older: u64,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// By table.
    pub tables: BTreeMap<&'static str, Changes>,
    /// The data version afterwards.
    pub data_version: u64,
}

impl ImportReport {
    /// Whether anything was created or updated.
    pub fn changed(&self) -> bool {
        self.tables.values().any(|changes| changes.created + changes.updated > 0)
    }

    /// The changes of one table.
    pub fn table(&self, name: &str) -> Changes {
        self.tables.get(name).copied().unwrap_or_default()
    }
}

impl Store {
    /// Where an import may keep rows before they are records; cleared with the staging folder.
    pub(super) fn spill_dir(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.staging().join("rows"))
    }

    /// Where the rows go that an import of this file leaves out.
    pub(super) fn rejects_file(&self, file: &str) -> Option<PathBuf> {
        let name = Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.folder.as_ref().map(|folder| folder.rejects().join(format!("{name}.rejects.csv")))
    }

    /// Brings in records through the import's own path: staged, committed at one point, merged. `shop` is kept where
    /// the store has none yet. Cancelling is possible until the commit point and leaves nothing.
    pub fn import_records(
        &self,
        records: impl IntoIterator<Item = AnyRecord>,
        shop: &Shop,
        work: &dyn Work,
    ) -> Result<ImportReport, StoreError> {
        let mut staging = Staging::begin(self, Some(shop), "records")?;
        for (n, record) in records.into_iter().enumerate() {
            staging.push(&record)?;
            if n % 1024 == 0 {
                work.check().map_err(|_| StoreError::Cancelled)?;
            }
        }
        staging.commit(work)
    }
}

/// An import before its commit point. Dropped without [`Staging::commit`] it leaves nothing.
pub(super) struct Staging<'a> {
    store: &'a Store,
    id: String,
    /// What is imported, for whoever wants to take it back.
    what: String,
    path: Option<PathBuf>,
    sink: Sink,
    count: u64,
    buffer: Vec<u8>,
    committed: bool,
    _only_one: std::sync::MutexGuard<'a, ()>,
}

enum Sink {
    File(BufWriter<File>),
    Memory(Vec<u8>),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Memory(memory) => memory.write(bytes),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Memory(_) => Ok(()),
        }
    }
}

impl<'a> Staging<'a> {
    pub(super) fn begin(store: &'a Store, shop: Option<&Shop>, what: &str) -> Result<Self, StoreError> {
        let only_one = store.importing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let id = format!("{:08}", store.data_version()? + 1);
        let (path, sink) = match &store.folder {
            Some(folder) => {
                let dir = folder.staging();
                fs::create_dir_all(&dir).map_err(|source| io_error(&dir, source))?;
                let path = dir.join(&id);
                let file = File::create(&path).map_err(|source| io_error(&path, source))?;
                (Some(path), Sink::File(BufWriter::with_capacity(1 << 16, file)))
            }
            None => (None, Sink::Memory(Vec::new())),
        };
        let buffer = Vec::new();
        let what = what.to_owned();
        let mut staging =
            Self { store, id, what, path, sink, count: 0, buffer, committed: false, _only_one: only_one };
        staging.write(MAGIC)?;
        staging.frame(&(shop, &staging.what.clone()))?;
        Ok(staging)
    }

    pub(super) fn push(&mut self, record: &AnyRecord) -> Result<(), StoreError> {
        self.count += 1;
        self.frame(record)
    }

    /// Makes the staged records count, then merges them.
    pub(super) fn commit(mut self, work: &dyn Work) -> Result<ImportReport, StoreError> {
        self.write(&END.to_le_bytes())?;
        self.write(&self.count.to_le_bytes())?;
        self.sink.flush().map_err(|source| self.io(source))?;
        if let Sink::File(file) = &self.sink {
            file.get_ref().sync_all().map_err(|source| self.io(source))?;
        }
        if let Some(folder) = &self.store.folder {
            folder::sync_dir(&folder.staging())?;
            folder::sync_dir(folder.dir())?;
            self.keep_images(folder.staging().join(&self.id), work)?;
        }
        work.check().map_err(|_| StoreError::Cancelled)?;
        self.store.kv.commit(Batch {
            writes: vec![(PENDING.to_vec(), Some(self.id.clone().into_bytes()))],
            require: Vec::new(),
        })?;
        self.committed = true;
        match &self.sink {
            Sink::Memory(bytes) => merge_staged(self.store, bytes.as_slice(), self.count, work),
            Sink::File(_) => finish(self.store, &self.id, work),
        }
    }

    /// Keeps what the import will change as it is now.
    fn keep_images(&self, staged: PathBuf, work: &dyn Work) -> Result<(), StoreError> {
        let Some(images) = Images::begin(self.store, self.store.data_version()? + 1)? else { return Ok(()) };
        let file = File::open(&staged).map_err(|source| io_error(&staged, source))?;
        let mut frames = Frames::begin(BufReader::with_capacity(1 << 16, file), MAGIC)?;
        frames.next::<Head>()?;
        let mut merger = Merger::new(self.store, Noted::new(false))?;
        merger.images = Some(images);
        while let Some(record) = frames.next::<AnyRecord>()? {
            merger.add(record)?;
            if frames.count % 1024 == 0 {
                work.check().map_err(|_| StoreError::Cancelled)?;
                work.progress("compare", frames.count, self.count);
            }
        }
        merger.apply()?;
        merger.images.map_or(Ok(()), Images::finish)
    }

    fn frame<T: Serialize>(&mut self, value: &T) -> Result<(), StoreError> {
        self.buffer.clear();
        let bytes = postcard::to_extend(value, std::mem::take(&mut self.buffer))
            .map_err(|error| StoreError::Backend(error.to_string()))?;
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= RECORD_BYTES_MAX);
        let length = length.ok_or_else(|| StoreError::Backend("a record is above 256 MiB".into()))?;
        self.write(&length.to_le_bytes())?;
        self.write(&bytes)?;
        self.buffer = bytes;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.sink.write_all(bytes).map_err(|source| self.io(source))
    }

    fn io(&self, source: io::Error) -> StoreError {
        io_error(self.path.as_deref().unwrap_or("memory".as_ref()), source)
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        if let (Some(path), false) = (&self.path, self.committed) {
            // What cannot be removed now is cleared when the store is opened next.
            let _ = fs::remove_file(path);
            let _ = undo::clear_orphans(self.store);
        }
    }
}

/// The first frame: the shop as the file sets it, and what is imported.
type Head = (Option<Shop>, String);

/// Finishes an import that was past its commit point when the process ended, and clears the rest.
pub(super) fn finish_pending(store: &Store) -> Result<(), StoreError> {
    let Some(folder) = &store.folder else { return Ok(()) };
    if let Some(id) = store.kv.get(PENDING)? {
        finish(store, &String::from_utf8_lossy(&id), &crate::domain::NoWork)?;
    }
    undo::finish_pending(store)?;
    let staging = folder.staging();
    match fs::remove_dir_all(&staging) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(&staging, error)),
        _ => Ok(()),
    }
}

/// Merges the staged file of this id, then removes it.
fn finish(store: &Store, id: &str, work: &dyn Work) -> Result<ImportReport, StoreError> {
    let Some(folder) = &store.folder else { return Ok(ImportReport::default()) };
    let path = folder.staging().join(id);
    let file = File::open(&path).map_err(|source| io_error(&path, source))?;
    let total = file.metadata().map_err(|source| io_error(&path, source))?.len();
    let report = merge_staged(store, BufReader::with_capacity(1 << 16, file), total, work)?;
    // The import is whole; a file left over is cleared when the store is opened next.
    let _ = fs::remove_file(&path);
    Ok(report)
}

/// Merges the staged records in small batches; the last batch raises the data version and ends the import.
fn merge_staged(
    store: &Store,
    staged: impl Read,
    total: u64,
    work: &dyn Work,
) -> Result<ImportReport, StoreError> {
    let _merging = store.recent.merging.write().unwrap_or_else(PoisonError::into_inner);
    let mut frames = Frames::begin(staged, MAGIC)?;
    let (staged_shop, what) = frames.next::<Head>()?.ok_or_else(|| damaged("it has no shop"))?;
    let noted = Noted::new(store.kv.get(CHANGED)?.is_none());
    let mut merger = Merger::new(store, noted)?;
    let in_memory = store.folder.is_none();
    while let Some(record) = frames.next::<AnyRecord>()? {
        merger.add(record)?;
        if frames.count % 1024 == 0 {
            work.progress("store", if in_memory { frames.count } else { frames.bytes }, total);
        }
    }
    merger.apply()?;
    store.kv.flush()?;
    let before = store.data_version()?;
    let mut report = ImportReport { tables: merger.tables, data_version: before };
    let mut last = vec![(PENDING.to_vec(), None), (CHANGED.to_vec(), None)];
    if report.changed() || store.kv.get(CHANGED)?.is_some() {
        report.data_version += 1;
        last.push((DATA_VERSION.to_vec(), Some(report.data_version.to_be_bytes().to_vec())));
        if store.folder.is_some() {
            last.extend(undo::keep(store, report.data_version, &what)?);
        }
    }
    if let Some(mut shop) = store.shop()?.or(staged_shop) {
        if shop.churn_window_days.is_none() {
            shop.churn_window_days = churn::window_days(store)?;
        }
        last.push(setting_write("shop", &shop)?);
    }
    store.kv.commit(Batch { writes: last, require: Vec::new() })?;
    undo::clear_orphans(store)?;
    if report.data_version > before {
        store.sealed(report.data_version)?;
        store.recent.note(report.data_version, merger.noted.into_changes());
    }
    Ok(report)
}

struct Merger<'a> {
    store: &'a Store,
    batch: Batch,
    /// Records of the batch under way, so that one that comes twice is merged with itself.
    keys: HashSet<(&'static str, Vec<u8>)>,
    tables: BTreeMap<&'static str, Changes>,
    noted: Noted,
    erased: ErasedList,
    /// Where nothing is written yet: what the writes would replace goes here.
    images: Option<Images>,
}

impl<'a> Merger<'a> {
    fn new(store: &'a Store, noted: Noted) -> Result<Self, StoreError> {
        let erased = store.dir().map(|dir| ErasedList::load(&ErasedList::path(dir))).transpose()?;
        let (batch, keys, tables) = (Batch::default(), HashSet::new(), BTreeMap::new());
        Ok(Self { store, batch, keys, tables, noted, erased: erased.unwrap_or_default(), images: None })
    }

    fn add(&mut self, record: AnyRecord) -> Result<(), StoreError> {
        match record {
            // Who was forgotten does not come back with an old file.
            AnyRecord::Customer(record) if self.erased.pseudonym(&record.id.0).is_some() => {
                self.tables.entry(Customer::TABLE).or_default().older += 1;
                Ok(())
            }
            AnyRecord::Customer(record) => self.upsert(record, true),
            AnyRecord::Product(record) => self.upsert(record, true),
            AnyRecord::SeenProduct(record) => self.upsert(record, false),
            AnyRecord::Order(record) => self.upsert(record, true),
            AnyRecord::UnlinkedRefund(record) => self.upsert(record, true),
            AnyRecord::Spend(record) => self.upsert(record, true),
            AnyRecord::Feedback(record) => self.upsert(record, true),
            AnyRecord::Interaction(record) => self.upsert(record, true),
            AnyRecord::LiftTest(record) => self.upsert(record, true),
            AnyRecord::Experiment(record) => self.upsert(record, true),
            AnyRecord::Setting { name, json } => self.setting(&name, &json),
        }
    }

    fn setting(&mut self, name: &str, json: &str) -> Result<(), StoreError> {
        let value: serde_json::Value =
            serde_json::from_str(json).map_err(|error| damaged(&error.to_string()))?;
        let old = self.store.setting::<serde_json::Value>(name)?;
        let changes = self.tables.entry(SETTING).or_default();
        match old {
            Some(old) if old == value => changes.unchanged += 1,
            old => {
                changes.created += u64::from(old.is_none());
                changes.updated += u64::from(old.is_some());
                self.batch.writes.push(setting_write(name, &value)?);
            }
        }
        Ok(())
    }

    fn upsert<R: Upsert>(&mut self, record: R, may_change: bool) -> Result<(), StoreError> {
        let key = record.key();
        if self.keys.len() >= BATCH_RECORDS || self.keys.contains(&(R::TABLE, key.clone())) {
            self.apply()?;
        }
        let old = self.store.get::<R>(&key)?;
        let changes = self.tables.entry(R::TABLE).or_default();
        let before = old.as_ref().map(Upsert::before);
        let written = match old {
            None => {
                changes.created += 1;
                Some(record)
            }
            Some(_) if !may_change => {
                changes.unchanged += 1;
                None
            }
            Some(old) => match merge(record, &old) {
                Merged::Same => {
                    changes.unchanged += 1;
                    None
                }
                Merged::Older => {
                    changes.older += 1;
                    None
                }
                Merged::Changed(merged) => {
                    changes.updated += 1;
                    clear_indexes(&mut self.batch.writes, &old);
                    Some(merged)
                }
            },
        };
        if let Some(record) = written {
            write_record(&mut self.batch.writes, &record)?;
            self.noted.add(Change { table: R::TABLE, key: key.clone(), before });
            self.keys.insert((R::TABLE, key));
        }
        Ok(())
    }

    fn apply(&mut self) -> Result<(), StoreError> {
        self.keys.clear();
        let mut writes: Vec<KeyWrite> = std::mem::take(&mut self.batch.writes);
        if writes.is_empty() {
            return Ok(());
        }
        if let Some(images) = &mut self.images {
            return images.add(self.store.kv.as_ref(), &writes);
        }
        writes.push((CHANGED.to_vec(), Some(Vec::new())));
        self.store.kv.apply(Batch { writes, require: Vec::new() })
    }
}

/// Reads what [`Staging`] wrote.
pub(super) struct Frames<R> {
    from: R,
    count: u64,
    bytes: u64,
    buffer: Vec<u8>,
}

impl<R: Read> Frames<R> {
    pub(super) fn begin(mut from: R, expected: &[u8; 16]) -> Result<Self, StoreError> {
        let mut magic = [0; MAGIC.len()];
        from.read_exact(&mut magic).map_err(|error| damaged(&error.to_string()))?;
        if &magic != expected {
            return Err(damaged("it does not begin as one"));
        }
        Ok(Self { from, count: 0, bytes: 0, buffer: Vec::new() })
    }

    pub(super) fn next<T: for<'de> Deserialize<'de>>(&mut self) -> Result<Option<T>, StoreError> {
        let length = u32::from_le_bytes(self.array()?);
        if length == END {
            let expected = u64::from_le_bytes(self.array()?);
            // The shop's own frame comes before the records.
            return if expected + 1 == self.count { Ok(None) } else { Err(damaged("records are missing")) };
        }
        if length > RECORD_BYTES_MAX {
            return Err(damaged("a length is out of range"));
        }
        self.buffer.resize(length as usize, 0);
        self.from.read_exact(&mut self.buffer).map_err(|error| damaged(&error.to_string()))?;
        self.count += 1;
        self.bytes += u64::from(length) + 4;
        postcard::from_bytes(&self.buffer).map(Some).map_err(|error| damaged(&error.to_string()))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes).map_err(|error| damaged(&error.to_string()))?;
        Ok(bytes)
    }
}

pub(super) fn damaged(why: &str) -> StoreError {
    StoreError::Damaged { table: "staging".into(), key: "of the pending import".into(), why: why.to_owned() }
}

pub(super) fn io_error(path: &std::path::Path, source: io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), source }
}
