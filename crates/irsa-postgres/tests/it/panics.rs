//! A panic ends only the session in which it occurs.

use std::sync::Arc;

use irsa_identity::{Clock as _, ManualClock};
use irsa_pgwire::frontend::query;
use irsa_pgwire::sqlstate::SqlState;

use crate::proxy::{Proxy, Setup};
use crate::server::{RunningServer, Server};
use crate::wire::encoded;

/// A proxy with a limit of two connections, and its clock.
async fn start() -> (RunningServer, Proxy, ManualClock) {
    let server = Server::new().run().await;
    let mut setup = Setup::for_server(&server);
    setup.limits.max_connections = 2;
    // Not the clock of the identity.
    let clock = ManualClock::new(setup.clock.now());
    let proxy = setup
        .start_with(|parts| parts.clock = Arc::new(clock.clone()))
        .await;
    (server, proxy, clock)
}

#[tokio::test]
async fn a_panic_ends_its_session_with_an_error_and_no_other_session() {
    let (server, proxy, clock) = start().await;
    let mut other = proxy.log_in().await.unwrap().wire;
    let mut upstream = server.session().await;

    clock.set_broken(true);
    // More often than the connection limit.
    for _ in 0..3 {
        let error = proxy.refusal().await;
        assert_eq!(error.code, SqlState::INTERNAL_ERROR);
        assert!(error.message.contains("internal error"), "{error:?}");
        assert!(!format!("{error:?}").contains("clock"));
    }
    let request = encoded(|buf| query("select 1", buf));
    other.send(&request).await;
    assert_eq!(upstream.bytes(request.len()).await, request);
    proxy.until_sessions_are(1).await;
    assert_eq!(proxy.metric("postgres_panics_total"), 3);

    clock.set_broken(false);
    proxy.log_in().await.unwrap();
}
