//! AWS Organizations User Guide, "SCP evaluation", "RCP evaluation", "SCP syntax", "RCP syntax".

use irsa_policy::{
    Context, Decision, Layer, Policy, PolicyDocuments, PolicyKind, Principal, Reason, Request,
};
use serde_json::{Value, json};

use crate::world::{World, allow, deny, grant};
use Decision::{Allowed, ExplicitlyDenied};
use Layer::{Identity, Resource, ResourceControl, ServiceControl};

const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/app/pod-1";
const LINKED: &str =
    "arn:aws:iam::111122223333:role/aws-service-role/es.amazonaws.com/AWSServiceRoleForEs";

fn get() -> World<'static> {
    World::new(SESSION, "s3:GetObject", "arn:aws:s3:::b/k").with(Identity, allow("*"))
}

/// Denies it to everyone.
fn control(action: &str) -> Value {
    json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"})
}

fn full() -> Value {
    json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})
}

// "How SCPs work with Allow": root, organizational unit and account each need one.
#[test]
fn every_level_of_service_control_policies_has_to_allow() {
    let levels = |levels: [Value; 3]| {
        let numbered = levels.into_iter().enumerate();
        numbered.fold(get(), |world, (level, policy)| {
            world.with(ServiceControl(level), policy)
        })
    };
    let all = || allow("*");
    assert_eq!(levels([all(), all(), all()]).decision(), Allowed);
    assert_eq!(levels([all(), allow("s3:*"), all()]).decision(), Allowed);
    for silent in 0..3 {
        let mut policies = [all(), all(), all()];
        policies[silent] = allow("ec2:*");
        assert_eq!(
            levels(policies).outcome().reason,
            Reason::NothingAllows(ServiceControl(silent))
        );
    }
}

#[test]
fn one_policy_of_a_level_must_allow_and_no_policy_may_deny() {
    let world = || {
        get()
            .with(ServiceControl(0), allow("ec2:*"))
            .with(ServiceControl(0), allow("s3:*"))
    };
    assert_eq!(world().decision(), Allowed);
    let denied = world().with(ServiceControl(0), deny("s3:GetObject"));
    assert_eq!(denied.decision(), ExplicitlyDenied);
}

// "If this policy is removed and not replaced at any level", nothing below that level is allowed.
#[test]
fn a_level_without_policies_allows_nothing() {
    let mut documents = PolicyDocuments::new();
    let text = json!({"Version": "2012-10-17", "Statement": allow("*")}).to_string();
    documents.add(Identity, "s3:Get", [text.as_str()]).unwrap();
    documents.add(ServiceControl(0), "s3:Get", []).unwrap();
    let request = Request {
        principal: Principal::Aws(SESSION),
        action: "s3:Get",
        resource: None,
        context: &Context::new(),
    };
    assert_eq!(
        documents.set().decide(&request).reason,
        Reason::NothingAllows(ServiceControl(0))
    );
}

// "How SCPs work with Deny".
#[test]
fn a_deny_at_any_level_wins() {
    for level in 0..3 {
        let world = (0..3).fold(get(), |world, other| {
            world.with(ServiceControl(other), allow("*"))
        });
        let denied = world.with(ServiceControl(level), deny("s3:*"));
        assert_eq!(denied.decision(), ExplicitlyDenied, "{level}");
    }
}

#[test]
fn service_control_policies_grant_nothing() {
    let world = World::new(SESSION, "s3:GetObject", "arn:aws:s3:::b/k");
    let world = world.with(ServiceControl(0), allow("*"));
    assert_eq!(world.outcome().reason, Reason::NothingAllows(Identity));
}

// "Service control policies", "Tasks and entities not restricted by SCPs".
#[test]
fn roles_of_services_and_services_are_not_restricted() {
    let mut world = get().with(ServiceControl(0), deny("*"));
    world.principal = Principal::Aws(LINKED);
    assert_eq!(world.decision(), Allowed);

    let mut session = get().with(ServiceControl(0), deny("*"));
    session.context = session.context.with("aws:PrincipalArn", LINKED);
    assert_eq!(session.decision(), Allowed);

    let mut service = get()
        .with(ServiceControl(0), deny("*"))
        .with(Resource, grant("*"));
    service.principal = Principal::Service("logs.amazonaws.com");
    assert_eq!(service.decision(), Allowed);
}

// "RCP syntax": `RCPFullAWSAccess` is always attached.
#[test]
fn resource_control_policies_only_deny() {
    let world = |policy| get().with(ResourceControl(0), policy);
    assert_eq!(world(full()).decision(), Allowed);
    assert_eq!(world(control("sqs:*")).decision(), Allowed);
    assert_eq!(world(control("s3:*")).decision(), ExplicitlyDenied);
}

#[test]
fn resource_control_policies_are_for_every_caller() {
    for principal in [
        Principal::Anonymous,
        Principal::Service("logs.amazonaws.com"),
        Principal::Aws(SESSION),
    ] {
        let mut world = get()
            .with(Resource, grant("*"))
            .with(ResourceControl(1), control("s3:*"));
        world.principal = principal;
        assert_eq!(world.decision(), ExplicitlyDenied, "{principal:?}");
    }
}

// "Resources and entities not restricted by RCPs".
#[test]
fn roles_of_services_and_retired_grants_are_not_under_resource_control() {
    let mut world = get().with(ResourceControl(0), control("s3:*"));
    world.context = world.context.with("aws:PrincipalArn", LINKED);
    assert_eq!(world.decision(), Allowed);
    for (action, expected) in [
        ("kms:RetireGrant", Allowed),
        ("kms:Decrypt", ExplicitlyDenied),
    ] {
        let key = "arn:aws:kms:eu-central-1:111122223333:key/k";
        let world = World::new(SESSION, action, key)
            .with(Identity, allow("kms:*"))
            .with(ResourceControl(0), control("kms:*"));
        assert_eq!(world.decision(), expected, "{action}");
    }
}

