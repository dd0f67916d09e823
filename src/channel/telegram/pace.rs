//! How fast do we go, and how long do we wait?

use std::time::Duration;

/// The bot's waits; a test shortens them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Seconds a request for updates may stay open.
    pub poll_seconds: u32,
    /// A request that takes longer (beyond an open poll) is taken for lost.
    pub request: Duration,
    /// How long a second of Telegram's `retry_after` lasts.
    pub second: Duration,
    /// Between two edits in a chat, at least.
    pub edit_gap: Duration,
    /// Sentences that come within this are shown at once.
    pub settle: Duration,
    /// How often "typing" is renewed; Telegram shows it for five seconds.
    pub typing: Duration,
    /// Wait after the first failure of the network; each further one waits twice as long …
    pub first_wait: Duration,
    /// … up to this.
    pub longest_wait: Duration,
    /// Conflicts with another process in a row that are waited out, since a restart overlaps with the old process. A
    /// process that had the messages before waits four times as long: the newcomer is the one to go.
    pub conflicts: u32,
    /// How long open answers may take once the process is told to end.
    pub grace: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            poll_seconds: 25,
            request: Duration::from_secs(20),
            second: Duration::from_secs(1),
            edit_gap: Duration::from_millis(1_500),
            settle: Duration::from_millis(120),
            typing: Duration::from_secs(4),
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
            conflicts: 5,
            grace: Duration::from_secs(7),
        }
    }
}

impl Pace {
    /// The wait after this many failures in a row.
    pub(super) fn wait(&self, failures: u32) -> Duration {
        let doubled = self.first_wait.saturating_mul(1 << failures.min(16));
        doubled.min(self.longest_wait)
    }
}
