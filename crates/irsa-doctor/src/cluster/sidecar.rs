//! The start order of `irsa` and the application's containers.

use irsa_chain::Link;
use irsa_kube::Pod;

use super::Cluster;
use crate::{Check, CheckOutcome, Place, Verdict};

pub(super) static ORDER: Check = Check {
    id: "sidecar-order",
    place: Place::Cluster,
    link: Link::Endpoint,
    question: "Does the proxy start before the containers that use it?",
    description: "Looks for the container that runs `irsa`: it should be a native sidecar (an init container with \
               `restartPolicy: Always`, Kubernetes 1.29 or later), the first init container, with a startup probe.",
    causes: &[],
    needs: &["cluster-pod"],
};

pub(super) async fn starts_first(cluster: &mut Cluster) -> CheckOutcome {
    let Some(pod) = &cluster.learned.pod else {
        return CheckOutcome::not_applicable("no pod was found");
    };
    let Some(proxy) = pod.containers().find(|container| container.is_irsa()) else {
        return CheckOutcome::not_applicable("no container of the pod runs irsa");
    };
    let name = &proxy.name;
    let Some(before) = pod
        .spec
        .init_containers
        .iter()
        .position(|one| one.name == *name)
    else {
        return late(
            pod,
            format!(
                "`{name}` starts together with the other containers, and a Job never completes while it runs"
            ),
        );
    };
    if !proxy.is_native_sidecar() {
        return late(
            pod,
            format!(
                "`{name}` stops before the other containers start: it lacks `restartPolicy: Always`"
            ),
        );
    }
    if !proxy.has_startup_probe {
        return late(
            pod,
            format!("`{name}` has no startup probe: the other containers start before it listens"),
        );
    }
    let others = &pod.spec.init_containers[..before];
    let names: Vec<&str> = others.iter().map(|one| one.name.as_str()).collect();
    CheckOutcome::holds(match names.as_slice() {
        [] => format!("`{name}` listens before all other containers start"),
        names => format!(
            "`{name}` listens before all other containers start, except {}",
            names.join(", ")
        ),
    })
}

/// A warning without a cause: everything works as long as the application retries its connections.
fn late(pod: &Pod, seen: String) -> CheckOutcome {
    let seen = CheckOutcome {
        verdict: Verdict::Warning,
        what: seen,
        cause: None,
        remedy: None,
    };
    seen.remedy(format!(
        "in the template of {}, make it the first of `initContainers`, with `restartPolicy: Always` and `startupProbe: \
         {{httpGet: {{path: /startupz, port: irsa-admin}}}}` (`--admin-address`)",
        pod.template()
    ))
}
