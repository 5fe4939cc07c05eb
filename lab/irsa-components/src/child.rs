//! Signals to server processes.

use std::io;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;
use tokio::time::timeout;

/// Interval between checks whether a process has ended.
const POLL: Duration = Duration::from_millis(5);

/// Sends a signal, unless the process has ended.
pub(crate) fn signal(child: &Child, signal: Signal) -> io::Result<()> {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let Some(id) = id.and_then(Pid::from_raw) else {
        return Ok(());
    };
    kill_process(id, signal).map_err(io::Error::from)
}

/// Sends a signal and waits for the process to end. Kills it after `limit` and returns false.
pub(crate) async fn ends(child: &mut Child, by: Signal, limit: Duration) -> bool {
    let _ = signal(child, by);
    if let Ok(Ok(_)) = timeout(limit, child.wait()).await {
        return true;
    }
    let _ = child.kill().await;
    false
}

/// Does the same without an async runtime, in a drop: waits for the end, so that the process's directory can be
/// removed.
pub(crate) fn end_at_drop(child: &mut Child, by: Signal, limit: Duration) {
    if child.id().is_none() {
        return;
    }
    let _ = signal(child, by);
    let deadline = Instant::now() + limit;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
        std::thread::sleep(POLL);
    }
}
