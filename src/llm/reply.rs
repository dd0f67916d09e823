//! How do the pieces of a reply fit together?

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::wire::{Function, Part, ToolCall};

/// Tokens and money used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Tokens, read and written.
    pub tokens: u64,
    /// Money, in millionths.
    pub micros: u64,
}

impl Spent {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            micros: self.micros.saturating_add(other.micros),
        }
    }
}

/// A call as the model wrote it.
#[derive(Clone, PartialEq, Debug)]
pub struct ToolUse {
    /// The tool's name.
    pub name: String,
    /// As written: an object, or whatever else it was.
    pub args: Value,
}

/// A whole reply.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Reply {
    /// What it says, without what it thought aloud.
    pub text: String,
    /// Native calls.
    pub calls: Vec<ToolUse>,
    /// What it cost.
    pub spent: Spent,
}

/// Reasons for an end that is none: it was as long as it may be, or the server let go of it.
const CURTAILED: [&str; 7] = [
    "length",
    "max_tokens",
    "model_length",
    "content_filter",
    "sensitive",
    "insufficient_system_resource",
    "network_error",
];

/// A reply being put together.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    text: String,
    shown: usize,
    calls: Vec<Open>,
    /// A reason was given, or the closing piece came.
    pub(super) complete: bool,
    /// The reason that was given, where it says that there should have been more.
    pub(super) curtailed: Option<String>,
    /// Whether any choice came.
    pub(super) any: bool,
    pub(super) tokens: Option<(u64, u64)>,
    /// Its replies begin with thoughts whose end alone is marked.
    thinks: bool,
}

/// How thoughts are set off from the answer.
const THOUGHTS: [(&str, &str); 5] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<|channel|>analysis", "<|channel|>final<|message|>"),
];

/// Bytes that a tag may have.
const TAG_MOST: usize = 32;

/// Without the marks that servers should have kept to themselves: `<|im_end|>`, `</s>`.
fn untagged(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        said.push_str(before);
        let mark = match tag.strip_prefix("<|").and_then(|inner| inner.find("|>")) {
            Some(inside) if inside < TAG_MOST => inside + "<||>".len(),
            _ if tag.starts_with("</s>") => "</s>".len(),
            _ => 0,
        };
        if mark == 0 {
            said.push('<');
        }
        rest = tag.get(mark.max(1)..).unwrap_or_default();
    }
    said + rest
}

#[derive(Debug, Default)]
struct Open {
    index: Option<u64>,
    id: String,
    name: String,
    text: String,
    object: Option<Map<String, Value>>,
}

impl Open {
    fn whole(&self) -> bool {
        self.object.is_some() || serde_json::from_str::<Value>(&self.text).is_ok()
    }
}

impl Assembler {
    /// Nothing so far; whether thoughts come first whose end alone is marked.
    pub(super) fn of(thinks: bool) -> Self {
        Self { thinks, ..Self::default() }
    }

