//! Values that no element may have, and that the refusal names the place.

use crate::refusals::{condition, identity, trust};

#[test]
fn effects_actions_and_resources_of_another_form() {
    for (element, value, expected) in [
        (
            "Effect",
            "allow",
            "`allow` is not an effect, `Allow` or `Deny`",
        ),
        (
            "Sid",
            "two words",
            "`two words` is not a `Sid`, which has only letters and digits",
        ),
        (
            "Action",
            "GetObject",
            "`GetObject` is not an action, `SERVICE:NAME` with wildcards in the name only",
        ),
        (
            "Action",
            "s*:Get",
            "`s*:Get` is not an action, `SERVICE:NAME` with wildcards in the name only",
        ),
        (
            "Action",
            "s3:a:b",
            "`s3:a:b` is not an action, `SERVICE:NAME`",
        ),
        ("Resource", "bucket", "`bucket` is not an ARN or `*`"),
        (
            "Resource",
            "arn:aws:s3::bucket",
            "`arn:aws:s3::bucket` is not an ARN or `*`",
        ),
        (
            "Resource",
            "arn:aws:*:::bucket",
            "`arn:aws:*:::bucket` is not an ARN that names its service, without wildcards",
        ),
        (
            "Resource",
            "arn:aws*:s3:::bucket",
            "`arn:aws*:s3:::bucket` is not an ARN with a partition such as `aws`, or `*`",
        ),
    ] {
        let mut statement =
            serde_json::json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
        statement[element] = value.into();
        assert_eq!(
            identity(&statement.to_string()),
            format!("`Statement[1].{element}`: {expected}")
        );
    }
}

#[test]
fn partitions_and_services_that_there_are_not() {
    for (arn, expected) in [
        (
            "arn:amazon:s3:::b",
            "with a partition such as `aws`, or `*`",
        ),
        (
            "arn:aws-eu:s3:::b",
            "with a partition such as `aws`, or `*`",
        ),
        ("arn::s3:::b", "with a partition such as `aws`, or `*`"),
        ("arn:aws", "that names its service, without wildcards"),
        (
            "arn:aws:s?:::b",
            "that names its service, without wildcards",
        ),
    ] {
        let statement = serde_json::json!({"Effect": "Allow", "Action": "s3:*", "Resource": arn});
        assert_eq!(
            identity(&statement.to_string()),
            format!("`Statement[1].Resource`: `{arn}` is not an ARN {expected}")
        );
    }
}

