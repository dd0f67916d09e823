//! Which tool and which arguments, with a language model in front?
//!
//! The embedded planner always plans first; it takes about a millisecond. What then becomes of the model depends on
//! what it can do, which is learned on the first questions and remembered:
//!
//! - A model that makes **native tool calls leads**: it is asked every question (but for injections and for replies to
//!   offered choices, which are code's to decide), sees the embedded plan as a hint, and may make several calls.
//! - A model that does not (it is held to a JSON schema, or writes JSON into its text) **helps**: such models are small
//!   and choose tools worse than the words do. So the embedded plan stands wherever it is settled, the model is asked
//!   only between tools that the words leave open, arguments are read from the question by the slots, and it can
//!   neither lift a refusal nor refuse. `[model] leads = true` lets such a model lead all the same.
//!
//! Which of the two it is, is learned by the first question, sent with the tools' names and purposes only: a small model
//! would read their full schemas for minutes. A call in the reply that is whole and right is taken at once.
//!
//! Where the model's server fails, or the model writes nothing that can be read in three tries, the embedded plan takes
//! its place and the turn says so. Arguments are mended and checked by the driver as for every planner; what cannot be
//! mended comes back here as `repair`, twice at most.

mod ground;
mod prompt;
mod read;

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::time::Instant;

use self::prompt::Prompter;
use self::read::{Reader, holds_plan};
use super::{Allowance, EmbeddedPlanner, PlanError, PlanRequest, Planned, Planner};
use crate::agent::compose::has_address;
use crate::agent::{Catalogue, Plan, Refusal};
use crate::llm::{Ask, Broken, Fault, LanguageModel, Reply, Spent, Way};
use crate::prompts::Prompts;

/// Times the model is asked for one plan, ways of asking that it does not know included.
const ASKS: usize = 3;

/// A language model in front of the embedded planner.
pub struct LlmPlanner {
    embedded: Arc<EmbeddedPlanner>,
    model: Arc<LanguageModel>,
    catalogue: Catalogue,
    prompts: Arc<Prompts>,
}

impl LlmPlanner {
    /// From its parts.
    pub fn new(
        embedded: Arc<EmbeddedPlanner>,
        model: Arc<LanguageModel>,
        catalogue: Catalogue,
        prompts: Arc<Prompts>,
    ) -> Self {
        Self { embedded, model, catalogue, prompts }
    }

    /// Whether the model's plan goes before the embedded one.
    fn leads(&self) -> bool {
        self.model.endpoint().leads.unwrap_or(self.model.way() == Some(Way::Native))
    }

    async fn decide(&self, request: &PlanRequest, allowance: Allowance) -> Planned {
        let words = self.embedded.advise(request);
        let by_words =
            |degraded, spent| Planned { plan: words.plan.clone(), by: "embedded", degraded, spent };
        let again = request.repair.is_some();
        if !again && is_codes(request, &words.plan) {
            return by_words(None, Spent::default());
        }
        let mut spent = Spent::default();
        let met = match self.model.way() {
            Some(_) => Ok(None),
            None if allowance.affordable => self.meet(request, allowance, &mut spent).await,
            None => Err(Fault::OverBudget),
        };
        let helps = !self.leads() && self.model.way().is_some();
        let asked = match met {
            Err(fault) => Err(fault),
            Ok(Some(plan)) => Ok(plan),
            // It only chooses tools: what it could mend nothing of, and what needs no choice, stays as the words have it.
            Ok(None) if helps && (again || settled(&words.plan)) => return by_words(None, spent),
            Ok(None) if allowance.affordable => {
                self.consult(request, &words.plan, allowance, &mut spent).await
            }
            Ok(None) => Err(Fault::OverBudget),
        };
        match asked {
            Ok(plan) if is_talk(&plan) && matches!(words.plan, Plan::Calls(_)) => by_words(None, spent),
            Ok(plan) if is_unfit(&plan) => by_words(None, spent),
            Ok(plan) if self.leads() || again => Planned { plan, by: "llm", degraded: None, spent },
            Ok(plan) => match ground::helped(&plan, &words, &self.catalogue, &request.question) {
                Some(plan) => Planned { plan, by: "llm", degraded: None, spent },
                None => by_words(None, spent),
            },
            // Where the words lead to the very call that was refused, the turn says why it was.
            Err(fault) => by_words(Some(fault.key()), spent),
        }
    }

    /// Asks a model that is not known so far, with little to read, and learns how it chooses tools. A whole and right
    /// call is a plan already.
    async fn meet(
        &self,
        request: &PlanRequest,
        allowance: Allowance,
        spent: &mut Spent,
    ) -> Result<Option<Plan>, Fault> {
        let prompter = self.prompter();
        let reply = match self.ask(&prompter.meeting(request), allowance, spent).await {
            Ok(reply) => reply,
            Err(Fault::NotTaken(why)) => {
                // a refusal that speaks of something else says nothing of tools
                let why = why.to_lowercase();
                if ["tool", "function", "jinja"].iter().any(|word| why.contains(word)) {
                    self.model.learn(Way::Schema);
                }
                return Ok(None);
            }
            // it thinks aloud for longer than a first question is worth
            Err(Fault::Curtailed(_)) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        if !reply.calls.is_empty() {
            self.model.learn(Way::Native);
        } else if holds_plan(&reply.text) {
            // It writes its calls: a schema is what holds it best, if the server has that.
            self.model.learn(Way::Schema);
        }
        let plan = self.reader(request).read(&reply, false).ok();
        Ok(plan.filter(|plan| match plan {
            Plan::Calls(calls) => calls.iter().all(|call| {
                let args = serde_json::Value::Object(call.args.clone());
                let entry = self.catalogue.iter().find(|entry| entry.name == call.tool);
                !call.args.is_empty() && entry.is_some_and(|entry| (entry.check)(&args).is_ok())
            }),
            Plan::Clarify { choices, .. } => !choices.is_empty(),
            Plan::Reply(_) | Plan::Handoff | Plan::Refuse(_) => false,
        }))
    }

    /// One reply, in what is left of the time; what it costs is counted whether it comes or not.
    async fn ask(&self, ask: &Ask, allowance: Allowance, spent: &mut Spent) -> Result<Reply, Fault> {
        match self.model.ask(ask, allowance.left(), holds_plan).await {
            Ok(reply) => {
                *spent = spent.and(reply.spent);
                Ok(reply)
            }
            Err(Broken { fault, spent: lost }) => {
                *spent = spent.and(lost);
                Err(fault)
            }
        }
    }

    fn prompter(&self) -> Prompter<'_> {
        Prompter { prompts: &self.prompts, catalogue: &self.catalogue, full: self.leads() }
    }

