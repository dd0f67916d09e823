//! A store that forgets when the process ends, for unit tests and one-off work.

/// An ordered map behind a lock.
#[derive(Debug, Default)]
pub struct MemoryKv;
