//! Reading a tool's answer as a person would: in both languages, through the ledger.

use std::sync::{Arc, LazyLock, OnceLock};

use mercato::agent::ledger::Ledger;
use mercato::agent::planner::{EmbeddedPlanner, PlanRequest};
use mercato::agent::{Call, Memory, Plan, ShopDays};
use mercato::domain::{Lang, Role};
use mercato::prompts::Prompts;
use mercato::render::{Scope, Templates};
use mercato::tool::{Next, Outcome};
use mercato::warehouse::{Records, Warehouse};
use serde_json::Value;

use super::small_shop::call;

/// The sample shop of seed 1 in memory.
pub(crate) fn demo() -> &'static Warehouse {
    static DEMO: OnceLock<Warehouse> = OnceLock::new();
    DEMO.get_or_init(|| {
        let shop = mercato::demo::generate(1);
        let records = Records {
            customers: shop.customers,
            products: shop.products,
            orders: shop.orders,
            unlinked_refunds: Vec::new(),
            spend: shop.spend,
            ..Records::default()
        };
        Warehouse::from_records(1, shop.shop, &records)
    })
}

/// Every sentence and note stands, says only figures that are facts, and lacks nothing; gives back the follow-up
/// questions of each language.
pub(crate) fn reads_well(
    templates: &Templates,
    tool: &str,
    args: &Value,
    outcome: &Outcome<Value>,
) -> Vec<(Lang, Vec<String>)> {
    let mut ledger = Ledger::default();
    ledger.outcome(outcome, &mercato::prompts::Prompts::load().unwrap());
    ledger.args(args);
    let mut questions = Vec::new();
    for lang in Lang::ALL {
        let scope = Scope::outcome(lang, outcome, args);
        let mut said = vec![templates.answer(tool, &scope).unwrap_or_else(|error| panic!("{args}: {error}"))];
        for note in &outcome.notes {
            let scope = scope.clone().with(&note.params);
            said.push(templates.message(&format!("note.{}", note.key), &scope).unwrap());
        }
        let next = |next: &Next| templates.next(tool, &next.key, &scope.clone().with(&next.params)).unwrap();
        let next: Vec<String> = outcome.next.iter().map(next).collect();
        println!("{args}\n{}\n→ {}\n", said.join("\n"), next.join(" → "));
        for line in said.iter().flat_map(|text| text.lines()) {
            ledger.check(line).unwrap_or_else(|violation| panic!("{args}: {violation}"));
            assert!(!line.contains("undefined") && !line.contains("none"), "{args}: {line}");
        }
        questions.push((lang, next));
    }
    questions
}

static PLANNER: LazyLock<EmbeddedPlanner> = LazyLock::new(|| EmbeddedPlanner::new(&Prompts::load().unwrap()));

/// The calls that a question leads to after this one.
pub(crate) fn planned(lang: Lang, question: &str, before: &str, args: &Value) -> Vec<(String, Value)> {
    let today = demo().order_days().unwrap().to;
    let mut memory = Memory::default();
    let args = args.as_object().cloned().unwrap_or_default();
    memory.record("", &Plan::Calls(vec![Call { tool: before.into(), args }]));
    let plan = PLANNER.decide(&PlanRequest {
        question: question.into(),
        lang,
        role: Role::Manager,
        days: ShopDays { today, data: demo().order_days().unwrap() },
        memory,
        entities: Arc::new(demo().entities()),
        currency: demo().shop.currency,
        repair: None,
    });
    let Plan::Calls(calls) = plan else { panic!("{question}: {plan:?}") };
    calls.into_iter().map(|call| (call.tool, Value::Object(call.args))).collect()
}

/// Each question leads to calls that give figures.
pub(crate) fn runs(lang: Lang, questions: &[String]) {
    let today = demo().order_days().unwrap().to;
    let entities = Arc::new(demo().entities());
    for question in questions {
        let plan = PLANNER.decide(&PlanRequest {
            question: question.clone(),
            lang,
            role: Role::Manager,
            days: ShopDays { today, data: demo().order_days().unwrap() },
            memory: Memory::default(),
            entities: entities.clone(),
            currency: demo().shop.currency,
            repair: None,
        });
        let Plan::Calls(calls) = &plan else { panic!("{question}: {plan:?}") };
        for planned in calls {
            let args = Value::Object(planned.args.clone());
            call(demo(), &planned.tool, &args).unwrap_or_else(|error| panic!("{question}: {error}"));
        }
    }
}
