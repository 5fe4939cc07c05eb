//! The pod, and the service account that it runs as.

use irsa_chain::{Cause, Link, ServiceAccount};
use irsa_kube::Pod;

use super::text::{age, unreadable};
use super::{Cluster, Target, account, containers};
use crate::{Check, CheckOutcome, Place};

pub(super) static POD: Check = Check {
    id: "cluster-pod",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Which pod is checked?",
    description: "Reads the pod, or the newest one that runs as the service account.",
    causes: &[],
    needs: &["cluster-api"],
};

pub(super) static OWN_ACCOUNT: Check = Check {
    id: "pod-account",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Does the pod have its own service account?",
    description: "Reads `serviceAccountName`. A pod that does not set it runs as `default`, which rarely has a role.",
    causes: &[Cause::ServiceAccountDefault],
    needs: &["cluster-pod", "account-exists"],
};

pub(super) static RUNNING: Check = Check {
    id: "pod-running",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Is the pod running?",
    description: "Reads the pod's phase, and the reason if it is `Pending` or `Failed`: the other checks then show how the \
               pod is configured, but the pod has not used that configuration yet.",
    causes: &[],
    needs: &["cluster-pod"],
};

/// The account of pods that do not name one.
const DEFAULT: &str = "default";

/// The outcome of checks about the pod if none was found.
const NO_POD: &str = "no pod uses the service account at the moment";

pub(super) async fn exists(cluster: &mut Cluster) -> CheckOutcome {
    let pods = match &cluster.target {
        Target::Pod { namespace, name } => {
            let pod = cluster.reader.pod(namespace, name).await;
            pod.map(|pod| vec![pod])
        }
        Target::ServiceAccount(account) => cluster.reader.pods_for(account).await,
    };
    match pods {
        Ok(pods) => take(cluster, pods),
        Err(error) if error.is_absent() => {
            let namespace = cluster.namespace();
            unreadable(&error).remedy(format!(
                "run `kubectl -n {namespace} get pods` and name one of the existing pods with `--pod`"
            ))
        }
        Err(error) => unreadable(&error),
    }
}

fn take(cluster: &mut Cluster, pods: Vec<Pod>) -> CheckOutcome {
    let count = pods.len();
    let Some(pod) = pods.into_iter().next() else {
        return CheckOutcome::not_applicable(NO_POD);
    };
    if let Some(wanted) = cluster.container.as_deref()
        && pod.container(wanted).is_none()
    {
        let names: Vec<&str> = pod.containers().map(|one| one.name.as_str()).collect();
        return CheckOutcome::unsure(format!(
            "pod {} has no container `{wanted}`; its containers are {}",
            pod.metadata.name,
            names.join(", ")
        ));
    }
    let seen = describe(&pod, count, cluster);
    cluster.workload.service_account = pod.service_account();
    cluster.workload.identity = containers::kind(&pod);
    cluster.learned.pod = Some(pod);
    CheckOutcome::holds(seen)
}

fn describe(pod: &Pod, count: usize, cluster: &Cluster) -> String {
    let among = if count > 1 {
        format!(", the newest of {count}")
    } else {
        String::new()
    };
    let node = match (&pod.spec.node_name, pod.spec.host_network) {
        (Some(node), true) => format!(", on node {node} (hostNetwork)"),
        (Some(node), false) => format!(", on node {node}"),
        (None, _) => ", not scheduled yet".to_owned(),
    };
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    let age = age(pod.metadata.created, cluster.now);
    format!("{namespace}/{name}, {age}{among}{node}")
}

pub(super) async fn has_own_account(cluster: &mut Cluster) -> CheckOutcome {
    let Some(pod) = &cluster.learned.pod else {
        return CheckOutcome::not_applicable(NO_POD);
    };
    let Some(account) = pod.service_account() else {
        return CheckOutcome::unsure("the name of its service account is invalid");
    };
    let has_role = account::annotated_role(cluster).is_some();
    if account.name() != DEFAULT {
        return CheckOutcome::holds(format!("it runs as {account}"));
    }
    if has_role || containers::any_has_identity(pod) {
        let seen = format!(
            "it runs as `default`: every pod in namespace {} without its own service account has this role too",
            account.namespace()
        );
        return CheckOutcome::warning(Cause::ServiceAccountDefault, seen)
            .remedy(own_account_remedy(pod, &account));
    }
    CheckOutcome::broken(
        Cause::ServiceAccountDefault,
        "it sets no serviceAccountName, so it runs as `default`, which has no role",
    )
    .remedy(annotated_account_remedy(pod, &account))
}

fn own_account_remedy(pod: &Pod, account: &ServiceAccount) -> String {
    let namespace = account.namespace();
    format!(
        "run `kubectl -n {namespace} create serviceaccount NAME`, give the new account the role, set \
         `spec.serviceAccountName` in the template of {} to it, then remove the role from `default`",
        pod.template()
    )
}

/// Checks that the pod runs: a pod that has not started has not used its identity.
pub(super) async fn runs(cluster: &mut Cluster) -> CheckOutcome {
    let Some(pod) = &cluster.learned.pod else {
        return CheckOutcome::not_applicable(NO_POD);
    };
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    match pod.status.phase.as_str() {
        "" => CheckOutcome::not_applicable("the API server reports no phase"),
        phase @ ("Running" | "Succeeded") => CheckOutcome::holds(phase),
        phase => {
            let why = pod.status.reason().map_or_else(String::new, |why| {
                format!(": {}", irsa_chain::untrusted::printable(&why))
            });
            let seen = format!("the pod is {phase}{why}; its identity is not in use yet");
            CheckOutcome::unsure(seen).remedy(format!(
                "run `kubectl -n {namespace} describe pod {name}` to see its events, and check again when it runs"
            ))
        }
    }
}

fn annotated_account_remedy(pod: &Pod, account: &ServiceAccount) -> String {
    let namespace = account.namespace();
    format!(
        "set `spec.serviceAccountName` in the template of {} to the service account with the annotation \
         eks.amazonaws.com/role-arn; to find it, run `kubectl -n {namespace} get serviceaccounts -o yaml | grep -B9 \
         role-arn`",
        pod.template()
    )
}
