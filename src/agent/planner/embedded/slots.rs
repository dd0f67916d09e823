//! Which arguments does a tool take, and how is each read from a sentence?
//!
//! A new tool adds its line in [`slots`]; a new kind of argument adds a [`Slot`].

use serde_json::{Map, Value, json};

use super::budget;
use super::names::Thing;
use super::reading::Reading;

/// An argument and the way it is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Slot {
    Metric,
    GroupBy,
    Period,
    CompareTo,
    Top,
    Filter,
    HorizonMonths,
    Segment,
    Customer,
    Model,
    DiscountRate,
    ReportModel,
    Total,
    Weeks,
    Objective,
    TargetRoi,
    Bounds,
    Allocation,
    Product,
    Category,
    Count,
    Recommender,
    Channel,
}

/// The arguments that a tool takes.
pub(super) fn slots(tool: &str) -> &'static [Slot] {
    match tool {
        "query_metrics" => {
            &[Slot::Metric, Slot::GroupBy, Slot::Period, Slot::CompareTo, Slot::Top, Slot::Filter]
        }
        "predict_clv" => {
            &[Slot::HorizonMonths, Slot::Top, Slot::Segment, Slot::Customer, Slot::Model, Slot::DiscountRate]
        }
        "optimize_budget" => &[Slot::Total, Slot::Weeks, Slot::Objective, Slot::TargetRoi, Slot::Bounds],
        "simulate_budget" => &[Slot::Allocation, Slot::Weeks],
        "channel_performance" => &[Slot::Period, Slot::Channel],
        "customer_profile" => &[Slot::Customer],
        "model_report" => &[Slot::ReportModel],
        "recommend_products" => {
            &[Slot::Customer, Slot::Segment, Slot::Product, Slot::Count, Slot::Recommender]
        }
        "find_audience" => &[Slot::Product, Slot::Category, Slot::Count],
        _ => &[],
    }
}

impl Slot {
    /// The argument's name in the catalogue.
    pub(super) fn argument(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::GroupBy => "group_by",
            Self::Period => "period",
            Self::CompareTo => "compare_to",
            Self::Top => "top",
            Self::Filter => "filter",
            Self::HorizonMonths => "horizon_months",
            Self::Segment => "segment",
            Self::Customer => "customer",
            Self::Model | Self::ReportModel => "model",
            Self::DiscountRate => "discount_rate",
            Self::Total => "total",
            Self::Weeks => "weeks",
            Self::Objective => "objective",
            Self::TargetRoi => "target_roi",
            Self::Bounds => "bounds",
            Self::Allocation => "allocation",
            Self::Product => "product",
            Self::Category => "category",
            Self::Count => "n",
            Self::Recommender => "method",
            Self::Channel => "channel",
        }
    }

    /// Its value in this sentence.
    fn read(self, r: &Reading<'_>) -> Option<Value> {
        match self {
            Self::Metric => r.metrics().first().cloned().map(Value::from),
            Self::GroupBy => r.group().map(Value::from),
            Self::Period => r.period_and_comparison().0.and_then(|period| serde_json::to_value(period).ok()),
            Self::CompareTo => r.period_and_comparison().1.map(Value::from),
            Self::Top => r.top().map(Value::from),
            Self::Filter => filter(r),
            Self::HorizonMonths => {
                let months = r.times.iter().find_map(|time| time.when.horizon_months())?;
                Some(Value::from(months))
            }
            Self::Segment => r.segment().map(|(key, _, _)| Value::from(key)),
            Self::Customer => r.customer().map(Value::from),
            Self::Model => r.model().and_then(Result::ok).map(Value::from),
            Self::DiscountRate => r.discount_rate().map(|rate| json!(rate)),
            Self::ReportModel => r.report_model().map(Value::from),
            Self::Total => budget::total(r),
            Self::Weeks => budget::weeks(r),
            Self::Objective => budget::objective(r),
            Self::TargetRoi => budget::target_roi(r),
            Self::Bounds => budget::bounds(r),
            Self::Allocation => budget::allocation(r),
            Self::Product => r.name(Thing::Product).map(|name| Value::from(name.text.clone())),
            // a product says more than its category
            Self::Category => r
                .name(Thing::Category)
                .filter(|_| r.name(Thing::Product).is_none())
                .map(|name| Value::from(name.text.clone())),
            Self::Count => r.count().map(Value::from),
            Self::Recommender => r.s.of("recommender").next().map(|hit| Value::from(hit.key.clone())),
            Self::Channel => r.name(Thing::Channel).map(|name| name.text.clone().into()),
        }
    }
}

/// All arguments that the sentence names; none is null.
pub(super) fn read_all(tool: &str, r: &Reading<'_>) -> Map<String, Value> {
    let read = |slot: &Slot| slot.read(r).map(|value| (slot.argument().to_owned(), value));
    let mut args: Map<String, Value> = slots(tool).iter().filter_map(read).collect();
    if tool == "recommend_products" {
        // one of them: who is recommended to, else what goes with what
        for (named, others) in [("customer", ["segment", "product"]), ("product", ["segment", "segment"])] {
            if args.contains_key(named) {
                others.iter().for_each(|other| {
                    args.shift_remove(*other);
                });
            }
        }
    }
    args
}

fn filter(r: &Reading<'_>) -> Option<Value> {
    let mut filter = Map::new();
    let group = r.group();
    let metric = r.metrics().first().cloned();
    for (thing, key) in [(Thing::Category, "category"), (Thing::Product, "product"), (Thing::City, "city")] {
        if let Some(name) = r.name(thing)
            && group.as_deref() != Some(key)
        {
            filter.insert(key.into(), name.text.clone().into());
        }
    }
    if let Some(name) = r.name(Thing::Channel) {
        // "display" and "search" are verbs too; only advertising money has a channel
        let named = matches!(r.s.text(name.to), "ads" | "channel" | "渠" | "广") || name.to > name.from + 1;
        if group.as_deref() != Some("channel")
            && (metric.as_deref() == Some("spend") || metric.is_none() || named)
        {
            filter.insert("channel".into(), name.text.clone().into());
        }
    }
    if let Some(segment) = r.segment_filter(metric.as_deref())
        && group.as_deref() != Some("segment")
    {
        filter.insert("segment".into(), segment.into());
    }
    (!filter.is_empty()).then_some(Value::Object(filter))
}
