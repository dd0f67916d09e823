//! Where does the next line come from?
//!
//! In a terminal from an editor with a history (kept in the data folder, readable by its owner only) and completion;
//! else plainly from standard input, line by line.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::complete::Names;

/// The history's file in the data folder.
pub const HISTORY: &str = "chat-history";
/// Questions kept.
const KEPT: usize = 1000;
const PROMPT: &str = "> ";

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line, trimmed.
    Text(String),
    /// Nothing, or a line given up by ctrl-c.
    Nothing,
    /// The input has ended (ctrl-d).
    End,
}

/// Where lines come from.
pub(super) enum Lines {
    /// A person at a terminal.
    Editor(Box<Editor<Completion, DefaultHistory>>, Option<PathBuf>),
    /// A file or a pipe.
    Plain,
}

impl Lines {
    /// The editor where somebody sits at a terminal.
    pub(super) fn open(names: Names, data: Option<&Path>) -> anyhow::Result<Self> {
        if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
            return Ok(Self::Plain);
        }
        let config = Config::builder()
            .max_history_size(KEPT)?
            .history_ignore_dups(true)?
            .completion_type(CompletionType::List)
            .completion_prompt_limit(60)
            .build();
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(Completion(names)));
        let history = data.map(|dir| dir.join(HISTORY));
        if let Some(path) = &history {
            match editor.load_history(path) {
                Err(ReadlineError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => tracing::warn!(%error, path = %path.display(), "the history could not be read"),
                Ok(()) => {}
            }
        }
        Ok(Self::Editor(Box::new(editor), history))
    }

    /// Whether a person types them.
    pub(super) fn typed(&self) -> bool {
        matches!(self, Self::Editor(..))
    }

    /// Waits for the next line. Blocking.
    pub(super) fn next(&mut self) -> anyhow::Result<Line> {
        let text = match self {
            Self::Plain => {
                let mut line = String::new();
                if std::io::stdin().lock().read_line(&mut line)? == 0 {
                    return Ok(Line::End);
                }
                line
            }
            Self::Editor(editor, _) => match editor.readline(PROMPT) {
                Ok(line) => line,
                Err(ReadlineError::Interrupted) => return Ok(Line::Nothing),
                Err(ReadlineError::Eof) => return Ok(Line::End),
                Err(error) => return Err(error.into()),
            },
        };
        let text = text.trim();
        if text.is_empty() {
            return Ok(Line::Nothing);
        }
        self.keep(text);
        Ok(Line::Text(text.to_owned()))
    }

    fn keep(&mut self, text: &str) {
        let Self::Editor(editor, history) = self else { return };
        let kept = editor.add_history_entry(text).and_then(|_| match history {
            Some(path) => editor.append_history(path),
            None => Ok(()),
        });
        if let Err(error) = kept {
            tracing::warn!(%error, "a line could not be kept in the history");
        }
    }
}

/// Completion by the shop's names and the commands.
pub(super) struct Completion(Names);

impl Completer for Completion {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.0.complete(line.get(..at).unwrap_or_default()))
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}

impl Validator for Completion {}

impl Helper for Completion {}
