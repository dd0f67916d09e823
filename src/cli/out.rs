//! Where does the output go, and what if nobody reads on?

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

/// The one writer of standard output. When the reader has closed the pipe (`mercato … | head`) the process ends
/// quietly with success, since the reader has all it wanted.
pub struct Out {
    writer: BufWriter<Stdout>,
}

impl Out {
    /// Standard output.
    pub fn stdout() -> Self {
        Self { writer: BufWriter::new(io::stdout()) }
    }

    /// Whether a person sits in front of it.
    pub fn is_terminal() -> bool {
        io::stdout().is_terminal()
    }

    /// One line.
    pub fn line(&mut self, text: impl AsRef<str>) -> anyhow::Result<()> {
        let done = writeln!(self.writer, "{}", text.as_ref());
        Self::settle(done)
    }

    /// Text as it is.
    pub fn text(&mut self, text: impl AsRef<str>) -> anyhow::Result<()> {
        let done = write!(self.writer, "{}", text.as_ref());
        Self::settle(done)
    }

    /// Everything written so far is visible after this.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        let done = self.writer.flush();
        Self::settle(done)
    }

    fn settle(done: io::Result<()>) -> anyhow::Result<()> {
        match done {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
            done => Ok(done?),
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.writer.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
            done => done,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.writer.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
            done => done,
        }
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        // Nobody is left to tell where this fails.
        let _ = self.writer.flush();
    }
}
