//! What did the model mean by that?
//!
//! Native calls, JSON held to the schema, or JSON in a fence in the midst of a text: all become the same small grammar.
//! Arguments are mended by the tool's schema; what the model says in words passes the number check here already.

use serde_json::{Map, Value};

use super::prompt::BESIDES;
use crate::agent::compose::sentences;
use crate::agent::ledger::Ledger;
use crate::agent::planner::{EmbeddedPlanner, PlanRequest};
use crate::agent::{Call, Plan, Refusal, claims, repair};
use crate::llm::{Reply, ToolUse};
use crate::prompts::Prompts;
use crate::tool::{Entry, schema};

/// Calls taken of one reply; the turn's own limit says the rest.
const MOST: usize = 32;
/// Choices offered at most.
const CHOICES: usize = 3;
/// How names of tools are dressed by some models.
const DRESS: [&str; 5] = ["functions.", "function.", "tools.", "tool.", "mercato."];

pub(super) struct Reader<'a> {
    pub(super) catalogue: &'a [Entry],
    pub(super) embedded: &'a EmbeddedPlanner,
    pub(super) prompts: &'a Prompts,
    pub(super) request: &'a PlanRequest,
}

impl Reader<'_> {
    /// The plan; else why there is none, for the model to read. Plain text is a reply where the model is known to make
    /// calls when it wants to.
    pub(super) fn read(&self, reply: &Reply, text_is_reply: bool) -> Result<Plan, String> {
        let uses = if reply.calls.is_empty() { written(&reply.text) } else { reply.calls.clone() };
        if uses.is_empty() {
            let text = reply.text.trim();
            return match text_is_reply && !text.is_empty() {
                true => Ok(Plan::Reply(text.to_owned())),
                false => Err("there was no call of a tool in it".into()),
            };
        }
        let mut calls = Vec::new();
        let mut trouble = None;
        for each in uses.into_iter().take(MOST) {
            let Some(name) = self.known(&each.name) else {
                let names: Vec<&str> = self.mine().map(|entry| entry.name).chain(BESIDES).collect();
                let wrong: String = each.name.chars().take(40).collect();
                trouble
                    .get_or_insert(format!("there is no tool {wrong:?}; the tools are {}", names.join(", ")));
                continue;
            };
            if name == "reply" || BESIDES.contains(&name) {
                if calls.is_empty() {
                    return Ok(self.besides(name, &each.args));
                }
                continue;
            }
            match self.call(name, &each.args) {
                Ok(call) if calls.contains(&call) => {}
                Ok(call) => calls.push(call),
                Err(why) => drop(trouble.get_or_insert(why)),
            }
        }
        match (calls.is_empty(), trouble) {
            (true, trouble) => Err(trouble.unwrap_or_else(|| "there was no call of a tool in it".into())),
            (false, _) => Ok(Plan::Calls(calls)),
        }
    }

    fn mine(&self) -> impl Iterator<Item = &Entry> {
        self.catalogue.iter().filter(|entry| entry.roles.contains(&self.request.role))
    }

    /// The tool of that name, however it is written.
    fn known(&self, name: &str) -> Option<&'static str> {
        let bare = DRESS.iter().find_map(|dress| name.strip_prefix(dress)).unwrap_or(name);
        let fold = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let names = self.mine().map(|entry| entry.name).chain(BESIDES).chain(["reply"]);
        let mut names = names.filter(|known| fold(known) == fold(bare));
        names.next()
    }

    /// A call with its arguments mended as far as its schema goes.
    fn call(&self, name: &str, args: &Value) -> Result<Call, String> {
        let entry = self.mine().find(|entry| entry.name == name).ok_or("no such tool")?;
        let plain = schema::render(&(entry.schema)(), schema::Rendering::Plain);
        let (mended, _) = repair::repair(args, &plain, self.prompts);
        match mended {
            Value::Object(args) => Ok(Call { tool: name.to_owned(), args }),
            other => Err(format!("the arguments of {name} are no object: {other}")),
        }
    }

    fn besides(&self, name: &str, args: &Value) -> Plan {
        let text = |key: &str| args.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        match name {
            "hand_over" => Plan::Handoff,
            "refuse" => Plan::Refuse(match text("reason").as_str() {
                "injection" => Refusal::Injection,
                "not_yet" => Refusal::NotYet,
                "not_understood" => Refusal::NotUnderstood,
                _ => Refusal::OutOfScope,
            }),
            "reply" => Plan::Reply(text("text")),
            _ => self.asked_back(&text("question"), args),
        }
    }

    /// Its question where every number in it is the asker's, with those of its choices that can run.
    fn asked_back(&self, question: &str, args: &Value) -> Plan {
        let offered = args.get("choices").and_then(Value::as_array).into_iter().flatten();
        let choices = offered.filter_map(|choice| {
            let each = one(choice)?;
            let call = self.call(self.known(&each.name)?, &each.args).ok()?;
            let entry = self.mine().find(|entry| entry.name == call.tool)?;
            (entry.check)(&Value::Object(call.args.clone())).ok()?;
            Some(self.embedded.choice(call, self.request.lang))
        });
        let choices: Vec<_> = choices.take(CHOICES).collect();
        let mut ledger = Ledger::default();
        ledger.question(&self.request.question);
        let honest = !question.is_empty()
            && sentences(question)
                .iter()
                .all(|(said, _)| ledger.check(said).is_ok() && claims::check(said, false).is_ok());
        let mut params = Map::new();
        let key = if honest { "asked" } else { "which" };
        if honest {
            params.insert("question".into(), question.into());
        }
        Plan::Clarify { key: key.into(), params, choices }
    }
}

