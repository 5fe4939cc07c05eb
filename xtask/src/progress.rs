//! Progress and results on the terminal.

use std::io::{IsTerminal as _, Write as _, stderr, stdout};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// Update interval of a line on a terminal.
const TICK: Duration = Duration::from_secs(1);
/// Interval between lines if the output is not a terminal.
const SLOW_TICK: Duration = Duration::from_secs(30);

/// Prints a heading.
pub(crate) fn heading(text: &str) {
    note(&format!("== {text}"));
}

/// Prints a line to standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(stderr(), "{text}");
}

/// Prints a line of a result to standard output; ignores a closed pipe (`| head`).
pub(crate) fn say(text: &str) {
    let _ = writeln!(stdout(), "{text}");
}

/// Prints a failure to standard error.
pub(crate) fn complain(failure: &Failure) {
    note(&format!("error: {failure}"));
}

/// Runs work that prints nothing itself, with a line that shows the elapsed time.
pub(crate) fn timed<T>(
    what: &str,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let started = Instant::now();
    let ticker = Ticker::start(what.to_owned(), started);
    let result = work();
    ticker.stop();
    let verdict = if result.is_ok() { "done" } else { "FAILED" };
    note(&format!(
        "{}{what}: {verdict} after {}",
        line_start(),
        seconds(started.elapsed())
    ));
    result
}

/// Formats a duration: `7.3 s`, `2 min 05 s`.
pub(crate) fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

struct Ticker {
    quit: Sender<()>,
    thread: JoinHandle<()>,
}

impl Ticker {
    fn start(what: String, started: Instant) -> Self {
        let (quit, quitting) = channel();
        let pause = if stderr().is_terminal() {
            TICK
        } else {
            SLOW_TICK
        };
        let thread = thread::spawn(move || {
            while quitting.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                tick(&what, started.elapsed());
            }
        });
        Self { quit, thread }
    }

    fn stop(self) {
        drop(self.quit);
        let _ = self.thread.join();
    }
}

fn tick(what: &str, elapsed: Duration) {
    let end = if stderr().is_terminal() { "" } else { "\n" };
    let mut out = stderr();
    let _ = write!(out, "{}{what}: {}{end}", line_start(), seconds(elapsed));
    let _ = out.flush();
}

/// Returns the escape sequence that clears a line on a terminal.
fn line_start() -> &'static str {
    if stderr().is_terminal() {
        "\r\x1b[2K"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_times_have_minutes() {
        assert_eq!(seconds(Duration::from_millis(7_340)), "7.3 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 05 s");
    }
}
