//! An agent made of parts that a test controls: a planner that follows a script, tools that compute little, a composer
//! that says what it is told.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use mercato::agent::compose::{Composer, Draft, Piece, TemplateComposer, Writing};
use mercato::agent::planner::{PlanError, PlanRequest, Planner};
use mercato::agent::turn::Limits;
use mercato::agent::{Agent, Answer, Call, House, Plan, Question};
use mercato::domain::{
    Cell, Clock, Column, Currency, Day, Evidence, Fact, Lang, Principal, Role, Shop, Span, Table, Unit,
};
use mercato::llm::Spent;
use mercato::model::Models;
use mercato::prompts::Prompts;
use mercato::render::Templates;
use mercato::store::Store;
use mercato::tool::{self, Outcome, Tool, ToolContext, ToolError};
use mercato::warehouse::Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// A planner that gives its plans one after the other, and keeps what it was shown.
#[derive(Default)]
pub(crate) struct Script {
    plans: Mutex<VecDeque<Plan>>,
    pub(crate) seen: Mutex<Vec<PlanRequest>>,
}

impl Script {
    pub(crate) fn of(plans: Vec<Plan>) -> Arc<Self> {
        Arc::new(Self { plans: Mutex::new(plans.into()), seen: Mutex::default() })
    }
}

impl Planner for Script {
    fn name(&self) -> &'static str {
        "embedded"
    }
    fn plan<'a>(&'a self, request: &'a PlanRequest) -> BoxFuture<'a, Result<Plan, PlanError>> {
        self.seen.lock().unwrap().push(request.clone());
        let plan = self.plans.lock().unwrap().pop_front();
        Box::pin(async move { plan.ok_or_else(|| PlanError("the script is over".into())) })
    }
}

/// A composer that says the same text of every outcome.
pub(crate) struct Says(pub(crate) &'static str);

impl Composer for Says {
    fn name(&self) -> &'static str {
        "scripted"
    }
    fn write<'a>(&'a self, _: &'a Draft<'a>, _: Duration) -> Option<Writing<'a>> {
        Some(Box::pin(futures::stream::once(async {
            Ok(Piece { text: self.0.to_owned(), spent: Spent::default() })
        })))
    }
}

/// Sales of a city: figures, a table, an interval. Unknown and ambiguous cities are refused, "slow" waits for stop.
pub(crate) struct Sales;

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SalesArgs {
    /// Which city.
    city: String,
    /// What is added to the orders, to see a fact change.
    #[serde(default)]
    more: u32,
}

impl Tool for Sales {
    const NAME: &'static str = "sales";
    const ROLES: &'static [Role] = &[Role::Manager, Role::Analyst];
    type Args = SalesArgs;
    type Output = Value;

    fn call(ctx: &ToolContext<'_>, args: SalesArgs) -> Result<Outcome<Value>, ToolError> {
        match args.city.as_str() {
            "Springfield" => {
                let candidates = vec!["Springfield North".to_owned(), "Springfield South".to_owned()];
                return Err(ToolError::ambiguous("several_of_that_name", candidates.clone())
                    .with("kind", "city")
                    .with("text", "Springfield")
                    .with("candidates", candidates));
            }
            "Atlantis" => return Err(ToolError::not_enough_data("no_orders")),
            "Panic" => panic!("a tool broke"),
            "NaN" => {
                let mut outcome = Outcome::new(json!({}), Evidence::descriptive(1, None, 1));
                outcome.facts = vec![Fact::new("revenue", f64::NAN, Unit::Money(Currency::EUR))];
                return Ok(outcome);
            }
            "Slow" => loop {
                ctx.work.check()?;
                std::thread::yield_now();
            },
            _ => {}
        }
        let day = |text: &str| Day::parse(text).unwrap();
        let june = Span { from: day("2026-06-01"), to: day("2026-06-30") };
        let mut outcome = Outcome::new(json!({"city": args.city}), Evidence::descriptive(902, Some(june), 7));
        let eur = Unit::Money(Currency::EUR);
        // A value whose decimal digits do not end, so that a lossy store would show.
        outcome.facts = vec![
            Fact::new("revenue", 84_212.4 / 3.0 * 3.0, eur).over(june).within(71_300.0, 96_100.0),
            Fact::new("orders", 902.0 + f64::from(args.more), Unit::Count),
            Fact::new("customers", 642.0, Unit::Count),
            Fact::new("aov", 84_212.4 / 902.0, eur),
            Fact::new("repeat_rate", 0.324, Unit::Share),
            Fact::new("change", -0.124, Unit::Change),
            Fact::new("rate_change", -0.018, Unit::Points),
        ];
        outcome.table = Some(Table {
            columns: vec![
                Column { key: "name".into(), unit: None },
                Column { key: "revenue".into(), unit: Some(eur) },
            ],
            rows: vec![
                vec![Cell::Text("Emma Clark".into()), Cell::Number(1_234.5)],
                vec![Cell::Text("Liam Moreau".into()), Cell::Number(987.25)],
            ],
        });
        Ok(outcome)
    }
}

