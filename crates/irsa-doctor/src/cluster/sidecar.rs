//! `irsa` beside the application.

use irsa_chain::Link;
use irsa_kube::Pod;

use super::Cluster;
use crate::{Check, CheckOutcome, Place, Verdict};

pub(super) static ORDER: Check = Check {
    id: "sidecar-order",
    place: Place::Cluster,
    link: Link::Endpoint,
    question: "Is the proxy there before those who use it?",
    description: "Looks for a container that is `irsa`: it should be a native sidecar (an init container with `restartPolicy: \
               Always`, Kubernetes 1.29 or later), the first of the init containers, with a startup probe.",
    causes: &[],
    needs: &["cluster-pod"],
};

pub(super) async fn starts_first(cluster: &mut Cluster) -> CheckOutcome {
    let Some(pod) = &cluster.learned.pod else {
        return CheckOutcome::not_applicable("there is no pod");
    };
    let Some(proxy) = pod.containers().find(|container| container.is_irsa()) else {
        return CheckOutcome::not_applicable("no container of the pod is irsa");
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
            format!("`{name}` starts together with the others, and a Job never ends while it runs"),
        );
    };
    if !proxy.is_native_sidecar() {
        return late(
            pod,
            format!("`{name}` ends before the others start: it lacks `restartPolicy: Always`"),
        );
    }
    if !proxy.has_startup_probe {
        return late(
            pod,
            format!("`{name}` has no startup probe: the others start before it listens"),
        );
    }
    let others = &pod.spec.init_containers[..before];
    let names: Vec<&str> = others.iter().map(|one| one.name.as_str()).collect();
    CheckOutcome::holds(match names.as_slice() {
        [] => format!("`{name}` listens before all others start"),
        names => format!(
            "`{name}` listens before all others start but {}",
            names.join(", ")
        ),
    })
}

/// It works as long as the application tries again. No cause of a refusal is behind it.
fn late(pod: &Pod, seen: String) -> CheckOutcome {
    let seen = CheckOutcome {
        verdict: Verdict::Warning,
        what: seen,
        cause: None,
        remedy: None,
    };
    seen.remedy(format!(
        "in the template of {} make it the first of `initContainers`, with `restartPolicy: Always` and `startupProbe: \
         {{httpGet: {{path: /startupz, port: irsa-admin}}}}` (`--admin-address`)",
        pod.template()
    ))
}
