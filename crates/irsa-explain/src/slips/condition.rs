//! Slips around the issuer: condition keys, claims, and the provider's ARN.

use irsa_chain::ServiceAccount;
use irsa_policy::web_identity;

use super::Slip;

/// The audience that EKS asks for.
const STS: &str = "sts.amazonaws.com";
const SUBJECT: &str = "system:serviceaccount:";

/// Slips in one key of one operator.
pub(crate) fn of_condition(operator: &str, key: &str, values: &[String]) -> Vec<Slip> {
    let of_values = values
        .iter()
        .filter_map(|value| of_value(key, value).or_else(|| of_wildcard(operator, value)));
    let of_none = values.is_empty().then(|| Slip {
        id: "no-values",
        what: "a list without values: nothing is like any of them",
        about: key.to_owned(),
        instead: None,
    });
    of_key(key)
        .into_iter()
        .chain(of_none)
        .chain(of_values)
        .collect()
}

/// Slips in the name of a principal.
pub(crate) fn of_principal(name: &str) -> Option<Slip> {
    let (provider, issuer) = name.split_once(":oidc-provider/")?;
    let (id, what, issuer) = of_issuer(issuer)?;
    let instead = Some(format!("{provider}:oidc-provider/{issuer}"));
    Some(Slip {
        id,
        what,
        about: name.to_owned(),
        instead,
    })
}

/// A provider that is trusted, where the token is of another one.
pub(super) fn of_another(name: &str, was: &str) -> Option<Slip> {
    let (home, issuer) = name.split_once(":oidc-provider/")?;
    let (own_home, own_issuer) = was.split_once(":oidc-provider/")?;
    let (id, what) = match (home == own_home, issuer == own_issuer) {
        (false, true) => (
            "another-account",
            "a role trusts the providers of its own account only",
        ),
        (_, false) => (
            "another-issuer",
            "the token is of another issuer, such as that of another cluster",
        ),
        (true, true) => return None,
    };
    Some(Slip {
        id,
        what,
        about: name.to_owned(),
        instead: Some(was.to_owned()),
    })
}

/// Whether an action is the one by which a token is exchanged.
pub(crate) fn is_of_token(action: &str) -> bool {
    action.eq_ignore_ascii_case(web_identity::ACTION)
}

/// An action that no token asks for, where a token's is meant.
pub(crate) fn of_token_action(action: &str) -> Option<Slip> {
    let is_it = action.eq_ignore_ascii_case("sts:AssumeRole");
    is_it.then(|| Slip {
        id: "assume-role-of-token",
        what: "`sts:AssumeRole` is for callers that sign, and a token is exchanged by another action",
        about: action.to_owned(),
        instead: Some(web_identity::ACTION.to_owned()),
    })
}

fn of_key(key: &str) -> Option<Slip> {
    if !key.contains(':') {
        return Some(Slip {
            id: "key-without-prefix",
            what: "no request has a key without a prefix, such as that of `aws:SourceIp` or `ISSUER:sub`",
            about: key.to_owned(),
            instead: None,
        });
    }
    let slip = |id, what, instead| {
        Some(Slip {
            id,
            what,
            about: key.to_owned(),
            instead: Some(instead),
        })
    };
    if let Some((_, issuer)) = key.split_once(":oidc-provider/") {
        let issuer = of_issuer(issuer).map_or_else(|| issuer.to_owned(), |(_, _, issuer)| issuer);
        return slip(
            "provider-arn-as-key",
            "the key begins with the issuer's host and path, not with the provider's ARN",
            issuer,
        );
    }
    let (id, what, instead) = of_issuer(key)?;
    slip(id, what, instead)
}

/// What is wrong with an issuer or what begins with one, and how it is right.
fn of_issuer(issuer: &str) -> Option<(&'static str, &'static str, String)> {
    let bare = issuer
        .strip_prefix("https://")
        .or_else(|| issuer.strip_prefix("http://"));
    let ordered = in_order(bare.unwrap_or(issuer));
    match (bare, ordered) {
        (_, Some(ordered)) => Some((
            "issuer-order",
            "an issuer of EKS is `oidc.eks.REGION`, in this order",
            ordered,
        )),
        (Some(bare), None) => Some((
            "scheme-in-issuer",
            "`https://` is no part of an issuer in a policy",
            bare.to_owned(),
        )),
        (None, None) => None,
    }
}

/// `oidc.eks.REGION` for `oidc.REGION.eks`.
fn in_order(issuer: &str) -> Option<String> {
    let (region, rest) = issuer.strip_prefix("oidc.")?.split_once(".eks.")?;
    let is_region = region.contains('-') && !region.contains(['.', '/', ':']);
    is_region.then(|| format!("oidc.eks.{region}.{rest}"))
}

fn of_value(key: &str, value: &str) -> Option<Slip> {
    let (issuer, claim) = key.rsplit_once(':')?;
    let slip = |id, what, instead| {
        Some(Slip {
            id,
            what,
            about: value.to_owned(),
            instead,
        })
    };
    let swapped = |claim: &str| Some(format!("{issuer}:{claim}"));
    match claim {
        "sub" if value == STS => slip(
            "claims-swapped",
            "`sub` is the service account; the audience stands under `aud`",
            swapped("aud"),
        ),
        "aud" if value.starts_with(SUBJECT) => slip(
            "claims-swapped",
            "`aud` is the audience; the service account stands under `sub`",
            swapped("sub"),
        ),
        "sub" if is_of_eks(issuer) && !is_subject(value) => slip(
            "no-subject",
            "the subject of a pod's token is `system:serviceaccount:NAMESPACE:NAME`",
            subject(value),
        ),
        _ => None,
    }
}

