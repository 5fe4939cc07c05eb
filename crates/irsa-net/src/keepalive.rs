//! TCP keepalive, which detects peers that disappeared without closing the connection.

use std::time::Duration;

use socket2::TcpKeepalive;

/// Returns the settings for three probes after an idle time, a third of that time apart (tcp(7), `TCP_KEEPIDLE`).
pub(crate) fn probes(idle: Duration) -> TcpKeepalive {
    TcpKeepalive::new()
        .with_time(idle)
        .with_interval((idle / 3).max(Duration::from_secs(1)))
        .with_retries(3)
}
