//! Which tool and which arguments, without any model server?
//!
//! A linear classifier over the phrases of `prompts/` chooses the tool or the refusal; slots read the arguments from
//! the sentence; a follow-up changes slots of the last call; what stays unclear is asked back with up to three choices.
//! "Teach it your words" means adding phrases and synonyms to `prompts/`.

mod advice;
mod budget;
mod calendar;
mod classifier;
mod derive;
mod earlier;
mod follow;
mod limits;
mod names;
mod numbers;
mod reading;
mod sentence;
mod slots;
mod text;
mod times;
mod vocabulary;

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use serde_json::{Value, json};

pub(super) use self::advice::Advice;
use self::classifier::{Classifier, Features, Opinion};
use self::names::{NameIndex, Thing};
pub(crate) use self::numbers::parse_number;
use self::reading::Reading;
use self::vocabulary::Vocabulary;
use super::{PlanError, PlanRequest, Planner};
use crate::agent::{Call, Choice, Plan, Refusal};
use crate::domain::{Day, Entities, Lang, Role};
use crate::prompts::Prompts;

/// Below this probability a tool is not chosen without asking.
const SURE: f32 = 0.42;
/// Below this share of known words a sentence is not understood, whatever the classifier thinks.
const FAMILIAR: f32 = 0.34;
/// A class below this is no choice worth offering.
const POSSIBLE: f32 = 0.15;
/// Choices offered at most.
const CHOICES: usize = 3;
/// Calls made for one question at most ("revenue, orders and aov", "Berlin and Paris").
const CALLS: usize = 3;

/// The planner that needs nothing but the words in `prompts/`.
pub struct EmbeddedPlanner {
    prompts: Prompts,
    vocabulary: Vocabulary,
    classifier: Classifier,
    tools: Vec<String>,
    /// The names of the shop last asked about, prepared for searching.
    index: Mutex<Option<(Arc<Entities>, Arc<NameIndex>)>>,
}

impl EmbeddedPlanner {
    /// Learns the phrases; well under a second.
    pub fn new(prompts: &Prompts) -> Self {
        let vocabulary = Vocabulary::new(prompts);
        let none = NameIndex::default();
        let tools: Vec<String> = prompts.tools().map(|(name, _)| name.to_owned()).collect();
        let topics: Vec<_> = prompts.tools().chain(prompts.refusals()).collect();
        let classes = topics.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut examples = Vec::new();
        for (class, (_, topic)) in topics.iter().enumerate() {
            for phrase in Lang::ALL.into_iter().flat_map(|lang| topic.phrases.get(lang)) {
                let reading = Reading::new(phrase, &vocabulary, &none, TRAINING_DAY);
                examples.push((class, Features::of(&reading)));
            }
        }
        let classifier = Classifier::train(classes, &examples);
        Self { prompts: prompts.clone(), vocabulary, classifier, tools, index: Mutex::new(None) }
    }

    fn index(&self, entities: &Arc<Entities>) -> Arc<NameIndex> {
        let mut kept = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref() {
            Some((of, index)) if Arc::ptr_eq(of, entities) => index.clone(),
            _ => {
                let index = Arc::new(NameIndex::new(entities));
                *kept = Some((entities.clone(), index.clone()));
                index
            }
        }
    }

    /// Plans one question.
    pub fn decide(&self, request: &PlanRequest) -> Plan {
        self.advise(request).plan
    }

    fn read<'r>(&'r self, text: &str, index: &'r NameIndex, today: Day) -> Reading<'r> {
        Reading::new(text, &self.vocabulary, index, today)
    }

    fn of_group(&self, request: &PlanRequest, r: &Reading<'_>, index: &NameIndex) -> Plan {
        match self.of_reading(request, r) {
            Plan::Calls(calls) if r.s.has("persons") && r.segment().is_none() => {
                let before = request.memory.calls.last().and_then(segment_of);
                let asked = || {
                    let question = request.memory.questions.last()?;
                    Some(self.read(question, index, request.days.today).segment()?.0)
                };
                let Some(segment) = before.or_else(asked) else { return Plan::Calls(calls) };
                Plan::Calls(calls.into_iter().map(|call| follow::of_group(call, &segment)).collect())
            }
            other => other,
        }
    }

