//! Whose telephone number is this, without keeping the number?
//!
//! A customer with neither id nor e-mail is known by the number alone (IMPORT_FORMATS §2, rule 13). What is kept is its
//! hash under a secret of the shop, so that the same number is the same customer in every file, and a list of orders
//! says nobody's number.

use std::cell::Cell;

use crate::domain::Clock;
use crate::store::erase::{hex, salted};
use crate::store::redo::AnyRecord;
use crate::store::{Store, StoreError};

/// The setting that holds the secret.
const SECRET: &str = "phone_key";
/// Before the hash in a customer's id.
const PREFIX: &str = "phone:";
/// Digits of the hash: 80 bits, more than enough for every customer of a shop.
const DIGITS: usize = 20;
/// Fewer digits are no full number.
const FEWEST: usize = 7;
/// More digits than any number has (E.164).
const MOST: usize = 15;

/// Turns numbers into customers' ids.
pub(super) struct Phones {
    secret: String,
    is_new: bool,
    was_used: Cell<bool>,
}

impl Phones {
    /// With the shop's secret; with a new one where it has none.
    pub(super) fn of(store: &Store, clock: &Clock) -> Result<Self, StoreError> {
        let known: Option<String> = store.setting(SECRET)?;
        let is_new = known.is_none();
        let secret = known.unwrap_or_else(|| hex(&clock.secret()));
        Ok(Self { secret, is_new, was_used: Cell::new(false) })
    }

    /// The id of the customer with this number; `None` where it is no full number.
    pub(super) fn id(&self, text: &str) -> Option<String> {
        let number = full_number(text)?;
        self.was_used.set(true);
        Some(id(&self.secret, &number))
    }

    /// A new secret that ids of this file are made with: it must be kept with them.
    pub(super) fn to_keep(&self) -> Option<AnyRecord> {
        let json = serde_json::Value::from(self.secret.as_str()).to_string();
        (self.is_new && self.was_used.get()).then(|| AnyRecord::Setting { name: SECRET.to_owned(), json })
    }
}

impl Store {
    /// The id of the customer who is known by this telephone number alone; `None` where nobody is known so.
    pub fn customer_by_phone(&self, number: &str) -> Result<Option<String>, StoreError> {
        let secret: Option<String> = self.setting(SECRET)?;
        Ok(secret.zip(full_number(number)).map(|(secret, number)| id(&secret, &number)))
    }
}

fn id(secret: &str, number: &str) -> String {
    let hash = salted(secret, number);
    format!("{PREFIX}{}", hash.get(..DIGITS).unwrap_or(&hash))
}

/// The digits of a number: without signs between them, without `+` or `00`, and without China's 86 before a mobile
/// number, which exports write or leave out as they please.
fn full_number(text: &str) -> Option<String> {
    let between =
        |c: char| c.is_whitespace() || matches!(c, '-' | '(' | ')' | '（' | '）' | '.' | '/' | '\u{2011}');
    let written: String = text.trim_start_matches('\'').chars().filter(|c| !between(*c)).collect();
    let (digits, is_international) = match written.strip_prefix('+').or_else(|| written.strip_prefix("00")) {
        Some(digits) => (digits, true),
        None => (written.as_str(), false),
    };
    if !(FEWEST..=MOST).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mobile = digits.strip_prefix("86").filter(|rest| rest.len() == 11 && rest.starts_with('1'));
    let is_short = digits.len() == 11 && digits.starts_with('1') && !is_international;
    Some(if is_short { digits.to_owned() } else { mobile.unwrap_or(digits).to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_in_all_its_spellings() {
        for same in ["13800000001", "+86 138 0000 0001", "0086-13800000001", "'13800000001", "138-0000-0001"]
        {
            assert_eq!(full_number(same).as_deref(), Some("13800000001"), "{same}");
        }
        assert_eq!(full_number("+1 (555) 010-9999").as_deref(), Some("15550109999"));
        assert_eq!(full_number("030 / 123 45 67").as_deref(), Some("0301234567"));
        for no in ["", "1******9993", "138****0001", "12345", "ext. 7", "1234567890123456", "+"] {
            assert_eq!(full_number(no), None, "{no}");
        }
    }
}
