//! How much does mercato add to a turn with a language model?
//!
//! A server in the same process answers at once: one plan with a native call, one answer of three sentences. What is
//! left is ours: prompts, HTTP, the tool, the checks, the store. Goal: p50 ≤ 20 ms; without a model stands beside it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a bench that cannot set its scene should stop right there"
)]

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use criterion::{Criterion, criterion_group, criterion_main};
use mercato::agent::Question;
use mercato::app::App;
use mercato::config::Config;
use mercato::demo;
use mercato::domain::{NoWork, Principal};
use mercato::llm::Endpoint;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

async fn answer(body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap();
    let piece = |delta: Value, finish: Value| {
        format!("data: {}\n\n", json!({"choices": [{"delta": delta, "finish_reason": finish}]}))
    };
    let mut sent = String::new();
    if body.get("tools").is_some() {
        let args = json!({"metric": "revenue", "period": "last_month"}).to_string();
        let call = json!({"tool_calls": [{"index": 0, "id": "1", "function":
            {"name": "query_metrics", "arguments": args}}]});
        sent += &piece(call, Value::Null);
        sent += &piece(json!({}), json!("tool_calls"));
    } else {
        let told = body["messages"][1]["content"].as_str().unwrap();
        let value = told.lines().find_map(|line| line.strip_prefix("revenue | ")).unwrap();
        let value = value.split(" | ").nth(1).unwrap();
        for word in
            format!("Revenue was {value} last month. It is net of refunds. That is all.").split_inclusive(' ')
        {
            sent += &piece(json!({"content": word}), Value::Null);
        }
        sent += &piece(json!({}), json!("stop"));
    }
    sent += "data: [DONE]\n\n";
    Response::builder().header("content-type", "text/event-stream").body(sent.into()).unwrap()
}

fn turn(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let store = demo::open(dir.path(), 1, &NoWork).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/chat/completions", post(answer));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    });
    let with_model = Config { endpoint: Some(Endpoint::new(&url, "scripted")), ..Config::default() };
    let mut group = criterion.benchmark_group("turn");
    group.sample_size(50);
    for (name, config, planner) in
        [("with a scripted model", with_model, "llm"), ("without a model", Config::default(), "embedded")]
    {
        let agent = App::over(store.clone(), &config).unwrap().agent();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let question = Question {
                    principal: Principal::local_manager(),
                    conversation: None,
                    text: "revenue last month".to_owned(),
                    lang: None,
                };
                let answer = runtime.block_on(agent.ask(question, CancellationToken::new())).unwrap();
                if answer.planner != planner || answer.text.contains("language model") {
                    panic!("{}", answer.text);
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, turn);
criterion_main!(benches);
