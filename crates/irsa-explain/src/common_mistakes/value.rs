//! Mistakes in condition values.

use irsa_chain::ServiceAccount;

use super::{Part, Suggestion};
use crate::actions::edits;
use crate::pod_identity::PRINCIPAL;
use crate::web_identity::Claim;

/// The audience of IRSA tokens.
const STS: &str = "sts.amazonaws.com";
const SUBJECT: &str = "system:serviceaccount:";

/// Operators without wildcards, with their counterparts that support wildcards. No operator with wildcards ignores
/// case.
const LITERAL: [(&str, Option<&str>); 4] = [
    ("StringEquals", Some("StringLike")),
    ("StringNotEquals", Some("StringNotLike")),
    ("StringEqualsIgnoreCase", None),
    ("StringNotEqualsIgnoreCase", None),
];

pub(super) fn no_values(part: &Part<'_>, _: &str) -> Option<Suggestion> {
    matches!(part, Part::Condition { values: [], .. }).then_some(None)
}

pub(super) fn claims_swapped(part: &Part<'_>, value: &str) -> Option<Suggestion> {
    let (issuer, claim) = claim(part)?;
    match claim {
        Claim::Subject if value == STS => Some(Some(format!("{issuer}:aud"))),
        Claim::Audience if value.starts_with(SUBJECT) => Some(Some(format!("{issuer}:sub"))),
        _ => None,
    }
}

pub(super) fn no_subject(part: &Part<'_>, value: &str) -> Option<Suggestion> {
    let (issuer, claim) = claim(part)?;
    (claim == Claim::Subject && is_eks(issuer) && !is_subject(value)).then(|| subject(value))
}

/// Detects audiences that IRSA tokens do not have: misspellings of `sts.amazonaws.com`, and those of EKS Pod Identity,
/// of the API server, or the issuer itself.
pub(super) fn wrong_audience(part: &Part<'_>, value: &str) -> Option<Suggestion> {
    let (issuer, claim) = claim(part)?;
    let bare = value.to_ascii_lowercase();
    let bare = bare.strip_prefix("https://").unwrap_or(&bare);
    let is_sts = bare.starts_with("sts.") && bare.contains("amazonaws");
    let is_near = edits(bare, STS) <= 2 || bare == PRINCIPAL || bare == "amazonaws.com";
    let is_sts =
        is_sts || bare.starts_with("kubernetes.default") || bare.eq_ignore_ascii_case(issuer);
    let is_wrong = value != STS && !value.contains(['*', '?', '$']) && (is_sts || is_near);
    (claim == Claim::Audience && is_eks(issuer) && is_wrong).then(|| Some(STS.to_owned()))
}

fn is_eks(issuer: &str) -> bool {
    issuer.starts_with("oidc-eks.") || issuer.contains("oidc.eks.") || issuer.contains(".eks.")
}

pub(super) fn literal_wildcard(part: &Part<'_>, value: &str) -> Option<Suggestion> {
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

/// Returns whether a value can match the subject of a service account token.
fn is_subject(value: &str) -> bool {
    let Some(end) = value.find(['*', '?', '$']) else {
        return ServiceAccount::from_subject(value).is_ok();
    };
    let (head, pattern) = value.split_at_checked(end).unwrap_or((value, ""));
    let is_name = |char: char| matches!(char, 'a'..='z' | '0'..='9' | '-' | '.' | ':' | '*' | '?');
    let is_pattern = pattern.contains('$') || pattern.chars().all(is_name);
    let rest = head.strip_prefix(SUBJECT);
    is_pattern && rest.map_or(SUBJECT.starts_with(head), |rest| rest.chars().all(is_name))
}

/// Suggests a subject for a misspelled `system:serviceaccount`, for `NAMESPACE/NAME`, uppercase letters or spaces.
fn subject(value: &str) -> Option<String> {
    let bare: String = value.to_lowercase().split_whitespace().collect();
    let mut parts: Vec<&str> = bare
        .split(['/', ':'])
        .filter(|part| !part.is_empty())
        .collect();
    for (word, least) in [("system", 3), ("serviceaccount", 1)] {
        let is_it = |part: &&str| edits(part, word) <= 2;
        if parts.len() >= least && parts.first().is_some_and(is_it) {
            parts.remove(0);
        }
    }
    let [namespace, name] = parts.as_slice() else {
        return None;
    };
    let subject = format!("{SUBJECT}{namespace}:{name}");
    is_subject(&subject).then_some(subject)
}
