//! Words that several checks use.

use std::time::{Duration, SystemTime};

use irsa_kube::{ReadError, ReadErrorKind};

use crate::CheckOutcome;

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