    /// Adds a piece; gives back what is new to read.
    pub(super) fn add(&mut self, part: Part) -> String {
        if let Some(usage) = part.usage {
            if usage.prompt_tokens + usage.completion_tokens > 0 {
                self.tokens = Some((usage.prompt_tokens, usage.completion_tokens));
            }
            // some servers send it with each piece; alone it comes last
            self.complete |= self.any && part.choices.is_empty();
        }
        for choice in part.choices.into_iter().take(1) {
            self.any = true;
            if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
                self.complete = true;
                let curtailed = Some(reason).filter(|reason| CURTAILED.contains(&reason.as_str()));
                self.curtailed = self.curtailed.take().or(curtailed);
            }
            for message in choice.message.into_iter().chain(choice.delta) {
                self.text.push_str(&message.content);
                let old = message.function_call.map(|function| ToolCall {
                    index: Some(0),
                    function: Some(function),
                    ..ToolCall::default()
                });
                for call in message.tool_calls.into_iter().chain(old) {
                    self.call(call);
                }
            }
        }
        self.fresh()
    }

    fn call(&mut self, piece: ToolCall) {
        let Function { name, arguments } = piece.function.unwrap_or_default();
        let (name, id) = (name.unwrap_or_default(), piece.id.unwrap_or_default());
        let goes_on = match (self.calls.last(), piece.index) {
            (None, _) => false,
            // one index for two calls, each with its own id
            (Some(last), Some(index)) if last.index == Some(index) => {
                name.is_empty() || id.is_empty() || last.id.is_empty() || id == last.id
            }
            (Some(_), Some(_)) => false,
            (Some(last), None) if name.is_empty() => id.is_empty() || id == last.id,
            // the name again: a new call, unless the last is still being written under the same name or id
            (Some(last), None) => last.name == name && !last.whole() && (id.is_empty() || id == last.id),
        };
        if !goes_on {
            let earlier = piece.index.and_then(|index| {
                self.calls
                    .iter()
                    .position(|open| open.index == Some(index) && (id.is_empty() || open.id == id))
            });
            match earlier {
                // several calls written in turns
                Some(at) => {
                    let open = self.calls.remove(at);
                    self.calls.push(open);
                }
                None => self.calls.push(Open { index: piece.index, id, ..Open::default() }),
            }
        }
        let Some(open) = self.calls.last_mut() else { return };
        if open.name.is_empty() {
            open.name = name;
        }
        match arguments {
            Value::String(text) => open.text.push_str(&text),
            Value::Object(object) => open.object = Some(object),
            _ => {}
        }
    }

    pub(super) fn calls_are_whole(&self) -> bool {
        !self.calls.is_empty() && self.calls.iter().all(Open::whole)
    }

    /// What of the text may be read and was not given out: no thoughts, and no half of a tag.
    fn fresh(&mut self) -> String {
        let Some(begin) = self.answer_from() else { return String::new() };
        let from = self.shown.max(begin);
        let tag = self.text.rfind('<').filter(|at| self.text.len() - at < TAG_MOST);
        let open = tag.filter(|at| self.text.get(*at..).is_some_and(|tail| !tail.contains('>')));
        let end = open.unwrap_or(self.text.len());
        let new = untagged(self.text.get(from..end).unwrap_or_default());
        self.shown = self.shown.max(end.max(begin));
        new
    }

    /// What was held back and turned out to be said, once all has come.
    pub(super) fn rest(&mut self) -> String {
        let from = self.shown.max(self.begin());
        self.shown = self.text.len();
        untagged(self.text.get(from..).unwrap_or_default())
    }

    /// Where the answer begins in a text that is whole; at its end where all of it is thoughts.
    fn begin(&self) -> usize {
        let opened = THOUGHTS.iter().any(|(open, _)| self.text.trim_start().starts_with(open));
        self.answer_from().unwrap_or(if opened { self.text.len() } else { 0 })
    }

    /// Where the answer begins; `None` while it is still thinking.
    fn answer_from(&self) -> Option<usize> {
        if let Some(at) = self.thoughts_end() {
            return Some(at);
        }
        let begun = self.text.trim_start();
        // the tag itself may come in pieces
        let opens = |(open, _): &(&str, &str)| begun.starts_with(open) || open.starts_with(begun);
        let lead = self.text.len() - begun.len();
        (!self.thinks && (begun.is_empty() || !THOUGHTS.iter().any(opens))).then_some(lead)
    }

    fn thoughts_end(&self) -> Option<usize> {
        THOUGHTS.iter().find_map(|(_, close)| self.text.find(close).map(|at| at + close.len()))
    }

    /// Whether thoughts ended in it that it did not open: the server's template opens them.
    pub(super) fn thinks_unopened(&self) -> bool {
        let begun = self.text.trim_start();
        self.thoughts_end().is_some() && !THOUGHTS.iter().any(|(open, _)| begun.starts_with(open))
    }

    /// What it has cost so far: as the server counts, else about three letters a token.
    pub(super) fn spent(&self, prices: super::Prices, read: usize) -> Spent {
        let written = || self.text.len() + self.calls.iter().map(|open| open.text.len()).sum::<usize>();
        let (input, output) = self.tokens.unwrap_or_else(|| (tokens(read), tokens(written())));
        prices.of(input, output)
    }

    pub(super) fn finish(mut self, prices: super::Prices, read: usize) -> Reply {
        let spent = self.spent(prices, read);
        self.calls.sort_by_key(|open| open.index);
        let calls: Vec<ToolUse> = self
            .calls
            .iter()
            .filter(|open| !open.name.is_empty())
            .map(|open| ToolUse { name: open.name.clone(), args: args(open) })
            .collect();
        let text = untagged(self.text.get(self.begin()..).unwrap_or_default()).trim().to_owned();
        Reply { text, calls, spent }
    }
}

/// A guess at the tokens of this many letters.
pub(super) fn tokens(letters: usize) -> u64 {
    (letters / 3) as u64
}

