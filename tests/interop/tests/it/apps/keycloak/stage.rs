//! A lab for one Keycloak, and the two modes of reaching its database.

use std::collections::BTreeMap;
use std::io::Write as _;

use interop::proxy::Proxy;
use interop::server::cache_folder;
use irsa_demo::reference_apps::keycloak::KeycloakHome;
use irsa_demo::reference_apps::{AppError, Database, DatabaseMode, maven};
use irsa_lab::facts::{ClusterFacts, WorkloadFacts};
use irsa_lab::ledger::{Outcome, Service};
use irsa_lab::{Lab, LabOptions, World};
use irsa_testing::skip;

use super::two_phases::TWO_PHASES;
use crate::stage::start;

pub(super) const WORKLOAD: &str = "keycloak";

/// Returns Keycloak. If it cannot run here, prints the reason, and the test is skipped.
pub(crate) async fn keycloak_unless_missing() -> Option<KeycloakHome> {
    match with_maven().await {
        Ok(home) => Some(home),
        Err(missing @ AppError::Missing { .. }) => {
            skip(missing);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Requires Maven, which the first build needs.
async fn with_maven() -> Result<KeycloakHome, AppError> {
    let cache = cache_folder().unwrap();
    maven::build(&TWO_PHASES, &cache, &tell).await?;
    KeycloakHome::locate(&cache, &tell).await
}

/// Starts a lab, optionally with a session lifetime in seconds.
pub(super) async fn lab(session_seconds: Option<u64>) -> Lab {
    let mut options = LabOptions::new(World::camunda_8_3());
    options.cache_dir = cache_folder().unwrap();
    options.session_seconds = session_seconds;
    Lab::start(options).await.unwrap()
}

/// Returns Keycloak's database in the world.
pub(super) fn database() -> Database {
    Database {
        name: "keycloak".to_owned(),
        user: "keycloak".to_owned(),
    }
}

pub(super) fn through_irsa(port: u16) -> DatabaseMode {
    DatabaseMode::ThroughIrsa {
        host: "localhost".to_owned(),
        port,
    }
}

/// Returns the wrapper's connection to the lab's front, as the workload's pod.
pub(super) fn own_signing(lab: &Lab) -> DatabaseMode {
    let cluster = cluster(lab);
    DatabaseMode::OwnSigning {
        endpoint: cluster.endpoint.clone(),
        sign_port: cluster.port,
        port: cluster.dial.rsplit_once(':').unwrap().1.parse().unwrap(),
        ca_file: lab.facts().ca_file.clone(),
        identity: identity(lab),
    }
}

/// Starts the proxy of Keycloak's pod on this port. On SIGTERM it closes its sessions after a second.
pub(super) fn proxy(lab: &Lab, port: u16) -> Proxy {
    let upstream = format!("{}&listen=127.0.0.1:{port}", cluster(lab).upstream());
    let mut environment = identity(lab);
    environment.insert("IRSA_DRAIN_TIMEOUT".to_owned(), "1s".to_owned());
    start(&upstream, &environment)
}

/// Returns the number of sessions that the lab has issued, and of accepted database logins.
pub(super) fn served(lab: &Lab) -> (u64, u64) {
    let ledger = lab.ledger();
    let sessions = ledger.count(Service::Sts, "AssumeRoleWithWebIdentity", Outcome::Served);
    (
        sessions,
        ledger.count(Service::Aurora, "login", Outcome::Served),
    )
}

/// Bypasses the test harness, which captures the output of passing tests.
pub(super) fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Returns the cluster that Keycloak's database is in.
pub(super) fn cluster(lab: &Lab) -> &ClusterFacts {
    lab.facts().clusters.first().expect("the world has one")
}

fn identity(lab: &Lab) -> BTreeMap<String, String> {
    let workload = lab.facts().workload(WORKLOAD);
    let WorkloadFacts { environment, .. } = workload.expect("the world has it");
    let mut environment = environment.clone();
    environment.remove("IRSA_UPSTREAMS");
    environment
}
