//! Requests that policies do not decide.

use irsa_policy::{Decision, Layer, Principal, Reason};
use serde_json::json;

use crate::world::{World, deny};
use Decision::{Allowed, ExplicitlyDenied, ImplicitlyDenied};

const ACCOUNT: &str = "111122223333";
const USER: &str = "arn:aws:iam::111122223333:user/app";
const ROOT: &str = "arn:aws:iam::111122223333:root";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/app/pod-1";

// AWS STS API Reference, "GetCallerIdentity": only signed requests can call it.
#[test]
fn get_caller_identity_is_allowed_for_signed_requests() {
    let mut world = World::new(USER, "sts:GetCallerIdentity", "*");
    assert_eq!(world.decision(), Allowed);
    world.principal = Principal::Anonymous;
    assert_eq!(world.decision(), ImplicitlyDenied);
}

// IAM User Guide, "Permissions for GetSessionToken": "You cannot use policies to control authentication operations".
// Sessions cannot call it, whatever their policies allow.
#[test]
fn no_policy_decides_whether_a_user_gets_a_session_token() {
    for (caller, expected) in [
        (USER, Allowed),
        (ROOT, Allowed),
        (SESSION, ExplicitlyDenied),
    ] {
        let world = World::new(caller, "sts:GetSessionToken", "*").with(Layer::Identity, deny("*"));
        assert_eq!(world.decision(), expected, "{caller}");
    }
    let outcome = World::new(USER, "STS:GetSessionToken", "*").outcome();
    assert_eq!(outcome.reason, Reason::NoPermissionNeeded);
}

// Amazon S3 API Reference, "PutBucketPolicy", "GetBucketPolicy" and "DeleteBucketPolicy".
#[test]
fn the_root_user_is_not_locked_out_of_its_buckets_policy() {
    let lock = || json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*"});
    let asked = |caller, action| {
        World::new(caller, action, "arn:aws:s3:::b")
            .owned_by(ACCOUNT)
            .with(Layer::Resource, lock())
    };
    for action in [
        "s3:GetBucketPolicy",
        "s3:PutBucketPolicy",
        "s3:DeleteBucketPolicy",
    ] {
        assert_eq!(asked(ROOT, action).decision(), Allowed, "{action}");
        assert_eq!(asked(USER, action).decision(), ExplicitlyDenied, "{action}");
        let limited = asked(ROOT, action).with(Layer::ServiceControl(0), deny("s3:*"));
        assert_eq!(limited.decision(), ExplicitlyDenied, "{action}");
        let of_others = asked("arn:aws:iam::444455556666:root", action);
        assert_eq!(of_others.decision(), ExplicitlyDenied, "{action}");
    }
    assert_eq!(asked(ROOT, "s3:GetObject").decision(), ExplicitlyDenied);
}