fn args(open: &Open) -> Value {
    match &open.object {
        Some(object) => Value::Object(object.clone()),
        None if open.text.trim().is_empty() => Value::Object(Map::new()),
        None => serde_json::from_str(&open.text).unwrap_or_else(|_| Value::String(open.text.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn put_together(parts: &[Value]) -> (Reply, bool, String) {
        let mut assembler = Assembler::default();
        let mut read = String::new();
        for part in parts {
            read += &assembler.add(serde_json::from_value(part.clone()).unwrap());
        }
        read += &assembler.rest();
        let complete = assembler.complete;
        (assembler.finish(super::super::Prices { input: 2_000_000, output: 0 }, 0), complete, read)
    }

    fn delta(delta: Value) -> Value {
        json!({"choices": [{"delta": delta}]})
    }

    #[test]
    fn calls_with_and_without_an_index() {
        let piece = |call: Value| delta(json!({"tool_calls": [call]}));
        let names = |reply: &Reply| {
            reply.calls.iter().map(|call| format!("{} {}", call.name, call.args)).collect::<Vec<_>>()
        };
        // two calls without index: each begins with its name
        let (reply, complete, _) = put_together(&[
            piece(json!({"id": "1", "function": {"name": "a", "arguments": "{\"x\":"}})),
            piece(json!({"function": {"arguments": "1}"}})),
            piece(json!({"id": "2", "function": {"name": "a", "arguments": "{}"}})),
            json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}),
        ]);
        assert_eq!((names(&reply), complete), (vec!["a {\"x\":1}".into(), "a {}".into()], true));
        // one index for both
        let (reply, complete, _) = put_together(&[
            piece(json!({"index": 0, "id": "1", "function": {"name": "a", "arguments": {"x": 1}}})),
            piece(json!({"index": 0, "id": "2", "function": {"name": "b"}})),
            json!({"choices": [{"delta": {}, "finish_reason": ""}], "usage": {}}),
        ]);
        assert_eq!((names(&reply), complete), (vec!["a {\"x\":1}".into(), "b {}".into()], false));
        // in turns
        let (reply, ..) = put_together(&[
            piece(json!({"index": 1, "id": "2", "function": {"name": "b", "arguments": "{"}})),
            piece(json!({"index": 0, "id": "1", "function": {"name": "a", "arguments": "{"}})),
            piece(json!({"index": 1, "function": {"arguments": "}"}})),
            piece(json!({"index": 0, "function": {"arguments": "}"}})),
        ]);
        assert_eq!(names(&reply), ["a {}", "b {}"]);
        // the name with each piece
        let (reply, ..) = put_together(&[
            piece(json!({"function": {"name": "a", "arguments": "{\"x\""}})),
            piece(json!({"function": {"name": "a", "arguments": ":2}"}})),
        ]);
        assert_eq!(names(&reply), ["a {\"x\":2}"]);
    }

    #[test]
    fn thoughts_are_not_read_out_and_the_closing_piece_completes() {
        let (reply, complete, read) = put_together(&[
            delta(json!({"content": "<thi"})),
            delta(json!({"content": "nk>Hm.</th"})),
            delta(json!({"content": "ink>\nRevenue "})),
            delta(json!({"content": "was up."})),
            json!({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": "x"}}),
        ]);
        assert_eq!(
            (reply.text.as_str(), read.trim(), complete),
            ("Revenue was up.", "Revenue was up.", true)
        );
        assert_eq!(reply.spent, Spent { tokens: 9, micros: 18 });
        for (parts, said) in [
            (&["<thinking>Well", ".</thinking>Up."][..], "Up."),
            (&["Hm, 3 < 5.", "</think>Up."], "Up."),
            (
                &[
                    "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant",
                    "<|channel|>final<|message|>Up.",
                ],
                "Up.",
            ),
            (&["Up.<|im_", "end|>", "</s>"], "Up."),
            (&["Below <", " 5."], "Below < 5."),
            (&["<think>Hm."], ""),
        ] {
            let parts: Vec<Value> = parts.iter().map(|part| delta(json!({"content": part}))).collect();
            let (reply, _, read) = put_together(&parts);
            assert_eq!(reply.text, said, "{parts:?}");
            assert!(parts.len() == 1 || said == "Up." && read.starts_with("Hm") || read == said, "{read}");
        }
        let mut thinker = Assembler::of(true);
        let add = |thinker: &mut Assembler, text: &str| {
            thinker.add(serde_json::from_value(delta(json!({"content": text}))).unwrap())
        };
        assert_eq!(
            (add(&mut thinker, "Hm."), add(&mut thinker, "</think>Up.")),
            (String::new(), "Up.".into())
        );
        let mut silent = Assembler::of(true);
        assert_eq!((add(&mut silent, "Up."), silent.rest()), (String::new(), "Up.".into()));
        let (_, complete, read) =
            put_together(&[delta(json!({"content": " <b"})), delta(json!({"content": "r>"}))]);
        assert_eq!((read.as_str(), complete), ("<br>", false));
    }
}
