//! How does an answer look in a terminal?
//!
//! Text, tables, choices and follow-ups go to standard output, in lines no wider than the terminal. What can be
//! answered by a number has one: choices first, follow-ups after them, as the conversation's memory counts them.

use futures::{Stream, StreamExt as _};

use super::picture;
use super::spinner::{Spinner, waiting};
use super::wrap::wrapped;
use crate::agent::{Answer, Event};
use crate::cli::Out;
use crate::domain::{Lang, Table};
use crate::prompts::Prompts;
use crate::render::text_table;

/// Rows of a table that are drawn; a quarter more are drawn rather than cut off.
const ROWS: usize = 20;

/// Where a turn is drawn.
pub struct Canvas<'a> {
    /// The words of heads and cells.
    pub prompts: &'a Prompts,
    /// The answer's language.
    pub lang: Lang,
    /// Columns of the terminal; `None` where it is none, so that lines stay whole.
    pub width: Option<u16>,
    /// Whether a number typed next picks a follow-up.
    pub numbered: bool,
}

impl<'a> Canvas<'a> {
    /// On standard output, as wide as that is.
    pub fn new(prompts: &'a Prompts, lang: Lang) -> Self {
        let width = Out::is_terminal().then(|| console::Term::stdout().size().1);
        Self { prompts, lang, width, numbered: false }
    }

    /// Draws the events of one turn and gives back its answer; `None` where it could not be done (that is drawn too).
    pub async fn draw(
        &self,
        events: impl Stream<Item = Event>,
        out: &mut Out,
    ) -> anyhow::Result<Option<Answer>> {
        let mut events = std::pin::pin!(events);
        let spinner = waiting();
        let mut answer = None;
        let mut offered = 0;
        // Sentences come one by one, but only whole lines are written: the spinner would wipe out the rest of a line.
        let mut line = String::new();
        while let Some(event) = events.next().await {
            if let Event::Text(text) = event {
                line.push_str(&text);
                if let Some((whole, rest)) = line.rsplit_once('\n') {
                    let (whole, rest) = (whole.to_owned(), rest.to_owned());
                    self.text(&spinner, out, &whole)?;
                    line = rest;
                }
                continue;
            }
            if !line.is_empty() {
                self.text(&spinner, out, &std::mem::take(&mut line))?;
            }
            match event {
                Event::Text(_) | Event::ToolFinished { .. } => {}
                Event::Status(text) => spinner.say(text),
                Event::ToolStarted { tool } => spinner.say(tool),
                Event::Table(table) => spinner.step_aside(out, |out| self.table(out, table))?,
                Event::Chart(picture) => {
                    if let Some(path) = picture.path {
                        spinner.step_aside(out, |out| self.picture(out, &path))?;
                    }
                }
                Event::Choices(choices) => {
                    offered = choices.len();
                    spinner.step_aside(out, |out| self.listed(out, &choices, Some(1)))?;
                }
                Event::Next(questions) => {
                    let first = self.numbered.then_some(offered + 1);
                    spinner.step_aside(out, |out| self.follow_ups(out, &questions, first))?;
                }
                Event::Failed(text) => self.text(&spinner, out, &text)?,
                Event::Done(done) => answer = Some(*done),
            }
        }
        Ok(answer)
    }

    fn text(&self, spinner: &Spinner, out: &mut Out, text: &str) -> anyhow::Result<()> {
        spinner.step_aside(out, |out| out.line(wrapped(text, self.width)))
    }

    /// The first rows; a screen holds no more.
    fn table(&self, out: &mut Out, mut table: Table) -> anyhow::Result<()> {
        let rows = table.rows.len();
        if rows > ROWS + ROWS / 4 {
            table.rows.truncate(ROWS);
        }
        out.line(text_table(self.prompts, &table, self.lang, self.width))?;
        if table.rows.len() < rows {
            let key = if self.numbered { "terminal.more_rows_export" } else { "terminal.more_rows" };
            let line = self.prompts.message(key, self.lang).unwrap_or_default();
            out.line(line.replace("{{ n }}", &(rows - table.rows.len()).to_string()))?;
        }
        Ok(())
    }

    /// The picture where the terminal can show it, and its path.
    fn picture(&self, out: &mut Out, path: &str) -> anyhow::Result<()> {
        let shows = picture::protocol(|name| std::env::var(name).ok()).zip(self.width);
        match shows.map(|shows| (shows, std::fs::read(path))) {
            Some(((protocol, columns), Ok(png))) => out.line(picture::inline(&png, protocol, columns))?,
            Some((_, Err(error))) => tracing::warn!(%error, path, "a picture could not be read"),
            None => {}
        }
        let line = self.prompts.message("status.picture", self.lang).unwrap_or("{{ path }}");
        out.line(line.replace("{{ path }}", path))
    }

    fn follow_ups(&self, out: &mut Out, questions: &[String], first: Option<usize>) -> anyhow::Result<()> {
        if questions.is_empty() {
            return Ok(());
        }
        let key = if first.is_some() { "status.ask_next_by_number" } else { "status.ask_next" };
        out.line(self.prompts.message(key, self.lang).unwrap_or_default())?;
        self.listed(out, questions, first)
    }

    fn listed(&self, out: &mut Out, lines: &[String], first: Option<usize>) -> anyhow::Result<()> {
        for (index, line) in lines.iter().enumerate() {
            let head = first.map_or_else(|| "·".to_owned(), |first| format!("{}.", first + index));
            out.line(wrapped(&format!("  {head} {line}"), self.width))?;
        }
        Ok(())
    }
}
