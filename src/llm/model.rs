//! A model at a server: what it is asked, and what was learned of the server.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use futures::StreamExt;
use tokio::time::Instant;

use super::ask::Quirks;
use super::flow::Parts;
use super::reply::tokens;
use super::wire::Part;
use super::{Ask, Broken, Endpoint, Fault, Flow, Reply, Spent, install_tls, transport};

/// How the model can be made to choose a tool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// It makes native calls.
    Native,
    /// The server holds it to a JSON schema.
    Schema,
    /// It writes JSON into its text.
    Text,
}

impl Way {
    fn key(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Schema => "schema",
            Self::Text => "text",
        }
    }

    fn parse(key: &str) -> Option<Self> {
        [Self::Native, Self::Schema, Self::Text].into_iter().find(|way| way.key() == key)
    }
}

/// Where what was learned of a server is kept.
pub trait Notebook: Send + Sync {
    /// What is kept under this name.
    fn read(&self, name: &str) -> Option<String>;
    /// Keeps it.
    fn write(&self, name: &str, text: &str);
}

/// A model at a server.
pub struct LanguageModel {
    client: Client<OpenAIConfig>,
    endpoint: Endpoint,
    quirks: Mutex<Quirks>,
    way: Mutex<Option<Way>>,
    /// Until when it is left alone, for it did not answer.
    rests: Mutex<Option<Instant>>,
    notebook: Option<Arc<dyn Notebook>>,
}

/// Parameters taken back for one question at most.
const LESSONS: usize = 4;

impl LanguageModel {
    /// A model; nothing is sent so far.
    pub fn new(endpoint: Endpoint, notebook: Option<Arc<dyn Notebook>>) -> Self {
        install_tls();
        // Organisation and project of the environment are left out: texts that fit no header would panic in there.
        let config = OpenAIConfig::new()
            .with_api_base(endpoint.base_url.clone())
            .with_api_key(endpoint.key.reveal())
            .with_org_id("")
            .with_project_id("");
        let kept = notebook.as_ref().and_then(|notebook| notebook.read(&endpoint.id()));
        let way = Mutex::new(kept.and_then(|kept| Way::parse(&kept)));
        let client = transport::client(config, endpoint.patience.first);
        let (quirks, rests) = (Mutex::default(), Mutex::default());
        Self { client, endpoint, quirks, way, rests, notebook }
    }

    /// Which server and model.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// How it chooses tools, once that is known.
    pub fn way(&self) -> Option<Way> {
        *self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers how it chooses tools, for good.
    pub fn learn(&self, way: Way) {
        let mut known = self.way.lock().unwrap_or_else(PoisonError::into_inner);
        // what makes native calls can make them again, whatever it wrote once
        if matches!(*known, Some(known) if known == way || known == Way::Native) {
            return;
        }
        *known = Some(way);
        drop(known);
        tracing::info!(
            way = way.key(),
            server = self.endpoint.shown(),
            "learned how the model chooses tools"
        );
        if let Some(notebook) = &self.notebook {
            notebook.write(&self.endpoint.id(), way.key());
        }
    }

    /// The whole reply, within its patience and this much time; it is read no further than `enough` wants (small models
    /// go on with blank lines after all is said).
    pub async fn ask(&self, ask: &Ask, within: Duration, enough: fn(&str) -> bool) -> Result<Reply, Broken> {
        let mut flow = self.open(ask, within).await?;
        let mut text = String::new();
        while let Some(piece) = flow.next().await {
            match piece {
                Ok(piece) => text.push_str(&piece),
                // A call that is whole tells so itself, whatever became of the connection; a server that ends a reply
                // says that more was to come.
                Err(fault) if matches!(fault, Fault::Curtailed(_)) || !flow.calls_are_whole() => {
                    return Err(self.broken(fault, flow.spent()));
                }
                Err(_) => break,
            }
            if enough(&text) {
                break;
            }
        }
        if flow.thinks_unopened() {
            self.quirks().thinks = true;
        }
        Ok(flow.into_reply())
    }

    /// The reply as it comes; a fault on the way is to be told to [`Self::broken`].
    pub async fn open(&self, ask: &Ask, within: Duration) -> Result<Flow, Broken> {
        if self.rests().is_some_and(|until| Instant::now() < until) {
            return Err(Broken { fault: Fault::Resting, spent: Spent::default() });
        }
        let Endpoint { patience, prices, .. } = self.endpoint;
        let first = patience.first.min(patience.whole);
        let read = ask.length();
        let until = Instant::now() + patience.whole.min(within);
        let opened = tokio::time::timeout(first.min(within), self.first_part(ask)).await;
        let thinks = self.quirks().thinks;
        let flow = Flow::new(patience.idle, until, prices, read, thinks);
        let fault = match opened {
            Ok(Ok((part, rest))) => match flow.with(part, rest) {
                Ok(flow) => return Ok(flow),
                Err(fault) => fault,
            },
            Ok(Err(fault)) => fault,
            Err(_) if within < first => Fault::OutOfTime,
            Err(_) => Fault::Stalled,
        };
        let read = if fault.leaves_waiting() { tokens(read) } else { 0 };
        Err(self.broken(fault, prices.of(read, 0)))
    }

    /// Takes note of a reply that did not come or not whole: it is logged, and a server that does not answer is left
    /// alone for a while.
    pub fn broken(&self, fault: Fault, spent: Spent) -> Broken {
        // servers repeat the key that they refuse
        let fault = fault.said(|text| self.endpoint.hide(text));
        tracing::warn!(server = self.endpoint.shown(), why = %fault, "the language model did not answer");
        if fault.wants_rest() {
            *self.rests() = Some(Instant::now() + self.endpoint.patience.rest);
        }
        Broken { fault, spent }
    }

    fn quirks(&self) -> MutexGuard<'_, Quirks> {
        self.quirks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rests(&self) -> MutexGuard<'_, Option<Instant>> {
        self.rests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first piece and those to come; parameters the server refuses are left out and it is asked again.
    async fn first_part(&self, ask: &Ask) -> Result<(Part, Option<Parts>), Fault> {
        let mut lessons = 0;
        loop {
            let quirks = *self.quirks();
            let fault = match self.sent(ask, quirks).await {
                Ok(opened) => return Ok(opened),
                Err(fault) => fault,
            };
            let learned = match &fault {
                Fault::NotTaken(why) => quirks.learn(&why.to_lowercase()),
                _ => None,
            };
            lessons += 1;
            match learned.filter(|_| lessons <= LESSONS) {
                Some(learned) => *self.quirks() = learned,
                None => return Err(fault),
            }
        }
    }

    async fn sent(&self, ask: &Ask, quirks: Quirks) -> Result<(Part, Option<Parts>), Fault> {
        let chat = self.client.chat();
        if !quirks.no_stream {
            let body = ask.body(&self.endpoint.model, quirks);
            let mut parts: Parts = chat.create_stream_byot(body).await?;
            match parts.next().await {
                Some(Ok(part)) => return Ok((part, Some(parts))),
                Some(Err(error)) => return Err(error.into()),
                // Not one event: perhaps a server that does not stream and has sent the reply as it is.
                None => {}
            }
        }
        let body = ask.body(&self.endpoint.model, Quirks { no_stream: true, ..quirks });
        let part: Part = chat.create_byot(body).await?;
        if part.choices.is_empty() && part.error.is_none() {
            return Err(Fault::Garbled("a reply without choices".into()));
        }
        self.quirks().no_stream = true;
        Ok((part, None))
    }
}
