//! `sts:AssumeRoleWithWebIdentity` and its possible responses.

use std::time::Duration;

use irsa_chain::{Cause, Link};
use irsa_identity::{ExposeSecret, IdentityError, SourceChoice};

use crate::aws::{IN_AN_HOUR, Pod, ROLE, SECRET_KEY, SESSION_TOKEN, jwt, now, refusal, session};
use crate::server::{Reply, Server};

const OPERATION: &str = "AssumeRoleWithWebIdentity";

/// Returns the error of an identity whose STS responds to all requests with `reply`, and the number of requests.
async fn error_of(reply: fn() -> Reply) -> (IdentityError, usize) {
    let sts = Server::start(move |_, _| reply()).await;
    let pod = Pod::with_sts(&sts.url);
    let mut settings = pod.settings(SourceChoice::Auto);
    settings.timeouts.wait = Duration::from_millis(100);
    let identity = pod.start_with(settings).unwrap();
    let _ = identity.watch().changed().await;
    let error = identity.state().error().unwrap().clone();
    (error, sts.requests().len())
}

#[tokio::test]
async fn the_trimmed_token_is_exchanged_unsigned() {
    let sts = Server::start(|_, _| session(OPERATION, "ASIAEXAMPLE", IN_AN_HOUR)).await;
    let pod = Pod::with_sts(&sts.url);
    let credentials = pod
        .start(SourceChoice::Auto)
        .unwrap()
        .credentials()
        .await
        .unwrap();
    assert_eq!(credentials.access_key_id(), "ASIAEXAMPLE");
    assert_eq!(credentials.secret_access_key().expose_secret(), SECRET_KEY);
    assert_eq!(
        credentials.session_token().unwrap().expose_secret(),
        SESSION_TOKEN
    );
    assert_eq!(
        credentials.expires_at(),
        Some(now() + Duration::from_hours(1))
    );

    let [request] = sts.requests().try_into().unwrap();
    assert!(request.line.starts_with("POST / "), "{}", request.line);
    assert_eq!(request.header("authorization"), None);
    for (field, value) in [
        ("Action", OPERATION),
        ("Version", "2011-06-15"),
        ("RoleArn", ROLE),
        ("RoleSessionName", "keycloak-0"),
        ("WebIdentityToken", &pod.token),
    ] {
        assert_eq!(request.field(field).as_deref(), Some(value), "{field}");
    }
    assert_eq!(request.field("DurationSeconds"), None);
}

#[tokio::test]
async fn the_token_file_is_read_for_each_exchange() {
    let sts = Server::start(|n, _| {
        let (key, end) = [("FIRST", IN_AN_HOUR), ("SECOND", "2025-11-24T18:00:00Z")][n];
        session(OPERATION, key, end)
    })
    .await;
    let pod = Pod::with_sts(&sts.url);
    let identity = pod.start(SourceChoice::Auto).unwrap();
    assert_eq!(
        identity.credentials().await.unwrap().access_key_id(),
        "FIRST"
    );
    let rotated = jwt("system:serviceaccount:camunda:rotated");
    pod.write_token(&rotated);
    pod.clock.advance(Duration::from_hours(1));
    assert_eq!(
        identity.credentials().await.unwrap().access_key_id(),
        "SECOND"
    );
    assert_eq!(sts.requests()[1].field("WebIdentityToken"), Some(rotated));
}

#[tokio::test]
async fn a_missing_token_file_is_reported_without_calling_sts() {
    let sts = Server::start(|_, _| Reply::Silence).await;
    let pod = Pod::with_sts(&sts.url);
    std::fs::remove_file(pod.token_file()).unwrap();
    let error = pod
        .start(SourceChoice::Auto)
        .unwrap()
        .credentials()
        .await
        .unwrap_err();
    assert_eq!(error.cause(), Some(Cause::TokenFileMissing));
    assert!(sts.requests().is_empty());
}

#[tokio::test]
async fn an_error_contains_link_cause_and_awss_message() {
    let text = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
    let sts = Server::start(move |_, _| refusal(403, "AccessDenied", text)).await;
    let pod = Pod::with_sts(&sts.url);
    let error = pod
        .start(SourceChoice::Auto)
        .unwrap()
        .credentials()
        .await
        .unwrap_err();
    assert_eq!(
        (error.link(), error.cause()),
        (Link::TrustPolicy, Some(Cause::TrustDenied))
    );
    assert_eq!(error.code(), Some("AccessDenied"));
    assert!(error.to_string().contains(text), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn the_sdk_does_not_retry() {
    let refused = || refusal(403, "AccessDenied", "no");
    let failed = || refusal(500, "InternalFailure", "");
    for reply in [refused as fn() -> Reply, failed, || {
        Reply::Answer(503, "<html>".to_owned())
    }] {
        assert_eq!(error_of(reply).await.1, 1);
    }
}

#[tokio::test]
async fn a_temporary_failure_of_the_issuer_is_retried() {
    let sts = Server::start(|n, _| match n {
        0 => refusal(400, "IDPCommunicationError", "try again"),
        1 => refusal(
            400,
            "InvalidIdentityToken",
            "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
        ),
        _ => session(OPERATION, "ASIAEXAMPLE", IN_AN_HOUR),
    })
    .await;
    let pod = Pod::with_sts(&sts.url);
    let identity = pod.start(SourceChoice::Auto).unwrap();
    assert!(identity.credentials().await.is_ok());
    let counters = identity.counters();
    assert_eq!((counters.succeeded, counters.failed), (1, 2));
}

#[tokio::test]
async fn invalid_responses_are_transient_errors() {
    for reply in [
        (|| Reply::Answer(200, "<html>sign in to the hotel</html>".to_owned())) as fn() -> Reply,
        || Reply::Answer(200, String::new()),
        || Reply::Answer(503, "<html>upstream</html>".to_owned()),
        || Reply::Answer(502, String::new()),
    ] {
        let (error, _) = error_of(reply).await;
        assert_eq!(error.cause(), Some(Cause::StsInternalError), "{error}");
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn a_silent_sts_times_out() {
    let sts = Server::start(|_, _| Reply::Silence).await;
    let pod = Pod::with_sts(&sts.url);
    let mut settings = pod.settings(SourceChoice::Auto);
    settings.timeouts.exchange = Duration::from_millis(50);
    settings.timeouts.wait = Duration::from_millis(500);
    let error = pod
        .start_with(settings)
        .unwrap()
        .credentials()
        .await
        .unwrap_err();
    assert_eq!(error.cause(), Some(Cause::StsUnreachable));
    assert!(error.is_transient());
}
