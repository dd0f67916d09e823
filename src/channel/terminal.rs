//! How does an answer look in a terminal?
//!
//! Text goes to standard output; what is only for a person who waits (which tool runs, how far it is) goes to a
//! spinner on standard error, and is gone when the answer is there. Ctrl-c stops the turn, not the program.

use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::agent::{Agent, Answer, Event, Question};
use crate::cli::Out;
use crate::domain::{Lang, Principal};
use crate::prompts::Prompts;
use crate::render::text_table;

/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// A conversation at the terminal.
pub struct Chat {
    agent: Agent,
    principal: Principal,
    conversation: Option<String>,
}

impl Chat {
    /// A new conversation.
    pub fn new(agent: Agent, principal: Principal) -> Self {
        Self { agent, principal, conversation: None }
    }

    /// Asks one question and draws its answer.
    pub async fn ask(&mut self, text: &str, out: &mut Out) -> anyhow::Result<()> {
        let question = Question {
            principal: self.principal.clone(),
            conversation: self.conversation.clone(),
            text: text.to_owned(),
            lang: None,
        };
        let cancel = CancellationToken::new();
        let events = self.agent.take(question, cancel.clone());
        let prompts = self.agent.house().templates.prompts().clone();
        let drawn = draw(events, Lang::of(text), &prompts, out);
        let mut drawn = std::pin::pin!(drawn);
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

    /// Reads questions until the input ends or a line is empty.
    pub async fn go_on(&mut self, out: &mut Out) -> anyhow::Result<()> {
        loop {
            out.text("\n> ")?;
            out.flush()?;
            let line = tokio::task::spawn_blocking(|| {
                let mut line = String::new();
                std::io::stdin().lock().read_line(&mut line).map(|_| line)
            });
            let line = line.await??;
            if line.trim().is_empty() {
                return Ok(());
            }
            self.ask(line.trim(), out).await?;
        }
    }
}

/// Draws the events of one turn and gives back its answer; `None` where it could not be done (that is drawn too).
pub async fn draw(
    events: impl Stream<Item = Event>,
    lang: Lang,
    prompts: &Prompts,
    out: &mut Out,
) -> anyhow::Result<Option<Answer>> {
    let mut events = std::pin::pin!(events);
    let spinner = waiting();
    let mut answer = None;
    // Sentences come one by one, but only whole lines are written: the spinner would wipe out the rest of a line.
    let mut line = String::new();
    while let Some(event) = events.next().await {
        if let Event::Text(text) = event {
            line.push_str(&text);
            if let Some((whole, rest)) = line.rsplit_once('\n') {
                let (whole, rest) = (whole.to_owned(), rest.to_owned());
                spinner.step_aside(out, |out| out.line(&whole))?;
                line = rest;
            }
            continue;
        }
        if !line.is_empty() {
            let last = std::mem::take(&mut line);
            spinner.step_aside(out, |out| out.line(&last))?;
        }
        match event {
            Event::Text(_) | Event::ToolFinished { .. } => {}
            Event::Status(text) => spinner.bar.set_message(text),
            Event::ToolStarted { tool } => spinner.bar.set_message(tool),
            Event::Table(table) => {
                spinner.step_aside(out, |out| out.line(text_table(prompts, &table, lang, None)))?;
            }
            Event::Chart(picture) => {
                if let Some(path) = picture.path {
                    spinner.step_aside(out, |out| out.line(picture_line(prompts, lang, &path)))?;
                }
            }
            Event::Choices(choices) => spinner.step_aside(out, |out| numbered(out, &choices))?,
            Event::Next(questions) => {
                spinner.step_aside(out, |out| follow_ups(out, prompts, lang, &questions))?;
            }
            Event::Failed(text) => spinner.step_aside(out, |out| out.line(&text))?,
            Event::Done(done) => answer = Some(*done),
        }
    }
    Ok(answer)
}

fn picture_line(prompts: &Prompts, lang: Lang, path: &str) -> String {
    prompts.message("status.picture", lang).unwrap_or("{{ path }}").replace("{{ path }}", path)
}

fn numbered(out: &mut Out, choices: &[String]) -> anyhow::Result<()> {
    for (index, choice) in choices.iter().enumerate() {
        out.line(format!("  {}. {choice}", index + 1))?;
    }
    Ok(())
}

fn follow_ups(out: &mut Out, prompts: &Prompts, lang: Lang, questions: &[String]) -> anyhow::Result<()> {
    if !questions.is_empty() {
        out.line(prompts.message("status.ask_next", lang).unwrap_or_default())?;
    }
    for question in questions {
        out.line(format!("  · {question}"))?;
    }
    Ok(())
}

/// A spinner on standard error until it is dropped; hidden by itself where that is no terminal.
pub struct Spinner {
    bar: ProgressBar,
}

/// Turns a spinner while somebody waits.
pub fn waiting() -> Spinner {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TURN);
    Spinner { bar }
}

impl Spinner {
    /// Takes the spinner off the screen while something is written and has reached the screen.
    fn step_aside(
        &self,
        out: &mut Out,
        write: impl FnOnce(&mut Out) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.bar.suspend(|| {
            write(out)?;
            out.flush()
        })
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        // Nobody is left to tell where this fails.
        let _ = std::io::stderr().flush();
    }
}
