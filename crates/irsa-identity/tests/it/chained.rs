//! Chained roles, and the caller identity.

use irsa_chain::{Cause, Link};
use irsa_identity::{RoleStep, SourceChoice};

use crate::aws::{IN_AN_HOUR, Pod, SESSION_TOKEN, refusal, session};
use crate::server::{Reply, Request, Server};

const NEXT: &str = "arn:aws:iam::210987654321:role/database";

fn step() -> RoleStep {
    RoleStep {
        role: NEXT.parse().unwrap(),
        external_id: Some("shared".to_owned()),
        session_name: None,
    }
}

/// Returns an STS that creates a session for each requested role.
fn sts(_: usize, request: &Request) -> Reply {
    match request.field("Action").unwrap().as_str() {
        "AssumeRoleWithWebIdentity" => session("AssumeRoleWithWebIdentity", "PARENT", IN_AN_HOUR),
        "AssumeRole" => session("AssumeRole", "CHILD", IN_AN_HOUR),
        "GetCallerIdentity" => Reply::Answer(
            200,
            r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>arn:aws:sts::123456789012:assumed-role/app/keycloak-0</Arn>
    <UserId>AROAEXAMPLE:keycloak-0</UserId>
    <Account>123456789012</Account>
  </GetCallerIdentityResult>
</GetCallerIdentityResponse>"#
                .to_owned(),
        ),
        other => refusal(400, "InvalidAction", other),
    }
}

#[tokio::test]
async fn the_next_role_is_assumed_with_the_previous_credentials() {
    let server = Server::start(sts).await;
    let pod = Pod::with_sts(&server.url);
    let parent = pod.start(SourceChoice::Auto).unwrap();
    let child = parent.chained(step()).unwrap();
    assert_eq!(child.credentials().await.unwrap().access_key_id(), "CHILD");
    assert_eq!(
        parent.credentials().await.unwrap().access_key_id(),
        "PARENT"
    );
    assert_eq!(child.source().name(), "assume-role");
    assert_eq!(child.source().role_arn().unwrap().as_str(), NEXT);

    let [_, request] = server.requests().try_into().unwrap();
    let signed = request.header("authorization").unwrap();
    let scope = "AWS4-HMAC-SHA256 Credential=PARENT/20251124/eu-central-1/sts/aws4_request, ";
    assert!(signed.starts_with(scope), "{signed}");
    assert_eq!(request.header("x-amz-security-token"), Some(SESSION_TOKEN));
    for (field, value) in [
        ("RoleArn", NEXT),
        ("ExternalId", "shared"),
        ("RoleSessionName", "keycloak-0"),
    ] {
        assert_eq!(request.field(field).as_deref(), Some(value), "{field}");
    }
}

#[tokio::test]
async fn a_configured_chain_ends_with_the_last_role() {
    let server = Server::start(sts).await;
    let pod = Pod::with_sts(&server.url);
    let mut settings = pod.settings(SourceChoice::Auto);
    settings.role_chain = vec![step()];
    let identity = pod.start_with(settings).unwrap();
    assert_eq!(
        identity.credentials().await.unwrap().access_key_id(),
        "CHILD"
    );
}

#[tokio::test]
async fn a_rejected_chained_role_is_not_blamed_on_the_first_trust_policy() {
    let text = "User: arn:aws:sts::123456789012:assumed-role/app/keycloak-0 is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::210987654321:role/database";
    let server = Server::start(move |n, request| match request.field("Action").as_deref() {
        Some("AssumeRole") => refusal(403, "AccessDenied", text),
        _ => sts(n, request),
    })
    .await;
    let pod = Pod::with_sts(&server.url);
    let child = pod
        .start(SourceChoice::Auto)
        .unwrap()
        .chained(step())
        .unwrap();
    let error = child.credentials().await.unwrap_err();
    assert_eq!(
        (error.link(), error.cause()),
        (Link::StsSession, Some(Cause::ChainedRoleDenied))
    );
    assert!(error.to_string().contains(text), "{error}");
}

#[tokio::test]
async fn an_expired_parent_is_renewed_for_the_next_role() {
    let text = "The security token included in the request is expired";
    let server = Server::start(move |number, request| {
        let signed = request.header("authorization").unwrap_or_default();
        match request.field("Action").as_deref() {
            Some("AssumeRoleWithWebIdentity") => {
                let key = format!("PARENT{number}");
                session("AssumeRoleWithWebIdentity", &key, IN_AN_HOUR)
            }
            _ if signed.contains("PARENT0") => refusal(403, "ExpiredToken", text),
            _ => session("AssumeRole", "CHILD", IN_AN_HOUR),
        }
    })
    .await;
    let pod = Pod::with_sts(&server.url);
    let parent = pod.start(SourceChoice::Auto).unwrap();
    let child = parent.chained(step()).unwrap();
    assert_eq!(child.credentials().await.unwrap().access_key_id(), "CHILD");
    assert_eq!(server.requests().len(), 4);
    let parent = parent.credentials().await.unwrap();
    assert_eq!(parent.access_key_id(), "PARENT2");
}

#[tokio::test]
async fn a_parents_error_shows_in_a_chained_role() {
    let server = Server::start(|_, _| refusal(400, "ExpiredTokenException", "Token expired")).await;
    let pod = Pod::with_sts(&server.url);
    let child = pod
        .start(SourceChoice::Auto)
        .unwrap()
        .chained(step())
        .unwrap();
    let error = child.credentials().await.unwrap_err();
    assert_eq!(error.cause(), Some(Cause::TokenExpired));
}

#[tokio::test]
async fn the_caller_identity_is_returned() {
    let server = Server::start(sts).await;
    let pod = Pod::with_sts(&server.url);
    let caller = pod
        .start(SourceChoice::Auto)
        .unwrap()
        .caller()
        .await
        .unwrap();
    assert_eq!(caller.account.as_str(), "123456789012");
    assert_eq!(
        caller.arn,
        "arn:aws:sts::123456789012:assumed-role/app/keycloak-0"
    );
    assert_eq!(caller.user_id, "AROAEXAMPLE:keycloak-0");
}

#[tokio::test]
async fn an_unknown_session_is_reported() {
    let server = Server::start(|n, request| match request.field("Action").as_deref() {
        Some("GetCallerIdentity") => refusal(
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        ),
        _ => sts(n, request),
    })
    .await;
    let pod = Pod::with_sts(&server.url);
    let error = pod
        .start(SourceChoice::Auto)
        .unwrap()
        .caller()
        .await
        .unwrap_err();
    assert_eq!(error.cause(), Some(Cause::CredentialsUnknown));
}
