//! Rejected values of elements, and the location that the error names.

use crate::refusals::{condition, identity, trust};

#[test]
fn invalid_effects_actions_and_resources() {
    for (element, value, expected) in [
        (
            "Effect",
            "allow",
            "`allow` is not an effect: expected `Allow` or `Deny`",
        ),
        (
            "Sid",
            "two words",
            "`two words` is not a valid `Sid`: use only letters and digits",
        ),
        (
            "Action",
            "GetObject",
            "`GetObject` is not an action: expected `SERVICE:NAME`, with wildcards only in the name",
        ),
        (
            "Action",
            "s*:Get",
            "`s*:Get` is not an action: expected `SERVICE:NAME`, with wildcards only in the name",
        ),
        (
            "Action",
            "s3:a:b",
            "`s3:a:b` is not an action: expected `SERVICE:NAME`",
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
            "`arn:aws:*:::bucket` is not an ARN with a service, which cannot have wildcards",
        ),
        (
            "Resource",
            "arn:aws*:s3:::bucket",
            "`arn:aws*:s3:::bucket` is not an ARN with a known partition, such as `aws`, or `*`",
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
fn unknown_partitions_and_services() {
    for (arn, expected) in [
        (
            "arn:amazon:s3:::b",
            "with a known partition, such as `aws`, or `*`",
        ),
        (
            "arn:aws-eu:s3:::b",
            "with a known partition, such as `aws`, or `*`",
        ),
        (
            "arn::s3:::b",
            "with a known partition, such as `aws`, or `*`",
        ),
        ("arn:aws", "with a service, which cannot have wildcards"),
        (
            "arn:aws:s?:::b",
            "with a service, which cannot have wildcards",
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
fn errors_name_the_index_of_a_value_in_a_list() {
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
                "`Statement[1].Action`: `{action}` is not an `sts:` action, the only actions of a trust policy"
            )
        );
    }
}

#[test]
fn invalid_principals() {
    let aws = "an account ID, or the ARN of a root user, user, role or session without wildcards";
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
fn invalid_conditions() {
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
            "`role/x` is not an ARN with six parts",
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
         because a fraction has several spellings, found a number"
    );
}

#[test]
fn unsupported_constructs_are_reported() {
    assert_eq!(
        condition(r#"{"ForAnyValue:Null": {"a:k": "true"}}"#),
        "`Statement[1].Condition`: `ForAnyValue:Null` is not supported: \
         IAM does not document `Null` with a set operator"
    );
}

#[test]
fn invalid_values_of_operators() {
    let date = "a date such as `2026-11-25` or `2026-11-25T00:15:00Z`, or seconds since 1970";
    let range = "an IP address or a range such as `203.0.113.0/24` or `2001:db8::/32`";
    for (operator, value, expected) in [
        (
            "NumericLessThan",
            "ten",
            "a number with up to 18 digits before and after the decimal point",
        ),
        (
            "NumericEqualsIfExists",
            "1e3",
            "a number with up to 18 digits before and after the decimal point",
        ),
        ("DateGreaterThan", "2026-02-30", date),
        ("ForAnyValue:DateLessThan", "*", date),
        ("IpAddress", "10.0.0.0/33", range),
        ("NotIpAddress", "10.*", range),
        ("BinaryEquals", "QQ=", "base64-encoded data"),
        ("BinaryEquals", "QR==", "base64-encoded data"),
    ] {
        assert_eq!(
            condition(&format!(r#"{{"{operator}": {{"a:k": "{value}"}}}}"#)),
            format!("`Statement[1].Condition.{operator}.a:k`: `{value}` is not {expected}")
        );
    }
}

// IAM User Guide, "IAM policy elements: Variables and tags", "Where you can use policy variables".
#[test]
fn variables_in_elements_that_do_not_support_them() {
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
                 a value of this operator: only string and ARN operators take policy variables"
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
        "`Statement[1].Resource`: `a/${aws:username` is not valid: policy variables have the form \
         `${aws:username}` or `${aws:username, 'default'}`"
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
