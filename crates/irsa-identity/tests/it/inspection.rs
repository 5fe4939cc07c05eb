//! The individual steps of an exchange.

use std::sync::Arc;

use irsa_chain::Cause;
use irsa_identity::{Inspection, SourceChoice};

use crate::aws::{Pod, refusal};
use crate::imds::imds;
use crate::server::Server;

fn inspection(pod: &Pod) -> Inspection {
    let settings = pod.settings(SourceChoice::Auto);
    Inspection::new(settings, Arc::new(pod.clock.clone())).unwrap()
}

#[tokio::test]
async fn a_temporary_error_is_not_retried() {
    let server = Server::start(|_, _| refusal(400, "Throttling", "Rate exceeded")).await;
    let pod = Pod::with_sts(&server.url);
    let error = inspection(&pod).exchange().await.unwrap_err();
    assert_eq!(error.cause(), Some(Cause::StsThrottled));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn any_response_proves_that_sts_is_reachable() {
    let server = Server::start(|_, _| refusal(400, "InvalidAction", "no")).await;
    let pod = Pod::with_sts(&server.url);
    let answer = inspection(&pod).sts_answer().await.unwrap();
    assert_eq!((answer.status, answer.date), (400, None));
    assert!(answer.url.starts_with(&server.url), "{}", answer.url);
}

#[tokio::test]
async fn a_missing_sts_is_unreachable() {
    let pod = Pod::with_sts("http://127.0.0.1:1");
    let error = inspection(&pod).sts_answer().await.unwrap_err();
    assert_eq!(error.cause(), Some(Cause::StsUnreachable));
}

#[tokio::test]
async fn the_nodes_role_is_read_without_its_credentials() {
    let server = Server::start(imds).await;
    let mut pod = Pod::bare();
    pod.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &server.url);
    pod.set("AWS_EC2_METADATA_DISABLED", "true");
    assert_eq!(inspection(&pod).node_role().await.unwrap(), "node-role");
    assert_eq!(server.requests().len(), 2);
}
