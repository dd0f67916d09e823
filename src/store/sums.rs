//! How is a record noticed that silently went missing?
//!
//! Beside each table stands a sum over everything in it: number of entries, their bytes, and their CRC-32s added up.
//! The batch that changes an entry changes the sum. sled cuts a damaged log where it stops making sense, so what is
//! lost this way leaves no error; but then the sum of what is read is not the sum that stands there.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::kv::Pair;
use super::{Batch, Kv, StoreError};

/// Where sums stand: this, then the group.
pub(super) const PREFIX: &[u8] = b"sum/";
/// Present where sums were kept from the beginning.
pub(super) const SINCE: &[u8] = b"sum_since";

/// The group of the settings.
const SETTINGS: &[u8] = b"setting\0";

/// By group.
pub(super) type Sums = BTreeMap<Vec<u8>, Sum>;

/// The sum over a group of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    /// Entries.
    pub(super) entries: u64,
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

/// The group of a key: its table's records (`TABLE 00`), its table's index entries (`TABLE 01`), or what stands outside
/// tables (`meta/`). `None` for the sums themselves.
pub(super) fn group(key: &[u8]) -> Option<&[u8]> {
    if key.starts_with(PREFIX) || key == SINCE {
        return None;
    }
    let ends = |byte: &u8| *byte < 2 || *byte == b'/';
    Some(key.iter().position(ends).and_then(|at| key.get(..=at)).unwrap_or_default())
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

/// Looks at a store that was just opened: what stands outside the records must be what was written. `sealed` where its
/// folder had a seal already; one from before there were sums gets its sums now.
pub(super) fn begin(kv: &dyn Kv, sealed: bool) -> Result<(), StoreError> {
    if kv.get(SINCE)?.is_none() {
        let counted = count(kv)?;
        if sealed && !counted.is_empty() {
            return Err(StoreError::Harmed("its sums are missing".into()));
        }
        let sums = counted.iter().map(|(group, sum)| (key(group), Some(sum.to_bytes())));
        let writes = sums.chain([(SINCE.to_vec(), Some(Vec::new()))]).collect();
        return kv.commit(Batch { writes, require: Vec::new() });
    }
    for group in stored(kv)?.into_keys() {
        if group.last() == Some(&b'/') || group == SETTINGS {
            check(kv, &group)?;
        }
    }
    Ok(())
}

/// Passes on the pairs of a group, with an error at the end where they are not what was written. A write in between
/// makes the comparison worthless; it is left out then.
pub(super) fn checked<'a>(
    kv: &'a dyn Kv,
    group: Vec<u8>,
    mut pairs: impl Iterator<Item = Result<Pair, StoreError>> + 'a,
) -> impl Iterator<Item = Result<Pair, StoreError>> + 'a {
    let moment = kv.moment().filter(|moment| moment % 2 == 0);
    let expected = moment.map(|_| read(kv, &group));
    let (mut found, mut ended) = (Sum::default(), false);
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        match pairs.next() {
            Some(Ok((key, value))) => {
                found.add(&key, &value);
                Some(Ok((key, value)))
            }
            Some(Err(error)) => {
                ended = true;
                Some(Err(error))
            }
            None => {
                ended = true;
                let expected = expected.as_ref().filter(|_| kv.moment() == moment)?;
                match expected {
                    Ok(expected) if *expected == found => None,
                    _ => Some(Err(lost(&group))),
                }
            }
        }
    })
}

/// Refuses a group that is not what was written.
pub(super) fn check(kv: &dyn Kv, group: &[u8]) -> Result<(), StoreError> {
    let mut found = Sum::default();
    for pair in kv.range(Bound::Included(group.to_vec()), Bound::Unbounded) {
        let (key, value) = pair?;
        if !key.starts_with(group) {
            break;
        }
        found.add(&key, &value);
    }
    if found == read(kv, group)? { Ok(()) } else { Err(lost(group)) }
}

/// Sums of everything there is, as it is.
pub(super) fn count(kv: &dyn Kv) -> Result<Sums, StoreError> {
    let mut sums = Sums::new();
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

/// Sums as they stand in the store; empty ones are left out.
pub(super) fn stored(kv: &dyn Kv) -> Result<Sums, StoreError> {
    let mut sums = Sums::new();
    for pair in kv.range(Bound::Included(PREFIX.to_vec()), Bound::Unbounded) {
        let (key, value) = pair?;
        let Some(group) = key.strip_prefix(PREFIX) else { break };
        let sum = Sum::from_bytes(&value).ok_or_else(|| lost(group))?;
        if sum.entries > 0 {
            sums.insert(group.to_vec(), sum);
        }
    }
    Ok(sums)
}

/// Groups that are not the same in both.
pub(super) fn all_differing(found: &Sums, stored: &Sums) -> Vec<Vec<u8>> {
    let groups: std::collections::BTreeSet<&Vec<u8>> = found.keys().chain(stored.keys()).collect();
    groups.into_iter().filter(|group| found.get(*group) != stored.get(*group)).cloned().collect()
}

/// A group as people know it.
pub(super) fn name(group: &[u8]) -> String {
    match group.split_last() {
        Some((0, table)) => format!("table {}", String::from_utf8_lossy(table)),
        Some((1, table)) => format!("the index of table {}", String::from_utf8_lossy(table)),
        _ => String::from_utf8_lossy(group).into_owned(),
    }
}

/// A group does not hold what was written.
pub(super) fn lost(group: &[u8]) -> StoreError {
    StoreError::Harmed(format!("{} does not hold what was written", name(group)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_does_not_depend_on_the_order_and_goes_back() {
        let (mut one, mut two) = (Sum::default(), Sum::default());
        one.add(b"a", b"1");
        one.add(b"b", b"2");
        two.add(b"b", b"2");
        two.add(b"a", b"1");
        assert_eq!(one, two);
        two.remove(b"a", b"1");
        two.add(b"a1", b"");
        assert_ne!(one, two, "the border of key and value counts");
        one.remove(b"a", b"1");
        one.remove(b"b", b"2");
        assert_eq!(one, Sum::default());
        assert_eq!(Sum::from_bytes(&two.to_bytes()), Some(two));
    }

    #[test]
    fn a_key_belongs_to_one_group() {
        let check = |key: &[u8], expected: Option<&[u8]>| assert_eq!(group(key), expected);
        check(b"order\0A/1", Some(b"order\0"));
        check(b"order\x01customer\0", Some(b"order\x01"));
        check(b"meta/data_version", Some(b"meta/"));
        check(b"sum/order\0", None);
    }
}
