//! A language model's server that says what it is told, well or badly, and keeps every request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use futures::StreamExt as _;
use mercato::llm::{Endpoint, Patience};
use serde_json::{Value, json};

/// What it does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Say {
    /// Native calls, streamed in pieces.
    Calls(Vec<(&'static str, Value)>),
    /// A text, streamed word by word.
    Text(String),
    /// These events as they are, then this end.
    Events(Vec<String>, End),
    /// The same, so much later.
    Late(Duration, Box<Say>),
    /// An answer of HTTP: status, one header, body.
    Http(u16, (&'static str, &'static str), String),
}

/// How a stream ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// `data: [DONE]`.
    Done,
    /// The connection closes.
    Cut,
    /// Nothing more comes, and the connection stays.
    Stall,
    /// The connection breaks.
    Reset,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// From 0.
    pub(crate) n: usize,
    pub(crate) body: Value,
}

impl Request {
    pub(crate) fn system(&self) -> &str {
        self.body["messages"][0]["content"].as_str().unwrap()
    }
    pub(crate) fn user(&self) -> &str {
        self.body["messages"][1]["content"].as_str().unwrap()
    }
    /// Whether a plan is wanted, not an answer.
    pub(crate) fn plans(&self) -> bool {
        self.system().starts_with("You choose")
    }
}

type Script = dyn Fn(&Request) -> Say + Send + Sync;

/// The server; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct LlmServer {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    script: Arc<Script>,
}

/// The key that tests use.
pub(crate) const KEY: &str = "sk-test-0123456789";

impl LlmServer {
    /// Listens on a port of its own.
    pub(crate) async fn start(script: impl Fn(&Request) -> Say + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let server = Self { url, requests: Arc::default(), script: Arc::new(script) };
        let router = Router::new().route("/v1/chat/completions", post(answer)).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        server
    }

    /// Plans with these calls, writes this answer.
    pub(crate) async fn calling(calls: Vec<(&'static str, Value)>, answer: &'static str) -> Self {
        Self::start(move |request| match request.plans() {
            true => Say::Calls(calls.clone()),
            false => Say::Text(answer.to_owned()),
        })
        .await
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        endpoint(&self.url)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn plans(&self) -> Vec<Request> {
        self.requests().into_iter().filter(Request::plans).collect()
    }
}

/// A server at this address, with the patience of a test.
pub(crate) fn endpoint(url: &str) -> Endpoint {
    let mut endpoint = Endpoint::new(url, "scripted");
    endpoint.key = mercato::llm::Secret::new(KEY).unwrap();
    endpoint.patience = Patience {
        first: Duration::from_millis(1500),
        idle: Duration::from_millis(250),
        whole: Duration::from_millis(2500),
        rest: Duration::from_secs(60),
    };
    endpoint
}

/// A piece of a stream.
pub(crate) fn piece(delta: Value, finish: Value) -> String {
    json!({"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}).to_string()
}

/// A text, word by word, without an end.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(|word| piece(json!({"content": word}), Value::Null)).collect()
}

async fn answer(State(server): State<LlmServer>, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap();
    let request = {
        let mut requests = server.requests.lock().unwrap();
        let request = Request { n: requests.len(), body };
        requests.push(request.clone());
        request
    };
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20}}).to_string();
    let mut say = (server.script)(&request);
    while let Say::Late(delay, then) = say {
        tokio::time::sleep(delay).await;
        say = *then;
    }
    let (events, end) = match say {
        Say::Late(..) => unreachable!("waited for above"),
        Say::Http(status, (name, value), body) => {
            return Response::builder().status(status).header(name, value).body(Body::from(body)).unwrap();
        }
        Say::Events(events, end) => (events, end),
        Say::Text(text) if request.body["stream"] == false => {
            let body = json!({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]});
            return Response::new(Body::from(body.to_string()));
        }
        Say::Text(text) => {
            let mut events = words(&text);
            events.extend([piece(json!({}), json!("stop")), usage]);
            (events, End::Done)
        }
        Say::Calls(calls) => {
            let mut events = Vec::new();
            for (index, (name, args)) in calls.iter().enumerate() {
                let args = args.to_string();
                let (head, tail) = args.split_at(1);
                let id = format!("call_{index}");
                events.push(piece(
                    json!({"tool_calls": [{"index": index, "id": id, "type": "function",
                        "function": {"name": name, "arguments": head}}]}),
                    Value::Null,
                ));
                events.push(piece(
                    json!({"tool_calls": [{"index": index, "function": {"arguments": tail}}]}),
                    Value::Null,
                ));
            }
            events.extend([piece(json!({}), json!("tool_calls")), usage]);
            (events, End::Done)
        }
    };
    let mut chunks: Vec<Result<String, std::io::Error>> =
        events.into_iter().map(|event| Ok(format!("data: {event}\n\n"))).collect();
    match end {
        End::Done => chunks.push(Ok("data: [DONE]\n\n".into())),
        End::Reset => chunks.push(Err(std::io::Error::other("broken"))),
        End::Cut | End::Stall => {}
    }
    // Each event in its own turn, as over a network.
    let come = futures::stream::iter(chunks).then(|chunk| async {
        tokio::task::yield_now().await;
        chunk
    });
    let body = match end {
        End::Stall => Body::from_stream(come.chain(futures::stream::pending())),
        End::Done | End::Cut | End::Reset => Body::from_stream(come),
    };
    Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
}
