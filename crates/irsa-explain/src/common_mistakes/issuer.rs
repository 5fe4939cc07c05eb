//! Mistakes in issuers: in provider ARNs and in the keys of claims.

use irsa_chain::Region;
use irsa_policy::is_unique_id;

use super::{Part, RequestValues, Suggestion};
use crate::web_identity::Claim;

const PROVIDER: &str = ":oidc-provider/";

pub(super) fn deleted_principal(_: &Part<'_>, name: &str) -> Option<Suggestion> {
    is_unique_id(name).then_some(None)
}

pub(super) fn order_in_provider(_: &Part<'_>, name: &str) -> Option<Suggestion> {
    let (home, issuer) = name.split_once(PROVIDER)?;
    let issuer = in_order(without_scheme(issuer).unwrap_or(issuer))?;
    Some(Some(format!("{home}{PROVIDER}{issuer}")))
}

pub(super) fn scheme_in_provider(_: &Part<'_>, name: &str) -> Option<Suggestion> {
    let (home, issuer) = name.split_once(PROVIDER)?;
    let issuer = without_scheme(issuer)?;
    Some(Some(format!("{home}{PROVIDER}{issuer}")))
}

/// Detects the right issuer in a different account. Only a single trusted provider has an unambiguous suggestion.
pub(super) fn another_account(part: &Part<'_>, name: &str) -> Option<Suggestion> {
    let ((home, issuer), (own_home, own_issuer), own) = only_provider(part, name)?;
    (home != own_home && issuer == own_issuer).then(|| Some(own.to_owned()))
}

pub(super) fn another_issuer(part: &Part<'_>, name: &str) -> Option<Suggestion> {
    let ((_, issuer), (_, own_issuer), own) = only_provider(part, name)?;
    (issuer != own_issuer).then(|| Some(own.to_owned()))
}

type Split<'a> = (&'a str, &'a str);

/// The only trusted provider and the provider of the token, each split into account and issuer.
fn only_provider<'a>(part: &Part<'a>, name: &'a str) -> Option<(Split<'a>, Split<'a>, &'a str)> {
    let Part::Principal {
        names: [_],
        caller: Some(own),
    } = *part
    else {
        return None;
    };
    Some((name.split_once(PROVIDER)?, own.split_once(PROVIDER)?, own))
}

pub(super) fn key_without_prefix(_: &Part<'_>, key: &str) -> Option<Suggestion> {
    (!key.contains(':')).then_some(None)
}

pub(super) fn provider_arn_as_key(_: &Part<'_>, key: &str) -> Option<Suggestion> {
    let (_, issuer) = key.split_once(PROVIDER)?;
    let bare = without_scheme(issuer).unwrap_or(issuer);
    Some(Some(in_order(bare).unwrap_or_else(|| bare.to_owned())))
}

pub(super) fn order_in_key(_: &Part<'_>, key: &str) -> Option<Suggestion> {
    in_order(without_scheme(key).unwrap_or(key)).map(Some)
}

pub(super) fn scheme_in_key(_: &Part<'_>, key: &str) -> Option<Suggestion> {
    without_scheme(key).map(|bare| Some(bare.to_owned()))
}

/// Detects claims of a different issuer: a token always has both claims, but only under its own issuer (IAM User Guide,
/// "IAM and AWS STS condition context keys", "Available keys for AWS OIDC federation").
pub(super) fn claim_of_another_issuer(part: &Part<'_>, key: &str) -> Option<Suggestion> {
    let is_absent = matches!(
        part,
        Part::Condition {
            actual: RequestValues::Absent,
            ..
        }
    );
    (is_absent && Claim::from_key(key).is_some()).then_some(None)
}

pub(super) fn dual_stack_in_provider(_: &Part<'_>, name: &str) -> Option<Suggestion> {
    let (home, issuer) = name.split_once(PROVIDER)?;
    let issuer = token_issuer(issuer)?;
    Some(Some(format!("{home}{PROVIDER}{issuer}")))
}

