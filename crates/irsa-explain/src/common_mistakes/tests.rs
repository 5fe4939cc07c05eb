//! Tests that each entry detects its mistake, and that correct texts are not reported.

mod condition;
mod principal;
mod resource;

use std::collections::BTreeSet;

use super::*;

const ISSUER: &str = "oidc.eks.eu-central-1.amazonaws.com/id/ABC";
const PROVIDER: &str =
    "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC";
const SUBJECT: &str = "system:serviceaccount:shop:api";
const DBUSER: &str = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABCDEFGH/app";
const DUAL_STACK: &str = "oidc-eks.eu-central-1.api.aws";
const ENDPOINT: &str = "search-logs-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
const DOMAIN: &str = "arn:aws:es:eu-central-1:111122223333:domain/logs";

/// A reported entry: its element, ID and suggestion.
type Reported = (Element, &'static str, Option<String>);

fn reported(part: &Part<'_>) -> Vec<Reported> {
    let mistakes = part.mistakes().into_iter();
    mistakes
        .map(|mistake| (mistake.entry.element, mistake.entry.id, mistake.instead))
        .collect()
}

fn principal(name: &str, caller: Option<&str>) -> Vec<Reported> {
    reported(&Part::Principal {
        names: &[name.to_owned()],
        caller,
    })
}

fn action(name: &str, is_for_tokens: bool) -> Vec<Reported> {
    reported(&Part::Action {
        names: &[name.to_owned()],
        is_for_tokens,
    })
}

fn resource(action: &str, arn: &str) -> Vec<Reported> {
    reported(&Part::Resource {
        actions: &[action.to_owned()],
        arns: &[arn.to_owned()],
        requested: Some(DBUSER),
    })
}

fn condition(operator: &str, key: &str, values: &[&str], is_absent: bool) -> Vec<Reported> {
    let values: Vec<_> = values.iter().map(|value| (*value).to_owned()).collect();
    reported(&Part::Condition {
        operator,
        key,
        values: &values,
        actual: if is_absent {
            RequestValues::Absent
        } else {
            RequestValues::NoRequest
        },
    })
}

fn compared(key: &str, value: &str, actual: &str) -> Vec<Reported> {
    reported(&Part::Condition {
        operator: "StringEquals",
        key,
        values: &[value.to_owned()],
        actual: RequestValues::Values(&[actual.to_owned()]),
    })
}

/// The element and ID of an entry, the mistakes reported for its example, and the expected suggestion.
type Example = (Element, &'static str, Vec<Reported>, Option<String>);

fn examples() -> Vec<Example> {
    let parts = [
        principal::examples(),
        resource::examples(),
        condition::examples(),
    ];
    parts.concat()
}

/// Swaps the parts of an EKS issuer.
fn turned(text: &str) -> String {
    text.replace("eks.eu-central-1", "eu-central-1.eks")
}

#[expect(clippy::unnecessary_wraps, reason = "the type that examples have")]
fn meant(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn each_entry_is_triggered_by_its_example_alone() {
    for (element, id, reported, meant) in examples() {
        assert_eq!(reported, [(element, id, meant)], "{id}");
    }
}

#[test]
fn each_entry_has_an_example() {
    let name = |element: Element, id| (format!("{element:?}"), id);
    let table: Vec<_> = table().map(|entry| name(entry.element, entry.id)).collect();
    let examples: BTreeSet<_> = examples()
        .into_iter()
        .map(|(element, id, ..)| name(element, id))
        .collect();
    let distinct: BTreeSet<_> = table.iter().cloned().collect();
    assert_eq!(distinct.len(), table.len(), "duplicate entry");
    assert_eq!(distinct, examples);
}

#[test]
fn correct_principals_and_actions_are_not_reported() {
    let root = "arn:aws:iam::111122223333:root";
    for (name, caller) in [
        (PROVIDER, Some(PROVIDER)),
        (root, Some(PROVIDER)),
        (PROVIDER, None),
    ] {
        assert_eq!(principal(name, caller), [], "{name}");
    }
    for (name, is_for_tokens) in [
        ("rds-db:connect", false),
        ("rds:*", false),
        ("aoss:APIAccessAll", false),
        ("sts:AssumeRole", false),
        ("sts:AssumeRole*", true),
    ] {
        assert_eq!(action(name, is_for_tokens), [], "{name}");
    }
    let both = ["sts:AssumeRole", web_identity::ACTION].map(str::to_owned);
    let part = Part::Action {
        names: &both,
        is_for_tokens: true,
    };
    assert_eq!(reported(&part), []);
    assert_eq!(action("es:", false)[0].2, None);
}

#[test]
fn correct_resources_are_not_reported() {
    let user = |id: &str| DBUSER.replace("cluster-ABCDEFGH/app", id);
    for (action, arn) in [
        ("rds-db:connect", user("cluster-ABCDEFGI/app")),
        ("rds-db:connect", user("prx-0f9d9414be09b1c57/app")),
        ("rds-db:connect", user("*/app")),
        ("rds-db:connect", user("*")),
        ("rds-db:connect", "*".to_owned()),
        ("es:DescribeDomain", DOMAIN.to_owned()),
        ("es:*", format!("{DOMAIN}/*")),
        ("*", DOMAIN.to_owned()),
        ("es:ESHttp*", format!("{DOMAIN}*")),
        (
            "es:ESHttp*",
            "arn:aws:es:*:111122223333:domain/*".to_owned(),
        ),
        (
            "opensearch:*",
            "arn:aws:opensearch:eu-central-1:111122223333:application/ABC".to_owned(),
        ),
        ("s3:GetObject", "arn:aws:s3:::a b/c d.txt".to_owned()),
        (
            "iam:GetPolicy",
            "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned(),
        ),
        ("es:ESHttpGet", format!("{DOMAIN}/*")),
        (
            "rds:DescribeDBClusters",
            "arn:aws:rds:eu-central-1:111122223333:cluster:orders".to_owned(),
        ),
        ("s3:*", "arn:aws:s3:::b/${aws:username}".to_owned()),
    ] {
        assert_eq!(resource(action, &arn), [], "{action} {arn}");
    }
    let part = Part::Resource {
        actions: &["es:ESHttp*".to_owned()],
        arns: &[DOMAIN.to_owned(), format!("{DOMAIN}/*")],
        requested: None,
    };
    assert_eq!(reported(&part), []);
}

#[test]
fn correct_conditions_are_not_reported() {
    for (operator, key, value) in [
        ("StringEquals", format!("{ISSUER}:sub"), SUBJECT),
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
            "StringEquals",
            "aws:PrincipalTag/cost center".to_owned(),
            "${aws:PrincipalTag/a}",
        ),
        (
            "StringEquals",
            "aws:PrincipalTag/json".to_owned(),
            "{\"a\": 1}",
        ),
        ("StringLike", format!("{ISSUER}:sub"), "*:shop:api"),
        (
            "StringLike",
            format!("{ISSUER}:sub"),
            "system:serviceaccount:shop-?:api-*",
        ),
        ("StringEquals", format!("{ISSUER}:aud"), "vault"),
        (
            "StringEquals",
            "token.actions.githubusercontent.com:aud".to_owned(),
            "sts.amazonaws.com.cn",
        ),
        (
            "ArnEquals",
            "aws:PrincipalArn".to_owned(),
            "arn:aws:iam::*:role/x",
        ),
        ("StringLike", "aws:SourceVpc".to_owned(), "x*"),
    ] {
        assert_eq!(
            condition(operator, &key, &[value], false),
            [],
            "{key} {value}"
        );
    }
    assert_eq!(condition("StringLike", "aws:SourceVpc", &["x"], true), []);
}

// IAM User Guide, "String condition operators": only StringLike and StringNotLike support wildcards.
#[test]
fn every_literal_operator_reports_wildcards() {
    for (operator, like) in [
        (
            "ForAnyValue:StringNotEqualsIfExists",
            Some("ForAnyValue:StringNotLikeIfExists"),
        ),
        ("StringEqualsIgnoreCase", None),
        ("StringNotEqualsIgnoreCase", None),
    ] {
        let meant = like.map(str::to_owned);
        assert_eq!(
            condition(operator, "aws:TagKeys", &["a*"], false),
            [(Element::ConditionValue, "literal-wildcard", meant)],
            "{operator}"
        );
    }
}

#[test]
fn an_arn_needs_an_action_of_its_service() {
    let reported = |actions: &[&str], arn: &str| {
        let actions: Vec<_> = actions.iter().map(|action| (*action).to_owned()).collect();
        let part = Part::Resource {
            actions: &actions,
            arns: &[arn.to_owned()],
            requested: None,
        };
        reported(&part).first().map(|(_, id, _)| *id)
    };
    let source = "arn:aws:opensearch:*:*:datasource/logs";
    let below = format!("{DOMAIN}/*");
    assert_eq!(reported(&["opensearch:*"], &below), Some("other-service"));
    assert_eq!(
        reported(&["rds-db:connect"], "arn:aws:s3:::b"),
        Some("other-service")
    );
    for (actions, arn) in [
        (&["es:ESHttpGet", "s3:GetObject"][..], below.as_str()),
        (&["es:AddDirectQueryDataSource"], source),
        (&["*"], below.as_str()),
        (&["s3:GetObject"], "arn:aws:s3:::b"),
    ] {
        assert_eq!(reported(actions, arn), None, "{actions:?} {arn}");
    }
}

#[test]
fn the_subject_that_was_meant_is_suggested() {
    let key = format!("{ISSUER}:sub");
    for (operator, value, expected) in [
        (
            "StringEquals",
            "system:serviceaccounts:shop:api",
            Some(SUBJECT),
        ),
        (
            "StringEquals",
            "system:serviceAccount:shop:api",
            Some(SUBJECT),
        ),
        (
            "StringEquals",
            "system:serviceaccount:Shop:api",
            Some(SUBJECT),
        ),
        (
            "StringEquals",
            "system:serviceaccount:shop/api",
            Some(SUBJECT),
        ),
        ("StringEquals", "serviceaccount:shop:api", Some(SUBJECT)),
        (
            "StringEquals",
            " system:serviceaccount:shop:api\n",
            Some(SUBJECT),
        ),
        ("StringEquals", "system:serviceaccount:api", None),
        (
            "StringLike",
            "system:serviceaccounts:shop:*",
            Some("system:serviceaccount:shop:*"),
        ),
        (
            "StringLike",
            "system:serviceaccount:Shop:*",
            Some("system:serviceaccount:shop:*"),
        ),
    ] {
        let meant = expected.map(str::to_owned);
        let expected = [(Element::ConditionValue, "no-subject", meant)];
        assert_eq!(
            condition(operator, &key, &[value], false),
            expected,
            "{value}"
        );
    }
}

#[test]
fn audiences_that_are_nearly_right_are_reported() {
    let key = format!("{ISSUER}:aud");
    for value in [
        "sts.amazonaws.com.cn",
        "https://sts.amazonaws.com",
        "sts.us-gov-west-1.amazonaws.com",
        "sts.amazonaw.com",
        "STS.amazonaws.com",
        "pods.eks.amazonaws.com",
        "https://kubernetes.default.svc",
        "https://oidc.eks.eu-central-1.amazonaws.com/id/ABC",
    ] {
        let found = condition("StringEquals", &key, &[value], false);
        let ids: Vec<_> = found.iter().map(|(_, id, _)| *id).collect();
        assert_eq!(ids, ["wrong-audience"], "{value}");
    }
}

#[test]
fn requests_to_a_domain_by_any_pattern_need_its_paths() {
    for action in ["es:*", "es:ES*", "es:ESHttp*", "es:ESHttpGet"] {
        let found = resource(action, DOMAIN);
        assert_eq!(
            found.first().map(|(_, id, _)| *id),
            Some("domain-without-paths"),
            "{action}"
        );
    }
}
