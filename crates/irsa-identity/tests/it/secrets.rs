//! Logs, errors and debug output contain no token, key or signature.

use std::sync::Arc;
use std::time::Duration;

use irsa_identity::{RdsSigner, RdsTarget, SourceChoice};

use crate::aws::{IN_AN_HOUR, Pod, SECRET_KEY, SESSION_TOKEN, refusal, session};
use crate::server::{Reply, Server};
use irsa_testing::Log;

fn assert_clean(text: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!text.contains(secret), "`{secret}` in {text}");
    }
}

fn target() -> RdsTarget {
    RdsTarget {
        sign_host: "orders.cluster-c1a2b3d4e5f6.eu-central-1.rds.amazonaws.com".to_owned(),
        port: 5432,
        user: "app".to_owned(),
        region: "eu-central-1".parse().unwrap(),
    }
}

#[tokio::test]
async fn exchanges_and_signatures_reveal_no_secret() {
    let (log, _guard) = Log::capture();
    let sts =
        Server::start(|_, _| session("AssumeRoleWithWebIdentity", "ASIAEXAMPLE", IN_AN_HOUR)).await;
    let pod = Pod::with_sts(&sts.url);
    let identity = pod.start(SourceChoice::Auto).unwrap();
    let credentials = identity.credentials().await.unwrap();
    let signer = RdsSigner::new(identity.clone(), Arc::new(pod.clock.clone()));
    let token = signer.token(&target()).await.unwrap();
    let _ = identity.caller().await;

    let (_, signature) = token.expose().rsplit_once('=').unwrap();
    let encoded = SESSION_TOKEN
        .replace('/', "%2F")
        .replace('+', "%2B")
        .replace('=', "%3D");
    let secrets = [
        pod.token.as_str(),
        SECRET_KEY,
        SESSION_TOKEN,
        &encoded,
        signature,
    ];
    assert!(
        log.text().contains("credentials obtained"),
        "the capture works"
    );
    assert_clean(&log.text(), &secrets);
    let settings = pod.settings(SourceChoice::Auto);
    let debug = format!("{identity:?} {credentials:?} {signer:?} {token:?} {settings:?}");
    assert_clean(&debug, &secrets);
}

#[tokio::test]
async fn a_token_in_an_error_is_removed() {
    let (log, _guard) = Log::capture();
    let sts = Server::start(|_, request| {
        let token = request.field("WebIdentityToken").unwrap();
        refusal(
            400,
            "ValidationError",
            &format!("1 validation error detected: Value '{token}' at 'webIdentityToken' failed to satisfy constraint"),
        )
    })
    .await;
    let pod = Pod::with_sts(&sts.url);
    let identity = pod.start(SourceChoice::Auto).unwrap();
    let error = identity.credentials().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("Value '[redacted]' at 'webIdentityToken'"),
        "{error}"
    );
    let texts = format!(
        "{error:?} {} {:?} {}",
        error.remedy(),
        identity.state(),
        log.text()
    );
    assert!(texts.contains("no credentials"), "the capture works");
    let (_, signature) = pod.token.rsplit_once('.').unwrap();
    assert_clean(&texts, &[&pod.token, signature]);
}

#[tokio::test]
async fn headers_and_responses_of_an_agent_are_not_logged() {
    let (log, _guard) = Log::capture();
    let agent = Server::start(|_, request| {
        let token = request.header("authorization").unwrap().to_owned();
        Reply::Answer(
            400,
            format!("Service account token cannot be parsed: {token}"),
        )
    })
    .await;
    let mut pod = Pod::bare();
    let token_file = pod.token_file().display().to_string();
    pod.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &agent.url);
    pod.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token_file);
    let mut settings = pod.settings(SourceChoice::Auto);
    settings.timeouts.wait = Duration::from_secs(1);
    let error = pod
        .start_with(settings)
        .unwrap()
        .credentials()
        .await
        .unwrap_err();
    assert_clean(&format!("{error:?} {}", log.text()), &[&pod.token]);
}
