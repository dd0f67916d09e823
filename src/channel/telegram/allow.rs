//! Who may ask in Telegram, and as what?
//!
//! Telegram proves the sender's numeric id; the list gives it a role. Names are proof of nothing: anybody may take
//! one. An empty list lets nobody in.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::domain::{Principal, Role};

/// The channel's name in principals and keys.
pub(super) const CHANNEL: &str = "telegram";

/// Ids and their roles, from `MERCATO_TELEGRAM_ALLOW=1001:manager,1002:analyst`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(BTreeMap<u64, Role>);

/// An entry that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the list of who may ask has {entry:?}, {why}; write ID:ROLE, such as 1001:manager,1002:analyst")]
pub struct AllowError {
    entry: String,
    why: &'static str,
}

impl AllowList {
    /// Who this is, if they may ask.
    pub fn principal(&self, id: u64) -> Option<Principal> {
        let role = *self.0.get(&id)?;
        Some(Principal { role, customer: None, id: format!("telegram:{id}"), channel: CHANNEL.into() })
    }

    /// How many may ask.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody may.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for AllowList {
    type Err = AllowError;

    fn from_str(text: &str) -> Result<Self, AllowError> {
        let mut list = BTreeMap::new();
        let between = |c: char| matches!(c, ',' | ';' | '，' | '；') || c.is_whitespace();
        for entry in text.split(between).filter(|entry| !entry.is_empty()) {
            let fault = |why| AllowError { entry: entry.to_owned(), why };
            let (id, role) = entry.split_once([':', '：']).ok_or_else(|| fault("which has no role"))?;
            let id: u64 = id.parse().map_err(|_| fault("whose id is no number"))?;
            let role = match role.to_lowercase().as_str() {
                "manager" => Role::Manager,
                "analyst" => Role::Analyst,
                _ => return Err(fault("whose role is neither manager nor analyst")),
            };
            if list.insert(id, role).is_some_and(|before| before != role) {
                return Err(fault("whose id has another role too"));
            }
        }
        Ok(Self(list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_with_roles_and_nobody_by_default() {
        let list: AllowList = "1001:manager, 1002:Analyst；1001:manager".parse().unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(
            list.principal(1002).map(|who| (who.role, who.id)),
            Some((Role::Analyst, "telegram:1002".into()))
        );
        assert_eq!(list.principal(7), None);
        assert!(" , ".parse::<AllowList>().unwrap().is_empty());
    }

    #[test]
    fn faults_name_the_entry_and_the_mend() {
        for (text, why) in [
            ("1001", "no role"),
            ("anna:manager", "no number"),
            ("-5:manager", "no number"),
            ("1001:owner", "neither"),
            ("1001:manager,1001:analyst", "another role"),
        ] {
            let error = text.parse::<AllowList>().unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("1001:manager,1002:analyst"), "{error}");
        }
    }
}
