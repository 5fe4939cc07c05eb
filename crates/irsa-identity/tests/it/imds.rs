//! The instance metadata service, which is used only if selected explicitly.

use std::time::Duration;

use irsa_chain::Cause;
use irsa_identity::SourceChoice;

use crate::aws::{IN_AN_HOUR, Pod, SECRET_KEY, SESSION_TOKEN, refusal, session};
use crate::server::{Reply, Request, Server};

const CREDENTIALS: &str = "GET /latest/meta-data/iam/security-credentials/";

pub(crate) fn imds(_: usize, request: &Request) -> Reply {
    let with_token = request.header("x-aws-ec2-metadata-token") == Some("imds-token");
    let path = request.line.trim_end_matches(" HTTP/1.1");
    if path == "PUT /latest/api/token" {
        return Reply::Answer(200, "imds-token".to_owned());
    }
    match path.strip_prefix(CREDENTIALS) {
        Some("") if with_token => Reply::Answer(200, "node-role\n".to_owned()),
        Some("node-role") if with_token => Reply::Answer(
            200,
            format!(
                r#"{{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIANODE","SecretAccessKey":"{SECRET_KEY}","Token":"{SESSION_TOKEN}","Expiration":"{IN_AN_HOUR}"}}"#
            ),
        ),
        _ => Reply::Answer(401, String::new()),
    }
}

#[tokio::test]
async fn version_2_of_the_service_is_used() {
    let server = Server::start(imds).await;
    let mut pod = Pod::bare();
    pod.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &server.url);
    let identity = pod.start(SourceChoice::Imds).unwrap();
    assert_eq!(
        identity.credentials().await.unwrap().access_key_id(),
        "ASIANODE"
    );
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_node_without_a_role_is_reported() {
    let server = Server::start(|n, request| match n {
        0 => imds(n, request),
        _ => Reply::Answer(404, String::new()),
    })
    .await;
    let mut pod = Pod::bare();
    pod.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &server.url);
    let error = pod
        .start(SourceChoice::Imds)
        .unwrap()
        .credentials()
        .await
        .unwrap_err();
    assert_eq!(error.cause(), Some(Cause::ImdsRefused));
    assert!(error.to_string().contains("no instance profile"), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn without_a_token_no_further_request_is_sent() {
    let server = Server::start(|_, _| Reply::Answer(403, String::new())).await;
    let mut pod = Pod::bare();
    pod.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &server.url);
    let error = pod
        .start(SourceChoice::Imds)
        .unwrap()
        .credentials()
        .await
        .unwrap_err();
    assert_eq!(error.cause(), Some(Cause::ImdsRefused));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_disabled_service_is_not_called() {
    let mut pod = Pod::bare();
    pod.set("AWS_EC2_METADATA_DISABLED", "true");
    let error = pod.start(SourceChoice::Imds).unwrap_err();
    assert_eq!(error.cause(), Some(Cause::ImdsRefused));
}

/// The node's role, access keys and a profile are all available, but none of them is used.
#[tokio::test]
async fn a_broken_web_identity_has_no_fallback() {
    let node = Server::start(imds).await;
    let sts = Server::start(|n, _| match n {
        0 => session("AssumeRoleWithWebIdentity", "ASIAPOD", IN_AN_HOUR),
        _ => refusal(
            403,
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        ),
    })
    .await;
    let mut pod = Pod::with_sts(&sts.url);
    let config = pod.file("config");
    std::fs::write(
        &config,
        "[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = x\n",
    )
    .unwrap();
    for (name, value) in [
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", node.url.as_str()),
        ("AWS_ACCESS_KEY_ID", "AKIAENV"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("AWS_PROFILE", "default"),
    ] {
        pod.set(name, value);
    }
    let identity = pod.start(SourceChoice::Auto).unwrap();
    assert_eq!(
        identity.credentials().await.unwrap().access_key_id(),
        "ASIAPOD"
    );
    pod.clock.advance(Duration::from_hours(1));
    let error = identity.credentials().await.unwrap_err();
    assert_eq!(error.cause(), Some(Cause::TrustDenied));
    assert!(node.requests().is_empty());
}