/// Whether a text holds a whole plan, so that reading on is not needed.
pub(super) fn holds_plan(text: &str) -> bool {
    let text = text.trim_end();
    // what ends here may be a part of what is still being written
    if let Some(opened) = text.find(['{', '[']).and_then(|at| text.get(at..)) {
        let first = serde_json::Deserializer::from_str(opened).into_iter::<Value>().next();
        if matches!(first, Some(Err(error)) if error.is_eof()) {
            return false;
        }
    }
    (text.ends_with('}') || text.ends_with(']') || text.ends_with("```")) && !written(text).is_empty()
}

/// The calls written into a text as JSON, bare or in fences.
fn written(text: &str) -> Vec<ToolUse> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[']) {
        let Some(from) = rest.get(at..) else { break };
        let mut values = serde_json::Deserializer::from_str(from).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                let end = values.byte_offset();
                several(&value, &mut found);
                rest = from.get(end..).unwrap_or_default();
            }
            _ => rest = from.get(1..).unwrap_or_default(),
        }
    }
    found
}

fn several(value: &Value, found: &mut Vec<ToolUse>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| several(value, found)),
        Value::Object(object) => {
            let inner = ["calls", "tool_calls"].iter().find_map(|key| object.get(*key)?.as_array());
            match inner {
                Some(calls) => calls.iter().for_each(|call| several(call, found)),
                None => found.extend(one(value)),
            }
        }
        _ => {}
    }
}

/// `{"tool", "args"}`, `{"name", "arguments"}`, or the same inside `function`.
fn one(value: &Value) -> Option<ToolUse> {
    let value = value.get("function").filter(|inner| inner.is_object()).unwrap_or(value);
    let object = value.as_object()?;
    let name = ["tool", "name", "function", "tool_name"].iter().find_map(|key| object.get(*key)?.as_str())?;
    let args = ["args", "arguments", "parameters", "input"].iter().find_map(|key| object.get(*key));
    let args = match (args, name) {
        (Some(args), _) => args.clone(),
        // {"tool": "reply", "text": …}
        (None, _) => {
            let besides = object.iter().filter(|(_, value)| value.as_str() != Some(name));
            Value::Object(besides.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
    };
    Some(ToolUse { name: name.to_owned(), args })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> =
            written(text).iter().map(|each| format!("{} {}", each.name, each.args)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn calls_are_found_in_texts_of_many_kinds() {
        check(r#"{"tool":"a","args":{"x":1}}"#, &[r#"a {"x":1}"#]);
        check("I call it:\n```json\n{\"name\": \"a\", \"arguments\": {}}\n```\n\n\n", &["a {}"]);
        check(
            "```\n{\"tool\":\"a\",\"args\":{}}\n```\n```\n{\"tool\":\"b\",\"args\":{}}\n```",
            &["a {}", "b {}"],
        );
        check(
            r#"[{"name":"a","parameters":{}},{"function":{"name":"b","arguments":"{}"}}]"#,
            &["a {}", r#"b "{}""#],
        );
        check(r#"{"calls":[{"tool":"a","args":{}}]}"#, &["a {}"]);
        check(r#"{"tool":"reply","text":"hi {there}"}"#, &[r#"reply {"text":"hi {there}"}"#]);
        check("no {braces} here, [none]", &[]);
        check(r#"{"tool": "a", "args": {"x":"#, &[]);
        assert!(!holds_plan(r#"{"tool":"ask_back","args":{"choices":[{"tool":"a","args":{}}"#));
        assert!(!holds_plan(r#"{"calls":[{"tool":"a","args":{}}"#));
        assert!(holds_plan("{\"tool\":\"a\",\"args\":{}}\n") && !holds_plan("{\"tool\":\"a\",\"args\":{}"));
    }
}
