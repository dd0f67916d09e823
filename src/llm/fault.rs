//! What went wrong with the model's server, and what can be done about it?

use async_openai::error::OpenAIError;
use serde_json::Value;

use super::Spent;

/// A reply that did not come, or not whole. The sentence for people is the message `model.<key>`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// Nobody answers at the address.
    #[error("nobody answers at the address: {0}")]
    Unreachable(String),
    /// The key is not taken.
    #[error("the key is not taken: {0}")]
    BadKey(String),
    /// The server has no such model, or no such path.
    #[error("no such model: {0}")]
    UnknownModel(String),
    /// More than the model can read at once.
    #[error("the prompt is too long: {0}")]
    TooLong(String),
    /// The account is used up.
    #[error("the quota is used up: {0}")]
    Quota(String),
    /// Too many requests, after retries.
    #[error("too many requests: {0}")]
    Busy(String),
    /// The server broke, after retries.
    #[error("the server broke: {0}")]
    Server(String),
    /// A parameter the server does not take.
    #[error("not taken: {0}")]
    NotTaken(String),
    /// No reply of the OpenAI kind.
    #[error("not a reply: {0}")]
    Garbled(String),
    /// It ended in the middle.
    #[error("cut off: {0}")]
    CutOff(String),
    /// The server ended it for a reason of its own: most often it was as long as it may be.
    #[error("ended by the server: {0}")]
    Curtailed(String),
    /// Nothing came for too long.
    #[error("stalled")]
    Stalled,
    /// Nothing came a moment ago, so it was not asked.
    #[error("not asked, for it did not answer a moment ago")]
    Resting,
    /// The deadline passed.
    #[error("out of time")]
    OutOfTime,
    /// What the turn may use up is used up.
    #[error("over the budget")]
    OverBudget,
}

/// What came of a question to which no whole reply came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// What went wrong.
    pub fault: Fault,
    /// What it has cost all the same.
    pub spent: Spent,
}

/// How servers say that the prompt is too long.
const TOO_LONG: [&str; 8] = [
    "context length",
    "context_length",
    "maximum context",
    "context size",
    "context window",
    "exceeds the available context",
    "prompt is too long",
    "too many tokens",
];
/// How servers say that they are asked too often; the status is lost where async-openai cannot read the error.
const TOO_MANY: [&str; 7] =
    ["rate_limit", "rate limit", "too many requests", "overloaded", "速率", "频率", "请求过多"];
/// How servers say with a 500 that they do not take a parameter.
const NOT_TAKEN: [&str; 4] = ["--jinja", "not supported", "unsupported", "does not support"];

impl Fault {
    /// The same with its text put through `f`.
    pub(super) fn said(self, f: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Unreachable(text) => Self::Unreachable(f(&text)),
            Self::BadKey(text) => Self::BadKey(f(&text)),
            Self::UnknownModel(text) => Self::UnknownModel(f(&text)),
            Self::TooLong(text) => Self::TooLong(f(&text)),
            Self::Quota(text) => Self::Quota(f(&text)),
            Self::Busy(text) => Self::Busy(f(&text)),
            Self::Server(text) => Self::Server(f(&text)),
            Self::NotTaken(text) => Self::NotTaken(f(&text)),
            Self::Garbled(text) => Self::Garbled(f(&text)),
            Self::CutOff(text) => Self::CutOff(f(&text)),
            Self::Curtailed(text) => Self::Curtailed(f(&text)),
            Self::Stalled | Self::Resting | Self::OutOfTime | Self::OverBudget => self,
        }
    }

    /// Key of the message, section `model`.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::BadKey(_) => "bad_key",
            Self::UnknownModel(_) => "unknown_model",
            Self::TooLong(_) => "too_long",
            Self::Quota(_) => "quota",
            Self::Busy(_) => "busy",
            Self::Server(_) | Self::NotTaken(_) => "server",
            Self::Garbled(_) => "garbled",
            Self::CutOff(_) | Self::Curtailed(_) => "cut_off",
            Self::Stalled => "stalled",
            Self::Resting => "resting",
            Self::OutOfTime => "out_of_time",
            Self::OverBudget => "over_budget",
        }
    }

    /// Whether the server took the question and never came to an answer, which may have cost something all the same.
    pub(super) fn leaves_waiting(&self) -> bool {
        matches!(self, Self::Stalled | Self::OutOfTime)
    }

    /// Whether asking again at once would most likely be waiting in vain.
    pub(super) fn wants_rest(&self) -> bool {
        matches!(self, Self::Stalled | Self::Unreachable(_))
    }

    /// By the status, where there is one, and by what the server says.
    fn of(status: Option<u64>, kind: &str, said: &str) -> Self {
        let text = said.chars().take(300).collect::<String>();
        let low = format!("{kind} {said}").to_lowercase();
        let any = |words: &[&str]| words.iter().any(|word| low.contains(word));
        if any(&TOO_LONG) {
            return Self::TooLong(text);
        }
        match status {
            Some(401 | 403) => Self::BadKey(text),
            Some(404) => Self::UnknownModel(text),
            Some(413) => Self::TooLong(text),
            Some(402) => Self::Quota(text),
            Some(429) if any(&["insufficient_quota", "quota"]) => Self::Quota(text),
            Some(429) => Self::Busy(text),
            Some(status) if status >= 500 && !any(&NOT_TAKEN) => Self::Server(text),
            _ if any(&["invalid_api_key", "incorrect api key", "unauthorized"]) => Self::BadKey(text),
            _ if any(&["insufficient_quota"]) => Self::Quota(text),
            _ if any(&TOO_MANY) => Self::Busy(text),
            _ if any(&["model_not_found", "model not found", "does not exist", "unknown model"]) => {
                Self::UnknownModel(text)
            }
            Some(400 | 422 | 501) => Self::NotTaken(text),
            _ if any(&NOT_TAKEN) => Self::NotTaken(text),
            _ => Self::Server(text),
        }
    }

    /// By an error object in the middle of a stream, or in a body: `{"message", "type", "code"}` or a plain text.
    pub(super) fn of_error(status: Option<u64>, error: &Value) -> Self {
        let text = |key: &str| match error.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(value @ Value::Number(_)) => value.to_string(),
            _ => String::new(),
        };
        let code = error.get("code").and_then(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()));
        let said = error.as_str().map_or_else(|| text("message"), str::to_owned);
        let said = if said.is_empty() { error.to_string() } else { said };
        let status = status.or(code.filter(|code| (400..600).contains(code)));
        Self::of(status, &format!("{} {}", text("type"), text("code")), &said)
    }
}

