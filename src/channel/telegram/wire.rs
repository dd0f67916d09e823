//! What does one request to the Bot API come to?
//!
//! Requests are teloxide's payloads and go through teloxide's client, but not through its `send`: after each answer of
//! 5xx that sleeps ten seconds, which is longer than a process that is told to end may take. Here a fault comes back at
//! once, and whoever asked decides. No fault holds the token, which is a part of every address.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use teloxide::Bot;
use teloxide::requests::Payload;
use teloxide::types::{ChatId, InlineKeyboardMarkup};
use tokio_util::sync::CancellationToken;

use super::pace::Pace;

/// Failures in a row that are worth a line in the log: one alone is nothing rare.
const LOUD: u32 = 2;

/// Why a request gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// Telegram says no, and will say so again.
    #[error("Telegram answers {code}: {why}")]
    Refused { code: u16, why: String },
    /// Too many requests: not before this long.
    #[error("Telegram asks us to wait for {0:?}")]
    Wait(Duration),
    /// The network or Telegram's server failed. `unheard` where the request surely did not get there.
    #[error("Telegram cannot be reached: {why}")]
    Down { unheard: bool, why: String },
}

impl Fault {
    /// Whether it was refused with these words.
    pub(super) fn says(&self, words: &str) -> bool {
        matches!(self, Self::Refused { why, .. } if why.to_lowercase().contains(words))
    }

    /// Whether it was refused with this code.
    pub(super) fn is(&self, wanted: u16) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == wanted)
    }

    /// Whether nothing gets to this chat any more: blocked, deleted, or the token is no longer ours.
    pub(super) fn gone(&self) -> bool {
        self.is(403) || self.is(401) || self.says("chat not found")
    }

    /// Whether its HTML was not understood.
    pub(super) fn is_of_html(&self) -> bool {
        self.says("can't parse")
    }

    /// Whether a text was to be edited where a picture is.
    pub(super) fn is_of_picture(&self) -> bool {
        self.says("no text in the message")
    }
}

/// A message that exists now; nothing else of it matters to us.
#[derive(Deserialize)]
pub(super) struct Sent {
    pub(super) message_id: i32,
}

/// The bot's line to the Bot API.
#[derive(Clone)]
pub(super) struct Wire {
    bot: Bot,
    pace: Pace,
    /// Cancelled once Telegram does not know the token any more, whichever request it was that learnt it.
    pub(super) revoked: CancellationToken,
    /// Failures since Telegram was last heard.
    failures: Arc<AtomicU32>,
}

/// The Bot API's envelope.
#[derive(Deserialize)]
struct Reply<R> {
    ok: bool,
    result: Option<R>,
    error_code: Option<u16>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
}

