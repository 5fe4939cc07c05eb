//! The pods of the workloads, which their tokens are bound to.

use irsa_chain::Region;

use crate::oidc::{PodBinding, TokenSpec};
use crate::random;
use crate::world::{Workload, World};

/// The node that all pods run on.
#[derive(Debug)]
pub(crate) struct Node {
    name: String,
    uid: String,
}

impl Node {
    pub(crate) fn new(region: &Region) -> Self {
        Self {
            name: format!("ip-10-0-1-23.{region}.compute.internal"),
            uid: random::uuid(),
        }
    }
}

/// A workload's pod, with its token.
#[derive(Debug)]
pub(crate) struct Pod {
    /// The workload's name.
    pub(crate) workload: String,
    /// The token that the kubelet requests for it.
    pub(crate) token: TokenSpec,
}

/// Returns a pod for each workload; its tokens expire after `token_seconds`.
pub(crate) fn pods(world: &World, token_seconds: u64) -> Vec<Pod> {
    let node = Node::new(world.region());
    let expires_in = i64::try_from(token_seconds).unwrap_or(i64::MAX);
    world
        .workloads()
        .iter()
        .map(|workload| {
            let token =
                TokenSpec::new(workload.service_account.clone()).audience(&workload.audience);
            let token = TokenSpec {
                pod: Some(binding(workload, &node)),
                expires_in,
                ..token
            };
            Pod {
                workload: workload.name.clone(),
                token,
            }
        })
        .collect()
}

fn binding(workload: &Workload, node: &Node) -> PodBinding {
    PodBinding {
        name: format!("{}-{}", workload.name, random::pod_suffix()),
        uid: random::uuid(),
        node: node.name.clone(),
        node_uid: node.uid.clone(),
        service_account_uid: random::uuid(),
    }
}
