//! A panic closes the connection on which it occurs, and no other.

use std::sync::Arc;

use irsa_identity::{Clock as _, ManualClock};

use crate::domain::Domain;
use crate::proxy::Setup;

const REQUEST: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[tokio::test]
async fn a_panic_closes_only_its_own_connection() {
    let domain = Domain::start().await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.limits.max_connections = 2;
    // Not the clock of the identity.
    let clock = ManualClock::new(setup.clock.now());
    let proxy = setup
        .start_with(|parts| parts.clock = Arc::new(clock.clone()))
        .await;
    let mut other = proxy.connect().await;
    assert_eq!(other.ask(REQUEST).await.status(), 200);

    clock.set_broken(true);
    // More panics than connection slots.
    for _ in 0..3 {
        let mut client = proxy.connect().await;
        client.send(REQUEST).await;
        assert_eq!(client.rest().await, "");
    }
    clock.set_broken(false);
    assert_eq!(other.ask(REQUEST).await.status(), 200);
    assert_eq!(proxy.get("GET /").await.status(), 200);
}
