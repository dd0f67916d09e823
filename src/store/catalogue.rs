//! What must be known of a table without knowing its records?
//!
//! For whoever goes through everything there is: the doctor, backups, and forgetting a person. The store lists its own
//! tables; the rooms above list theirs ([`crate::app::tables`]).

use super::erase::Erasure;
use super::kv::Pair;
use super::tables::{decode, encode, index_key};
use super::{Record, StoreError};
use crate::domain::{
    Customer, CustomerId, Experiment, Feedback, Interaction, LiftTest, Order, Product, Spend, UnlinkedRefund,
};

/// Keys of index entries.
type Keys = Vec<Vec<u8>>;

/// A table.
#[derive(Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    pub(super) version: u8,
    pub(super) indexes: fn(&[u8], &[u8]) -> Result<Keys, StoreError>,
    pub(super) holds: Holds,
}

/// What of a person a table holds.
#[derive(Clone, Copy)]
pub(super) enum Holds {
    /// Nothing of a customer.
    Nothing,
    /// Records of a customer, which stay without the person.
    Customers(Persons),
    /// Conversations, keyed `channel 00 id 00 conversation …`; one that names a person goes.
    Conversations,
    /// What can be made again; all of it goes.
    Cache,
}

/// Key and value of a record without the person.
type Erase = fn(&[u8], &[u8], &Erasure) -> Result<Pair, StoreError>;

/// How records of customers are looked at and changed.
#[derive(Clone, Copy)]
pub(super) struct Persons {
    pub(super) whose: fn(&[u8], &[u8]) -> Result<Whose, StoreError>,
    pub(super) erase: Erase,
}

/// What a record says of its customer.
#[derive(Default)]
pub(super) struct Whose {
    pub(super) customer: Option<CustomerId>,
    pub(super) city: Option<String>,
    /// Texts that identify the person: name, e-mail.
    pub(super) words: Vec<String>,
}

/// A record of a customer that can stay without the person.
pub(super) trait Personal: Record {
    /// What it says of its customer.
    fn whose(&self) -> Whose;
    /// The record without the person, who is now called `pseudonym`.
    fn without_person(self, pseudonym: &str, erasure: &Erasure) -> Self;
}

impl Table {
    /// A table with nothing of a customer in it.
    pub const fn of<R: Record>() -> Self {
        Self { name: R::TABLE, version: R::VERSION, indexes: indexes::<R>, holds: Holds::Nothing }
    }

    /// A table of conversations, keyed `channel 00 id 00 conversation …`.
    pub const fn conversations<R: Record>() -> Self {
        Self { holds: Holds::Conversations, ..Self::of::<R>() }
    }

    /// A table whose records can be made again.
    pub const fn cache<R: Record>() -> Self {
        Self { holds: Holds::Cache, ..Self::of::<R>() }
    }

    const fn personal<R: Personal>() -> Self {
        Self { holds: Holds::Customers(Persons { whose: whose::<R>, erase: erase::<R> }), ..Self::of::<R>() }
    }
}

/// The store's own tables.
pub const TABLES: &[Table] = &[
    Table::personal::<Customer>(),
    Table::of::<Experiment>(),
    Table::personal::<Feedback>(),
    Table::personal::<Interaction>(),
    Table::of::<LiftTest>(),
    Table::personal::<Order>(),
    Table::of::<Product>(),
    Table::of::<Spend>(),
    Table::personal::<UnlinkedRefund>(),
];

/// Reads a record; gives the keys of its index entries. One that lies under another's key cannot be read.
fn indexes<R: Record>(key: &[u8], value: &[u8]) -> Result<Keys, StoreError> {
    let record: R = decode(key, value)?;
    let own = record.key();
    if own != key {
        return Err(StoreError::Damaged {
            table: R::TABLE.into(),
            key: String::from_utf8_lossy(key).into_owned(),
            why: "it is another's".into(),
        });
    }
    Ok(record.indexes().into_iter().map(|(name, value)| index_key::<R>(name, &value, &own)).collect())
}

fn whose<R: Personal>(key: &[u8], value: &[u8]) -> Result<Whose, StoreError> {
    Ok(decode::<R>(key, value)?.whose())
}

fn erase<R: Personal>(key: &[u8], value: &[u8], erasure: &Erasure) -> Result<Pair, StoreError> {
    let record: R = decode(key, value)?;
    let customer = record.whose().customer;
    match customer.and_then(|customer| erasure.pseudonym(&customer.0).map(str::to_owned)) {
        None => Ok((key.to_vec(), value.to_vec())),
        Some(pseudonym) => {
            let record = record.without_person(&pseudonym, erasure);
            Ok((record.key(), encode(&record)?))
        }
    }
}
