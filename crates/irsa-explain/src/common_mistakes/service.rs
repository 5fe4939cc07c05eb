//! Mistakes in the principals of a trust policy: services and providers.

use super::{Part, Suggestion};
use crate::actions::edits;
use crate::pod_identity::PRINCIPAL;

const PROVIDER: &str = ":oidc-provider/";

/// The maximum edit distance of a misspelling. More edits result in a different service, such as `eks.amazonaws.com`.
const MAX_EDITS: usize = 3;

pub(super) fn pod_identity_for_token(part: &Part<'_>, name: &str) -> Option<Suggestion> {
    let is_it = name == PRINCIPAL && caller(part)?.contains(PROVIDER);
    is_it.then_some(None)
}

pub(super) fn token_for_pod_identity(part: &Part<'_>, name: &str) -> Option<Suggestion> {
    let is_it = name.contains(PROVIDER) && caller(part)? == PRINCIPAL;
    is_it.then(|| Some(PRINCIPAL.to_owned()))
}

/// Detects misspellings of the EKS Pod Identity principal and, if EKS Pod Identity is the caller, any EKS service.
pub(super) fn misspelled(part: &Part<'_>, name: &str) -> Option<Suggestion> {
    let service = name.strip_suffix(".cn").unwrap_or(name);
    let is_meant = caller(part) == Some(PRINCIPAL) && name.contains("eks") && !name.contains('/');
    let is_near = !name.contains('/') && edits(service, PRINCIPAL) <= MAX_EDITS;
    (name != PRINCIPAL && (is_meant || is_near)).then(|| Some(PRINCIPAL.to_owned()))
}

fn caller<'a>(part: &Part<'a>) -> Option<&'a str> {
    match *part {
        Part::Principal { caller, .. } => caller,
        _ => None,
    }
}
