//! Which figures does a sentence ask for?

use super::super::names::Thing;
use super::super::vocabulary::Hit;
use super::{Reading, is_joint};

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

impl Reading<'_> {
    /// The metrics asked for: the one that wins, then those joined to it by "and".
    pub(in crate::agent::planner::embedded) fn metrics(&self) -> Vec<String> {
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
    pub(in crate::agent::planner::embedded) fn hinted_metric(&self) -> Option<String> {
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
}
