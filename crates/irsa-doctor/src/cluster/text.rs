//! Words that several checks use.

use std::time::{Duration, SystemTime};

use irsa_kube::{Pod, ReadError, ReadErrorKind};

use crate::{CheckOutcome, Commands, Remedy};

/// Why something was not read, and what permits it.
pub(super) fn unreadable(error: &ReadError) -> CheckOutcome {
    let seen = CheckOutcome::unsure(error.to_string());
    match &error.kind {
        ReadErrorKind::Denied(_) => {
            seen.remedy(format!("permit it: `{}`", error.rule.command(error.user())))
        }
        ReadErrorKind::Unauthenticated | ReadErrorKind::NoCredentials => seen.remedy(
            "log in again, as `kubectl get serviceaccounts` asks for; for EKS `aws eks update-kubeconfig --name CLUSTER`",
        ),
        ReadErrorKind::Unreachable(_) => seen.remedy(
            "see that `kubectl version` works from here with the same kubeconfig and context",
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

/// What to do so that the webhook acts on a new pod. `first` comes before it.
pub(super) fn then_recreate(pod: &Pod, first: Option<String>) -> Remedy {
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    let delete = format!("kubectl -n {namespace} delete pod {name}");
    if pod.metadata.owners.is_empty() {
        let first = first.map(|first| format!("run `{first}`, then "));
        let again =
            format!("`{delete}`, and create it again from its manifest: no controller does");
        return Remedy::from(first.unwrap_or_default() + &again);
    }
    let all = first.as_ref().and_then(|_| restart(pod));
    Commands::new(first.into_iter().chain([all.unwrap_or(delete)])).into()
}

/// `3h 20m`: how long ago, to the two largest units.
pub(super) fn age(of: Option<SystemTime>, now: SystemTime) -> String {
    let age = of.and_then(|time| now.duration_since(time).ok());
    age.map_or_else(
        || "of unknown age".to_owned(),
        |age| format!("{} old", span(age)),
    )
}

/// A duration to its two largest units.
pub(super) fn span(duration: Duration) -> String {
    let text = humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}
