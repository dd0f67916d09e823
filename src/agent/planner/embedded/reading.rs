//! What does a sentence say, whatever tool it is for?

use super::names::{Name, NameIndex, Thing};
use super::numbers::number_at;
use super::sentence::Sentence;
use super::text::{Kind, Token, as_typed};
use super::times::{Mention, When, mentions};
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

/// Which metric wins when a sentence names several: the more particular one.
fn weight(metric: &str) -> u8 {
    match metric {
        "cac" | "mer" => 9,
        "churn_rate" | "repeat_rate" | "return_rate" | "discount_share" => 8,
        "aov" | "gross_profit" => 7,
        "new_customers" => 6,
        "customers" => 3,
        _ => 5,
    }
}

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

    /// The metrics asked for: the one that wins, then those joined to it by "and".
    pub(super) fn metrics(&self) -> Vec<String> {
        let hits: Vec<Hit> = self.metric_hits().into_iter().map(|hit| self.as_meant(hit)).collect();
        let hits: Vec<&Hit> = hits.iter().collect();
        let Some(first) = self.best(&hits) else { return Vec::new() };
        let mut metrics = vec![first.key.clone()];
        let mut end = first.to;
        for hit in hits.iter().filter(|hit| hit.from > first.from) {
            let joint = hit.from > end && (end..hit.from).all(|at| is_joint(self.s.text(at)));
            if joint && !metrics.contains(&hit.key) {
                metrics.push(hit.key.clone());
                end = hit.to;
            }
        }
        let mut start = first.from;
        for hit in hits.iter().rev().filter(|hit| hit.to < first.from) {
            let joint = hit.to < start && (hit.to..start).all(|at| is_joint(self.s.text(at)));
            if joint && !metrics.contains(&hit.key) {
                metrics.insert(0, hit.key.clone());
                start = hit.from;
            }
        }
        metrics
    }

    /// A metric that is only hinted at ("which product sells best").
    pub(super) fn hinted_metric(&self) -> Option<String> {
        self.s.of("metric_hint").find(|hit| !self.in_name(hit.from, hit.to)).map(|hit| hit.key.clone())
    }

    fn metric_hits(&self) -> Vec<&Hit> {
        let longer = |hit: &Hit, kind: &str| {
            self.s
                .of(kind)
                .any(|other| other.overlaps(hit.from, hit.to) && other.to - other.from > hit.to - hit.from)
        };
        self.s
            .of("metric")
            .filter(|hit| !self.in_name(hit.from, hit.to) && !longer(hit, "group") && !longer(hit, "segment"))
            .filter(|hit| !(hit.key == "discount_share" && self.is_discount_rate(hit.from)))
            .collect()
    }

    /// What customers spend is our revenue; what we spend is advertising.
    fn as_meant(&self, hit: &Hit) -> Hit {
        let ours = self.name(Thing::Channel).is_some()
            || self.group().as_deref() == Some("channel")
            || (0..self.s.tokens.len()).any(|at| {
                matches!(
                    self.s.text(at),
                    "ads" | "ad" | "advertising" | "marketing" | "media" | "campaigns" | "campaign"
                ) || self.s.says(at, &["广", "告"])
                    || self.s.says(at, &["投", "放"])
                    || self.s.says(at, &["推", "广"])
                    || self.s.says(at, &["营", "销"])
            });
        let theirs = self.segment().is_some()
            || self.name(Thing::City).is_some()
            || self.name(Thing::Product).is_some()
            || self.name(Thing::Category).is_some()
            || self.s.says(hit.to, &["with", "us"])
            || (0..self.s.tokens.len()).any(|at| {
                self.s.text(at) != "new"
                    && (matches!(
                        self.s.text(at),
                        "customers"
                            | "people"
                            | "they"
                            | "buyers"
                            | "shoppers"
                            | "clients"
                            | "customer"
                            | "everyone"
                    ) || self.s.says(at, &["客", "户"])
                        || self.s.says(at, &["顾", "客"])
                        || self.s.says(at, &["大", "家"]))
            });
        let mut hit = hit.clone();
        if hit.key == "spend" && theirs && !ours {
            "revenue".clone_into(&mut hit.key);
        }
        hit
    }

    fn is_discount_rate(&self, at: usize) -> bool {
        self.s.cue(at, "discount_rate").is_some() && self.percent().is_some()
    }

    fn best<'h>(&self, hits: &[&'h Hit]) -> Option<&'h Hit> {
        let by = |hit: &&&Hit| {
            let at = hit.from;
            self.s.cue_before(at, "by").is_some() && self.s.grouping_before(at, "before").is_none_or(|_| true)
        };
        let named_by = hits.iter().filter(by).filter(|hit| hit.key != "customers").count() == 1;
        let mut best: Option<&Hit> = None;
        for hit in hits {
            let wins = |other: &Hit| {
                let rank = |hit: &Hit| {
                    let led = named_by && self.s.cue_before(hit.from, "by").is_some();
                    (led, weight(&hit.key))
                };
                rank(hit) > rank(other)
            };
            if best.is_none_or(wins) {
                best = Some(hit);
            }
        }
        best
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

    /// Which days, and what they are set against.
    pub(super) fn period_and_comparison(&self) -> (Option<Period>, Option<&'static str>) {
        let past: Vec<Mention> =
            self.times.iter().copied().filter(|time| time.when.period(self.today).is_some()).collect();
        for hit in self.s.of("compare") {
            let outside: Vec<Mention> =
                past.iter().copied().filter(|time| !hit.overlaps(time.from, time.to)).collect();
            let led = self.versus_before(hit.from).is_some();
            let free = outside.len() == past.len();
            if led || free || !outside.is_empty() {
                let key = if hit.key == "previous_year" { "previous_year" } else { "previous_period" };
                return (self.joined(&outside), Some(key));
            }
        }
        if let Some((main, key)) = self.versus(&past) {
            return (main, Some(key));
        }
        let growth = self.s.has("growth").then_some("previous_period");
        (self.joined(&past), growth)
    }

    /// The first time, or the range of two that touch (5月和6月).
    fn joined(&self, past: &[Mention]) -> Option<Period> {
        let first = past.first()?;
        if let (Some(second), When::Days(a)) = (past.get(1), first.when)
            && let When::Days(b) = second.when
            && (first.to..second.from).all(|at| is_joint(self.s.text(at)))
            && a.to.plus(1) == b.from
        {
            return Some(Period::range(a.from, b.to));
        }
        first.when.period(self.today)
    }

    /// A versus word that ends before `at`, small words between.
    fn versus_before(&self, at: usize) -> Option<usize> {
        let mut at = at;
        while matches!(
            self.s.text(at.wrapping_sub(1)),
            "the" | "in" | "of" | "with" | "those" | "that" | "for"
        ) {
            at -= 1;
        }
        self.s.cue_before(at, "versus")
    }

    /// "this month vs last month", 5月比4月, "compare April with May".
    fn versus(&self, past: &[Mention]) -> Option<(Option<Period>, &'static str)> {
        let weak = |at: usize| matches!(self.s.text(at), "跟" | "和" | "与" | "同");
        let compares = (0..self.s.tokens.len()).any(|at| {
            matches!(
                self.s.text(at),
                "比" | "差" | "compare" | "comparing" | "difference" | "vs" | "versus" | "较"
            )
        });
        let reference = past.iter().position(|time| {
            self.versus_before(time.from).is_some_and(|at| !weak(at) || compares)
                || (compares && time.from > 0 && past.len() == 2 && past.first() != Some(time))
        })?;
        let other = past.iter().enumerate().find(|(i, _)| *i != reference).map(|(_, time)| *time);
        let reference = *past.get(reference)?;
        let Some(main) = other else { return Some(Self::against(reference.when, self.today)) };
        let data = Span { from: Day(0), to: self.today };
        let days = |time: Mention| time.when.period(self.today)?.resolve(self.today, data).ok();
        let (a, b) = (days(main)?, days(reference)?);
        let (main, a, b, reference) =
            if a.from >= b.from { (main, a, b, reference) } else { (reference, b, a, main) };
        let a_year = (a.from.since(b.from) - 365).abs() <= 10;
        let last_year = reference.when == When::Named(NamedPeriod::LastYear) && a.days() < 300;
        let key = if a_year && a.days() < 300 || last_year { "previous_year" } else { "previous_period" };
        Some((main.when.period(self.today), key))
    }

    /// Only the other side is said: "orders vs last week" are this week's.
    fn against(reference: When, today: Day) -> (Option<Period>, &'static str) {
        use NamedPeriod as P;
        let running = |name| (Some(Period::Named(name)), "previous_period");
        match reference {
            When::Named(P::LastWeek) => running(P::ThisWeek),
            When::Named(P::LastMonth) => running(P::ThisMonth),
            When::Named(P::LastQuarter) => running(P::ThisQuarter),
            When::Named(P::LastYear) => (None, "previous_year"),
            When::Days(span) if today.since(span.to) > 330 => (None, "previous_year"),
            _ => (None, "previous_period"),
        }
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
                said.value >= 1.0 && said.value.fract().abs() < f64::EPSILON && said.value <= 100_000.0;
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