#[test]
fn values_in_lists_are_named_by_their_place() {
    assert_eq!(
        identity(r#"{"Effect": "Allow", "Action": ["s3:*", 7], "Resource": "*"}"#),
        "`Statement[1].Action[1]`: expected a string, found a number"
    );
    assert_eq!(
        identity(r#"{"Effect": "Allow", "Action": [], "Resource": "*"}"#),
        "`Statement[1].Action`: the list is empty"
    );
}

#[test]
fn a_trust_policy_has_only_sts_actions() {
    for action in ["*", "s3:*", "*:*"] {
        assert_eq!(
            trust(&format!(
                r#"{{"Effect": "Allow", "Action": "{action}", "Principal": "*"}}"#
            )),
            format!(
                "`Statement[1].Action`: `{action}` is not an `sts:` action, and a trust policy has no other"
            )
        );
    }
}

#[test]
fn principals_of_another_form() {
    let aws = "an account id, or the ARN of a root, user, role or session without wildcards";
    let provider = "the ARN of an OIDC or SAML provider, `arn:aws:iam::ACCOUNT:oidc-provider/ISSUER` with a 12-digit \
                    account ID and without wildcards";
    for (principal, place, expected) in [
        (
            r#""111122223333""#,
            "",
            "`111122223333` is not `*` or an object such as `{\"AWS\": …}`".to_owned(),
        ),
        ("{}", "", "the list is empty".to_owned()),
        (r#"{"aws": "*"}"#, "", "unknown element `aws`".to_owned()),
        (
            r#"{"AWS": "11112222333"}"#,
            ".AWS",
            format!("`11112222333` is not {aws}"),
        ),
        (
            r#"{"AWS": ["*", "arn:aws:iam::111122223333:role/*"]}"#,
            ".AWS[1]",
            format!("`arn:aws:iam::111122223333:role/*` is not {aws}"),
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:group/g"}"#,
            ".AWS",
            format!("`arn:aws:iam::111122223333:group/g` is not {aws}"),
        ),
        (
            r#"{"Federated": "*"}"#,
            ".Federated",
            format!("`*` is not {provider}"),
        ),
        (
            r#"{"Federated": "oidc.eks.eu-central-1.amazonaws.com/id/ABC"}"#,
            ".Federated",
            format!("`oidc.eks.eu-central-1.amazonaws.com/id/ABC` is not {provider}"),
        ),
        (
            r#"{"Federated": "arn:aws:iam::ACCOUNT_ID:oidc-provider/oidc.example.com"}"#,
            ".Federated",
            format!("`arn:aws:iam::ACCOUNT_ID:oidc-provider/oidc.example.com` is not {provider}"),
        ),
    ] {
        let second = format!(
            r#"{{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {principal}}}"#
        );
        assert_eq!(
            trust(&second),
            format!("`Statement[1].Principal{place}`: {expected}")
        );
    }
}

#[test]
fn conditions_of_another_form() {
    for (block, place, expected) in [
        (
            r#"{"StringIs": {"a:k": "x"}}"#,
            "",
            "unknown condition operator `StringIs`",
        ),
        (
            r#"{"stringequals": {"a:k": "x"}}"#,
            "",
            "unknown condition operator `stringequals`",
        ),
        (
            r#"{"ForSome:StringLike": {"a:k": "x"}}"#,
            "",
            "unknown condition operator `ForSome:StringLike`",
        ),
        (
            r#"{"NullIfExists": {"a:k": "true"}}"#,
            "",
            "unknown condition operator `NullIfExists`",
        ),
        (
            r#"{"StringEquals": {"a:k": null}}"#,
            ".StringEquals.a:k",
            "expected a string, found null",
        ),
        (
            r#"{"Bool": {"a:k": "yes"}}"#,
            ".Bool.a:k",
            "`yes` is not `true` or `false`",
        ),
        (
            r#"{"Null": {"a:k": "absent"}}"#,
            ".Null.a:k",
            "`absent` is not `true` or `false`",
        ),
        (
            r#"{"ArnLike": {"a:k": "role/x"}}"#,
            ".ArnLike.a:k",
            "`role/x` is not an ARN of six parts",
        ),
    ] {
        assert_eq!(
            condition(block),
            format!("`Statement[1].Condition{place}`: {expected}")
        );
    }
}

#[test]
fn fractions_without_quotation_marks_are_for_numbers_only() {
    assert_eq!(
        condition(r#"{"StringEquals": {"a:k": 0.5}}"#),
        "`Statement[1].Condition.StringEquals.a:k`: expected a string, \
         as a fraction can be written in many ways, found a number"
    );
}

#[test]
fn what_is_not_supported_says_so() {
    assert_eq!(
        condition(r#"{"ForAnyValue:Null": {"a:k": "true"}}"#),
        "`Statement[1].Condition`: `ForAnyValue:Null` is not supported: \
         IAM does not say what a set operator makes of `Null`"
    );
}

#[test]
fn values_that_their_operator_does_not_take() {
    let date = "a date such as `2026-11-25` or `2026-11-25T00:15:00Z`, or seconds since 1970";
    let range = "an IP address or a range such as `203.0.113.0/24` or `2001:db8::/32`";
    for (operator, value, expected) in [
        (
            "NumericLessThan",
            "ten",
            "a number of up to 18 digits before and after the point",
        ),
        (
            "NumericEqualsIfExists",
            "1e3",
            "a number of up to 18 digits before and after the point",
        ),
        ("DateGreaterThan", "2026-02-30", date),
        ("ForAnyValue:DateLessThan", "*", date),
        ("IpAddress", "10.0.0.0/33", range),
        ("NotIpAddress", "10.*", range),
        ("BinaryEquals", "QQ=", "binary data in base 64"),
        ("BinaryEquals", "QR==", "binary data in base 64"),
    ] {
        assert_eq!(
            condition(&format!(r#"{{"{operator}": {{"a:k": "{value}"}}}}"#)),
            format!("`Statement[1].Condition.{operator}.a:k`: `{value}` is not {expected}")
        );
    }
}

// IAM User Guide, "IAM policy elements: Variables and tags", "Where you can use policy variables".
#[test]
fn variables_where_they_do_not_belong() {
    for operator in [
        "NumericEquals",
        "DateEquals",
        "Bool",
        "BinaryEquals",
        "IpAddress",
        "Null",
    ] {
        assert_eq!(
            condition(&format!(
                r#"{{"{operator}": {{"a:k": ["${{aws:username}}"]}}}}"#
            )),
            format!(
                "`Statement[1].Condition.{operator}.a:k[0]`: `${{aws:username}}` is not \
                 a value of this operator: policy variables belong to strings and ARNs"
            )
        );
    }
    let resource = |resource: &str| {
        identity(&format!(
            r#"{{"Effect": "Allow", "Action": "s3:*", "Resource": "{resource}"}}"#
        ))
    };
    assert_eq!(
        resource("arn:aws:s3:::a/${aws:username"),
        "`Statement[1].Resource`: `a/${aws:username` is not text with policy variables such as \
         `${aws:username}` or `${aws:username, 'nobody'}`"
    );
    for arn in ["arn:aws:${aws:PrincipalTag/s}:::b", "arn:${*}:s3:::b"] {
        assert!(
            resource(arn).contains("is not an ARN"),
            "{arn}: {}",
            resource(arn)
        );
    }
    let action =
        identity(r#"{"Effect": "Allow", "Action": "s3:${aws:username}", "Resource": "*"}"#);
    assert!(action.contains("is not an action"), "{action}");
}
