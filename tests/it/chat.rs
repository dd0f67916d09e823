//! Promise: a talk at the terminal reads as it was approved, in both languages.
//!
//! The program itself is run on the sample shop with a talk on standard input: questions, follow-ups, numbers of what
//! was offered, `/why`, `/export`. What it prints is kept; folder and conversation are replaced, since both differ.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use mercato::agent::memory::Session;
use mercato::agent::turn::Turn;
use mercato::store::Store;

use super::support::recorded::Recorded;
use super::support::shop::{mercato, sample_shop};

const SALES_EN: [&str; 10] = [
    "sales last month against a year ago",
    "/why",
    "and in Berlin?",
    "/why orders",
    "top 5 products last quarter",
    "/why Espresso Beans 1kg",
    "/export",
    "2",
    "/new",
    "and Paris?",
];
const SALES_ZH: [&str; 10] = [
    "上个月客单价多少，同比怎么样",
    "/为什么",
    "2",
    "那柏林呢",
    "/为什么 订单数",
    "今年各月复购率",
    "/为什么 2026年3月",
    "/导出",
    "上个季度各渠道广告花费",
    "/为什么 花费",
];
const CUSTOMERS_EN: [&str; 9] = [
    "which customers will be worth most over the next 6 months",
    "/why future value",
    "1",
    "/why",
    "tell me about Emma Clark",
    "show me last month by city",
    "2",
    "/why 123456",
    "/help",
];
const CUSTOMERS_ZH: [&str; 9] = [
    "未来半年哪些客户最有价值",
    "/为什么 90%",
    "/为什么 仍活跃概率",
    "把客户分一下群",
    "/为什么 忠诚客户",
    "介绍一下Emma Clark这位客户",
    "/为什么",
    "明天天气怎么样",
    "/退出",
];

/// Ten questions for a model.
const MODEL_EN: [&str; 10] = [
    "What data do you have?",
    "How were sales last month compared with a year ago?",
    "and in Berlin?",
    "which channel brought the most new customers this year",
    "how fast do people who bought once come back?",
    "Which customers will be worth most over the next six months?",
    "what should I recommend to Emma Clark",
    "where should I put 35,000 of ad money over the next 4 weeks",
    "can I trust the customer value model?",
    "What will the weather be tomorrow?",
];
const MODEL_ZH: [&str; 10] = [
    "现在有哪些数据？",
    "上个月卖得怎么样，跟去年比呢？",
    "柏林呢？",
    "今年哪个渠道带来的新客最多",
    "买过一次的人多久会再来？",
    "未来半年哪些客户最值钱？",
    "给 Emma Clark 推荐点什么好",
    "接下来四周有35000欧广告费，怎么分",
    "客户价值模型准不准？",
    "明天天气怎么样？",
];

/// What the program prints for a talk.
fn talk(dir: &Path, lines: &[&str]) -> String {
    let text = said(dir, lines, None);
    for turn in Store::open(dir).unwrap().scan::<Turn>() {
        let turn = turn.unwrap();
        assert!(turn.withheld.is_empty(), "{}: {:?}", turn.question, turn.withheld);
    }
    text
}

/// The same, with a model's server or without, and without what differs from run to run.
fn said(dir: &Path, lines: &[&str], model: Option<&str>) -> String {
    let mut chat = mercato()
        .args(["chat", "--data"])
        .arg(dir)
        .envs(model.map(|url| ("OPENAI_BASE_URL", url)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    lines.iter().for_each(|line| writeln!(said, "{line}").unwrap());
    chat.stdin.take().unwrap().write_all(said.as_bytes()).unwrap();
    let done = chat.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    let store = Store::open(dir).unwrap();
    let mut text = String::from_utf8(done.stdout).unwrap().replace(&dir.display().to_string(), "DIR");
    for session in store.scan::<Session>() {
        text = text.replace(&session.unwrap().conversation, "ID");
    }
    text
}

/// The one table that was exported.
fn exported(dir: &Path) -> String {
    let files: Vec<_> = fs::read_dir(dir.join("exports")).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    fs::read_to_string(file).unwrap()
}

#[test]
fn talks_about_sales_read_as_approved() {
    let dir = sample_shop();
    insta::assert_snapshot!("sales_english", talk(dir.path(), &SALES_EN));
    let table = exported(dir.path());
    assert!(table.starts_with("\u{feff}product,revenue\n"), "{table}");
    assert_eq!(table.lines().count(), 6, "{table}");
    let dir = sample_shop();
    insta::assert_snapshot!("sales_chinese", talk(dir.path(), &SALES_ZH));
    let table = exported(dir.path());
    assert!(table.starts_with("\u{feff}月份,复购率\n2026-01-01,0."), "{table}");
}

#[test]
fn talks_about_customers_read_as_approved() {
    let dir = sample_shop();
    insta::assert_snapshot!("customers_english", talk(dir.path(), &CUSTOMERS_EN));
    let dir = sample_shop();
    insta::assert_snapshot!("customers_chinese", talk(dir.path(), &CUSTOMERS_ZH));
}

/// Ten questions a language through a small real model, whose replies were kept; with one at hand they are heard anew.
#[tokio::test(flavor = "multi_thread")]
async fn talks_with_a_model_read_as_approved() {
    insta::assert_snapshot!("model_english", with_model("terminal-en", &MODEL_EN).await);
    insta::assert_snapshot!("model_chinese", with_model("terminal-zh", &MODEL_ZH).await);
}

async fn with_model(name: &str, lines: &'static [&'static str]) -> String {
    let model = Recorded::start(name, lines).await;
    let (dir, url) = (sample_shop(), model.url().to_owned());
    let text = tokio::task::spawn_blocking(move || said(dir.path(), lines, Some(&url))).await.unwrap();
    model.keep();
    text
}
