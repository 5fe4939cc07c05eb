//! The causes of denials: the link of the chain that a denial breaks, and how.

use irsa_chain::Cause;
use irsa_policy::{Decision, Mismatch, NearMiss, Outcome, Verdict, covers};

use crate::common_mistakes;
use crate::web_identity::{self, Claim};

/// A decision, and the statements that are nearest to allowing the request, nearest first.
#[derive(Debug)]
pub struct Denial<'a> {
    decision: Decision,
    near_misses: Vec<&'a NearMiss>,
}

impl<'a> From<&'a Verdict> for Denial<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        Self {
            decision: verdict.decision,
            near_misses: verdict.near_misses.iter().collect(),
        }
    }
}

impl<'a> From<&'a Outcome> for Denial<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        let misses = outcome.near_misses.iter();
        Self {
            decision: outcome.decision,
            near_misses: misses.map(|(_, miss)| miss).collect(),
        }
    }
}

/// Returns the cause for which a trust policy denies an [`OidcRequest`](crate::OidcRequest).
///
/// The cause is that of the nearest statement in which only conditions do not match, otherwise that of the nearest
/// statement. A [common mistake](crate::common_mistakes) takes precedence over a plain difference of two values.
/// [`Cause::TrustDenied`] covers everything else: an explicit `Deny`, a policy that allows nothing, other conditions.
pub fn trust_cause<'a>(denial: impl Into<Denial<'a>>) -> Cause {
    let denial = denial.into();
    if denial.decision == Decision::ExplicitlyDenied {
        return Cause::TrustDenied;
    }
    let mut misses = denial.near_misses.iter();
    let nearest = misses.find(|miss| miss.has_conditions_only());
    let nearest = nearest.or(denial.near_misses.first());
    let mismatches = nearest.iter().flat_map(|miss| &miss.mismatches);
    let causes = mismatches.map(trust_mismatch);
    causes
        .min_by_key(|cause| rank(*cause))
        .unwrap_or(Cause::TrustDenied)
}

/// Returns the cause for which identity policies deny `rds-db:connect` on a database user.
///
/// The cause is that of the nearest statement in which only the resource does not match, and of that only the user or
/// only the cluster ("Creating and using an IAM policy for IAM database access", Amazon Aurora User Guide).
/// [`Cause::ConnectNotAllowed`] covers everything else.
pub fn connect_cause<'a>(denial: impl Into<Denial<'a>>) -> Cause {
    let denial = denial.into();
    match denial.decision {
        Decision::ExplicitlyDenied => Cause::ConnectDenied,
        _ => denial
            .near_misses
            .into_iter()
            .find_map(connect_mismatch)
            .unwrap_or(Cause::ConnectNotAllowed),
    }
}

/// Returns the cause for which policies deny an `es:ESHttp*` action on a path of a domain.
///
/// [`Cause::DomainResourceMismatch`] means that a statement matches except for its resource, which names a domain but
/// no path below the requested one. [`Cause::EsHttpNotAllowed`] covers everything else.
pub fn request_cause<'a>(denial: impl Into<Denial<'a>>, domain_arn: &str) -> Cause {
    let denial = denial.into();
    if denial.decision == Decision::ExplicitlyDenied {
        return Cause::EsHttpDenied;
    }
    let names_wrongly = |pattern: &String| {
        let names_a_domain = pattern.contains(":es:") && pattern.contains(":domain/");
        let below = pattern.strip_prefix(domain_arn);
        names_a_domain && !below.is_some_and(|rest| rest.starts_with('/'))
    };
    let is_near = |miss: &&NearMiss| match miss.mismatches.as_slice() {
        [Mismatch::Resource { expected, .. }] => expected.iter().any(names_wrongly),
        _ => false,
    };
    if denial.near_misses.iter().any(is_near) {
        Cause::DomainResourceMismatch
    } else {
        Cause::EsHttpNotAllowed
    }
}

fn trust_mismatch(mismatch: &Mismatch) -> Cause {
    let mistakes = common_mistakes::for_mismatch(mismatch, web_identity::ACTION);
    let causes = mistakes.iter().filter_map(|mistake| mistake.entry.cause);
    let of_mistake = causes.min_by_key(|cause| rank(*cause));
    of_mistake.unwrap_or_else(|| trust_difference(mismatch))
}

fn trust_difference(mismatch: &Mismatch) -> Cause {
    match mismatch {
        Mismatch::Principal { .. } => Cause::TrustProviderMismatch,
        Mismatch::Action { .. } => Cause::TrustActionMismatch,
        Mismatch::Condition { key, .. } => match Claim::from_key(key) {
            Some(Claim::Subject) => Cause::TrustSubjectMismatch,
            Some(Claim::Audience) => Cause::TrustAudienceMismatch,
            None => Cause::TrustDenied,
        },
        _ => Cause::TrustDenied,
    }
}

/// The order in which to fix causes.
fn rank(cause: Cause) -> usize {
    let order = [
        Cause::TrustPrincipalDeleted,
        Cause::TrustProviderMismatch,
        Cause::TrustActionMismatch,
        Cause::TrustKeyMalformed,
        Cause::TrustWildcardLiteral,
        Cause::TrustSubjectMismatch,
        Cause::TrustAudienceMismatch,
    ];
    order
        .iter()
        .position(|other| *other == cause)
        .unwrap_or(order.len())
}

fn connect_mismatch(miss: &NearMiss) -> Option<Cause> {
    let [
        Mismatch::Resource {
            element: "Resource",
            expected,
            actual: Some(actual),
        },
    ] = miss.mismatches.as_slice()
    else {
        return None;
    };
    let (cluster, _) = actual.split_once('/')?;
    expected.iter().find_map(|pattern| {
        let (cluster_pattern, user_pattern) = pattern.split_once('/')?;
        let same_cluster = covers(&format!("{cluster_pattern}/*"), actual);
        let same_user = covers(&format!("{cluster}/{user_pattern}"), actual);
        match (same_cluster, same_user) {
            (true, false) => Some(Cause::DbUserMismatch),
            (false, true) => Some(Cause::ResourceIdMismatch),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests;
