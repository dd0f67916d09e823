//! What does a sentence say, whatever tool it is for?

mod compared;
mod metric;

use super::names::{Name, NameIndex, Thing};
use super::numbers::number_at;
use super::sentence::Sentence;
use super::text::{Kind, Token, as_typed};
use super::times::{Mention, mentions};
use super::vocabulary::{Hit, Vocabulary};
use crate::domain::{Day, NamedPeriod, Period, Span};

/// A sentence read: times, names, and access to metrics, groups, comparisons, numbers.
pub(super) struct Reading<'a> {
    pub s: Sentence<'a>,
    pub times: Vec<Mention>,
    pub names: Vec<Name>,
    pub today: Day,
    index: &'a NameIndex,
    vocabulary: &'a Vocabulary,
}

/// Groups that are pieces of time.
pub(super) const TIME_GROUPS: [&str; 4] = ["day", "week", "month", "quarter"];
const GROUPS: [&str; 10] =
    ["day", "week", "month", "quarter", "product", "category", "channel", "city", "segment", "cohort_month"];

impl<'a> Reading<'a> {
    pub(super) fn new(text: &str, vocabulary: &'a Vocabulary, index: &'a NameIndex, today: Day) -> Self {
        let mut s = Sentence::new(text, vocabulary, |word| index.has_word(word));
        index.mend(&mut s.tokens, vocabulary);
        let names = index.find(&s, vocabulary);
        let times = mentions(&s, today)
            .into_iter()
            .filter(|time| names.iter().all(|name| time.to <= name.from || name.to <= time.from))
            .collect();
        Self { s, times, names, today, index, vocabulary }
    }

    fn in_time(&self, from: usize, to: usize) -> bool {
        self.times.iter().any(|time| from < time.to && time.from < to)
    }

    fn in_name(&self, from: usize, to: usize) -> bool {
        self.names.iter().any(|name| from < name.to && name.from < to)
    }

    /// What the metric is split by.
    pub(super) fn group(&self) -> Option<String> {
        let mut found: Vec<(usize, usize, String)> = Vec::new();
        for hit in self.s.of("group") {
            if self.in_time(hit.from, hit.to) || self.in_name(hit.from, hit.to) || self.in_comparison(hit) {
                continue;
            }
            if let Some(from) = self.group_start(hit) {
                found.push((from, hit.to, hit.key.clone()));
            }
        }
        for at in 0..self.s.tokens.len() {
            for key in GROUPS {
                if let Some(to) = self.s.grouping(at, key)
                    && !self.in_time(at, to)
                    && !self.in_name(at, to)
                {
                    found.push((at, to, key.to_owned()));
                }
            }
        }
        // 首购月份 before 月份
        found.sort_by_key(|(from, to, _)| (std::cmp::Reverse(to - from), *from));
        let cohort = found.iter().position(|(_, _, key)| key == "cohort_month");
        if let Some(cohort) = cohort {
            return found.get(cohort).map(|(_, _, key)| key.clone());
        }
        found.sort_by_key(|(from, _, _)| *from);
        found.first().map(|(_, _, key)| key.clone()).or_else(|| self.trend_group())
    }

    /// The week of "the week before" is no group.
    fn in_comparison(&self, hit: &Hit) -> bool {
        self.s.of("compare").any(|other| other.overlaps(hit.from, hit.to))
    }

    /// Where "by city", "top 5 products", 各城市, 城市排行 begin.
    fn group_start(&self, hit: &Hit) -> Option<usize> {
        let mut at = hit.from;
        let han = self.s.tokens.get(at).is_some_and(|token| token.kind == Kind::Han);
        for _ in 0..3 {
            if let Some(from) = self.s.grouping_before(at, "before") {
                return Some(from);
            }
            let Some(before) = at.checked_sub(1) else { break };
            let number = (before.saturating_sub(2)..=before)
                .find(|start| number_at(&self.s.tokens, *start).is_some_and(|said| said.end == at));
            if let Some(start) = number
                && !TIME_GROUPS.contains(&hit.key.as_str())
                && !self.in_time(start, at)
            {
                return Some(start);
            }
            let skipped = match self.s.text(before) {
                "的" | "个" | "大" | "款" | "种" | "selling" | "most" | "popular" | "of" | "our" | "ad"
                | "single" | "座" | "名" => true,
                "the" => self.s.grouping_before(before, "before").is_some(),
                _ => false,
            };
            if !skipped {
                break;
            }
            at = before;
        }
        self.s.grouping(hit.to, "after").is_some_and(|_| han || hit.to > 0).then_some(hit.from)
    }

    /// A trend without a step is shown in steps that fit its length.
    fn trend_group(&self) -> Option<String> {
        if !self.s.has("trend") {
            return None;
        }
        let days = match self.period_and_comparison().0 {
            None => 30,
            Some(Period::Named(NamedPeriod::All)) => 731,
            Some(period) => {
                let data = Span { from: Day(0), to: self.today };
                period.resolve(self.today, data).map(Span::days).unwrap_or(30)
            }
        };
        Some(
            if days <= 31 {
                "day"
            } else if days <= 120 {
                "week"
            } else {
                "month"
            }
            .to_owned(),
        )
    }

