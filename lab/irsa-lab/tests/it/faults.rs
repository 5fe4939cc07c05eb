//! Faults on demand.

use std::time::{Duration, Instant};

use irsa_lab::Lab;
use irsa_lab::faults::{FaultPlan, StsFault, StsFaultKind};
use irsa_lab::ledger::{Outcome, Service};
use tokio::net::TcpStream;

use crate::stage::{KEYCLOAK_ROLE, assume, lab, token_of};

const OPERATION: &str = "AssumeRoleWithWebIdentity";

fn sts_fault(lab: &Lab, kind: StsFaultKind, requests: Option<u64>) {
    let fault = StsFault {
        kind: Some(kind),
        requests,
        ..StsFault::default()
    };
    lab.faults().change(|plan| plan.sts = Some(fault));
}

#[tokio::test]
async fn sts_fails_with_each_error_of_aws_and_then_works_again() {
    let lab = lab().await;
    let token = token_of(&lab, "keycloak");
    let other = StsFaultKind::Error {
        code: "X".to_owned(),
        status: 418,
        message: "teapot".to_owned(),
    };
    for (kind, status, code) in [
        (StsFaultKind::Throttle, 400, "Throttling"),
        (StsFaultKind::InternalError, 500, "InternalFailure"),
        (StsFaultKind::IdpCommunication, 400, "IDPCommunicationError"),
        (StsFaultKind::RegionDisabled, 403, "RegionDisabledException"),
        (other, 418, "X"),
    ] {
        sts_fault(&lab, kind, Some(1));
        let answer = assume(&lab, KEYCLOAK_ROLE, &token).await;
        assert_eq!((answer.status, answer.xml("Code").as_str()), (status, code));
        assert_eq!(
            assume(&lab, KEYCLOAK_ROLE, &token).await.status,
            200,
            "{code}"
        );
    }
    assert_eq!(
        lab.ledger().count(Service::Sts, OPERATION, Outcome::Fault),
        5
    );
    assert_eq!(
        lab.ledger().count(Service::Sts, OPERATION, Outcome::Served),
        5
    );
    lab.stop().await;
}

#[tokio::test]
async fn sts_can_be_slow() {
    let lab = lab().await;
    lab.faults().change(|plan| {
        plan.sts = Some(StsFault {
            latency_ms: 150,
            ..StsFault::default()
        });
    });
    let start = Instant::now();
    assert_eq!(
        assume(&lab, KEYCLOAK_ROLE, &token_of(&lab, "keycloak"))
            .await
            .status,
        200
    );
    assert!(start.elapsed() >= Duration::from_millis(150));
    lab.stop().await;
}

#[tokio::test]
async fn a_stopped_sts_refuses_connections_until_it_is_back() {
    let lab = lab().await;
    let address = lab
        .facts()
        .sts
        .url
        .trim_start_matches("https://")
        .to_owned();
    lab.faults().change(|plan| plan.sts_down = true);
    until(async || TcpStream::connect(&address).await.is_err()).await;
    lab.faults().set(FaultPlan::default());
    until(async || TcpStream::connect(&address).await.is_ok()).await;
    assert_eq!(
        assume(&lab, KEYCLOAK_ROLE, &token_of(&lab, "keycloak"))
            .await
            .status,
        200
    );
    lab.stop().await;
}

async fn until(condition: impl AsyncFn() -> bool) {
    let met = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), met)
        .await
        .unwrap();
}

#[tokio::test]
async fn unavailable_keys_fail_the_exchange() {
    let lab = lab().await;
    let token = token_of(&lab, "keycloak");
    lab.faults().change(|plan| plan.jwks_unavailable = true);
    let answer = assume(&lab, KEYCLOAK_ROLE, &token).await;
    assert_eq!(answer.xml("Code"), "InvalidIdentityToken");
    assert!(
        answer.xml("Message").contains("provider,  please"),
        "{}",
        answer.body
    );
    lab.faults().change(|plan| plan.jwks_unavailable = false);
    assert_eq!(assume(&lab, KEYCLOAK_ROLE, &token).await.status, 200);
    lab.stop().await;
}

#[tokio::test]
async fn an_older_token_is_valid_until_its_key_is_retired() {
    let lab = lab().await;
    let old = token_of(&lab, "keycloak");
    lab.rotate_keys().unwrap();
    assert_eq!(assume(&lab, KEYCLOAK_ROLE, &old).await.status, 200);
    lab.retire_old_keys();
    assert_eq!(
        assume(&lab, KEYCLOAK_ROLE, &old).await.xml("Code"),
        "InvalidIdentityToken"
    );
    lab.renew_tokens().unwrap();
    assert_eq!(
        assume(&lab, KEYCLOAK_ROLE, &token_of(&lab, "keycloak"))
            .await
            .status,
        200
    );
    lab.stop().await;
}

#[tokio::test]
async fn sessions_can_be_short() {
    let lab = lab().await;
    lab.faults().change(|plan| plan.session_seconds = Some(7));
    let answer = assume(&lab, KEYCLOAK_ROLE, &token_of(&lab, "keycloak")).await;
    let session = lab.sessions().find(&answer.xml("AccessKeyId")).unwrap();
    assert_eq!(session.spec.life, Duration::from_secs(7));
    lab.stop().await;
}
