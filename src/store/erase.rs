//! What is left of a person who asked to be forgotten?
//!
//! The orders stay with days, amounts and products, so that reports keep their totals; the customer becomes a
//! pseudonym, and everything that says who it was goes: name, e-mail, birth, free texts, parcels, ways of payment,
//! conversations that name the person, and the city unless enough others live there. `DIR/erased` keeps a salted hash
//! of each id: an older backup that comes back, and an older file that is imported again, are cleared by it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::catalogue::{Holds, Personal, Table, Whose};
use super::kv::Pair;
use super::{StoreError, sums};
use crate::domain::{Consent, Customer, CustomerId, Day, Feedback, Interaction, Order, UnlinkedRefund};

/// So many others must have a city for it to say nothing about one.
const CITY_SHARED_BY: usize = 5;
/// Ids shorter than this are no trace in a text: "42" stands for many things.
const TELLING_ID: usize = 4;

/// Everybody who was forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErasedList(Vec<Erased>);

/// One of them, by a hash only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Erased {
    salt: String,
    hash: String,
    pseudonym: String,
    on: Day,
}

impl ErasedList {
    /// Where a folder has it.
    pub fn path(dir: &Path) -> PathBuf {
        dir.join("erased")
    }

    /// The list beside a backup.
    pub fn beside(backup: &Path) -> PathBuf {
        let mut name = backup.as_os_str().to_owned();
        name.push(".erased");
        name.into()
    }

    /// Reads a list; an empty one where there is none.
    pub fn load(path: &Path) -> Result<Self, StoreError> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(StoreError::Io { path: path.to_owned(), source }),
        }
    }

    /// One JSON object a line.
    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, StoreError> {
        let entry = |(n, line)| {
            serde_json::from_str(line)
                .map_err(|error| StoreError::Harmed(format!("{} line {}: {error}", path.display(), n + 1)))
        };
        text.lines().enumerate().map(entry).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn text(&self) -> String {
        self.0.iter().filter_map(|entry| serde_json::to_string(entry).ok()).map(|line| line + "\n").collect()
    }

    /// Writes it, whole or not at all.
    pub fn save(&self, path: &Path) -> Result<(), StoreError> {
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let mut file = fs::File::create(&part).map_err(io)?;
        file.write_all(self.text().as_bytes()).map_err(io)?;
        file.sync_all().map_err(io)?;
        fs::rename(&part, path).map_err(io)
    }

    /// Takes in another list.
    pub fn merge(&mut self, other: Self) {
        for entry in other.0 {
            if !self.0.contains(&entry) {
                self.0.push(entry);
            }
        }
    }

    /// Adds a person; `secret` becomes the salt where there is none yet.
    pub(super) fn add(&mut self, id: &str, secret: [u8; 32], on: Day) {
        let salt = self.0.last().map_or_else(|| hex(&secret), |last| last.salt.clone());
        let hash = salted(&salt, id);
        let pseudonym = format!("{}{}", CustomerId::FORGOTTEN, hash.get(..12).unwrap_or(&hash));
        self.0.push(Erased { salt, hash, pseudonym, on });
    }

    /// Whether nobody was forgotten.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a forgotten person is called now.
    pub fn pseudonym(&self, id: &str) -> Option<&str> {
        let mut known: HashMap<&str, String> = HashMap::new();
        let found = self.0.iter().find(|entry| {
            let hash = known.entry(&entry.salt).or_insert_with(|| salted(&entry.salt, id));
            *hash == entry.hash
        });
        found.map(|entry| entry.pseudonym.as_str())
    }
}

