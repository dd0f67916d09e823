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
    // Sentences come one by one; whatever follows them begins on a line of its own.
    let mut open_line = false;
    while let Some(event) = events.next().await {
        if open_line && !matches!(event, Event::Text(_)) {
            spinner.suspend(|| out.line(""))?;
            open_line = false;
        }
        match event {
            Event::Status(text) => spinner.set_message(text),
            Event::ToolStarted { tool } => spinner.set_message(tool),
            Event::ToolFinished { .. } => {}
            Event::Text(text) => {
                spinner.suspend(|| out.text(&text))?;
                open_line = !text.ends_with('\n');
                out.flush()?;
                continue;
            }
            Event::Table(table) => spinner.suspend(|| out.line(text_table(prompts, &table, lang, None)))?,
            Event::Choices(choices) => spinner.suspend(|| numbered(out, &choices))?,
            Event::Next(questions) => spinner.suspend(|| follow_ups(out, prompts, lang, &questions))?,
            Event::Failed(text) => spinner.suspend(|| out.line(&text))?,
            Event::Done(done) => answer = Some(*done),
        }
        out.flush()?;
    }
    Ok(answer)
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
pub struct Spinner(ProgressBar);

/// Turns a spinner while somebody waits.
pub fn waiting() -> Spinner {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TURN);
    Spinner(bar)
}

impl std::ops::Deref for Spinner {
    type Target = ProgressBar;
    fn deref(&self) -> &ProgressBar {
        &self.0
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
        // Nobody is left to tell where this fails.
        let _ = std::io::stderr().flush();
    }
}
