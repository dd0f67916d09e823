//! Is a whole number of an argument inside its range?

use serde::{Deserialize, Deserializer, de::Error as _};

/// 1 to `most`; else an error that names both.
pub(super) fn within<'de, D: Deserializer<'de>>(deserializer: D, most: i64) -> Result<u32, D::Error> {
    let number = i64::deserialize(deserializer)?;
    let inside = u32::try_from(number).ok().filter(|_| (1..=most).contains(&number));
    inside.ok_or_else(|| D::Error::custom(format!("{number} is not in 1 to {most}")))
}

/// How many rows or customers.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, 1000)
}

/// How many weeks.
pub(super) fn weeks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, 52)
}
