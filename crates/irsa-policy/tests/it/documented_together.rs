//! Examples of AWS's documentation that combine several policies, each named by its page.

use irsa_policy::{Decision, Layer};
use serde_json::json;

use crate::world::{World, allow, grant};
use Decision::{Allowed, ExplicitlyDenied, ImplicitlyDenied};

// IAM User Guide, "Permissions boundaries for IAM entities", the user ShirleyRodriguez.
#[test]
fn a_boundary_keeps_shirley_from_creating_users() {
    let shirley = "arn:aws:iam::123456789012:user/ShirleyRodriguez";
    let boundary =
        json!({"Effect": "Allow", "Action": ["s3:*", "cloudwatch:*", "ec2:*"], "Resource": "*"});
    let world = |action, policy: &str| {
        World::new(shirley, action, "arn:aws:iam::123456789012:user/x")
            .with(Layer::Boundary, boundary.clone())
            .with(Layer::Identity, allow(policy))
            .decision()
    };
    assert_eq!(world("iam:CreateUser", "iam:CreateUser"), ImplicitlyDenied);
    assert_eq!(world("s3:GetObject", "iam:CreateUser"), ImplicitlyDenied);
    assert_eq!(world("s3:GetObject", "s3:*"), Allowed);
}

// The same page, the user Zhang, whose boundary requires a boundary for each user that he creates.
#[test]
fn zhang_creates_users_with_a_boundary_only() {
    let zhang = "arn:aws:iam::123456789012:user/Zhang";
    let x_company = "arn:aws:iam::123456789012:policy/XCompanyBoundaries";
    let create = |boundary: Option<&str>, action: &'static str, resource: &'static str| {
        let mut world = World::new(zhang, action, resource)
            .with(Layer::Identity, allow("iam:*"))
            .with(Layer::Boundary, json!([
                {"Sid": "CreateOrChangeOnlyWithBoundary", "Effect": "Allow",
                 "Action": ["iam:CreateUser", "iam:AttachUserPolicy", "iam:PutUserPermissionsBoundary"],
                 "Resource": "*", "Condition": {"StringEquals": {"iam:PermissionsBoundary": x_company}}},
                {"Sid": "CloudWatchAndOtherIAMTasks", "Effect": "Allow",
                 "Action": ["cloudwatch:*", "iam:*Group*", "iam:CreatePolicy", "iam:DeletePolicy"], "Resource": "*"},
                {"Sid": "NoBoundaryPolicyEdit", "Effect": "Deny",
                 "Action": ["iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:SetDefaultPolicyVersion"],
                 "Resource": [x_company, "arn:aws:iam::123456789012:policy/DelegatedUserBoundary"]},
                {"Sid": "NoBoundaryUserDelete", "Effect": "Deny",
                 "Action": "iam:DeleteUserPermissionsBoundary", "Resource": "*"},
            ]));
        if let Some(boundary) = boundary {
            world.context = world.context.with("iam:PermissionsBoundary", boundary);
        }
        world.decision()
    };
    let user = "arn:aws:iam::123456789012:user/Nikhil";
    assert_eq!(create(Some(x_company), "iam:CreateUser", user), Allowed);
    assert_eq!(create(None, "iam:CreateUser", user), ImplicitlyDenied);
    assert_eq!(
        create(Some("another"), "iam:CreateUser", user),
        ImplicitlyDenied
    );
    assert_eq!(
        create(None, "iam:DeleteUserPermissionsBoundary", user),
        ExplicitlyDenied
    );
    assert_eq!(
        create(None, "iam:CreateGroup", "arn:aws:iam::123456789012:group/g"),
        Allowed
    );
    assert_eq!(
        create(
            None,
            "iam:DeletePolicy",
            "arn:aws:iam::123456789012:policy/XCompanyBoundaries"
        ),
        ExplicitlyDenied
    );
}

// The same page: `NotPrincipal` with `Deny` never exempts a caller with a permissions boundary.
#[test]
fn not_principal_denies_callers_with_a_boundary() {
    let bob = "arn:aws:iam::444455556666:user/Bob";
    let policy = json!([
        grant(bob),
        {"Effect": "Deny", "NotPrincipal": {"AWS": [bob, "arn:aws:iam::444455556666:root"]},
         "Action": "s3:*", "Resource": "*"},
    ]);
    let world = || {
        World::new(bob, "s3:GetObject", "arn:aws:s3:::b")
            .owned_by("444455556666")
            .with(Layer::Resource, policy.clone())
    };
    assert_eq!(world().decision(), Allowed);
    assert_eq!(
        world().with(Layer::Boundary, allow("*")).decision(),
        ExplicitlyDenied
    );
}

// IAM User Guide, "AWS JSON policy elements: Principal", "All principals".
#[test]
fn principal_arn_in_place_of_not_principal() {
    let user = "arn:aws:iam::444455556666:user/user-name";
    let policy = json!({
        "Sid": "UsePrincipalArnInsteadOfNotPrincipalWithDeny", "Effect": "Deny", "Action": "s3:*",
        "Principal": "*", "Resource": ["arn:aws:s3:::BUCKETNAME/*", "arn:aws:s3:::BUCKETNAME"],
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": user}},
    });
    let decision = |caller| {
        let mut world = World::new(caller, "s3:GetObject", "arn:aws:s3:::BUCKETNAME/k")
            .with(Layer::Resource, policy.clone())
            .with(Layer::Identity, allow("*"));
        world.context = world.context.with("aws:PrincipalArn", caller);
        world.decision()
    };
    assert_eq!(decision(user), Allowed);
    assert_eq!(
        decision("arn:aws:iam::444455556666:user/another"),
        ExplicitlyDenied
    );
}

// Amazon OpenSearch Service Developer Guide, "Identity and Access Management in Amazon OpenSearch Service", the table
// of identity-based and resource-based policies together.
#[test]
fn a_domain_in_the_callers_account() {
    let role = "arn:aws:iam::111122223333:role/app";
    let session = "arn:aws:sts::111122223333:assumed-role/app/pod-1";
    let statement = |effect: &str| json!({"Effect": effect, "Principal": {"AWS": role}, "Action": "es:ESHttp*", "Resource": "*"});
    let own = |effect: &str| json!({"Effect": effect, "Action": "es:ESHttp*", "Resource": "*"});
    for (resource, identity, expected) in [
        ("Allow", "Allow", Allowed),
        ("Allow", "Deny", ExplicitlyDenied),
        ("Allow", "", Allowed),
        ("Deny", "Allow", ExplicitlyDenied),
        ("Deny", "Deny", ExplicitlyDenied),
        ("Deny", "", ExplicitlyDenied),
        ("", "Allow", Allowed),
        ("", "Deny", ExplicitlyDenied),
        ("", "", ImplicitlyDenied),
    ] {
        let mut world = World::new(
            session,
            "es:ESHttpGet",
            "arn:aws:es:eu-central-1:111122223333:domain/logs/i/_search",
        );
        if !resource.is_empty() {
            world = world.with(Layer::Resource, statement(resource));
        }
        if !identity.is_empty() {
            world = world.with(Layer::Identity, own(identity));
        }
        assert_eq!(world.decision(), expected, "{resource} {identity}");
    }
}
