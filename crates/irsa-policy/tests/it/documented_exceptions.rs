//! Examples of AWS's documentation with negated elements, each named by its page.

use irsa_policy::Decision::{Allowed, ExplicitlyDenied, ImplicitlyDenied};
use irsa_policy::Layer::{Identity, Resource, ResourceControl};
use irsa_policy::{Context, Principal, Request, decide};
use serde_json::{Value, json};

use crate::world::{World, allow, grant};
use crate::{ROLE_SESSION, ask, identity};

const USER: &str = "arn:aws:iam::111122223333:user/u";
const OBJECT: &str = "arn:aws:s3:::amzn-s3-demo-bucket/k";

fn with(mut world: World<'_>, keys: &[(&str, &str)]) -> irsa_policy::Decision {
    for (key, value) in keys {
        world.context = world.context.clone().with(key, *value);
    }
    world.decision()
}

// IAM User Guide, "IAM JSON policy elements: NotAction", "NotAction with Allow", the first example: actions that need
// the resource `*` are not allowed by a statement about buckets.
#[test]
fn everything_of_s3_but_deleting_buckets() {
    let policy = identity(&json!({
        "Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": "arn:aws:s3:::*",
    }));
    let bucket = "arn:aws:s3:::amzn-s3-demo-bucket";
    assert_eq!(ask(&policy, "s3:GetObject", OBJECT), Allowed);
    assert_eq!(ask(&policy, "s3:DeleteBucket", bucket), ImplicitlyDenied);
    let list = Request {
        principal: ROLE_SESSION,
        action: "s3:ListAllMyBuckets",
        resource: None,
        context: &Context::new(),
    };
    assert_eq!(decide(&[&policy], &list).decision, ImplicitlyDenied);
    let instance = "arn:aws:ec2:eu-central-1:111122223333:instance/i-1";
    assert_eq!(
        ask(&policy, "ec2:StopInstances", instance),
        ImplicitlyDenied
    );
}

// The same page, the second example.
#[test]
fn every_service_but_iam() {
    let policy = identity(&json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}));
    assert_eq!(ask(&policy, "s3:GetObject", OBJECT), Allowed);
    assert_eq!(ask(&policy, "iam:GetUser", USER), ImplicitlyDenied);
}

// The same page, "NotAction with Deny".
#[test]
fn without_mfa_nothing_but_iam() {
    let deny = json!({
        "Sid": "DenyAllUsersNotUsingMFA", "Effect": "Deny", "NotAction": "iam:*", "Resource": "*",
        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    });
    let asked = |action, resource, mfa: &[(&str, &str)]| {
        let world = World::new(USER, action, resource).with(Identity, json!([allow("*"), deny]));
        with(world, mfa)
    };
    let key = "aws:MultiFactorAuthPresent";
    assert_eq!(asked("s3:GetObject", OBJECT, &[(key, "true")]), Allowed);
    assert_eq!(
        asked("s3:GetObject", OBJECT, &[(key, "false")]),
        ExplicitlyDenied
    );
    assert_eq!(asked("s3:GetObject", OBJECT, &[]), ExplicitlyDenied);
    assert_eq!(asked("iam:GetUser", USER, &[(key, "false")]), Allowed);
    // It allows nothing by itself.
    let alone = World::new(USER, "iam:GetUser", USER).with(Identity, deny.clone());
    assert_eq!(with(alone, &[(key, "true")]), ImplicitlyDenied);
}

// IAM User Guide, "IAM JSON policy elements: NotResource".
#[test]
fn payroll_uses_its_own_folder_only() {
    let policy = identity(&json!([allow("*"), {
        "Effect": "Deny", "Action": "s3:*",
        "NotResource": ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"],
    }]));
    for (resource, expected) in [
        ("arn:aws:s3:::HRBucket/Payroll", Allowed),
        ("arn:aws:s3:::HRBucket/Payroll/2026", Allowed),
        ("arn:aws:s3:::HRBucket/Payrolls", ExplicitlyDenied),
        ("arn:aws:s3:::HRBucket", ExplicitlyDenied),
        ("arn:aws:s3:::Other/Payroll/2026", ExplicitlyDenied),
    ] {
        assert_eq!(
            ask(&policy, "s3:GetObject", resource),
            expected,
            "{resource}"
        );
    }
    let table = "arn:aws:dynamodb:eu-central-1:111122223333:table/t";
    assert_eq!(ask(&policy, "dynamodb:GetItem", table), Allowed);
}

