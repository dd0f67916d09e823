//! Promise: a question gets its answer, whatever happens on the way.
//!
//! Planner and tools are scripted. A turn is put down after each step and taken up by another process; arguments are
//! refused, names are ambiguous, the planner goes in circles, time runs out, somebody presses stop, a tool breaks.

use std::process::Command;

use futures::StreamExt as _;
use mercato::agent::memory::Session;
use mercato::agent::turn::{Limits, Step, Stop, Turn};
use mercato::agent::{Agent, Answer, Call, Choice, Event, Plan, Question, Refusal};
use mercato::domain::{Lang, NoWork, Principal, Role};
use mercato::store::Store;
use mercato::tool::ToolContext;
use serde_json::{Map, json};
use tokio_util::sync::CancellationToken;

use super::support::agent::{Script, agent, agent_in, ask, house, question, sales, timeless};

const CHILD: &str = "MERCATO_TEST_TURN";
/// What the questions of `stages` are known by.
const KEY: &str = "update 7";

fn plan(city: &str) -> Plan {
    Plan::Calls(vec![sales(city)])
}

fn bytes(answer: Answer) -> Vec<u8> {
    serde_json::to_vec_pretty(&timeless(answer)).unwrap()
}

/// The turn as it is after each telling, made as the driver makes it.
fn stages(agent: &Agent, text: &str, lang: Lang) -> Vec<Turn> {
    let house = agent.house();
    let session = Session::new("c", &Principal::local_manager());
    let mut turn = Turn::new(&session, text.into(), lang, house.clock.now(), 7, Limits::default());
    turn.key = Some(KEY.into());
    let mut stages = vec![turn.clone()];
    assert_eq!(turn.next(), Step::AskPlanner { repair: None });
    turn.planned("embedded", Plan::Calls(vec![sales("Berlin"), sales("Atlantis")]));
    stages.push(turn.clone());
    while let Step::RunTools(calls) = turn.next() {
        let (index, call) = calls.into_iter().next().unwrap();
        let entry = &house.catalogue[0];
        let context = ToolContext {
            principal: &turn.principal.clone(),
            store: &house.store,
            warehouse: &house.columns.seen().warehouse,
            models: &house.models,
            clock: house.clock,
            said: &mercato::tool::NothingSaid,
            work: &NoWork,
        };
        let args = (entry.check)(&serde_json::Value::Object(call.args)).unwrap();
        let result = (entry.run)(&context, &args);
        turn.ran(index, Some(args), result, 0.5);
        stages.push(turn.clone());
    }
    assert_eq!(turn.next(), Step::Compose);
    stages
}

#[tokio::test]
async fn a_new_process_takes_a_turn_up_after_any_step_and_answers_byte_for_byte_the_same() {
    for (text, lang) in [("sales in Berlin and Atlantis", Lang::En), ("柏林和亚特兰蒂斯的销售额", Lang::Zh)]
    {
        let script = || Script::of(vec![Plan::Calls(vec![sales("Berlin"), sales("Atlantis")])]);
        let whole = bytes(ask(&agent(script()), text).await);
        assert!(String::from_utf8_lossy(&whole).contains("84.2k") || lang == Lang::Zh);
        let stages = stages(&agent(script()), text, lang);
        assert_eq!(stages.len(), 4, "asked, planned, one call, both calls");
        for stage in stages {
            let dir = tempfile::tempdir().unwrap();
            {
                let store = Store::create(dir.path()).unwrap();
                store.put(&stage).unwrap();
            }
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["turn::a_process_that_finishes_a_turn", "--exact"])
                .env(CHILD, dir.path())
                .output()
                .unwrap();
            assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
            let resumed = std::fs::read(dir.path().join("answer.json")).unwrap();
            assert_eq!(
                String::from_utf8_lossy(&resumed),
                String::from_utf8_lossy(&whole),
                "resumed at {:?}",
                stage.next()
            );
        }
    }
}

