//! Signals that stop a process or make it reload its settings.

use std::fs::{self, File};
use std::future::pending;
use std::process;
use std::thread;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;

use crate::{Failure, runtime};

/// The exit code of a process that did not stop in time.
const OVERDUE: i32 = 1;

/// A receiver for SIGTERM, SIGINT and SIGHUP, which no longer terminate the process by default.
#[derive(Debug)]
pub struct StopSignals {
    received: UnboundedReceiver<StopSignal>,
    hangup: Hangup,
}

/// A received signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGTERM.
    Terminate,
    /// SIGINT.
    Interrupt,
    /// SIGHUP. It stops the process only if [`StopSignals::hangup`] says so.
    Hangup,
}

/// The meaning of SIGHUP for this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hangup {
    /// Stop, because the terminal was closed.
    Stop,
    /// Reload the settings, as daemons do (daemon(7)).
    Reload,
    /// Ignored, because the process was started by `nohup`.
    Nothing,
}

/// Streams of the signals from the kernel.
struct Streams {
    terminate: Signal,
    interrupt: Signal,
    /// `None` if SIGHUP is ignored: it must stay ignored, because child processes inherit that.
    hangup: Option<Signal>,
}

// === impl StopSignals ===

impl StopSignals {
    /// Like [`StopSignals::catch`], for a process without settings to reload: SIGHUP stops it.
    ///
    /// # Errors
    /// See [`StopSignals::catch`].
    pub fn catch_stops() -> Result<Self, Failure> {
        let hangup = match Hangup::for_process() {
            Hangup::Nothing => Hangup::Nothing,
            _ => Hangup::Stop,
        };
        Self::catch(None, hangup)
    }

    /// Starts to receive signals. Call it before the process reports that it is up, because a signal may arrive from
    /// then on.
    ///
    /// A separate thread receives the signals. If the process has not stopped within `longest` of the first stop
    /// signal, the thread exits the process, even if all other threads are blocked. With `None`, it never does.
    ///
    /// # Errors
    /// The system is out of file descriptors or threads.
    pub fn catch(longest: Option<Duration>, hangup: Hangup) -> Result<Self, Failure> {
        let runtime = runtime::control()?;
        let streams = {
            let _guard = runtime.enter();
            Streams {
                terminate: signal(SignalKind::terminate()).map_err(Failure::other)?,
                interrupt: signal(SignalKind::interrupt()).map_err(Failure::other)?,
                hangup: match hangup {
                    Hangup::Nothing => None,
                    _ => Some(signal(SignalKind::hangup()).map_err(Failure::other)?),
                },
            }
        };
        let (sender, received) = unbounded_channel();
        thread::Builder::new()
            .name("irsa-signals".to_owned())
            .spawn(move || runtime.block_on(pass_on(streams, sender, longest, hangup)))
            .map_err(Failure::other)?;
        Ok(Self { received, hangup })
    }

    /// Returns the meaning of SIGHUP.
    pub fn hangup(&self) -> Hangup {
        self.hangup
    }

    /// Waits for the next signal.
    pub async fn received(&mut self) -> StopSignal {
        match self.received.recv().await {
            Some(signal) => signal,
            // The thread runs for as long as someone listens.
            None => pending().await,
        }
    }

    /// Waits for the next SIGINT.
    pub async fn interrupted(&mut self) {
        while self.received().await != StopSignal::Interrupt {}
    }
}

async fn pass_on(
    mut streams: Streams,
    sender: UnboundedSender<StopSignal>,
    longest: Option<Duration>,
    hangup: Hangup,
) {
    let mut deadline = longest;
    loop {
        let received = streams.next().await;
        let is_stop = received != StopSignal::Hangup || hangup == Hangup::Stop;
        if let Some(longest) = deadline.take_if(|_| is_stop) {
            tokio::spawn(give_up_after(longest));
        }
        if sender.send(received).is_err() {
            // The process is exiting. From here on, only the deadline matters.
            pending::<()>().await;
        }
    }
}

async fn give_up_after(longest: Duration) {
    sleep(longest).await;
    tracing::error!(
        "the process did not stop within {longest:?} because a thread is blocked; exiting"
    );
    irsa_ops::logging::flush();
    process::exit(OVERDUE);
}

// === impl Streams ===

