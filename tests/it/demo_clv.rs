//! The value forecast of the demo shop is right where the truth is known, and narrow, and better than naive.
//!
//! The row *CLV* of DEFINITIONS §12: six months, undiscounted revenue of existing customers, against what the simulated
//! shop then really earned. The total goes through the agent, asked in Chinese and in English; the customers through the
//! library. The seeds that grade (201 … 212) tuned nothing; a few run always, all twelve with `MERCATO_ALL_SEEDS=1`
//! (that is the report).

use std::sync::{Arc, LazyLock};

use mercato::agent::compose::TemplateComposer;
use mercato::agent::planner::EmbeddedPlanner;
use mercato::agent::{Agent, House};
use mercato::demo::{self, DemoShop};
use mercato::domain::{Clock, Fact, Lang, NoWork, Principal};
use mercato::features::clv::ClvInput;
use mercato::model::Models;
use mercato::model::clv::value::Horizon;
use mercato::model::clv::{GammaGamma, PurchaseModel, measure};
use mercato::prompts::Prompts;
use mercato::render::{Scope, Templates};
use mercato::store::Store;
use mercato::tool::{self, Outcome, ToolContext, ToolError};
use mercato::warehouse::{Live, Records, Warehouse};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::support::agent::question;

/// The total of six months, in the words of managers.
const ASKED: [(Lang, &str); 2] = [
    (Lang::En, "Which customers will be worth most over the next six months?"),
    (Lang::Zh, "未来半年哪些客户最有价值?"),
];
static WORDS: LazyLock<Arc<Templates>> =
    LazyLock::new(|| Arc::new(Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap()));
static PLANNER: LazyLock<Arc<EmbeddedPlanner>> =
    LazyLock::new(|| Arc::new(EmbeddedPlanner::new(&Prompts::load().unwrap())));

/// The shop as a tool sees it.
struct Shop {
    store: Store,
    warehouse: Arc<Warehouse>,
    models: Arc<Models>,
    demo: DemoShop,
}

impl Shop {
    fn of(seed: u64) -> Self {
        let demo = demo::generate(seed);
        let records = Records {
            customers: demo.customers.clone(),
            products: demo.products.clone(),
            orders: demo.orders.clone(),
            unlinked_refunds: Vec::new(),
            spend: demo.spend.clone(),
            ..Records::default()
        };
        let warehouse = Arc::new(Warehouse::from_records(1, demo.shop.clone(), &records));
        Self { store: Store::memory(), warehouse, models: Arc::default(), demo }
    }

    fn ask(&self, args: &Value) -> Result<Outcome<Value>, ToolError> {
        let principal = Principal::local_manager();
        let context = ToolContext {
            principal: &principal,
            store: &self.store,
            warehouse: &self.warehouse,
            models: &self.models,
            clock: Clock::system(None),
            said: &mercato::tool::NothingSaid,
            work: &NoWork,
        };
        let tool = tool::find(principal.role, "predict_clv").unwrap();
        let args = (tool.check)(args)?;
        (tool.run)(&context, &args)
    }

    /// The revenue that the agent's answer states in each language, interval included.
    fn said_by_agent(&self) -> Vec<Fact> {
        let agent = Agent::new(House {
            store: self.store.clone(),
            columns: Live::new(self.warehouse.clone()),
            models: self.models.clone(),
            clock: Clock::system(None),
            templates: WORDS.clone(),
            catalogue: Arc::new(tool::all()),
            planner: PLANNER.clone(),
            composer: Arc::new(TemplateComposer),
            album: None,
            limits: Default::default(),
        });
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let ask = |(lang, text): (Lang, &str)| {
            let answer = runtime.block_on(agent.ask(question(text), CancellationToken::new())).unwrap();
            assert_eq!(answer.language, lang);
            assert_eq!(answer.calls[0].args["horizon_months"], 6, "{:?}", answer.calls);
            let mut facts = answer.facts.into_iter().map(|labelled| labelled.fact);
            facts.find(|fact| fact.id == "c1.revenue").unwrap()
        };
        ASKED.into_iter().map(ask).collect()
    }

    fn today(&self) -> mercato::domain::Day {
        self.warehouse.order_days().unwrap().to
    }
}

/// What the row of §12 asks for.
struct Row {
    error: f64,
    half_width: f64,
    inside: bool,
    spearman: f64,
    capture_gain: f64,
    rmse_ratio: f64,
    naive_error: f64,
    capped: String,
}

