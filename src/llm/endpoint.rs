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
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Up to and with `/v1`; a name and password in it are secrets, see [`Endpoint::shown`].
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
        format!("{} {}", self.shown(), self.model)
    }

    /// Its address for people and logs: without name and password, and without what stands behind a `?`.
    pub fn shown(&self) -> String {
        let plain = self.base_url.split_once('?').map_or(self.base_url.as_str(), |(plain, _)| plain);
        self.user().map_or_else(|| plain.to_owned(), |user| plain.replacen(&format!("{user}@"), "", 1))
    }

    /// What a server or a library says, without our secrets.
    pub(super) fn hide(&self, text: &str) -> String {
        let text = self.key.out_of(text).replace(&self.base_url, &self.shown());
        self.user().map_or_else(|| text.clone(), |user| text.replace(user, "***"))
    }

    /// `name:password` of the address.
    fn user(&self) -> Option<&str> {
        let (_, rest) = self.base_url.split_once("://")?;
        let host = rest.split(['/', '?']).next()?;
        host.rsplit_once('@').map(|(user, _)| user).filter(|user| !user.is_empty())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("base_url", &self.shown())
            .field("model", &self.model)
            .finish_non_exhaustive()
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
        let proxy = Endpoint::new("https://ann:pw@x:8/v1?key=k1", "m");
        assert_eq!((proxy.shown().as_str(), proxy.id().as_str()), ("https://x:8/v1", "https://x:8/v1 m"));
        let told = format!("{proxy:?} {}", proxy.hide("no https://ann:pw@x:8/v1?key=k1 and no ann:pw"));
        assert!(!told.contains("pw") && !told.contains("k1"), "{told}");
    }
}