fn is_of_eks(issuer: &str) -> bool {
    issuer.contains("oidc.eks.") || issuer.contains(".eks.")
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

fn of_wildcard(operator: &str, value: &str) -> Option<Slip> {
    let plain = value.replace("${*}", "").replace("${?}", "");
    let name = ["StringEquals", "StringNotEquals"]
        .into_iter()
        .find(|name| {
            let base = operator.rsplit(':').next().unwrap_or(operator);
            base.strip_suffix("IfExists").unwrap_or(base) == *name
        })?;
    plain.contains(['*', '?']).then(|| Slip {
        id: "literal-wildcard",
        what: "`*` and `?` are plain characters to this operator",
        about: value.to_owned(),
        instead: Some(operator.replace(name, &name.replace("Equals", "Like"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "oidc.eks.eu-central-1.amazonaws.com/id/ABC";
    const GOOD: &str = "system:serviceaccount:shop:api";

    /// The slips as their ids and what was meant.
    fn slips(operator: &str, key: &str, value: &str) -> Vec<(&'static str, Option<String>)> {
        let slips = of_condition(operator, key, &[value.to_owned()]);
        slips
            .into_iter()
            .map(|slip| (slip.id, slip.instead))
            .collect()
    }

    #[test]
    fn each_classic_is_told_with_what_was_meant() {
        let right = format!("{ISSUER}:sub");
        for (key, value, id, instead) in [
            (
                &right,
                "sts.amazonaws.com",
                "claims-swapped",
                format!("{ISSUER}:aud"),
            ),
            (
                &format!("{ISSUER}:aud"),
                GOOD,
                "claims-swapped",
                right.clone(),
            ),
            (
                &format!("https://{ISSUER}:sub"),
                GOOD,
                "scheme-in-issuer",
                right.clone(),
            ),
            (
                &format!("arn:aws:iam::1:oidc-provider/{ISSUER}:sub"),
                GOOD,
                "provider-arn-as-key",
                right.clone(),
            ),
            (
                &right.replace("eks.eu-central-1", "eu-central-1.eks"),
                GOOD,
                "issuer-order",
                right.clone(),
            ),
            (
                &right,
                "system:serviceaccount:shop:*",
                "literal-wildcard",
                "StringLike".to_owned(),
            ),
            (&right, "shop/api", "no-subject", GOOD.to_owned()),
            (
                &right,
                "system:serviceaccount:shop/api",
                "no-subject",
                GOOD.to_owned(),
            ),
        ] {
            assert_eq!(
                slips("StringEquals", key, value),
                [(id, Some(instead))],
                "{key} {value}"
            );
        }
    }

    #[test]
    fn what_is_right_is_no_slip() {
        for (operator, key, value) in [
            ("StringEquals", format!("{ISSUER}:sub"), GOOD),
            (
                "StringLike",
                format!("{ISSUER}:sub"),
                "system:serviceaccount:*",
            ),
            ("StringEquals", format!("{ISSUER}:aud"), "sts.amazonaws.com"),
            (
                "StringEquals",
                "token.actions.githubusercontent.com:sub".to_owned(),
                "repo:o/r:ref:x",
            ),
            ("StringEquals", "aws:PrincipalTag/a".to_owned(), "${*}"),
            (
                "ArnEquals",
                "aws:PrincipalArn".to_owned(),
                "arn:aws:iam::*:role/x",
            ),
        ] {
            assert_eq!(slips(operator, &key, value), [], "{key} {value}");
        }
    }

    #[test]
    fn a_provider_of_another_account_or_cluster_is_told() {
        let own = format!("arn:aws:iam::111122223333:oidc-provider/{ISSUER}");
        for (trusted, id) in [
            (own.replace("1111", "4444"), Some("another-account")),
            (own.replace("ABC", "DEF"), Some("another-issuer")),
            ("arn:aws:iam::111122223333:root".to_owned(), None),
            (own.clone(), None),
        ] {
            let slip = of_another(&trusted, &own);
            assert_eq!(slip.as_ref().map(|slip| slip.id), id, "{trusted}");
            assert!(slip.is_none_or(|slip| slip.instead.as_ref() == Some(&own)));
        }
    }

    #[test]
    fn what_can_never_match_is_told() {
        assert_eq!(
            slips("StringEquals", "sub", GOOD),
            [("key-without-prefix", None)]
        );
        let empty = of_condition("StringEquals", "aws:PrincipalTag/a", &[]);
        assert_eq!(empty[0].id, "no-values");
    }

    #[test]
    fn prefixes_and_suffixes_of_the_operator_stay() {
        let slips = slips("ForAnyValue:StringNotEqualsIfExists", "aws:TagKeys", "a*");
        assert_eq!(
            slips[0].1.as_deref(),
            Some("ForAnyValue:StringNotLikeIfExists")
        );
    }

    #[test]
    fn a_provider_is_looked_at_as_well() {
        let name = |issuer: &str| format!("arn:aws:iam::111122223333:oidc-provider/{issuer}");
        let swapped = name(&ISSUER.replace("eks.eu-central-1", "eu-central-1.eks"));
        assert_eq!(of_principal(&swapped).unwrap().instead, Some(name(ISSUER)));
        let scheme = name(&format!("https://{ISSUER}"));
        assert_eq!(of_principal(&scheme).unwrap().instead, Some(name(ISSUER)));
        assert_eq!(of_principal(&name(ISSUER)), None);
        assert_eq!(of_principal("arn:aws:iam::111122223333:role/x"), None);
    }
}
