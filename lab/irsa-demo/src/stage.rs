//! The running lab, with the means to reach it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use irsa_chain::Cause;
use irsa_lab::facts::{ClusterFacts, DomainFacts, LabFacts, WorkloadFacts};
use irsa_lab::ledger::Service;
use irsa_lab::{Lab, LabOptions, World};
use tempfile::TempDir;

use crate::{DemoError, DemoOptions};

const WORLD: &str = include_str!("world.yaml");

pub(crate) struct Stage {
    pub(crate) lab: Lab,
    pub(crate) program: PathBuf,
    /// The name of the Kubernetes cluster.
    pub(crate) kubernetes: String,
    progress: Arc<dyn Fn(&str) + Send + Sync>,
    files: TempDir,
}

// === impl Stage ===

impl Stage {
    pub(crate) async fn set(options: DemoOptions) -> Result<Self, DemoError> {
        let world = World::from_yaml(WORLD)
            .map_err(|error| DemoError::stage("reading the demo's world", error))?;
        let kubernetes = world.kubernetes().name.clone();
        let files = tempfile::Builder::new()
            .prefix("irsa-demo-")
            .tempdir()
            .map_err(|error| DemoError::stage("making a temporary directory", error))?;
        let mut lab = LabOptions::new(world);
        lab.postgres_bin = options.postgres_bin;
        lab.cache_dir = options.cache_dir;
        lab.opensearch = options.opensearch;
        lab.java_home = options.java_home;
        lab.progress = Arc::clone(&options.progress);
        Ok(Self {
            lab: Lab::start(lab).await?,
            program: options.program,
            kubernetes,
            progress: options.progress,
            files,
        })
    }

    pub(crate) async fn clear(self) {
        self.lab.stop().await;
    }

    pub(crate) fn say(&self, step: &str) {
        (self.progress)(step);
    }

    pub(crate) fn facts(&self) -> &LabFacts {
        self.lab.facts()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.files.path()
    }

    pub(crate) fn workload(&self, name: &str) -> Result<&WorkloadFacts, DemoError> {
        let workload = self.facts().workload(name);
        workload.ok_or_else(|| DemoError::stage("looking up a workload", format!("no `{name}`")))
    }

    pub(crate) fn cluster(&self) -> Result<&ClusterFacts, DemoError> {
        let first = self.facts().clusters.first();
        first.ok_or_else(|| DemoError::stage("looking up the cluster", "the world has no cluster"))
    }

    /// Returns whether the lab plays OpenSearch.
    pub(crate) fn has_domain(&self) -> bool {
        !self.facts().domains.is_empty()
    }

    pub(crate) fn domain(&self) -> Result<&DomainFacts, DemoError> {
        let first = self.facts().domains.first();
        first.ok_or_else(|| DemoError::stage("looking up the domain", "the lab plays no domain"))
    }

    pub(crate) fn imds_requests(&self) -> u64 {
        self.lab.ledger().asked(Service::Imds)
    }

    /// Number of requests that AWS's side has refused so far.
    pub(crate) fn refusals(&self) -> usize {
        self.lab.ledger().refusals.len()
    }

    /// The cause of the latest refusal by AWS's side after the first `before` ones.
    pub(crate) fn refusal_since(&self, before: usize) -> Option<Cause> {
        let ledger = self.lab.ledger();
        ledger
            .refusals
            .get(before..)?
            .last()
            .map(|refusal| refusal.cause)
    }
}