    fn of_reading(&self, request: &PlanRequest, r: &Reading<'_>) -> Plan {
        if let Some(thanks) = self.prompts.message("reply.thanks", request.lang).filter(|_| r.only_thanks()) {
            return Plan::Reply(thanks.to_owned());
        }
        let opinion = self.classifier.judge(&Features::of(r));
        let (first, p) = opinion.ranked.first().map_or(("", 0.0), |(name, p)| (name.as_str(), *p));
        // somebody named before: for those who may see customers at all, "his orders" is no attack
        if let Some(call) = follow::of_person(&request.memory, r, &opinion)
            && may_call(request.role, &call.tool)
        {
            return Plan::Calls(vec![call]);
        }
        if first == "injection" && p >= SURE {
            return Plan::Refuse(Refusal::Injection);
        }
        if first == "derive" && p >= SURE && request.memory.figures.len() > 1 {
            return self.derive(request, r);
        }
        if let Some(last) = request.memory.calls.last()
            && may_call(request.role, &last.tool)
            && let Some(call) = follow::revised(last, r)
        {
            return self.checked(request, r, call);
        }
        self.by_class(request, r, &opinion)
    }

    fn by_class(&self, request: &PlanRequest, r: &Reading<'_>, opinion: &Opinion) -> Plan {
        let Some((first, p)) = opinion.ranked.first() else { return Plan::Refuse(Refusal::NotUnderstood) };
        let refusal = match first.as_str() {
            "out_of_scope" => Some(Refusal::OutOfScope),
            "injection" => Some(Refusal::Injection),
            "not_yet" => Some(Refusal::NotYet),
            "ambiguous" => Some(Refusal::NotUnderstood),
            _ => None,
        };
        let allowed = |name: &str| self.tools.iter().any(|tool| tool == name) && may_call(request.role, name);
        // figure and time and nothing else: whatever it sounds like, that is a question for the metrics
        let plain = !r.metrics().is_empty() && !r.s.has("beyond") && follow::unexplained(r) == 0;
        if refusal.is_some() && plain && allowed("query_metrics") {
            return self.call(request, r, "query_metrics");
        }
        if limits::imagines_spend(r) && allowed("simulate_budget") {
            return self.ask(request, "allocation", Vec::new());
        }
        // a report on models has no time ahead, no segment and no customer
        if first == "model_report" && (r.looks_ahead() || r.segment().is_some() || r.person().is_some()) {
            return self.call(request, r, "predict_clv");
        }
        match refusal {
            Some(Refusal::NotUnderstood) => return self.ask_what(request),
            Some(refusal) => return Plan::Refuse(refusal),
            // a tool outside the role's catalogue does not exist
            None if !allowed(first) => return Plan::Refuse(Refusal::OutOfScope),
            // a reason or a forecast is no figure of the past, whatever metric it names
            None if first == "query_metrics" && r.s.has("beyond") => return Plan::Refuse(Refusal::NotYet),
            None => {}
        }
        if opinion.familiar < FAMILIAR && r.metrics().is_empty() {
            return self.ask_what(request);
        }
        if *p >= SURE {
            return self.call(request, r, first);
        }
        let likely: Vec<&str> = opinion
            .ranked
            .iter()
            .filter(|(name, p)| *p >= POSSIBLE && allowed(name))
            .map(|(name, _)| name.as_str())
            .collect();
        match likely.as_slice() {
            [] | [_] => self.ask_what(request),
            several => {
                self.ask(request, "which", several.iter().map(|tool| self.plain_call(r, tool)).collect())
            }
        }
    }

    /// Reads the slots of the tool.
    fn call(&self, request: &PlanRequest, r: &Reading<'_>, tool: &str) -> Plan {
        if tool == "derive" {
            return self.derive(request, r);
        }
        if tool != "query_metrics" {
            return self.checked(request, r, self.plain_call(r, tool));
        }
        if let Some(name) = r.name(Thing::Customer).filter(|_| may_call(request.role, "customer_profile")) {
            // a metric has no single customer; what was counted of one stands in the profile
            let args = json!({ "customer": name.text }).as_object().cloned().unwrap_or_default();
            let profile = Call { tool: "customer_profile".into(), args };
            let narrowed = r.group().is_some() || r.period_and_comparison().0.is_some();
            let params = json!({ "asked": name.text });
            return match narrowed {
                true => self.ask_about(request, "metric_of_customer", params, vec![profile]),
                false => Plan::Calls(vec![profile]),
            };
        }
        let metrics = r.metrics();
        let mut call = self.plain_call(r, tool);
        if metrics.is_empty() && !call.args.contains_key("metric") {
            let offered = ["revenue", "orders", "aov"].map(|metric| with(&call, "metric", metric));
            return self.ask(request, "metric", offered.into());
        }
        let calls: Vec<Call> = match metrics.as_slice() {
            [] | [_] => for_each_name(&call, r),
            [first, rest @ ..] => {
                call.args.insert("metric".into(), first.clone().into());
                let others: Vec<Call> = rest.iter().map(|metric| with(&call, "metric", metric)).collect();
                std::iter::once(call).chain(others).collect()
            }
        };
        Plan::Calls(calls.into_iter().take(CALLS).collect())
    }

