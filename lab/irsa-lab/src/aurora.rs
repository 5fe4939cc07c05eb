//! Aurora: for each cluster of the world a real PostgreSQL, and before it a front that plays RDS.
//!
//! ```text
//! client -- TLS --> front -- Unix socket --> PostgreSQL (a child process, in a folder that only the lab can enter)
//! ```
//!
//! The front is where RDS differs from PostgreSQL: nobody gets in without TLS; members of `rds_iam` log in with a
//! token that is verified here ([`crate::rds_token`]) and then have a real session as that user; everybody else has
//! the real server's own SCRAM exchange, passed on untouched. After the login, all bytes are the real server's. What
//! goes wrong is told to the client in RDS's words and to the [ledger](crate::Ledger) with its true cause.
//!
//! Aurora's functions (`aurora_replica_status()` and its kin) are SQL functions over settings of the real server.

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

/// All clusters of a running lab. Dropped, it cuts all sessions and stops the servers.
#[derive(Debug)]
pub struct Aurora {
    clusters: Vec<RunningCluster>,
    faults: Arc<FrontFaults>,
}

impl Aurora {
    /// Starts every cluster of the world, one after the other. PostgreSQL is fetched when it is not there yet.
    ///
    /// # Errors
    /// PostgreSQL could not be fetched or started, or a front could not listen; servers that were started are
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

    /// Where the clusters are.
    pub fn clusters(&self) -> Vec<ClusterFacts> {
        self.clusters
            .iter()
            .map(|cluster| cluster.facts().clone())
            .collect()
    }

    /// The faults of TLS and network, of all clusters together.
    pub fn faults(&self) -> &Arc<FrontFaults> {
        &self.faults
    }

    /// Runs SQL as the superuser of a cluster, past the front: to grant or revoke while sessions go on.
    ///
    /// # Errors
    /// There is no such cluster or database, or a statement failed.
    pub async fn execute(&self, cluster: &str, database: &str, sql: &str) -> Result<(), LabError> {
        let found = self.clusters.iter().find(|one| one.facts().name == cluster);
        let missing =
            || LabError::aurora(format!("looking for cluster `{cluster}`"), "there is none");
        found.ok_or_else(missing)?.execute(database, sql).await
    }

    /// Cuts all sessions and stops the servers.
    pub async fn stop(self) {
        for cluster in self.clusters {
            cluster.stop().await;
        }
    }
}

/// An error of PostgreSQL, with what helps.
fn failed(doing: &str, error: PostgresError) -> LabError {
    let remedy = error
        .remedy()
        .map(|remedy| format!(" ({remedy})"))
        .unwrap_or_default();
    LabError::aurora(format!("{doing}{remedy}"), error)
}

#[cfg(test)]
mod tests;
