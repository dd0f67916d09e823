//! A Bot API that says no: it records every request, checks it by the real one's rules, and rejects at random by seed.
//!
//! Rules from <https://core.telegram.org/bots/api>: lengths in UTF-16 units, HTML well-formed, only the bot's own
//! messages are edited and only to something else, button data of 1 to 64 bytes, nothing to a chat before `retry_after`
//! is over, an update comes again until a request names a later one.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

use super::recorded::real_model;

pub(crate) const TOKEN: &str = "777:fake-token_of-tests";
/// How long a second of `retry_after` lasts.
pub(crate) const SECOND: Duration = Duration::from_millis(15);

/// How long a test waits in vain; a small real model on two cores takes its time.
fn patience() -> Duration {
    Duration::from_secs(if real_model().is_some() { 150 } else { 30 })
}

/// What a request gets instead of its due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reject {
    /// 429 with `retry_after`.
    Flood(u64),
    /// 500, and nothing was done.
    Error,
    /// 500, though it was done.
    ErrorAfter,
    /// The connection breaks, and nothing was done.
    Drop,
    /// The connection breaks, though it was done.
    DropAfter,
    /// 400, as if the HTML were bad.
    Parse,
    /// 403, for good.
    Blocked,
    /// 400, for a reason we know nothing of.
    Refused,
    /// 401: the token was taken back.
    Revoked,
    /// It is done, and the answer never comes.
    SilentAfter,
}

/// A message in a chat.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: i32,
    pub(crate) by_bot: bool,
    pub(crate) html: String,
    pub(crate) plain: String,
    pub(crate) photo: bool,
    pub(crate) buttons: Vec<(String, String)>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    pub(crate) method: String,
    pub(crate) body: Map<String, Value>,
}

#[derive(Default)]
pub(crate) struct Inside {
    next_message: i32,
    next_update: u32,
    pub(crate) updates: VecDeque<Value>,
    /// Every update there was.
    all: Vec<Value>,
    pub(crate) chats: BTreeMap<i64, Vec<Message>>,
    pub(crate) asked: Vec<Asked>,
    /// What the real one would not take.
    pub(crate) faults: Vec<String>,
    /// What the next requests of a method get.
    pub(crate) script: HashMap<&'static str, VecDeque<Reject>>,
    /// Rejects everything of a method, for as long as it is there.
    pub(crate) always: HashMap<&'static str, Reject>,
    random: Option<ChaCha8Rng>,
    held: HashMap<i64, Instant>,
    /// Another process asks for updates.
    pub(crate) conflict: bool,
}

/// The server; it ends with its test.
#[derive(Clone)]
pub(crate) struct BotApi {
    pub(crate) url: String,
    inside: Arc<Mutex<Inside>>,
}

