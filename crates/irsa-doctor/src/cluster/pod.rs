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
    question: "Which pod is looked at?",
    description: "Reads the pod, or the newest one that runs as the service account.",
    causes: &[],
    needs: &["cluster-api"],
};

pub(super) static OWN_ACCOUNT: Check = Check {
    id: "pod-account",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Does the pod run as a service account of its own?",
    description: "Looks at `serviceAccountName`. A pod that names none runs as `default`, which hardly ever has a role.",
    causes: &[Cause::ServiceAccountDefault],
    needs: &["cluster-pod", "account-exists"],
};

pub(super) static RUNNING: Check = Check {
    id: "pod-running",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Does the pod run?",
    description: "Reads the pod's phase. Of a pod that is `Pending` or `Failed` the reason is reported: the other checks read \
               what it was given, which it has not used yet.",
    causes: &[],
    needs: &["cluster-pod"],
};

/// The account of pods that name none.
const DEFAULT: &str = "default";

pub(super) async fn is_there(cluster: &mut Cluster) -> CheckOutcome {
    let pods = match &cluster.target {
        Target::Pod { namespace, name } => {
            let pod = cluster.reader.pod(namespace, name).await;
            pod.map(|pod| vec![pod])
        }
        Target::ServiceAccount(account) => cluster.reader.pods_of(account).await,
    };
    match pods {
        Ok(pods) => take(cluster, pods),
        Err(error) if error.is_absent() => {
            let namespace = cluster.namespace();
            unreadable(&error).remedy(format!("`kubectl -n {namespace} get pods` lists them"))
        }
        Err(error) => unreadable(&error),
    }
}

fn take(cluster: &mut Cluster, pods: Vec<Pod>) -> CheckOutcome {
    let of = pods.len();
    let Some(pod) = pods.into_iter().next() else {
        return CheckOutcome::not_applicable("no pod runs as the service account now");
    };
    if let Some(wanted) = cluster.container.as_deref()
        && pod.container(wanted).is_none()
    {
        let names: Vec<&str> = pod.containers().map(|one| one.name.as_str()).collect();
        return CheckOutcome::unsure(format!(
            "pod {} has no container `{wanted}`; it has {}",
            pod.metadata.name,
            names.join(", ")
        ));
    }
    let seen = describe(&pod, of, cluster);
    cluster.workload.service_account = pod.service_account();
    cluster.workload.identity = containers::kind(&pod);
    cluster.learned.pod = Some(pod);
    CheckOutcome::holds(seen)
}

fn describe(pod: &Pod, of: usize, cluster: &Cluster) -> String {
    let among = if of > 1 {
        format!(", the newest of {of}")
    } else {
        String::new()
    };
    let node = match (&pod.spec.node_name, pod.spec.host_network) {
        (Some(node), true) => format!(", on node {node} and in its network"),
        (Some(node), false) => format!(", on node {node}"),
        (None, _) => ", not yet on a node".to_owned(),
    };
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    let age = age(pod.metadata.created, cluster.now);
    format!("{namespace}/{name}, {age}{among}{node}")
}

pub(super) async fn runs_as_its_own(cluster: &mut Cluster) -> CheckOutcome {
    let Some(pod) = &cluster.learned.pod else {
        return CheckOutcome::not_applicable("no pod runs as the service account now");
    };
    let Some(account) = pod.service_account() else {
        return CheckOutcome::unsure("its service account's name is invalid");
    };
    let has_role = account::annotated_role(cluster).is_some();
    if account.name() != DEFAULT {
        return CheckOutcome::holds(format!("it runs as {account}"));
    }
    if has_role || containers::any_has_identity(pod) {
        let seen = format!(
            "it runs as `default`: every pod of namespace {} that names no service account has its role, too",
            account.namespace()
        );
        return CheckOutcome::warning(Cause::ServiceAccountDefault, seen)
            .remedy(account_of_its_own(pod, &account));
    }
    CheckOutcome::broken(
        Cause::ServiceAccountDefault,
        "it runs as `default`, the service account of pods that name none, which has no role",
    )
    .remedy(remedy(pod, &account))
}

fn account_of_its_own(pod: &Pod, account: &ServiceAccount) -> String {
    let namespace = account.namespace();
    format!(
        "`kubectl -n {namespace} create serviceaccount NAME`, give it the role, name it in `spec.serviceAccountName` of \
         the template of {}, then remove the role from `default`",
        pod.template()
    )
}

/// Whether the pod runs: a pod that does not start shows nothing of its identity.
pub(super) async fn runs(cluster: &mut Cluster) -> CheckOutcome {
    let Some(pod) = &cluster.learned.pod else {
        return CheckOutcome::not_applicable("no pod runs as the service account now");
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
                "`kubectl -n {namespace} describe pod {name}` shows its events; check again once it runs"
            ))
        }
    }
}

fn remedy(pod: &Pod, account: &ServiceAccount) -> String {
    let namespace = account.namespace();
    format!(
        "set `spec.serviceAccountName` in the template of {} to the account that carries \
         eks.amazonaws.com/role-arn; `kubectl -n {namespace} get serviceaccounts -o yaml | grep -B9 role-arn` finds it",
        pod.template()
    )
}
