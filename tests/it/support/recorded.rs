//! A real model's replies: heard once and kept in a file, then said again.
//!
//! With `MERCATO_TEST_MODEL` (the address of an OpenAI-compatible server) a talk goes through that server by way of
//! `curl`, and its replies are written to the file anew; without, they come from the file, whatever the prompts now say.

use std::collections::{HashMap, VecDeque};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::llm_server::{LlmServer, Request, Say};

/// What the model said to one request.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Heard {
    /// Of the talk's questions.
    question: String,
    /// How the request began: whether a plan was wanted, or an answer.
    wanted: String,
    text: String,
}

/// The address of a real model, where there is one to talk to.
pub(crate) fn real_model() -> Option<String> {
    std::env::var("MERCATO_TEST_MODEL").ok()
}

/// A talk's model: the real one, whose replies are kept, or the kept replies.
pub(crate) struct Recorded {
    file: PathBuf,
    server: LlmServer,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Recorded {
    /// For a talk of these questions, under this name.
    pub(crate) async fn start(name: &str, questions: &[&str]) -> Self {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/talks").join(format!("{name}.json"));
        let questions: Vec<String> = questions.iter().map(|question| (*question).to_owned()).collect();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let server = match real_model() {
            Some(url) => {
                let heard = heard.clone();
                LlmServer::start(move |request| {
                    let Some(text) = tokio::task::block_in_place(|| ask(&url, &request.body)) else {
                        return no_reply();
                    };
                    let (question, wanted) = place(request, &questions);
                    heard.lock().unwrap().push(Heard { question, wanted, text: text.clone() });
                    Say::Text(text)
                })
                .await
            }
            None => {
                let kept: Vec<Heard> = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
                let mut said: HashMap<(String, String), VecDeque<String>> = HashMap::new();
                for one in kept {
                    said.entry((one.question, one.wanted)).or_default().push_back(one.text);
                }
                let said = Mutex::new(said);
                LlmServer::start(move |request| {
                    let next = said
                        .lock()
                        .unwrap()
                        .get_mut(&place(request, &questions))
                        .and_then(VecDeque::pop_front);
                    next.map_or_else(no_reply, Say::Text)
                })
                .await
            }
        };
        Self { file, server, heard }
    }

    pub(crate) fn url(&self) -> &str {
        &self.server.url
    }

    /// Keeps what a real model said.
    pub(crate) fn keep(self) {
        let heard = self.heard.lock().unwrap();
        if !heard.is_empty() {
            std::fs::create_dir_all(self.file.parent().unwrap()).unwrap();
            std::fs::write(&self.file, serde_json::to_string_pretty(&*heard).unwrap() + "\n").unwrap();
        }
    }
}

/// The real model was too slow, or this was never asked of it.
fn no_reply() -> Say {
    Say::Http(400, ("x-kept", "no"), "no reply".into())
}

/// The question that stands last in a request, and how the request begins.
fn place(request: &Request, questions: &[String]) -> (String, String) {
    let user = request.user();
    let last = questions.iter().filter(|question| user.contains(*question));
    let last = last.max_by_key(|question| (user.rfind(question.as_str()), question.len()));
    let begins: Vec<&str> = request.system().split_whitespace().take(4).collect();
    (last.cloned().unwrap_or_default(), begins.join(" "))
}

/// The text of the model's reply; `None` where it takes longer than an asker would wait.
fn ask(url: &str, body: &Value) -> Option<String> {
    let mut body = body.clone();
    body["stream"] = json!(false);
    body.as_object_mut().unwrap().remove("stream_options");
    let mut curl = Command::new("curl")
        .args(["-sS", "--max-time", "50", "-H", "content-type: application/json", "--data-binary", "@-"])
        .arg(format!("{url}/chat/completions"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    curl.stdin.take().unwrap().write_all(body.to_string().as_bytes()).unwrap();
    let reply = curl.wait_with_output().unwrap();
    if !reply.status.success() {
        return None;
    }
    let reply: Value = serde_json::from_slice(&reply.stdout).unwrap();
    let message = &reply["choices"][0]["message"];
    assert!(message["tool_calls"].is_null(), "native calls are not kept: {reply}");
    Some(message["content"].as_str().unwrap_or_default().to_owned())
}
