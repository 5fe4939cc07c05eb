//! Connecting to a host that has several addresses.
//!
//! All addresses are tried, the families in turn and each a little after the one before
//! (RFC 8305, "Happy Eyeballs"), so that one dead address costs a quarter of a second and not the
//! whole time limit.

mod attempts;
mod error;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

pub use self::error::{ConnectError, ConnectErrorKind};

/// How a connection is made and watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The limit for name resolution and connection together. Default 10 s.
    pub timeout: Duration,
    /// Idle time after which the kernel asks whether the peer lives, three times, a third of this
    /// time apart; `None` never asks. Default 30 s.
    pub keepalive: Option<Duration>,
    /// How long sent data may stay unacknowledged before the kernel gives the connection up
    /// (`TCP_USER_TIMEOUT`); `None` leaves it to the kernel, about 15 minutes. Default 30 s.
    ///
    /// Linux reckons a peer that answers, but has not read for this long, among the lost ones:
    /// whoever sends more than a peer's buffers hold must use
    /// [`Stream::set_user_timeout`](crate::listen::Stream::set_user_timeout).
    pub user_timeout: Option<Duration>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            keepalive: Some(Duration::from_secs(30)),
            user_timeout: Some(Duration::from_secs(30)),
        }
    }
}

/// Connects to `host`, a DNS name or an IP address (IPv6 with or without brackets).
///
/// The stream has `TCP_NODELAY` set, and the options.
///
/// # Errors
/// The name has no address, no address answers, or time is over: each with its
/// [`Cause`](irsa_chain::Cause), and with what every address said.
pub async fn connect(
    host: &str,
    port: u16,
    options: &ConnectOptions,
) -> Result<TcpStream, ConnectError> {
    let deadline = Instant::now() + options.timeout;
    let fail = |kind| ConnectError::new(host, port, kind);
    let addresses = timeout_at(deadline, resolve(host, port))
        .await
        .map_err(|_| fail(ConnectErrorKind::TimedOut(options.timeout, Vec::new())))?
        .map_err(fail)?;
    attempts::first_to_answer(addresses, options, deadline)
        .await
        .map_err(fail)
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectErrorKind> {
    if let Some(ip) = ip_literal(host) {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let found = lookup_host((host, port))
        .await
        .map_err(ConnectErrorKind::Unresolvable)?;
    Ok(attempts::families_in_turn(found))
}

fn ip_literal(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    bare.parse().ok()
}

#[cfg(test)]
mod tests {
    use irsa_chain::Cause;
    use socket2::SockRef;
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    #[tokio::test]
    async fn sets_the_options_on_the_stream() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let options = ConnectOptions {
            keepalive: Some(Duration::from_secs(9)),
            user_timeout: Some(Duration::from_secs(7)),
            ..ConnectOptions::default()
        };

        let stream = connect("127.0.0.1", port, &options).await.unwrap();

        let socket = SockRef::from(&stream);
        assert!(stream.nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(9));
        assert_eq!(
            socket.tcp_keepalive_interval().unwrap(),
            Duration::from_secs(3)
        );
        assert_eq!(socket.tcp_user_timeout().unwrap(), options.user_timeout);
    }

    #[tokio::test]
    async fn leaves_to_the_kernel_what_is_switched_off() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let options = ConnectOptions {
            keepalive: None,
            user_timeout: None,
            ..ConnectOptions::default()
        };

        let stream = connect("127.0.0.1", port, &options).await.unwrap();

        let socket = SockRef::from(&stream);
        assert!(!socket.keepalive().unwrap());
        assert_eq!(socket.tcp_user_timeout().unwrap(), None);
    }

    #[tokio::test]
    async fn finds_a_name_by_resolution() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        connect("localhost", port, &ConnectOptions::default())
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn says_what_a_closed_port_answers() {
        let closed = TcpSocket::new_v4().unwrap();
        closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let port = closed.local_addr().unwrap().port();

        let failed = connect("127.0.0.1", port, &ConnectOptions::default())
            .await
            .unwrap_err();

        assert_eq!(failed.cause(), Cause::EndpointUnreachable);
        let text = failed.to_string();
        let start = format!("no connection to `127.0.0.1` on port {port}: 127.0.0.1:{port} said: ");
        assert!(text.starts_with(&start), "{text}");
    }

    #[tokio::test]
    async fn tells_a_name_without_address_from_a_host_that_is_down() {
        // A label of 64 characters is one too long for DNS: no server is asked.
        let name = format!("{}.invalid", "a".repeat(64));
        let failed = connect(&name, 5432, &ConnectOptions::default())
            .await
            .unwrap_err();
        assert_eq!(failed.cause(), Cause::EndpointUnresolvable);
        assert!(failed.to_string().contains(&name));
    }

    #[test]
    fn reads_addresses_with_and_without_brackets() {
        assert_eq!(ip_literal("[::1]"), "::1".parse().ok());
        assert_eq!(ip_literal("::1"), "::1".parse().ok());
        assert_eq!(ip_literal("10.0.0.1"), "10.0.0.1".parse().ok());
        assert_eq!(ip_literal("[::1"), None);
        assert_eq!(ip_literal("db.example"), None);
    }
}