    /// Something made of the last figures of the conversation.
    fn derive(&self, request: &PlanRequest, r: &Reading<'_>) -> Plan {
        let figures = &request.memory.figures;
        let call = |op: &str| derive::call(op, figures, r);
        match (r.s.of("derive_op").next(), figures.len()) {
            (_, 0 | 1) => self.ask(request, "derive_figures", Vec::new()),
            (Some(op), _) => Plan::Calls(vec![call(&op.key)]),
            (None, _) => self.ask(request, "derive_op", ["diff", "ratio", "share"].map(call).into()),
        }
    }

    fn plain_call(&self, r: &Reading<'_>, tool: &str) -> Call {
        let mut args = slots::read_all(tool, r);
        if tool == "query_metrics" && !args.contains_key("metric") {
            // "best ten products" are those with the most revenue
            let ranked = args.get("group_by").and_then(Value::as_str).map(str::to_owned);
            let hint = r.hinted_metric().or_else(|| match ranked.as_deref() {
                Some("channel") => Some("spend".to_owned()),
                // nothing else is known of a channel
                _ if names_channel(&args) => Some("spend".to_owned()),
                Some(_) if ["top", "bottom"].iter().any(|cue| r.s.has(cue)) || args.contains_key("top") => {
                    Some("revenue".to_owned())
                }
                _ => None,
            });
            if let Some(metric) = hint {
                args.insert("metric".into(), metric.into());
            }
        }
        Call { tool: tool.to_owned(), args }
    }

    /// What the sentence asks for and the tool has not is said, never dropped.
    fn checked(&self, request: &PlanRequest, r: &Reading<'_>, call: Call) -> Plan {
        let call = limits::meant(call, r, &request.entities);
        match limits::of(&call, r, request) {
            Some(limit) => self.ask_about(request, limit.key, limit.params, limit.instead),
            None => Plan::Calls(vec![call]),
        }
    }

    /// Nothing to go by: three things that can be asked.
    fn ask_what(&self, request: &PlanRequest) -> Plan {
        let call = |tool: &str, args: Value| Call {
            tool: tool.to_owned(),
            args: args.as_object().cloned().unwrap_or_default(),
        };
        let offered = [
            call("query_metrics", json!({"metric": "revenue", "period": "last_30_days"})),
            call("predict_clv", json!({})),
            call("data_overview", json!({})),
        ];
        let offered: Vec<Call> =
            offered.into_iter().filter(|call| may_call(request.role, &call.tool)).collect();
        if offered.is_empty() {
            return Plan::Refuse(Refusal::NotUnderstood);
        }
        self.ask(request, "what", offered)
    }

    fn ask(&self, request: &PlanRequest, key: &str, calls: Vec<Call>) -> Plan {
        self.ask_about(request, key, Value::Null, calls)
    }

    fn ask_about(&self, request: &PlanRequest, key: &str, params: Value, calls: Vec<Call>) -> Plan {
        let choice = |call: Call| Choice { label: self.label(&call, request.lang), call };
        Plan::Clarify {
            key: key.to_owned(),
            params: params.as_object().cloned().unwrap_or_default(),
            choices: calls.into_iter().take(CHOICES).map(choice).collect(),
        }
    }

    /// A call in words: message `label.<tool>`, filled with its arguments.
    fn label(&self, call: &Call, lang: Lang) -> String {
        let word = |kind: &str, key: &str| self.prompts.word(kind, key, lang).to_owned();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut words: Vec<(String, String)> = Vec::new();
        for (name, value) in &call.args {
            let kind = match name.as_str() {
                "group_by" => "group",
                "compare_to" => "compare",
                other => other,
            };
            let said = match value {
                Value::Object(range) if range.contains_key("from") => {
                    let ends: Vec<String> = range.values().map(text).collect();
                    ends.join(" … ")
                }
                Value::Object(filter) => filter.values().map(text).collect::<Vec<_>>().join(", "),
                Value::String(key) => word(kind, key),
                other => text(other),
            };
            words.push((name.clone(), said));
        }
        let template = self.prompts.message(&format!("label.{}", call.tool), lang).unwrap_or(&call.tool);
        minijinja::Environment::new()
            .render_str(template, minijinja::Value::from_pairs(words))
            .map_or_else(|_| call.tool.clone(), |label| label.trim().to_owned())
    }

