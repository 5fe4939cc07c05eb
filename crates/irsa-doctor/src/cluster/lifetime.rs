//! The lifetime of the projected token.

use std::ops::RangeInclusive;

use irsa_chain::{Cause, Link};

use super::Cluster;
use super::token::{Token, VOLUME, token};
use crate::{Check, CheckOutcome, Place};
use irsa_chain::untrusted::quoted;

const EXPIRATION_ANNOTATION: &str = "eks.amazonaws.com/token-expiration";
/// The accepted lifetimes in seconds: the API server's minimum and the maximum of EKS (constants of
/// amazon-eks-pod-identity-webhook).
const LIFETIMES: RangeInclusive<i64> = 600..=86_400;

pub(super) static LIFETIME: Check = Check {
    id: "container-token-lifetime",
    place: Place::Cluster,
    link: Link::ProjectedToken,
    question: "Does the token have the requested lifetime?",
    description: "Reads the projection's `expirationSeconds` and the annotation `eks.amazonaws.com/token-expiration` of the \
               pod and the service account: EKS accepts 600 to 86400 seconds.",
    causes: &[Cause::TokenLifetimeRefused],
    needs: &["container-token-volume"],
};

pub(super) fn is_as_requested(cluster: &mut Cluster, name: &str) -> CheckOutcome {
    let (pod, granted) = match token(cluster, name) {
        Ok(Token {
            projection: Ok(projection),
            pod,
            ..
        }) => (pod, projection.expiration_seconds),
        Ok(_) => return CheckOutcome::not_reached(VOLUME.id),
        Err(seen) => return seen,
    };
    let granted = granted.unwrap_or(3600);
    let account = cluster.learned.account.as_ref();
    let account_annotation =
        account.and_then(|account| account.metadata.annotations.get(EXPIRATION_ANNOTATION));
    let requested = pod
        .metadata
        .annotations
        .get(EXPIRATION_ANNOTATION)
        .or(account_annotation);
    let is_accepted = |text: &String| {
        text.parse()
            .is_ok_and(|seconds: i64| LIFETIMES.contains(&seconds))
    };
    match requested {
        Some(text) if !is_accepted(text) => out_of_range(&format!(
            "{EXPIRATION_ANNOTATION} is {}, the token's lifetime is {granted} s",
            quoted(text)
        )),
        _ if !LIFETIMES.contains(&granted) => {
            out_of_range(&format!("`expirationSeconds` is {granted}"))
        }
        _ => CheckOutcome::holds(format!(
            "lifetime {granted} s; the kubelet renews the token after 80 % of it"
        )),
    }
}

/// A warning: the webhook, the API server and EKS each clamp the lifetime to what they accept.
fn out_of_range(seen: &str) -> CheckOutcome {
    let (least, most) = (LIFETIMES.start(), LIFETIMES.end());
    CheckOutcome::warning(
        Cause::TokenLifetimeRefused,
        format!("{seen}; EKS accepts {least} to {most} s"),
    )
}
