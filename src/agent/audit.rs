//! Which tools were called, by whom, and with what result?
//!
//! One row a call: ids, tool, verdict, and hashes of the asker and the arguments; no text and no personal data. Each
//! row holds the SHA-256 of the row before it and the head names the last one, so a row that is changed, lost or put
//! in between shows. The hashes are keyed with a secret of this folder: nobody can try names against them without
//! it, and [`forget_key`] throws it away when a person must be forgotten.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::{Clock, Principal, Role};
use crate::store::{Record, Store, StoreError};
use crate::tool::ErrorKind;

/// How a call went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Verdict {
    /// It gave an outcome.
    Answered,
    /// It would change something and waits for a decision.
    Proposed,
    /// It was stopped: by its asker, or because time was up.
    Stopped,
    /// It gave none.
    Failed(ErrorKind),
}

/// A row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Audit {
    /// 1 for the first call in this folder.
    pub n: u64,
    /// UTC seconds.
    pub at: i64,
    /// What the asker may do.
    pub role: Role,
    /// Through which channel.
    pub channel: String,
    /// Keyed hash of the asker's id.
    pub who: [u8; 32],
    /// The conversation; empty for a call without one.
    pub conversation: String,
    /// Its turn; 0 for a call without one.
    pub turn: u32,
    /// The tool.
    pub tool: String,
    /// Keyed hash of the arguments.
    pub args: [u8; 32],
    /// How it went.
    pub verdict: Verdict,
    /// The data it saw.
    pub data_version: u64,
    /// SHA-256 of the row before; zeros for the first.
    pub before: [u8; 32],
}

/// The end of the chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditHead {
    n: u64,
    hash: [u8; 32],
}

/// The folder's secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditKey {
    key: [u8; 32],
}

impl Record for Audit {
    const TABLE: &'static str = "audit";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        self.n.to_be_bytes().to_vec()
    }
}

impl Record for AuditHead {
    const TABLE: &'static str = "audit_head";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        b"head".to_vec()
    }
}

impl Record for AuditKey {
    const TABLE: &'static str = "audit_key";
    const VERSION: u8 = 1;
    fn key(&self) -> Vec<u8> {
        b"key".to_vec()
    }
}

/// A call to take note of.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the row says what each is")]
pub struct Called<'a> {
    pub principal: &'a Principal,
    pub conversation: &'a str,
    pub turn: u32,
    pub tool: &'a str,
    pub args: &'a Value,
    pub verdict: Verdict,
    pub data_version: u64,
}

/// Adds a row, durably.
pub fn note(store: &Store, clock: &Clock, called: &Called<'_>) -> Result<(), StoreError> {
    store.update(|edit| {
        let secret = match store.get::<AuditKey>(b"key")? {
            Some(secret) => secret,
            None => {
                let secret = AuditKey { key: clock.secret() };
                edit.put(&secret)?;
                secret
            }
        };
        let head = store.get::<AuditHead>(b"head")?.unwrap_or(AuditHead { n: 0, hash: [0; 32] });
        let row = Audit {
            n: head.n + 1,
            at: clock.now().as_second(),
            role: called.principal.role,
            channel: called.principal.channel.clone(),
            who: secret.hash(called.principal.id.as_bytes()),
            conversation: called.conversation.to_owned(),
            turn: called.turn,
            tool: called.tool.to_owned(),
            args: secret.hash(called.args.to_string().as_bytes()),
            verdict: called.verdict,
            data_version: called.data_version,
            before: head.hash,
        };
        edit.expect::<Audit>(&row.key(), None)?;
        edit.put(&AuditHead { n: row.n, hash: row.hash()? })?;
        edit.put(&row)
    })
}

