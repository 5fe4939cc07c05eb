//! IAM User Guide, "Policy evaluation for requests within a single account" and "How AWS enforcement code logic
//! evaluates requests to allow or deny access".

use irsa_policy::{Cited, Decision, Layer, Principal, Reason, StatementRef};
use serde_json::json;

use crate::world::{World, allow, deny, grant};
use Decision::{Allowed, ExplicitlyDenied, ImplicitlyDenied};
use Layer::{Boundary, Identity, Resource, ServiceControl, Session};

const ACCOUNT: &str = "111122223333";
const USER: &str = "arn:aws:iam::111122223333:user/exampleuser";
const ROLE: &str = "arn:aws:iam::111122223333:role/examplerole";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/examplerole/examplerolesessionname";
const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/exampleuser";
const ROOT: &str = "arn:aws:iam::111122223333:root";
const BUCKET: &str = "arn:aws:s3:::b";

fn get(principal: &str) -> World<'_> {
    World::new(principal, "s3:GetObject", BUCKET).owned_by(ACCOUNT)
}

/// A policy that denies implicitly, because it allows something else.
fn other() -> serde_json::Value {
    allow("ec2:*")
}

// "Example identity-based and resource-based policy evaluation".
#[test]
fn carlos_may_save_to_his_bucket_and_not_to_its_logs() {
    let carlos = "arn:aws:iam::123456789012:user/carlossalazar";
    let put = |resource| {
        World::new(carlos, "s3:PutObject", resource)
            .owned_by("123456789012")
            .with(
                Identity,
                json!([
                    {"Sid": "AllowS3ListRead", "Effect": "Allow", "Action": [
                        "s3:GetBucketLocation", "s3:GetAccountPublicAccessBlock",
                        "s3:ListAccessPoints", "s3:ListAllMyBuckets",
                    ], "Resource": "arn:aws:s3:::*"},
                    {"Sid": "AllowS3Self", "Effect": "Allow", "Action": "s3:*",
                     "Resource": ["arn:aws:s3:::carlossalazar/*", "arn:aws:s3:::carlossalazar"]},
                    {"Sid": "DenyS3Logs", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::*log*"},
                ]),
            )
    };
    let outcome = put("arn:aws:s3:::carlossalazar-logs/f").outcome();
    assert_eq!(outcome.decision, ExplicitlyDenied);
    assert_eq!(
        outcome.reason.to_string(),
        "with an explicit deny in statement `DenyS3Logs` of an identity-based policy"
    );
    let policy = json!({
        "Effect": "Allow", "Principal": {"AWS": carlos}, "Action": "s3:*",
        "Resource": ["arn:aws:s3:::carlossalazar/*", "arn:aws:s3:::carlossalazar"],
    });
    let own = put("arn:aws:s3:::carlossalazar/f").with(Resource, policy);
    assert_eq!(own.decision(), Allowed);
}

// "The difference between explicit and implicit denies".
#[test]
fn allowed_implicitly_denied_and_explicitly_denied_actions() {
    for (action, expected) in [
        ("iam:GetUser", Allowed),
        ("iam:CreatePolicy", ImplicitlyDenied),
        ("iam:GetOrganizationsAccessReport", ExplicitlyDenied),
        ("iam:GenerateCredentialReport", ExplicitlyDenied),
    ] {
        let world = World::new(USER, action, "arn:aws:iam::111122223333:user/x")
            .with(
                Identity,
                json!([
                    {"Sid": "AllowGetList", "Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "*"},
                    {"Sid": "DenyReports", "Effect": "Deny", "Action": "iam:*Report", "Resource": "*"},
                ]),
            );
        let more = world.with(Identity, allow("iam:GenerateCredentialReport"));
        assert_eq!(more.decision(), expected, "{action}");
    }
}

// The table "Resource-based policies and implicit denies in other policy types (same account)".
#[test]
fn what_the_resource_grants_and_others_implicitly_deny() {
    for (caller, named, boundary, session, expected) in [
        (SESSION, ROLE, other(), other(), ImplicitlyDenied),
        (SESSION, ROLE, allow("s3:*"), other(), ImplicitlyDenied),
        (SESSION, ROLE, other(), allow("s3:*"), ImplicitlyDenied),
        (SESSION, ROLE, allow("s3:*"), allow("s3:*"), Allowed),
        (SESSION, SESSION, other(), other(), Allowed),
        (USER, USER, other(), other(), Allowed),
        (FEDERATED, USER, other(), other(), ImplicitlyDenied),
        (FEDERATED, USER, allow("s3:*"), other(), ImplicitlyDenied),
        (FEDERATED, USER, allow("s3:*"), allow("s3:*"), Allowed),
        (FEDERATED, FEDERATED, other(), other(), Allowed),
        (ROOT, ROOT, other(), other(), Allowed),
    ] {
        let world = get(caller)
            .with(Identity, other())
            .with(Resource, grant(named))
            .with(Boundary, boundary.clone())
            .with(Session, session.clone());
        assert_eq!(
            world.decision(),
            expected,
            "{named} for {caller}, {boundary}, {session}"
        );
    }
}

#[test]
fn a_direct_grant_of_the_resource_is_final_and_everyone_is_direct() {
    for principal in ["*", USER] {
        let world = get(USER)
            .with(Resource, grant(principal))
            .with(Boundary, other());
        assert_eq!(world.decision(), Allowed, "{principal}");
    }
    let denied = get(USER)
        .with(Resource, grant(USER))
        .with(Boundary, deny("s3:*"));
    assert_eq!(denied.decision(), ExplicitlyDenied);
}

// "AWS JSON policy elements: Principal", "AWS account principals".
#[test]
fn a_grant_to_the_account_is_for_its_identity_policies_to_pass_on() {
    for account in [ACCOUNT, ROOT] {
        let world = || get(USER).with(Resource, grant(account));
        assert_eq!(world().decision(), ImplicitlyDenied);
        assert_eq!(world().with(Identity, allow("s3:*")).decision(), Allowed);
    }
}

#[test]
fn the_most_direct_grant_counts_wherever_it_stands() {
    for names in [[ACCOUNT, USER], [USER, ACCOUNT]] {
        let one_statement = json!({
            "Effect": "Allow", "Principal": {"AWS": names}, "Action": "*", "Resource": "*",
        });
        let statements = json!([grant(names[0]), grant(names[1])]);
        for policy in [one_statement, statements] {
            assert_eq!(get(USER).with(Resource, policy).decision(), Allowed);
        }
    }
}

// "Evaluating identity-based policies with resource-based policies".
#[test]
fn either_the_identity_or_the_resource_is_enough() {
    let identity = get(USER).with(Identity, allow("s3:*"));
    assert_eq!(identity.decision(), Allowed);
    let silent = identity.with(Resource, grant("arn:aws:iam::111122223333:user/another"));
    assert_eq!(silent.decision(), Allowed);
    let both_silent = get(USER)
        .with(Identity, other())
        .with(Resource, grant("444455556666"));
    assert_eq!(both_silent.decision(), ImplicitlyDenied);
}

// "Evaluating identity-based policies with permissions boundaries", "… with Organizations SCPs".
#[test]
fn boundary_session_and_control_policies_limit_the_identity() {
    for layer in [Boundary, Session, ServiceControl(0)] {
        let world = |limit| {
            get(SESSION)
                .with(Identity, allow("s3:*"))
                .with(layer, limit)
        };
        assert_eq!(world(allow("s3:Get*")).decision(), Allowed);
        let outcome = world(other()).outcome();
        assert_eq!(outcome.decision, ImplicitlyDenied);
        assert_eq!(outcome.reason, Reason::NothingAllows(layer));
        assert_eq!(outcome.near_misses[0].0, layer);
        assert_eq!(world(deny("s3:*")).decision(), ExplicitlyDenied);
    }
    let no_grant = get(SESSION).with(Boundary, allow("s3:*"));
    assert_eq!(
        no_grant.outcome().reason,
        Reason::NothingAllows(Identity),
        "a boundary grants nothing"
    );
}

// The last step of the flow chart.
#[test]
fn a_federated_user_needs_a_session_policy_and_a_role_session_does_not() {
    let world = |caller| get(caller).with(Identity, allow("s3:*"));
    assert_eq!(world(SESSION).decision(), Allowed);
    assert_eq!(
        world(FEDERATED).outcome().reason,
        Reason::NothingAllows(Session)
    );
    let passed = world(FEDERATED).with(Session, allow("s3:*"));
    assert_eq!(passed.decision(), Allowed);
}

// AWS STS API Reference, "GetFederationToken": the only exception is a resource-based policy that names the session.
#[test]
fn a_federated_user_without_a_session_policy_may_do_what_a_resource_grants_the_session() {
    for (named, expected) in [(USER, ImplicitlyDenied), (FEDERATED, Allowed)] {
        let world = get(FEDERATED)
            .with(Identity, allow("s3:*"))
            .with(Resource, grant(named));
        assert_eq!(world.decision(), expected, "{named}");
    }
}

// "Policies and permissions in IAM", "Session policies": whether session policies limit a resource-based grant depends
// on whether it names the role or the session.
#[test]
fn session_policies_limit_what_the_role_has_and_not_what_the_session_has() {
    for (named, session, boundary, expected) in [
        (ROLE, "s3:*", "s3:*", Allowed),
        (ROLE, "ec2:*", "s3:*", ImplicitlyDenied),
        (ROLE, "s3:*", "ec2:*", ImplicitlyDenied),
        (SESSION, "ec2:*", "s3:*", Allowed),
        (SESSION, "s3:*", "ec2:*", Allowed),
    ] {
        let world = get(SESSION)
            .with(Resource, grant(named))
            .with(Session, allow(session))
            .with(Boundary, allow(boundary));
        assert_eq!(world.decision(), expected, "{named} {session} {boundary}");
    }
}

#[test]
fn one_of_several_session_policies_must_allow() {
    let world = get(SESSION)
        .with(Identity, allow("s3:*"))
        .with(Session, other())
        .with(Session, allow("s3:Get*"));
    assert_eq!(world.decision(), Allowed);
}

// "By default, all requests are implicitly denied with the exception of the root user".
#[test]
fn the_root_user_needs_no_policy_and_obeys_denials() {
    assert_eq!(get(ROOT).outcome().reason, Reason::RootUser);
    for layer in [Resource, ServiceControl(0)] {
        let statement = match layer {
            Resource => json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}),
            _ => deny("s3:*"),
        };
        assert_eq!(
            get(ROOT).with(layer, statement).decision(),
            ExplicitlyDenied
        );
    }
    let limited = get(ROOT).with(ServiceControl(0), other());
    assert_eq!(limited.decision(), ImplicitlyDenied);
}

