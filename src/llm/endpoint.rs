//! Which server, which model, with how much patience?

use std::fmt;
use std::time::Duration;

use super::Spent;

/// A text that is never shown: not by `Debug`, not in a log.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Trimmed; `None` where it could not go into a header (empty, blanks or other than ASCII inside).
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// The text without the secret in it.
    pub(super) fn out_of(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "***") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How long a reply may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// Until its first piece; a small model reads a long prompt first.
    pub first: Duration,
    /// From piece to piece.
    pub idle: Duration,
    /// Until its end.
    pub whole: Duration,
    /// How long a server that did not answer is not asked again.
    pub rest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let [first, idle, whole, rest] = [60, 20, 90, 60].map(Duration::from_secs);
        Self { first, idle, whole, rest }
    }
}

/// What a million tokens cost, in millionths of the currency of the bill; nothing where it is not set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Prices {
    /// Tokens read.
    pub input: u64,
    /// Tokens written.
    pub output: u64,
}

impl Prices {
    /// What so many tokens cost.
    pub(super) fn of(self, read: u64, written: u64) -> Spent {
        let micros = read.saturating_mul(self.input).saturating_add(written.saturating_mul(self.output));
        Spent { tokens: read.saturating_add(written), micros: micros / 1_000_000 }
    }
}

/// A server of the OpenAI kind, and the model asked there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// Up to and with `/v1`.
    pub base_url: String,
    /// Empty where none is needed.
    pub key: Secret,
    /// The model's name there.
    pub model: String,
    /// How long a reply may take.
    pub patience: Patience,
    /// For the money budget.
    pub prices: Prices,
    /// Whether the model's plan goes before the embedded planner's; decided by what it can do where `None`.
    pub leads: Option<bool>,
}

impl Endpoint {
    /// OpenAI's own.
    pub const OPENAI: &'static str = "https://api.openai.com/v1";
    /// What is asked where no model is named.
    pub const MODEL: &'static str = "gpt-4.1-mini";

    /// A server and a model, without a key.
    pub fn new(base_url: &str, model: &str) -> Self {
        Self {
            base_url: base_url.trim().trim_end_matches('/').to_owned(),
            key: Secret::default(),
            model: model.trim().to_owned(),
            patience: Patience::default(),
            prices: Prices::default(),
            leads: None,
        }
    }

    /// Under which name what was learned of it is kept.
    pub(super) fn id(&self) -> String {
        format!("{} {}", self.base_url, self.model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_nowhere() {
        let secret = Secret::new(" sk-abc\n").unwrap();
        assert_eq!(secret.reveal(), "sk-abc");
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(secret.out_of("bad key sk-abc given"), "bad key *** given");
        assert_eq!((Secret::new(""), Secret::new("a b"), Secret::new("钥")), (None, None, None));
        assert!(
            !format!("{:?}", Endpoint { key: secret, ..Endpoint::new("http://x/v1/", "m") }).contains("abc")
        );
        assert_eq!(Endpoint::new(" http://x/v1/ ", "m").base_url, "http://x/v1");
    }
}
