//! Every call of a tool leaves a row, whatever became of it; the rows hold no words; an import shows in the next
//! question of the same process.

use std::sync::Arc;

use mercato::agent::audit::{Audit, Verdict, verify};
use mercato::agent::{Agent, Call, Plan, Question};
use mercato::app::App;
use mercato::config::Config;
use mercato::domain::{Currency, NoWork, Order, Principal, Shop};
use mercato::store::{AnyRecord, Store};
use mercato::tool::ErrorKind;
use tokio_util::sync::CancellationToken;

use crate::support::agent::{Script, agent, ask, sales};
use crate::support::records::sparse_order;

fn rows(agent: &Agent) -> Vec<Audit> {
    agent.house().store.scan::<Audit>().map(Result::unwrap).collect()
}

#[tokio::test]
async fn every_call_leaves_a_row() {
    let unknown = Call { tool: "drop_tables".into(), args: Default::default() };
    let agent = agent(Script::of(vec![
        Plan::Calls(vec![sales("Berlin"), sales("Atlantis")]),
        Plan::Calls(vec![unknown, sales("Springfield")]),
    ]));
    ask(&agent, "sales in Berlin and Atlantis").await;
    ask(&agent, "something else").await;
    let rows = rows(&agent);
    let seen: Vec<(u32, &str, Verdict)> =
        rows.iter().map(|row| (row.turn, row.tool.as_str(), row.verdict)).collect();
    assert_eq!(
        seen,
        [
            (1, "sales", Verdict::Answered),
            (1, "sales", Verdict::Failed(ErrorKind::NotEnoughData)),
            (2, "drop_tables", Verdict::Failed(ErrorKind::Forbidden)),
            (2, "sales", Verdict::Failed(ErrorKind::Ambiguous)),
        ]
    );
    assert_ne!(rows[0].args, rows[1].args, "other arguments have another hash");
    assert!(rows.iter().all(|row| row.data_version == 7 && row.conversation == "c"));
    let text = format!("{rows:?}");
    assert!(!text.contains("Berlin") && !text.contains("local"), "{text}");
    assert_eq!(verify(&agent.house().store).unwrap(), Ok(4));
}

#[tokio::test]
async fn an_import_shows_in_the_next_question() {
    let store = Store::memory();
    let shop = Shop { currency: Currency::EUR, timezone: "UTC".into(), churn_window_days: None };
    let orders = |ids: std::ops::Range<u32>| -> Vec<AnyRecord> {
        ids.map(|id| Order { customer: Some("c1".into()), ..sparse_order(&id.to_string()) }.into()).collect()
    };
    store.import_records(orders(0..5), &shop, &NoWork).unwrap();
    let app = App::over(store.clone(), &Config::default()).unwrap();
    let agent = Arc::new(app.agent());
    let count = async |expected: f64, version: u64| {
        let text = "What data is loaded?".to_owned();
        let question =
            Question { principal: Principal::local_manager(), conversation: None, text, lang: None };
        let answer = agent.ask(question, CancellationToken::new()).await.unwrap();
        assert_eq!(answer.data_version, version);
        assert!(answer.facts.iter().any(|fact| (fact.fact.value - expected).abs() < 0.5), "{}", answer.text);
    };
    count(5.0, 1).await;
    store.import_records(orders(5..12), &shop, &NoWork).unwrap();
    count(12.0, 2).await;
}
