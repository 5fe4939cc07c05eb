//! A panic ends only the session in which it occurs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use irsa_identity::{Clock, ManualClock};
use irsa_pgwire::frontend::query;
use irsa_pgwire::sqlstate::SqlState;

use crate::proxy::{Proxy, Setup};
use crate::server::{RunningServer, Server};
use crate::wire::encoded;

/// A clock that can be made to panic.
#[derive(Debug)]
struct FailingClock {
    time: ManualClock,
    is_broken: Arc<AtomicBool>,
}

impl Clock for FailingClock {
    fn now(&self) -> SystemTime {
        assert!(
            !self.is_broken.load(Ordering::Relaxed),
            "a value from outside"
        );
        self.time.now()
    }
}

/// A proxy with a limit of two connections, and the switch that makes its clock panic.
async fn with_failing_clock() -> (RunningServer, Proxy, Arc<AtomicBool>) {
    let server = Server::new().run().await;
    let mut setup = Setup::for_server(&server);
    setup.limits.max_connections = 2;
    let is_broken = Arc::new(AtomicBool::new(false));
    let clock = FailingClock {
        time: setup.clock.clone(),
        is_broken: Arc::clone(&is_broken),
    };
    let proxy = setup
        .start_with(|parts| parts.clock = Arc::new(clock))
        .await;
    (server, proxy, is_broken)
}

#[tokio::test]
async fn a_panic_ends_its_session_with_an_error_and_no_other_session() {
    let (server, proxy, is_broken) = with_failing_clock().await;
    let mut other = proxy.log_in().await.unwrap().wire;
    let mut upstream = server.session().await;

    is_broken.store(true, Ordering::Relaxed);
    // More often than the connection limit.
    for _ in 0..3 {
        let error = proxy.refusal().await;
        assert_eq!(error.code, SqlState::INTERNAL_ERROR);
        assert!(error.message.contains("internal error"), "{error:?}");
        assert!(!format!("{error:?}").contains("a value from outside"));
    }
    let request = encoded(|buf| query("select 1", buf));
    other.send(&request).await;
    assert_eq!(upstream.bytes(request.len()).await, request);
    proxy.until_sessions_are(1).await;
    assert_eq!(proxy.metric("postgres_panics_total"), 3);

    is_broken.store(false, Ordering::Relaxed);
    proxy.log_in().await.unwrap();
}
