//! A cluster: a real PostgreSQL that is set up like Aurora, and the front before it.

use std::path::Path;
use std::sync::Arc;

use irsa_components::postgres::{Postgres, PostgresBinaries, PostgresOptions, StopMode};
use irsa_components::run_as::private_folder;
use irsa_net::listen::{ListenAddress, ListenOptions, Listener};
use irsa_net::tls::limit_records;
use irsa_pgwire::MAX_TLS_RECORD;
use irsa_pgwire::startup::Version;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::directory::Directory;
use super::faults::FrontFaults;
use super::front::Front;
use super::opening::ALPN;
use super::{failed, server, setup};
use crate::certificates;
use crate::deps::FrontDeps;
use crate::error::LabError;
use crate::facts::ClusterFacts;
use crate::ledger::Service;
use crate::world::Cluster;

/// The writer's `session_id` in `aurora_replica_status()`.
const WRITER_SESSION: &str = "MASTER_SESSION_ID";
/// The first major version of PostgreSQL that speaks protocol 3.2.
const FIRST_WITH_3_2: u32 = 18;

/// A running cluster. Fields are dropped in this order: front, server, directory.
#[derive(Debug)]
pub(super) struct RunningCluster {
    facts: ClusterFacts,
    front: JoinSet<()>,
    postgres: Postgres,
    _folder: TempDir,
}

impl RunningCluster {
    /// Starts the server, sets it up, and listens on a free loopback port.
    pub(super) async fn start(
        deps: &FrontDeps,
        binaries: &PostgresBinaries,
        network: &Arc<FrontFaults>,
        cluster: &Cluster,
    ) -> Result<Self, LabError> {
        let doing = format!("starting cluster `{}`", cluster.name);
        (deps.progress)(&format!("{doing} on PostgreSQL {}", binaries.version()));
        let folder =
            private_folder(binaries.run_as()).map_err(|error| LabError::aurora(&doing, error))?;
        let options = options(folder.path(), &deps.state_dir, cluster);
        let postgres = Postgres::start(binaries, options)
            .await
            .map_err(|error| failed(&doing, error))?;
        setup::set_up(&postgres, cluster).await?;
        let listener = Listener::bind(
            &ListenAddress::Loopback { port: 0 },
            ListenOptions::default(),
        )
        .await
        .map_err(|error| LabError::aurora(&doing, error))?;
        let facts = facts(cluster, listener.port().unwrap_or_default());
        let endpoints = cluster.signing_endpoints();
        let names: Vec<&str> = endpoints.iter().map(|(host, _)| host.as_str()).collect();
        let (authority, faults) = (&deps.authority, &deps.faults);
        let tls =
            certificates::server_config(authority, (&names, &[ALPN]), faults, Service::Aurora)
                .map_err(|error| LabError::aurora(&doing, error))?;
        let front = Front {
            cluster: cluster.clone(),
            deps: deps.clone(),
            network: Arc::clone(network),
            endpoints,
            tls: limit_records(tls, MAX_TLS_RECORD),
            directory: Directory::new(&postgres, cluster),
            socket: postgres.socket(),
            newest_protocol: newest_protocol(binaries.version()),
        };
        let mut task = JoinSet::new();
        task.spawn(Arc::new(front).serve(listener));
        Ok(Self {
            facts,
            front: task,
            postgres,
            _folder: folder,
        })
    }

    pub(super) fn facts(&self) -> &ClusterFacts {
        &self.facts
    }

    pub(super) async fn execute(&self, database: &str, sql: &str) -> Result<(), LabError> {
        setup::execute(&self.postgres, database, sql).await
    }

    /// Closes all sessions, then stops the server.
    pub(super) async fn stop(mut self) {
        self.front.shutdown().await;
        if let Err(error) = self.postgres.stop(StopMode::Immediate).await {
            tracing::warn!(%error, cluster = self.facts.name, "PostgreSQL did not stop cleanly");
        }
    }
}

/// Returns the server's options. Data and socket are in a directory with a short path that belongs to the server's
/// account; the log is in the lab's directory, where users look for it.
fn options(folder: &Path, state_dir: &Path, cluster: &Cluster) -> PostgresOptions {
    let mut options = PostgresOptions::new(folder);
    setup::SUPERUSER.clone_into(&mut options.superuser);
    options.hba = server::hba(cluster.master_user.as_ref());
    options.log_file = state_dir.join(format!("postgres-{}.log", cluster.name));
    let instance = cluster
        .instances
        .first()
        .map_or(cluster.name.as_str(), |writer| writer.name.as_str());
    let topology = serde_json::json!([{ "server_id": instance, "session_id": WRITER_SESSION }]);
    let settings = [
        ("irsa_lab.instance", instance.to_owned()),
        ("irsa_lab.topology", topology.to_string()),
        ("password_encryption", "scram-sha-256".to_owned()),
        // As XA users set it in the cluster's parameter group; with PostgreSQL's default of 0, PREPARE TRANSACTION
        // fails.
        ("max_prepared_transactions", "20".to_owned()),
    ];
    options.settings = settings
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
    options
}

fn facts(cluster: &Cluster, port: u16) -> ClusterFacts {
    ClusterFacts {
        name: cluster.name.clone(),
        endpoint: cluster.endpoint.clone(),
        reader_endpoint: cluster.reader_endpoint.clone(),
        port: cluster.port,
        dial: format!("127.0.0.1:{port}"),
        reader_dial: None,
        resource_id: cluster.resource_id.clone(),
        databases: cluster.databases.clone(),
    }
}

/// Returns the newest protocol that PostgreSQL `version` ("17.11") supports.
fn newest_protocol(version: &str) -> Version {
    let major: u32 = version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok())
        .unwrap_or_default();
    if major >= FIRST_WITH_3_2 {
        Version::V3_2
    } else {
        Version::V3_0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_3_2_came_with_postgresql_18() {
        assert_eq!(newest_protocol("17.11"), Version::V3_0);
        assert_eq!(newest_protocol("18.1"), Version::V3_2);
        assert_eq!(newest_protocol("18beta1"), Version::V3_0);
    }
}
