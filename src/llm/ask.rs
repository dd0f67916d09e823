//! What is sent to the model?

use serde_json::{Map, Value, json};

/// A tool as the model sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Plain JSON schema of its arguments.
    pub parameters: Value,
}

/// A request: fixed words first, then what changes, so that servers can keep what they have read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ask {
    /// The same to the byte for every question.
    pub system: String,
    /// What changes.
    pub user: String,
    /// Native tools.
    pub tools: Vec<ToolSpec>,
    /// The JSON schema that the reply must keep to.
    pub schema: Option<Value>,
    /// The longest reply, in tokens.
    pub max_tokens: u32,
}

/// Parameters that a server was found not to take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Quirks {
    pub(super) no_temperature: bool,
    pub(super) completion_tokens: bool,
    pub(super) no_stream_options: bool,
    pub(super) no_stream: bool,
    /// It thinks aloud, and marks only the end of that.
    pub(super) thinks: bool,
}

impl Quirks {
    /// The parameter that a refusal names is left out from now on; `None` where it names none of these.
    pub(super) fn learn(mut self, refusal: &str) -> Option<Self> {
        let before = self;
        if refusal.contains("temperature") {
            self.no_temperature = true;
        } else if refusal.contains("max_tokens") || refusal.contains("max_completion_tokens") {
            self.completion_tokens = !self.completion_tokens;
        } else if refusal.contains("stream_options") {
            self.no_stream_options = true;
        } else if refusal
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| matches!(word, "stream" | "streaming"))
        {
            self.no_stream = true;
        }
        (self != before).then_some(self)
    }
}

impl Ask {
    pub(super) fn body(&self, model: &str, quirks: Quirks) -> Value {
        let mut body = Map::new();
        body.insert("model".into(), model.into());
        let messages = json!([
            {"role": "system", "content": self.system},
            {"role": "user", "content": self.user},
        ]);
        body.insert("messages".into(), messages);
        if !self.tools.is_empty() {
            let tools = self.tools.iter().map(|tool| {
                let ToolSpec { name, description, parameters } = tool;
                json!({"type": "function", "function":
                    {"name": name, "description": description, "parameters": parameters}})
            });
            body.insert("tools".into(), tools.collect());
        }
        if let Some(schema) = &self.schema {
            let format = json!({"type": "json_schema", "json_schema": {"name": "plan", "schema": schema}});
            body.insert("response_format".into(), format);
        }
        if !quirks.no_temperature {
            body.insert("temperature".into(), 0.into());
        }
        let most = if quirks.completion_tokens { "max_completion_tokens" } else { "max_tokens" };
        body.insert(most.into(), self.max_tokens.into());
        body.insert("stream".into(), (!quirks.no_stream).into());
        if !quirks.no_stream && !quirks.no_stream_options {
            body.insert("stream_options".into(), json!({"include_usage": true}));
        }
        Value::Object(body)
    }

    /// Letters sent, for a guess at tokens.
    pub(super) fn length(&self) -> usize {
        let tools = self.tools.iter().map(|tool| tool.description.len() + tool.parameters.to_string().len());
        self.system.len() + self.user.len() + tools.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_does_not_take_is_left_out() {
        let ask = Ask { system: "s".into(), user: "u".into(), max_tokens: 9, ..Ask::default() };
        let quirks = Quirks::default();
        let body = ask.body("m", quirks);
        assert_eq!((&body["max_tokens"], &body["temperature"]), (&json!(9), &json!(0)));
        let quirks = quirks.learn("Unsupported parameter: 'max_tokens'").unwrap();
        let quirks = quirks.learn("'temperature' does not support 0").unwrap();
        let quirks = quirks.learn("unknown field stream_options").unwrap();
        let body = ask.body("m", quirks);
        assert_eq!(body["max_completion_tokens"], 9);
        assert!(body.get("temperature").is_none() && body.get("stream_options").is_none());
        assert_eq!(body["stream"], true);
        assert_eq!(quirks.learn("temperature"), None);
        assert_eq!(quirks.learn("something else"), None);
    }
}
