//! Promise: in Telegram each answer comes whole, in order and once, to those on the list and to nobody else.
//!
//! Against a fake Bot API that checks every request by the real one's rules. Waits are scaled: a second of Telegram's
//! lasts milliseconds.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::future::BoxFuture;
use mercato::agent::compose::{Composer, Draft, Piece, Writing};
use mercato::agent::planner::{PlanError, PlanRequest, Planner};
use mercato::agent::turn::Turn;
use mercato::agent::{Agent, House, Plan};
use mercato::app::App;
use mercato::channel::telegram::html::{LONGEST, Rich, Style};
use mercato::channel::telegram::{self, Letter, Pace, Settings};
use mercato::config::Config;
use mercato::llm::Endpoint;
use mercato::store::Store;
use proptest::prelude::*;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::support::agent::{Script, house, sales, templates};
use super::support::bot_api::{BotApi, Inside, Message, Reject, SECOND, TOKEN, read_html};
use super::support::kill::delays;
use super::support::recorded::Recorded;
use super::support::shop::{mercato, sample_shop};

const ANNA: i64 = 1001;
const BEN: i64 = 1002;
const STRANGER: i64 = 4711;
const ALLOW: &str = "1001:manager,1002:analyst";

fn pace() -> Pace {
    Pace {
        poll_seconds: 5,
        request: Duration::from_secs(5),
        second: SECOND,
        edit_gap: SECOND,
        settle: Duration::from_millis(5),
        typing: Duration::from_secs(4),
        first_wait: Duration::from_millis(2),
        longest_wait: Duration::from_millis(20),
        conflicts: 2,
        grace: Duration::from_secs(7),
    }
}

fn settings(api: &BotApi, allow: &str) -> Settings {
    Settings { token: TOKEN.into(), api: Some(api.url.clone()), allow: allow.parse().unwrap(), pace: pace() }
}

/// A bot at work.
struct Bot {
    end: CancellationToken,
    done: JoinHandle<anyhow::Result<()>>,
}

impl Bot {
    fn start(agent: &Agent, settings: Settings) -> Self {
        let end = CancellationToken::new();
        let run = telegram::run(agent.clone(), settings, end.clone(), |_| Ok(()));
        Self { end, done: tokio::spawn(run) }
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.end.cancel();
        self.done.await.unwrap()
    }
}

fn open_letters(store: &Store) -> usize {
    store.scan::<Letter>().count()
}

fn by_bot(inside: &Inside, chat: i64) -> Vec<&Message> {
    inside.chats.get(&chat).into_iter().flatten().filter(|message| message.by_bot).collect()
}

/// Waits for so many messages of the bot, and until nothing is open.
async fn answered(api: &BotApi, store: &Store, chat: i64, messages: usize) {
    api.until(&format!("{messages} messages"), |inside| by_bot(inside, chat).len() >= messages).await;
    api.until("an empty mailbox", |_| open_letters(store) == 0).await;
}

/// An agent that answers each question with the sales of the next city.
fn scripted(cities: &[&str], en: &str) -> (Agent, Store) {
    let store = Store::memory();
    let plans = cities.iter().map(|city| Plan::Calls(vec![sales(city)])).collect();
    let house = House { templates: templates(en, en), ..house(store.clone(), Script::of(plans)) };
    (Agent::new(house), store)
}

