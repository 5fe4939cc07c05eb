//! Tests with policies of an organization and their condition keys.

use irsa_policy::Layer;
use serde_json::json;

use super::{Fixture, role};
use crate::chain::report::Verdict;
use crate::chain::{Access, Document};

/// A policy of an organization at the root.
fn control(layer: Layer, statement: &serde_json::Value) -> Document {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "FullAccess", "Effect": "Allow", "Action": "*", "Resource": "*"}, statement,
    ]});
    Document {
        layer,
        file: "control".to_owned(),
        text: policy.to_string(),
    }
}

// "Example SCPs: Deny access to AWS based on the requested AWS Region" in the AWS Organizations User Guide.
#[test]
fn a_region_policy_denies_outside_of_its_regions_only() {
    let deny = |region: &str| {
        control(
            Layer::ServiceControl(0),
            &json!({
                "Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*", "Condition": {
                    "StringNotEquals": {"aws:RequestedRegion": [region]},
                    "ArnNotLike": {"aws:PrincipalARN": ["arn:aws:iam::*:role/Exempt"]},
                },
            }),
        )
    };
    for (region, expected) in [
        ("eu-central-1", Verdict::Allowed),
        ("us-east-1", Verdict::Denied),
    ] {
        let mut fixture = Fixture::new(role());
        fixture.documents = vec![deny(region)];
        let (verdict, text) = fixture.report(Access::Connect("app@cluster-ABCDEFGH"));
        assert_eq!(verdict, expected, "{region}: {text}");
    }
}

// "Resource control policy examples" in the AWS Organizations User Guide: restrict access to secure connections only.
#[test]
fn a_policy_for_secure_connections_denies_none_of_these() {
    let deny = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": ["sts:*", "rds-db:*"], "Resource": "*",
        "Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}},
    }]});
    let mut fixture = Fixture::new(role());
    fixture.documents = vec![Document {
        layer: Layer::ResourceControl(0),
        file: "control".to_owned(),
        text: deny.to_string(),
    }];
    let (verdict, text) = fixture.report(Access::Connect("app@cluster-ABCDEFGH"));
    assert_eq!(verdict, Verdict::Allowed, "{text}");
}

#[test]
fn the_account_of_the_resource_is_always_known() {
    let deny = |account: &str| {
        control(
            Layer::ServiceControl(0),
            &json!({
                "Effect": "Deny", "Action": "*", "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceAccount": account}},
            }),
        )
    };
    for (account, expected) in [
        ("111122223333", Verdict::Denied),
        ("444455556666", Verdict::Allowed),
    ] {
        let mut fixture = Fixture::new(role());
        fixture.documents = vec![deny(account)];
        let (verdict, text) = fixture.report(Access::Connect("app@cluster-ABCDEFGH"));
        assert_eq!(verdict, expected, "{account}: {text}");
    }
}

#[test]
fn what_the_request_may_have_is_unsure_unless_its_keys_are_complete() {
    let mut fixture = Fixture::new(role());
    fixture.documents = vec![control(
        Layer::ServiceControl(0),
        &json!({
            "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/team": "web"}},
        }),
    )];
    let access = Access::Connect("app@cluster-ABCDEFGH");
    let (verdict, text) = fixture.report(access);
    assert_eq!(verdict, Verdict::Unsure);
    assert!(text.contains("aws:PrincipalTag/team"), "{text}");
    fixture.is_complete = true;
    assert_eq!(fixture.report(access).0, Verdict::Allowed);
}