/// What the tool's answer says in both languages.
pub(crate) const SALES_EN: &str = "In {{ period }}, {{ output.city }} sold {{ f.revenue }} (90 %: {{ f.revenue.interval }}) in {{ f.orders }} orders.\nThe best customer is {{ table.rows[0].name }} with {{ table.rows[0].revenue }}.";
pub(crate) const SALES_ZH: &str = "{{ period }}，{{ output.city }}销售额{{ f.revenue }}（90%区间 {{ f.revenue.interval }}），共{{ f.orders }}单。\n最好的客户是{{ table.rows[0].name }}，{{ table.rows[0].revenue }}。";

/// The words, with the answer of `sales` among them.
pub(crate) fn templates(en: &str, zh: &str) -> Arc<Templates> {
    let mut templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
    templates.teach("sales", Lang::En, en).unwrap();
    templates.teach("sales", Lang::Zh, zh).unwrap();
    Arc::new(templates)
}

/// An agent over a store in memory.
pub(crate) fn agent(planner: Arc<Script>) -> Agent {
    Agent::new(house(Store::memory(), planner))
}

/// The same over a folder.
pub(crate) fn agent_in(dir: &Path, planner: Arc<Script>) -> Agent {
    Agent::new(house(Store::create(dir).unwrap(), planner))
}

/// Its parts, to change some.
pub(crate) fn house(store: Store, planner: Arc<Script>) -> House {
    let shop = Shop { currency: Currency::EUR, timezone: "Europe/Berlin".into(), churn_window_days: None };
    House {
        store,
        columns: Live::new(Arc::new(mercato::warehouse::Builder::new(7, shop).finish())),
        models: Arc::new(Models::default()),
        clock: Clock::fixed("2026-07-01T08:00:00Z".parse().unwrap(), Day::parse("2026-06-30")),
        templates: templates(SALES_EN, SALES_ZH),
        catalogue: Arc::new(vec![tool::of::<Sales>()]),
        planner,
        composer: Arc::new(TemplateComposer),
        album: None,
        limits: Limits::default(),
    }
}

/// A call of `sales`.
pub(crate) fn sales(city: &str) -> Call {
    Call { tool: "sales".into(), args: json!({"city": city}).as_object().unwrap().clone() }
}

/// A question of the local manager in conversation `c`.
pub(crate) fn question(text: &str) -> Question {
    Question {
        principal: Principal::local_manager(),
        conversation: Some("c".into()),
        text: text.into(),
        lang: None,
    }
}

/// Asks and waits for the whole answer.
pub(crate) async fn ask(agent: &Agent, text: &str) -> Answer {
    agent.ask(question(text), CancellationToken::new()).await.unwrap()
}

/// An answer without its times.
pub(crate) fn timeless(mut answer: Answer) -> Answer {
    answer.seconds = 0.0;
    answer.calls.iter_mut().for_each(|call| call.seconds = 0.0);
    answer
}
