//! SQLSTATE 28000: one more login, with a fresh token, where that can help.

use std::time::Duration;

use irsa_identity::ManualClock;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;

use crate::proxy::{Proxy, Setup};
use crate::server::{RunningServer, Server, Step, refusal};

struct Stage {
    server: RunningServer,
    proxy: Proxy,
    clock: ManualClock,
}

/// A server that lets the first login in, and answers later ones as `refused` says.
async fn after_a_good_login(
    refused: impl Fn(usize) -> Option<ErrorResponse> + Send + Sync + 'static,
) -> Stage {
    let stage = stage(move |login| if login == 0 { None } else { refused(login) }).await;
    stage.proxy.log_in().await.unwrap();
    stage
}

async fn stage(refused: impl Fn(usize) -> Option<ErrorResponse> + Send + Sync + 'static) -> Stage {
    let script = move |login| match refused(login) {
        Some(error) => vec![Step::ask_for_password(), Step::refuse(&error)],
        None => vec![Step::ask_for_password(), Step::Welcome],
    };
    let server = Server::new().on_login(script).run().await;
    let setup = Setup::of(&server);
    Stage {
        clock: setup.clock.clone(),
        proxy: setup.start().await,
        server,
    }
}

// === impl Stage ===

impl Stage {
    /// The tokens that the server has seen, in their order.
    fn tokens(&self) -> Vec<String> {
        let logins = self.server.logins().into_iter();
        logins.flat_map(|login| login.passwords).collect()
    }

    fn retries(&self) -> u64 {
        self.proxy.metric("postgres_token_retries_total")
    }
}

#[tokio::test]
async fn a_cached_token_that_is_refused_is_replaced_by_a_fresh_one() {
    let stage = after_a_good_login(|login| (login == 1).then(refusal)).await;
    stage.clock.advance(Duration::from_mins(5));
    stage.proxy.log_in().await.unwrap();
    let [first, cached, fresh] = stage.tokens().try_into().unwrap();
    assert_eq!(first, cached);
    assert_ne!(cached, fresh);
    assert_eq!(stage.retries(), 1);
    stage.proxy.log_in().await.unwrap();
    assert_eq!(stage.tokens()[3], fresh, "the fresh one is kept");
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_after_a_cached_one_is_the_last() {
    let stage = after_a_good_login(|_| Some(refusal())).await;
    stage.clock.advance(Duration::from_mins(5));
    let error = stage.proxy.refusal().await;
    assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert_eq!(error.message, refusal().message);
    let detail = error.detail.unwrap();
    assert!(detail.contains("token signed 0 s ago"), "{detail}");
    assert_eq!(stage.tokens().len(), 3, "one for the first client, two now");
    assert_eq!(stage.retries(), 1);
}

#[tokio::test]
async fn a_token_signed_for_this_very_login_is_not_replaced() {
    let stage = stage(|_| Some(refusal())).await;
    let error = stage.proxy.refusal().await;
    assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert_eq!(stage.tokens().len(), 1);
    assert_eq!(stage.retries(), 0);
}

#[tokio::test]
async fn a_token_signed_in_the_same_second_is_not_replaced_by_its_like() {
    let stage = after_a_good_login(|_| Some(refusal())).await;
    stage.clock.advance(Duration::from_millis(500));
    stage.proxy.refusal().await;
    assert_eq!(stage.tokens().len(), 2);
    assert_eq!(stage.retries(), 0);
}

#[tokio::test]
async fn no_other_refusal_leads_to_a_second_login() {
    for code in ["3D000", "53300", "57P03", "28P01", "42501", "XX000"] {
        let error = ErrorResponse::fatal(code.parse().unwrap(), "no");
        let stage = after_a_good_login(move |_| Some(error.clone())).await;
        stage.clock.advance(Duration::from_mins(5));
        assert_eq!(stage.proxy.refusal().await.code.as_str(), code);
        assert_eq!(stage.tokens().len(), 2, "after {code}");
    }
}

#[tokio::test]
async fn a_busy_rds_proxy_is_not_asked_again_at_once() {
    let mut busy = refusal();
    busy.message = "The IAM authentication failed because of too many competing requests.".into();
    let stage = after_a_good_login(move |_| Some(busy.clone())).await;
    stage.clock.advance(Duration::from_mins(5));
    stage.proxy.refusal().await;
    assert_eq!(stage.tokens().len(), 2);
    assert_eq!(stage.retries(), 0);
}

#[tokio::test]
async fn a_refusal_that_came_before_any_token_leads_to_no_second_login() {
    let script = [Step::refuse(&refusal())];
    let server = Server::new().on_each_login(script).run().await;
    let error = Setup::of(&server).start().await.refusal().await;
    assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert_eq!(error.message, refusal().message);
    assert_eq!(error.detail, None, "nobody knows what it means");
    assert_eq!(server.connections(), 1);
}