impl Streams {
    async fn next(&mut self) -> StopSignal {
        tokio::select! {
            _ = self.terminate.recv() => StopSignal::Terminate,
            _ = self.interrupt.recv() => StopSignal::Interrupt,
            () = received(self.hangup.as_mut()) => StopSignal::Hangup,
        }
    }
}

async fn received(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => _ = signal.recv().await,
        None => pending().await,
    }
}

// === impl Hangup ===

impl Hangup {
    /// Returns the meaning of SIGHUP, which depends on how the process was started. A terminal sends SIGHUP when it is
    /// closed; without a terminal, a user or a program sends it.
    pub fn for_process() -> Self {
        if is_ignored(&fs::read_to_string("/proc/self/status").unwrap_or_default()) {
            Self::Nothing
        } else if has_terminal() {
            Self::Stop
        } else {
            Self::Reload
        }
    }
}

/// Returns whether the process has a controlling terminal. Only then can it open `/dev/tty` (tty(4)).
pub fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// Returns whether a process ignores SIGHUP, signal 1, according to its status file (proc(5), `SigIgn`).
fn is_ignored(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

// === impl StopSignal ===

impl StopSignal {
    /// Returns the name of the signal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
            Self::Hangup => "SIGHUP",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    /// The environment variable of the child process in [`a_process_whose_threads_are_blocked_ends`].
    const BLOCKED: &str = "IRSA_TEST_BLOCKED";
    const READY: &str = "catches signals";

    #[test]
    fn a_process_whose_threads_are_blocked_ends() {
        if env::var_os(BLOCKED).is_some() {
            let _signals =
                StopSignals::catch(Some(Duration::from_millis(100)), Hangup::Reload).unwrap();
            println!("{READY}");
            thread::sleep(Duration::from_mins(1));
            return;
        }
        let name = "signals::tests::a_process_whose_threads_are_blocked_ends";
        let mut child = Command::new(env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env(BLOCKED, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains(READY)));
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), status.signal()), (Some(OVERDUE), None));
    }

    /// The environment variable of the child process in [`a_controlling_terminal_makes_sighup_stop_the_process`].
    const REPORT_HANGUP: &str = "IRSA_TEST_REPORT_HANGUP";

    /// Runs this test program once more as the argument of `launcher`, and returns what SIGHUP means there.
    fn hangup_under(launcher: impl FnOnce(&str) -> Command) -> String {
        let name = "signals::tests::a_controlling_terminal_makes_sighup_stop_the_process";
        let program = env::current_exe().unwrap();
        let line = format!("'{}' {name} --exact --nocapture", program.display());
        let mut command = launcher(&line);
        let output = command.env(REPORT_HANGUP, "1").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let report = text.lines().find_map(|line| line.split_once("SIGHUP: "));
        let (_, hangup) = report.unwrap_or_else(|| panic!("no report in {text}"));
        hangup.trim().to_owned()
    }

    #[test]
    fn a_controlling_terminal_makes_sighup_stop_the_process() {
        if env::var_os(REPORT_HANGUP).is_some() {
            println!("SIGHUP: {:?}", Hangup::for_process());
            return;
        }
        // Under nohup, the child processes ignore SIGHUP as well.
        let is_ignored = is_ignored(&fs::read_to_string("/proc/self/status").unwrap());
        // script(1) runs a command on a new pseudo-terminal, and setsid(1) runs it without a terminal.
        let on_terminal = hangup_under(|line| {
            let mut script = Command::new("script");
            script.args(["--quiet", "--return", "--command", line, "/dev/null"]);
            script.stdin(Stdio::null());
            script
        });
        let detached = hangup_under(|line| {
            let mut setsid = Command::new("setsid");
            setsid.args(["--wait", "sh", "-c", line]);
            setsid
        });
        let expected = if is_ignored {
            ("Nothing", "Nothing")
        } else {
            ("Stop", "Reload")
        };
        assert_eq!((on_terminal.as_str(), detached.as_str()), expected);
    }

    #[test]
    fn a_process_that_was_started_by_nohup_ignores_sighup() {
        assert!(is_ignored(
            "Name:\tirsa\nSigIgn:\t0000000000001001\nSigCgt:\t0\n"
        ));
        assert!(!is_ignored(
            "Name:\tirsa\nSigIgn:\t0000000000001000\nSigCgt:\t1\n"
        ));
        assert!(!is_ignored(""));
    }
}
