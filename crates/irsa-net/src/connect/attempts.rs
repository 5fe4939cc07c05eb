//! Connection attempts to several addresses.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{ConnectErrorKind, ConnectOptions};
use crate::keepalive;

/// The recommended "Connection Attempt Delay" (RFC 8305 section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// Interleaves the address families and otherwise keeps the resolver's order (RFC 8305 section 4).
pub(super) fn interleave_families(found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut found = found.peekable();
    let v6_first = found.peek().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (Vec<_>, Vec<_>) =
        found.partition(|address| address.is_ipv6() == v6_first);
    first.reverse();
    second.reverse();
    let mut ordered = Vec::with_capacity(first.len() + second.len());
    while !(first.is_empty() && second.is_empty()) {
        ordered.extend(first.pop());
        ordered.extend(second.pop());
    }
    ordered
}

/// Starts an attempt every [`STAGGER`], or as soon as one fails, and returns the first connection.
pub(super) async fn connect_first(
    addresses: Vec<SocketAddr>,
    options: &ConnectOptions,
    deadline: Instant,
) -> Result<TcpStream, ConnectErrorKind> {
    let mut failures = Vec::new();
    match timeout_at(deadline, race(addresses, &mut failures)).await {
        Err(_) => Err(ConnectErrorKind::TimedOut(options.timeout, failures)),
        Ok(None) => Err(ConnectErrorKind::Unreachable(failures)),
        Ok(Some((address, stream))) => match set_options(&stream, options) {
            Ok(()) => Ok(stream),
            Err(error) => Err(ConnectErrorKind::Unreachable(vec![(address, error)])),
        },
    }
}

async fn race(
    addresses: Vec<SocketAddr>,
    failures: &mut Vec<(SocketAddr, io::Error)>,
) -> Option<(SocketAddr, TcpStream)> {
    let mut waiting = addresses.into_iter().peekable();
    let mut running = JoinSet::new();
    let mut next_start = Instant::now();
    loop {
        tokio::select! {
            biased;
            Some(ended) = running.join_next() => match ended {
                Ok((address, Ok(stream))) => return Some((address, stream)),
                Ok((address, Err(error))) => {
                    failures.push((address, error));
                    next_start = Instant::now();
                }
                // Attempts are not canceled and do not panic.
                Err(_) => {}
            },
            () = sleep_until(next_start), if waiting.peek().is_some() => {
                if let Some(address) = waiting.next() {
                    running.spawn(async move { (address, TcpStream::connect(address).await) });
                }
                next_start = Instant::now() + STAGGER;
            }
            else => return None,
        }
    }
}

fn set_options(stream: &TcpStream, options: &ConnectOptions) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    if let Some(idle) = options.keepalive {
        socket.set_tcp_keepalive(&keepalive::probes(idle))?;
    }
    socket.set_tcp_user_timeout(options.user_timeout)
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    fn options() -> ConnectOptions {
        ConnectOptions {
            timeout: Duration::from_secs(5),
            ..ConnectOptions::default()
        }
    }

    async fn first(addresses: Vec<SocketAddr>) -> Result<TcpStream, ConnectErrorKind> {
        connect_first(addresses, &options(), Instant::now() + options().timeout).await
    }

    #[test]
    fn interleaves_the_address_families() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let found = ["[::1]:1", "[::2]:1", "[::3]:1", "1.0.0.1:1"].map(address);
        let expected = ["[::1]:1", "1.0.0.1:1", "[::2]:1", "[::3]:1"].map(address);
        assert_eq!(interleave_families(found.into_iter()), expected);
        assert!(interleave_families(std::iter::empty()).is_empty());
    }

    #[tokio::test]
    async fn tries_the_next_address_if_one_refuses() {
        let closed = TcpSocket::new_v4().unwrap();
        closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = open.local_addr().unwrap();

        let stream = first(vec![closed.local_addr().unwrap(), open])
            .await
            .unwrap();

        assert_eq!(stream.peer_addr().unwrap(), open);
    }

    #[tokio::test]
    async fn tries_the_next_address_if_one_does_not_answer() {
        let silent = Silent::new().await;
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = open.local_addr().unwrap();

        let stream = first(vec![silent.address, open]).await.unwrap();

        assert_eq!(stream.peer_addr().unwrap(), open);
    }

    #[tokio::test]
    async fn fails_when_the_timeout_expires() {
        let silent = Silent::new().await;
        let deadline = Instant::now() + Duration::from_millis(50);
        let failed = connect_first(vec![silent.address], &options(), deadline).await;
        assert!(
            matches!(failed, Err(ConnectErrorKind::TimedOut(..))),
            "{failed:?}"
        );
    }

    /// A listener that no longer answers because its accept queue is full.
    struct Silent {
        address: SocketAddr,
        _listener: TcpListener,
        _queue: Vec<TcpStream>,
    }

    impl Silent {
        async fn new() -> Self {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let listener = socket.listen(1).unwrap();
            let address = listener.local_addr().unwrap();
            let mut queue = Vec::new();
            let limit = Duration::from_millis(100);
            while let Ok(stream) = tokio::time::timeout(limit, TcpStream::connect(address)).await {
                queue.push(stream.unwrap());
            }
            Self {
                address,
                _listener: listener,
                _queue: queue,
            }
        }
    }
}
