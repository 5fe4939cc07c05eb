//! The signals that ask a process to end.

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

/// SIGTERM and SIGINT, which from here on do not end the process by themselves.
#[derive(Debug)]
pub struct StopSignals {
    received: UnboundedReceiver<StopSignal>,
}

/// Which of them came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGTERM.
    Terminate,
    /// SIGINT.
    Interrupt,
}

/// The signals as the kernel delivers them.
struct Streams {
    terminate: Signal,
    interrupt: Signal,
}

// === impl StopSignals ===

impl StopSignals {
    /// To be called before anyone learns that the process is up: from then on a signal may come.
    ///
    /// The signals arrive on a thread of their own. It ends the process if that has not stopped
    /// within `longest` of the first signal, even if all other threads are blocked; `None`: never.
    pub fn catch(longest: Option<Duration>) -> Result<Self, Failure> {
        let runtime = runtime::control()?;
        let streams = {
            let _guard = runtime.enter();
            Streams {
                terminate: signal(SignalKind::terminate()).map_err(Failure::other)?,
                interrupt: signal(SignalKind::interrupt()).map_err(Failure::other)?,
            }
        };
        let (sender, received) = unbounded_channel();
        thread::Builder::new()
            .name("irsa-signals".to_owned())
            .spawn(move || runtime.block_on(pass_on(streams, sender, longest)))
            .map_err(Failure::other)?;
        Ok(Self { received })
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
) {
    let mut deadline = longest;
    loop {
        let received = streams.next().await;
        if let Some(longest) = deadline.take() {
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
        }
    }
}

// === impl StopSignal ===

impl StopSignal {
    /// The signal's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
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
            let _signals = StopSignals::catch(Some(Duration::from_millis(100))).unwrap();
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
}
