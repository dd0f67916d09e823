//! What has come of a reply so far?

use std::pin::Pin;
use std::time::Duration;

use async_openai::error::OpenAIError;
use futures::{Stream, StreamExt};
use tokio::time::Instant;

use super::reply::Assembler;
use super::wire::Part;
use super::{Fault, Prices, Reply, Spent};

pub(super) type Parts = Pin<Box<dyn Stream<Item = Result<Part, OpenAIError>> + Send>>;

/// A reply that is coming in; dropping it ends the connection.
pub struct Flow {
    parts: Option<Parts>,
    ready: String,
    assembler: Assembler,
    idle: Duration,
    until: Instant,
    prices: Prices,
    read: usize,
}

impl Flow {
    pub(super) fn new(idle: Duration, until: Instant, prices: Prices, read: usize, thinks: bool) -> Self {
        let assembler = Assembler::of(thinks);
        Self { parts: None, ready: String::new(), assembler, idle, until, prices, read }
    }

    /// The same, with a first piece and those to come.
    pub(super) fn with(mut self, first: Part, rest: Option<Parts>) -> Result<Self, Fault> {
        self.parts = rest;
        self.ready = self.take(first)?;
        Ok(self)
    }

    /// The next piece of the text; `None` at the end of a complete reply. Where it is cut off, stalls or takes too
    /// long, that is the last thing said.
    pub async fn next(&mut self) -> Option<Result<String, Fault>> {
        loop {
            if !self.ready.is_empty() {
                return Some(Ok(std::mem::take(&mut self.ready)));
            }
            let Some(parts) = self.parts.as_mut() else {
                let rest = self.assembler.rest();
                if !rest.is_empty() {
                    return Some(Ok(rest));
                }
                return self.assembler.curtailed.take().map(|reason| Err(Fault::Curtailed(reason)));
            };
            let now = Instant::now();
            if now >= self.until {
                return Some(self.broken(Fault::OutOfTime));
            }
            let patience = self.idle.min(self.until - now);
            match tokio::time::timeout(patience, parts.next()).await {
                Err(_) if Instant::now() >= self.until => return Some(self.broken(Fault::OutOfTime)),
                Err(_) => return Some(self.broken(Fault::Stalled)),
                Ok(Some(Ok(part))) => match self.take(part) {
                    Ok(text) => self.ready = text,
                    Err(fault) => return Some(self.broken(fault)),
                },
                // What came after the end is no loss.
                Ok(Some(Err(_)) | None) if self.assembler.complete => self.parts = None,
                Ok(Some(Err(error))) => return Some(self.broken(error.into())),
                Ok(None) => {
                    let fault = Fault::CutOff("the stream ended without a finish reason".into());
                    return Some(self.broken(fault));
                }
            }
        }
    }

    fn broken(&mut self, fault: Fault) -> Result<String, Fault> {
        self.parts = None;
        self.assembler.curtailed = None;
        Err(fault)
    }

    fn take(&mut self, part: Part) -> Result<String, Fault> {
        match &part.error {
            Some(error) if !error.is_null() => Err(Fault::of_error(None, error)),
            _ => Ok(self.assembler.add(part)),
        }
    }

    /// Whether there are calls, each with all of its arguments.
    pub(super) fn calls_are_whole(&self) -> bool {
        self.assembler.calls_are_whole()
    }

    /// Whether thoughts ended in it that it did not open.
    pub(super) fn thinks_unopened(&self) -> bool {
        self.assembler.thinks_unopened()
    }

    /// What it has cost so far.
    pub fn spent(&self) -> Spent {
        self.assembler.spent(self.prices, self.read)
    }

    /// Everything that came, put together.
    pub fn into_reply(self) -> Reply {
        self.assembler.finish(self.prices, self.read)
    }
}