/// A bucket of account 1 that allows everyone, under a resource control policy.
fn controlled<'a>(level: usize, policy: Value) -> World<'a> {
    World::new(USER, "s3:GetObject", OBJECT)
        .owned_by("111122223333")
        .with(Resource, grant("*"))
        .with(ResourceControl(level), policy)
}

// AWS Organizations User Guide, "Resource control policy examples", "Cross-service confused deputy protection":
// services can access the bucket only on behalf of the organization, or of no account.
#[test]
fn services_come_for_the_organization_only() {
    let deny = json!({
        "Sid": "EnforceConfusedDeputyProtection", "Effect": "Deny", "Principal": "*",
        "Action": ["s3:*", "sqs:*", "kms:*", "secretsmanager:*", "sts:*"], "Resource": "*",
        "Condition": {
            "StringNotEqualsIfExists": {
                "aws:SourceOrgID": "my-org-id",
                "aws:SourceAccount": ["third-party-account-a", "third-party-account-b"],
            },
            "Bool": {"aws:PrincipalIsAWSService": "true"},
            "Null": {"aws:SourceArn": "false"},
        },
    });
    let service = ("aws:PrincipalIsAWSService", "true");
    let source = (
        "aws:SourceArn",
        "arn:aws:logs:eu-central-1:444455556666:log-group:x",
    );
    for (keys, expected) in [
        (
            &[service, source, ("aws:SourceOrgID", "my-org-id")][..],
            Allowed,
        ),
        (
            &[service, source, ("aws:SourceOrgID", "another")],
            ExplicitlyDenied,
        ),
        (&[service, source], ExplicitlyDenied),
        (
            &[
                service,
                source,
                ("aws:SourceAccount", "third-party-account-b"),
            ],
            Allowed,
        ),
        (&[service], Allowed),
        (&[("aws:PrincipalIsAWSService", "false"), source], Allowed),
        (&[], Allowed),
    ] {
        let mut world = controlled(0, deny.clone());
        world.principal = Principal::Service("logs.amazonaws.com");
        assert_eq!(with(world, keys), expected, "{keys:?}");
    }
}

// The same page, "Restrict access to only HTTPS connections to your resources".
#[test]
fn resources_are_reached_by_https_only() {
    let deny = json!({
        "Sid": "EnforceSecureTransport", "Effect": "Deny", "Principal": "*",
        "Action": ["sts:*", "s3:*", "sqs:*", "secretsmanager:*", "kms:*"], "Resource": "*",
        "Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}},
    });
    let asked = |keys| with(controlled(0, deny.clone()), keys);
    assert_eq!(asked(&[("aws:SecureTransport", "true")]), Allowed);
    assert_eq!(asked(&[("aws:SecureTransport", "false")]), ExplicitlyDenied);
    assert_eq!(asked(&[]), ExplicitlyDenied);
}

// AWS Organizations User Guide, "RCP evaluation", figure 1: a deny at the unit Production applies to the accounts A and
// B below it, and not to accounts in other units.
#[test]
fn a_deny_at_a_unit_is_for_the_accounts_below_it() {
    let (root, unit) = (0, 1);
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"});
    for account in ["111111111111", "222222222222"] {
        let world = controlled(unit, deny.clone()).owned_by(account);
        assert_eq!(
            world.with(Identity, allow("*")).decision(),
            ExplicitlyDenied
        );
    }
    let other = json!({"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"});
    assert_eq!(controlled(root, other).decision(), Allowed);
}
