//! What did the person who runs mercato set?
//!
//! `mercato.toml` in the working folder, then `MERCATO_*`. Unknown keys are errors that name the key and a good value.

use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

use crate::domain::Day;

/// Environment variables that are settings; other `MERCATO_*` names belong to the command line or to tests.
const FROM_ENVIRONMENT: [&str; 1] = ["today"];

/// All settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The shop's day, `YYYY-MM-DD`; without it the data's last day.
    pub today: Option<Day>,
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
        figment.extract().map_err(|error| {
            let source_name = match &error.metadata {
                Some(metadata) if metadata.name.contains("environment") => "environment".to_owned(),
                _ => "mercato.toml".to_owned(),
            };
            let key = error.path.join(".");
            let known = "known settings: today = \"2026-06-30\"";
            let why = if key.is_empty() {
                format!("{error}; {known}")
            } else {
                format!("setting {key}: {}; {known}", error.kind)
            };
            ConfigError { source_name, why }
        })
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
    fn settings_are_read_and_faults_named() {
        check("", Ok(None));
        check("today = \"2026-06-30\"", Ok(Some("2026-06-30")));
        check("today = \"30.6.2026\"", Err("setting today: \"30.6.2026\" is not a date; write YYYY-MM-DD"));
        check("todai = \"2026-06-30\"", Err("todai"));
    }
}
