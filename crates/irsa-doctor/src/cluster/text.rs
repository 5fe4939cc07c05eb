//! Texts that several checks share.

use std::time::SystemTime;

use irsa_chain::duration::short;
use irsa_kube::{Pod, ReadError, ReadErrorKind};

use crate::{CheckOutcome, Commands, Remedy};

/// The outcome of a check whose object cannot be read, with the command that grants the permission.
pub(super) fn unreadable(error: &ReadError) -> CheckOutcome {
    let seen = CheckOutcome::unsure(error.to_string());
    match &error.kind {
        ReadErrorKind::Denied(_) => {
            seen.remedy(format!("grant the permission: `{}`", error.rule.command(error.user())))
        }
        ReadErrorKind::Unauthenticated | ReadErrorKind::NoCredentials => seen.remedy(
            "log in to the cluster again, and check with `kubectl get serviceaccounts`; for EKS, run `aws eks \
             update-kubeconfig --name CLUSTER`",
        ),
        ReadErrorKind::Unreachable(_) => seen.remedy(
            "run `kubectl version` here with the same kubeconfig and context to check the connection",
        ),
        _ => seen,
    }
}

/// The command that replaces all pods of this pod's workload, if a controller creates new ones.
pub(super) fn restart(pod: &Pod) -> Option<String> {
    let template = pod.template();
    let (kind, _) = template.split_once('/')?;
    let can_restart = ["deployment", "statefulset", "daemonset"].contains(&kind);
    let namespace = &pod.metadata.namespace;
    can_restart.then(|| format!("kubectl -n {namespace} rollout restart {template}"))
}

/// The commands that recreate the pod, so that the webhook sees a new one. `first` runs before them.
pub(super) fn then_recreate(pod: &Pod, first: Option<String>) -> Remedy {
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    let delete = format!("kubectl -n {namespace} delete pod {name}");
    if pod.metadata.owners.is_empty() {
        let first = first.map(|first| format!("run `{first}`, then "));
        let again = format!(
            "`{delete}`, and create the pod again from its manifest: it has no controller that does"
        );
        return Remedy::from(first.unwrap_or_else(|| "run ".to_owned()) + &again);
    }
    let all = first.as_ref().and_then(|_| restart(pod));
    Commands::new(first.into_iter().chain([all.unwrap_or(delete)])).into()
}

/// The age of an object in its two largest units, such as `3h 20m old`.
pub(super) fn age(created: Option<SystemTime>, now: SystemTime) -> String {
    let age = created.and_then(|time| now.duration_since(time).ok());
    age.map_or_else(
        || "of unknown age".to_owned(),
        |age| format!("{} old", short(age)),
    )
}
