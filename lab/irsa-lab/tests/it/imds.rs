//! Instance metadata.

use std::time::Duration;

use irsa_chain::Cause;
use irsa_lab::Lab;
use irsa_lab::ledger::Service;

use crate::client::{Answer, Call};
use crate::stage::{ask, lab, last_refusal, session_arn};

const CREDENTIALS: &str = "/latest/meta-data/iam/security-credentials/";

async fn imds(lab: &Lab, call: &Call) -> Answer {
    ask(lab, &lab.facts().imds.url, call).await
}

fn token_call() -> Call {
    Call::put("/latest/api/token").header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
}

async fn get(lab: &Lab, path: &str) -> Answer {
    let token = imds(lab, &token_call()).await.body;
    imds(
        lab,
        &Call::get(path).header("x-aws-ec2-metadata-token", token),
    )
    .await
}

#[tokio::test]
async fn returns_the_credentials_of_the_node_to_any_caller() {
    let lab = lab().await;
    assert_eq!(get(&lab, CREDENTIALS).await.body, "eks-node-role");
    assert_eq!(
        get(&lab, "/latest/meta-data/placement/region").await.body,
        "eu-central-1"
    );
    let answer = get(&lab, &format!("{CREDENTIALS}eks-node-role")).await;
    assert_eq!(answer.json()["Code"], "Success");
    assert_eq!(answer.json()["Type"], "AWS-HMAC");
    let arn = session_arn(&lab, &answer).await;
    assert!(
        arn.starts_with("arn:aws:sts::111122223333:assumed-role/eks-node-role/i-"),
        "{arn}"
    );
    lab.stop().await;
}

#[tokio::test]
async fn rejects_missing_tokens_and_invalid_requests_for_one() {
    let lab = lab().await;
    let ttl = "x-aws-ec2-metadata-token-ttl-seconds";
    for (name, call, status) in [
        ("version 1", Call::get(CREDENTIALS), 401),
        (
            "wrong token",
            Call::get(CREDENTIALS).header("x-aws-ec2-metadata-token", "x"),
            401,
        ),
        ("no life", Call::put("/latest/api/token"), 400),
        (
            "too long a life",
            Call::put("/latest/api/token").header(ttl, "21601"),
            400,
        ),
        (
            "no life at all",
            Call::put("/latest/api/token").header(ttl, "0"),
            400,
        ),
        (
            "through a proxy",
            token_call().header("x-forwarded-for", "10.0.0.1"),
            403,
        ),
    ] {
        assert_eq!(imds(&lab, &call).await.status, status, "{name}");
        assert_eq!(last_refusal(&lab).cause, Cause::ImdsRefused, "{name}");
    }
    let answer = get(&lab, &format!("{CREDENTIALS}other-role")).await;
    assert_eq!(
        (answer.status, answer.headers["content-type"].as_str()),
        (404, "text/html")
    );
    assert!(answer.body.contains("<title>404 - Not Found</title>"));
    lab.stop().await;
}

#[tokio::test]
async fn counts_every_request() {
    let lab = lab().await;
    assert_eq!(lab.ledger().asked(Service::Imds), 0);
    imds(&lab, &Call::get("/")).await;
    imds(&lab, &token_call()).await;
    assert_eq!(lab.ledger().asked(Service::Imds), 2);
    lab.stop().await;
}

#[tokio::test]
async fn with_a_hop_limit_of_one_a_pod_never_gets_a_response() {
    let lab = lab().await;
    lab.faults().change(|plan| plan.imds.hop_limit_one = true);
    let waited = tokio::time::timeout(Duration::from_millis(200), imds(&lab, &token_call())).await;
    assert!(waited.is_err());
    assert_eq!(lab.ledger().asked(Service::Imds), 1);
    lab.stop().await;
}

#[tokio::test]
async fn responds_with_403_when_metadata_is_disabled() {
    let lab = lab().await;
    lab.faults().change(|plan| plan.imds.disabled = true);
    assert_eq!(imds(&lab, &token_call()).await.status, 403);
    lab.stop().await;
}
