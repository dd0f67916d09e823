//! Ask one question.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use tokio_util::sync::CancellationToken;

use super::Out;
use crate::agent::Question;
use crate::app::{App, data_folder};
use crate::channel::terminal::Canvas;
use crate::domain::{CustomerId, Lang, Principal};

/// Ask one question
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mercato ask \"未来半年哪些客户最有价值?\"\n  mercato ask \"sales last month against a year ago\" --json"
)]
pub struct Ask {
    /// The question, in English or Chinese.
    question: String,
    /// Print the whole answer as one line of JSON.
    #[arg(long)]
    json: bool,
    /// Language of the answer, where it is not the question's.
    #[arg(long, value_enum)]
    lang: Option<Lang>,
    /// Ask as a customer would: customer:ID.
    #[arg(long = "as", value_name = "WHO", value_parser = who)]
    asker: Option<CustomerId>,
    /// Go on with this conversation.
    #[arg(long, value_name = "ID")]
    conversation: Option<String>,
}

fn who(text: &str) -> Result<CustomerId, String> {
    match text.split_once(':') {
        Some(("customer", id)) if !id.is_empty() => Ok(CustomerId(id.to_owned())),
        _ => Err("write customer:ID, such as customer:C00042".to_owned()),
    }
}

impl Ask {
    pub(super) fn run(self, data: Option<PathBuf>, out: &mut Out) -> anyhow::Result<()> {
        let app = App::open(&data_folder(data))?;
        let lang = self.lang.unwrap_or_else(|| Lang::of(&self.question));
        let principal = match self.asker {
            Some(id) => {
                if app.store.get::<crate::domain::Customer>(id.0.as_bytes())?.is_none() {
                    bail!("no customer has the id {id}; --as takes an id as the data have it");
                }
                Principal::local_customer(id)
            }
            None => Principal::local_manager(),
        };
        let question =
            Question { principal, conversation: self.conversation, text: self.question, lang: self.lang };
        let agent = app.agent();
        let runtime = tokio::runtime::Runtime::new().context("the runtime did not start")?;
        runtime.block_on(async {
            let cancel = CancellationToken::new();
            let stop = cancel.clone();
            tokio::spawn(async move {
                if tokio::signal::ctrl_c().await.is_ok() {
                    stop.cancel();
                }
            });
            if self.json {
                let answer = agent.ask(question, cancel).await.map_err(anyhow::Error::msg)?;
                return out.line(serde_json::to_string(&answer)?);
            }
            let canvas = Canvas::new(app.prompts(), lang);
            canvas.draw(agent.take(question, cancel), out).await.map(|_| ())
        })
    }
}
