//! Is everything in the store as it must be, and if not, what mends it?
//!
//! Looks at each entry: whether the sums agree, each record can be read and lies under its own key, each index has
//! exactly the entries that its records want, and no import hangs half way.

use std::collections::BTreeMap;
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
    /// The worst first.
    pub findings: Vec<Finding>,
}

/// At most so many records of a table are named.
const NAMED: usize = 3;

impl Store {
    /// Examines everything.
    pub fn examine(&self, tables: &[Table], work: &dyn Work) -> Result<Examined, StoreError> {
        let mut seen = Seen { store: self, tables, examined: Examined::default(), indexes: BTreeMap::new() };
        let mut found = sums::Sums::new();
        let mut unreadable: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (n, pair) in self.kv.range(Bound::Unbounded, Bound::Unbounded).enumerate() {
            let (key, value) = pair?;
            let Some(group) = sums::group(&key) else { continue };
            found.entry(group.to_vec()).or_default().add(&key, &value);
            if let Err(StoreError::Damaged { table, key, why }) = seen.entry(&key, &value) {
                unreadable.entry(table).or_default().push(format!("{key} ({why})"));
            }
            if n % 1024 == 0 {
                work.check().map_err(|_| StoreError::Cancelled)?;
            }
        }
        let Seen { mut examined, indexes, .. } = seen;
        for (table, records) in unreadable {
            let named = records.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            let what = format!("table {table}: {} records cannot be read: {named}", records.len());
            let newer = records.iter().all(|record| record.contains("this program reads"));
            let mend = if newer { Mend::Update } else { Mend::Restore };
            examined.findings.push(Finding { what, mend });
        }
        if self.kv.moment().is_some() {
            let stored = sums::stored(self.kv.as_ref())?;
            for group in sums::all_differing(&found, &stored) {
                let count = |sums: &sums::Sums| sums.get(&group).map_or(0, |sum| sum.entries);
                let (have, wrote) = (count(&found), count(&stored));
                let what = format!(
                    "{}: {have} entries, and {wrote} were written; they are not the same",
                    sums::name(&group)
                );
                let mend = if group.last() == Some(&1) { Mend::Renew } else { Mend::Restore };
                examined.findings.push(Finding { what, mend });
            }
        }
        for (table, Index { wanted, present, missing }) in indexes {
            if missing > 0 || wanted != present {
                let what = format!(
                    "the index of table {table}: {missing} entries are missing, {} too many",
                    (present + missing).saturating_sub(wanted)
                );
                examined.findings.push(Finding { what, mend: Mend::Renew });
            }
        }
        if self.kv.get(b"import/pending")?.is_some() {
            let what = "an import is not finished, although opening the store finishes it".to_owned();
            examined.findings.push(Finding { what, mend: Mend::Restore });
        }
        examined.findings.dedup();
        Ok(examined)
    }
}

#[derive(Default)]
struct Index {
    wanted: u64,
    present: u64,
    missing: u64,
}

struct Seen<'a> {
    store: &'a Store,
    tables: &'a [Table],
    examined: Examined,
    indexes: BTreeMap<&'static str, Index>,
}

impl Seen<'_> {
    fn entry(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        if let Some((table, own)) = table_of(self.tables, key) {
            *self.examined.records.entry(table.name.to_owned()).or_default() += 1;
            let index = self.indexes.entry(table.name).or_default();
            for wanted in (table.indexes)(own, value)? {
                index.wanted += 1;
                if self.store.kv.get(&wanted)?.is_none() {
                    index.missing += 1;
                }
            }
            return Ok(());
        }
        let group = sums::group(key).unwrap_or_default();
        let (mark, name) = group.split_last().map_or((None, group), |(mark, name)| (Some(*mark), name));
        match self.tables.iter().find(|table| table.name.as_bytes() == name) {
            Some(table) if mark == Some(1) => self.indexes.entry(table.name).or_default().present += 1,
            _ if mark == Some(0) && name != b"setting" => {
                let table = String::from_utf8_lossy(name).into_owned();
                if !self.examined.records.contains_key(&table) {
                    let what = format!("table {table} is not known to this program");
                    self.examined.findings.push(Finding { what, mend: Mend::Update });
                }
                *self.examined.records.entry(table).or_default() += 1;
            }
            _ => {}
        }
        Ok(())
    }
}
