//! The composition of a lab.

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

/// A running lab. [`Lab::stop`] stops it in order; dropping it ends everything immediately.
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
    /// Starts all services and returns when they are ready.
    ///
    /// # Errors
    /// A port is in use, a file cannot be written, or PostgreSQL or OpenSearch is unavailable or does not start.
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

    /// The addresses and files of the lab.
    pub fn facts(&self) -> &LabFacts {
        &self.facts
    }

    /// The faults, which can be changed.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The Aurora clusters, if the lab has any: TLS and network faults, and SQL that bypasses the front.
    pub fn aurora(&self) -> Option<&Aurora> {
        self.aurora.as_ref()
    }

    /// Returns the requests and refusals so far.
    pub fn ledger(&self) -> LedgerSnapshot {
        self.shared.ledger.snapshot()
    }

    /// The issued credentials.
    pub fn sessions(&self) -> &Sessions {
        &self.shared.sessions
    }

    /// Mints a service account token, valid or not.
    ///
    /// # Errors
    /// A key could not be generated.
    pub fn mint_token(&self, spec: &TokenSpec) -> Result<String, LabError> {
        self.shared.issuer.mint(spec)
    }

    /// Signs new tokens with a new key; tokens of the old keys stay valid.
    ///
    /// # Errors
    /// A key could not be generated.
    pub fn rotate_keys(&self) -> Result<(), LabError> {
        self.shared.issuer.rotate_keys()
    }

    /// Also publishes the keys of a key set (RFC 7517): those of a real API server whose tokens name the lab's issuer.
    ///
    /// # Errors
    /// It is not a key set.
    pub fn publish_keys(&self, jwks: &str) -> Result<(), LabError> {
        self.shared.issuer.publish_keys(jwks)
    }

    /// Withdraws all keys except the newest.
    pub fn retire_old_keys(&self) {
        self.shared.issuer.retire_old_keys();
    }

    /// Writes new tokens for all workloads, as the kubelet does before they expire.
    ///
    /// # Errors
    /// A file could not be written.
    pub fn renew_tokens(&self) -> Result<(), LabError> {
        self.shared.projections.renew()
    }

    /// Returns the environment of a workload as shell commands; `None` for an unknown workload.
    pub fn exports(&self, workload: &str) -> Option<String> {
        self.facts
            .workloads
            .iter()
            .find(|one| one.name == workload)
            .map(exports)
    }

    /// The directory of the lab's files.
    pub fn state_dir(&self) -> &Path {
        self.state_dir.path()
    }

    /// Stops all services and databases, and deletes a temporary directory.
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

/// Awaits `start` if the part is enabled.
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
