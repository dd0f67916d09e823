//! How does a conversation go at the terminal?
//!
//! Text goes to standard output; what is only for a person who waits goes to a spinner on standard error. Ctrl-c stops
//! the turn, not the program; ctrl-d ends the talk. What begins with `/` is for the terminal itself (`prompts/words/
//! command.toml` has its names in both languages); all else, `/why` included, goes to the agent.

mod complete;
mod draw;
mod export;
mod line;
mod picture;
mod spinner;
mod wrap;

use tokio_util::sync::CancellationToken;

pub use draw::Canvas;
pub use export::EXPORTS;
pub use line::HISTORY;
pub use spinner::{Spinner, waiting};

use complete::Names;
use line::{Line, Lines};

use crate::agent::{Agent, Question};
use crate::cli::Out;
use crate::domain::{Lang, Principal};
use crate::prompts::Prompts;
use crate::render::Scope;

/// A conversation at the terminal.
pub struct Chat {
    agent: Agent,
    principal: Principal,
    conversation: Option<String>,
    /// The language of the last question.
    lang: Lang,
}

impl Chat {
    /// A new conversation, or one to go on with.
    pub fn new(agent: Agent, principal: Principal, conversation: Option<String>) -> Self {
        Self { agent, principal, conversation, lang: Lang::default() }
    }

    /// Asks one question and draws its answer; ctrl-c stops it.
    pub async fn ask(&mut self, text: &str, out: &mut Out) -> anyhow::Result<()> {
        self.turn(text, false, out).await
    }

    /// The same; `numbered` where somebody can answer by a number.
    async fn turn(&mut self, text: &str, numbered: bool, out: &mut Out) -> anyhow::Result<()> {
        // A number or a command goes on in the language of the talk.
        if text.chars().any(char::is_alphabetic) && (!text.starts_with('/') || Lang::of(text) == Lang::Zh) {
            self.lang = Lang::of(text);
        }
        let question = Question {
            principal: self.principal.clone(),
            conversation: self.conversation.clone(),
            text: text.to_owned(),
            lang: None,
        };
        let cancel = CancellationToken::new();
        let events = self.agent.take(question, cancel.clone());
        let prompts = self.prompts();
        let canvas = Canvas { numbered, ..Canvas::new(&prompts, self.lang) };
        let mut drawn = std::pin::pin!(canvas.draw(events, out));
        let answer = tokio::select! {
            answer = &mut drawn => answer?,
            _ = tokio::signal::ctrl_c() => {
                cancel.cancel();
                drawn.await?
            }
        };
        if let Some(answer) = answer {
            self.conversation = Some(answer.conversation);
        }
        Ok(())
    }

    /// Talks until the input ends or `/quit`.
    pub async fn go_on(&mut self, out: &mut Out) -> anyhow::Result<()> {
        let house = self.agent.house();
        let names = Names::of(&house.columns.seen().entities, &self.prompts());
        let mut lines = Lines::open(names, house.store.dir())?;
        loop {
            out.line("")?;
            out.flush()?;
            // The editor blocks until a line is there.
            let typed = tokio::task::spawn_blocking(move || {
                let line = lines.next();
                (lines, line)
            });
            let line;
            (lines, line) = typed.await?;
            match line? {
                Line::End => return Ok(()),
                Line::Nothing if lines.typed() => self.say("hint", out)?,
                Line::Nothing => {}
                Line::Text(text) => {
                    if !lines.typed() {
                        out.line(format!("> {text}"))?;
                    }
                    if !self.heard(&text, out).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Does what a line says; false where it ends the talk.
    async fn heard(&mut self, text: &str, out: &mut Out) -> anyhow::Result<bool> {
        match command(&self.prompts(), text).as_deref() {
            Some("quit") => return Ok(false),
            Some("help") => self.say("help", out)?,
            Some("new") => {
                self.conversation = None;
                self.say("new", out)?;
            }
            Some("export") => {
                let wanted = text.split_once(char::is_whitespace).map_or("", |(_, wanted)| wanted.trim());
                self.export(wanted, out).await?;
            }
            _ => self.turn(text, true, out).await?,
        }
        Ok(true)
    }

    /// Writes the last table and says where; what goes wrong with the file is said too, and the talk goes on.
    async fn export(&self, wanted: &str, out: &mut Out) -> anyhow::Result<()> {
        let turn = match &self.conversation {
            Some(id) => {
                self.agent.last_turn(&self.principal, id, |turn| export::table_of(turn).is_some()).await?
            }
            None => None,
        };
        let Some(turn) = turn else { return self.say("no_table", out) };
        let data = self.agent.house().store.dir();
        let told = match export::write(&turn, wanted, data, &self.prompts(), self.lang) {
            Ok(path) => ("terminal.exported", "path", path.display().to_string()),
            Err(error) => ("terminal.not_exported", "why", format!("{error:#}")),
        };
        let scope = Scope::words(self.lang, &serde_json::Map::new()).naming(told.1, told.2);
        out.line(self.agent.house().templates.message(told.0, &scope)?)
    }

    fn say(&self, key: &str, out: &mut Out) -> anyhow::Result<()> {
        let prompts = self.prompts();
        let text = prompts.message(&format!("terminal.{key}"), self.lang).unwrap_or_default();
        out.line(wrap::wrapped(text, Canvas::new(&prompts, self.lang).width))
    }

    fn prompts(&self) -> std::sync::Arc<Prompts> {
        self.agent.house().templates.prompts().clone()
    }
}

/// The command that a line calls, by its key in the words; nothing where it is a question.
fn command(prompts: &Prompts, text: &str) -> Option<String> {
    let first = text.split_whitespace().next()?.to_lowercase();
    let called = |lang| prompts.words("command").find(|(_, word)| word.all(lang).any(|name| name == first));
    Lang::ALL.into_iter().find_map(called).map(|(key, _)| key.to_owned())
}
