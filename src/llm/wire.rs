//! What may a server send, if we are not strict about it?
//!
//! One shape for a whole reply and for a piece of a stream (`message` or `delta`). A field of another type than it should
//! have counts as absent; numbers may be texts, arguments may be objects, content may be a list of parts.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A reply, or a piece of one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Part {
    /// The first is used.
    #[serde(deserialize_with = "lenient")]
    pub choices: Vec<Choice>,
    /// Tokens used; in a stream it comes last.
    #[serde(deserialize_with = "lenient")]
    pub usage: Option<Usage>,
    /// An error in the middle.
    #[serde(deserialize_with = "lenient")]
    pub error: Option<Value>,
}

/// One of the alternatives.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// In a whole reply.
    #[serde(deserialize_with = "lenient")]
    pub message: Option<Message>,
    /// In a stream.
    #[serde(deserialize_with = "lenient")]
    pub delta: Option<Message>,
    /// Why it ended; empty counts as not said.
    #[serde(deserialize_with = "lenient")]
    pub finish_reason: Option<String>,
}

/// What the model says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Message {
    /// A text, or a list of parts with texts.
    #[serde(deserialize_with = "text")]
    pub content: String,
    /// Calls, or pieces of calls.
    #[serde(deserialize_with = "lenient")]
    pub tool_calls: Vec<ToolCall>,
    /// The one call of older servers.
    #[serde(deserialize_with = "lenient")]
    pub function_call: Option<Function>,
}

/// A call, or a piece of one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ToolCall {
    /// Which of several; often missing.
    #[serde(deserialize_with = "lenient")]
    pub index: Option<u64>,
    /// Often missing, sometimes empty.
    #[serde(deserialize_with = "lenient")]
    pub id: Option<String>,
    /// Name and arguments.
    #[serde(deserialize_with = "lenient")]
    pub function: Option<Function>,
}

/// Name and arguments of a call.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Function {
    /// The tool.
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    /// JSON in a text (or a piece of it), or the object itself.
    #[serde(deserialize_with = "lenient")]
    pub arguments: Value,
}

/// Tokens used.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Read.
    #[serde(deserialize_with = "lenient")]
    pub prompt_tokens: u64,
    /// Written.
    #[serde(deserialize_with = "lenient")]
    pub completion_tokens: u64,
}

/// A field that cannot be read is absent.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(deserializer: D) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let part = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.get("text").and_then(Value::as_str).unwrap_or_default().to_owned(),
    };
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(parts) => parts.iter().map(part).collect(),
        other => part(&other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quirky_replies_are_read() {
        let part: Part = serde_json::from_str(
            r#"{"choices":[{"message":{"content":null,"tool_calls":[{"function":{"name":"x","arguments":{"a":1}}}]},
                "finish_reason":""}],"usage":{},"id":3}"#,
        )
        .unwrap();
        let message = part.choices[0].message.as_ref().unwrap();
        assert_eq!(message.tool_calls[0].function.as_ref().unwrap().arguments["a"], 1);
        assert_eq!((message.content.as_str(), part.usage.unwrap().prompt_tokens), ("", 0));
        let part: Part = serde_json::from_str(
            r#"{"choices":[{"delta":{"content":[{"type":"text","text":"a"},{"text":"b"}],"tool_calls":null}}],
                "usage":null}"#,
        )
        .unwrap();
        assert_eq!(part.choices[0].delta.as_ref().unwrap().content, "ab");
        assert!(part.usage.is_none());
        assert!(serde_json::from_str::<Part>(r#"{"choices":"none"}"#).unwrap().choices.is_empty());
    }
}