fn measure_seed(seed: u64) -> Row {
    let shop = Shop::of(seed);
    let outcome = shop.ask(&json!({"horizon_months": 6, "discount_rate": 0.0})).unwrap();
    let revenue = outcome.facts.iter().find(|fact| fact.id == "revenue").unwrap();
    for said in shop.said_by_agent() {
        assert_eq!((said.value, said.interval), (revenue.value, revenue.interval), "agent and tool agree");
    }
    let (lo, hi) = revenue.interval.unwrap();

    let input = ClvInput::from_warehouse(&shop.warehouse, shop.today()).unwrap();
    let truth: std::collections::HashMap<&str, f64> = shop
        .demo
        .truth
        .customers
        .iter()
        .map(|customer| (customer.id.0.as_str(), customer.next[&182].revenue))
        .collect();
    let id = |row: &u32| shop.warehouse.customers.id[*row as usize].as_str();
    let actual: Vec<f64> = input.now.customer.iter().map(|row| truth[id(row)]).collect();
    let model = match outcome.output["model"].as_str().unwrap() {
        "bg_nbd" => PurchaseModel::BgNbd,
        _ => PurchaseModel::MbgNbd,
    };
    let fit = model.fit(&input.now.buyers, None, &NoWork).unwrap();
    let money = GammaGamma.fit(&input.now.spenders, None, &NoWork).unwrap();
    let pace = input.pace(&fit, 6).expect("two years are known").factor;
    let horizon = Horizon { season: input.season_ahead(6), discount: 0.0 }.at_pace(pace);
    let n = actual.len();
    let predicted: Vec<f64> = (0..n)
        .map(|i| {
            let orders = horizon.worth(&fit.alive(&input.now.buyers[i])).orders;
            orders * money.expected(&input.now.spenders[i])
        })
        .collect();
    let naive: Vec<f64> = (0..n)
        .map(|i| {
            let buyer = &input.now.buyers[i];
            let rate = if buyer.t > 0.0 { f64::from(buyer.frequency) / buyer.t } else { 0.0 };
            rate * 26.0 * input.now.mean_value[i]
        })
        .collect();
    let total: f64 = actual.iter().sum();
    let sum: f64 = predicted.iter().sum();
    assert!((sum / revenue.value - 1.0).abs() < 1e-9, "the tool says what the library does");
    Row {
        error: revenue.value / total - 1.0,
        half_width: 0.5 * (hi - lo) / revenue.value,
        inside: (lo..=hi).contains(&total),
        spearman: measure::spearman(&predicted, &actual),
        capture_gain: measure::capture(&predicted, &actual, 0.1) - measure::capture(&naive, &actual, 0.1),
        rmse_ratio: measure::rmse(&predicted, &actual) / measure::rmse(&naive, &actual),
        naive_error: measure::total_error(&naive, &actual),
        capped: format!(
            "{} {:?} {:?}",
            outcome.output["model"], outcome.evidence.grade, outcome.evidence.reason
        ),
    }
}

/// `MERCATO_CLV_SEEDS=1,2` looks at others, for tuning.
fn seeds() -> Vec<u64> {
    if let Ok(list) = std::env::var("MERCATO_CLV_SEEDS") {
        return list.split(',').map(|seed| seed.parse().unwrap()).collect();
    }
    if std::env::var_os("MERCATO_ALL_SEEDS").is_some() {
        (201..=212).collect()
    } else {
        (201..=203).collect()
    }
}

#[test]
fn six_months_against_the_truth() {
    let seeds = seeds();
    let rows: Vec<Row> = seeds.iter().map(|seed| measure_seed(*seed)).collect();
    for (seed, row) in seeds.iter().zip(&rows) {
        println!(
            "seed {seed}: total {:+.1} % (half-width {:.1} %, {}), Spearman {:.3}, capture {:+.3}, RMSE × {:.3}, naive total {:+.0} %, {}",
            100.0 * row.error,
            100.0 * row.half_width,
            if row.inside { "inside" } else { "OUTSIDE" },
            row.spearman,
            row.capture_gain,
            row.rmse_ratio,
            100.0 * row.naive_error,
            row.capped,
        );
    }
    let n = rows.len() as f64;
    let mean = |f: &dyn Fn(&Row) -> f64| rows.iter().map(f).sum::<f64>() / n;
    let inside = rows.iter().filter(|row| row.inside).count();
    println!(
        "mean: signed error {:+.2} %, half-width {:.1} %, inside {inside} of {n}, Spearman {:.3}, capture {:+.3}, RMSE × {:.3}",
        100.0 * mean(&|row| row.error),
        100.0 * mean(&|row| row.half_width),
        mean(&|row| row.spearman),
        mean(&|row| row.capture_gain),
        mean(&|row| row.rmse_ratio),
    );
    assert!(mean(&|row| row.spearman) >= 0.75);
    assert!(mean(&|row| row.capture_gain) >= 0.05);
    assert!(mean(&|row| row.rmse_ratio) <= 0.65);
    assert!(mean(&|row| row.half_width) <= 0.12);
    if rows.len() >= 12 {
        assert!(inside >= 9, "{inside} of 12 totals inside their 90 % interval");
        assert!(mean(&|row| row.error).abs() <= 0.04);
    }
}

