//! How the kernel finds out that a peer is gone which did not say so.

use std::time::Duration;

use socket2::TcpKeepalive;

/// Three questions after an idle time, a third of it apart (tcp(7), `TCP_KEEPIDLE`).
pub(crate) fn probes(idle: Duration) -> TcpKeepalive {
    TcpKeepalive::new()
        .with_time(idle)
        .with_interval((idle / 3).max(Duration::from_secs(1)))
        .with_retries(3)
}
