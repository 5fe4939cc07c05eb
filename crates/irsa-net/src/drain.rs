//! Ending without cutting: tell everybody to stop, then wait for those who still work.
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

/// The side that starts the drain and waits for its end.
///
/// Dropping it starts the drain too: whoever could have signalled it is gone.
#[derive(Debug)]
pub struct Drain {
    signal: watch::Sender<bool>,
    guards: Arc<watch::Sender<()>>,
}

/// The side that learns of the drain. Cheap to clone; holds nothing up.
#[derive(Clone, Debug)]
pub struct DrainWatch {
    signal: watch::Receiver<bool>,
    guards: Arc<watch::Sender<()>>,
}

/// Work that [`Drain::finished`] waits for: a session, a request. Drop it when that is over.
#[derive(Clone, Debug)]
#[must_use = "the drain does not wait for a guard that is dropped at once"]
pub struct DrainGuard {
    _guard: watch::Receiver<()>,
}

/// Makes a drain that has not started, and a watch of it.
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
    /// Tells every watch to stop taking new work. More than once does no harm.
    pub fn start(&self) {
        self.signal.send_replace(true);
    }

    /// Waits until no guard is left. Put a time limit around it: a guard may be held for long.
    ///
    /// Does not start the drain; with no guard it returns at once.
    pub async fn finished(&self) {
        self.guards.closed().await;
    }

    /// How many guards are held.
    pub fn guards(&self) -> usize {
        self.guards.receiver_count()
    }

    /// One more watch.
    pub fn watch(&self) -> DrainWatch {
        DrainWatch {
            signal: self.signal.subscribe(),
            guards: Arc::clone(&self.guards),
        }
    }
}

impl DrainWatch {
    /// Waits until the drain starts; returns at once if it has. Can be awaited again.
    pub async fn signaled(&self) {
        // An error means that the drain was dropped, which starts it too.
        let _ = self.signal.clone().wait_for(|started| *started).await;
    }

    /// Whether the drain has started.
    pub fn is_signaled(&self) -> bool {
        *self.signal.borrow() || self.signal.has_changed().is_err()
    }

    /// Holds the drain's end up until the guard is dropped.
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
    fn watches_alone_hold_nothing_up() {
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
