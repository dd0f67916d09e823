//! Which call would the planner make for each of these questions?
//!
//! JSON lines in: `{id, role, history, question, today}`; JSON lines out: `{id, tool, args}`, `tool` null where it
//! refuses or asks back. `history` is replayed through the same memory as in a conversation; nothing is carried from
//! one line to the next. Names come from `--data`, else from the sample shop made in memory. Where a language model's
//! server is set, it plans as in a conversation; what it did not do is said on standard error, once a reason.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::agent::planner::{Allowance, EmbeddedPlanner, LlmPlanner, PlanRequest, Planner};
use crate::agent::{Memory, Plan, ShopDays};
use crate::cli::Out;
use crate::config::Config;
use crate::demo;
use crate::domain::{Currency, Day, Entities, Lang, Role};
use crate::llm::LanguageModel;
use crate::prompts::Prompts;
use crate::store::Store;
use crate::tool;
use crate::warehouse::{Builder, Warehouse};

/// The sample shop whose names are known where no data folder is given; names do not depend on much of it.
const SEED: u64 = 7;
/// What one plan may take; the server's own patience is shorter.
const PATIENCE: Duration = Duration::from_secs(600);

/// The planner alone: questions in, calls out (JSON lines).
///
/// Example: echo '{"id":"1","role":"manager","history":[],"question":"revenue last month by city"}' | mercato lab plan
#[derive(Debug, clap::Args)]
pub struct PlanLines {
    /// Read the questions from this file instead of standard input.
    #[arg(value_name = "FILE")]
    questions: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Question {
    id: String,
    role: Role,
    #[serde(default)]
    history: Vec<String>,
    question: String,
    today: Option<String>,
}

/// What is known of the shop: its names and days.
struct Known {
    entities: Arc<Entities>,
    currency: Currency,
    days: ShopDays,
}

impl PlanLines {
    pub(super) fn run(self, data: Option<PathBuf>, out: &mut Out) -> anyhow::Result<()> {
        let known = match data {
            Some(dir) => of_folder(&dir)?,
            None => of_demo()?,
        };
        let prompts = Arc::new(Prompts::load()?);
        let embedded = Arc::new(EmbeddedPlanner::new(&prompts));
        let planner: Arc<dyn Planner> = match Config::load(Path::new("."))?.endpoint {
            None => embedded,
            Some(endpoint) => {
                let model = Arc::new(LanguageModel::new(endpoint, None));
                Arc::new(LlmPlanner::new(embedded, model, Arc::new(tool::all()), prompts))
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut without_model = BTreeMap::new();
        let (input, name): (Box<dyn BufRead>, String) = match &self.questions {
            None => (Box::new(std::io::stdin().lock()), "standard input".into()),
            Some(path) => {
                let file =
                    std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
                (Box::new(std::io::BufReader::new(file)), path.display().to_string())
            }
        };
        for (number, line) in input.lines().enumerate() {
            let place = || format!("{name} line {}", number + 1);
            let line = line.with_context(|| format!("{}: not UTF-8 text", place()))?;
            if line.trim().is_empty() {
                continue;
            }
            let question: Question = serde_json::from_str(&line).with_context(|| {
                format!("{}: expected {{\"id\", \"role\", \"history\", \"question\", \"today\"}}", place())
            })?;
            let id = question.id.clone();
            let asked = plan(planner.as_ref(), &known, question, &mut without_model);
            let (plan, by) = runtime.block_on(asked).with_context(place)?;
            out.line(answer(&id, &plan, by).to_string())?;
        }
        for (why, times) in without_model {
            eprintln!("mercato: the language model did not plan {times} times ({why})");
        }
        Ok(())
    }
}

/// The plan and who made it; why a language model did not is counted.
async fn plan(
    planner: &dyn Planner,
    known: &Known,
    asked: Question,
    without_model: &mut BTreeMap<&'static str, u32>,
) -> anyhow::Result<(Plan, &'static str)> {
    let mut days = known.days;
    if let Some(today) = &asked.today {
        days.today = Day::parse(today)
            .with_context(|| format!("field today: {today:?} is not a date; write YYYY-MM-DD"))?;
    }
    let mut memory = Memory::default();
    for (turn, earlier) in (1..).zip(asked.history) {
        let request = request(known, days, asked.role, earlier, &memory);
        let plan = planned(planner, &request, without_model).await?.0;
        memory.record(&request.question, &plan);
        // nothing is computed here: each call is taken to have given its headline
        let calls = if let Plan::Calls(calls) = &plan { calls.as_slice() } else { &[] };
        for (n, call) in (1..).zip(calls) {
            let headline = call.args.get("metric").and_then(serde_json::Value::as_str).unwrap_or("revenue");
            memory.figure(format!("t{turn}.c{n}.{headline}"));
        }
    }
    let request = request(known, days, asked.role, asked.question, &memory);
    planned(planner, &request, without_model).await
}

async fn planned(
    planner: &dyn Planner,
    request: &PlanRequest,
    without_model: &mut BTreeMap<&'static str, u32>,
) -> anyhow::Result<(Plan, &'static str)> {
    let allowance = Allowance { until: Instant::now() + PATIENCE, affordable: true };
    let planned = planner.plan_within(request, allowance).await?;
    if let Some(why) = planned.degraded {
        *without_model.entry(why).or_default() += 1;
    }
    Ok((planned.plan, planned.by))
}

fn request(known: &Known, days: ShopDays, role: Role, question: String, memory: &Memory) -> PlanRequest {
    PlanRequest {
        lang: Lang::of(&question),
        question,
        role,
        days,
        memory: memory.clone(),
        entities: known.entities.clone(),
        currency: known.currency,
        repair: None,
    }
}

fn answer(id: &str, plan: &Plan, by: &str) -> serde_json::Value {
    match plan {
        Plan::Calls(calls) if let Some(call) = calls.first() => {
            json!({ "id": id, "tool": call.tool, "args": call.args, "planner": by })
        }
        other => json!({ "id": id, "tool": null, "args": {}, "instead": other, "planner": by }),
    }
}

/// Names and days of the sample shop.
fn of_demo() -> anyhow::Result<Known> {
    let demo = demo::generate(SEED);
    let mut shop = Builder::new(0, demo.shop);
    demo.customers.iter().for_each(|customer| shop.customer(customer));
    demo.products.iter().for_each(|product| shop.product(product));
    demo.orders.iter().for_each(|order| shop.order(order));
    demo.spend.iter().for_each(|spend| shop.spend(spend));
    known(&shop.finish())
}

/// Names and days of the shop in a data folder.
fn of_folder(dir: &Path) -> anyhow::Result<Known> {
    known(&Warehouse::load(&Store::open(dir)?)?)
}

fn known(shop: &Warehouse) -> anyhow::Result<Known> {
    let data = shop.order_days().context("the shop has no orders so far; import them first")?;
    let days = ShopDays { today: data.to, data };
    Ok(Known { entities: Arc::new(shop.entities()), currency: shop.shop.currency, days })
}