impl From<OpenAIError> for Fault {
    fn from(error: OpenAIError) -> Self {
        match error {
            OpenAIError::Reqwest(error) if error.is_timeout() => Self::Stalled,
            OpenAIError::Reqwest(error) if error.is_body() || error.is_decode() => {
                Self::CutOff(error.to_string())
            }
            OpenAIError::Reqwest(error) => Self::Unreachable(error.to_string()),
            OpenAIError::ApiError(error) => {
                let status = u64::from(error.status_code.as_u16());
                let said = error.api_error;
                // A 5xx comes as plain text, even where it is JSON.
                if let Ok(Value::Object(body)) = serde_json::from_str::<Value>(&said.message)
                    && let Some(inner) = body.get("error")
                {
                    return Self::of_error(Some(status), inner);
                }
                let kind = format!("{} {}", said.r#type.unwrap_or_default(), said.code.unwrap_or_default());
                Self::of(Some(status), &kind, &said.message)
            }
            OpenAIError::JSONDeserialize(error, body) => match serde_json::from_str::<Value>(&body) {
                Ok(value) => match value.get("error").or_else(|| value.get("detail")) {
                    Some(inner) => Self::of_error(None, inner),
                    // vLLM before 0.10 writes the error without a wrapping
                    None if value.get("message").is_some() => Self::of_error(None, &value),
                    None => Self::Garbled(error.to_string()),
                },
                // a gateway's page
                Err(_) if body.to_lowercase().contains("too many requests") => Self::Busy(body),
                Err(_) => {
                    Self::Garbled(format!("{error} in {:?}", body.chars().take(80).collect::<String>()))
                }
            },
            OpenAIError::StreamError(error) => Self::CutOff(error.to_string()),
            other => Self::Garbled(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(status: Option<u64>, error: Value, key: &str) {
        assert_eq!(Fault::of_error(status, &error).key(), key, "{error}");
    }

    #[test]
    fn what_servers_say_is_understood() {
        check(
            Some(401),
            json!({"message": "Incorrect API key provided", "code": "invalid_api_key"}),
            "bad_key",
        );
        check(
            None,
            json!({"message": "The model x does not exist", "code": "model_not_found"}),
            "unknown_model",
        );
        check(
            None,
            json!({"code": 400, "message": "the request exceeds the available context size"}),
            "too_long",
        );
        check(Some(400), json!({"code": "context_length_exceeded", "message": "…"}), "too_long");
        check(Some(429), json!({"type": "insufficient_quota", "message": "…"}), "quota");
        check(Some(429), json!("slow down"), "busy");
        check(Some(500), json!({"message": "oops"}), "server");
        check(None, json!("overloaded"), "busy");
        assert!(matches!(
            Fault::of_error(Some(500), &json!({"message": "tools param requires --jinja flag"})),
            Fault::NotTaken(_)
        ));
    }
}