/// Looks at every row; gives their number, or says what is wrong with the first that is.
pub fn verify(store: &Store) -> Result<Result<u64, String>, StoreError> {
    let mut last = AuditHead { n: 0, hash: [0; 32] };
    for row in store.scan::<Audit>() {
        let row = row?;
        if row.n != last.n + 1 {
            return Ok(Err(format!("row {} is missing", last.n + 1)));
        }
        if row.before != last.hash {
            return Ok(Err(format!("row {} was changed, or stands in another's place", last.n)));
        }
        last = AuditHead { n: row.n, hash: row.hash()? };
    }
    match store.get::<AuditHead>(b"head")? {
        None if last.n == 0 => Ok(Ok(0)),
        Some(head) if head == last => Ok(Ok(last.n)),
        Some(head) if head.n > last.n => Ok(Err(format!("row {} is missing", last.n + 1))),
        _ => Ok(Err(format!("the last row, {}, is not the one it ended with", last.n))),
    }
}

/// Throws the secret away: what was hashed with it can no longer be tried out. The chain stays as it is.
pub fn forget_key(store: &Store) -> Result<(), StoreError> {
    store.delete::<AuditKey>(b"key")
}

impl Audit {
    fn hash(&self) -> Result<[u8; 32], StoreError> {
        let bytes = postcard::to_stdvec(self).map_err(|error| StoreError::Backend(error.to_string()))?;
        Ok(Sha256::digest(bytes).into())
    }
}

impl AuditKey {
    /// The secret has the length of the hash and stands on both sides, so that nothing can be hung on at the end.
    fn hash(&self, text: &[u8]) -> [u8; 32] {
        let inner = Sha256::new().chain_update(self.key).chain_update(text).finalize();
        Sha256::new().chain_update(self.key).chain_update(inner).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shop_with_calls(count: u32) -> Store {
        let store = Store::memory();
        let clock = Clock::fixed("2026-07-01T08:00:00Z".parse().unwrap(), None);
        let principal = Principal::local_manager();
        for turn in 1..=count {
            let args = json!({"customer": "Emma Clark"});
            let (conversation, tool, verdict) = ("c", "customer_profile", Verdict::Answered);
            let called = Called {
                principal: &principal,
                conversation,
                turn,
                tool,
                args: &args,
                verdict,
                data_version: 3,
            };
            note(&store, &clock, &called).unwrap();
        }
        store
    }

    #[test]
    fn a_whole_chain_is_counted() {
        assert_eq!(verify(&Store::memory()).unwrap(), Ok(0));
        assert_eq!(verify(&shop_with_calls(5)).unwrap(), Ok(5));
    }

    #[track_caller]
    fn check(spoil: impl Fn(&Store), expected: &str) {
        let store = shop_with_calls(5);
        spoil(&store);
        assert_eq!(verify(&store).unwrap(), Err(expected.to_owned()));
    }

    #[test]
    fn what_is_done_to_a_row_shows() {
        let row = |store: &Store, n: u64| store.get::<Audit>(&n.to_be_bytes()).unwrap().unwrap();
        let delete = |store: &Store, n: u64| store.delete::<Audit>(&n.to_be_bytes()).unwrap();
        check(|store| delete(store, 3), "row 3 is missing");
        check(|store| delete(store, 1), "row 1 is missing");
        check(|store| delete(store, 5), "row 5 is missing");
        let changed = |store: &Store, n: u64| Audit { verdict: Verdict::Proposed, ..row(store, n) };
        check(
            |store| store.put(&changed(store, 2)).unwrap(),
            "row 2 was changed, or stands in another's place",
        );
        check(
            |store| store.put(&changed(store, 5)).unwrap(),
            "the last row, 5, is not the one it ended with",
        );
        check(
            |store| store.put(&Audit { n: 6, ..row(store, 5) }).unwrap(),
            "row 5 was changed, or stands in another's place",
        );
    }

    #[test]
    fn rows_hold_no_names_and_the_key_can_go() {
        let store = shop_with_calls(1);
        let row = store.get::<Audit>(&1_u64.to_be_bytes()).unwrap().unwrap();
        let text = String::from_utf8_lossy(&postcard::to_stdvec(&row).unwrap()).into_owned();
        assert!(!text.contains("Emma") && !text.contains("local"), "{text}");
        forget_key(&store).unwrap();
        assert_eq!(store.get::<AuditKey>(b"key").unwrap(), None);
        assert_eq!(verify(&store).unwrap(), Ok(1));
    }
}