impl Wire {
    /// To this server, with this token.
    pub(super) fn new(token: &str, api: Option<&str>, pace: Pace) -> anyhow::Result<Self> {
        let most = pace.request + Duration::from_secs(u64::from(pace.poll_seconds));
        let api = api.unwrap_or(teloxide::net::TELEGRAM_API_URL);
        let fault =
            || anyhow::anyhow!("MERCATO_TELEGRAM_API_URL: {api:?} is no address; write https://HOST[:PORT]");
        let url = parsed(api.trim_end_matches('/'), Bot::set_api_url).ok_or_else(fault)?;
        anyhow::ensure!(matches!(url.scheme(), "http" | "https") && url.has_host(), fault());
        let mut client = teloxide::net::default_reqwest_settings().timeout(most);
        if url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]")) {
            client = client.no_proxy();
        }
        let bot = Bot::with_client(token, client.build()?).set_api_url(url);
        Ok(Self { bot, pace, revoked: CancellationToken::new(), failures: Arc::default() })
    }

    /// Sends a request as JSON; `R` is as much of its result as is wanted.
    pub(super) async fn call<P: Payload + Serialize, R: DeserializeOwned>(
        &self,
        payload: &P,
    ) -> Result<R, Fault> {
        let body = serde_json::to_vec(payload).map_err(|error| refused(0, &error))?;
        self.post(P::NAME, "application/json", body).await
    }

    /// Sends a picture.
    pub(super) async fn photo(
        &self,
        chat: ChatId,
        png: &[u8],
        caption: &str,
        keyboard: Option<&InlineKeyboardMarkup>,
    ) -> Result<Sent, Fault> {
        // The hash of a picture does not stand in the picture.
        let boundary: String = Sha256::digest(png).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut body = Vec::with_capacity(png.len() + 1_024);
        let mut field = |head: &str, value: &[u8]| {
            body.extend(
                format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").into_bytes(),
            );
            body.extend(value);
            body.extend(b"\r\n");
        };
        field("name=\"chat_id\"", chat.to_string().as_bytes());
        if !caption.is_empty() {
            field("name=\"caption\"", caption.as_bytes());
        }
        if let Some(keyboard) = keyboard {
            field(
                "name=\"reply_markup\"",
                &serde_json::to_vec(keyboard).map_err(|error| refused(0, &error))?,
            );
        }
        field("name=\"photo\"; filename=\"chart.png\"\r\nContent-Type: image/png", png);
        body.extend(format!("--{boundary}--\r\n").into_bytes());
        self.post("sendPhoto", &format!("multipart/form-data; boundary={boundary}"), body).await
    }

    /// One request; takes note of what it says about Telegram as a whole.
    async fn post<R: DeserializeOwned>(
        &self,
        method: &str,
        content: &str,
        body: Vec<u8>,
    ) -> Result<R, Fault> {
        let reply = self.exchange(method, content, body).await;
        match &reply {
            Err(Fault::Down { why, .. }) => {
                if self.failures.fetch_add(1, Ordering::Relaxed) + 1 == LOUD {
                    tracing::warn!(why, "Telegram cannot be reached; trying again until it can");
                }
            }
            _ => {
                if self.failures.swap(0, Ordering::Relaxed) >= LOUD {
                    tracing::warn!("Telegram is reached again");
                }
                if reply.as_ref().is_err_and(|fault| fault.is(401)) {
                    self.revoked.cancel();
                }
            }
        }
        reply
    }

    async fn exchange<R: DeserializeOwned>(
        &self,
        method: &str,
        content: &str,
        body: Vec<u8>,
    ) -> Result<R, Fault> {
        let mut url = self.bot.api_url();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&format!("bot{}", self.bot.token())).push(&camel(method));
        }
        let mut request = self.bot.client().post(url).header("content-type", content).body(body);
        if method != "GetUpdates" {
            request = request.timeout(self.pace.request);
        }
        let response = request.send().await.map_err(|error| {
            let unheard = error.is_connect();
            Fault::Down { unheard, why: deepest(&error.without_url()) }
        })?;
        let status = response.status();
        let down = |why: String| Fault::Down { unheard: false, why };
        let text = response.bytes().await.map_err(|error| down(deepest(&error.without_url())))?;
        let reply: Reply<R> = match serde_json::from_slice(&text) {
            Ok(reply) => reply,
            Err(_) if status.as_u16() == 429 => return Err(Fault::Wait(self.pace.second)),
            Err(_) if status.is_client_error() => return Err(refused(status.as_u16(), &"no reason given")),
            Err(error) => return Err(down(format!("its answer ({status}) cannot be read: {error}"))),
        };
        let code = reply.error_code.unwrap_or(status.as_u16());
        match reply.result {
            Some(result) if reply.ok => Ok(result),
            _ => Err(match reply.parameters.and_then(|parameters| parameters.retry_after) {
                Some(seconds) => Fault::Wait(self.pace.second * u32::try_from(seconds).unwrap_or(u32::MAX)),
                None if code == 429 => Fault::Wait(self.pace.second),
                None if code >= 500 => down(reply.description.unwrap_or_else(|| format!("error {code}"))),
                None => refused(code, &reply.description.unwrap_or_default()),
            }),
        }
    }
}

/// Reads an address as the type that `set` takes, which teloxide does not name for others.
fn parsed<U: FromStr>(text: &str, _set: impl FnOnce(Bot, U) -> Bot) -> Option<U> {
    text.parse().ok()
}

fn refused(code: u16, why: &dyn std::fmt::Display) -> Fault {
    Fault::Refused { code, why: why.to_string() }
}

/// teloxide names methods in upper camel case; Telegram does not care, its peers may.
fn camel(method: &str) -> String {
    let mut chars = method.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

/// The cause that says most: "connection refused" rather than "error sending request".
fn deepest(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