/// Not a promise of its own: the other process of the test above. Run by itself it has nothing to take up.
#[tokio::test]
async fn a_process_that_finishes_a_turn() {
    let Some(dir) = std::env::var_os(CHILD).map(std::path::PathBuf::from) else { return };
    let plan = Plan::Calls(vec![sales("Berlin"), sales("Atlantis")]);
    let agent = agent_in(&dir, Script::of(vec![plan]));
    let mut events = agent.take_once(question("the same again"), KEY.into(), CancellationToken::new());
    let mut answer = None;
    while let Some(event) = events.next().await {
        if let Event::Done(done) = event {
            answer = Some(*done);
        }
    }
    let answer = answer.unwrap();
    std::fs::write(dir.join("answer.json"), bytes(answer)).unwrap();
}

#[tokio::test]
async fn a_question_after_a_crash_finishes_the_one_before_first() {
    let script = Script::of(vec![plan("Paris")]);
    let agent = agent(script.clone());
    let cut_off = stages(&agent, "sales in Berlin", Lang::En).remove(1);
    agent.house().store.put(&cut_off).unwrap();
    let answer = ask(&agent, "and Paris?").await;
    assert!(answer.text.contains("Paris sold"), "{}", answer.text);
    let seen = script.seen.lock().unwrap();
    assert_eq!(
        seen[0].memory.calls,
        vec![sales("Berlin"), sales("Atlantis")],
        "the turn before is remembered"
    );
}

#[tokio::test]
async fn a_turn_cut_off_before_an_import_is_planned_and_computed_anew() {
    let script = Script::of(vec![plan("Berlin"), plan("Paris")]);
    let agent = agent(script.clone());
    let mut cut_off = stages(&agent, "sales in Berlin", Lang::En).remove(3);
    cut_off.data_version += 1;
    agent.house().store.put(&cut_off).unwrap();
    ask(&agent, "and Paris?").await;
    let kept: Turn =
        agent.house().store.get(&Turn::key_of("c", &Principal::local_manager(), 1)).unwrap().unwrap();
    assert_eq!(kept.data_version, agent.house().columns.seen().warehouse.data_version);
    let seen = script.seen.lock().unwrap();
    assert_eq!(seen.len(), 2, "the turn before is planned again: {seen:?}");
}

#[tokio::test]
async fn every_step_is_saved_and_the_end_closes_the_conversation_in_the_same_write() {
    let agent = agent(Script::of(vec![plan("Berlin")]));
    let answer = ask(&agent, "sales in Berlin").await;
    let store = &agent.house().store;
    let session: Session = store.get(&Session::key_of("c", &Principal::local_manager())).unwrap().unwrap();
    assert_eq!((session.turns, session.memory.calls.len()), (1, 1));
    let turn: Turn = store.get(&Turn::key_of("c", &Principal::local_manager(), 1)).unwrap().unwrap();
    assert_eq!(turn.next(), Step::Done);
    assert_eq!(turn.answer.as_deref(), Some(&answer));
    assert!(turn.withheld.is_empty(), "{:?}", turn.withheld);
}

#[tokio::test]
async fn figures_come_with_their_doubt_their_rows_and_how_sure_they_are() {
    let answer = ask(&agent(Script::of(vec![plan("Berlin")])), "sales in Berlin").await;
    assert_eq!(
        answer.text,
        "In June 2026, Berlin sold €84.2k (90 %: €71.3k to €96.1k) in 902 orders.\n\
         The best customer is Emma Clark with €1,234.\n\n\
         How sure: ready to use."
    );
    let answer = ask(&agent(Script::of(vec![plan("Berlin")])), "柏林卖了多少").await;
    assert_eq!(
        answer.text,
        "2026年6月，Berlin销售额€8.4万（90%区间 €7.1万至€9.6万），共902单。\n\
         最好的客户是Emma Clark，€1,234。\n\n\
         可信度：可直接使用。"
    );
    let fact = answer.facts.iter().find(|fact| fact.fact.id == "c1.r2.revenue").unwrap();
    assert!(fact.label.starts_with("Liam Moreau："), "{}", fact.label);
    assert_eq!(answer.data_version, 7);
}

