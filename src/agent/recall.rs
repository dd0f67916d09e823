//! Where are the facts of earlier turns?
//!
//! In the turns themselves, which are kept: a conversation's facts are read from there when a tool asks for one, and
//! only from turns of the same conversation and the same asker. An id is `c<call>.<name>` as an answer shows it, which
//! means the newest turn that has such a fact, or `t<turn>.c<call>.<name>`, which means that turn's. Turns and calls
//! count from 1.

use serde_json::Value;

use super::turn::{CallRecord, CallResult, Turn};
use crate::domain::{Cell, Principal, Table};
use crate::store::Store;
use crate::tool::{Recall, Said, ToolError};

/// A fact without its turn is looked for in this many turns back.
const TURNS_BACK: u32 = 50;

/// One conversation of one asker, up to the turn in hand.
pub struct Conversation {
    /// Where turns are kept.
    pub store: Store,
    /// Its id.
    pub conversation: String,
    /// Whose it is.
    pub principal: Principal,
    /// The turn in hand; its calls so far are kept too.
    pub number: u32,
}

impl Recall for Conversation {
    fn fact(&self, id: &str) -> Result<Option<Said>, ToolError> {
        let Some(address) = Address::parse(id) else { return Ok(None) };
        let newest = self.number;
        let turns = match address.turn {
            Some(turn) if turn <= newest => turn..=turn,
            Some(_) => return Ok(None),
            None => newest.saturating_sub(TURNS_BACK).max(1)..=newest,
        };
        for number in turns.rev() {
            if let Some(said) = self.turn(number)?.and_then(|turn| said(&turn, &address)) {
                return Ok(Some(said));
            }
        }
        Ok(None)
    }
}

impl Conversation {
    fn turn(&self, number: u32) -> Result<Option<Turn>, ToolError> {
        let key = Turn::key_of(&self.conversation, &self.principal, number);
        let turn = self.store.get::<Turn>(&key)?;
        // the key holds who asked; what they may see is part of it only here
        Ok(turn.filter(|turn| turn.principal == self.principal && turn.conversation == self.conversation))
    }
}

/// A fact's place.
struct Address<'a> {
    turn: Option<u32>,
    /// Index of the call, from 1.
    call: usize,
    name: &'a str,
}

impl<'a> Address<'a> {
    fn parse(id: &'a str) -> Option<Self> {
        let (first, rest) = id.trim().split_once('.')?;
        let (turn, first, rest) = match first.strip_prefix('t').and_then(|n| n.parse().ok()) {
            Some(turn) => {
                let (first, rest) = rest.split_once('.')?;
                (Some(turn), first, rest)
            }
            None => (None, first, rest),
        };
        let call = first.strip_prefix('c')?.parse().ok().filter(|call| *call > 0)?;
        Some(Self { turn, call, name: rest })
    }
}

fn said(turn: &Turn, address: &Address<'_>) -> Option<Said> {
    let record = turn.calls.get(address.call.checked_sub(1)?)?;
    let Some(CallResult::Answered(outcome)) = &record.result else { return None };
    let fact = outcome.all_facts().into_iter().find(|fact| fact.id == address.name)?;
    Some(Said {
        id: format!("t{}.c{}.{}", turn.number, address.call, fact.id),
        about: about(record, outcome.table.as_ref(), &fact.id),
        tool: record.call.tool.clone(),
        evidence: outcome.evidence.clone(),
        fact,
    })
}

/// The names the call was narrowed to, and the row that `r<row>.<column>` names.
fn about(record: &CallRecord, table: Option<&Table>, name: &str) -> Vec<String> {
    let args = record.args.as_ref().and_then(Value::as_object);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut about = Vec::new();
    if let Some(args) = args {
        let filter = args.get("filter").and_then(Value::as_object);
        about.extend(filter.into_iter().flat_map(|filter| filter.values().filter_map(text)));
        about.extend(["customer", "segment"].into_iter().filter_map(|key| args.get(key).and_then(text)));
    }
    let row = name.strip_prefix('r').and_then(|rest| rest.split_once('.')?.0.parse::<usize>().ok());
    let cells = row.and_then(|row| table?.rows.get(row.checked_sub(1)?));
    about.extend(cells.into_iter().flatten().find_map(|cell| match cell {
        Cell::Text(text) => Some(text.clone()),
        _ => None,
    }));
    about
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_with_and_without_a_turn() {
        let parts =
            |id: &'static str| Address::parse(id).map(|address| (address.turn, address.call, address.name));
        assert_eq!(parts("c1.revenue"), Some((None, 1, "revenue")));
        assert_eq!(parts("t12.c2.tier.top.clv"), Some((Some(12), 2, "tier.top.clv")));
        assert_eq!(parts("c1.r3.revenue"), Some((None, 1, "r3.revenue")));
        for id in ["revenue", "c0.revenue", "t1.revenue", "x1.c1.revenue", "c1", ""] {
            assert_eq!(parts(id), None, "{id}");
        }
    }
}
