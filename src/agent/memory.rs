//! What does a conversation remember?
//!
//! Its recent calls and questions, the choices it offered, the language it was last held in. A conversation belongs to
//! one principal: the same id in somebody else's hands is another conversation.

use serde::{Deserialize, Serialize};

use super::{Call, Memory};
use crate::domain::{Lang, Principal};
use crate::store::Record;

/// A conversation between its turns.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub conversation: String,
    /// Whose it is.
    pub principal: Principal,
    /// Slots, choices, questions.
    pub memory: Memory,
    /// Turns that are complete.
    pub turns: u32,
    /// The language of the last question.
    pub lang: Lang,
}

impl Session {
    /// A conversation that has not begun.
    pub fn new(conversation: &str, principal: &Principal) -> Self {
        Self {
            conversation: conversation.to_owned(),
            principal: principal.clone(),
            memory: Memory::default(),
            turns: 0,
            lang: Lang::default(),
        }
    }

    /// Key of a principal's conversation; who may see less or more than before begins anew.
    pub fn key_of(conversation: &str, principal: &Principal) -> Vec<u8> {
        let customer = principal.customer.as_ref().map_or("", |customer| customer.0.as_str());
        let parts =
            [principal.channel.as_str(), principal.id.as_str(), principal.role.key(), customer, conversation];
        parts.join("\0").into_bytes()
    }

    /// The language to answer in: the question's own; a bare number or a choice goes on in the conversation's.
    pub fn lang_of(&self, text: &str) -> Lang {
        let wordless = !text.chars().any(char::is_alphabetic);
        if self.turns > 0 && (wordless || self.memory.chosen(text).is_some()) {
            self.lang
        } else {
            Lang::of(text)
        }
    }
}

impl Record for Session {
    const TABLE: &'static str = "session";
    const VERSION: u8 = 1;
    const JSON: bool = true;
    fn key(&self) -> Vec<u8> {
        Self::key_of(&self.conversation, &self.principal)
    }
}

impl Memory {
    /// The pending choice that this reply means: its number from 1, or its label.
    pub fn chosen(&self, reply: &str) -> Option<&Call> {
        let by_number = ordinal(reply).and_then(|index| self.pending.get(index));
        let label = bare(reply).to_lowercase();
        let by_label = || self.pending.iter().find(|choice| choice.label.to_lowercase() == label);
        by_number.or_else(by_label).map(|choice| &choice.call)
    }

    /// The follow-up question that this number means; they are counted on from the choices.
    pub fn follow_up(&self, reply: &str) -> Option<&str> {
        let index = ordinal(reply)?.checked_sub(self.pending.len())?;
        self.offered.get(index).map(String::as_str)
    }
}

fn bare(reply: &str) -> &str {
    reply.trim().trim_end_matches(['.', '。', ')', '、']).trim()
}

/// A bare number, counted from 0.
fn ordinal(reply: &str) -> Option<usize> {
    bare(reply).parse::<usize>().ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{Choice, Plan};

    #[test]
    fn a_choice_is_made_by_number_or_label_once() {
        let call = |tool: &str| Call { tool: tool.into(), args: serde_json::Map::new() };
        let mut memory = Memory::default();
        let choices = ["Espresso Beans 1kg", "Espresso Beans 250g"]
            .map(|label| Choice { label: label.into(), call: call(label) })
            .to_vec();
        memory.record("beans", &Plan::Clarify { key: "which".into(), params: Default::default(), choices });
        assert_eq!(memory.chosen("2"), Some(&call("Espresso Beans 250g")));
        assert_eq!(memory.chosen(" 2. "), Some(&call("Espresso Beans 250g")));
        assert_eq!(memory.chosen("espresso beans 1KG"), Some(&call("Espresso Beans 1kg")));
        assert_eq!((memory.chosen("3"), memory.chosen("0"), memory.chosen("orders")), (None, None, None));
        memory.offered = vec!["And by city?".into()];
        assert_eq!((memory.follow_up("3"), memory.follow_up("2")), (Some("And by city?"), None));
        memory.record("2", &Plan::Calls(vec![call("Espresso Beans 250g")]));
        assert_eq!(memory.chosen("1"), None, "an answered question is no longer pending");
        assert_eq!(memory.follow_up("1"), None, "nor are its follow-ups offered");
    }

    #[test]
    fn a_number_goes_on_in_the_conversations_language() {
        let mut session = Session::new("c", &Principal::local_manager());
        assert_eq!(session.lang_of("2"), Lang::En);
        (session.turns, session.lang) = (1, Lang::Zh);
        assert_eq!(session.lang_of("2"), Lang::Zh);
        assert_eq!(session.lang_of("revenue last month"), Lang::En);
    }
}