// "IAM role trust policies and KMS key policies are exceptions to this logic".
#[test]
fn roles_and_keys_have_to_name_the_caller_or_its_account() {
    let cases = [
        ("sts:AssumeRole", ROLE),
        ("kms:Decrypt", "arn:aws:kms:eu-central-1:111122223333:key/k"),
    ];
    for (action, resource) in cases {
        let world = |named: &str| {
            let policy = match action {
                "sts:AssumeRole" => {
                    json!({"Effect": "Allow", "Principal": {"AWS": named}, "Action": action})
                }
                _ => grant(named),
            };
            World::new(USER, action, resource)
                .with(Identity, allow("*"))
                .with(Resource, policy)
        };
        let outcome = world("444455556666").outcome();
        assert_eq!(outcome.reason, Reason::NothingAllows(Resource), "{action}");
        assert_eq!(world(ACCOUNT).decision(), Allowed, "{action}");
    }
}

#[test]
fn callers_without_policies_of_their_own_need_the_resource() {
    let service = Principal::Service("logs.amazonaws.com");
    for principal in [service, Principal::Anonymous] {
        let world = || {
            let mut world = get(USER).with(Identity, allow("*"));
            world.principal = principal;
            world
        };
        assert_eq!(
            world().outcome().reason,
            Reason::NothingAllows(Resource),
            "{principal:?}"
        );
        let everyone = world().with(Resource, grant("*"));
        assert_eq!(everyone.decision(), Allowed, "{principal:?}");
    }
}