    /// How many rows: "top 25", 前十, "50 names". The last five are no top five: then all rows are shown.
    pub(super) fn top(&self) -> Option<i64> {
        if self.s.has("bottom") {
            return None;
        }
        for at in 0..self.s.tokens.len() {
            let Some(said) = number_at(&self.s.tokens, at) else { continue };
            if self.in_time(at, said.end) || self.in_name(at, said.end) || said.value < 1.0 {
                continue;
            }
            if at > 0 && number_at(&self.s.tokens, at - 1).is_some_and(|before| before.end >= said.end) {
                continue;
            }
            if said.value.fract() > 0.0 || said.value > 100_000.0 || self.is_money_or_share(at, said.end) {
                continue;
            }
            let led = self.s.cue_before(at, "top").is_some() || self.s.cue_before(at, "list").is_some();
            let counted = self.s.cue(said.end, "counted").is_some()
                || self.s.of("group").any(|hit| {
                    !TIME_GROUPS.contains(&hit.key.as_str())
                        && (hit.from == said.end
                            || (hit.from == said.end + 1 && self.s.cue(said.end, "counted").is_some()))
                });
            // 一个 and "one of" count nothing
            let digits = self.s.tokens.get(at).is_some_and(|token| token.number().is_some());
            let vague = said.value < 2.0 && !digits;
            let alone = digits && self.s.tokens.len() <= 2;
            if (led || counted || alone) && !vague {
                return Some(said.value as i64);
            }
        }
        None
    }

    /// How many are wanted: as [`Self::top`], else the only whole number that is neither time, name, money nor share
    /// ("200 contacts", "a list of 300", 捞500个).
    pub(super) fn count(&self) -> Option<i64> {
        if let Some(top) = self.top() {
            return Some(top);
        }
        let mut found = (0..self.s.tokens.len()).filter_map(|at| {
            let digits = self.s.tokens.get(at)?.number().is_some();
            let said = number_at(&self.s.tokens, at)?;
            let free = !self.in_time(at, said.end) && !self.in_name(at, said.end);
            let whole =
                said.value >= 0.0 && said.value.fract().abs() < f64::EPSILON && said.value <= 100_000.0;
            ((digits || said.value >= 2.0) && free && whole && !self.is_money_or_share(at, said.end))
                .then_some(said.value as i64)
        });
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    fn is_money_or_share(&self, at: usize, end: usize) -> bool {
        matches!(
            self.s.text(end),
            "%" | "percent" | "元" | "块" | "欧" | "eur" | "euro" | "euros" | "€" | "$" | "折" | "成"
        ) || matches!(self.s.text(at.wrapping_sub(1)), "€" | "$" | "£" | "¥" | "#" | "%")
    }

    /// A share said in per cent: "8%", "8 percent", 百分之八.
    pub(super) fn percent(&self) -> Option<f64> {
        for at in 0..self.s.tokens.len() {
            if self.s.says(at, &["百", "分", "之"])
                && let Some(said) = number_at(&self.s.tokens, at + 3)
            {
                return Some(said.value / 100.0);
            }
            if let Some(said) = number_at(&self.s.tokens, at)
                && matches!(self.s.text(said.end), "%" | "percent" | "pct" | "％")
            {
                return Some(said.value / 100.0);
            }
        }
        None
    }

    /// The rate at which the future is discounted.
    pub(super) fn discount_rate(&self) -> Option<f64> {
        if self.s.has("undiscounted") {
            return Some(0.0);
        }
        if let Some(share) = self.percent() {
            return Some((share * 1e9).round() / 1e9);
        }
        if !self.s.has("discount_rate") {
            return None;
        }
        let numbers = (0..self.s.tokens.len()).filter_map(|at| self.s.tokens.get(at)?.number());
        numbers.into_iter().find(|value| (0.0..1.0).contains(value))
    }

    /// An RFM segment, else a value tier.
    pub(super) fn segment(&self) -> Option<(String, usize, usize)> {
        let tier = self.s.of("tier").max_by_key(|hit| hit.to - hit.from);
        let segment = self.s.of("segment").max_by_key(|hit| hit.to - hit.from);
        [segment, tier].into_iter().flatten().next().map(|hit| (hit.key.clone(), hit.from, hit.to))
    }

    /// Which segment metrics are filtered by; what names the metric itself does not count.
    pub(super) fn segment_filter(&self, metric: Option<&str>) -> Option<String> {
        let (key, from, to) = self.segment()?;
        let same = match metric {
            Some("new_customers") => key == "new",
            Some("churn_rate") => matches!(key.as_str(), "lost"),
            _ => false,
        };
        let metric_hit = self.s.of("metric").any(|hit| {
            Some(hit.key.as_str()) == metric && hit.overlaps(from, to) && hit.to - hit.from >= to - from
        });
        (!same && !metric_hit).then_some(key)
    }

    /// Every name of this kind, once.
    pub(super) fn all_names(&self, thing: Thing) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.names.iter().filter(|name| name.thing == thing) {
            if !names.contains(&name.text) {
                names.push(name.text.clone());
            }
        }
        names
    }

