//! In which language was the question asked?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The two languages we speak.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema, Default, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

impl Lang {
    /// Both, in the order in which the words are listed.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// Chinese as soon as one Han character stands in the text, else English.
    pub fn of(text: &str) -> Self {
        if text.chars().any(|c| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')) {
            Self::Zh
        } else {
            Self::En
        }
    }

    /// `en` or `zh`.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}
