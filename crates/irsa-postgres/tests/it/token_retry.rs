//! Retries with a new token after SQLSTATE 28000.

use std::time::Duration;

use irsa_identity::ManualClock;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;

use crate::proxy::{Proxy, Setup};
use crate::server::{RunningServer, Server, Step, refusal};

struct Fixture {
    server: RunningServer,
    proxy: Proxy,
    clock: ManualClock,
}

/// A server that accepts the first login and refuses later ones as `refused` returns.
async fn after_a_successful_login(
    refused: impl Fn(usize) -> Option<ErrorResponse> + Send + Sync + 'static,
) -> Fixture {
    let fixture = fixture(move |login| if login == 0 { None } else { refused(login) }).await;
    fixture.proxy.log_in().await.unwrap();
    fixture
}

async fn fixture(
    refused: impl Fn(usize) -> Option<ErrorResponse> + Send + Sync + 'static,
) -> Fixture {
    let script = move |login| match refused(login) {
        Some(error) => vec![Step::ask_for_password(), Step::refuse(&error)],
        None => vec![Step::ask_for_password(), Step::AcceptLogin],
    };
    let server = Server::new().on_login(script).run().await;
    let setup = Setup::for_server(&server);
    Fixture {
        clock: setup.clock.clone(),
        proxy: setup.start().await,
        server,
    }
}

// === impl Fixture ===

impl Fixture {
    /// Returns the tokens that the server received, in order.
    fn tokens(&self) -> Vec<String> {
        let logins = self.server.logins().into_iter();
        logins.flat_map(|login| login.passwords).collect()
    }

    fn retries(&self) -> u64 {
        self.proxy.metric("postgres_token_retries_total")
    }
}

#[tokio::test]
async fn a_rejected_cached_token_is_replaced_by_a_new_one() {
    let fixture = after_a_successful_login(|login| (login == 1).then(refusal)).await;
    fixture.clock.advance(Duration::from_mins(5));
    fixture.proxy.log_in().await.unwrap();
    let [first, cached, new] = fixture.tokens().try_into().unwrap();
    assert_eq!(first, cached);
    assert_ne!(cached, new);
    assert_eq!(fixture.retries(), 1);
    fixture.proxy.log_in().await.unwrap();
    assert_eq!(fixture.tokens()[3], new, "the new token is cached");
}

#[tokio::test]
async fn a_rejected_new_token_is_not_replaced_again() {
    let fixture = after_a_successful_login(|_| Some(refusal())).await;
    fixture.clock.advance(Duration::from_mins(5));
    let error = fixture.proxy.refusal().await;
    assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert_eq!(error.message, refusal().message);
    let detail = error.detail.unwrap();
    assert!(detail.contains("token signed 0 s ago"), "{detail}");
    assert_eq!(
        fixture.tokens().len(),
        3,
        "one token for the first client and two for the second"
    );
    assert_eq!(fixture.retries(), 1);
}

#[tokio::test]
async fn a_token_signed_for_this_login_is_not_replaced() {
    let fixture = fixture(|_| Some(refusal())).await;
    let error = fixture.proxy.refusal().await;
    assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert_eq!(fixture.tokens().len(), 1);
    assert_eq!(fixture.retries(), 0);
}

#[tokio::test]
async fn a_token_signed_in_the_same_second_is_not_replaced() {
    let fixture = after_a_successful_login(|_| Some(refusal())).await;
    fixture.clock.advance(Duration::from_millis(500));
    fixture.proxy.refusal().await;
    assert_eq!(fixture.tokens().len(), 2);
    assert_eq!(fixture.retries(), 0);
}

#[tokio::test]
async fn other_refusals_are_not_retried() {
    for code in ["3D000", "53300", "57P03", "28P01", "42501", "XX000"] {
        let error = ErrorResponse::fatal(code.parse().unwrap(), "no");
        let fixture = after_a_successful_login(move |_| Some(error.clone())).await;
        fixture.clock.advance(Duration::from_mins(5));
        assert_eq!(fixture.proxy.refusal().await.code.as_str(), code);
        assert_eq!(fixture.tokens().len(), 2, "after {code}");
    }
}

#[tokio::test]
async fn a_busy_rds_proxy_is_not_retried() {
    let mut busy = refusal();
    busy.message = "The IAM authentication failed because of too many competing requests.".into();
    let fixture = after_a_successful_login(move |_| Some(busy.clone())).await;
    fixture.clock.advance(Duration::from_mins(5));
    fixture.proxy.refusal().await;
    assert_eq!(fixture.tokens().len(), 2);
    assert_eq!(fixture.retries(), 0);
}

#[tokio::test]
async fn a_refusal_before_the_token_is_not_retried() {
    let script = [Step::refuse(&refusal())];
    let server = Server::new().on_each_login(script).run().await;
    let error = Setup::for_server(&server).start().await.refusal().await;
    assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert_eq!(error.message, refusal().message);
    assert_eq!(error.detail, None, "the reason is unknown");
    assert_eq!(server.connections(), 1);
}