pub(super) fn dual_stack_in_key(_: &Part<'_>, key: &str) -> Option<Suggestion> {
    token_issuer(key).map(Some)
}

pub(super) fn slash_in_provider(_: &Part<'_>, name: &str) -> Option<Suggestion> {
    let bare = name
        .contains(PROVIDER)
        .then(|| name.trim_end_matches('/'))?;
    (bare != name).then(|| Some(bare.to_owned()))
}

pub(super) fn slash_in_key(_: &Part<'_>, key: &str) -> Option<Suggestion> {
    let (issuer, claim) = key.rsplit_once(':')?;
    let bare = issuer.trim_end_matches('/');
    (bare != issuer).then(|| Some(format!("{bare}:{claim}")))
}

pub(super) fn host_in_provider(_: &Part<'_>, name: &str) -> Option<Suggestion> {
    let (home, issuer) = name.split_once(PROVIDER)?;
    let issuer = with_partition_suffix(issuer)?;
    Some(Some(format!("{home}{PROVIDER}{issuer}")))
}

pub(super) fn host_in_key(_: &Part<'_>, key: &str) -> Option<Suggestion> {
    with_partition_suffix(key).map(Some)
}

/// Detects a lowercase issuer ID, which has 32 hexadecimal digits.
pub(super) fn lower_case_id(_: &Part<'_>, name: &str) -> Option<Suggestion> {
    let (head, id) = name
        .split_once(PROVIDER)
        .and_then(|_| name.split_once("/id/"))?;
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let upper = id.to_ascii_uppercase();
    (is_id && upper != id).then(|| Some(format!("{head}/id/{upper}")))
}

/// Detects the host of an EKS issuer without its path.
pub(super) fn key_without_id(_: &Part<'_>, key: &str) -> Option<Suggestion> {
    let (issuer, _) = key.rsplit_once(':')?;
    let is_eks = issuer.starts_with("oidc.eks.");
    let id = issuer.split_once("/id/").map_or("", |(_, id)| id);
    (is_eks && id.trim_matches('/').is_empty()).then_some(None)
}

/// The issuer with the DNS suffix of its region's partition; `None` if it already has this suffix.
fn with_partition_suffix(issuer: &str) -> Option<String> {
    let (region, rest) = issuer.strip_prefix("oidc.eks.")?.split_once('.')?;
    let region: Region = region.parse().ok()?;
    let (suffix, path) = rest.split_at_checked(rest.find(['/', ':'])?)?;
    let own = region.partition().dns_suffix();
    (suffix != own).then(|| format!("oidc.eks.{region}.{own}{path}"))
}

/// The issuer in tokens, given the host of the dual-stack endpoint.
fn token_issuer(issuer: &str) -> Option<String> {
    let issuer = without_scheme(issuer).unwrap_or(issuer);
    let (region, rest) = issuer.strip_prefix("oidc-eks.")?.split_once(".api.")?;
    let region: Region = region.parse().ok()?;
    // The suffix, `aws` or `amazonwebservices.com.cn`, is followed by the path or the claim.
    let path = rest.find(['/', ':']).and_then(|at| rest.get(at..))?;
    let suffix = region.partition().dns_suffix();
    Some(format!("oidc.eks.{region}.{suffix}{path}"))
}

fn without_scheme(issuer: &str) -> Option<&str> {
    issuer
        .strip_prefix("https://")
        .or_else(|| issuer.strip_prefix("http://"))
}

/// Corrects `oidc.REGION.eks` to `oidc.eks.REGION`.
fn in_order(issuer: &str) -> Option<String> {
    let (region, rest) = issuer.strip_prefix("oidc.")?.split_once(".eks.")?;
    let is_region = region.contains('-') && !region.contains(['.', '/', ':']);
    is_region.then(|| format!("oidc.eks.{region}.{rest}"))
}