/// Returns whether accounts under these levels may use `s3` and `ec2`.
fn may_use(levels: &[&[Value]]) -> (bool, bool) {
    let may = |action| {
        let mut world = World::new(SESSION, action, "*").with(Identity, allow("*"));
        for (level, policies) in levels.iter().enumerate() {
            for policy in *policies {
                world = world.with(ServiceControl(level), policy.clone());
            }
        }
        world.decision() == Allowed
    };
    (may("s3:GetObject"), may("ec2:RunInstances"))
}

// "SCP evaluation", scenarios 1 to 6.
#[test]
fn the_scenarios_of_the_guide() {
    let (full, s3, ec2) = (|| allow("*"), || allow("s3:*"), || allow("ec2:*"));
    let (no_s3, no_ec2) = (|| deny("s3:*"), || deny("ec2:*"));
    for (scenario, levels, expected) in [
        (
            "1, B",
            [&[full()][..], &[full(), no_s3()], &[full(), no_ec2()]],
            (false, false),
        ),
        (
            "1, A",
            [&[full()], &[full(), no_s3()], &[full()]],
            (false, true),
        ),
        ("2", [&[full()], &[ec2()], &[full()]], (false, true)),
        ("3", [&[no_s3()], &[full()], &[full()]], (false, false)),
        (
            "4, D",
            [&[full()], &[full()], &[full(), no_ec2()]],
            (true, false),
        ),
        ("4, E", [&[full()], &[full()], &[full()]], (true, true)),
        ("5, D", [&[full()], &[full()], &[ec2()]], (false, true)),
        (
            "6, D",
            [&[full(), no_s3()], &[full()], &[s3()]],
            (false, false),
        ),
        (
            "6, E",
            [&[full(), no_s3()], &[full()], &[full()]],
            (false, true),
        ),
    ] {
        assert_eq!(may_use(&levels), expected, "{scenario}");
    }
}

// The example of "RCP syntax", "Condition element".
#[test]
fn a_resource_control_policy_asks_for_encryption() {
    let mut policy = control("s3:*");
    policy["Condition"] = json!({"BoolIfExists": {"aws:SecureTransport": "false"}});
    for (secure, expected) in [("true", Allowed), ("false", ExplicitlyDenied)] {
        let mut world = get().with(ResourceControl(0), policy.clone());
        world.context = world.context.with("aws:SecureTransport", secure);
        assert_eq!(world.decision(), expected, "{secure}");
    }
}

fn refusal(kind: PolicyKind, document: &Value) -> String {
    Policy::parse(kind, &document.to_string())
        .unwrap_err()
        .to_string()
}

#[test]
fn policies_of_organizations_name_the_version() {
    for (kind, statement) in [
        (PolicyKind::ServiceControl, allow("*")),
        (PolicyKind::ResourceControl, full()),
    ] {
        let document = json!({"Statement": statement});
        assert_eq!(refusal(kind, &document), "`Version` is missing");
        let document = json!({"Version": "2008-10-17", "Statement": statement});
        assert!(refusal(kind, &document).starts_with("`Version`: `2008-10-17` is not"));
    }
}

// AWS Organizations User Guide, "Quotas": white space counts where the console did not save it.
#[test]
fn a_policy_over_the_quota_of_organizations_is_refused() {
    let control = |action: &str| json!({"Version": "2012-10-17", "Statement": allow(action)});
    let add = |document: &str| {
        let mut documents = PolicyDocuments::new();
        documents.add(ServiceControl(0), "s3:GetObject", [document])
    };
    let fits = control("s3:*").to_string() + &" ".repeat(5_120);
    assert_eq!(add(&fits), Ok(()));
    let error = add(&control(&format!("s3:{}", "x".repeat(5_120))).to_string()).unwrap_err();
    assert!(
        error.to_string().contains("exceed the limit of 5120"),
        "{error}"
    );
}

#[test]
fn elements_that_organization_policies_cannot_have() {
    let principal = "`Statement`: `Principal` is not allowed in a service control policy";
    let document = |statement: Value| json!({"Version": "2012-10-17", "Statement": statement});
    assert_eq!(
        refusal(PolicyKind::ServiceControl, &document(full())),
        principal
    );
    for (element, value, expected) in [
        (
            "NotPrincipal",
            json!("*"),
            "`Statement`: `Principal` and `NotPrincipal` cannot be used together",
        ),
        (
            "Principal",
            json!({"AWS": "*"}),
            "`Statement.Principal`: expected a string, found an object",
        ),
        (
            "Action",
            json!("*"),
            "`Statement`: `*` is not allowed as the action of a resource control policy: name the service, as in `s3:*`",
        ),
        (
            "Effect",
            json!("Allow"),
            "`Statement`: `Allow` is not allowed as the effect of a resource control policy, except in AWS's `RCPFullAWSAccess`",
        ),
    ] {
        let mut statement = control("s3:*");
        statement[element] = value;
        assert_eq!(
            refusal(PolicyKind::ResourceControl, &document(statement)),
            expected
        );
    }
    let statement =
        json!({"Effect": "Deny", "Principal": "*", "NotAction": "s3:*", "Resource": "*"});
    assert_eq!(
        refusal(PolicyKind::ResourceControl, &document(statement)),
        "`Statement`: `NotAction` is not allowed in a resource control policy"
    );
}
