//! Aurora: for each cluster of the world a real PostgreSQL, and in front of it a proxy that plays RDS (the *front*).
//!
//! ```text
//! client -- TLS --> front -- Unix socket --> PostgreSQL (a child process, in a directory that only the lab can enter)
//! ```
//!
//! The front implements the differences between RDS and PostgreSQL: connections without TLS are rejected; members of
//! `rds_iam` log in with a token that the front verifies ([`crate::rds_token`]), and then have a real session as that
//! user; all other users go through the real server's SCRAM exchange, which is relayed unchanged. After the login all
//! bytes are the real server's. On a failure, the client receives RDS's error text and the [ledger](crate::Ledger) the
//! true cause.
//!
//! Aurora's functions (`aurora_replica_status()` and related ones) are SQL functions over settings of the real server.

mod answers;
mod cluster;
mod directory;
pub mod faults;
mod front;
mod login;
mod opening;
mod relay;
mod server;
mod setup;
mod wire;

use std::sync::Arc;

use irsa_components::postgres::{PostgresBinaries, PostgresError};

use self::cluster::RunningCluster;
use self::faults::FrontFaults;
use crate::deps::FrontDeps;
use crate::error::LabError;
use crate::facts::ClusterFacts;

/// All clusters of a running lab. Dropping it closes all sessions and stops the servers.
#[derive(Debug)]
pub struct Aurora {
    clusters: Vec<RunningCluster>,
    faults: Arc<FrontFaults>,
}

impl Aurora {
    /// Starts every cluster of the world, one after the other, and downloads PostgreSQL if it is missing.
    ///
    /// # Errors
    /// PostgreSQL could not be downloaded or started, or a front could not listen. Servers that were started are
    /// stopped.
    pub async fn start(deps: FrontDeps) -> Result<Self, LabError> {
        let faults = Arc::new(FrontFaults::new(Arc::clone(&deps.faults)));
        let mut clusters = Vec::new();
        if deps.world.clusters().is_empty() {
            return Ok(Self { clusters, faults });
        }
        let binaries = PostgresBinaries::locate(
            deps.postgres_bin.as_deref(),
            &deps.cache_dir,
            &*deps.progress,
        )
        .await
        .map_err(|error| failed("looking for PostgreSQL", error))?;
        for cluster in deps.world.clusters() {
            clusters.push(RunningCluster::start(&deps, &binaries, &faults, cluster).await?);
        }
        Ok(Self { clusters, faults })
    }

    /// Returns the addresses of the clusters.
    pub fn clusters(&self) -> Vec<ClusterFacts> {
        self.clusters
            .iter()
            .map(|cluster| cluster.facts().clone())
            .collect()
    }

    /// Returns the TLS and network faults, which apply to all clusters.
    pub fn faults(&self) -> &Arc<FrontFaults> {
        &self.faults
    }

    /// Runs SQL as the superuser of a cluster, bypassing the front: for example to grant or revoke during sessions.
    ///
    /// # Errors
    /// The cluster or database does not exist, or a statement failed.
    pub async fn execute(&self, cluster: &str, database: &str, sql: &str) -> Result<(), LabError> {
        let found = self.clusters.iter().find(|one| one.facts().name == cluster);
        let missing =
            || LabError::aurora(format!("finding cluster `{cluster}`"), "it does not exist");
        found.ok_or_else(missing)?.execute(database, sql).await
    }

    /// Closes all sessions and stops the servers.
    pub async fn stop(self) {
        for cluster in self.clusters {
            cluster.stop().await;
        }
    }
}

/// Returns a PostgreSQL error with its remedy.
fn failed(doing: &str, error: PostgresError) -> LabError {
    let remedy = error
        .remedy()
        .map(|remedy| format!(" ({remedy})"))
        .unwrap_or_default();
    LabError::aurora(format!("{doing}{remedy}"), error)
}

#[cfg(test)]
mod tests;