#[tokio::test]
async fn a_literal_figure_in_a_template_is_kept_back_and_a_changed_fact_changes_the_answer() {
    use super::support::agent::{SALES_EN, SALES_ZH, templates};
    let mut parts = house(Store::memory(), Script::of(vec![plan("Berlin"), plan("Berlin")]));
    parts.templates = templates(&format!("{SALES_EN}\nAnd 42 % came back."), "回购率42%。");
    let agent = Agent::new(parts);
    let english = ask(&agent, "sales in Berlin").await;
    assert!(english.text.contains("902 orders") && !english.text.contains("42"), "{}", english.text);
    let chinese = ask(&agent, "柏林卖了多少").await;
    assert!(!chinese.text.contains("42") && chinese.text.contains("没有通过核对"), "{}", chinese.text);
    let turn: Turn =
        agent.house().store.get(&Turn::key_of("c", &Principal::local_manager(), 1)).unwrap().unwrap();
    assert!(turn.withheld[0].contains("42 %"), "{:?}", turn.withheld);

    let mut more = sales("Berlin");
    more.args.insert("more".into(), json!(1));
    let mut parts = house(Store::memory(), Script::of(vec![Plan::Calls(vec![more.clone()])]));
    parts.templates = templates(SALES_EN, SALES_ZH);
    let changed = ask(&Agent::new(parts), "sales in Berlin").await;
    assert!(changed.text.contains("903 orders"), "{}", changed.text);
    // The figure written out in words is blocked once the fact is another.
    let mut parts = house(Store::memory(), Script::of(vec![plan("Berlin"), Plan::Calls(vec![more])]));
    parts.templates = templates("There were 902 orders.", SALES_ZH);
    let agent = Agent::new(parts);
    assert!(ask(&agent, "sales").await.text.starts_with("There were 902 orders."));
    assert!(!ask(&agent, "sales").await.text.contains("902"));
}

#[tokio::test]
async fn refused_arguments_go_back_to_the_planner_with_the_reason() {
    let wrong = Call { tool: "sales".into(), args: json!({"town": "Berlin"}).as_object().unwrap().clone() };
    let script = Script::of(vec![Plan::Calls(vec![wrong.clone()]), plan("Berlin")]);
    let answer = ask(&agent(script.clone()), "sales in Berlin").await;
    assert!(answer.text.starts_with("In June 2026, Berlin sold"), "{}", answer.text);
    {
        let seen = script.seen.lock().unwrap();
        assert_eq!(seen[0].repair, None);
        assert!(seen[1].repair.as_deref().unwrap().contains("town"), "{:?}", seen[1].repair);
    }

    // Twice at most, then the asker is told.
    let other =
        |name: &str| Call { tool: "sales".into(), args: json!({ name: 1 }).as_object().unwrap().clone() };
    let script = Script::of(["a", "b", "c", "d"].map(|name| Plan::Calls(vec![other(name)])).to_vec());
    let answer = ask(&agent(script.clone()), "sales in Berlin").await;
    assert_eq!(script.seen.lock().unwrap().len(), 3);
    assert!(answer.text.starts_with("I could not read part of that"), "{}", answer.text);
    assert_eq!(answer.calls.iter().filter(|call| call.ok).count(), 0);
    // The same refused call again is not run again.
    let script = Script::of(vec![Plan::Calls(vec![wrong.clone()]); 4]);
    let answer = ask(&agent(script.clone()), "sales in Berlin").await;
    assert_eq!((script.seen.lock().unwrap().len(), answer.calls.len()), (2, 1));
}

