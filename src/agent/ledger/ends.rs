//! Is an end of an interval said as an end?
//!
//! "Revenue was €71.3k" is wrong where that is the least it may be. An end stands beside the other one, or beside a word
//! that says what it is.

use super::Ledger;
use super::direction::direction;
use super::means::means;
use super::scan::{Bound, Class, Token};
use crate::domain::Fact;

impl Ledger {
    /// Whether it says an end of an interval as if that were the figure: without the other end, and without a word for it.
    pub(super) fn is_lone_end(
        &self,
        token: &Token,
        tokens: &[Token],
        sentence: &str,
        chars: &[char],
    ) -> bool {
        if token.bound != Bound::Near || self.allowed(token, chars) || hedged(chars) {
            return false;
        }
        let direction = Some(direction(chars, token));
        let says = |token: &Token, fact: &Fact, value: f64| means(token, fact, value, direction);
        let beside = |fact: &Fact, value: f64| {
            tokens.iter().any(|other| other.start != token.start && says(other, fact, value))
        };
        // where a figure is explained, its name stands beside it
        let named = |fact: &Fact| sentence.contains(&fact.id);
        let fair = |fact: &Fact| match (self.other_end(fact), fact.interval) {
            (Some(other), _) => beside(other, other.value) || named(fact),
            (None, Some((lo, hi))) => {
                says(token, fact, fact.value)
                    || (says(token, fact, lo) && beside(fact, hi))
                    || (says(token, fact, hi) && beside(fact, lo))
            }
            (None, None) => true,
        };
        let mut meant = self.meant(token, chars).map(|(fact, _)| fact).peekable();
        meant.peek().is_some() && !meant.any(fair)
    }

    /// A table has the ends in columns of their own, `r1.roi_lo` and `r1.roi_hi`.
    fn other_end(&self, fact: &Fact) -> Option<&Fact> {
        let (start, end) = fact.id.split_at_checked(fact.id.len().checked_sub(2)?)?;
        let other = match end {
            "lo" => "hi",
            "hi" => "lo",
            _ => return None,
        };
        self.facts.iter().find(|fact| fact.id.strip_suffix(other) == Some(start))
    }

    /// "(90 %: 71k to 96k)", 90%区间: the level of the intervals we show.
    pub(super) fn interval_level(&self, token: &Token, sentence: &[char]) -> bool {
        let level = matches!(token.class, Class::Percent) && (token.value - 0.9).abs() < 1e-9;
        let tail: String = sentence.iter().skip(token.end).take(12).collect();
        let named = tail.starts_with(':')
            || tail.starts_with("：")
            || tail.starts_with("区间")
            || tail.trim_start().starts_with("interval")
            || tail.starts_with("置信区间");
        level && named && self.facts.iter().any(|fact| fact.interval.is_some())
    }
}

/// Whether a sentence says that its figures are bounds or may be others.
fn hedged(sentence: &[char]) -> bool {
    const HEDGES: [&str; 31] = [
        "at least",
        "at most",
        "could",
        "may ",
        "might",
        "as low",
        "as high",
        "low end",
        "high end",
        "range",
        "interval",
        "upper end",
        "lower end",
        "upper bound",
        "lower bound",
        "worst",
        "best case",
        "up to",
        "no more",
        "no less",
        "not more",
        "not less",
        "至少",
        "最多",
        "最少",
        "可能",
        "下限",
        "上限",
        "区间",
        "不低于",
        "不超过",
    ];
    let text: String = sentence.iter().collect::<String>().to_lowercase();
    HEDGES.iter().any(|hedge| text.contains(hedge))
}
