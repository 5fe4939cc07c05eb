//! Mistakes in the values of conditions.

use irsa_chain::ServiceAccount;

use super::{Found, Part};
use crate::web_identity::Claim;

/// The audience that EKS asks for.
const STS: &str = "sts.amazonaws.com";
const SUBJECT: &str = "system:serviceaccount:";

/// Operators that compare literally, with those that know wildcards. There is no operator with wildcards that ignores
/// case.
const LITERAL: [(&str, Option<&str>); 4] = [
    ("StringEquals", Some("StringLike")),
    ("StringNotEquals", Some("StringNotLike")),
    ("StringEqualsIgnoreCase", None),
    ("StringNotEqualsIgnoreCase", None),
];

pub(super) fn no_values(part: &Part<'_>, _: &str) -> Option<Found> {
    matches!(part, Part::Condition { values: [], .. }).then_some(None)
}

pub(super) fn claims_swapped(part: &Part<'_>, value: &str) -> Option<Found> {
    let (issuer, claim) = claim(part)?;
    match claim {
        Claim::Subject if value == STS => Some(Some(format!("{issuer}:aud"))),
        Claim::Audience if value.starts_with(SUBJECT) => Some(Some(format!("{issuer}:sub"))),
        _ => None,
    }
}

pub(super) fn no_subject(part: &Part<'_>, value: &str) -> Option<Found> {
    let (issuer, claim) = claim(part)?;
    let is_eks = issuer.contains("oidc.eks.") || issuer.contains(".eks.");
    (claim == Claim::Subject && is_eks && !is_subject(value)).then(|| subject(value))
}

pub(super) fn literal_wildcard(part: &Part<'_>, value: &str) -> Option<Found> {
    let Part::Condition { operator, .. } = *part else {
        return None;
    };
    let plain = value.replace("${*}", "").replace("${?}", "");
    let base = operator.rsplit(':').next().unwrap_or(operator);
    let base = base.strip_suffix("IfExists").unwrap_or(base);
    let (name, like) = LITERAL.iter().find(|(name, _)| *name == base)?;
    plain
        .contains(['*', '?'])
        .then(|| like.map(|like| operator.replace(name, like)))
}

fn claim<'a>(part: &Part<'a>) -> Option<(&'a str, Claim)> {
    let Part::Condition { key, .. } = *part else {
        return None;
    };
    Some((key.rsplit_once(':')?.0, Claim::from_key(key)?))
}

/// Whether a value may match the subject of a pod's token.
fn is_subject(value: &str) -> bool {
    let has_wildcards = value.contains(['*', '?', '$']);
    has_wildcards || ServiceAccount::from_subject(value).is_ok()
}

/// The subject that `NAMESPACE/NAME` or `NAMESPACE:NAME` stands for.
fn subject(value: &str) -> Option<String> {
    let rest = value.strip_prefix(SUBJECT).unwrap_or(value);
    let (namespace, name) = rest.split_once(['/', ':'])?;
    let account = ServiceAccount::new(namespace, name).ok()?;
    Some(account.subject())
}
