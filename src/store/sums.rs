//! How is a record noticed that silently went missing?
//!
//! Beside each table stands a sum over everything in it: number of entries, their bytes, and their CRC-32s added up.
//! The batch that changes an entry changes the sum. sled cuts a damaged log where it stops making sense, so what is
//! lost this way leaves no error; but then the sum of what is read is not the sum that stands there.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::{Kv, StoreError};

/// Where sums stand: this, then the group.
pub(super) const PREFIX: &[u8] = b"sum/";
/// Present where sums were kept from the beginning.
pub(super) const SINCE: &[u8] = b"sum_since";

/// The sum over a group of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Entries.
    pub entries: u64,
    bytes: u64,
    crcs: u64,
}

impl Sum {
    /// Adds an entry.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        let (bytes, crc) = Self::of(key, value);
        self.entries = self.entries.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(bytes);
        self.crcs = self.crcs.wrapping_add(crc);
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, key: &[u8], value: &[u8]) {
        let (bytes, crc) = Self::of(key, value);
        self.entries = self.entries.wrapping_sub(1);
        self.bytes = self.bytes.wrapping_sub(bytes);
        self.crcs = self.crcs.wrapping_sub(crc);
    }

    fn of(key: &[u8], value: &[u8]) -> (u64, u64) {
        let mut crc = crc32fast::Hasher::new();
        crc.update(&(key.len() as u64).to_le_bytes());
        crc.update(key);
        crc.update(value);
        (key.len() as u64 + value.len() as u64, u64::from(crc.finalize()))
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        [self.entries, self.bytes, self.crcs].map(u64::to_be_bytes).concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut numbers = bytes.chunks_exact(8).map(|number| number.try_into().map(u64::from_be_bytes));
        let mut next = || numbers.next()?.ok();
        let sum = Self { entries: next()?, bytes: next()?, crcs: next()? };
        (bytes.len() == 24).then_some(sum)
    }
}

/// The group of a key: its table's records (`TABLE 00`), its table's index entries (`TABLE 01`), or, empty, what
/// stands outside tables. `None` for the sums themselves.
pub(super) fn group(key: &[u8]) -> Option<&[u8]> {
    if key.starts_with(PREFIX) || key == SINCE {
        return None;
    }
    Some(key.iter().position(|byte| *byte < 2).and_then(|at| key.get(..=at)).unwrap_or_default())
}

/// Key of a group's sum.
pub(super) fn key(group: &[u8]) -> Vec<u8> {
    [PREFIX, group].concat()
}

/// What stands beside a group.
pub(super) fn read(kv: &dyn Kv, group: &[u8]) -> Result<Sum, StoreError> {
    match kv.get(&key(group))? {
        None => Ok(Sum::default()),
        Some(bytes) => Sum::from_bytes(&bytes).ok_or_else(|| lost(group)),
    }
}

/// Sums of everything there is, as it is.
pub(super) fn count(kv: &dyn Kv) -> Result<BTreeMap<Vec<u8>, Sum>, StoreError> {
    let mut sums: BTreeMap<Vec<u8>, Sum> = BTreeMap::new();
    for pair in kv.range(Bound::Unbounded, Bound::Unbounded) {
        let (key, value) = pair?;
        if let Some(group) = group(&key) {
            match sums.get_mut(group) {
                Some(sum) => sum.add(&key, &value),
                None => sums.entry(group.to_vec()).or_default().add(&key, &value),
            }
        }
    }
    Ok(sums)
}

/// Sums as they stand in the store.
pub(super) fn stored(kv: &dyn Kv) -> Result<BTreeMap<Vec<u8>, Sum>, StoreError> {
    let mut to = PREFIX.to_vec();
    to.pop();
    to.push(b'/' + 1);
    let mut sums = BTreeMap::new();
    for pair in kv.range(Bound::Included(PREFIX.to_vec()), Bound::Excluded(to)) {
        let (key, value) = pair?;
        let group = key.get(PREFIX.len()..).unwrap_or_default().to_vec();
        let sum = Sum::from_bytes(&value).ok_or_else(|| lost(&group))?;
        if sum != Sum::default() {
            sums.insert(group, sum);
        }
    }
    Ok(sums)
}

/// The table that a group belongs to, as people know it.
pub(super) fn table(group: &[u8]) -> String {
    match group.split_last() {
        Some((0, name)) => String::from_utf8_lossy(name).into_owned(),
        Some((1, name)) => format!("{} (index)", String::from_utf8_lossy(name)),
        _ => "meta".into(),
    }
}

/// Records of a group are not those that were written.
pub(super) fn lost(group: &[u8]) -> StoreError {
    StoreError::Lost { table: table(group) }
}
