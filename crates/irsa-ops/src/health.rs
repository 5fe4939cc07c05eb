//! The health of the process, for the probes of the kubelet.
//!
//! Started and ready mean that the process listens, not that it has credentials or that upstreams respond: an outage of
//! STS must not restart all pods of a cluster or make them unready. Alive means that all watched threads run their
//! tasks and all listeners accept connections.

mod heartbeat;

use std::sync::{Arc, PoisonError, RwLock};

use self::heartbeat::Watched;
pub use self::heartbeat::{Heartbeat, PERIOD};

/// The health of the process. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Health {
    state: Arc<RwLock<State>>,
}

/// The readiness of the process for new connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// The process accepts new connections.
    Ready,
    /// It does not, for this reason.
    NotReady(String),
}

/// The liveness of the process: if it does not work, it must be restarted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It works.
    Alive,
    /// It does not work, for this reason.
    Failed(String),
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    unready: Option<String>,
    failed: Option<String>,
    watched: Vec<Watched>,
}

impl Health {
    /// Creates the health of a process that has not started.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records that all listeners are bound. It cannot be undone.
    pub fn set_started(&self) {
        self.change(|state| state.started = true);
    }

    /// Sets whether new connections are accepted, and the reason, which is public and must not contain secrets.
    ///
    /// A started process is ready until this is called with `false`.
    pub fn set_ready(&self, ready: bool, reason: impl Into<String>) {
        let unready = (!ready).then(|| reason.into());
        self.change(|state| state.unready = unready);
    }

    /// Returns whether [`Health::set_started`] was called.
    pub fn is_started(&self) -> bool {
        self.read(|state| state.started)
    }

    /// Returns whether new connections are accepted.
    pub fn is_ready(&self) -> bool {
        self.readiness() == Readiness::Ready
    }

    /// Returns whether new connections are accepted, and the reason if not.
    pub fn readiness(&self) -> Readiness {
        self.read(|state| match &state.unready {
            _ if !state.started => Readiness::NotReady("not started yet".to_owned()),
            Some(reason) => Readiness::NotReady(reason.clone()),
            None => Readiness::Ready,
        })
    }

    /// Reports the process as failed from now on. The first `reason` is kept; it is public and must not contain
    /// secrets.
    pub fn fail(&self, reason: impl Into<String>) {
        self.change(|state| {
            state.failed.get_or_insert_with(|| reason.into());
        });
    }

    /// Adds a thread to watch. The thread `name` shows with the heartbeat that it still runs its tasks.
    pub fn heartbeat(&self, name: &'static str) -> Heartbeat {
        let (heartbeat, watched) = heartbeat::watch(name);
        self.change(|state| state.watched.push(watched));
        heartbeat
    }

    /// Checks all watched threads every [`PERIOD`]. Run it on a thread that is not watched.
    pub async fn keep_watch(&self) {
        self.keep_watch_every(PERIOD).await;
    }

    async fn keep_watch_every(&self, period: std::time::Duration) {
        let mut ticks = heartbeat::ticks(period);
        loop {
            ticks.tick().await;
            self.check();
        }
    }

    /// Compares every heartbeat with the previous check, and logs changes.
    fn check(&self) {
        self.change(|state| state.watched.iter_mut().for_each(Watched::check));
    }

    /// Returns whether the process works.
    pub fn liveness(&self) -> Liveness {
        let failure = self.read(|state| {
            let stalled = || state.watched.iter().find_map(Watched::failure);
            state.failed.clone().or_else(stalled)
        });
        failure.map_or(Liveness::Alive, Liveness::Failed)
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
    fn is_ready_from_the_start_until_changed() {
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
    fn is_alive_until_a_failure() {
        let health = Health::new();
        assert_eq!(health.liveness(), Liveness::Alive);
        health.fail("the listener failed");
        health.fail("another one failed");
        let failed = Liveness::Failed("the listener failed".to_owned());
        assert_eq!(health.liveness(), failed);
    }

    fn checked(health: &Health, times: u32) -> Liveness {
        (0..times).for_each(|_| health.check());
        health.liveness()
    }

    #[test]
    fn a_thread_that_stalls_for_30_s_fails_until_it_runs_again() {
        let health = Health::new();
        let heartbeat = health.heartbeat("data");
        heartbeat.beat();
        assert_eq!(checked(&health, 6), Liveness::Alive);
        let stalled = "the data thread has not run for 30 s".to_owned();
        assert_eq!(checked(&health, 1), Liveness::Failed(stalled));
        let stalled = "the data thread has not run for 40 s".to_owned();
        assert_eq!(checked(&health, 2), Liveness::Failed(stalled));
        heartbeat.beat();
        assert_eq!(checked(&health, 1), Liveness::Alive);
    }

    #[test]
    fn a_thread_that_has_ended_fails() {
        let health = Health::new();
        drop(health.heartbeat("data"));
        assert!(matches!(checked(&health, 7), Liveness::Failed(_)));
    }

    #[test]
    fn a_blocked_runtime_does_not_affect_other_threads() {
        use std::sync::mpsc::channel;
        use std::time::{Duration, Instant};

        const SHORT: Duration = Duration::from_millis(5);
        fn runtime() -> tokio::runtime::Runtime {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder.enable_all().build().unwrap()
        }

        let health = Health::new();
        health.set_started();
        let heartbeat = health.heartbeat("data");
        let (block, blocked) = channel::<()>();
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let data = std::thread::spawn(move || {
            runtime().block_on(async {
                tokio::spawn(async move { heartbeat.keep_beating_every(SHORT).await });
                tokio::spawn(async move { blocked.recv() });
                let _ = ended.await;
            });
        });
        let wait_for = |is_wanted: fn(&Liveness) -> bool| {
            let deadline = Instant::now() + Duration::from_secs(20);
            runtime().block_on(async {
                let watching = health.keep_watch_every(SHORT);
                let seen = async {
                    while !is_wanted(&health.liveness()) {
                        assert!(Instant::now() < deadline, "{:?}", health.liveness());
                        tokio::task::yield_now().await;
                    }
                };
                tokio::select! {
                    () = watching => {}
                    () = seen => {}
                }
            });
        };
        wait_for(|liveness| matches!(liveness, Liveness::Failed(_)));
        assert!(health.is_ready());
        block.send(()).unwrap();
        wait_for(|liveness| *liveness == Liveness::Alive);
        end.send(()).unwrap();
        data.join().unwrap();
    }

    #[test]
    fn is_never_ready_before_the_start() {
        let health = Health::new();
        health.set_ready(true, "");
        assert!(!health.is_ready());
    }
}
