//! The lab that the tests share, with exclusive access for tests that break something.

use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use irsa_lab::facts::{ClusterFacts, WorkloadFacts};
use irsa_lab::faults::FaultPlan;
use irsa_lab::ledger::Service;
use irsa_lab::{Lab, LabOptions, World};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A lab with its databases, and the runtime of the tests' clients.
pub(crate) struct Stage {
    /// `None` only while it is dropped.
    lab: Option<Lab>,
    runtime: Runtime,
}

/// A runtime on a separate thread, for the lab and for clients.
struct Runtime {
    handle: Handle,
    /// `None` only while it ends, which happens when its first part is dropped.
    thread: Option<(oneshot::Sender<()>, std::thread::JoinHandle<()>)>,
}

/// Shared access, for a test that changes nothing.
pub(crate) struct Shared {
    stage: Arc<Stage>,
    _others: RwLockReadGuard<'static, ()>,
}

/// Exclusive access, for a test that breaks something.
pub(crate) struct Alone {
    stage: Arc<Stage>,
    _lock: RwLockWriteGuard<'static, ()>,
}

static USE: RwLock<()> = RwLock::new(());

/// Waits until no test has exclusive access.
pub(crate) fn shared() -> Shared {
    let others = USE.read().unwrap_or_else(PoisonError::into_inner);
    Shared {
        stage: stage(),
        _others: others,
    }
}

/// Waits until no other test has access.
pub(crate) fn alone() -> Alone {
    let lock = USE.write().unwrap_or_else(PoisonError::into_inner);
    Alone {
        stage: stage(),
        _lock: lock,
    }
}

/// Started by the first test, and kept while a test needs it.
fn stage() -> Arc<Stage> {
    static STAGE: irsa_testing::Shared<Stage> = irsa_testing::Shared::new();
    let stage = STAGE.get_or_start(|| Some(Stage::set()));
    stage.expect("it was started")
}

impl Stage {
    fn set() -> Self {
        Self::start(LabOptions::new(World::camunda_8_3()))
    }

    /// A stage with a separate lab.
    pub(crate) fn start(mut options: LabOptions) -> Self {
        options.postgres_bin = std::env::var_os("IRSA_POSTGRES_BIN").map(Into::into);
        let runtime = Runtime::new();
        let lab = runtime.handle.block_on(Lab::start(options)).unwrap();
        Self {
            lab: Some(lab),
            runtime,
        }
    }

    pub(crate) fn lab(&self) -> &Lab {
        self.lab.as_ref().expect("only dropping takes it")
    }

    pub(crate) fn workload(&self, name: &str) -> &WorkloadFacts {
        let facts = self.lab().facts();
        facts.workload(name).expect("a workload of the world")
    }

    pub(crate) fn cluster(&self) -> &ClusterFacts {
        self.lab()
            .facts()
            .clusters
            .first()
            .expect("the world has a cluster")
    }

    /// Returns the lab's cluster on a free port of this machine: signed for the endpoint, connected to the lab.
    pub(crate) fn upstream(&self) -> String {
        format!("{}&listen=127.0.0.1:0", self.cluster().upstream())
    }

    pub(crate) fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        self.runtime.handle.spawn_blocking(work)
    }

    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.handle.block_on(future)
    }

    /// Checks that nothing requests the node's role, whatever is broken.
    fn check(&self) {
        if !std::thread::panicking() {
            assert_eq!(self.lab().ledger().asked(Service::Imds), 0);
        }
    }
}

impl Runtime {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let (alive, ended) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let _ = runtime.block_on(ended);
        });
        Self {
            handle,
            thread: Some((alive, thread)),
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some((alive, thread)) = self.thread.take() {
            drop(alive);
            thread.join().unwrap();
        }
    }
}

impl Alone {
    /// Breaks something, and repairs everything else.
    pub(crate) fn breaks(&self, change: impl FnOnce(&mut FaultPlan)) {
        let mut plan = FaultPlan::default();
        change(&mut plan);
        self.lab().faults().set(plan);
    }

    /// Repairs everything.
    pub(crate) fn heals(&self) {
        self.breaks(|_| {});
    }
}

impl Deref for Shared {
    type Target = Arc<Stage>;

    fn deref(&self) -> &Self::Target {
        &self.stage
    }
}

impl Deref for Alone {
    type Target = Arc<Stage>;

    fn deref(&self) -> &Self::Target {
        &self.stage
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.check();
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.heals();
        self.check();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(lab) = self.lab.take() {
            self.runtime.handle.block_on(lab.stop());
        }
    }
}
