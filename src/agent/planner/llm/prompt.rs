//! What is the model told about the question?
//!
//! First what never changes (the rules, the tools), the same to the byte, so that servers keep what they have read; then
//! the shop's days and names, what was said before, and the question last.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::agent::compose::sentences;
use crate::agent::planner::PlanRequest;
use crate::agent::{Call, Plan, ShopDays, guard};
use crate::domain::Role;
use crate::llm::{Ask, ToolSpec, Way};
use crate::prompts::Prompts;
use crate::tool::Entry;
use crate::tool::schema::{Rendering, render};

/// The longest plan, in tokens; a model that thinks aloud needs room for it.
const LONGEST: u32 = 1500;
/// The same where only a name is wanted.
const SHORT: u32 = 400;
/// Names of a kind that are told.
const NAMES: usize = 80;
/// Earlier questions and calls that are told.
const EARLIER: usize = 4;

/// What else the model can say, as tools of its own.
pub(super) const BESIDES: [&str; 3] = ["ask_back", "refuse", "hand_over"];

/// Makes requests.
pub(super) struct Prompter<'a> {
    pub(super) prompts: &'a Prompts,
    pub(super) catalogue: &'a [Entry],
    /// Whether the model leads: else it only chooses between tools, and has less to read.
    pub(super) full: bool,
}

impl Prompter<'_> {
    pub(super) fn ask(&self, way: Way, request: &PlanRequest, draft: &Plan, trouble: Option<&str>) -> Ask {
        let mut system = self.say("role").to_owned();
        let mut ask = Ask { max_tokens: LONGEST, ..Ask::default() };
        match way {
            Way::Native => ask.tools = self.specs(request.role),
            Way::Schema | Way::Text => {
                let _ = write!(system, "\n\n{}", self.say("json"));
                for tool in self.entries(request.role) {
                    if self.full {
                        let args = outline(&render(&(tool.schema)(), Rendering::Reduced));
                        let _ =
                            write!(system, "\n- {}: {} args: {args}", tool.name, self.description(tool.name));
                    } else {
                        let _ = write!(system, "\n- {}: {}", tool.name, self.gist(tool.name));
                    }
                }
                ask.schema = (way == Way::Schema).then(|| self.grammar(request.role));
            }
        }
        ask.system = system;
        ask.user = self.user(request, draft, trouble);
        ask
    }

    /// A first question: the tools with their names and purposes only.
    pub(super) fn meeting(&self, request: &PlanRequest) -> Ask {
        let open = || json!({"type": "object", "properties": {}, "additionalProperties": true});
        let tool = |entry: &Entry| ToolSpec {
            name: entry.name.to_owned(),
            description: self.gist(entry.name),
            parameters: open(),
        };
        Ask {
            system: self.say("meeting").to_owned(),
            user: self.told("question", &[("question", &request.question)]),
            tools: self.entries(request.role).map(tool).collect(),
            schema: None,
            max_tokens: SHORT,
        }
    }

    pub(super) fn say(&self, section: &str) -> &str {
        self.prompts.system("manager", section)
    }

    fn told(&self, section: &str, values: &[(&str, &str)]) -> String {
        self.prompts.told("manager", section, values)
    }

    /// The question with what stands around it.
    fn user(&self, request: &PlanRequest, draft: &Plan, trouble: Option<&str>) -> String {
        let mut text = String::new();
        if self.full {
            let ShopDays { today, data } = request.days;
            let [today, from, to] = [today, data.from, data.to].map(|day| day.to_string());
            text = self.told("days", &[("today", &today), ("from", &from), ("to", &to)]) + "\n";
            text.push_str(&names(request));
        }
        let earlier = self.earlier(request);
        if !earlier.is_empty() {
            let _ = write!(text, "\n{}", guard::wrapped("the conversation so far", &earlier));
        }
        if let Plan::Calls(calls) = draft {
            let calls: Vec<String> = calls.iter().map(written).collect();
            let calls = guard::wrapped("calls of the quick reader", &calls.join("\n"));
            let _ = write!(text, "\n{}\n{calls}", self.say("draft"));
        }
        let _ = write!(text, "\n{}", self.told("question", &[("question", &request.question)]));
        if let Some(trouble) = trouble {
            let _ = write!(text, "\n\n{}\n{}", self.say("again"), guard::wrapped("the reason", trouble));
        }
        text
    }

    /// What was said before; calls and offered questions hold names of the shop's data.
    fn earlier(&self, request: &PlanRequest) -> String {
        let (mut text, memory) = (String::new(), &request.memory);
        if !memory.questions.is_empty() {
            let from = memory.questions.len().saturating_sub(EARLIER);
            let _ = writeln!(text, "{}", self.say("earlier_questions"));
            for question in memory.questions.iter().skip(from) {
                let _ = writeln!(text, "- {question}");
            }
        }
        if !memory.calls.is_empty() {
            let from = memory.calls.len().saturating_sub(EARLIER);
            let _ = writeln!(text, "{}", self.say("earlier_calls"));
            for call in memory.calls.iter().skip(from) {
                let _ = writeln!(text, "- {}", written(call));
            }
        }
        if !memory.figures.is_empty() {
            let _ = writeln!(text, "{}", self.told("figures", &[("figures", &memory.figures.join(", "))]));
        }
        text
    }

    fn entries(&self, role: Role) -> impl Iterator<Item = &Entry> {
        self.catalogue.iter().filter(move |tool| tool.roles.contains(&role))
    }

    fn description(&self, tool: &str) -> String {
        self.prompts.tool(tool).map(|topic| topic.description.trim().replace('\n', " ")).unwrap_or_default()
    }

    /// The first sentence of the description.
    fn gist(&self, tool: &str) -> String {
        let description = self.description(tool);
        sentences(&description).first().map(|(sentence, _)| (*sentence).to_owned()).unwrap_or_default()
    }

    fn specs(&self, role: Role) -> Vec<ToolSpec> {
        let tool = |entry: &Entry| ToolSpec {
            name: entry.name.to_owned(),
            description: self.description(entry.name),
            parameters: (entry.schema)(),
        };
        let beside = |name: &&str| ToolSpec {
            name: (*name).to_owned(),
            description: self.say(name).to_owned(),
            parameters: beside_args(name),
        };
        self.entries(role).map(tool).chain(BESIDES.iter().map(beside)).collect()
    }

    /// One of the tools with its arguments, or one of what can be said besides.
    fn grammar(&self, role: Role) -> Value {
        if !self.full {
            let names = self.entries(role).map(|tool| tool.name).chain(BESIDES).collect::<Vec<_>>();
            return json!({"type": "object", "properties": {"tool": {"type": "string", "enum": names}},
                "required": ["tool"], "additionalProperties": false});
        }
        let one = |name: &str, args: Value| {
            json!({"type": "object", "properties": {"tool": {"const": name}, "args": args},
                "required": ["tool", "args"], "additionalProperties": false})
        };
        let tools =
            self.entries(role).map(|tool| one(tool.name, render(&(tool.schema)(), Rendering::Reduced)));
        let besides = BESIDES.iter().map(|name| one(name, beside_args(name)));
        json!({"anyOf": tools.chain(besides).collect::<Vec<Value>>()})
    }
}

