//! Is everything in the store as it must be, and if not, what mends it?
//!
//! Looks at each entry: whether the sums agree, each record can be read and lies under its own key, each index has
//! exactly the entries that its records want, and no import hangs half way.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::catalogue::Table;
use super::erase::table_of;
use super::{Store, StoreError, sums};
use crate::domain::Work;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: String,
    /// What mends it.
    pub mend: Mend,
}

/// What mends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mend {
    /// Nothing is lost: everything is written anew (`doctor --mend`).
    Renew,
    /// Something is lost: the last backup.
    Restore,
    /// A newer version of the program wrote it.
    Update,
}

/// What was looked at, and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// Records by table.
    pub records: BTreeMap<String, u64>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// At most so many records of a table are named.
const NAMED: usize = 3;

impl Store {
    /// Examines everything.
    pub fn examine(&self, tables: &[Table], work: &dyn Work) -> Result<Examined, StoreError> {
        let mut seen = Seen::of(self, tables);
        for (n, pair) in self.kv.range(Bound::Unbounded, Bound::Unbounded).enumerate() {
            let (key, value) = pair?;
            seen.entry(&key, &value)?;
            if n % 1024 == 0 {
                work.check().map_err(|_| StoreError::Cancelled)?;
            }
        }
        let mut findings = seen.unread();
        if self.kv.moment().is_some() {
            findings.extend(other_sums(&seen.sums, &sums::stored(self.kv.as_ref())?));
        }
        findings.extend(seen.indexes.iter().filter_map(|(table, index)| index.finding(table)));
        if self.kv.get(b"import/pending")?.is_some() {
            let what = "an import is not finished, although opening the store finishes it".to_owned();
            findings.push(Finding { what, mend: Mend::Restore });
        }
        Ok(Examined { records: seen.records, findings })
    }
}

/// Groups that do not hold what was written.
fn other_sums(found: &sums::Sums, stored: &sums::Sums) -> Vec<Finding> {
    let finding = |group: Vec<u8>| {
        let count = |sums: &sums::Sums| sums.get(&group).map_or(0, |sum| sum.entries);
        let (name, have, wrote) = (sums::name(&group), count(found), count(stored));
        let what = format!("{name}: {have} entries, and {wrote} were written; they are not the same");
        let mend = if group.last() == Some(&1) { Mend::Renew } else { Mend::Restore };
        Finding { what, mend }
    };
    sums::all_differing(found, stored).into_iter().map(finding).collect()
}

/// Entries of one table's indexes.
#[derive(Default)]
struct Index {
    wanted: u64,
    present: u64,
    missing: u64,
}

impl Index {
    fn finding(&self, table: &str) -> Option<Finding> {
        let Self { wanted, present, missing } = self;
        let surplus = (present + missing).saturating_sub(*wanted);
        let what = format!("the index of table {table}: {missing} entries are missing, {surplus} too many");
        (missing + surplus > 0).then_some(Finding { what, mend: Mend::Renew })
    }
}

/// What was seen so far.
struct Seen<'a> {
    store: &'a Store,
    tables: &'a [Table],
    records: BTreeMap<String, u64>,
    sums: sums::Sums,
    indexes: BTreeMap<&'static str, Index>,
    /// By table: each record that cannot be read, and whether a newer program wrote it.
    unreadable: BTreeMap<String, Vec<(String, bool)>>,
    unknown: BTreeSet<String>,
}

impl<'a> Seen<'a> {
    fn of(store: &'a Store, tables: &'a [Table]) -> Self {
        Self {
            store,
            tables,
            records: BTreeMap::new(),
            sums: sums::Sums::new(),
            indexes: BTreeMap::new(),
            unreadable: BTreeMap::new(),
            unknown: BTreeSet::new(),
        }
    }

    fn entry(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let Some(group) = sums::group(key) else { return Ok(()) };
        self.sums.entry(group.to_vec()).or_default().add(key, value);
        if let Some((table, own)) = table_of(self.tables, key) {
            return self.record(table, own, value);
        }
        let (mark, name) = group.split_last().map_or((None, group), |(mark, name)| (Some(*mark), name));
        let known = self.tables.iter().find(|table| table.name.as_bytes() == name);
        match (mark, known) {
            (Some(1), Some(table)) => self.indexes.entry(table.name).or_default().present += 1,
            (Some(0), None) if name != b"setting" => {
                self.unknown.insert(String::from_utf8_lossy(name).into_owned());
            }
            _ => {}
        }
        Ok(())
    }

    fn record(&mut self, table: &Table, own: &[u8], value: &[u8]) -> Result<(), StoreError> {
        *self.records.entry(table.name.to_owned()).or_default() += 1;
        let wanted = match (table.indexes)(own, value) {
            Ok(wanted) => wanted,
            Err(StoreError::Damaged { table: name, key, why }) => {
                let newer = value.first().is_some_and(|version| *version > table.version);
                self.unreadable.entry(name).or_default().push((format!("{key} ({why})"), newer));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let index = self.indexes.entry(table.name).or_default();
        for wanted in wanted {
            index.wanted += 1;
            if self.store.kv.get(&wanted)?.is_none() {
                index.missing += 1;
            }
        }
        Ok(())
    }

    /// Records and tables that cannot be read.
    fn unread(&self) -> Vec<Finding> {
        let unreadable = self.unreadable.iter().map(|(table, records)| {
            let named: Vec<&str> = records.iter().take(NAMED).map(|(record, _)| record.as_str()).collect();
            let what =
                format!("table {table}: {} records cannot be read: {}", records.len(), named.join(", "));
            let newer = records.iter().all(|(_, newer)| *newer);
            Finding { what, mend: if newer { Mend::Update } else { Mend::Restore } }
        });
        let unknown = self.unknown.iter().map(|table| Finding {
            what: format!("table {table} is not known to this program"),
            mend: Mend::Update,
        });
        unreadable.chain(unknown).collect()
    }
}
