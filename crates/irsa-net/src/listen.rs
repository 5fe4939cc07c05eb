//! Listeners on TCP and Unix sockets.

mod address;
mod error;
mod stream;
mod tcp;
mod unix;

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::limit::with_reserve;
use crate::retry::Backoff;

pub use self::address::{ListenAddress, ParseListenAddressError};
pub use self::error::{BindError, BindErrorKind};
pub use self::stream::{Accepted, Peer, Stream};
use self::unix::UnixSocket;

/// Options of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenOptions {
    /// The size of the accept queue, limited by the kernel (`net.core.somaxconn`). Default 1024.
    pub backlog: u32,
    /// The file mode of a Unix socket. Default `0o600`: only the owner and root can connect.
    pub unix_mode: u32,
    /// Idle time before the kernel sends TCP keepalive probes to a client: three probes, a third of this time apart.
    /// `None` disables keepalive. Default 60 s. Listeners on loopback addresses send no probes, because the kernel
    /// always closes the connections of local processes that end.
    pub keepalive: Option<Duration>,
    /// Whether the listener accepts connections with the file descriptors of
    /// [`reserve_open_files`](crate::limit::reserve_open_files) when all others are used up. Default `false`.
    pub uses_reserve: bool,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self {
            backlog: 1024,
            unix_mode: 0o600,
            keepalive: Some(Duration::from_mins(1)),
            uses_reserve: false,
        }
    }
}

/// A listener on one address, with one socket, or with two sockets for the loopback addresses of IPv4 and IPv6.
///
/// Dropping the listener removes the file of a Unix socket.
#[derive(Debug)]
pub struct Listener {
    sockets: Sockets,
    uses_reserve: bool,
    accept_errors: AtomicU64,
}

#[derive(Debug)]
enum Sockets {
    One(TcpListener),
    Both(TcpListener, TcpListener),
    Unix(UnixSocket),
}

impl Listener {
    /// Listens on an address.
    ///
    /// For [`ListenAddress::Loopback`], an address family that this machine does not support is skipped, and with port
    /// 0 both families use the same port. The stale file of a Unix socket is replaced, but never a socket that a
    /// process listens on or a file of a different type.
    ///
    /// # Errors
    /// A [`BindError`] that names the address and has a remedy.
    pub async fn bind(address: &ListenAddress, options: ListenOptions) -> Result<Self, BindError> {
        let uses_reserve = options.uses_reserve;
        let bound = match address {
            ListenAddress::Loopback { port } => tcp::bind_loopback(*port, &options),
            ListenAddress::Tcp(address) => tcp::bind_address(*address, &options).map(Sockets::One),
            ListenAddress::Unix(path) => UnixSocket::bind(path, &options).await.map(Sockets::Unix),
        };
        let sockets = bound.map_err(|kind| BindError::new(address.clone(), kind))?;
        Ok(Self {
            sockets,
            uses_reserve,
            accept_errors: AtomicU64::new(0),
        })
    }

    /// Waits for the next connection. Cancel safe, and may be called from several tasks.
    ///
    /// Errors of a single connection (such as `ECONNABORTED`) and of resource exhaustion (such as `EMFILE`) are logged
    /// and counted, and the listener keeps accepting. After resource exhaustion it pauses first, because the kernel
    /// would report the same error again immediately.
    ///
    /// # Errors
    /// Fails only if the listener can never accept again.
    pub async fn accept(&self) -> io::Result<Accepted> {
        self.accept_or(|| ()).await
    }

    /// Does the same as [`Listener::accept`] and calls `on_exhaustion` before each pause, so that the caller can
    /// release resources for the next attempt.
    ///
    /// # Errors
    /// Fails only if the listener can never accept again.
    pub async fn accept_or(&self, on_exhaustion: impl Fn()) -> io::Result<Accepted> {
        let mut failures = 0;
        loop {
            let error = match self.accept_once().await {
                Ok(accepted) => return Ok(accepted),
                Err(error) => error,
            };
            let severity = Severity::from_error(&error);
            if severity == Severity::Final {
                return Err(error);
            }
            if severity == Severity::Exhaustion
                && self.uses_reserve
                && let Some(Ok(accepted)) = self.accept_from_reserve().await
            {
                return Ok(accepted);
            }
            let errors = self.accept_errors.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::warn!(%error, errors, "cannot accept a connection");
            if severity == Severity::Exhaustion {
                on_exhaustion();
                failures += 1;
                sleep(self.backoff().after(failures)).await;
            }
        }
    }

    /// Returns the addresses of the sockets, with the actual port instead of port 0. Never empty.
    pub fn local_addresses(&self) -> Vec<ListenAddress> {
        let address = |listener: &TcpListener| listener.local_addr().map(ListenAddress::Tcp).ok();
        match &self.sockets {
            Sockets::One(listener) => address(listener).into_iter().collect(),
            Sockets::Both(v4, v6) => address(v4).into_iter().chain(address(v6)).collect(),
            Sockets::Unix(socket) => vec![ListenAddress::Unix(socket.path().to_owned())],
        }
    }

    /// Returns the TCP port, which both sockets on the loopback addresses share; `None` for a Unix socket.
    pub fn port(&self) -> Option<u16> {
        match &self.sockets {
            Sockets::One(listener) | Sockets::Both(listener, _) => {
                listener.local_addr().ok().map(|address| address.port())
            }
            Sockets::Unix(_) => None,
        }
    }

    /// Returns the number of failed accepts since the start, for a metric.
    pub fn accept_errors(&self) -> u64 {
        self.accept_errors.load(Ordering::Relaxed)
    }

    /// Accepts a waiting connection with a file descriptor of the reserve.
    async fn accept_from_reserve(&self) -> Option<io::Result<Accepted>> {
        let mut accepting = pin!(self.accept_once());
        poll_fn(|cx| {
            let polled = with_reserve(|| accepting.as_mut().poll(cx));
            Poll::Ready(match polled {
                Some(Poll::Ready(accepted)) => Some(accepted),
                Some(Poll::Pending) | None => None,
            })
        })
        .await
    }

    fn backoff(&self) -> Backoff {
        let longest = if self.uses_reserve {
            FIRST_PAUSE
        } else {
            LONGEST_PAUSE
        };
        Backoff::new(FIRST_PAUSE, 2, longest)
    }

    async fn accept_once(&self) -> io::Result<Accepted> {
        match &self.sockets {
            Sockets::One(listener) => listener.accept().await.map(Accepted::tcp),
            Sockets::Both(v4, v6) => tokio::select! {
                accepted = v4.accept() => accepted,
                accepted = v6.accept() => accepted,
            }
            .map(Accepted::tcp),
            Sockets::Unix(socket) => socket.accept().await.and_then(Accepted::unix),
        }
    }
}

/// The meaning of an error of `accept(2)` for the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    /// The connection is gone; the next call may succeed.
    Connection,
    /// The process or the machine lacks a resource; a later call may succeed.
    Exhaustion,
    /// The listening socket itself is unusable.
    Final,
}

impl Severity {
    /// Classifies the errors of accept(2), "Error handling" and "ERRORS".
    fn from_error(error: &io::Error) -> Self {
        use rustix::io::Errno as E;

        match E::from_io_error(error) {
            // An error without errno means that the runtime is shutting down.
            None | Some(E::BADF | E::FAULT | E::INVAL | E::NOTSOCK) => Self::Final,
            Some(E::CONNABORTED | E::INTR | E::PERM | E::PROTO | E::TIMEDOUT) => Self::Connection,
            Some(_) => Self::Exhaustion,
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
