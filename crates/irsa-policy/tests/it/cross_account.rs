//! IAM User Guide, "Cross-account policy evaluation logic".

use irsa_policy::{Decision, Layer, Reason};
use serde_json::{Value, json};

use crate::world::{World, allow, deny, grant};
use Decision::{Allowed, ExplicitlyDenied, ImplicitlyDenied};
use Layer::{Boundary, Identity, Resource, ServiceControl, Session};

const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/app/pod-1";
const ROLE: &str = "arn:aws:iam::111111111111:role/app";
const ROOT: &str = "arn:aws:iam::111111111111:root";

fn get(principal: &str) -> World<'_> {
    World::new(principal, "s3:GetObject", "arn:aws:s3:::b/k").owned_by("222222222222")
}

// "Example cross-account policy evaluation".
#[test]
fn carlos_saves_to_production_and_not_to_its_logs() {
    let carlos = "arn:aws:iam::111111111111:user/carlossalazar";
    let put = |resource| {
        World::new(carlos, "s3:PutObject", resource)
            .owned_by("222222222222")
            .with(
                Identity,
                json!([
                    {"Sid": "AllowS3ListRead", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"},
                    {"Sid": "AllowS3ProductionObjectActions", "Effect": "Allow",
                     "Action": "s3:*Object*", "Resource": "arn:aws:s3:::Production/*"},
                    {"Sid": "DenyS3Logs", "Effect": "Deny", "Action": "s3:*",
                     "Resource": ["arn:aws:s3:::*log*", "arn:aws:s3:::*log*/*"]},
                ]),
            )
    };
    assert_eq!(
        put("arn:aws:s3:::Production-logs/f").decision(),
        ExplicitlyDenied
    );
    let policy = json!({
        "Effect": "Allow", "Principal": {"AWS": carlos}, "Resource": "arn:aws:s3:::Production/*",
        "Action": ["s3:GetObject*", "s3:PutObject*", "s3:ReplicateObject", "s3:RestoreObject"],
    });
    let production = put("arn:aws:s3:::Production/f");
    assert_eq!(
        production.decision(),
        ImplicitlyDenied,
        "without a bucket policy"
    );
    let outcome = production.with(Resource, policy).outcome();
    assert_eq!(
        outcome.reason.to_string(),
        "by statement `AllowS3ProductionObjectActions` of an identity-based policy \
         and statement 0 of a resource-based policy"
    );
}

#[test]
fn both_sides_have_to_allow() {
    let cases: [(Option<&str>, Option<Value>, Decision); 6] = [
        (Some(SESSION), Some(allow("s3:*")), Allowed),
        (Some(ROLE), Some(allow("s3:*")), Allowed),
        (Some("111111111111"), Some(allow("s3:*")), Allowed),
        (Some("*"), None, ImplicitlyDenied),
        (Some(SESSION), Some(allow("ec2:*")), ImplicitlyDenied),
        (None, Some(allow("s3:*")), ImplicitlyDenied),
    ];
    for (named, identity, expected) in cases {
        let mut world = get(SESSION);
        if let Some(named) = named {
            world = world.with(Resource, grant(named));
        }
        if let Some(identity) = &identity {
            world = world.with(Identity, identity.clone());
        }
        assert_eq!(world.decision(), expected, "{named:?} {identity:?}");
    }
}

#[test]
fn the_side_that_does_not_allow_is_named() {
    let outcome = get(SESSION).with(Identity, allow("s3:*")).outcome();
    assert_eq!(outcome.reason, Reason::NothingAllows(Resource));
    let outcome = get(SESSION).with(Resource, grant("*")).outcome();
    assert_eq!(outcome.reason, Reason::NothingAllows(Identity));
}

#[test]
fn limits_of_the_callers_account_hold_even_for_a_direct_grant() {
    for layer in [Boundary, Session, ServiceControl(0)] {
        let world = |limit| {
            get(SESSION)
                .with(Identity, allow("s3:*"))
                .with(Resource, grant(SESSION))
                .with(layer, limit)
        };
        assert_eq!(world(allow("s3:*")).decision(), Allowed);
        assert_eq!(world(allow("ec2:*")).decision(), ImplicitlyDenied);
        assert_eq!(world(deny("s3:*")).decision(), ExplicitlyDenied);
    }
}

#[test]
fn the_root_user_of_another_account_needs_the_resource_only() {
    assert_eq!(get(ROOT).decision(), ImplicitlyDenied);
    assert_eq!(get(ROOT).with(Resource, grant(ROOT)).decision(), Allowed);
}

#[test]
fn the_account_in_an_arn_is_the_owners() {
    let queue = |account: &str| format!("arn:aws:sqs:eu-central-1:{account}:q");
    for (account, expected) in [
        ("111111111111", Allowed),
        ("222222222222", ImplicitlyDenied),
    ] {
        let queue = queue(account);
        let world = World::new(SESSION, "sqs:SendMessage", &queue).with(Identity, allow("sqs:*"));
        assert_eq!(world.decision(), expected, "{account}");
    }
    // Policies of AWS itself belong to no account.
    let policy = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let world = World::new(SESSION, "iam:GetPolicy", policy).with(Identity, allow("iam:*"));
    assert_eq!(world.decision(), Allowed);
}

// IAM User Guide, "IAM roles", "Role for cross-account access".
#[test]
fn a_role_of_another_account_is_assumed_by_both_policies() {
    let role = "arn:aws:iam::222222222222:role/target";
    let trust = json!({"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sts:AssumeRole"});
    let assume = || World::new(SESSION, "sts:AssumeRole", role).with(Resource, trust.clone());
    assert_eq!(assume().decision(), ImplicitlyDenied);
    let allowed = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role});
    assert_eq!(assume().with(Identity, allowed).decision(), Allowed);
}