    /// Every message key that [`Plan::Clarify`] may carry, for tests of the words.
    pub const CLARIFIES: [&'static str; 20] = [
        "what",
        "which",
        "metric",
        "model",
        "clv_limited",
        "customer",
        "audience_for",
        "audience_limited",
        "metric_of_customer",
        "recommend_for",
        "recommend_limited",
        "segment_method",
        "derive_figures",
        "derive_op",
        "allocation",
        "budget_limited",
        "budget_currency",
        "budget_kept",
        "budget_on_top",
        "channel_unknown",
    ];
}

/// The day that phrases are read on; which one it is makes no difference to what is learnt.
const TRAINING_DAY: Day = Day(20_634);

impl Planner for EmbeddedPlanner {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn plan<'a>(&'a self, request: &'a PlanRequest) -> BoxFuture<'a, Result<Plan, PlanError>> {
        let plan = match &request.repair {
            // the same words lead to the same call: asking again cannot help
            Some(why) => Err(PlanError(why.clone())),
            None => Ok(self.decide(request)),
        };
        Box::pin(std::future::ready(plan))
    }
}

/// A tool outside the role's catalogue does not exist for it.
fn may_call(role: Role, tool: &str) -> bool {
    crate::tool::find(role, tool).is_some()
}

/// "Berlin and Paris" are two calls, unless the sentence splits by what they are.
fn for_each_name(call: &Call, r: &Reading<'_>) -> Vec<Call> {
    for (thing, key) in [
        (Thing::City, "city"),
        (Thing::Product, "product"),
        (Thing::Category, "category"),
        (Thing::Channel, "channel"),
    ] {
        let names = r.all_names(thing);
        let filter = call.args.get("filter").and_then(Value::as_object);
        if let (true, Some(filter)) = (names.len() > 1, filter.filter(|filter| filter.contains_key(key))) {
            let narrowed = |name: String| {
                let mut filter = filter.clone();
                filter.insert(key.to_owned(), name.into());
                let mut call = call.clone();
                call.args.insert("filter".into(), Value::Object(filter));
                call
            };
            return names.into_iter().map(narrowed).collect();
        }
    }
    vec![call.clone()]
}

/// The segment a call was about.
fn segment_of(call: &Call) -> Option<String> {
    let segment = call.args.get("segment").or_else(|| call.args.get("filter")?.get("segment"))?;
    segment.as_str().map(str::to_owned)
}

fn names_channel(args: &serde_json::Map<String, Value>) -> bool {
    args.get("filter").is_some_and(|filter| filter.get("channel").is_some())
}

fn with(call: &Call, argument: &str, value: &str) -> Call {
    let mut call = call.clone();
    call.args.insert(argument.into(), value.into());
    call
}

/// The choice that the answer names: its label, its number, or a word that only one of the labels has.
fn chosen(request: &PlanRequest) -> Option<Call> {
    let pending = &request.memory.pending;
    if pending.is_empty() {
        return None;
    }
    let fold = |text: &str| -> String {
        text::tokens(text)
            .into_iter()
            .filter(|token| token.kind != text::Kind::Mark)
            .map(|token| token.text)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let said = fold(&request.question);
    let ordinals = [
        [
            "1",
            "first",
            "the first",
            "the first one",
            "一",
            "第 一 个",
            "第 一",
            "1 st",
            "a",
            "option 1",
            "number 1",
        ],
        [
            "2",
            "second",
            "the second",
            "the second one",
            "二",
            "第 二 个",
            "第 二",
            "2 nd",
            "b",
            "option 2",
            "number 2",
        ],
        [
            "3",
            "third",
            "the third",
            "the third one",
            "三",
            "第 三 个",
            "第 三",
            "3 rd",
            "c",
            "option 3",
            "number 3",
        ],
    ];
    let by_number = ordinals.iter().position(|names| names.contains(&said.as_str()));
    if let Some(choice) = by_number.and_then(|at| pending.get(at)) {
        return Some(choice.call.clone());
    }
    if said.is_empty() {
        return None;
    }
    let named: Vec<&Choice> = pending.iter().filter(|choice| fold(&choice.label) == said).collect();
    let begun: Vec<&Choice> = pending.iter().filter(|choice| fold(&choice.label).contains(&said)).collect();
    match (named.as_slice(), begun.as_slice()) {
        ([only], _) | ([], [only]) => Some(only.call.clone()),
        _ => None,
    }
}
