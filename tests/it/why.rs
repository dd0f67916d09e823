//! Promise: every number of an answer is explained by `/why`.
//!
//! Method: the open questions of both languages (40 answers each and more) are asked of the sample shop; each number of
//! each text, as it stands there in digits, is asked about, and so is every named figure and the first row of every table. What
//! `/why` finds must be a figure that has this very value, with a definition, and no sentence of it may be kept back.

use std::collections::BTreeSet;

use mercato::agent::ledger::{Asked, Ledger};
use mercato::agent::turn::{CallResult, Turn};
use mercato::agent::why::{Explanation, explain};
use mercato::agent::{Agent, Answer, Question};
use mercato::app::App;
use mercato::config::Config;
use mercato::domain::{Lang, Principal};
use mercato::render::Scope;
use mercato::store::Store;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::support::agent::question;
use super::support::shop::sample_shop;

/// Answers with figures that each language must give at least.
const ANSWERS: usize = 40;

#[derive(Deserialize)]
struct Line {
    history: Vec<String>,
    question: String,
    tool: Option<String>,
}

fn lines(lang: Lang) -> Vec<Line> {
    let text = match lang {
        Lang::En => include_str!("../data/questions/open-en.jsonl"),
        Lang::Zh => include_str!("../data/questions/open-zh.jsonl"),
    };
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn ask(agent: &Agent, conversation: Option<String>, text: &str) -> Answer {
    let asked = Question { conversation, ..question(text) };
    agent.ask(asked, CancellationToken::new()).await.unwrap()
}

fn turn(app: &App, conversation: &str, number: u32) -> Turn {
    let key = Turn::key_of(conversation, &Principal::local_manager(), number);
    app.store.get::<Turn>(&key).unwrap().unwrap()
}

/// What licenses the answer's text, so that numbers inside names are no numbers.
fn ledger(turn: &Turn) -> Ledger {
    let mut ledger = Ledger::default();
    ledger.question(&turn.question);
    for record in &turn.calls {
        ledger.args(record.args.as_ref().unwrap_or(&serde_json::Value::Null));
        if let Some(CallResult::Answered(outcome)) = &record.result {
            ledger.outcome(outcome, &mercato::prompts::Prompts::load().unwrap());
        }
    }
    ledger
}

#[track_caller]
fn whole(said: &Explanation, about: &str, no_definition: &str) {
    assert!(said.found && !said.text.is_empty(), "{about}: {}", said.text);
    assert_eq!(said.withheld, Vec::<String>::new(), "{about}");
    assert!(!said.text.contains(no_definition), "{about} has no definition: {}", said.text);
}

/// The numbers of one answer that were looked up.
fn check(app: &App, turn: &Turn, lang: Lang) -> usize {
    let answer = turn.answer.as_ref().unwrap();
    let no_definition = app.templates.message(
        "why.no_definition",
        &Scope::words(lang, &serde_json::Map::new()).naming("tool", answer.calls[0].tool.clone()),
    );
    let no_definition = no_definition.unwrap();
    // Number words ("one order") are not looked up: nobody types them after /why.
    let digits = |number: &String| number.chars().any(|c| c.is_ascii_digit());
    let numbers: BTreeSet<String> = ledger(turn).numbers(&answer.text).into_iter().filter(digits).collect();
    for number in &numbers {
        let about = format!("{:?}: {number}", turn.question);
        let said = explain(turn, number, lang, &app.templates);
        whole(&said, &about, &no_definition);
        let asked = Asked::of(number).unwrap();
        // A day stands for the row it names.
        for fact in said.facts.iter().filter(|_| !asked.is_date()) {
            assert!(asked.says(&fact.fact) || asked.resembles(&fact.fact), "{about} is not {fact:?}");
        }
    }
    // Of a table the first row: the others have the same columns.
    let row = |id: &str| id.split('.').nth(1).and_then(|part| part.strip_prefix('r')?.parse::<u32>().ok());
    for fact in answer.facts.iter().filter(|fact| row(&fact.fact.id).is_none_or(|row| row == 1)) {
        let said = explain(turn, &fact.fact.id, lang, &app.templates);
        whole(&said, &format!("{:?}: {}", turn.question, fact.fact.id), &no_definition);
        assert_eq!(said.facts[0].fact.value.to_bits(), fact.fact.value.to_bits(), "{}", fact.fact.id);
    }
    whole(&explain(turn, "", lang, &app.templates), &turn.question, &no_definition);
    assert!(!explain(turn, "987654321", lang, &app.templates).found, "{}", turn.question);
    numbers.len()
}

#[tokio::test]
async fn every_number_of_forty_answers_in_each_language_is_explained() {
    let dir = sample_shop();
    let app = App::over(Store::open(dir.path()).unwrap(), &Config::default()).unwrap();
    // Made once: the planner learns its phrases.
    let agent = app.agent();
    for lang in Lang::ALL {
        let (mut answers, mut numbers) = (0, 0);
        for line in lines(lang).iter().filter(|line| line.tool.is_some()) {
            let mut conversation = None;
            for text in line.history.iter().chain([&line.question]) {
                conversation = Some(ask(&agent, conversation, text).await.conversation);
            }
            let number = u32::try_from(line.history.len()).unwrap() + 1;
            let turn = turn(&app, &conversation.unwrap(), number);
            if turn.calls.iter().any(|record| matches!(record.result, Some(CallResult::Answered(_)))) {
                answers += 1;
                numbers += check(&app, &turn, lang);
            }
        }
        println!("{}: {answers} answers, {numbers} numbers, all explained", lang.code());
        assert!(answers >= ANSWERS, "{answers} answers only");
    }
}

#[tokio::test]
async fn a_figure_is_explained_in_the_conversation() {
    let dir = sample_shop();
    let app = App::over(Store::open(dir.path()).unwrap(), &Config::default()).unwrap();
    let agent = app.agent();
    let nothing = agent.ask(question("/why"), CancellationToken::new()).await;
    assert!(nothing.unwrap_err().contains("Ask a question first"));
    let first = ask(&agent, None, "average order value last month in Berlin").await;
    let talk = || Some(first.conversation.clone());
    let value = |id: &str| first.facts.iter().find(|fact| fact.fact.id == id).unwrap().fact.value;
    for (asked, id) in [
        ("/why", "c1.aov"),
        ("/why average order value", "c1.aov"),
        ("/why AOV", "c1.aov"),
        ("/why c1.revenue", "c1.revenue"),
        ("/为什么 订单数", "c1.orders"),
        (&format!("/why {}", value("c1.orders")), "c1.orders"),
        (&format!("/why {:.2}", value("c1.aov")), "c1.aov"),
    ] {
        let said = ask(&agent, talk(), asked).await;
        assert_eq!(said.facts.first().map(|fact| fact.fact.id.as_str()), Some(id), "{asked}: {}", said.text);
    }
    let said = ask(&agent, talk(), "/why aov").await;
    let (revenue, orders) = (value("c1.revenue"), value("c1.orders"));
    let formula = format!(" / {orders} = €{:.2}.", revenue / orders);
    assert!(said.text.contains(&formula), "{formula} in {}", said.text);
    for part in ["Berlin", "May 2026", "data version"] {
        assert!(said.text.contains(part), "{part} in {}", said.text);
    }
    // It is no turn of the conversation: a follow-up still changes the question before it.
    let next = ask(&agent, talk(), "and Paris?").await;
    assert_eq!(next.calls[0].args["filter"]["city"], "Paris");
    assert_eq!(turn(&app, &first.conversation, 2).question, "and Paris?");
}
