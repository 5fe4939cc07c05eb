//! Examples of mistakes in `Condition`.

use super::Element::{ConditionKey, ConditionValue};
use super::{
    DUAL_STACK, Example, ISSUER, PROVIDER, Reported, SUBJECT, compared, condition, meant, turned,
};

#[expect(
    clippy::too_many_lines,
    reason = "one line for each entry of the table"
)]
pub(super) fn examples() -> Vec<Example> {
    let (sub, aud) = (format!("{ISSUER}:sub"), format!("{ISSUER}:aud"));
    let equals = |key: &str, value: &str| -> Vec<Reported> {
        condition("StringEquals", key, &[value], false)
    };
    vec![
        (
            ConditionKey,
            "key-without-prefix",
            equals("sub", SUBJECT),
            None,
        ),
        (
            ConditionKey,
            "provider-arn-as-key",
            equals(&format!("{PROVIDER}:sub"), SUBJECT),
            meant(&sub),
        ),
        (
            ConditionKey,
            "issuer-order",
            equals(&turned(&sub), SUBJECT),
            meant(&sub),
        ),
        (
            ConditionKey,
            "scheme-in-issuer",
            equals(&format!("https://{sub}"), SUBJECT),
            meant(&sub),
        ),
        (
            ConditionKey,
            "no-values",
            condition("StringEquals", &sub, &[], false),
            None,
        ),
        (
            ConditionKey,
            "dual-stack-issuer",
            equals(
                &sub.replace("oidc.eks.eu-central-1.amazonaws.com", DUAL_STACK),
                SUBJECT,
            ),
            meant(&sub),
        ),
        (
            ConditionKey,
            "issuer-host",
            equals(&sub.replace("eu-central-1", "cn-north-1"), SUBJECT),
            meant(&sub.replace("eu-central-1.amazonaws.com", "cn-north-1.amazonaws.com.cn")),
        ),
        (
            ConditionKey,
            "slash-after-issuer",
            equals(&format!("{ISSUER}/:sub"), SUBJECT),
            meant(&sub),
        ),
        (
            ConditionKey,
            "issuer-without-id",
            equals("oidc.eks.eu-central-1.amazonaws.com:sub", SUBJECT),
            None,
        ),
        (
            ConditionKey,
            "placeholder",
            equals("${OIDC_PROVIDER}:sub", SUBJECT),
            None,
        ),
        (
            ConditionKey,
            "white-space",
            equals(&format!("{ISSUER} :sub"), SUBJECT),
            meant(&sub),
        ),
        (
            ConditionKey,
            "claim-of-another-issuer",
            condition("StringEquals", &sub, &[SUBJECT], true),
            None,
        ),
        (
            ConditionValue,
            "claims-swapped",
            equals(&sub, "sts.amazonaws.com"),
            meant(&aud),
        ),
        (
            ConditionValue,
            "no-subject",
            equals(&sub, "shop/api"),
            meant(SUBJECT),
        ),
        (
            ConditionValue,
            "literal-wildcard",
            equals(&sub, "system:serviceaccount:shop:*"),
            meant("StringLike"),
        ),
        (
            ConditionValue,
            "doubled-dollar",
            equals("aws:PrincipalTag/team", "$${aws:ResourceTag/team}"),
            meant("${aws:ResourceTag/team}"),
        ),
        (
            ConditionValue,
            "variable-without-dollar",
            equals("aws:PrincipalTag/team", "{aws:ResourceTag/team}"),
            meant("${aws:ResourceTag/team}"),
        ),
        (
            ConditionValue,
            "placeholder",
            equals("aws:PrincipalOrgID", "{{ organization }}"),
            None,
        ),
        (
            ConditionValue,
            "case-differs",
            compared("aws:PrincipalTag/team", "Web", "web"),
            meant("web"),
        ),
        (
            ConditionValue,
            "wrong-audience",
            equals(&aud, "sts.eu-central-1.amazonaws.com"),
            meant("sts.amazonaws.com"),
        ),
        (
            ConditionValue,
            "white-space",
            equals("aws:PrincipalOrgID", "o-abc1234567 "),
            meant("o-abc1234567"),
        ),
    ]
}
