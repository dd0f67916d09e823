//! A figure made of earlier figures is right, in its unit, and only ever made of the asker's own conversation.
//!
//! Whole turns through the agent, with a planner that follows a script; then the embedded planner over the sample shop,
//! in both languages, where every sentence passes the ledger.

use std::path::Path;
use std::sync::Arc;

use mercato::agent::turn::Turn;
use mercato::agent::{Agent, Answer, Call, Plan, Question};
use mercato::app::App;
use mercato::config::Config;
use mercato::domain::{NoWork, Principal, Role};
use mercato::store::Store;
use mercato::tool;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::support::agent::{Sales, Script, house, question};
use super::support::agent::{ask, sales};

fn call(tool: &str, args: Value) -> Call {
    Call { tool: tool.into(), args: args.as_object().unwrap().clone() }
}

fn derive(op: &str, facts: &[&str]) -> Call {
    call("derive", json!({"op": op, "facts": facts}))
}

fn agent(plans: Vec<Vec<Call>>) -> Agent {
    let planner = Script::of(plans.into_iter().map(Plan::Calls).collect());
    let mut house = house(Store::memory(), planner);
    house.catalogue = Arc::new(vec![tool::of::<Sales>(), tool::of::<tool::derive::Derive>()]);
    Agent::new(house)
}

fn result(answer: &Answer) -> f64 {
    let fact = answer.facts.iter().find(|fact| fact.fact.id.ends_with(".result"));
    fact.unwrap_or_else(|| panic!("{}", answer.text)).fact.value
}

#[tokio::test]
async fn figures_of_earlier_turns_and_of_this_one() {
    let more = call("sales", json!({"city": "Berlin", "more": 98}));
    let agent = agent(vec![
        vec![sales("Berlin")],
        vec![more],
        vec![derive("diff", &["t2.c1.orders", "t1.c1.orders"])],
        vec![derive("ratio", &["c1.result", "t1.c1.customers"])],
        vec![sales("Paris"), derive("share", &["c1.customers", "c1.orders"])],
        vec![derive("sum", &["t1.c1.r1.revenue", "t1.c1.r2.revenue", "t5.c1.revenue"])],
    ]);
    ask(&agent, "one").await;
    assert_eq!(ask(&agent, "two").await.turn, 2);
    let third = ask(&agent, "three").await;
    assert!((result(&third) - 98.0).abs() < 1e-9);
    assert!(third.text.contains("98") && third.text.contains("+10.9 %"), "{}", third.text);
    assert!((result(&ask(&agent, "four").await) - 98.0 / 642.0).abs() < 1e-12, "a result is a fact too");
    assert!((result(&ask(&agent, "five").await) - 642.0 / 902.0).abs() < 1e-12);
    let sum = ask(&agent, "six").await;
    assert!((result(&sum) - (1_234.5 + 987.25 + 84_212.4)).abs() < 1e-9);
    assert!(sum.text.contains("Emma Clark"), "{}", sum.text);
}

#[tokio::test]
async fn nobody_elses_figures_are_found_nor_those_of_another_conversation() {
    let other = |agent: Agent, principal: Principal, conversation: &str| {
        let asked = Question {
            principal,
            conversation: Some(conversation.into()),
            text: "what is the difference".into(),
            lang: None,
        };
        async move { agent.ask(asked, CancellationToken::new()).await.unwrap() }
    };
    let analyst = Principal { role: Role::Analyst, ..Principal::local_manager() };
    let stranger = Principal { id: "somebody else".into(), ..Principal::local_manager() };
    for (principal, conversation) in
        [(Principal::local_manager(), "another"), (stranger, "c"), (analyst, "c")]
    {
        let agent =
            agent(vec![vec![sales("Berlin")], vec![derive("diff", &["t1.c1.orders", "t1.c1.customers"])]]);
        ask(&agent, "one").await;
        let answer = other(agent.clone(), principal.clone(), conversation).await;
        assert!(answer.facts.is_empty() && answer.text.contains("t1.c1.orders"), "{principal:?}");
        assert!(answer.text.starts_with("No answer of this conversation"), "{}", answer.text);
    }
}

#[tokio::test]
async fn what_makes_no_figure_says_why() {
    for (op, facts, why) in [
        ("diff", vec!["c1.orders", "c1.revenue"], "of different kinds"),
        ("diff", vec!["c1.orders"], "takes two figures"),
        ("diff", vec!["c1.orders", "c1.nothing"], "c1.nothing"),
        ("share", vec!["c1.orders", "c1.customers"], "no part of the second"),
        ("sum", vec!["c1.repeat_rate", "c1.repeat_rate"], "of different kinds"),
    ] {
        let planned = vec![derive(op, &facts)];
        let agent = agent(vec![vec![sales("Berlin")], planned.clone(), planned.clone(), planned]);
        ask(&agent, "one").await;
        let answer = ask(&agent, "two").await;
        assert!(answer.text.contains(why) && answer.facts.is_empty(), "{}", answer.text);
    }
}

async fn talk(dir: &Path, questions: &[&str]) -> Vec<Answer> {
    let store = mercato::demo::open(dir, 1, &NoWork).unwrap();
    let app = App::over(store.clone(), &Config::default()).unwrap();
    let agent = app.agent();
    let mut answers = Vec::new();
    for asked in questions {
        answers.push(agent.ask(question(asked), CancellationToken::new()).await.unwrap());
        println!("> {asked}\n{}\n", answers.last().unwrap().text);
    }
    for turn in store.scan::<Turn>() {
        let turn = turn.unwrap();
        assert!(turn.withheld.is_empty(), "{}: {:?}", turn.question, turn.withheld);
    }
    answers
}

#[tokio::test]
async fn a_conversation_goes_on_to_what_two_answers_make() {
    let shop = super::support::shop::sample_shop();
    let english = [
        "revenue last month",
        "revenue of tea last month",
        "what share is that?",
        "what's the difference between the two?",
        "revenue in April",
        "and in May?",
        "how far apart are they",
        "add the last two figures",
    ];
    let answers = talk(shop.path(), &english).await;
    let value = |n: usize| answers[n].facts[0].fact.value;
    assert!((result(&answers[2]) - value(1) / value(0)).abs() < 1e-9);
    assert_eq!(answers[6].calls[0].args["op"], "diff");
    assert!((result(&answers[6]) - (value(4) - value(5))).abs() < 1e-6);
    assert_eq!(answers[7].calls[0].args["op"], "sum");
    let shop = super::support::shop::sample_shop();
    let chinese = [
        "上个月销售额",
        "上个月茶叶的销售额",
        "占比是多少",
        "柏林上个月的订单数",
        "巴黎上个月的订单数",
        "两者相差多少",
        "加起来是多少",
    ];
    let answers = talk(shop.path(), &chinese).await;
    let value = |n: usize| answers[n].facts[0].fact.value;
    assert!((result(&answers[2]) - value(1) / value(0)).abs() < 1e-9);
    assert!((result(&answers[5]) - (value(3) - value(4))).abs() < 1e-9);
}
