//! Why a trust policy did not allow: what AWS never tells.

use irsa_chain::Cause;
use irsa_policy::{Decision, Mismatch, Verdict};

use crate::iam;

/// The cause by the nearest statement that would have allowed, and its text. `issuer` without
/// scheme.
pub(super) fn why_untrusted(verdict: &Verdict, issuer: &str) -> (Cause, String) {
    if verdict.decision == Decision::ExplicitlyDenied {
        return (Cause::TrustDenied, "a statement denies it".to_owned());
    }
    let Some(nearest) = verdict.near_misses.first() else {
        return (Cause::TrustDenied, "no statement allows it".to_owned());
    };
    let cause = nearest
        .kept_by
        .iter()
        .map(|mismatch| cause_of(mismatch, issuer))
        .min_by_key(|cause| rank(*cause));
    let why = iam::nearest_miss(verdict).unwrap_or_default();
    (cause.unwrap_or(Cause::TrustDenied), why)
}

fn cause_of(mismatch: &Mismatch, issuer: &str) -> Cause {
    match mismatch {
        Mismatch::Principal { .. } => Cause::TrustProviderMismatch,
        Mismatch::Action { .. } => Cause::TrustActionMismatch,
        Mismatch::Condition { key, .. } => condition_cause(key, issuer),
        _ => Cause::TrustDenied,
    }
}

/// `HOST/PATH:sub` and `HOST/PATH:aud` of this issuer; such keys of another issuer can never match.
fn condition_cause(key: &str, issuer: &str) -> Cause {
    match key.rsplit_once(':') {
        Some((of, "sub" | "aud")) if !of.eq_ignore_ascii_case(issuer) => {
            Cause::TrustProviderMismatch
        }
        Some((_, "sub")) => Cause::TrustSubjectMismatch,
        Some((_, "aud")) => Cause::TrustAudienceMismatch,
        _ => Cause::TrustDenied,
    }
}

/// Of several mismatches the one to mend first.
fn rank(cause: Cause) -> u8 {
    match cause {
        Cause::TrustProviderMismatch => 0,
        Cause::TrustActionMismatch => 1,
        Cause::TrustSubjectMismatch => 2,
        Cause::TrustAudienceMismatch => 3,
        _ => 4,
    }
}