#[tokio::test]
async fn circles_and_endless_plans_end_with_the_figures_so_far() {
    let script = Script::of(vec![Plan::Calls(vec![sales("Berlin"); 5])]);
    let answer = ask(&agent(script), "sales in Berlin").await;
    assert_eq!(answer.calls.len(), 2, "the third of the same call is not run");
    assert!(answer.text.starts_with("I was going round in circles."), "{}", answer.text);
    assert!(answer.text.contains("€84.2k"), "{}", answer.text);

    let many = (0..20).map(|index| sales(&format!("City{index}"))).collect();
    let answer = ask(&agent(Script::of(vec![Plan::Calls(many)])), "各城市销售额").await;
    assert_eq!(answer.calls.len(), Limits::default().calls);
    assert!(answer.text.starts_with("这个问题需要的步骤超出了上限"), "{}", answer.text);
}

#[tokio::test]
async fn an_ambiguous_name_becomes_choices_and_a_choice_runs() {
    for (reply, expected) in [
        ("2", "Springfield South销售额"),
        ("springfield north", "Springfield North销售额"),
        ("1.", "Springfield North销售额"),
    ] {
        let agent = agent(Script::of(vec![plan("Springfield"), Plan::Refuse(Refusal::NotUnderstood)]));
        let asked = ask(&agent, "斯普林菲尔德卖了多少").await;
        assert_eq!(asked.choices, ["Springfield North", "Springfield South"]);
        assert!(!asked.calls[0].ok && asked.calls[0].error.is_some());
        let answer = ask(&agent, reply).await;
        assert!(answer.text.contains(expected), "{reply}: {}", answer.text);
        assert_eq!(answer.language, Lang::Zh, "the conversation's language goes on");
    }
}

#[tokio::test]
async fn a_question_back_offers_its_choices() {
    let choice = |label: &str| Choice { label: label.into(), call: sales(label) };
    let back = Plan::Clarify {
        key: "which".into(),
        params: Map::new(),
        choices: vec![choice("Berlin"), choice("Paris")],
    };
    let agent = agent(Script::of(vec![back]));
    let mut events = agent.take(question("sales"), CancellationToken::new());
    let mut choices = Vec::new();
    while let Some(event) = events.next().await {
        if let Event::Choices(labels) = event {
            choices = labels;
        }
    }
    assert_eq!(choices, ["Berlin", "Paris"]);
    assert!(ask(&agent, "paris").await.text.contains("Paris sold"));
}

#[tokio::test]
async fn refusals_say_what_can_be_asked_instead() {
    for (refusal, en, zh) in [
        (Refusal::OutOfScope, "this shop's own figures", "这家店自己的数据"),
        (Refusal::Injection, "I keep to my rules", "只按规则办事"),
        (Refusal::NotUnderstood, "I am not sure what you mean", "我没太明白"),
        (Refusal::NotYet, "I cannot do that yet", "现在还做不到"),
    ] {
        let agent = agent(Script::of(vec![Plan::Refuse(refusal), Plan::Refuse(refusal)]));
        let english = ask(&agent, "what is the weather").await;
        assert!(english.text.contains(en), "{}", english.text);
        let chinese = ask(&agent, "天气怎么样").await;
        assert!(chinese.text.contains(zh), "{}", chinese.text);
        assert!(chinese.calls.is_empty() && chinese.facts.is_empty());
    }
}

#[tokio::test]
async fn stop_ends_the_turn_at_once_and_keeps_it_whole() {
    for (text, said) in [("sales slowly", "You ended this"), ("慢慢算", "您中止了这次提问")] {
        let agent = agent(Script::of(vec![plan("Slow"), plan("Berlin")]));
        let cancel = CancellationToken::new();
        let mut events = agent.take(question(text), cancel.clone());
        let mut failed = None;
        let mut done = None;
        while let Some(event) = events.next().await {
            match event {
                Event::ToolStarted { .. } => cancel.cancel(),
                Event::Failed(why) => failed = Some(why),
                Event::Done(answer) => done = Some(*answer),
                _ => {}
            }
        }
        assert!(failed.unwrap().starts_with(said));
        assert!(done.unwrap().facts.is_empty());
        let turn: Turn =
            agent.house().store.get(&Turn::key_of("c", &Principal::local_manager(), 1)).unwrap().unwrap();
        assert_eq!((turn.next(), turn.stop), (Step::Done, Some(Stop::Cancelled)));
        // The conversation goes on.
        assert!(ask(&agent, "sales in Berlin").await.text.contains("Berlin sold"));
    }
}