    fn reader<'r>(&'r self, request: &'r PlanRequest) -> Reader<'r> {
        Reader { catalogue: &self.catalogue, embedded: &self.embedded, prompts: &self.prompts, request }
    }

    /// Asks the model, in the way it is known to understand or in each until one is understood.
    async fn consult(
        &self,
        request: &PlanRequest,
        draft: &Plan,
        allowance: Allowance,
        spent: &mut Spent,
    ) -> Result<Plan, Fault> {
        let (prompter, reader) = (self.prompter(), self.reader(request));
        let known = self.model.way();
        // It was met with native tools in vain.
        let mut way = known.unwrap_or(Way::Schema);
        let mut trouble = request.repair.clone();
        let mut curtailed = false;
        for _ in 0..ASKS {
            let ask = prompter.ask(way, request, draft, trouble.as_deref());
            let reply = match self.ask(&ask, allowance, spent).await {
                Ok(reply) => reply,
                Err(Fault::NotTaken(why)) => {
                    way = less(way).ok_or(Fault::NotTaken(why))?;
                    continue;
                }
                // once more, and shorter; what goes on and on twice would do so a third time
                Err(Fault::Curtailed(_)) if !curtailed => {
                    curtailed = true;
                    trouble = Some(prompter.say("curtailed").to_owned());
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            let native = !reply.calls.is_empty();
            let written = !native && holds_plan(&reply.text);
            if native {
                self.model.learn(Way::Native);
            } else if written && way == Way::Native {
                self.model.learn(Way::Schema);
            } else if written {
                self.model.learn(way);
            }
            match reader.read(&reply, known == Some(Way::Native)) {
                Ok(plan) => return Ok(plan),
                Err(why) => {
                    tracing::info!(why, "the model's plan could not be read");
                    trouble = Some(why);
                    if !native && !written && known != Some(Way::Native) {
                        way = less(way).unwrap_or(way);
                    }
                }
            }
        }
        Err(Fault::Garbled("no plan in its replies".into()))
    }
}

impl Planner for LlmPlanner {
    fn name(&self) -> &'static str {
        "llm"
    }

    fn plan<'a>(&'a self, request: &'a PlanRequest) -> BoxFuture<'a, Result<Plan, PlanError>> {
        let until = Instant::now() + self.model.endpoint().patience.whole;
        let allowance = Allowance { until, affordable: true };
        Box::pin(async move { Ok(self.decide(request, allowance).await.plan) })
    }

    fn plan_within<'a>(
        &'a self,
        request: &'a PlanRequest,
        allowance: Allowance,
    ) -> BoxFuture<'a, Result<Planned, PlanError>> {
        Box::pin(async move { Ok(self.decide(request, allowance).await) })
    }
}

/// The next way that asks less of the server.
fn less(way: Way) -> Option<Way> {
    match way {
        Way::Native => Some(Way::Schema),
        Way::Schema => Some(Way::Text),
        Way::Text => None,
    }
}

/// What no model decides: who may see what, and what an offered choice means.
fn is_codes(request: &PlanRequest, draft: &Plan) -> bool {
    let chosen = |plan: &Plan| match plan {
        Plan::Calls(calls) => {
            let offered =
                |call: &crate::agent::Call| request.memory.pending.iter().any(|choice| choice.call == *call);
            matches!(calls.as_slice(), [only] if offered(only))
        }
        _ => false,
    };
    matches!(draft, Plan::Refuse(Refusal::Injection)) || chosen(draft)
}

/// Prose, a question without choices, a no, a handing over: where the words lead to a call, its figures answer instead.
fn is_talk(plan: &Plan) -> bool {
    match plan {
        Plan::Reply(_) | Plan::Handoff | Plan::Refuse(_) => true,
        Plan::Clarify { choices, .. } => choices.is_empty(),
        Plan::Calls(_) => false,
    }
}

/// Bytes of a reply or a question back.
const PROSE_MOST: usize = 2_000;

/// Whether its prose is long, or names an address: no reply and no question of ours sends anybody anywhere.
fn is_unfit(plan: &Plan) -> bool {
    let text = match plan {
        Plan::Reply(text) => Some(text.as_str()),
        Plan::Clarify { params, .. } => params.get("question").and_then(serde_json::Value::as_str),
        Plan::Calls(_) | Plan::Refuse(_) | Plan::Handoff => None,
    };
    text.is_some_and(|text| text.len() > PROSE_MOST || has_address(text))
}

/// Whether the words alone lead to one thing.
fn settled(draft: &Plan) -> bool {
    match draft {
        Plan::Calls(_) | Plan::Reply(_) | Plan::Handoff => true,
        Plan::Refuse(refusal) => *refusal != Refusal::NotUnderstood,
        Plan::Clarify { key, .. } => !matches!(key.as_str(), "which" | "what"),
    }
}
