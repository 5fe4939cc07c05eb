//! Tests of the states of condition keys.

use irsa_chain::SessionName;

use super::*;
use crate::OidcRequest;

const ISSUER: &str = "oidc.eks.eu-central-1.amazonaws.com/id/ABC";

fn session(action: &str) -> RequestContext {
    let resource = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/app";
    RequestContext::for_session(action, Some(resource), "111122223333", None)
}

fn token() -> RequestContext {
    let provider = format!("arn:aws:iam::111122223333:oidc-provider/{ISSUER}");
    let session: SessionName = "api".parse().unwrap();
    let subject = "system:serviceaccount:shop:api";
    let request = OidcRequest::new(&provider.parse().unwrap(), subject, ["sts"], &session);
    RequestContext::from(&request)
}

/// `filled`, `absent` or `unknown`.
fn state(context: &RequestContext, key: &str) -> &'static str {
    match context.state(key) {
        KeyState::Filled(_) => "filled",
        KeyState::Absent(_) => "absent",
        KeyState::Unknown => "unknown",
    }
}

/// A key and its state for a database login, a domain request, any other call and a token exchange.
const STATES: &[(&str, [&str; 4])] = &[
    (
        "aws:RequestedRegion",
        ["filled", "filled", "filled", "unknown"],
    ),
    (
        "AWS:PrincipalAccount",
        ["filled", "filled", "filled", "unknown"],
    ),
    ("aws:SourceIp", ["absent", "unknown", "unknown", "unknown"]),
    (
        "aws:SourceVpcArn",
        ["unknown", "unknown", "unknown", "unknown"],
    ),
    (
        "aws:SecureTransport",
        ["filled", "absent", "filled", "filled"],
    ),
    (
        "aws:ResourceAccount",
        ["filled", "filled", "filled", "filled"],
    ),
    (
        "aws:PrincipalOrgID",
        ["unknown", "unknown", "unknown", "absent"],
    ),
    (
        "aws:PrincipalTag/team",
        ["unknown", "absent", "unknown", "absent"],
    ),
    (
        "aws:RequestTag/team",
        ["absent", "absent", "unknown", "unknown"],
    ),
    (
        "aws:ResourceTag/team",
        ["unknown", "unknown", "unknown", "unknown"],
    ),
    ("aws:username", ["absent", "absent", "absent", "absent"]),
    (
        "aws:SourceAccount",
        ["absent", "absent", "absent", "absent"],
    ),
    (
        "aws:CurrentTime",
        ["unknown", "unknown", "unknown", "unknown"],
    ),
    ("s3:prefix", ["absent", "absent", "unknown", "absent"]),
    ("sub", ["absent", "absent", "absent", "absent"]),
    (
        "sts:ExternalId",
        ["unknown", "unknown", "unknown", "absent"],
    ),
    (
        "oidc.example/id/2:sub",
        ["unknown", "unknown", "unknown", "absent"],
    ),
    (
        "oidc.eks.eu-central-1.amazonaws.com/id/ABC:sub",
        ["unknown", "unknown", "unknown", "filled"],
    ),
    (
        "oidc.eks.eu-central-1.amazonaws.com/id/ABC:email",
        ["unknown", "unknown", "unknown", "unknown"],
    ),
    (
        "https://oidc.eks.eu-central-1.amazonaws.com/id/ABC:sub",
        ["unknown", "unknown", "unknown", "absent"],
    ),
];

#[test]
fn each_kind_of_request_has_its_own_keys() {
    for (key, expected) in STATES {
        let found = [
            state(&session("rds-db:connect"), key),
            state(&session("es:ESHttpGet"), key),
            state(&session("s3:GetObject"), key),
            state(&token(), key),
        ];
        assert_eq!(found, *expected, "{key}");
    }
}

