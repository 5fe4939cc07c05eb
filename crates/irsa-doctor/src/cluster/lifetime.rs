//! How long the projected token lives.

use std::ops::RangeInclusive;

use irsa_chain::{Cause, Link};

use super::Cluster;
use super::token::{Token, VOLUME, token};
use crate::{Check, CheckOutcome, Place};
use irsa_chain::untrusted::quoted;

const EXPIRATION_ANNOTATION: &str = "eks.amazonaws.com/token-expiration";
/// Seconds that a token can live: the API server's least, and EKS's most (constants of amazon-eks-pod-identity-webhook).
const LIFETIMES: RangeInclusive<i64> = 600..=86_400;

pub(super) static LIFETIME: Check = Check {
    id: "container-token-lifetime",
    place: Place::Cluster,
    link: Link::ProjectedToken,
    question: "Does the token live as long as was asked for?",
    description: "Looks at the projection's `expirationSeconds` and at the annotation `eks.amazonaws.com/token-expiration` of \
               pod and service account: EKS accepts 600 to 86400 seconds.",
    causes: &[Cause::TokenLifetimeRefused],
    needs: &["container-token-volume"],
};

pub(super) fn lives_as_asked(cluster: &mut Cluster, name: &str) -> CheckOutcome {
    let (pod, given) = match token(cluster, name) {
        Ok(Token {
            projection: Ok(projection),
            pod,
            ..
        }) => (pod, projection.expiration_seconds),
        Ok(_) => return CheckOutcome::not_reached(VOLUME.id),
        Err(seen) => return seen,
    };
    let given = given.unwrap_or(3600);
    let account = cluster.learned.account.as_ref();
    let of_account =
        account.and_then(|account| account.metadata.annotations.get(EXPIRATION_ANNOTATION));
    let asked = pod
        .metadata
        .annotations
        .get(EXPIRATION_ANNOTATION)
        .or(of_account);
    let is_had = |text: &String| {
        text.parse()
            .is_ok_and(|seconds: i64| LIFETIMES.contains(&seconds))
    };
    match asked {
        Some(text) if !is_had(text) => refused(&format!(
            "{EXPIRATION_ANNOTATION} is {}, the token lives {given} s",
            quoted(text)
        )),
        _ if !LIFETIMES.contains(&given) => refused(&format!("`expirationSeconds` is {given}")),
        _ => CheckOutcome::holds(format!("{given} s; the kubelet renews it at 80 % of that")),
    }
}

/// It still works: the webhook, the API server and EKS each clamp it to what they accept.
fn refused(seen: &str) -> CheckOutcome {
    let (least, most) = (LIFETIMES.start(), LIFETIMES.end());
    CheckOutcome::warning(
        Cause::TokenLifetimeRefused,
        format!("{seen}; EKS accepts {least} to {most} s"),
    )
}
