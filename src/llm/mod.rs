//! How is a language model asked, whatever its server does wrong?
//!
//! The one wrapper of async-openai, for any server of the OpenAI kind. What that crate does well (retries of 429 and
//! 5xx with `Retry-After`, server-sent events) is left to it, and there is no second layer of retries. What it does not
//! do is done here: replies are read into lenient structs of our own ([`wire`]), a stream that ends without a reason is
//! cut off and not complete, each piece must come within an idle time, the whole within a deadline, and every failure
//! becomes one of a few [`Fault`]s with a sentence for people.
//!
//! What a server can do (native tool calls, JSON held to a schema, neither; streaming or not; which parameters) is
//! found out on the first real questions and remembered, see [`LanguageModel::way`].
//!
//! A stream counts as complete with a finish reason, with `[DONE]` (see [`transport`]), or with the closing `usage`
//! piece, which only ever comes last.

mod ask;
mod endpoint;
mod fault;
mod flow;
mod model;
mod reply;
mod transport;
pub mod wire;

pub use ask::{Ask, ToolSpec};
pub use endpoint::{Endpoint, Patience, Prices, Secret};
pub use fault::{Broken, Fault};
pub use flow::Flow;
pub use model::{LanguageModel, Notebook, Way};
pub use reply::{Reply, Spent, ToolUse};

/// Chooses ring for TLS, once a process; later calls change nothing.
pub fn install_tls() {
    // An error says that it was installed before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
