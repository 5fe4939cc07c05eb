//! The containers to check, and the identity that each has.

use irsa_kube::{Container, Pod};

use super::Cluster;
use crate::IdentityKind;

pub(super) const ROLE: &str = "AWS_ROLE_ARN";
pub(super) const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
pub(super) const AGENT: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
pub(super) const AGENT_TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// The requested container; otherwise all regular containers, and the init containers that have an identity or run `irsa`.
pub(super) fn to_check(cluster: &Cluster) -> Vec<String> {
    let Some(pod) = &cluster.learned.pod else {
        return Vec::new();
    };
    if let Some(wanted) = &cluster.container {
        return vec![wanted.clone()];
    }
    let first = pod.spec.init_containers.iter();
    let first = first.filter(|container| has_any(container) || container.is_irsa());
    let all = first.chain(&pod.spec.containers);
    all.map(|container| container.name.clone()).collect()
}

/// Returns whether a container without an identity probably does not need one: it was not requested by name, and a
/// different container has an identity.
pub(super) fn may_go_without(cluster: &Cluster, pod: &Pod, container: &Container) -> bool {
    cluster.container.is_none() && !container.is_irsa() && any_has_identity(pod)
}

/// Returns whether any container has both variables of an identity.
pub(super) fn any_has_identity(pod: &Pod) -> bool {
    pod.containers()
        .any(|container| has_web_identity(container) || has_pod_identity(container))
}

/// The source of the pod's session. SDKs use the variables of IRSA if the pod has those of both.
pub(super) fn kind(pod: &Pod) -> Option<IdentityKind> {
    let any = |has: fn(&Container) -> bool| pod.containers().any(has);
    if any(has_web_identity) {
        Some(IdentityKind::WebIdentity)
    } else {
        any(has_pod_identity).then_some(IdentityKind::PodIdentity)
    }
}

/// Returns whether it has both variables of IRSA.
pub(super) fn has_web_identity(container: &Container) -> bool {
    container.variable(ROLE).is_some() && container.variable(TOKEN_FILE).is_some()
}

/// Returns whether it has both variables of EKS Pod Identity.
pub(super) fn has_pod_identity(container: &Container) -> bool {
    container.variable(AGENT).is_some() && container.variable(AGENT_TOKEN_FILE).is_some()
}

fn has_any(container: &Container) -> bool {
    let names = [ROLE, TOKEN_FILE, AGENT, AGENT_TOKEN_FILE];
    names.iter().any(|name| container.variable(name).is_some())
}

/// The pod and one of its containers.
pub(super) fn found<'a>(cluster: &'a Cluster, name: &str) -> Option<(&'a Pod, &'a Container)> {
    let pod = cluster.learned.pod.as_ref()?;
    Some((pod, pod.container(name)?))
}
