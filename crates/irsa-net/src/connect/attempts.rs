//! The race of the addresses.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{ConnectErrorKind, ConnectOptions};
use crate::keepalive;

/// RFC 8305 section 5: "Connection Attempt Delay", its recommended value.
const STAGGER: Duration = Duration::from_millis(250);

/// RFC 8305 section 4: the resolver's order, but with the families interleaved.
pub(super) fn families_in_turn(found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
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

/// Starts an attempt each [`STAGGER`], or as soon as one fails, and takes the first that stands.
pub(super) async fn first_to_answer(
    addresses: Vec<SocketAddr>,
    options: &ConnectOptions,
    deadline: Instant,
) -> Result<TcpStream, ConnectErrorKind> {
    let mut refusals = Vec::new();
    match timeout_at(deadline, race(addresses, &mut refusals)).await {
        Err(_) => Err(ConnectErrorKind::TimedOut(options.timeout, refusals)),
        Ok(None) => Err(ConnectErrorKind::Unreachable(refusals)),
        Ok(Some((address, stream))) => match prepare(&stream, options) {
            Ok(()) => Ok(stream),
            Err(error) => Err(ConnectErrorKind::Unreachable(vec![(address, error)])),
        },
    }
}

async fn race(
    addresses: Vec<SocketAddr>,
    refusals: &mut Vec<(SocketAddr, io::Error)>,
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
                    refusals.push((address, error));
                    next_start = Instant::now();
                }
                // An attempt is neither cancelled nor does it panic.
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

fn prepare(stream: &TcpStream, options: &ConnectOptions) -> io::Result<()> {
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

    fn soon() -> ConnectOptions {
        ConnectOptions {
            timeout: Duration::from_secs(5),
            ..ConnectOptions::default()
        }
    }

    async fn first(addresses: Vec<SocketAddr>) -> Result<TcpStream, ConnectErrorKind> {
        first_to_answer(addresses, &soon(), Instant::now() + soon().timeout).await
    }

    #[test]
    fn takes_the_families_in_turn() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let found = ["[::1]:1", "[::2]:1", "[::3]:1", "1.0.0.1:1"].map(address);
        let expected = ["[::1]:1", "1.0.0.1:1", "[::2]:1", "[::3]:1"].map(address);
        assert_eq!(families_in_turn(found.into_iter()), expected);
        assert!(families_in_turn(std::iter::empty()).is_empty());
    }

    #[tokio::test]
    async fn goes_on_to_the_next_address_when_one_refuses() {
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
    async fn goes_on_to_the_next_address_when_one_is_silent() {
        let silent = Silent::new().await;
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = open.local_addr().unwrap();

        let stream = first(vec![silent.address, open]).await.unwrap();

        assert_eq!(stream.peer_addr().unwrap(), open);
    }

    #[tokio::test]
    async fn gives_up_when_time_is_over() {
        let silent = Silent::new().await;
        let deadline = Instant::now() + Duration::from_millis(50);
        let failed = first_to_answer(vec![silent.address], &soon(), deadline).await;
        assert!(
            matches!(failed, Err(ConnectErrorKind::TimedOut(..))),
            "{failed:?}"
        );
    }

    /// A listener that answers no more, since its queue of connections to accept is full.
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
            let patience = Duration::from_millis(100);
            while let Ok(stream) = tokio::time::timeout(patience, TcpStream::connect(address)).await
            {
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