// AWS STS API Reference, "GetCallerIdentity".
#[test]
fn get_caller_identity_needs_no_permission_and_cannot_be_denied() {
    let mut world = get(SESSION).with(Identity, deny("*"));
    world.action = "sts:GetCallerIdentity";
    assert_eq!(world.outcome().reason, Reason::NoPermissionNeeded);
}

#[test]
fn an_outcome_names_layer_policy_and_statement() {
    let world = get(SESSION).with(Identity, other()).with(
        Identity,
        json!([other(), {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]),
    );
    let statement = StatementRef {
        policy: 1,
        statement: 1,
        sid: Some("Read".to_owned()),
    };
    let cited = Cited {
        layer: Identity,
        statement,
    };
    let outcome = world.outcome();
    assert_eq!(outcome.reason, Reason::Allows(vec![cited]));
    assert_eq!(
        outcome.reason.to_string(),
        "by statement `Read` of an identity-based policy"
    );
}

// IAM User Guide, "Troubleshoot access denied error messages".
#[test]
fn reasons_end_as_aws_sentences_do() {
    let because = |layer| Reason::NothingAllows(layer).to_string();
    for (layer, expected) in [
        (
            Identity,
            "because no identity-based policy allows the action",
        ),
        (
            Resource,
            "because no resource-based policy allows the action",
        ),
        (
            Boundary,
            "because no permissions boundary allows the action",
        ),
        (Session, "because no session policy allows the action"),
        (
            ServiceControl(2),
            "because no service control policy allows the action",
        ),
    ] {
        assert_eq!(because(layer), expected);
    }
}

#[test]
fn near_misses_of_both_layers_are_reported_if_either_is_sufficient() {
    let outcome = get(USER)
        .with(Identity, other())
        .with(Resource, grant("444455556666"))
        .outcome();
    let layers: Vec<Layer> = outcome
        .near_misses
        .iter()
        .map(|(layer, _)| *layer)
        .collect();
    assert_eq!(layers, [Identity, Resource]);
}