#[test]
fn keys_of_the_request_take_precedence_over_its_kind() {
    let mut context = session("rds-db:connect");
    context.leave_unknown("aws:PrincipalTag/kubernetes-pod-name");
    context.leave_out("aws:PrincipalTag/", "the role's tags were read");
    context.fill("aws:SourceIp", ["10.0.0.1"]);
    for (key, expected) in [
        ("aws:PrincipalTag/Kubernetes-Pod-Name", "unknown"),
        ("aws:PrincipalTag/team", "absent"),
        ("aws:SourceIp", "filled"),
    ] {
        assert_eq!(state(&context, key), expected, "{key}");
    }
    context.fill_time("2026-11-30T08:00:00Z", 1_796_025_600);
    assert_eq!(state(&context, "aws:EpochTime"), "filled");
}

#[test]
fn each_caller_has_its_own_keys() {
    let arn = "arn:aws:es:eu-central-1:111122223333:domain/logs/x";
    let pods = "pods.eks.amazonaws.com";
    let user = "arn:aws:iam::444455556666:user/team/bob";
    let session = "arn:aws:sts::111122223333:assumed-role/app/pod";
    for (principal, action, key, expected) in [
        (session, "es:ESHttpGet", "aws:PrincipalArn", "filled"),
        (session, "es:ESHttpGet", "aws:ResourceAccount", "filled"),
        (session, "es:ESHttpGet", "aws:RequestedRegion", "filled"),
        (session, "es:ESHttpGet", "aws:username", "absent"),
        (session, "es:ESHttpGet", "aws:SourceIp", "unknown"),
        (user, "s3:GetObject", "aws:username", "filled"),
        (user, "s3:GetObject", "aws:PrincipalOrgID", "unknown"),
        (user, "s3:GetObject", "aws:SecureTransport", "filled"),
        (pods, "sts:AssumeRole", "aws:PrincipalTag/team", "absent"),
        (pods, "sts:AssumeRole", "aws:PrincipalServiceName", "filled"),
        (pods, "sts:AssumeRole", "aws:SourceArn", "unknown"),
        (
            "ec2.amazonaws.com",
            "sts:AssumeRole",
            "aws:SourceArn",
            "unknown",
        ),
        ("anonymous", "es:ESHttpGet", "aws:PrincipalArn", "absent"),
        ("anonymous", "es:ESHttpGet", "aws:SourceIp", "unknown"),
    ] {
        let context = RequestContext::for_request(principal, action, Some(arn));
        assert_eq!(state(&context, key), expected, "{principal} {key}");
    }
    let context = RequestContext::for_request(session, "es:ESHttpGet", Some(arn));
    let role = ["arn:aws:iam::111122223333:role/app".to_owned()];
    assert_eq!(context.state("aws:PrincipalArn"), KeyState::Filled(&role));
}

#[test]
fn a_request_that_is_complete_lacks_all_other_keys() {
    let mut context = session("es:ESHttpGet");
    context.leave_unknown("aws:PrincipalTag/kubernetes-pod-name");
    context.complete();
    assert_eq!(state(&context, "aws:SourceIp"), "absent");
    assert_eq!(
        state(&context, "aws:PrincipalTag/kubernetes-pod-name"),
        "absent"
    );
    assert_eq!(state(&context, "aws:PrincipalAccount"), "filled");
}

#[test]
fn a_request_that_is_described_in_full_has_no_other_keys() {
    let context = RequestContext::from(Context::new().with("a:b", "c"));
    assert_eq!(state(&context, "A:B"), "filled");
    assert_eq!(state(&context, "aws:SourceIp"), "absent");
}

#[test]
fn each_absent_key_has_its_page() {
    for AbsentKey { key, kinds, page } in ABSENT {
        assert!(page.starts_with("https://docs.aws.amazon.com/"), "{key}");
        assert!(
            !kinds.is_empty() && *key == key.to_ascii_lowercase(),
            "{key}"
        );
        for kind in *kinds {
            let mut context = RequestContext::new(*kind);
            context.filled = Context::new();
            let tag = key.strip_suffix('/').map(|key| format!("{key}/x"));
            let key = tag.as_deref().unwrap_or(key);
            assert_eq!(state(&context, key), "absent", "{key} {kind:?}");
        }
    }
}
