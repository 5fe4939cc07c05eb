//! File descriptors that are reserved for the listener of health probes.

use std::io;
use std::sync::{Mutex, PoisonError};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limits of open files without and with the reserve; `None` before [`reserve_open_files`].
static RESERVE: Mutex<Option<Reserve>> = Mutex::new(None);

#[derive(Clone, Copy, Debug)]
struct Reserve {
    usual: Rlimit,
    raised: Rlimit,
}

/// Reserves `count` file descriptors for listeners with [`uses_reserve`](crate::listen::ListenOptions::uses_reserve).
///
/// Lowers the soft limit of open files by `count` permanently. Such a listener raises the limit again while it accepts
/// a connection: the kernel checks the limit only when it creates a descriptor. Only the first call has an effect. Call
/// it after [`raise_open_files`](super::raise_open_files).
///
/// # Errors
/// The error of `setrlimit(2)`. The limit then stays unchanged.
pub fn reserve_open_files(count: u64) -> io::Result<()> {
    let mut reserve = RESERVE.lock().unwrap_or_else(PoisonError::into_inner);
    let raised = getrlimit(Resource::Nofile);
    let (None, Some(soft)) = (*reserve, raised.current) else {
        return Ok(());
    };
    let usual = Rlimit {
        current: Some(soft.saturating_sub(count)),
        maximum: raised.maximum,
    };
    setrlimit(Resource::Nofile, usual)?;
    *reserve = Some(Reserve { usual, raised });
    Ok(())
}

/// Runs `work` with the reserve available. Returns `None` if there is no reserve.
pub(crate) fn with_reserve<T>(work: impl FnOnce() -> T) -> Option<T> {
    // The lock is held during `work`, so that no other thread lowers the limit meanwhile.
    let reserve = RESERVE.lock().unwrap_or_else(PoisonError::into_inner);
    let Reserve { usual, raised } = (*reserve)?;
    setrlimit(Resource::Nofile, raised).ok()?;
    let done = work();
    if let Err(error) = setrlimit(Resource::Nofile, usual) {
        tracing::warn!(%error, "cannot restore the limit of open files");
    }
    Some(done)
}
