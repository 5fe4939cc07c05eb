//! Faults on demand.

use std::time::{Duration, Instant};

use irsa_chain::Cause;
use tokio_postgres::error::SqlState;

use super::super::faults::TlsFault;
use super::client::Tls;
use super::support::Lab;
use crate::ledger::Outcome;

#[tokio::test]
async fn a_valid_token_is_rejected_as_expired_and_then_accepted() {
    let lab = Lab::start().await;
    lab.faults.change(|plan| plan.aurora.refuse_logins = 1);
    let token = lab.token("keycloak");
    let error = lab
        .connect("keycloak", &token, "keycloak")
        .await
        .unwrap_err();
    assert_eq!(
        error.code(),
        Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
    );
    assert_eq!(
        lab.ledger().last_refusal().unwrap().cause,
        Cause::RdsTokenExpired
    );
    lab.connect("keycloak", &token, "keycloak").await.unwrap();
}

#[tokio::test]
async fn throttling_appears_only_in_the_servers_log() {
    let lab = Lab::start().await;
    lab.faults.change(|plan| plan.aurora.throttled = true);
    let error = lab
        .connect("keycloak", &lab.token("keycloak"), "keycloak")
        .await
        .unwrap_err();
    assert_eq!(
        error.code(),
        Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
    );
    let ledger = lab.ledger();
    let refusal = ledger.last_refusal().unwrap();
    assert_eq!(refusal.cause, Cause::EndpointOverloaded);
    assert!(
        refusal.message.contains("ThrottlingException"),
        "{}",
        refusal.message
    );
}

#[tokio::test]
async fn a_full_server_rejects_before_it_asks_for_a_password() {
    let lab = Lab::start().await;
    lab.aurora
        .faults()
        .change(|fault| fault.too_many_clients = true);
    let error = lab.connect("keycloak", "", "keycloak").await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::TOO_MANY_CONNECTIONS));
    assert_eq!(lab.count("login", Outcome::Fault), 1);
}

#[tokio::test]
async fn a_verifying_client_rejects_a_wrong_certificate() {
    let lab = Lab::start().await;
    for fault in [TlsFault::OtherName, TlsFault::OtherAuthority] {
        lab.aurora.faults().change(|faults| faults.tls = fault);
        let error = lab
            .connect("keycloak", &lab.token("keycloak"), "keycloak")
            .await
            .unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("invalid peer certificate"), "{source}");
    }
    assert_eq!(
        lab.ledger().asked(crate::ledger::Service::Aurora),
        lab.count("tls", Outcome::Fault)
    );
}

#[tokio::test]
async fn a_client_that_requires_tls_sends_no_token_without_it() {
    let lab = Lab::start().await;
    lab.aurora
        .faults()
        .change(|faults| faults.tls = TlsFault::Refused);
    let error = lab
        .connect("keycloak", &lab.token("keycloak"), "keycloak")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("TLS"), "{error}");
    assert_eq!(lab.count("login", Outcome::Refused), 0);
}

#[tokio::test]
async fn an_unreachable_server_refuses_new_connections_and_keeps_open_ones() {
    let lab = Lab::start().await;
    let client = lab
        .connect("keycloak", &lab.token("keycloak"), "keycloak")
        .await
        .unwrap();
    lab.faults.change(|plan| plan.aurora.unreachable = true);
    assert!(
        Tls::trusting(&lab)
            .direct(&lab, &lab.cluster().endpoint)
            .await
            .is_err()
    );
    client.simple_query("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn a_cut_ends_sessions_without_a_message() {
    let lab = Lab::start().await;
    let client = lab
        .connect("keycloak", &lab.token("keycloak"), "keycloak")
        .await
        .unwrap();
    let sleeping = client.simple_query("SELECT pg_sleep(60)");
    let (ended, ()) = tokio::join!(sleeping, async { lab.aurora.faults().cut_connections() });
    assert!(ended.unwrap_err().code().is_none());
    lab.connect("keycloak", &lab.token("keycloak"), "keycloak")
        .await
        .unwrap();
}

#[tokio::test]
async fn latency_applies_to_each_round_trip() {
    let lab = Lab::start().await;
    let client = lab
        .connect("keycloak", &lab.token("keycloak"), "keycloak")
        .await
        .unwrap();
    lab.aurora.faults().change(|fault| fault.latency_ms = 40);
    let start = Instant::now();
    client.simple_query("SELECT 1").await.unwrap();
    assert!(
        start.elapsed() >= Duration::from_millis(80),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_slow_login_succeeds_after_a_delay() {
    let lab = Lab::start().await;
    lab.faults.change(|plan| plan.aurora.login_delay_ms = 50);
    let start = Instant::now();
    lab.connect("keycloak", &lab.token("keycloak"), "keycloak")
        .await
        .unwrap();
    assert!(
        start.elapsed() >= Duration::from_millis(50),
        "{:?}",
        start.elapsed()
    );
}
