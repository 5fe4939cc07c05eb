//! File descriptors that only a listener for probes may use.

use std::io;
use std::sync::{Mutex, PoisonError};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limits of open files without and with the reserve, once there is one.
static RESERVE: Mutex<Option<Reserve>> = Mutex::new(None);

#[derive(Clone, Copy, Debug)]
struct Reserve {
    usual: Rlimit,
    raised: Rlimit,
}

/// Keeps `count` file descriptors back for listeners with
/// [`uses_reserve`](crate::listen::ListenOptions::uses_reserve).
///
/// It lowers the soft limit of open files by `count` for good. Such a listener raises it again for
/// the moment in which it accepts a connection: the kernel checks the limit when a descriptor is
/// made, not afterwards. Later calls change nothing. Call it after
/// [`raise_open_files`](super::raise_open_files).
///
/// # Errors
/// What `setrlimit(2)` says. The limit then stays as it was.
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

/// Does `work` with the reserve at hand; `None` where there is none.
pub(crate) fn with_reserve<T>(work: impl FnOnce() -> T) -> Option<T> {
    // Held meanwhile, so that nobody lowers the limit under another's feet.
    let reserve = RESERVE.lock().unwrap_or_else(PoisonError::into_inner);
    let Reserve { usual, raised } = (*reserve)?;
    setrlimit(Resource::Nofile, raised).ok()?;
    let done = work();
    if let Err(error) = setrlimit(Resource::Nofile, usual) {
        tracing::warn!(%error, "cannot lower the limit of open files again");
    }
    Some(done)
}