#[tokio::test]
async fn when_time_is_up_the_figures_so_far_are_the_answer() {
    let mut parts =
        house(Store::memory(), Script::of(vec![Plan::Calls(vec![sales("Slow"), sales("Berlin")])]));
    parts.limits.seconds = 0;
    let agent = Agent::new(parts);
    let error = agent.ask(question("sales"), CancellationToken::new()).await;
    assert!(error.unwrap().text.starts_with("That took too long."));
}

#[tokio::test]
async fn a_tool_that_breaks_or_computes_no_number_is_an_apology_not_a_crash() {
    for city in ["Panic", "NaN"] {
        let agent = agent(Script::of(vec![plan(city), plan("Berlin")]));
        let answer = ask(&agent, "sales").await;
        assert!(answer.text.starts_with("Something went wrong on my side"), "{city}: {}", answer.text);
        assert!(ask(&agent, "sales in Berlin").await.text.contains("Berlin sold"));
    }
    let agent = agent(Script::of(vec![]));
    assert!(ask(&agent, "没有计划").await.text.starts_with("我暂时没想出"), "a planner that fails is said");
}

#[tokio::test]
async fn a_tool_outside_the_role_does_not_exist() {
    let agent = agent(Script::of(vec![plan("Berlin")]));
    let principal =
        Principal { role: Role::Customer, customer: None, id: "guest".into(), channel: "terminal".into() };
    let asked = Question { principal, conversation: Some("c".into()), text: "sales".into(), lang: None };
    let answer = agent.ask(asked, CancellationToken::new()).await.unwrap();
    assert_eq!(answer.text, "That is not something I can look up for you.");
    assert!(answer.facts.is_empty() && !answer.calls[0].ok);
}

#[tokio::test]
async fn a_follow_up_sees_what_was_said_and_nobody_elses_conversation() {
    let script = Script::of(vec![plan("Berlin"), plan("Paris"), plan("Rome")]);
    let agent = agent(script.clone());
    ask(&agent, "sales in Berlin").await;
    ask(&agent, "and Paris?").await;
    let other = Principal { id: "somebody else".into(), ..Principal::local_manager() };
    let asked =
        Question { principal: other, conversation: Some("c".into()), text: "sales".into(), lang: None };
    agent.ask(asked, CancellationToken::new()).await.unwrap();
    let seen = script.seen.lock().unwrap();
    assert_eq!(seen[1].memory.calls, vec![sales("Berlin")]);
    assert_eq!(seen[1].memory.questions, ["sales in Berlin"]);
    assert_eq!(seen[2].memory, Default::default(), "the same id in other hands is another conversation");
}

#[tokio::test]
async fn what_is_no_question_is_said_and_kept_nowhere() {
    let agent = agent(Script::of(vec![]));
    for text in ["", "  \u{200b} "] {
        let error = agent.ask(question(text), CancellationToken::new()).await.unwrap_err();
        assert!(error.starts_with("There is no question"), "{error}");
    }
    let store = &agent.house().store;
    assert_eq!(store.scan::<Turn>().count() + store.scan::<Session>().count(), 0);
}

#[test]
fn a_call_that_changes_something_waits_for_a_person() {
    let session = Session::new("c", &Principal::local_manager());
    let asked_at = "2026-07-01T08:00:00Z".parse().unwrap();
    let mut turn = Turn::new(&session, "x".into(), Lang::En, asked_at, 7, Limits::default());
    turn.planned("embedded", plan("Berlin"));
    turn.proposes(0, json!({"city": "Berlin"}));
    let text = serde_json::to_string(&turn).unwrap();
    let mut turn: Turn = serde_json::from_str(&text).unwrap();
    assert_eq!(turn.next(), Step::AwaitApproval(vec![0]), "also hours later, in another process");
    turn.decided(false);
    assert_eq!(turn.next(), Step::Compose);
}
