//! Limits of concurrent connections and of open files.

mod reserve;
mod unauthenticated;

use std::io;
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::reserve::reserve_open_files;
pub(crate) use self::reserve::with_reserve;
pub use self::unauthenticated::{TooManyUnauthenticated, Unauthenticated, UnauthenticatedLimit};

/// A limit of concurrent connections. Clones share the count.
#[derive(Clone, Debug)]
pub struct ConnectionLimit {
    free: Arc<Semaphore>,
    max: usize,
}

/// A permit for one connection. Dropping it releases the permit.
#[derive(Debug)]
#[must_use = "a permit that is dropped immediately limits nothing"]
pub struct Permit {
    _permit: OwnedSemaphorePermit,
}

/// The limit of open files before and after [`raise_open_files`]. `None` means unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFiles {
    /// The soft limit at the start of the process.
    pub before: Option<u64>,
    /// The soft limit now.
    pub now: Option<u64>,
}

impl ConnectionLimit {
    /// Creates a limit of `max` connections. Values above 2^61 are reduced to 2^61, which is unlimited in practice.
    pub fn new(max: usize) -> Self {
        let max = max.min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(max)),
            max,
        }
    }

    /// Returns a permit, or `None` if the limit is reached. Never waits.
    pub fn try_acquire(&self) -> Option<Permit> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(Permit { _permit: permit })
    }

    /// Returns a permit. Waits for a connection to end if the limit is reached.
    pub async fn acquire(&self) -> Permit {
        match Arc::clone(&self.free).acquire_owned().await {
            Ok(permit) => Permit { _permit: permit },
            // Only a closed semaphore returns an error, and this one is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    /// Returns the number of permits in use.
    pub fn in_use(&self) -> usize {
        self.max - self.free.available_permits()
    }

    /// Returns the maximum number of permits.
    pub fn max(&self) -> usize {
        self.max
    }
}

/// Raises the soft limit of open files (`RLIMIT_NOFILE`) to the hard limit.
///
/// A proxied session needs two file descriptors, and the soft limit is often only 1,024, for programs that use
/// `select(2)`. irsa does not.
///
/// # Errors
/// The error of `setrlimit(2)`. The limit then stays unchanged.
pub fn raise_open_files() -> io::Result<OpenFiles> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        setrlimit(Resource::Nofile, raised)?;
    }
    Ok(OpenFiles {
        before: limit.current,
        now: limit.maximum,
    })
}

/// Returns the soft limit of open files (`RLIMIT_NOFILE`). `None` means unlimited.
pub fn soft_open_files() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Calls `action` with a different soft limit of open files and restores the limit afterwards.
///
/// A child process that `action` starts inherits `soft`. The limit applies to all threads, which can get `EMFILE`
/// meanwhile, so `action` should be short.
///
/// # Errors
/// The error of `setrlimit(2)`. If `soft` cannot be set, `action` is not called.
pub fn with_soft_open_files<T>(soft: Option<u64>, action: impl FnOnce() -> T) -> io::Result<T> {
    let limit = getrlimit(Resource::Nofile);
    let changed = Rlimit {
        current: soft,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, changed)?;
    let outcome = action();
    setrlimit(Resource::Nofile, limit)?;
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_connections_above_the_limit() {
        let limit = ConnectionLimit::new(2);
        let first = limit.try_acquire().unwrap();
        let _second = limit.clone().try_acquire().unwrap();
        assert!(limit.try_acquire().is_none());
        assert_eq!((limit.in_use(), limit.max()), (2, 2));

        drop(first);

        assert_eq!(limit.in_use(), 1);
        assert!(limit.try_acquire().is_some());
    }

    #[test]
    fn accepts_the_largest_number_as_a_limit() {
        let limit = ConnectionLimit::new(usize::MAX);
        assert!(limit.try_acquire().is_some());
    }

    #[test]
    fn raises_open_files_to_the_hard_limit() {
        let raised = raise_open_files().unwrap();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(raised.now, limit.maximum);
        assert_eq!(limit.current, limit.maximum);
    }
}
