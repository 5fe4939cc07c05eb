//! A server's process: told something, and brought to its end.

use std::io;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;
use tokio::time::timeout;

/// How often a process that was told to end is looked at.
const POLL: Duration = Duration::from_millis(5);

/// Sends a signal; one that has ended gets none.
pub(crate) fn signal(child: &Child, signal: Signal) -> io::Result<()> {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let Some(id) = id.and_then(Pid::from_raw) else {
        return Ok(());
    };
    kill_process(id, signal).map_err(io::Error::from)
}

/// Tells it to end and waits for that. After `limit` it is killed, and the answer is no.
pub(crate) async fn ends(child: &mut Child, by: Signal, limit: Duration) -> bool {
    let _ = signal(child, by);
    if let Ok(Ok(_)) = timeout(limit, child.wait()).await {
        return true;
    }
    let _ = child.kill().await;
    false
}

/// The same without a runtime, for a value that is dropped: waits for the end, so that its folder can be removed.
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