    /// The first name of this kind.
    pub(super) fn name(&self, thing: Thing) -> Option<&Name> {
        self.names.iter().find(|name| name.thing == thing)
    }

    /// A customer by id, e-mail or name; a first or last name alone; capitalised words that nothing else explains.
    pub(super) fn customer(&self) -> Option<String> {
        self.person().map(|name| name.text)
    }

    /// The same with its place in the sentence. A name that goes on ("Emma Clark Zoe") is passed on whole, since it
    /// may be somebody else's.
    pub(super) fn person(&self) -> Option<Name> {
        let known = self.name(Thing::Customer).cloned();
        let (from, to) = match &known {
            Some(name) if name.to == name.from + 1 => return known,
            Some(name) => (name.from, name.to),
            None => {
                let begin = (0..self.s.tokens.len()).find(|at| self.strange(*at) && self.strange(at + 1));
                match begin.or_else(|| (0..self.s.tokens.len()).find(|at| self.first_or_last(*at))) {
                    Some(at) => (at, at + 1),
                    None => return None,
                }
            }
        };
        let goes_on = |at: usize| self.strange(at) || self.first_or_last(at);
        let to = (to..self.s.tokens.len()).find(|at| !goes_on(*at)).unwrap_or(self.s.tokens.len().max(to));
        if known.as_ref().is_some_and(|name| name.to == to) {
            return known;
        }
        let text = as_typed(self.s.tokens.get(from..to)?).trim_end_matches("'s").to_owned();
        Some(Name { thing: Thing::Customer, text, from, to })
    }

    /// A capitalised word that nothing explains.
    fn strange(&self, at: usize) -> bool {
        self.s.tokens.get(at).is_some_and(|token| {
            token.kind == Kind::Word
                && token.raw.chars().next().is_some_and(char::is_uppercase)
                && token.raw.chars().skip(1).all(|c| c.is_lowercase() || c == '\'')
                && self.unexplained(at, token)
        })
    }

    /// A first or last name of a customer.
    fn first_or_last(&self, at: usize) -> bool {
        self.s.tokens.get(at).is_some_and(|token| {
            token.kind == Kind::Word
                && self.index.is_part_of_customer(&token.text)
                && self.unexplained(at, token)
        })
    }

    fn unexplained(&self, at: usize, token: &Token) -> bool {
        !self.vocabulary.knows(&token.text) && !self.in_name(at, at + 1) && !self.in_time(at, at + 1)
    }

    /// Whether a word is one of the vocabulary or of a name.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.vocabulary.knows(word) || self.index.has_word(word)
    }

    /// Whether a time ahead is said.
    pub(super) fn looks_ahead(&self) -> bool {
        self.times
            .iter()
            .any(|time| time.when.horizon_months().is_some() && time.when.period(self.today).is_none())
    }

    /// Whether somebody is meant who was named before ("his orders", 那她呢).
    pub(super) fn pronoun(&self) -> bool {
        (0..self.s.tokens.len()).any(|at| self.s.cue(at, "person").is_some_and(|to| self.s.text(to) != "们"))
    }

    /// The place in a list that was shown ("the second one", 第二位), from 1.
    pub(super) fn place(&self) -> Option<usize> {
        self.s.of("place").find_map(|hit| hit.key.parse().ok())
    }

    /// Whether nothing is said but thanks.
    pub(super) fn only_thanks(&self) -> bool {
        let mut at = 0;
        let mut thanked = false;
        while at < self.s.tokens.len() {
            let thanks = self.s.cue(at, "thanks");
            thanked |= thanks.is_some();
            match thanks.or_else(|| self.s.cue(at, "filler")) {
                Some(to) => at = to,
                None => return false,
            }
        }
        thanked
    }

    /// Which fitted model a report is about.
    pub(super) fn report_model(&self) -> Option<String> {
        let value = self.model().and_then(Result::ok).filter(|model| model != "auto");
        value.or_else(|| self.s.of("fitted_model").next().map(|hit| hit.key.clone()))
    }

    /// A way to segment that is not offered, as typed.
    pub(super) fn method_later(&self) -> Option<String> {
        let hit = self.s.of("method_later").max_by_key(|hit| hit.to - hit.from)?;
        self.s.tokens.get(hit.from..hit.to).map(as_typed)
    }

    /// Which model of customer value is asked for; `Err` is one that is not offered.
    pub(super) fn model(&self) -> Option<Result<String, String>> {
        if let Some(later) = self.s.of("model_later").next() {
            return self.s.tokens.get(later.from..later.to).map(|tokens| Err(as_typed(tokens)));
        }
        self.s.of("model").max_by_key(|hit| hit.to - hit.from).map(|hit| Ok(hit.key.clone()))
    }
}

pub(super) fn is_joint(text: &str) -> bool {
    matches!(
        text,
        "and"
            | "和"
            | "与"
            | "及"
            | "以"
            | "、"
            | ","
            | "&"
            | "+"
            | "plus"
            | "还"
            | "有"
            | "跟"
            | "the"
            | "also"
    )
}
