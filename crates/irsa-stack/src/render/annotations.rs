//! Annotations of service accounts: the role, if EKS gives it by one, and what the webhook injects.

use irsa_chain::untrusted::quoted;
use irsa_sidecar::names::{
    APPLICATION_IDENTITY, IDENTITY, OPENSEARCH, POSTGRES, REGION, ROLE_ARN, eks,
};

use super::kubernetes::upstreams;
use crate::stack::{Cluster, Injection, Stack, Workload};
use crate::yaml::Yaml;

/// The annotations of a workload's service account, if it needs any.
pub(super) fn service_account(stack: &Stack, workload: &Workload) -> Option<Yaml> {
    let annotations: Vec<(_, String)> = match stack.injection {
        Injection::Sidecar => role(workload).into_iter().collect(),
        Injection::Webhook => injected(stack, workload),
    };
    let texts = annotations
        .into_iter()
        .map(|(key, value)| (key, Yaml::Text(value)));
    (texts.len() > 0).then(|| Yaml::map(texts))
}

/// Fails if workloads with the same service account in a cluster differ in what the webhook would inject.
///
/// # Errors
/// The workloads, with what to change.
pub(super) fn check(stack: &Stack, cluster: &Cluster) -> Result<(), String> {
    let runs_here = |one: &&Workload| one.clusters.contains(&cluster.name);
    let workloads: Vec<_> = stack.workloads.iter().filter(runs_here).collect();
    for (number, one) in workloads.iter().enumerate() {
        let mut others = workloads.iter().take(number);
        let differs = |other: &&&Workload| {
            other.service_account == one.service_account
                && service_account(stack, other) != service_account(stack, one)
        };
        if let Some(other) = others.find(differs) {
            return Err(format!(
                "{} and {} share the service account {}, whose annotations the webhook reads, but use different data \
                 stores or ports: give each its own service account, or use `--inject sidecar`",
                quoted(&other.key),
                quoted(&one.key),
                one.service_account
            ));
        }
    }
    Ok(())
}

/// The annotation by which EKS gives the role to every container.
fn role(workload: &Workload) -> Option<(&'static str, String)> {
    let is_given = workload.has_annotation;
    is_given.then(|| (eks::ROLE_ARN, workload.role.to_string()))
}

/// What `irsa webhook` needs for the sidecar that [`super::kubernetes::sidecar`] describes. The image is the webhook's.
fn injected(stack: &Stack, workload: &Workload) -> Vec<(&'static str, String)> {
    let mut annotations: Vec<_> = role(workload).into_iter().collect();
    if workload.uses_pod_identity {
        annotations.push((IDENTITY, "pod-identity".to_owned()));
    }
    if workload.uses_pod_identity || workload.has_annotation {
        // EKS gives the role to all containers. Without the annotation, the webhook would warn about it.
        annotations.push((APPLICATION_IDENTITY, "keep".to_owned()));
    } else {
        annotations.push((ROLE_ARN, workload.role.to_string()));
    }
    annotations.push((REGION, stack.region.to_string()));
    for upstream in upstreams(stack, workload) {
        for (scheme, key) in [("postgres://", POSTGRES), ("opensearch://", OPENSEARCH)] {
            if let Some(rest) = upstream.strip_prefix(scheme) {
                annotations.push((key, rest.to_owned()));
            }
        }
    }
    annotations
}
