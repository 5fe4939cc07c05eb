//! What the lab's parts share.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use irsa_net::tls::LocalAuthority;

use crate::clock::LabClock;
use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::sessions::Sessions;
use crate::world::World;

/// Tells the person who waits what is going on ("fetching PostgreSQL 17").
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// Everything that the fronts of real servers need from the rest of the lab.
#[derive(Clone)]
pub struct FrontDeps {
    /// What exists: clusters, users, roles, policies.
    pub world: Arc<World>,
    /// The credentials that STS, IMDS and the Pod Identity agent have issued.
    pub sessions: Arc<Sessions>,
    /// Where requests are counted and refusals are kept.
    pub ledger: Arc<Ledger>,
    /// The faults that are switched on.
    pub faults: Arc<Faults>,
    /// AWS's time: real time plus the skew fault.
    pub clock: Arc<dyn LabClock>,
    /// Issues the server certificates of the lab.
    pub authority: Arc<LocalAuthority>,
    /// Folder for data that dies with the lab.
    pub state_dir: PathBuf,
    /// Folder for fetched programs, kept between labs.
    pub cache_dir: PathBuf,
    /// Folder with `initdb` and `postgres`; fetched into the cache when absent.
    pub postgres_bin: Option<PathBuf>,
    /// A Java for OpenSearch; looked for when absent.
    pub java_home: Option<PathBuf>,
    /// Receives one line for each step that takes long.
    pub progress: Progress,
}

impl fmt::Debug for FrontDeps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrontDeps")
            .field("state_dir", &self.state_dir)
            .finish_non_exhaustive()
    }
}
