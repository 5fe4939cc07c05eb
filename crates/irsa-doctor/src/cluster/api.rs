//! The API server.

use std::time::SystemTime;

use irsa_chain::Link;
use irsa_chain::duration::short;

use super::Cluster;
use super::text::unreadable;
use crate::{Check, CheckOutcome, Place};

pub(super) static API: Check = Check {
    id: "cluster-api",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Does the Kubernetes API respond?",
    description: "Requests the version of the API server in the kubeconfig, and compares its clock, which dates the \
               tokens, with this machine's.",
    causes: &[],
    needs: &[],
};

pub(super) async fn answers(cluster: &mut Cluster) -> CheckOutcome {
    match cluster.reader.server().await {
        Ok(server) => CheckOutcome::holds(format!(
            "{} runs {}{}",
            cluster.reader.address(),
            server.version,
            clock(server.clock, cluster.now)
        )),
        Err(error) => unreadable(&error),
    }
}

fn clock(server: Option<SystemTime>, now: SystemTime) -> String {
    let Some(server) = server else {
        return String::new();
    };
    match server.duration_since(now) {
        Ok(ahead) if ahead.as_secs() > 1 => {
            format!("; its clock is {} ahead of this machine's", short(ahead))
        }
        Err(behind) if behind.duration().as_secs() > 1 => {
            let behind = short(behind.duration());
            format!("; its clock is {behind} behind this machine's")
        }
        _ => "; its clock agrees with this machine's".to_owned(),
    }
}
