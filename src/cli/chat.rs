//! Talk with the shop's data.

use std::path::PathBuf;

use super::Out;
use crate::app::{App, data_folder};
use crate::channel::terminal::Chat as Talk;
use crate::domain::{Lang, Principal};

/// Talk with your shop's data
///
/// In a terminal with a history and completion; from a pipe it answers line by line.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mercato chat\n  mercato chat --data ./mercato-demo < questions.txt")]
pub struct Chat {
    /// Go on with this conversation.
    #[arg(long, value_name = "ID")]
    conversation: Option<String>,
}

impl Chat {
    pub(super) fn run(self, data: Option<PathBuf>, out: &mut Out) -> anyhow::Result<()> {
        let app = App::open(&data_folder(data))?;
        if Out::is_terminal() {
            for lang in Lang::ALL {
                out.line(app.prompts().message("status.goes_on", lang).unwrap_or_default())?;
            }
        }
        let mut talk = Talk::new(app.agent(), Principal::local_manager(), self.conversation);
        tokio::runtime::Runtime::new()?.block_on(talk.go_on(out))
    }
}
