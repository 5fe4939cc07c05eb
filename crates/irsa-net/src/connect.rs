//! Connections to a host with several addresses.
//!
//! The addresses are tried in a staggered race that alternates between IPv6 and IPv4 (RFC 8305, "Happy Eyeballs"), so
//! an unreachable address delays the connection by 250 ms instead of the full timeout.

mod attempts;
mod error;
mod http_proxy;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

pub use self::error::{ConnectError, ConnectErrorKind};
pub use self::http_proxy::{HttpProxy, InvalidHttpProxy, ProxyRules};

/// Timeouts and keepalive of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The timeout for name resolution and connection together. Default 10 s.
    pub timeout: Duration,
    /// Idle time before the kernel sends TCP keepalive probes: three probes, a third of this time apart. `None`
    /// disables keepalive. Default 30 s.
    pub keepalive: Option<Duration>,
    /// Time that sent data may stay unacknowledged before the kernel closes the connection (`TCP_USER_TIMEOUT`). `None`
    /// is the kernel's default of about 15 minutes. Default 30 s.
    ///
    /// Linux also closes the connection if the peer acknowledges data but does not read for this long. A sender of more
    /// data than the peer's buffers hold must change the timeout with
    /// [`Stream::set_user_timeout`](crate::listen::Stream::set_user_timeout).
    pub user_timeout: Option<Duration>,
    /// The HTTP proxy that opens the connection and resolves the name. Default none.
    pub http_proxy: Option<HttpProxy>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            keepalive: Some(Duration::from_secs(30)),
            user_timeout: Some(Duration::from_secs(30)),
            http_proxy: None,
        }
    }
}

/// Connects to `host`, a DNS name or an IP address (IPv6 with or without brackets).
///
/// Sets `TCP_NODELAY` and the options on the stream.
///
/// # Errors
/// Fails if the name cannot be resolved, all addresses fail, or the timeout expires. The error has a
/// [`Cause`](irsa_chain::Cause) and the error of each address.
pub async fn connect(
    host: &str,
    port: u16,
    options: &ConnectOptions,
) -> Result<TcpStream, ConnectError> {
    let deadline = Instant::now() + options.timeout;
    let connected = match &options.http_proxy {
        None => connect_directly(host, port, options, deadline).await,
        Some(proxy) => connect_through(proxy, host, port, options, deadline).await,
    };
    connected.map_err(|kind| ConnectError::new(host, port, kind))
}

async fn connect_directly(
    host: &str,
    port: u16,
    options: &ConnectOptions,
    deadline: Instant,
) -> Result<TcpStream, ConnectErrorKind> {
    let addresses = timeout_at(deadline, resolve(host, port))
        .await
        .map_err(|_| ConnectErrorKind::TimedOut(options.timeout, Vec::new()))??;
    attempts::connect_first(addresses, options, deadline).await
}

async fn connect_through(
    proxy: &HttpProxy,
    host: &str,
    port: u16,
    options: &ConnectOptions,
    deadline: Instant,
) -> Result<TcpStream, ConnectErrorKind> {
    let fail = |error| ConnectErrorKind::HttpProxy(proxy.clone(), error);
    let to_proxy = connect_directly(proxy.host(), proxy.port(), options, deadline)
        .await
        .map_err(|kind| {
            let error = ConnectError::new(proxy.host(), proxy.port(), kind);
            fail(io::Error::other(error))
        })?;
    let no_answer = || {
        let after = options.timeout;
        let text = format!("no response from the proxy within {after:?}");
        fail(io::Error::new(io::ErrorKind::TimedOut, text))
    };
    timeout_at(deadline, proxy.tunnel(to_proxy, host, port))
        .await
        .map_err(|_| no_answer())?
        .map_err(fail)
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectErrorKind> {
    if let Some(ip) = ip_literal(host) {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let found = lookup_host((host, port))
        .await
        .map_err(ConnectErrorKind::Unresolvable)?;
    Ok(attempts::interleave_families(found))
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
    async fn leaves_disabled_options_to_the_kernel() {
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
    async fn resolves_a_name() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        connect("localhost", port, &ConnectOptions::default())
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn reports_the_error_of_a_closed_port() {
        let closed = TcpSocket::new_v4().unwrap();
        closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let port = closed.local_addr().unwrap().port();

        let failed = connect("127.0.0.1", port, &ConnectOptions::default())
            .await
            .unwrap_err();

        assert_eq!(failed.cause(), Cause::EndpointUnreachable);
        let text = failed.to_string();
        let start = format!("cannot connect to `127.0.0.1` on port {port}: 127.0.0.1:{port}: ");
        assert!(text.starts_with(&start), "{text}");
    }

    #[tokio::test]
    async fn distinguishes_an_unknown_name_from_an_unreachable_host() {
        // A label of 64 characters exceeds the limit of DNS, so no server is queried.
        let name = format!("{}.invalid", "a".repeat(64));
        let failed = connect(&name, 5432, &ConnectOptions::default())
            .await
            .unwrap_err();
        assert_eq!(failed.cause(), Cause::EndpointUnresolvable);
        assert!(failed.to_string().contains(&name));
    }

    #[test]
    fn parses_addresses_with_and_without_brackets() {
        assert_eq!(ip_literal("[::1]"), "::1".parse().ok());
        assert_eq!(ip_literal("::1"), "::1".parse().ok());
        assert_eq!(ip_literal("10.0.0.1"), "10.0.0.1".parse().ok());
        assert_eq!(ip_literal("[::1"), None);
        assert_eq!(ip_literal("db.example"), None);
    }
}
