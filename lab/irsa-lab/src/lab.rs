//! The lab as a whole: it only composes.

mod describe;
mod listeners;
mod shared;

use std::path::Path;
use std::sync::Arc;

use self::listeners::Listeners;
use self::shared::Shared;
use crate::aurora::Aurora;
use crate::deps::FrontDeps;
use crate::environment::exports;
use crate::error::LabError;
use crate::facts::LabFacts;
use crate::faults::Faults;
use crate::ledger::LedgerSnapshot;
use crate::oidc::TokenSpec;
use crate::opensearch::OpenSearch;
use crate::options::LabOptions;
use crate::services::Services;
use crate::sessions::Sessions;
use crate::state_dir::StateDir;

/// A running lab. [`Lab::stop`] ends it in order; dropping it cuts it.
#[derive(Debug)]
pub struct Lab {
    shared: Shared,
    facts: Arc<LabFacts>,
    services: Services,
    aurora: Option<Aurora>,
    opensearch: Option<OpenSearch>,
    state_dir: StateDir,
}

impl Lab {
    /// Starts everything; returns once all services answer.
    ///
    /// # Errors
    /// A port is taken, a file can't be written, or PostgreSQL or OpenSearch can't be had or started.
    pub async fn start(options: LabOptions) -> Result<Self, LabError> {
        let LabOptions {
            world,
            state_dir,
            session_seconds,
            token_seconds,
            ..
        } = options;
        let state_dir = StateDir::new(state_dir)?;
        let folder = state_dir.path();
        let shared = Shared::new(world, session_seconds, token_seconds, folder).await?;
        let deps = FrontDeps {
            world: Arc::clone(&shared.world),
            sessions: Arc::clone(&shared.sessions),
            ledger: Arc::clone(&shared.ledger),
            faults: Arc::clone(&shared.faults),
            clock: Arc::clone(&shared.clock),
            authority: Arc::clone(&shared.authority),
            state_dir: folder.to_owned(),
            cache_dir: options.cache_dir,
            postgres_bin: options.postgres_bin,
            java_home: options.java_home,
            progress: options.progress,
        };
        let aurora = started(options.aurora, Box::pin(Aurora::start(deps.clone())));
        let opensearch = started(options.opensearch, Box::pin(OpenSearch::start(deps)));
        let (aurora, opensearch) = tokio::try_join!(aurora, opensearch)?;
        let domains = opensearch.as_ref().map(OpenSearch::domains);
        let clusters = aurora.as_ref().map(Aurora::clusters).unwrap_or_default();
        let listeners = Listeners::bind(options.ports).await?;
        let facts =
            Arc::new(shared.describe(&listeners, clusters, domains.unwrap_or_default(), folder)?);
        let health = opensearch.as_ref().map(OpenSearch::health);
        let services = listeners.serve(&shared, &facts, health.unwrap_or_default())?;
        Ok(Self {
            shared,
            facts,
            services,
            aurora,
            opensearch,
            state_dir,
        })
    }

    /// Where everything is.
    pub fn facts(&self) -> &LabFacts {
        &self.facts
    }

    /// What is broken, to be changed.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The Aurora clusters, if the lab has them: faults of TLS and network, and SQL past the front.
    pub fn aurora(&self) -> Option<&Aurora> {
        self.aurora.as_ref()
    }

    /// What the lab was asked so far.
    pub fn ledger(&self) -> LedgerSnapshot {
        self.shared.ledger.snapshot()
    }

    /// The credentials that were issued.
    pub fn sessions(&self) -> &Sessions {
        &self.shared.sessions
    }

    /// A service account token, right or wrong.
    ///
    /// # Errors
    /// No key could be made.
    pub fn mint_token(&self, spec: &TokenSpec) -> Result<String, LabError> {
        self.shared.issuer.mint(spec)
    }

    /// A new key signs from now on; tokens of the old ones stay good.
    ///
    /// # Errors
    /// No key could be made.
    pub fn rotate_keys(&self) -> Result<(), LabError> {
        self.shared.issuer.rotate_keys()
    }

    /// Withdraws all keys but the newest.
    pub fn retire_old_keys(&self) {
        self.shared.issuer.retire_old_keys();
    }

    /// Writes new tokens for all workloads, as the kubelet does in time.
    ///
    /// # Errors
    /// A file could not be written.
    pub fn renew_tokens(&self) -> Result<(), LabError> {
        self.shared.projections.renew()
    }

    /// The environment of a workload as a shell reads it; `None` if there is no such workload.
    pub fn exports(&self, workload: &str) -> Option<String> {
        self.facts
            .workloads
            .iter()
            .find(|one| one.name == workload)
            .map(exports)
    }

    /// The folder of the lab's files.
    pub fn state_dir(&self) -> &Path {
        self.state_dir.path()
    }

    /// Ends all services and databases; a temporary folder goes with them.
    pub async fn stop(self) {
        self.services.stop().await;
        if let Some(aurora) = self.aurora {
            aurora.stop().await;
        }
        if let Some(opensearch) = self.opensearch {
            opensearch.stop().await;
        }
    }
}

/// What `start` starts, if it is wanted.
async fn started<T>(
    wanted: bool,
    start: impl Future<Output = Result<T, LabError>>,
) -> Result<Option<T>, LabError> {
    if wanted {
        start.await.map(Some)
    } else {
        Ok(None)
    }
}
