//! A panic closes the connection on which it occurs, and no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use irsa_identity::{Clock, ManualClock};

use crate::domain::Domain;
use crate::proxy::Setup;

/// A clock that can panic.
#[derive(Debug)]
struct BrittleClock {
    time: ManualClock,
    is_broken: Arc<AtomicBool>,
}

impl Clock for BrittleClock {
    fn now(&self) -> SystemTime {
        assert!(
            !self.is_broken.load(Ordering::Relaxed),
            "a value from outside"
        );
        self.time.now()
    }
}

const REQUEST: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[tokio::test]
async fn a_panic_closes_only_its_own_connection() {
    let domain = Domain::start().await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.limits.max_connections = 2;
    let is_broken = Arc::new(AtomicBool::new(false));
    let clock = BrittleClock {
        time: setup.clock.clone(),
        is_broken: Arc::clone(&is_broken),
    };
    let proxy = setup
        .start_with(|parts| parts.clock = Arc::new(clock))
        .await;
    let mut other = proxy.connect().await;
    assert_eq!(other.ask(REQUEST).await.status(), 200);

    is_broken.store(true, Ordering::Relaxed);
    // More panics than connection slots.
    for _ in 0..3 {
        let mut client = proxy.connect().await;
        client.send(REQUEST).await;
        assert_eq!(client.rest().await, "");
    }
    is_broken.store(false, Ordering::Relaxed);
    assert_eq!(other.ask(REQUEST).await.status(), 200);
    assert_eq!(proxy.get("GET /").await.status(), 200);
}
