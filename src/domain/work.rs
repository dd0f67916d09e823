//! How far is long work, and does anybody still want it?

/// The work was cancelled by the person who asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// What long work sees of the outside: somewhere to report, and a look at the stop button.
pub trait Work: Send + Sync {
    /// `done` of `total` steps of `what` (a key of `prompts/words/work.toml`).
    fn progress(&self, what: &str, done: u64, total: u64);

    /// Whether to stop.
    fn cancelled(&self) -> bool;

    /// `Err` as soon as somebody pressed stop, for `?` inside loops.
    fn check(&self) -> Result<(), Cancelled> {
        if self.cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}

/// Nobody watches and nobody stops it.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoWork;

impl Work for NoWork {
    fn progress(&self, _: &str, _: u64, _: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}
