//! The signals that ask a process to end, or to read its settings again.

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

/// SIGTERM, SIGINT and SIGHUP, which from here on do not end the process by themselves.
#[derive(Debug)]
pub struct StopSignals {
    received: UnboundedReceiver<StopSignal>,
    hangup: Hangup,
}

/// Which of them came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGTERM.
    Terminate,
    /// SIGINT.
    Interrupt,
    /// SIGHUP, which is a request to stop only if [`StopSignals::hangup`] says so.
    Hangup,
}

/// What SIGHUP asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hangup {
    /// To stop: the terminal is gone.
    Stop,
    /// To read the settings again, as daemons do (daemon(7)).
    Reload,
    /// Nothing: the process was started by `nohup`.
    Nothing,
}

/// The signals as the kernel delivers them.
struct Streams {
    terminate: Signal,
    interrupt: Signal,
    /// Left as it is where it is ignored, since a child inherits that.
    hangup: Option<Signal>,
}

// === impl StopSignals ===

impl StopSignals {
    /// As [`StopSignals::catch`], for a process that has no settings to read again: SIGHUP stops it.
    ///
    /// # Errors
    /// As [`StopSignals::catch`].
    pub fn catch_stops() -> Result<Self, Failure> {
        let hangup = match Hangup::of_process() {
            Hangup::Nothing => Hangup::Nothing,
            _ => Hangup::Stop,
        };
        Self::catch(None, hangup)
    }

    /// To be called before anyone learns that the process is up: from then on a signal may come.
    ///
    /// The signals arrive on a thread of their own. It ends the process if that has not stopped
    /// within `longest` of the first signal to stop, even if all other threads are blocked; `None`: never.
    ///
    /// # Errors
    /// The system has no file descriptor or thread left.
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

    /// What SIGHUP asks for.
    pub fn hangup(&self) -> Hangup {
        self.hangup
    }

    /// The next signal.
    pub async fn received(&mut self) -> StopSignal {
        match self.received.recv().await {
            Some(signal) => signal,
            // The thread goes on for as long as somebody listens.
            None => pending().await,
        }
    }

    /// The next SIGINT.
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
            // The process is about to end; the process that waits for it relies on the deadline alone.
            pending::<()>().await;
        }
    }
}

async fn give_up_after(longest: Duration) {
    sleep(longest).await;
    tracing::error!("not stopped within {longest:?}: a thread is blocked; exiting");
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
    /// What SIGHUP asks of this process, by how it was started. A terminal sends it when it is closed; without one, a
    /// person or a program does.
    pub fn of_process() -> Self {
        if is_ignored(&fs::read_to_string("/proc/self/status").unwrap_or_default()) {
            Self::Nothing
        } else if has_terminal() {
            Self::Stop
        } else {
            Self::Reload
        }
    }
}

/// Returns whether a terminal controls this process: only then can it be opened by this name (tty(4)).
pub fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// Returns whether SIGHUP, signal 1, is among the ignored signals of a process (proc(5), `SigIgn`).
fn is_ignored(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

// === impl StopSignal ===

impl StopSignal {
    /// The signal's name.
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

    /// Set for the process that [`a_process_whose_threads_are_blocked_ends`] starts.
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
