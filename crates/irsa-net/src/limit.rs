//! Limits: connections at once, and open files.

mod reserve;
mod unauthenticated;

use std::io;
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::reserve::reserve_open_files;
pub(crate) use self::reserve::with_reserve;
pub use self::unauthenticated::{TooManyUnauthenticated, Unauthenticated, UnauthenticatedLimit};

/// At most so many connections at once. Clones share the count.
#[derive(Clone, Debug)]
pub struct ConnectionLimit {
    free: Arc<Semaphore>,
    max: usize,
}

/// The right to one connection; dropping it gives the right back.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once limits nothing"]
pub struct Permit {
    _permit: OwnedSemaphorePermit,
}

/// The limit of open files, before and after [`raise_open_files`]. `None` means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFiles {
    /// The soft limit that the process was started with.
    pub before: Option<u64>,
    /// The soft limit now.
    pub now: Option<u64>,
}

impl ConnectionLimit {
    /// A limit of `max` connections (at most 2^61, which is no limit).
    pub fn new(max: usize) -> Self {
        let max = max.min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(max)),
            max,
        }
    }

    /// Takes one connection, or `None` at the limit. Never waits.
    pub fn try_acquire(&self) -> Option<Permit> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(Permit { _permit: permit })
    }

    /// Takes one connection, waiting for one to end at the limit.
    pub async fn acquire(&self) -> Permit {
        match Arc::clone(&self.free).acquire_owned().await {
            Ok(permit) => Permit { _permit: permit },
            // Only a closed semaphore refuses, and this one is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    /// How many are taken.
    pub fn in_use(&self) -> usize {
        self.max - self.free.available_permits()
    }

    /// How many there may be.
    pub fn max(&self) -> usize {
        self.max
    }
}

/// Raises the soft limit of open files (`RLIMIT_NOFILE`) to the hard limit.
///
/// A proxied session takes two, and the soft limit is often 1,024 for the sake of programs that
/// use `select(2)`, which we don't.
///
/// # Errors
/// What `setrlimit(2)` says; the old limit then stays in force.
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

/// Returns the soft limit of open files (`RLIMIT_NOFILE`). `None` means no limit.
pub fn soft_open_files() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Calls `action` under a different soft limit of open files, and restores the limit afterwards.
///
/// A child process that `action` starts inherits `soft`. Threads that open a file meanwhile get
/// `EMFILE` beyond it, so `action` should be short.
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
    fn refuses_one_more_than_the_limit() {
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
    fn accepts_the_largest_number_as_no_limit() {
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