/// A talk on the sample shop as a person sees it; `[label]` presses a button.
async fn talk(lines: &[&str], config: &Config) -> String {
    let dir = sample_shop();
    // No setting of the machine's environment counts here.
    let app = App::over(Store::open(dir.path()).unwrap(), config).unwrap();
    let api = BotApi::start().await;
    let bot = Bot::start(&app.agent(), settings(&api, ALLOW));
    for line in lines {
        let before = api.said(ANNA).len();
        match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(label) => api.press(ANNA, label),
            None => {
                api.say(ANNA, line);
            }
        }
        answered(&api, &app.store, ANNA, before + 1).await;
    }
    bot.stop().await.unwrap();
    api.check();
    assert!(!api.asked("sendChatAction").is_empty(), "typing is shown");
    api.transcript(ANNA)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_talk_reads_as_approved_in_english() {
    let lines = [
        "/start",
        "[How were sales last month compared with a year ago?]",
        "and by city?",
        "revenue by month this year",
        "/why",
        "What will the weather be tomorrow?",
        "/new",
        "/help",
    ];
    insta::assert_snapshot!("english", talk(&lines, &Config::default()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_talk_reads_as_approved_in_chinese() {
    let lines = [
        "/开始 你好",
        "上个月销售额多少，同比怎么样？",
        "按城市看呢？",
        "/为什么",
        "/help",
        "今年各月销售额",
    ];
    insta::assert_snapshot!("chinese", talk(&lines, &Config::default()).await);
}

/// Ten questions a language through a small real model, whose replies were kept; with one at hand they are heard anew.
#[tokio::test(flavor = "multi_thread")]
async fn talks_with_a_model_read_as_approved() {
    let chinese = [
        "现在有哪些数据？",
        "上个月销售额多少，同比怎么样？",
        "按城市看呢？",
        "本季度卖得最好的五个商品",
        "未来半年哪些客户最有价值？",
        "Emma Clark 未来12个月能带来多少收入？",
        "今年各月复购率",
        "把客户分一下群",
        "客户价值模型准不准？",
        "明天天气怎么样？",
    ];
    let english = [
        "What data do you have?",
        "How were sales last month compared with a year ago?",
        "and by city?",
        "best five products this quarter",
        "Which customers will be worth most over the next six months?",
        "How much will Emma Clark bring in over the next 12 months?",
        "repeat rate this year by month",
        "segment our customers",
        "how good is the customer value model?",
        "What will the weather be tomorrow?",
    ];
    insta::assert_snapshot!("model_chinese", with_model("telegram-zh", &chinese).await);
    insta::assert_snapshot!("model_english", with_model("telegram-en", &english).await);
}

async fn with_model(name: &str, lines: &[&str]) -> String {
    let model = Recorded::start(name, lines).await;
    let config = Config { endpoint: Some(Endpoint::new(model.url(), "local")), ..Config::default() };
    let text = talk(lines, &config).await;
    model.keep();
    text
}

/// A text of three messages for each city.
fn long_answer() -> String {
    let line = "{{ output.city }} sold more tea than coffee & more cups < pots.\n";
    format!("{{{{ output.city }}}} begins.\n{}{{{{ output.city }}}} ends.", line.repeat(160))
}

/// What is promised of a chat: all of each city's text, in order, once.
fn check_whole(api: &BotApi, chat: i64, cities: &[&str]) {
    let text: String = api.said(chat).iter().map(|message| format!("{}\n", message.plain.trim())).collect();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(|c: char| c.is_uppercase())).collect();
    let mut expected = Vec::new();
    for city in cities {
        expected.push(format!("{city} begins."));
        expected.extend((0..160).map(|_| format!("{city} sold more tea than coffee & more cups < pots.")));
        expected.push(format!("{city} ends."));
    }
    let said: Vec<&str> =
        lines.into_iter().filter(|line| expected.iter().any(|known| known == line)).collect();
    let shown = said.len();
    assert!(said == expected, "{shown} lines of {}: {}", expected.len(), api.transcript(chat));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_whole_in_order_and_once_whatever_is_rejected() {
    let cities = ["Paris", "Rome", "Berlin", "Madrid", "Milan", "London"];
    for seed in 0..6 {
        let (agent, store) = scripted(&cities, &long_answer());
        let api = BotApi::start().await.rejecting(seed);
        let bot = Bot::start(&agent, settings(&api, ALLOW));
        for city in cities {
            api.say(ANNA, &format!("sales of {city}"));
        }
        let last = "London ends.";
        api.until("the last answer", |inside| {
            by_bot(inside, ANNA).iter().any(|message| message.plain.contains(last))
        })
        .await;
        api.until("an empty mailbox", |_| open_letters(&store) == 0).await;
        bot.stop().await.unwrap();
        api.check();
        check_whole(&api, ANNA, &cities);
    }
}

/// A composer that writes a sentence every few milliseconds.
struct Writes(Vec<String>);

impl Composer for Writes {
    fn name(&self) -> &'static str {
        "scripted"
    }
    fn write<'a>(&'a self, _: &'a Draft<'a>, _: Duration) -> Option<Writing<'a>> {
        let pieces = futures::stream::iter(&self.0).then(|piece| async {
            tokio::time::sleep(Duration::from_millis(60)).await;
            Ok(Piece { text: piece.clone(), spent: mercato::llm::Spent::default() })
        });
        Some(Box::pin(pieces))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_slowly_is_shown_by_edits_and_no_edit_comes_too_soon() {
    let gap = Duration::from_millis(150);
    for seed in [None, Some(3), Some(4)] {
        let store = Store::memory();
        let plans = vec![Plan::Calls(vec![sales("Paris")])];
        let goods =
            ["Tea", "Coffee", "Pots & pans", "Cups", "Gifts", "Snacks", "Kettles", "Mills", "Filters <x>"];
        let sentences = goods.map(|good| format!("{good} sold well. "));
        let composer = Arc::new(Writes(sentences.to_vec()));
        let agent = Agent::new(House { composer, ..house(store.clone(), Script::of(plans)) });
        let api = BotApi::start().await;
        let api = seed.map_or(api.clone(), |seed| api.clone().rejecting(seed));
        let mut settings = settings(&api, ALLOW);
        settings.pace.edit_gap = gap;
        let bot = Bot::start(&agent, settings);
        api.say(ANNA, "sales of Paris");
        answered(&api, &store, ANNA, 1).await;
        bot.stop().await.unwrap();
        api.check();
        let said = api.said(ANNA);
        assert_eq!(said.len(), 1, "{}", api.transcript(ANNA));
        assert!(said[0].plain.starts_with(sentences.concat().trim()), "{}", said[0].plain);
        assert!(api.asked("sendMessage")[0].body["text"].as_str().unwrap().len() < 60);
        let edits = api.asked("editMessageText");
        assert!(edits.len() >= 3, "{}", edits.len());
        let first = edits.first().unwrap().at;
        let most = edits.last().unwrap().at.duration_since(first).as_secs_f64() / gap.as_secs_f64() + 1.5;
        assert!((edits.len() as f64) <= most, "{} edits of at most {most}", edits.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_learn_their_id_and_whom_to_ask_and_nothing_reaches_the_agent() {
    for allow in [ALLOW, ""] {
        let script = Script::of(Vec::new());
        let store = Store::memory();
        let agent = Agent::new(house(store.clone(), script.clone()));
        let api = BotApi::start().await;
        let bot = Bot::start(&agent, settings(&api, allow));
        api.say(STRANGER, "revenue last month");
        api.say(STRANGER, "/start");
        api.say(STRANGER, "上个月销售额");
        api.until("three refusals", |inside| by_bot(inside, STRANGER).len() == 3).await;
        if allow.is_empty() {
            api.say(ANNA, "revenue last month");
            api.until("a refusal", |inside| by_bot(inside, ANNA).len() == 1).await;
            assert!(api.said(ANNA)[0].plain.contains("1001"));
        }
        api.press_data(STRANGER, 101, "s:0");
        api.until("an answered press", |inside| {
            inside.asked.iter().any(|a| a.method == "answerCallbackQuery")
        })
        .await;
        bot.stop().await.unwrap();
        for message in api.said(STRANGER) {
            assert!(message.plain.contains("4711") && message.buttons.is_empty(), "{message:?}");
        }
        assert!(api.asked("answerCallbackQuery")[0].body["text"].as_str().unwrap().contains("4711"));
        assert!(api.asked("sendChatAction").is_empty());
        assert!(script.seen.lock().unwrap().is_empty());
        assert_eq!(open_letters(&store), 0);
        assert_eq!(store.scan::<mercato::agent::turn::Turn>().count(), 0);
        api.check();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_refused_even_for_people_on_the_list() {
    let script = Script::of(Vec::new());
    let agent = Agent::new(house(Store::memory(), script.clone()));
    let api = BotApi::start().await;
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    api.say_in_group(ANNA, -500, "revenue last month");
    api.until("a refusal", |inside| by_bot(inside, -500).len() == 1).await;
    bot.stop().await.unwrap();
    assert!(api.said(-500)[0].plain.contains("do not answer in groups"));
    assert!(script.seen.lock().unwrap().is_empty());
    api.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_is_silence_within_a_second() {
    let (agent, store) = scripted(&["Slow", "Paris"], "{{ output.city }} sold tea.");
    let api = BotApi::start().await;
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    api.say(ANNA, "sales of Slow");
    api.say(ANNA, "and what waits behind it");
    api.until("a running tool", |inside| inside.asked.iter().any(|asked| asked.method == "sendChatAction"))
        .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    // Others do not wait for Anna's question.
    let begun = Instant::now();
    api.say(ANNA, "/cancel");
    api.until("stopped", |inside| {
        by_bot(inside, ANNA).iter().any(|message| message.plain == "All right, no answer to that.")
    })
    .await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    api.until("an empty mailbox", |_| open_letters(&store) == 0).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(api.said(ANNA).len(), 1, "{}", api.transcript(ANNA));
    // The conversation goes on.
    api.say(ANNA, "sales of Paris");
    answered(&api, &store, ANNA, 2).await;
    assert!(api.said(ANNA)[1].plain.contains("Paris sold tea"), "{}", api.transcript(ANNA));
    api.say(ANNA, "/cancel");
    api.until("nothing to stop", |inside| by_bot(inside, ANNA).len() == 3).await;
    assert_eq!(api.said(ANNA)[2].plain, "Nothing was running.");
    bot.stop().await.unwrap();
    api.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_stops_an_answer_in_the_middle_even_while_telegram_makes_us_wait() {
    let store = Store::memory();
    let plans = vec![Plan::Calls(vec![sales("Paris")])];
    let goods = ["Tea", "Coffee", "Pots", "Cups", "Gifts", "Snacks", "Kettles", "Mills"];
    let composer = Arc::new(Writes(goods.map(|good| format!("{good} sold well. ")).to_vec()));
    let agent = Agent::new(House { composer, ..house(store.clone(), Script::of(plans)) });
    let api = BotApi::start().await;
    api.inside().script.insert("editMessageText", [Reject::Flood(60)].into());
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    api.say(ANNA, "sales of Paris");
    api.until("a held edit", |inside| inside.asked.iter().any(|asked| asked.method == "editMessageText"))
        .await;
    api.say(ANNA, "/cancel");
    api.until("an empty mailbox", |_| open_letters(&store) == 0).await;
    api.until("stopped", |inside| by_bot(inside, ANNA).len() == 2).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let said = api.said(ANNA);
    assert!(said[0].plain.starts_with("Tea sold well.") && said[0].buttons.is_empty(), "{said:?}");
    assert!(said.len() == 2 && said[1].plain == "All right, no answer to that.", "{said:?}");
    assert_eq!(api.asked("editMessageText").len(), 1);
    bot.stop().await.unwrap();
    api.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn people_do_not_wait_for_each_other() {
    let (agent, store) = scripted(&["Slow", "Paris"], "{{ output.city }} sold tea.");
    let api = BotApi::start().await;
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    api.say(ANNA, "sales of Slow");
    api.until("a running tool", |inside| inside.asked.iter().any(|asked| asked.method == "sendChatAction"))
        .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    api.say(BEN, "sales of Paris");
    api.until("Ben's answer", |inside| by_bot(inside, BEN).len() == 1).await;
    api.until("only Anna's letter", |_| open_letters(&store) == 1).await;
    api.say(ANNA, "/cancel");
    api.until("an empty mailbox", |_| open_letters(&store) == 0).await;
    bot.stop().await.unwrap();
    api.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_have_the_messages_says_why() {
    let agent = Agent::new(house(Store::memory(), Script::of(Vec::new())));
    let api = BotApi::start().await;
    api.inside().conflict = true;
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    let why = bot.done.await.unwrap().unwrap_err().to_string();
    assert!(why.contains("another process"), "{why}");
    let wrong = Settings { token: "777:secret-of-somebody".into(), ..settings(&api, ALLOW) };
    let why = Bot::start(&agent, wrong).done.await.unwrap().unwrap_err();
    let why = format!("{why:#} {why:?}");
    assert!(why.contains("token") && !why.contains("secret"), "{why}");
    let nowhere = Settings { api: Some("http://127.0.0.1:1".into()), ..settings(&api, ALLOW) };
    let why = format!("{:?}", Bot::start(&agent, nowhere).done.await.unwrap().unwrap_err());
    assert!(why.contains("refused") && !why.contains(TOKEN), "{why}");
    let no_address = Settings { api: Some("not an address".into()), ..settings(&api, ALLOW) };
    let why = Bot::start(&agent, no_address).done.await.unwrap().unwrap_err().to_string();
    assert!(why.contains("MERCATO_TELEGRAM_API_URL"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_in_mid_answer_waits_for_it_or_keeps_it() {
    let cities = ["Paris", "Rome"];
    let (agent, store) = scripted(&cities, &long_answer());
    let api = BotApi::start().await;
    // It waits: a rejected message is sent again though the end is near.
    api.inside().script.insert("sendMessage", [Reject::Flood(3), Reject::DropAfter, Reject::Error].into());
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    api.say(ANNA, "sales of Paris");
    api.until("a first try", |inside| inside.asked.iter().any(|asked| asked.method == "sendMessage")).await;
    bot.stop().await.unwrap();
    check_whole(&api, ANNA, &["Paris"]);
    assert_eq!(open_letters(&store), 0);
    // It keeps: Telegram is down for longer than there is time, after the first part went through.
    let hurried = |mut settings: Settings| {
        settings.pace.grace = Duration::from_millis(100);
        settings
    };
    let bot = Bot::start(&agent, hurried(settings(&api, ALLOW)));
    let before = api.said(ANNA).len();
    api.say(ANNA, "sales of Rome");
    api.until("a first part", |inside| by_bot(inside, ANNA).len() > before).await;
    api.inside().always.insert("sendMessage", Reject::Error);
    let begun = Instant::now();
    bot.stop().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    api.inside().always.clear();
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    api.until("an empty mailbox", |_| open_letters(&store) == 0).await;
    bot.stop().await.unwrap();
    check_whole(&api, ANNA, &cities);
    api.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_count_only_under_the_newest_answer() {
    let plans = ["Springfield", "Paris", "Rome"].map(|city| Plan::Calls(vec![sales(city)])).to_vec();
    let store = Store::memory();
    let agent = Agent::new(house(store.clone(), Script::of(plans)));
    let api = BotApi::start().await;
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    let toasts = |inside: &Inside| {
        let answers = inside.asked.iter().filter(|asked| asked.method == "answerCallbackQuery");
        answers.map(|asked| asked.body.get("text").is_some()).collect::<Vec<_>>()
    };
    api.say(ANNA, "sales of Springfield");
    answered(&api, &store, ANNA, 1).await;
    let first = api.said(ANNA).remove(0);
    assert_eq!(first.buttons.len(), 2, "{first:?}");
    api.press(ANNA, &first.buttons[0].0);
    answered(&api, &store, ANNA, 2).await;
    assert!(api.said(ANNA)[1].html.starts_with("<b>Springfield North</b>\n"), "{:?}", api.said(ANNA));
    // The same once more, and one of nobody's.
    api.press_data(ANNA, first.id, &first.buttons[1].1);
    api.press_data(ANNA, first.id, "nonsense");
    api.until("three answers to presses", |inside| toasts(inside).len() == 3).await;
    assert_eq!(toasts(&api.inside()), [false, true, true]);
    assert_eq!(open_letters(&store), 0);
    assert_eq!(api.said(ANNA).len(), 2);
    // Not a question: each is said what to do.
    api.send(ANNA, json!({"dice": {"emoji": "🎲", "value": 3}}));
    api.say(ANNA, "/nonsense");
    answered(&api, &store, ANNA, 4).await;
    bot.stop().await.unwrap();
    api.check();
}

/// A planner that never comes to an end.
struct Stuck;

impl Planner for Stuck {
    fn name(&self) -> &'static str {
        "embedded"
    }
    fn plan<'a>(&'a self, _: &'a PlanRequest) -> BoxFuture<'a, Result<Plan, PlanError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_a_crash_cut_off_is_answered_at_the_next_start_and_once() {
    let api = BotApi::start().await;
    let store = Store::memory();
    let stuck =
        Agent::new(House { planner: Arc::new(Stuck), ..house(store.clone(), Script::of(Vec::new())) });
    let cut = process(stuck, settings(&api, ALLOW));
    api.say(ANNA, "sales of Paris");
    api.say(ANNA, "sales of Rome");
    api.until("a begun turn", |_| store.scan::<Turn>().count() == 1 && open_letters(&store) == 2).await;
    kill(cut);
    let plans = ["Paris", "Rome"].map(|city| Plan::Calls(vec![sales(city)])).to_vec();
    let text = long_answer();
    let script = Script::of(plans);
    let agent =
        Agent::new(House { templates: templates(&text, &text), ..house(store.clone(), script.clone()) });
    // What was not confirmed comes again.
    api.send_again();
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    api.until("two answers", |inside| {
        by_bot(inside, ANNA).iter().any(|message| message.plain.contains("Rome ends"))
    })
    .await;
    api.until("an empty mailbox", |_| open_letters(&store) == 0).await;
    api.until("confirmed updates", |inside| inside.updates.is_empty()).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(script.seen.lock().unwrap().len(), 2);
    bot.stop().await.unwrap();
    check_whole(&api, ANNA, &["Paris", "Rome"]);
    api.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_telegram_refuses_for_good_holds_nothing_up() {
    let (agent, store) = scripted(&["Paris", "Rome"], "{{ output.city }} sold tea.");
    let api = BotApi::start().await;
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    api.inside().script.insert("sendMessage", [Reject::Blocked, Reject::Parse].into());
    api.say(ANNA, "sales of Paris");
    api.until("a refused message", |inside| inside.asked.iter().any(|asked| asked.method == "sendMessage"))
        .await;
    api.until("an empty mailbox", |_| open_letters(&store) == 0).await;
    api.say(ANNA, "sales of Rome");
    answered(&api, &store, ANNA, 1).await;
    let said = api.said(ANNA);
    // Without looks after the parse error, and without escapes.
    assert!(said[0].html.starts_with("Rome sold tea.") && !said[0].html.contains("<pre>"), "{said:?}");
    bot.stop().await.unwrap();
    api.check();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_program_ends_in_order_when_it_is_told_to() {
    let dir = sample_shop();
    let api = BotApi::start().await;
    api.inside().script.insert("sendMessage", [Reject::Flood(1)].into());
    api.say(ANNA, "sales last month");
    let mut bot = mercato()
        .args(["telegram", "--data"])
        .arg(dir.path())
        .env("MERCATO_TELEGRAM_TOKEN", TOKEN)
        .env("MERCATO_TELEGRAM_API_URL", &api.url)
        .env("MERCATO_TELEGRAM_ALLOW", ALLOW)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    api.until("a first try", |inside| inside.asked.iter().any(|asked| asked.method == "sendMessage")).await;
    let begun = Instant::now();
    let killed = Command::new("kill").args(["-TERM", &bot.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ended = tokio::task::spawn_blocking(move || {
        let ended = bot.wait().unwrap();
        (ended, bot.wait_with_output().unwrap())
    });
    let (ended, output) = ended.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let (said, log) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(ended.success(), "{log}");
    assert!(said.contains("@shop_bot answers in Telegram"), "{said}");
    assert!(!said.contains(TOKEN) && !log.contains(TOKEN), "{said}{log}");
    let answers = api.said(ANNA);
    assert_eq!(answers.len(), 1, "{}", api.transcript(ANNA));
    assert!(answers[0].plain.contains("revenue was"), "{}", answers[0].plain);
    assert_eq!(open_letters(&Store::open(dir.path()).unwrap()), 0);
    api.check();
}

/// The bot's process is killed: nothing of it goes on, and nothing more is written down.
fn kill(runtime: tokio::runtime::Runtime) {
    runtime.shutdown_background();
}

/// A bot in a process of its own, which can be killed.
fn process(agent: Agent, settings: Settings) -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.spawn(telegram::run(agent, settings, CancellationToken::new(), |_| Ok(())));
    runtime
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_after_a_restart_gets_its_own_answer_and_not_that_of_one_cut_off() {
    let api = BotApi::start().await;
    let store = Store::memory();
    let stuck =
        Agent::new(House { planner: Arc::new(Stuck), ..house(store.clone(), Script::of(Vec::new())) });
    let cut = process(stuck, settings(&api, ALLOW));
    api.say(ANNA, "sales of Paris");
    api.until("a begun turn", |_| store.scan::<Turn>().count() == 1).await;
    kill(cut);
    // Paris is no longer waited for, as after a /cancel; its turn is in the store, unfinished.
    let letter = store.scan::<Letter>().next().unwrap().unwrap();
    store.delete::<Letter>(&mercato::store::Record::key(&letter)).unwrap();
    let plans = ["Paris", "Rome"].map(|city| Plan::Calls(vec![sales(city)])).to_vec();
    let agent = Agent::new(house(store.clone(), Script::of(plans)));
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    api.say(ANNA, "sales of Rome");
    answered(&api, &store, ANNA, 1).await;
    bot.stop().await.unwrap();
    let said = api.said(ANNA);
    assert!(said.len() == 1 && said[0].plain.contains("Rome sold"), "{}", api.transcript(ANNA));
    assert_eq!(store.scan::<Turn>().count(), 2, "the one that was cut off is closed too");
    api.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_a_kill_left_unknown_is_found_and_not_sent_twice() {
    // The first message, one in the middle, a picture's.
    for (before, method) in [(0, "sendMessage"), (1, "sendMessage"), (0, "sendPhoto")] {
        let api = BotApi::start().await;
        let dir = sample_shop();
        let city = method == "sendMessage";
        let store = if city { Store::memory() } else { Store::open(dir.path()).unwrap() };
        let agent = || {
            let text = long_answer();
            let house = house(store.clone(), Script::of(vec![Plan::Calls(vec![sales("Paris")])]));
            match city {
                true => Agent::new(House { templates: templates(&text, &text), ..house }),
                false => App::over(store.clone(), &Config::default()).unwrap().agent(),
            }
        };
        let silent = [Reject::Flood(1)].into_iter().cycle().take(before).chain([Reject::SilentAfter]);
        api.inside().script.insert(method, silent.collect());
        let cut = process(agent(), settings(&api, ALLOW));
        api.say(ANNA, if city { "sales of Paris" } else { "revenue by month this year" });
        // Ids go on: others write to the bot too.
        let there = |inside: &Inside| {
            let asked = inside.asked.iter().filter(|asked| asked.method == method).count();
            asked > before
                && by_bot(inside, ANNA).iter().any(|message| message.photo == (method == "sendPhoto"))
        };
        api.until("a message without an answer", there).await;
        api.say(BEN, "/help");
        kill(cut);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let bot = Bot::start(&agent(), settings(&api, ALLOW));
        api.until("an empty mailbox", |_| open_letters(&store) == 0).await;
        bot.stop().await.unwrap();
        api.check();
        if city {
            check_whole(&api, ANNA, &["Paris"]);
        } else {
            let said = api.said(ANNA);
            let pictures: Vec<&Message> = said.iter().filter(|message| message.photo).collect();
            assert!(pictures.len() == 1 && said.len() == 2, "{}", api.transcript(ANNA));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_whole_and_in_order_though_the_process_is_killed_again_and_again() {
    let cities = ["Paris", "Rome", "Berlin"];
    for seed in [1, 7, 20] {
        let api = BotApi::start().await.rejecting(seed);
        let (agent, store) = scripted(&cities, &long_answer());
        for delay in delays(seed, 5, Duration::from_millis(300)) {
            let cut = process(agent.clone(), settings(&api, ALLOW));
            if api.asked("getUpdates").is_empty() {
                for city in cities {
                    api.say(ANNA, &format!("sales of {city}"));
                }
            }
            tokio::time::sleep(delay).await;
            kill(cut);
            // What was on its way when it was killed gets there.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let bot = Bot::start(&agent, settings(&api, ALLOW));
        api.until("the last answer", |inside| {
            by_bot(inside, ANNA).iter().any(|message| message.plain.contains("Berlin ends."))
        })
        .await;
        api.until("an empty mailbox", |_| open_letters(&store) == 0).await;
        bot.stop().await.unwrap();
        check_whole(&api, ANNA, &cities);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_taken_back_ends_the_bot_and_keeps_what_waits() {
    let (agent, store) = scripted(&["Paris", "Rome"], "{{ output.city }} sold tea.");
    let api = BotApi::start().await;
    api.inside().always.insert("sendMessage", Reject::Revoked);
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    api.say(ANNA, "sales of Paris");
    api.say(ANNA, "sales of Rome");
    let why = tokio::time::timeout(Duration::from_secs(9), bot.done).await.unwrap().unwrap();
    let why = why.unwrap_err().to_string();
    assert!(why.contains("MERCATO_TELEGRAM_TOKEN") && !why.contains(TOKEN), "{why}");
    assert_eq!(open_letters(&store), 2);
    api.inside().always.clear();
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    answered(&api, &store, ANNA, 2).await;
    bot.stop().await.unwrap();
    let said: Vec<String> = api.said(ANNA).into_iter().map(|message| message.plain).collect();
    assert!(said.len() == 2 && said[0].starts_with("Paris") && said[1].starts_with("Rome"), "{said:?}");
    api.check();
}

/// Breaks down at its first question.
struct Breaks(Arc<Script>, std::sync::atomic::AtomicBool);

impl Planner for Breaks {
    fn name(&self) -> &'static str {
        "embedded"
    }
    fn plan<'a>(&'a self, request: &'a PlanRequest) -> BoxFuture<'a, Result<Plan, PlanError>> {
        assert!(self.1.swap(true, std::sync::atomic::Ordering::Relaxed), "a planner that breaks");
        self.0.plan(request)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_breaks_its_person_is_told_in_one_sentence_and_the_next_question_is_answered() {
    for broken in ["planner", "telegram"] {
        let store = Store::memory();
        let script = Script::of(vec![Plan::Calls(vec![sales("Paris")]); 2]);
        let planner = Arc::new(Breaks(script.clone(), (broken != "planner").into()));
        let agent = Agent::new(House { planner, ..house(store.clone(), script) });
        let api = BotApi::start().await;
        if broken == "telegram" {
            api.inside().script.insert("sendMessage", [Reject::Refused].into());
        }
        let mut settings = settings(&api, ALLOW);
        // no draft comes before the whole
        settings.pace.settle = Duration::from_secs(60);
        let bot = Bot::start(&agent, settings);
        api.say(ANNA, "巴黎的销售额");
        answered(&api, &store, ANNA, 1).await;
        let told = api.said(ANNA).remove(0).plain;
        assert!(told.contains("我这边") && told.contains("日志"), "{told}");
        api.say(ANNA, "sales of Paris");
        answered(&api, &store, ANNA, 2).await;
        bot.stop().await.unwrap();
        let said = api.said(ANNA);
        assert!(said.len() == 2 && said[1].plain.contains("Paris sold"), "{}", api.transcript(ANNA));
        api.check();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_is_refused_takes_nothing_from_the_answer() {
    let store = Store::memory();
    let sentences = ["Tea sold well. ", "Coffee sold well. ", "Cups sold well. "].map(str::to_owned);
    let composer = Arc::new(Writes(sentences.to_vec()));
    let agent = Agent::new(House {
        composer,
        ..house(store.clone(), Script::of(vec![Plan::Calls(vec![sales("Paris")])]))
    });
    let api = BotApi::start().await;
    api.inside().script.insert("sendMessage", [Reject::Refused].into());
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    api.say(ANNA, "sales of Paris");
    answered(&api, &store, ANNA, 1).await;
    bot.stop().await.unwrap();
    let said = api.said(ANNA);
    assert!(said[0].plain.starts_with(sentences.concat().trim()), "{}", api.transcript(ANNA));
    api.check();
}

/// Holds its thread for a while, so that a stopped question is slow to end.
struct Holds;

impl Planner for Holds {
    fn name(&self) -> &'static str {
        "embedded"
    }
    fn plan<'a>(&'a self, _: &'a PlanRequest) -> BoxFuture<'a, Result<Plan, PlanError>> {
        std::thread::sleep(Duration::from_millis(700));
        Box::pin(async { Err(PlanError("too late".into())) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cancelled_stays_so_after_a_kill() {
    let api = BotApi::start().await;
    let store = Store::memory();
    let holds =
        Agent::new(House { planner: Arc::new(Holds), ..house(store.clone(), Script::of(Vec::new())) });
    let cut = process(holds, settings(&api, ALLOW));
    api.say(ANNA, "sales of Paris");
    api.say(ANNA, "sales of Rome");
    api.until("a begun turn", |_| store.scan::<Turn>().count() == 1 && open_letters(&store) == 2).await;
    let begun = Instant::now();
    api.say(ANNA, "/cancel");
    api.until("the word that it is stopped", |inside| by_bot(inside, ANNA).len() == 1).await;
    println!("from /cancel to its answer: {} ms", begun.elapsed().as_millis());
    assert_eq!(open_letters(&store), 0, "said only once it is written down");
    kill(cut);
    let plans = ["Paris", "Rome"].map(|city| Plan::Calls(vec![sales(city)])).to_vec();
    let agent = Agent::new(house(store.clone(), Script::of(plans)));
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    api.until("confirmed updates", |inside| inside.updates.is_empty()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    bot.stop().await.unwrap();
    assert_eq!((api.said(ANNA).len(), open_letters(&store)), (1, 0), "{}", api.transcript(ANNA));
    api.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_question_gets_a_sentence_or_nothing() {
    let (agent, store) = scripted(&["Paris"], "{{ output.city }} sold tea.");
    let api = BotApi::start().await;
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    let file = json!({"file_id": "f", "file_unique_id": "u", "file_size": 9});
    let picture = json!({"file_id": "f", "file_unique_id": "u", "file_size": 9, "width": 9, "height": 9});
    let with = |mut fields: serde_json::Value, more: serde_json::Value| {
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fields
    };
    // No text: each is told so.
    api.send(ANNA, json!({"photo": [picture], "caption": "what is this?"}));
    api.send(ANNA, json!({"voice": with(file.clone(), json!({"duration": 3}))}));
    let sticker = json!({"type": "regular", "is_animated": false, "is_video": false});
    api.send(ANNA, json!({"sticker": with(picture.clone(), sticker)}));
    api.send(ANNA, json!({"document": file}));
    answered(&api, &store, ANNA, 4).await;
    for message in api.said(ANNA) {
        assert_eq!(message.plain, "I can only read text so far. Please type your question.");
    }
    // Not said to us: nothing.
    let anna = json!({"id": ANNA, "is_bot": false, "first_name": "Anna"});
    let chat = json!({"id": ANNA, "type": "private", "first_name": "Anna"});
    let message =
        json!({"message_id": 7, "date": 1_780_000_000, "from": anna, "chat": chat, "text": "sales"});
    api.happens(json!({"edited_message": with(message.clone(), json!({"edit_date": 1_780_000_009}))}));
    let channel = json!({"id": -1001, "type": "channel", "title": "News"});
    let post = json!({"message_id": 8, "date": 1_780_000_000, "chat": channel, "text": "sales"});
    api.happens(json!({"channel_post": post}));
    api.happens(json!({"inline_query": {"id": "1", "from": anna, "query": "sales", "offset": ""}}));
    api.happens(json!({"something_new": {"id": 1}}));
    api.send(ANNA, json!({"pinned_message": message}));
    // Longer than a question can be: what to do about it.
    api.say(ANNA, &"上个月销售额多少".repeat(511));
    answered(&api, &store, ANNA, 5).await;
    assert!(api.said(ANNA)[4].plain.contains("太长"), "{}", api.transcript(ANNA));
    api.until("confirmed updates", |inside| inside.updates.is_empty()).await;
    bot.stop().await.unwrap();
    assert_eq!(api.said(ANNA).len(), 5, "{}", api.transcript(ANNA));
    assert_eq!(store.scan::<Turn>().count(), 0);
    api.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_press_waits_as_long_as_telegram_wants() {
    let (agent, store) = scripted(&["Paris"], "{{ output.city }} sold tea.");
    let api = BotApi::start().await;
    api.inside().script.insert("answerCallbackQuery", [Reject::Flood(4), Reject::Error].into());
    let bot = Bot::start(&agent, settings(&api, ALLOW));
    api.say(ANNA, "hello");
    api.press_data(ANNA, 101, "s:1");
    let presses =
        |inside: &Inside| inside.asked.iter().filter(|asked| asked.method == "answerCallbackQuery").count();
    api.until("a third try", |inside| presses(inside) == 3).await;
    let tries = api.asked("answerCallbackQuery");
    assert!(tries[1].at - tries[0].at >= SECOND * 4, "{:?}", tries[1].at - tries[0].at);
    api.until("an empty mailbox", |_| open_letters(&store) == 0).await;
    bot.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_of_before_follows_the_list_of_now() {
    for (list, sign) in [("1001:analyst", "Paris sold tea"), ("1002:manager", "1001")] {
        let api = BotApi::start().await;
        let store = Store::memory();
        let stuck =
            Agent::new(House { planner: Arc::new(Stuck), ..house(store.clone(), Script::of(Vec::new())) });
        let cut = process(stuck, settings(&api, ALLOW));
        api.say(ANNA, "sales of Paris");
        api.until("a begun turn", |_| store.scan::<Turn>().count() == 1).await;
        kill(cut);
        let plans = vec![Plan::Calls(vec![sales("Paris")])];
        let text = "{{ output.city }} sold tea.";
        let agent =
            Agent::new(House { templates: templates(text, text), ..house(store.clone(), Script::of(plans)) });
        let bot = Bot::start(&agent, settings(&api, list));
        answered(&api, &store, ANNA, 1).await;
        bot.stop().await.unwrap();
        let said = api.said(ANNA);
        assert!(said.len() == 1 && said[0].plain.contains(sign), "{}", api.transcript(ANNA));
        api.check();
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_is_told_of_once_and_holds_up_no_end() {
    let dir = sample_shop();
    let api = BotApi::start().await;
    let mut bot = mercato()
        .args(["telegram", "--data"])
        .arg(dir.path())
        .env("MERCATO_TELEGRAM_TOKEN", TOKEN)
        .env("MERCATO_TELEGRAM_API_URL", &api.url)
        .env("MERCATO_TELEGRAM_ALLOW", ALLOW)
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    api.until("a first poll", |inside| inside.asked.iter().any(|asked| asked.method == "getUpdates")).await;
    let down = |api: &BotApi| {
        for method in ["getUpdates", "sendMessage", "sendChatAction"] {
            api.inside().always.insert(method, Reject::Error);
        }
    };
    let tried = |inside: &Inside| inside.asked.iter().filter(|asked| asked.method == "sendMessage").count();
    api.inside().always.insert("sendMessage", Reject::Error);
    api.say(ANNA, "sales last month");
    api.until("a try", |inside| tried(inside) == 1).await;
    down(&api);
    api.until("four tries", |inside| tried(inside) == 4).await;
    api.inside().always.clear();
    api.until("the answer", |inside| by_bot(inside, ANNA).len() == 1).await;
    api.inside().always.insert("sendMessage", Reject::Error);
    api.say(ANNA, "sales this year");
    api.until("a try", |inside| tried(inside) >= 6).await;
    down(&api);
    let begun = Instant::now();
    let killed = Command::new("kill").args(["-TERM", &bot.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ended = tokio::task::spawn_blocking(move || (bot.wait().unwrap(), bot.wait_with_output().unwrap()));
    let (ended, output) = ended.await.unwrap();
    println!("from SIGTERM to the end, Telegram down: {} ms", begun.elapsed().as_millis());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(ended.success() && !log.contains(TOKEN), "{log}");
    assert_eq!(log.matches("Telegram is reached again").count(), 1, "{log}");
    let down = log.matches("Telegram cannot be reached; trying").count();
    assert!((1..=2).contains(&down), "{down} lines");
    // Kept, and answered at the next start.
    assert_eq!(open_letters(&Store::open(dir.path()).unwrap()), 1);
}

#[test]
fn without_a_token_or_with_a_bad_list_the_program_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = mercato();
    command.args(["telegram", "--data"]).arg(dir.path());
    let output = command.output().unwrap();
    let why = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && why.contains("BotFather"), "{why}");
    let output = command.env("MERCATO_TELEGRAM_ALLOW", "anna:manager").output().unwrap();
    let why = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && why.contains("1001:manager,1002:analyst"), "{why}");
}

fn any_text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => any::<char>(),
        2 => Just('\n'),
        2 => Just(' '),
        2 => prop_oneof![Just('<'), Just('>'), Just('&')],
        2 => prop_oneof![Just('销'), Just('。'), Just('😀'), Just('\u{200d}'), Just('\u{301}')],
        4 => proptest::char::range('a', 'z'),
    ];
    proptest::collection::vec(character, 0..7_000).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_text_becomes_messages_that_telegram_takes_and_is_whole(
        runs in proptest::collection::vec((0..3_usize, any_text()), 0..4)
    ) {
        let mut rich = Rich::default();
        for (style, text) in &runs {
            rich.push([Style::Plain, Style::Bold, Style::Fixed][*style], text.as_str());
        }
        let parts = rich.parts();
        let whole: String = runs.iter().map(|(_, text)| text.as_str()).collect();
        for part in &parts {
            prop_assert!(part.html.encode_utf16().count() <= LONGEST);
            prop_assert_eq!(read_html(&part.html), Ok(part.plain.clone()));
        }
        prop_assert_eq!(parts.iter().map(|part| part.plain.as_str()).collect::<String>(), whole);
    }
}
