//! Graceful drain: tell all tasks to stop, then wait for the work in progress.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let (drain, watch) = irsa_net::drain::drain();
//! let guard = watch.guard();
//! tokio::spawn(async move {
//!     watch.signaled().await;
//!     drop(guard);
//! });
//! drain.start();
//! drain.finished().await;
//! # }
//! ```

use std::sync::Arc;

use tokio::sync::watch;

/// The handle that starts a drain and waits for its end.
///
/// Dropping it also starts the drain, because no other handle could.
#[derive(Debug)]
pub struct Drain {
    signal: watch::Sender<bool>,
    guards: Arc<watch::Sender<()>>,
}

/// The handle that learns of the drain. It is cheap to clone and does not delay the drain.
#[derive(Clone, Debug)]
pub struct DrainWatch {
    signal: watch::Receiver<bool>,
    guards: Arc<watch::Sender<()>>,
}

/// Work that [`Drain::finished`] waits for, such as a session or a request. Drop it at the end of the work.
#[derive(Clone, Debug)]
#[must_use = "the drain does not wait for a guard that is dropped immediately"]
pub struct DrainGuard {
    _guard: watch::Receiver<()>,
}

/// Creates a drain that has not started, and a watch.
pub fn drain() -> (Drain, DrainWatch) {
    let (signal, signaled) = watch::channel(false);
    let guards = Arc::new(watch::Sender::new(()));
    let watch = DrainWatch {
        signal: signaled,
        guards: Arc::clone(&guards),
    };
    (Drain { signal, guards }, watch)
}

impl Drain {
    /// Tells all watches to stop accepting work. Repeated calls have no effect.
    pub fn start(&self) {
        self.signal.send_replace(true);
    }

    /// Waits until all guards are dropped. Callers need a timeout, because a guard can be held for a long time.
    ///
    /// Does not start the drain. Returns immediately if there are no guards.
    pub async fn finished(&self) {
        self.guards.closed().await;
    }

    /// Returns the number of guards.
    pub fn guards(&self) -> usize {
        self.guards.receiver_count()
    }

    /// Creates another watch.
    pub fn watch(&self) -> DrainWatch {
        DrainWatch {
            signal: self.signal.subscribe(),
            guards: Arc::clone(&self.guards),
        }
    }
}

impl DrainWatch {
    /// Waits until the drain starts. Returns immediately if it has started, and can be called repeatedly.
    pub async fn signaled(&self) {
        // An error means that the `Drain` was dropped, which also starts the drain.
        let _ = self.signal.clone().wait_for(|started| *started).await;
    }

    /// Returns whether the drain has started.
    pub fn is_signaled(&self) -> bool {
        *self.signal.borrow() || self.signal.has_changed().is_err()
    }

    /// Creates a guard: the drain does not finish until it is dropped.
    pub fn guard(&self) -> DrainGuard {
        DrainGuard {
            _guard: self.guards.subscribe(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn signals_every_watch_once_started() {
        let (drain, watch) = drain();
        let other = watch.clone();
        let mut early = pin!(other.signaled());
        assert!(poll(early.as_mut()).is_pending());
        assert!(!watch.is_signaled());

        drain.start();

        assert!(poll(early).is_ready());
        assert!(watch.is_signaled());
        assert!(poll(pin!(drain.watch().signaled())).is_ready());
    }

    #[test]
    fn finishes_only_when_the_last_guard_is_dropped() {
        let (drain, watch) = drain();
        let (first, second) = (watch.guard(), watch.guard());
        drain.start();
        let mut finished = pin!(drain.finished());
        assert!(poll(finished.as_mut()).is_pending());
        drop(first);
        assert!(poll(finished.as_mut()).is_pending());
        assert_eq!(drain.guards(), 1);
        drop(second);
        assert!(poll(finished).is_ready());
    }

    #[test]
    fn watches_do_not_delay_the_drain() {
        let (drain, _watch) = drain();
        assert!(poll(pin!(drain.finished())).is_ready());
    }

    #[test]
    fn dropping_the_drain_starts_it() {
        let (drain, watch) = drain();
        drop(drain);
        assert!(watch.is_signaled());
        assert!(poll(pin!(watch.signaled())).is_ready());
    }
}
