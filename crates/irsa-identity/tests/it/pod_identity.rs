//! The EKS Pod Identity agent.

use std::time::Duration;

use irsa_chain::Cause;
use irsa_identity::{ExposeSecret, Identity, SourceChoice};

use crate::aws::{IN_AN_HOUR, Pod, SECRET_KEY, SESSION_TOKEN};
use crate::server::{Reply, Server};

fn pod_with_agent(url: &str) -> Pod {
    let mut pod = Pod::bare();
    let token_file = pod.token_file().display().to_string();
    pod.set(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        &format!("{url}/v1/credentials"),
    );
    pod.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token_file);
    pod
}

fn start(pod: &Pod) -> Identity {
    let mut settings = pod.settings(SourceChoice::Auto);
    settings.timeouts.wait = Duration::from_millis(200);
    pod.start_with(settings).unwrap()
}

#[tokio::test]
async fn the_token_is_sent_raw_and_trimmed() {
    let agent = Server::start(|_, _| {
        let body = format!(
            r#"{{"AccessKeyId":"ASIAPOD","SecretAccessKey":"{SECRET_KEY}","Token":"{SESSION_TOKEN}","AccountId":"123456789012","Expiration":"{IN_AN_HOUR}"}}"#
        );
        Reply::Answer(200, body)
    })
    .await;
    let pod = pod_with_agent(&agent.url);
    let identity = start(&pod);
    let credentials = identity.credentials().await.unwrap();
    assert_eq!(identity.source().name(), "pod-identity");
    assert_eq!(credentials.access_key_id(), "ASIAPOD");
    assert_eq!(
        credentials.session_token().unwrap().expose_secret(),
        SESSION_TOKEN
    );
    let [request] = agent.requests().try_into().unwrap();
    assert!(
        request.line.starts_with("GET /v1/credentials "),
        "{}",
        request.line
    );
    assert_eq!(request.header("authorization"), Some(pod.token.as_str()));
}

#[tokio::test]
async fn a_response_without_credentials_is_rejected_and_not_quoted() {
    let agent = Server::start(|_, _| {
        Reply::Answer(
            200,
            format!(r#"{{"AccessKeyId":"A","SecretAccessKey":"{SECRET_KEY}"}}"#),
        )
    })
    .await;
    let error = start(&pod_with_agent(&agent.url))
        .credentials()
        .await
        .unwrap_err();
    assert_eq!(error.cause(), Some(Cause::PodIdentityRefused));
    assert!(!format!("{error:?}").contains(SECRET_KEY));
}

#[tokio::test]
async fn an_endless_response_is_limited() {
    let agent = Server::start(|_, _| Reply::Answer(200, " ".repeat(1 << 20))).await;
    let error = start(&pod_with_agent(&agent.url))
        .credentials()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("larger than"), "{error}");
}

#[tokio::test]
async fn a_missing_agent_is_transient_and_names_its_address() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = start(&pod_with_agent(&url))
        .credentials()
        .await
        .unwrap_err();
    assert_eq!(error.cause(), Some(Cause::PodIdentityRefused));
    assert!(error.is_transient());
    assert!(error.to_string().contains("`127.0.0.1`"), "{error}");
}

#[tokio::test]
async fn an_untrusted_address_is_rejected_at_the_start() {
    let pod = pod_with_agent("http://collector.evil.example");
    let error = pod.start(SourceChoice::Auto).unwrap_err();
    assert!(
        error.to_string().contains("`collector.evil.example`"),
        "{error}"
    );
}