fn beside_args(name: &str) -> Value {
    match name {
        "ask_back" => json!({"type": "object", "properties": {
            "question": {"type": "string"},
            "choices": {"type": "array", "items": {"type": "object", "properties": {
                "tool": {"type": "string"}, "args": {"type": "object"}}, "required": ["tool", "args"]}}},
            "required": ["question", "choices"]}),
        "refuse" => json!({"type": "object", "properties": {"reason": {"type": "string",
            "enum": ["out_of_scope", "injection", "not_yet", "not_understood"]}}, "required": ["reason"]}),
        _ => json!({"type": "object", "properties": {}}),
    }
}

/// Names of arguments, required ones marked, with the values that can be chosen.
fn outline(schema: &Value) -> String {
    let required = |name: &str| {
        schema.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|n| n == name))
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let parts = properties.into_iter().flatten().map(|(name, property)| {
        let mut values = Vec::new();
        chosen_from(property, &mut values);
        let star = if required(name) { "*" } else { "" };
        let inner = if property.to_string().contains("\"properties\"") {
            alternatives(property).find(|part| part.get("properties").is_some()).map(outline)
        } else {
            None
        };
        match (inner, values.is_empty()) {
            (Some(inner), _) => format!("{name}{star} {inner}"),
            (None, true) => format!("{name}{star}"),
            (None, false) => format!("{name}{star} ({})", values.join("|")),
        }
    });
    format!("{{{}}}", parts.collect::<Vec<_>>().join(", "))
}

fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    let several = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    std::iter::once(schema).chain(several)
}

fn chosen_from(schema: &Value, values: &mut Vec<String>) {
    for part in alternatives(schema) {
        let listed = part.get("enum").and_then(Value::as_array).into_iter().flatten();
        values.extend(listed.chain(part.get("const")).filter_map(Value::as_str).map(str::to_owned));
        if !std::ptr::eq(part, schema) {
            chosen_from(part, values);
        }
    }
}

fn written(call: &Call) -> String {
    json!({"tool": call.tool, "args": call.args}).to_string()
}

/// The shop's names.
fn names(request: &PlanRequest) -> String {
    let names = &request.entities;
    let products: Vec<String> = names.products.iter().map(|product| product.name.clone()).collect();
    let kinds = [
        ("cities", &names.cities),
        ("categories", &names.categories),
        ("channels", &names.channels),
        ("products", &products),
    ];
    let mut told = String::new();
    for (kind, names) in kinds.into_iter().filter(|(_, names)| !names.is_empty()) {
        let some: Vec<&str> = names.iter().take(NAMES).map(String::as_str).collect();
        let _ = writeln!(told, "{kind}: {}", some.join("; "));
    }
    guard::wrapped("names in the shop", &told)
}
