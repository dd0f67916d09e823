//! How does an answer look in a terminal?
//!
//! Text goes to standard output; what is only for a person who waits (which tool runs, how far it is) goes to a
//! spinner on standard error, and is gone when the answer is there.

use std::time::Duration;

use futures::{Stream, StreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};

use crate::agent::{Answer, Event};
use crate::cli::Out;
use crate::domain::Lang;
use crate::prompts::Prompts;
use crate::render::text_table;

/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// Draws the events of one turn and gives back its answer; `None` where it could not be done (that is drawn too).
pub async fn draw(
    events: impl Stream<Item = Event>,
    lang: Lang,
    prompts: &Prompts,
    out: &mut Out,
) -> anyhow::Result<Option<Answer>> {
    let mut events = std::pin::pin!(events);
    let spinner = spinner();
    let mut answer = None;
    while let Some(event) = events.next().await {
        match event {
            Event::Status(text) => spinner.set_message(text),
            Event::ToolStarted { tool } => spinner.set_message(tool),
            Event::ToolFinished { .. } => {}
            Event::Text(text) => spinner.suspend(|| out.line(&text))?,
            Event::Table(table) => spinner.suspend(|| out.line(text_table(prompts, &table, lang, None)))?,
            Event::Choices(choices) => spinner.suspend(|| numbered(out, &choices))?,
            Event::Next(questions) => spinner.suspend(|| follow_ups(out, prompts, lang, &questions))?,
            Event::Failed(text) => spinner.suspend(|| out.line(&text))?,
            Event::Done(done) => answer = Some(*done),
        }
        out.flush()?;
    }
    spinner.finish_and_clear();
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

/// A spinner on standard error; hidden by itself where that is no terminal.
fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TURN);
    bar
}
