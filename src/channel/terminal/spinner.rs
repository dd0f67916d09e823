//! What does somebody see who waits?
//!
//! A turning sign with a word of what is going on, on standard error: it is gone when the answer is there, and hidden
//! where standard error is no terminal.

use std::io::Write as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Out;

/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// A spinner on standard error until it is dropped; hidden by itself where that is no terminal.
pub struct Spinner {
    bar: ProgressBar,
}

/// Turns a spinner while somebody waits.
pub fn waiting() -> Spinner {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TURN);
    Spinner { bar }
}

impl Spinner {
    /// Says what is going on.
    pub(super) fn say(&self, what: impl Into<String>) {
        self.bar.set_message(what.into());
    }

    /// Takes the spinner off the screen while something is written and has reached the screen.
    pub(super) fn step_aside(
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
