//! What did the person who runs mercato set?
//!
//! `mercato.toml` in the working folder, then `MERCATO_*`. Unknown keys are errors that name the key and a good value.
//! `OPENAI_API_KEY`, `OPENAI_BASE_URL` and `MERCATO_MODEL` choose the language model's server; where none of them and no
//! `[model]` is set, no model is asked. The key comes from the environment only, and is never shown.

use std::path::Path;
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

use crate::domain::Day;
use crate::llm::{Endpoint, Patience, Prices, Secret};

/// Environment variables that are settings; other `MERCATO_*` names belong to the command line or to tests.
const FROM_ENVIRONMENT: [&str; 1] = ["today"];

/// All settings.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The shop's day, `YYYY-MM-DD`; without it the data's last day.
    pub today: Option<Day>,
    /// How the language model is asked.
    #[serde(default)]
    pub model: ModelSettings,
    /// The language model's server; `None` asks no model.
    #[serde(skip)]
    pub endpoint: Option<Endpoint>,
}

/// Section `[model]`: how the language model is asked; every key may be left out.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSettings {
    /// The server's address, up to and with `/v1`; `OPENAI_BASE_URL` goes before it.
    pub url: Option<String>,
    /// The model's name there; `MERCATO_MODEL` goes before it.
    pub name: Option<String>,
    /// Whether its plan goes before the embedded planner's; otherwise decided by what it can do.
    pub leads: Option<bool>,
    /// Until the first piece of a reply.
    pub first_seconds: Option<u64>,
    /// From piece to piece.
    pub idle_seconds: Option<u64>,
    /// Until the end of a reply.
    pub seconds: Option<u64>,
    /// What a million tokens read cost.
    pub price_input: Option<f64>,
    /// What a million tokens written cost.
    pub price_output: Option<f64>,
    /// Tokens a question may use up.
    pub tokens: Option<u64>,
    /// Money a question may use up, in the currency of the prices.
    pub money: Option<f64>,
}

impl ModelSettings {
    /// Tokens and money (in millionths) a question may use up, where they are set.
    pub fn budget(&self) -> (Option<u64>, Option<u64>) {
        (self.tokens, self.money.map(millionths))
    }

    /// The server that these settings and the environment choose.
    fn endpoint(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Endpoint>, ConfigError> {
        let set = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
        let fault = |name: &str, why: &str| ConfigError {
            source_name: "environment".into(),
            why: format!("setting {name}: {why}"),
        };
        let (key, url, name) = (set("OPENAI_API_KEY"), set("OPENAI_BASE_URL"), set("MERCATO_MODEL"));
        let url = url.or_else(|| self.url.clone());
        let name = name.or_else(|| self.name.clone());
        if key.is_none() && url.is_none() && name.is_none() {
            return Ok(None);
        }
        let url = url.unwrap_or_else(|| Endpoint::OPENAI.to_owned());
        let there = url.trim().strip_prefix("http://").or_else(|| url.trim().strip_prefix("https://"));
        if !there.is_some_and(|host| !host.is_empty() && !host.contains(char::is_whitespace)) {
            return Err(fault("OPENAI_BASE_URL", "no address; write http://127.0.0.1:8080/v1"));
        }
        let name = name.unwrap_or_else(|| Endpoint::MODEL.to_owned());
        let mut endpoint = Endpoint::new(&url, &name);
        if let Some(key) = key {
            let bad = "a key has no blanks and no letters beyond ASCII; copy it once more";
            endpoint.key = Secret::new(&key).ok_or_else(|| fault("OPENAI_API_KEY", bad))?;
        }
        let usual = Patience::default();
        let seconds = |set: Option<u64>, usual| set.map_or(usual, Duration::from_secs);
        endpoint.patience = Patience {
            first: seconds(self.first_seconds, usual.first),
            idle: seconds(self.idle_seconds, usual.idle),
            whole: seconds(self.seconds, usual.whole),
            rest: usual.rest,
        };
        let price = |set: Option<f64>| set.map_or(0, millionths);
        endpoint.prices = Prices { input: price(self.price_input), output: price(self.price_output) };
        endpoint.leads = self.leads;
        Ok(Some(endpoint))
    }
}

/// Negative amounts count as nothing.
fn millionths(amount: f64) -> u64 {
    (amount * 1e6).round() as u64
}

/// A setting that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("{source_name}: {why}")]
pub struct ConfigError {
    source_name: String,
    why: String,
}

impl Config {
    /// Reads `mercato.toml` in this folder where there is one, then the environment.
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let file = folder.join("mercato.toml");
        let mut figment = Figment::new();
        if file.exists() {
            figment = figment.merge(Toml::file_exact(file));
        }
        let figment = figment.merge(Env::prefixed("MERCATO_").only(&FROM_ENVIRONMENT));
        let mut config: Self = figment.extract().map_err(|error| {
            let source_name = match &error.metadata {
                Some(metadata) if metadata.name.contains("environment") => "environment".to_owned(),
                _ => "mercato.toml".to_owned(),
            };
            let key = error.path.join(".");
            let known = "known settings: today = \"2026-06-30\", section [model]";
            let why = if key.is_empty() {
                format!("{error}; {known}")
            } else {
                format!("setting {key}: {}; {known}", error.kind)
            };
            ConfigError { source_name, why }
        })?;
        config.endpoint = config.model.endpoint(|name| std::env::var(name).ok())?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(toml: &str, expected: Result<Option<&str>, &str>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mercato.toml"), toml).unwrap();
        match (Config::load(folder.path()), expected) {
            (Ok(config), Ok(today)) => assert_eq!(config.today, today.and_then(Day::parse)),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (got, _) => panic!("{got:?}"),
        }
    }

    #[test]
    fn no_file_means_no_settings() {
        assert_eq!(Config::load(Path::new("/nonexistent")).unwrap(), Config::default());
    }

    #[test]
    fn any_of_three_names_chooses_a_server() {
        let settings = ModelSettings { idle_seconds: Some(5), price_input: Some(0.4), ..Default::default() };
        let chosen = |pairs: &[(&str, &str)]| {
            settings.endpoint(|name| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(chosen(&[("OPENAI_API_KEY", " ")]).unwrap(), None);
        let endpoint = chosen(&[("OPENAI_API_KEY", "sk-1")]).unwrap().unwrap();
        assert_eq!(
            (endpoint.base_url.as_str(), endpoint.model.as_str()),
            (Endpoint::OPENAI, Endpoint::MODEL)
        );
        assert_eq!((endpoint.patience.idle.as_secs(), endpoint.prices.input), (5, 400_000));
        let endpoint =
            chosen(&[("OPENAI_BASE_URL", "http://x/v1/"), ("MERCATO_MODEL", "m")]).unwrap().unwrap();
        assert_eq!((endpoint.base_url.as_str(), endpoint.model.as_str()), ("http://x/v1", "m"));
        let error = chosen(&[("OPENAI_API_KEY", "sk 1")]).unwrap_err().to_string();
        assert!(error.contains("OPENAI_API_KEY") && !error.contains("sk"), "{error}");
        let error = chosen(&[("OPENAI_BASE_URL", "localhost:80")]).unwrap_err().to_string();
        assert!(error.contains("OPENAI_BASE_URL") && error.contains("http://"), "{error}");
    }

    #[test]
    fn settings_are_read_and_faults_named() {
        check("", Ok(None));
        check("today = \"2026-06-30\"", Ok(Some("2026-06-30")));
        check("today = \"30.6.2026\"", Err("setting today: \"30.6.2026\" is not a date; write YYYY-MM-DD"));
        check("todai = \"2026-06-30\"", Err("todai"));
    }
}