fn said(outcome: &Outcome<Value>, args: &Value, lang: Lang) -> String {
    let templates = Templates::compile(std::sync::Arc::new(Prompts::load().unwrap())).unwrap();
    let scope = Scope::outcome(lang, outcome, args);
    let mut text = templates.answer("predict_clv", &scope).unwrap();
    for note in &outcome.notes {
        let words = scope.clone().with(&note.params);
        text = format!("{text}\n{}", templates.message(&format!("note.{}", note.key), &words).unwrap());
    }
    for next in &outcome.next {
        let words = scope.clone().with(&next.params);
        text = format!("{text}\n→ {}", templates.next("predict_clv", &next.key, &words).unwrap());
    }
    text
}

#[test]
fn answers_read_in_both_languages() {
    let shop = Shop::of(1);
    let all = shop.ask(&json!({"horizon_months": 6})).unwrap();
    let id = all.output["customers"][0]["id"].as_str().unwrap().to_owned();
    for args in [
        json!({"horizon_months": 6}),
        json!({"segment": "at_risk", "top": 3}),
        json!({"segment": "top", "horizon_months": 24}),
        json!({"customer": id, "horizon_months": 12}),
    ] {
        let outcome = shop.ask(&args).unwrap();
        for lang in Lang::ALL {
            let text = said(&outcome, &args, lang);
            println!("{args}\n{text}\n{:?}\n", outcome.evidence.reason);
            assert!(text.lines().count() > 2 && !text.contains("{{"));
        }
        assert_eq!(outcome.evidence.holdout.len(), 3, "the naive row stands beside the models");
    }
    assert_eq!(all.output["customers"].as_array().unwrap().len(), 10);
    let table = all.table.as_ref().unwrap();
    assert_eq!(table.rows.len(), 10);
    assert_eq!(table.columns.len(), 8, "a wider table breaks in a terminal");
    let next = all.next.iter().find(|next| next.key == "segment").unwrap();
    let group = shop.ask(&json!({"horizon_months": 6, "segment": next.params["segment"]})).unwrap();
    let share = group.facts.iter().find(|fact| fact.id == "share_of_all").unwrap().value;
    assert!(share > 0.05, "the next question is about a group that matters, not {share}");
}

#[test]
fn tiers_add_up_and_nobody_who_bought_once_is_surely_alive() {
    let shop = Shop::of(1);
    let outcome = shop.ask(&json!({"top": 1000, "model": "bg_nbd"})).unwrap();
    let tiers = outcome.output["tiers"].as_array().unwrap();
    let share: f64 = tiers.iter().map(|tier| tier["share"].as_f64().unwrap()).sum();
    assert!((share - 1.0).abs() < 1e-12);
    let count = |tier: usize| tiers[tier]["customers"].as_u64().unwrap();
    let n = outcome.output["n_customers"].as_u64().unwrap();
    assert_eq!(count(0), n.div_ceil(20));
    assert_eq!(count(0) + count(1), n.div_ceil(5));
    assert_eq!(count(0) + count(1) + count(2), n.div_ceil(2));
    let low = shop.ask(&json!({"top": 1000, "model": "bg_nbd", "segment": "new"})).unwrap();
    let once: Vec<f64> = low.output["customers"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|customer| customer["purchase_days"] == 1)
        .filter_map(|customer| customer["p_alive"].as_f64())
        .collect();
    assert!(!once.is_empty() && once.iter().all(|p| *p < 0.9995), "BG/NBD's 1 is never shown");
}

#[test]
fn whom_nobody_knows_and_what_makes_no_sense() {
    let shop = Shop::of(1);
    let unknown = shop.ask(&json!({"customer": "Emo Clarksen"})).unwrap_err();
    assert!(matches!(unknown.code.as_str(), "unknown_customer" | "several_customers"), "{unknown}");
    assert!(!unknown.candidates.is_empty());
    for args in [
        json!({"top": 0}),
        json!({"horizon_months": 61}),
        json!({"discount_rate": 10}),
        json!({"model": "pareto_nbd"}),
    ] {
        assert_eq!(shop.ask(&args).unwrap_err().kind, mercato::tool::ErrorKind::InvalidArgs, "{args}");
    }
}
