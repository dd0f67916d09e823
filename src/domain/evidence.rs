//! How sure is an answer, and what would make it surer?

use serde::{Deserialize, Serialize};

use super::Span;

/// How far an answer may be trusted (DEFINITIONS §10); the worst component decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// No figure should be used.
    NeedsData,
    /// Good for the direction only.
    Directional,
    /// Have a second look before money moves.
    ReviewFirst,
    /// Use it.
    Ready,
}

impl Grade {
    /// The key in JSON and the words.
    pub fn key(self) -> &'static str {
        match self {
            Self::NeedsData => "needs_data",
            Self::Directional => "directional",
            Self::ReviewFirst => "review_first",
            Self::Ready => "ready",
        }
    }
}

/// Which component decided the grade, and the cheapest step that lifts it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GradeReason {
    /// Key in `prompts/words/grade.toml`: what limits the answer.
    pub component: String,
    /// Key in `prompts/words/grade.toml`: what to do about it.
    pub mend: String,
}

/// One method's error outside the data it was fitted on; naive rows stand beside the model's.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HoldoutRow {
    /// `bg_nbd`, `naive` …
    pub method: String,
    /// Error measures by their field's name (`mae`, `rmse`, `total_error` …).
    pub errors: Vec<(String, f64)>,
}

impl HoldoutRow {
    /// A method with its errors; one that is no number is left out.
    pub fn new<'a>(method: &str, errors: impl IntoIterator<Item = (&'a str, f64)>) -> Self {
        let finite = errors.into_iter().filter(|(_, value)| value.is_finite());
        Self {
            method: method.to_owned(),
            errors: finite.map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }

    /// An error by its name.
    pub fn error(&self, name: &str) -> Option<f64> {
        self.errors.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }
}

/// What an answer rests on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// Rows (orders, customers …) used.
    pub n: u64,
    /// Days of data used.
    pub period: Option<Span>,
    /// The grade.
    pub grade: Grade,
    /// Why it is not better; `None` for `Ready`.
    pub reason: Option<GradeReason>,
    /// How the intervals were made; `None` where there are none.
    pub interval_method: Option<String>,
    /// Hold-out errors, naive rows included.
    pub holdout: Vec<HoldoutRow>,
    /// What a reader of the JSON must know, by key; answers say it in notes of their own.
    pub warnings: Vec<String>,
    /// The data this answer was computed from.
    pub data_version: u64,
}

impl Evidence {
    /// For counts and sums over all usable rows.
    pub fn descriptive(n: u64, period: Option<Span>, data_version: u64) -> Self {
        Self {
            n,
            period,
            grade: Grade::Ready,
            reason: None,
            interval_method: None,
            holdout: Vec::new(),
            warnings: Vec::new(),
            data_version,
        }
    }

    /// Lowers the grade to `grade` where that is worse, and remembers why.
    pub fn limit(&mut self, grade: Grade, component: &str, mend: &str) {
        if grade < self.grade {
            self.grade = grade;
            self.reason = Some(GradeReason { component: component.into(), mend: mend.into() });
        }
    }
}