impl BotApi {
    pub(crate) async fn start() -> Self {
        let inside =
            Arc::new(Mutex::new(Inside { next_message: 100, next_update: 5_000, ..Inside::default() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let api = Self { url, inside };
        let routes =
            Router::new().route("/{bot}/{method}", axum::routing::post(answer)).with_state(api.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        api
    }

    pub(crate) fn rejecting(self, seed: u64) -> Self {
        self.inside().random = Some(ChaCha8Rng::seed_from_u64(seed));
        self
    }

    pub(crate) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    /// Somebody writes to the bot.
    pub(crate) fn say(&self, user: i64, text: &str) -> i32 {
        let chat = json!({"id": user, "type": "private", "first_name": "Anna"});
        self.message(user, chat, json!({"text": text}))
    }

    /// Somebody writes in a group.
    pub(crate) fn say_in_group(&self, user: i64, group: i64, text: &str) -> i32 {
        self.message(user, json!({"id": group, "type": "group", "title": "Team"}), json!({"text": text}))
    }

    /// Somebody sends what is no text; `more` are the message's fields.
    pub(crate) fn send(&self, user: i64, more: Value) -> i32 {
        let chat = json!({"id": user, "type": "private", "first_name": "Anna"});
        self.message(user, chat, more)
    }

    /// An update of another kind.
    pub(crate) fn happens(&self, update: Value) {
        self.inside().update(update);
    }

    fn message(&self, user: i64, chat: Value, more: Value) -> i32 {
        let mut inside = self.inside();
        inside.next_message += 1;
        let id = inside.next_message;
        let text = more.get("text").and_then(Value::as_str).unwrap_or("(no text)").to_owned();
        let place = chat["id"].as_i64().unwrap();
        inside.chats.entry(place).or_default().push(Message {
            id,
            by_bot: false,
            html: text.clone(),
            plain: text,
            photo: false,
            buttons: Vec::new(),
        });
        let from = json!({"id": user, "is_bot": false, "first_name": "Anna", "language_code": "en"});
        let mut message = json!({"message_id": id, "date": 1_780_000_000, "from": from, "chat": chat});
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        inside.update(json!({"message": message}));
        id
    }

    /// Somebody presses the button with this label, the newest of that name.
    pub(crate) fn press(&self, user: i64, label: &str) {
        let mut inside = self.inside();
        let found = inside.chats[&user].iter().rev().find_map(|message| {
            let button = message.buttons.iter().find(|(text, _)| text == label)?;
            Some((message.id, button.1.clone()))
        });
        let (id, data) = found.unwrap_or_else(|| panic!("no button {label}"));
        inside.press(user, id, &data);
    }

    /// A press with data of one's own.
    pub(crate) fn press_data(&self, user: i64, id: i32, data: &str) {
        self.inside().press(user, id, data);
    }

    /// Every update comes once more, as if none had been confirmed.
    pub(crate) fn send_again(&self) {
        let mut inside = self.inside();
        inside.updates = inside.all.clone().into();
    }

    /// The bot's messages in a chat.
    pub(crate) fn said(&self, chat: i64) -> Vec<Message> {
        let inside = self.inside();
        inside.chats.get(&chat).into_iter().flatten().filter(|message| message.by_bot).cloned().collect()
    }

    /// Requests of a method.
    pub(crate) fn asked(&self, method: &str) -> Vec<Asked> {
        self.inside().asked.iter().filter(|asked| asked.method == method).cloned().collect()
    }

    /// Waits until this is so.
    pub(crate) async fn until(&self, what: &str, is: impl Fn(&Inside) -> bool) {
        let begun = Instant::now();
        while !is(&self.inside()) {
            if begun.elapsed() > patience() {
                let inside = self.inside();
                panic!("waited in vain for {what}\n{:#?}\n{:#?}", inside.chats, inside.faults);
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    /// Fails where anything was not as the real one wants it.
    #[track_caller]
    pub(crate) fn check(&self) {
        let faults = self.inside().faults.clone();
        assert!(faults.is_empty(), "{faults:#?}");
    }

    /// A chat as a person sees it.
    pub(crate) fn transcript(&self, chat: i64) -> String {
        let mut text = String::new();
        for message in self.inside().chats.get(&chat).into_iter().flatten() {
            if message.by_bot {
                let what = if message.photo { "[photo] " } else { "" };
                text.push_str(&format!("{what}{}\n", message.html));
            } else {
                text.push_str(&format!("> {}\n", message.plain));
            }
            for (label, data) in &message.buttons {
                text.push_str(&format!("  [{label}] {data}\n"));
            }
            text.push('\n');
        }
        text
    }
}

impl Inside {
    fn update(&mut self, mut update: Value) {
        self.next_update += 1;
        update["update_id"] = self.next_update.into();
        self.all.push(update.clone());
        self.updates.push_back(update);
    }

    fn press(&mut self, user: i64, id: i32, data: &str) {
        let from = json!({"id": user, "is_bot": false, "first_name": "Anna", "language_code": "en"});
        let bot = json!({"id": 777, "is_bot": true, "first_name": "mercato"});
        let chat = json!({"id": user, "type": "private", "first_name": "Anna"});
        let message =
            json!({"message_id": id, "date": 1_780_000_000, "from": bot, "chat": chat, "text": "…"});
        let query = format!("q{}", self.next_update + 1);
        self.update(json!({"callback_query":
            {"id": query, "from": from, "message": message, "chat_instance": "1", "data": data}}));
    }

    fn fault(&mut self, why: impl Into<String>) -> Outcome {
        let why = why.into();
        self.faults.push(why.clone());
        no(400, &format!("Bad Request: {why}"))
    }

    fn reject(&mut self, method: &str, body: &Map<String, Value>) -> Option<Reject> {
        if let Some(next) = self.script.get_mut(method).and_then(VecDeque::pop_front) {
            return Some(next);
        }
        if let Some(always) = self.always.get(method) {
            return Some(*always);
        }
        let random = self.random.as_mut()?;
        if matches!(method, "getMe" | "sendChatAction" | "setMyCommands") {
            return None;
        }
        match random.gen_range(0..100) {
            0..8 => Some(Reject::Flood(random.gen_range(1..4))),
            8..14 => Some(Reject::Error),
            14..18 => Some(Reject::ErrorAfter),
            18..24 => Some(Reject::Drop),
            24..28 => Some(Reject::DropAfter),
            28..35 if body.contains_key("parse_mode") => Some(Reject::Parse),
            _ => None,
        }
    }

    fn act(&mut self, method: &str, body: &Map<String, Value>) -> Outcome {
        let chat = body.get("chat_id").and_then(|id| id.as_i64().or_else(|| id.as_str()?.parse().ok()));
        let moves = matches!(method, "sendMessage" | "sendPhoto" | "editMessageText" | "deleteMessage");
        if let Some(chat) = chat.filter(|_| moves) {
            if self.held.get(&chat).is_some_and(|held| Instant::now() < *held) {
                return self.fault(format!("{method} before retry_after was over"));
            }
            if !self.chats.contains_key(&chat) {
                return no(400, "Bad Request: chat not found");
            }
        }
        match method {
            "getMe" => {
                Ok(json!({"id": 777, "is_bot": true, "first_name": "mercato", "username": "shop_bot"}))
            }
            "setMyCommands" | "answerCallbackQuery" | "sendChatAction" => {
                let text = body.get("text").and_then(Value::as_str).unwrap_or_default();
                if text.chars().count() > 200 {
                    return self.fault("the answer to a press is longer than 200 characters");
                }
                Ok(json!(true))
            }
            "sendMessage" => {
                let (html, plain) = self.text(body, "text", 4_096)?;
                self.new_message(chat, html, plain, false, body)
            }
            "sendPhoto" => {
                if !body.get("photo").and_then(Value::as_str).is_some_and(|photo| photo.starts_with("PNG ")) {
                    return self.fault("no picture");
                }
                let (html, plain) = match body.contains_key("caption") {
                    true => self.text(body, "caption", 1_024)?,
                    false => Default::default(),
                };
                self.new_message(chat, html, plain, true, body)
            }
            "editMessageText" => {
                let (html, plain) = self.text(body, "text", 4_096)?;
                let buttons = self.buttons(body)?;
                let id = body.get("message_id").and_then(Value::as_i64);
                let messages = chat.and_then(|chat| self.chats.get_mut(&chat));
                let found = messages.and_then(|all| all.iter_mut().find(|one| Some(i64::from(one.id)) == id));
                match found {
                    None => no(400, "Bad Request: message to edit not found"),
                    Some(message) if !message.by_bot => no(400, "Bad Request: message can't be edited"),
                    Some(message) if message.photo => {
                        no(400, "Bad Request: there is no text in the message to edit")
                    }
                    Some(message) if message.html == html && message.buttons == buttons => no(
                        400,
                        "Bad Request: message is not modified: specified new message content is the same",
                    ),
                    Some(message) => {
                        (message.html, message.plain, message.buttons) = (html, plain, buttons);
                        Ok(
                            json!({"message_id": id, "date": 1_780_000_001, "chat": {"id": chat, "type": "private", "first_name": "Anna"}, "text": message.plain}),
                        )
                    }
                }
            }
            "deleteMessage" => {
                let id = body.get("message_id").and_then(Value::as_i64);
                let messages = chat.and_then(|chat| self.chats.get_mut(&chat)).unwrap();
                let at = messages.iter().position(|one| Some(i64::from(one.id)) == id);
                match at {
                    Some(at) if messages[at].by_bot => {
                        messages.remove(at);
                        Ok(json!(true))
                    }
                    Some(_) => self.fault("a person's message was to be deleted"),
                    None => no(400, "Bad Request: message to delete not found"),
                }
            }
            _ => self.fault(format!("no method {method}")),
        }
    }

    fn new_message(
        &mut self,
        chat: Option<i64>,
        html: String,
        plain: String,
        photo: bool,
        body: &Map<String, Value>,
    ) -> Outcome {
        let buttons = self.buttons(body)?;
        self.next_message += 1;
        let id = self.next_message;
        let messages = self.chats.get_mut(&chat.unwrap()).unwrap();
        messages.push(Message { id, by_bot: true, html, plain: plain.clone(), photo, buttons });
        Ok(json!({"message_id": id, "date": 1_780_000_001, "text": plain,
            "chat": {"id": chat, "type": "private", "first_name": "Anna"}}))
    }

    /// Text as sent and as read.
    fn text(
        &mut self,
        body: &Map<String, Value>,
        key: &str,
        most: usize,
    ) -> Result<(String, String), (u16, Value)> {
        let text = body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut fault = |why: String| self.fault(why).map(|_| Default::default());
        let plain = match body.get("parse_mode").and_then(Value::as_str) {
            None => text.clone(),
            Some("HTML") => match read_html(&text) {
                Ok(plain) => plain,
                Err(why) => return fault(format!("can't parse entities: {why} in {text:?}")),
            },
            Some(other) => return fault(format!("unsupported parse_mode {other}")),
        };
        if plain.trim().is_empty() {
            return fault("message text is empty".into());
        }
        if plain.encode_utf16().count() > most {
            return fault(format!("{key} is too long: {}", plain.encode_utf16().count()));
        }
        Ok((text, plain))
    }

    fn buttons(&mut self, body: &Map<String, Value>) -> Result<Vec<(String, String)>, (u16, Value)> {
        let markup = match body.get("reply_markup") {
            Some(Value::String(text)) => serde_json::from_str(text).unwrap(),
            Some(markup) => markup.clone(),
            None => return Ok(Vec::new()),
        };
        let mut buttons = Vec::new();
        for button in
            markup["inline_keyboard"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap())
        {
            let text = |key: &str| button[key].as_str().unwrap_or_default().to_owned();
            let (label, data) = (text("text"), text("callback_data"));
            if !(1..=64).contains(&data.len()) || label.trim().is_empty() {
                return self.fault(format!("BUTTON_DATA_INVALID {label} {data}")).map(|_| Vec::new());
            }
            buttons.push((label, data));
        }
        Ok(buttons)
    }
}

/// A result, or code and envelope of an error.
type Outcome = Result<Value, (u16, Value)>;

fn no(code: u16, why: &str) -> Outcome {
    Err((code, json!({"ok": false, "error_code": code, "description": why})))
}

/// Text without its tags; tags must be known and nested, entities known.
pub(crate) fn read_html(text: &str) -> Result<String, String> {
    let mut plain = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let end = |mark: char| from.find(mark).ok_or_else(|| format!("unclosed {from:.12}"));
        if from.starts_with('<') {
            let (tag, after) = from.split_at(end('>')? + 1);
            match tag {
                "<b>" | "<pre>" | "<i>" | "<code>" => open.push(tag),
                "</b>" | "</pre>" | "</i>" | "</code>" => {
                    let opened = open.pop().ok_or_else(|| format!("unexpected {tag}"))?;
                    if opened.strip_prefix('<') != tag.strip_prefix("</") {
                        return Err(format!("{opened} closed by {tag}"));
                    }
                }
                _ => return Err(format!("unsupported tag {tag}")),
            }
            rest = after;
        } else if from.starts_with('&') {
            let (entity, after) = from.split_at(end(';')? + 1);
            plain.push(match entity {
                "&lt;" => '<',
                "&gt;" => '>',
                "&amp;" => '&',
                "&quot;" => '"',
                _ => return Err(format!("unsupported entity {entity}")),
            });
            rest = after;
        } else {
            return Err("a bare >".into());
        }
    }
    plain.push_str(rest);
    if open.is_empty() { Ok(plain) } else { Err(format!("{open:?} not closed")) }
}

async fn answer(
    State(api): State<BotApi>,
    Path((bot, method)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Infallible> {
    let body = read_body(request).await;
    if bot != format!("bot{TOKEN}") {
        let why = json!({"ok": false, "error_code": 401, "description": "Unauthorized"});
        return Ok(reply(401, &why));
    }
    if method == "getUpdates" {
        return Ok(get_updates(&api, &body).await);
    }
    let reject = {
        let mut inside = api.inside();
        inside.asked.push(Asked { at: Instant::now(), method: method.clone(), body: body.clone() });
        let reject = inside.reject(&method, &body);
        if reject == Some(Reject::SilentAfter) {
            let _ = inside.act(&method, &body);
        }
        reject
    };
    if reject == Some(Reject::SilentAfter) {
        std::future::pending::<()>().await;
    }
    let mut inside = api.inside();
    let chat = body.get("chat_id").and_then(|id| id.as_i64().or_else(|| id.as_str()?.parse().ok()));
    Ok(match reject {
        None => match inside.act(&method, &body) {
            Ok(result) => reply(200, &json!({"ok": true, "result": result})),
            Err((code, why)) => reply(code, &why),
        },
        Some(Reject::ErrorAfter | Reject::DropAfter | Reject::Error | Reject::Drop) => {
            if matches!(reject, Some(Reject::ErrorAfter | Reject::DropAfter)) {
                let _ = inside.act(&method, &body);
            }
            match reject {
                Some(Reject::Error | Reject::ErrorAfter) => broken_server(),
                _ => dropped(),
            }
        }
        Some(Reject::Flood(seconds)) => {
            if let Some(chat) = chat {
                let until = Instant::now() + SECOND * u32::try_from(seconds).unwrap();
                inside.held.insert(chat, until);
            }
            reply(
                429,
                &json!({"ok": false, "error_code": 429, "description": "Too Many Requests",
                "parameters": {"retry_after": seconds}}),
            )
        }
        Some(Reject::Blocked) => reply(
            403,
            &json!({"ok": false, "error_code": 403,
            "description": "Forbidden: bot was blocked by the user"}),
        ),
        Some(Reject::Revoked) => {
            reply(401, &json!({"ok": false, "error_code": 401, "description": "Unauthorized"}))
        }
        Some(Reject::Refused | Reject::SilentAfter) => {
            reply(400, &json!({"ok": false, "error_code": 400, "description": "Bad Request: not today"}))
        }
        Some(Reject::Parse) => reply(
            400,
            &json!({"ok": false, "error_code": 400,
            "description": "Bad Request: can't parse entities: Unexpected end of name token at byte offset 9"}),
        ),
    })
}

async fn get_updates(api: &BotApi, body: &Map<String, Value>) -> Response {
    let offset = body.get("offset").and_then(Value::as_u64);
    let wait = body.get("timeout").and_then(Value::as_u64).unwrap_or(0);
    let begun = Instant::now();
    {
        let mut inside = api.inside();
        inside.asked.push(Asked { at: begun, method: "getUpdates".into(), body: body.clone() });
        match inside.reject("getUpdates", body) {
            Some(Reject::Flood(seconds)) => {
                return reply(
                    429,
                    &json!({"ok": false, "error_code": 429, "description": "Too Many Requests",
                    "parameters": {"retry_after": seconds}}),
                );
            }
            Some(Reject::Error | Reject::ErrorAfter) => return broken_server(),
            Some(_) => return dropped(),
            None => {}
        }
    }
    loop {
        {
            let mut inside = api.inside();
            if inside.conflict {
                return reply(
                    409,
                    &json!({"ok": false, "error_code": 409, "description":
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"}),
                );
            }
            if let Some(offset) = offset {
                inside.updates.retain(|update| update["update_id"].as_u64() >= Some(offset));
            }
            let ready: Vec<Value> = inside.updates.iter().take(100).cloned().collect();
            if !ready.is_empty() || begun.elapsed() >= Duration::from_secs(wait) {
                return reply(200, &json!({"ok": true, "result": ready}));
            }
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Fields of JSON or of a form; a file as its kind and size.
async fn read_body(request: Request) -> Map<String, Value> {
    let form = request
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind.to_str().unwrap().starts_with("multipart"));
    if !form {
        let bytes = Bytes::from_request(request, &()).await.unwrap();
        return serde_json::from_slice(&bytes).unwrap_or_default();
    }
    let mut body = Map::new();
    let mut fields = Multipart::from_request(request, &()).await.unwrap();
    while let Some(field) = fields.next_field().await.unwrap() {
        let (name, file) = (field.name().unwrap().to_owned(), field.file_name().is_some());
        let bytes = field.bytes().await.unwrap();
        let value = match file {
            true if bytes.starts_with(b"\x89PNG") => format!("PNG {}", bytes.len()),
            true => "unknown".into(),
            false => String::from_utf8(bytes.to_vec()).unwrap(),
        };
        body.insert(name, value.into());
    }
    body
}

fn reply(code: u16, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response
}

fn broken_server() -> Response {
    let mut response = Response::new(Body::from("<html>502 Bad Gateway</html>"));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}

/// A body that breaks off: the connection is closed without an answer.
fn dropped() -> Response {
    let broken = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("gone"))]);
    Response::new(Body::from_stream(broken))
}
