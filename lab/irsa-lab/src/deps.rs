//! Dependencies that the lab's parts share.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use irsa_net::tls::LocalAuthority;

use crate::clock::LabClock;
use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::sessions::Sessions;
use crate::world::World;

/// Reports progress to the user ("downloading PostgreSQL 17").
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// The dependencies of the fronts of real servers.
#[derive(Clone)]
pub struct FrontDeps {
    /// The world: clusters, users, roles, policies.
    pub world: Arc<World>,
    /// The credentials that STS, IMDS and the Pod Identity agent have issued.
    pub sessions: Arc<Sessions>,
    /// Counts requests and records refusals.
    pub ledger: Arc<Ledger>,
    /// The faults that are switched on.
    pub faults: Arc<Faults>,
    /// AWS's clock: real time plus the skew fault.
    pub clock: Arc<dyn LabClock>,
    /// The CA that issues the lab's server certificates.
    pub authority: Arc<LocalAuthority>,
    /// Directory for data that is deleted with the lab.
    pub state_dir: PathBuf,
    /// Directory for downloaded programs, kept between labs.
    pub cache_dir: PathBuf,
    /// Directory with `initdb` and `postgres`; without it they are downloaded into the cache.
    pub postgres_bin: Option<PathBuf>,
    /// The Java that runs OpenSearch; without it, one is looked for.
    pub java_home: Option<PathBuf>,
    /// Receives a line for each step that takes long.
    pub progress: Progress,
}

impl fmt::Debug for FrontDeps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrontDeps")
            .field("state_dir", &self.state_dir)
            .finish_non_exhaustive()
    }
}