/// A hash that nobody can undo who has not the salt.
pub(super) fn salted(salt: &str, id: &str) -> String {
    hex(&Sha256::new().chain_update(salt).chain_update([0]).chain_update(id).finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What goes, found before anything is changed.
#[derive(Default)]
pub(super) struct Erasure {
    /// Id and pseudonym.
    people: HashMap<String, String>,
    /// In lower case.
    words: Vec<String>,
    shared_cities: HashSet<String>,
    conversations: HashSet<Vec<u8>>,
}

impl Erasure {
    /// Goes through everything for the people on the list.
    pub(super) fn find<'a>(
        list: &ErasedList,
        tables: &[Table],
        pairs: impl Fn() -> Result<Box<dyn Iterator<Item = Result<Pair, StoreError>> + 'a>, StoreError>,
    ) -> Result<Self, StoreError> {
        let mut erasure = Self::default();
        if list.is_empty() {
            return Ok(erasure);
        }
        let mut known: HashMap<String, bool> = HashMap::new();
        let mut lives_in: HashMap<String, HashSet<String>> = HashMap::new();
        for pair in pairs()? {
            let (key, value) = pair?;
            let Some((Table { holds: Holds::Customers(persons), .. }, key)) = table_of(tables, &key) else {
                continue;
            };
            let Whose { customer: Some(CustomerId(id)), city, words } = (persons.whose)(key, &value)? else {
                continue;
            };
            let goes = *known.entry(id.clone()).or_insert_with(|| list.pseudonym(&id).is_some());
            if goes {
                erasure.person(list, &id, words);
            } else if let Some(city) = city {
                let people = lives_in.entry(city).or_default();
                if people.len() < CITY_SHARED_BY {
                    people.insert(id);
                }
            }
        }
        let shared = lives_in.into_iter().filter(|(_, people)| people.len() >= CITY_SHARED_BY);
        erasure.shared_cities = shared.map(|(city, _)| city).collect();
        for pair in pairs()? {
            let (key, value) = pair?;
            if let Some((Table { holds: Holds::Conversations, .. }, key)) = table_of(tables, &key)
                && erasure.is_named_in(key, &value)
            {
                erasure.conversations.insert(conversation(key).to_vec());
            }
        }
        Ok(erasure)
    }

    /// A single person, with the words that name them.
    fn person(&mut self, list: &ErasedList, id: &str, words: Vec<String>) {
        if let Some(pseudonym) = list.pseudonym(id) {
            if self.people.insert(id.to_owned(), pseudonym.to_owned()).is_none()
                && id.chars().count() >= TELLING_ID
            {
                self.words.push(id.to_lowercase());
            }
            for word in words.iter().map(|word| word.to_lowercase()) {
                if !self.words.contains(&word) && !word.trim().is_empty() {
                    self.words.push(word);
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    pub(super) fn pseudonym(&self, id: &str) -> Option<&str> {
        self.people.get(id).map(String::as_str)
    }

    /// Whether a text names one of them.
    pub(super) fn names(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.words.iter().any(|word| stands_in(word, &text))
    }

    fn is_named_in(&self, key: &[u8], value: &[u8]) -> bool {
        let own = |part: &[u8]| {
            let part = String::from_utf8_lossy(part);
            self.people.keys().any(|id| {
                part == *id || part.strip_suffix(id.as_str()).is_some_and(|rest| rest.ends_with(':'))
            })
        };
        let json = value.get(1..).and_then(|json| serde_json::from_slice::<Value>(json).ok());
        key.split(|byte| *byte == 0).any(own) || json.is_none_or(|json| self.named_in_json(&json))
    }

    fn named_in_json(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.names(text) || self.people.contains_key(text),
            Value::Array(values) => values.iter().any(|value| self.named_in_json(value)),
            Value::Object(fields) => {
                fields.iter().any(|(name, value)| self.names(name) || self.named_in_json(value))
            }
            _ => false,
        }
    }

    /// The pair as it stays; `None` where it goes.
    pub(super) fn keep(
        &self,
        tables: &[Table],
        key: Vec<u8>,
        value: Vec<u8>,
    ) -> Result<Option<Pair>, StoreError> {
        if self.is_empty() {
            return Ok(Some((key, value)));
        }
        let prefix = sums::group(&key).unwrap_or_default().to_vec();
        let Some((table, own)) = table_of(tables, &key) else {
            // A setting, or a table of a newer program.
            let raw = String::from_utf8_lossy(&value).into_owned() + &String::from_utf8_lossy(&key);
            return Ok((!self.names(&raw)).then_some((key, value)));
        };
        Ok(match table.holds {
            Holds::Nothing => Some((key, value)),
            Holds::Cache => None,
            Holds::Conversations => (!self.conversations.contains(conversation(own))).then_some((key, value)),
            Holds::Customers(persons) => {
                let (own, value) = (persons.erase)(own, &value, self)?;
                Some(([prefix, own].concat(), value))
            }
        })
    }

    /// A city that says nothing about one person.
    fn city(&self, city: Option<String>) -> Option<String> {
        city.filter(|city| self.shared_cities.contains(city))
    }
}

/// The table of a record's key, and the key within it.
pub(super) fn table_of<'t, 'k>(tables: &'t [Table], key: &'k [u8]) -> Option<(&'t Table, &'k [u8])> {
    let at = key.iter().position(|byte| *byte < 2)?;
    let (name, rest) = key.split_at(at);
    let (mark, own) = rest.split_first()?;
    let table = tables.iter().find(|table| table.name.as_bytes() == name)?;
    (*mark == 0).then_some((table, own))
}

/// The conversation that a key of `channel 00 id 00 conversation …` belongs to.
fn conversation(key: &[u8]) -> &[u8] {
    let mut ends = key.iter().enumerate().filter(|(_, byte)| **byte == 0).map(|(at, _)| at);
    key.get(..ends.nth(2).unwrap_or(key.len())).unwrap_or(key)
}

/// A word of Latin letters must stand alone; others may stand anywhere.
fn stands_in(word: &str, text: &str) -> bool {
    let part_of_a_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
        let (first, last) = (word.chars().next(), word.chars().next_back());
        let grows = part_of_a_word(first) && part_of_a_word(before);
        let goes_on = part_of_a_word(last) && part_of_a_word(after);
        !grows && !goes_on
    })
}

impl Personal for Customer {
    fn whose(&self) -> Whose {
        let words = self.name.iter().chain(&self.email).cloned().collect();
        Whose { customer: Some(self.id.clone()), city: self.city.clone(), words }
    }

    fn without_person(self, pseudonym: &str, erasure: &Erasure) -> Self {
        Self {
            id: pseudonym.into(),
            name: None,
            email: None,
            city: erasure.city(self.city),
            joined: None,
            gender: None,
            birth_year: None,
            consent: Consent::default(),
        }
    }
}

impl Personal for Order {
    fn whose(&self) -> Whose {
        Whose { customer: self.customer.clone(), city: self.city.clone(), words: Vec::new() }
    }

    /// Its number stays, so that the same file imported again does not count it twice.
    fn without_person(mut self, pseudonym: &str, erasure: &Erasure) -> Self {
        self.customer = Some(pseudonym.into());
        self.city = erasure.city(self.city);
        for line in &mut self.lines {
            line.options.clear();
            // Without a product the title is free text.
            if line.product.is_none() || erasure.names(&line.title) {
                line.title.clear();
            }
        }
        self.payment_history.iter_mut().for_each(|payment| payment.method.clear());
        self.fulfilments.iter_mut().for_each(|parcel| parcel.tracking.clear());
        self.refunds.iter_mut().for_each(|refund| refund.reason = None);
        self
    }
}

impl Personal for UnlinkedRefund {
    fn whose(&self) -> Whose {
        Whose { customer: self.customer.clone(), ..Whose::default() }
    }

    fn without_person(self, pseudonym: &str, _: &Erasure) -> Self {
        Self { customer: Some(pseudonym.into()), ..self }
    }
}

impl Personal for Feedback {
    fn whose(&self) -> Whose {
        Whose { customer: self.customer.clone(), ..Whose::default() }
    }

    /// The rating stays; what was written may say who wrote it.
    fn without_person(self, pseudonym: &str, _: &Erasure) -> Self {
        Self { customer: Some(pseudonym.into()), text: String::new(), ..self }
    }
}

impl Personal for Interaction {
    fn whose(&self) -> Whose {
        Whose { customer: Some(self.customer.clone()), ..Whose::default() }
    }

    fn without_person(self, pseudonym: &str, _: &Erasure) -> Self {
        Self { customer: pseudonym.into(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_knows_its_people_by_hash_only() {
        let mut list = ErasedList::default();
        list.add("C00042", [7; 32], Day(20_000));
        list.add("C00043", [8; 32], Day(20_001));
        let read = ErasedList::parse(&list.text(), Path::new("erased")).unwrap();
        assert_eq!(read, list);
        assert!(!list.text().contains("C0004"));
        assert_eq!(list.pseudonym("C00041"), None);
        let pseudonyms = [list.pseudonym("C00042").unwrap(), list.pseudonym("C00043").unwrap()];
        assert!(pseudonyms[0] != pseudonyms[1] && pseudonyms[0].starts_with("forgotten-"));
    }

    #[test]
    fn a_name_is_found_as_a_word_and_inside_chinese() {
        let check = |word: &str, text: &str, expected| assert_eq!(stands_in(word, text), expected, "{text}");
        check("ann lee", "what did ann lee buy?", true);
        check("ann lee", "joann leeds", false);
        check("王芳", "王芳买了什么", true);
        check("a@b.de", "mail:a@b.de.", true);
    }
}
