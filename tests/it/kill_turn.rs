//! Promise: a question that a crash cuts off is whole or is finished before the next one.
//!
//! `ask` is killed with SIGKILL at uniform moments of its measured duration. The folder opens again at the same data
//! version, and the follow-up in the same conversation gets the answer of a conversation that nobody killed.

use std::path::Path;
use std::process::Command;

use mercato::agent::Answer;
use mercato::agent::memory::Session;
use mercato::agent::turn::{Step, Turn};
use mercato::domain::Principal;
use mercato::store::Store;

use crate::support::kill::{delays, duration, kill_after};
use crate::support::shop::{mercato, sample_shop};

const KILLS: usize = 20;
const QUESTION: &str = "sales last month against a year ago";
const FOLLOW_UP: &str = "and by city?";

fn ask(data: &Path, text: &str) -> Command {
    let mut command = mercato();
    command.arg("--data").arg(data).args(["ask", text, "--conversation", "c", "--json"]);
    command
}

fn answer(data: &Path, text: &str) -> Answer {
    let output = ask(data, text).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn turn(store: &Store, number: u32) -> Option<Turn> {
    store.get(&Turn::key_of("c", &Principal::local_manager(), number)).unwrap()
}

fn turns(store: &Store) -> u32 {
    let session: Option<Session> = store.get(&Session::key_of("c", &Principal::local_manager())).unwrap();
    session.map_or(0, |session| session.turns)
}

#[test]
fn a_question_killed_at_any_moment_is_whole_or_is_finished_first() {
    let whole = sample_shop();
    let version = Store::open(whole.path()).unwrap().data_version().unwrap();
    let takes = duration(&mut ask(whole.path(), QUESTION));
    let first = turn(&Store::open(whole.path()).unwrap(), 1).unwrap().answer.unwrap().text;
    let followed = answer(whole.path(), FOLLOW_UP).text;
    // The same follow-up where the question never came to be asked.
    let unasked = answer(sample_shop().path(), FOLLOW_UP).text;
    assert_ne!(followed, unasked, "the follow-up needs the question before it");

    let (mut before, mut unfinished, mut complete) = (0, 0, 0);
    for (n, delay) in delays(13, KILLS, takes).into_iter().enumerate() {
        let shop = sample_shop();
        kill_after(&mut ask(shop.path(), QUESTION), delay);
        let kept = {
            let store = Store::open(shop.path()).unwrap();
            assert_eq!(store.data_version().unwrap(), version, "kill {n} after {delay:?}");
            let kept = turn(&store, 1);
            let done = kept.as_ref().is_some_and(|turn| turn.next() == Step::Done);
            assert_eq!(turns(&store), u32::from(done), "kill {n}: turn and conversation close together");
            kept
        };
        match kept.as_ref().map(Turn::next) {
            None => before += 1,
            Some(Step::Done) => complete += 1,
            Some(_) => unfinished += 1,
        }
        let next = answer(shop.path(), FOLLOW_UP).text;
        assert_eq!(
            next,
            if kept.is_some() { &followed } else { &unasked }.as_str(),
            "kill {n} after {delay:?}"
        );
        if kept.is_some() {
            let finished = turn(&Store::open(shop.path()).unwrap(), 1).unwrap();
            assert_eq!(finished.answer.unwrap().text, first, "kill {n} after {delay:?}");
        }
    }
    println!(
        "{KILLS} kills over {takes:?}: {before} before the turn was kept, {unfinished} with it unfinished, {complete} with it whole"
    );
}
