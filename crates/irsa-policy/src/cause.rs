//! Near misses as causes: which link of the chain a refusal breaks, and how.

use irsa_chain::Cause;

use crate::arn::{Arn, ArnPattern};
use crate::glob::Glob;
use crate::web_identity::Claim;
use crate::{Context, Decision, Mismatch, NearMiss, Verdict};

/// Why a trust policy refused an [`OidcRequest`](crate::OidcRequest).
///
/// It speaks of the nearest statement that trusts the caller's provider for the caller's action, or
/// if there is none, of the nearest. [`Cause::TrustDenied`] stands for everything that no other
/// cause names: an explicit `Deny`, a policy that allows nothing, other conditions.
pub fn trust_cause(verdict: &Verdict) -> Cause {
    if verdict.decision == Decision::ExplicitlyDenied {
        return Cause::TrustDenied;
    }
    let only_conditions = |miss: &&NearMiss| miss.kept_by.iter().all(is_condition);
    let nearest = verdict.near_misses.iter().find(only_conditions);
    let nearest = nearest.or(verdict.near_misses.first());
    let causes = nearest
        .iter()
        .flat_map(|miss| &miss.kept_by)
        .map(trust_mismatch);
    causes
        .min_by_key(|cause| rank(*cause))
        .unwrap_or(Cause::TrustDenied)
}

/// Why identity policies refused `rds-db:connect` on a database user.
///
/// Of the statements that only fail to name the resource, the nearest that has either the user or
/// the cluster right decides ("Creating and using an IAM policy for IAM database access", Amazon
/// Aurora User Guide). [`Cause::ConnectNotAllowed`] stands for everything else.
pub fn connect_cause(verdict: &Verdict) -> Cause {
    match verdict.decision {
        Decision::ExplicitlyDenied => Cause::ConnectDenied,
        _ => verdict
            .near_misses
            .iter()
            .find_map(resource_cause)
            .unwrap_or(Cause::ConnectNotAllowed),
    }
}

fn is_condition(mismatch: &Mismatch) -> bool {
    matches!(mismatch, Mismatch::Condition { .. })
}

fn trust_mismatch(mismatch: &Mismatch) -> Cause {
    match mismatch {
        Mismatch::Principal { .. } => Cause::TrustProviderMismatch,
        Mismatch::Action { .. } => Cause::TrustActionMismatch,
        Mismatch::Condition { key, was, .. } => match (Claim::of_key(key), was) {
            // A token always has both claims, but under its own issuer.
            (Some(_), None) => Cause::TrustProviderMismatch,
            (Some(Claim::Subject), Some(_)) => Cause::TrustSubjectMismatch,
            (Some(Claim::Audience), Some(_)) => Cause::TrustAudienceMismatch,
            (None, _) => Cause::TrustDenied,
        },
        Mismatch::Resource { .. } => Cause::TrustDenied,
    }
}

/// What is to be repaired first.
fn rank(cause: Cause) -> usize {
    let order = [
        Cause::TrustProviderMismatch,
        Cause::TrustActionMismatch,
        Cause::TrustSubjectMismatch,
        Cause::TrustAudienceMismatch,
    ];
    order
        .iter()
        .position(|other| *other == cause)
        .unwrap_or(order.len())
}

fn resource_cause(miss: &NearMiss) -> Option<Cause> {
    let [
        Mismatch::Resource {
            element: "Resource",
            expected,
            was: Some(was),
        },
    ] = miss.kept_by.as_slice()
    else {
        return None;
    };
    let (cluster, user) = was.split_once('/')?;
    expected.iter().find_map(|pattern| {
        let (cluster_pattern, user_pattern) = pattern.split_once('/')?;
        let same_cluster = ArnPattern::parse(cluster_pattern)?
            .matches_across(&Arn::parse(cluster)?, &Context::new());
        match (same_cluster, Glob::new(user_pattern).matches(user)) {
            (true, false) => Some(Cause::DbUserMismatch),
            (false, true) => Some(Cause::ResourceIdMismatch),
            _ => None,
        }
    })
}
