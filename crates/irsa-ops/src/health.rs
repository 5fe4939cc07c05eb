//! What the kubelet asks: started, ready, alive.
//!
//! Started and ready mean "listening", never "has credentials" or "the upstream answers": an
//! outage of STS must neither restart nor unready every pod of a cluster.

use std::sync::{Arc, PoisonError, RwLock};

/// The health of the process. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Health {
    state: Arc<RwLock<State>>,
}

/// Whether the process wants new connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It does.
    Ready,
    /// It does not, for this reason.
    NotReady(String),
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    unready: Option<String>,
}

impl Health {
    /// Not started, and so not ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything that was to be listened on is listened on. Can't be taken back.
    pub fn set_started(&self) {
        self.change(|state| state.started = true);
    }

    /// Whether new connections are wanted, and if not, why (shown to whoever asks, so no secrets).
    ///
    /// A process that has started is ready until told otherwise.
    pub fn set_ready(&self, ready: bool, reason: impl Into<String>) {
        let unready = (!ready).then(|| reason.into());
        self.change(|state| state.unready = unready);
    }

    /// Whether [`Health::set_started`] was called.
    pub fn is_started(&self) -> bool {
        self.read(|state| state.started)
    }

    /// Whether new connections are wanted.
    pub fn is_ready(&self) -> bool {
        self.readiness() == Readiness::Ready
    }

    /// Whether new connections are wanted, and if not, why.
    pub fn readiness(&self) -> Readiness {
        self.read(|state| match &state.unready {
            _ if !state.started => Readiness::NotReady("not started yet".to_owned()),
            Some(reason) => Readiness::NotReady(reason.clone()),
            None => Readiness::Ready,
        })
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_ready_from_the_start_until_told_otherwise() {
        let health = Health::new();
        assert!(!health.is_started());
        assert_eq!(
            health.readiness(),
            Readiness::NotReady("not started yet".to_owned())
        );

        health.clone().set_started();
        assert!(health.is_started());
        assert!(health.is_ready());

        health.set_ready(false, "draining");
        assert!(health.is_started());
        assert_eq!(
            health.readiness(),
            Readiness::NotReady("draining".to_owned())
        );

        health.set_ready(true, "");
        assert!(health.is_ready());
    }

    #[test]
    fn is_not_ready_before_the_start_whatever_was_said() {
        let health = Health::new();
        health.set_ready(true, "");
        assert!(!health.is_ready());
    }
}
