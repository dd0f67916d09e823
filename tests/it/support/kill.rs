//! How is a process killed at a moment nobody chose?
//!
//! SIGKILL at delays drawn uniformly over the measured duration of the work, from a seeded generator, so that a
//! failing run can be repeated as nearly as a machine allows.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// How long the command takes when nobody kills it.
pub(crate) fn duration(command: &mut Command) -> Duration {
    let start = Instant::now();
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    start.elapsed()
}

/// Moments spread uniformly over `whole`.
pub(crate) fn delays(seed: u64, count: usize, whole: Duration) -> Vec<Duration> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| whole.mul_f64(random.gen_range(0.0..1.0))).collect()
}

/// What became of a process that was to be killed.
pub(crate) struct Killed {
    /// Lines it had printed; each was printed before the kill.
    pub(crate) lines: Vec<String>,
    /// Whether it had ended by itself before.
    pub(crate) ended: bool,
}

/// Starts the command and kills it after `delay`, or lets it end where it is faster.
pub(crate) fn kill_after(command: &mut Command, delay: Duration) -> Killed {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let pipe = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in pipe.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    // The pipe closes when the process ends; until then this waits out the delay.
    let deadline = Instant::now() + delay;
    let mut said = Vec::new();
    let ended = loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => said.push(line),
            Err(mpsc::RecvTimeoutError::Timeout) => break false,
            Err(mpsc::RecvTimeoutError::Disconnected) => break true,
        }
    };
    // std's kill is SIGKILL on Unix.
    let _ = child.kill();
    child.wait().unwrap();
    reader.join().unwrap();
    said.extend(lines.try_iter());
    Killed { lines: said, ended }
}
