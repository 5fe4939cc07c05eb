//! Listening on TCP and on Unix sockets.

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

/// How a listener is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenOptions {
    /// Connections that may wait to be accepted; the kernel caps it (`net.core.somaxconn`).
    /// Default 1024.
    pub backlog: u32,
    /// Permissions of a Unix socket's file. Default `0o600`: the owner and root only.
    pub unix_mode: u32,
    /// Idle time after which the kernel asks whether a client lives, three times, a third of this
    /// time apart; `None` never asks. Default 60 s. Clients on a loopback address are not asked:
    /// the kernel knows when they end.
    pub keepalive: Option<Duration>,
    /// Whether the listener accepts connections with the file descriptors of
    /// [`reserve_open_files`](crate::limit::reserve_open_files) when all others are used up.
    /// Default `false`.
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

/// Sockets that listen on one address: one, or one for each family of the loopback.
///
/// A Unix socket's file is removed when the listener is dropped.
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
    /// On [`ListenAddress::Loopback`] a family that this machine lacks is left out, and with port
    /// 0 both families get one port. A Unix socket's file that a dead process left is replaced,
    /// but never one that somebody listens on, nor any other file.
    ///
    /// # Errors
    /// A [`BindError`] that names the address and what to do about it.
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

    /// The next connection. May be called from several tasks, and dropped without loss.
    ///
    /// Errors of one connection (`ECONNABORTED` and such) and of scarcity (`EMFILE` and such) are
    /// logged and counted, and accepting goes on; after scarcity with a pause, for the kernel would
    /// report it again at once.
    ///
    /// # Errors
    /// Only those after which this listener can never accept again.
    pub async fn accept(&self) -> io::Result<Accepted> {
        self.accept_or(|| ()).await
    }

    /// As [`Listener::accept`], but calls `on_scarcity` before each pause: what it frees is used
    /// for the next attempt.
    ///
    /// # Errors
    /// Only those after which this listener can never accept again.
    pub async fn accept_or(&self, on_scarcity: impl Fn()) -> io::Result<Accepted> {
        let mut failures = 0;
        loop {
            let error = match self.accept_once().await {
                Ok(accepted) => return Ok(accepted),
                Err(error) => error,
            };
            let severity = Severity::of(&error);
            if severity == Severity::Final {
                return Err(error);
            }
            if severity == Severity::Scarcity
                && self.uses_reserve
                && let Some(Ok(accepted)) = self.accept_from_reserve().await
            {
                return Ok(accepted);
            }
            let errors = self.accept_errors.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::warn!(%error, errors, "cannot accept a connection");
            if severity == Severity::Scarcity {
                on_scarcity();
                failures += 1;
                sleep(self.backoff().after(failures)).await;
            }
        }
    }

    /// The addresses that are listened on, with the port that was chosen for port 0. Never empty.
    pub fn local_addresses(&self) -> Vec<ListenAddress> {
        let of = |listener: &TcpListener| listener.local_addr().map(ListenAddress::Tcp).ok();
        match &self.sockets {
            Sockets::One(listener) => of(listener).into_iter().collect(),
            Sockets::Both(v4, v6) => of(v4).into_iter().chain(of(v6)).collect(),
            Sockets::Unix(socket) => vec![ListenAddress::Unix(socket.path().to_owned())],
        }
    }

    /// The TCP port, the same for both families of the loopback; `None` for a Unix socket.
    pub fn port(&self) -> Option<u16> {
        match &self.sockets {
            Sockets::One(listener) | Sockets::Both(listener, _) => {
                listener.local_addr().ok().map(|address| address.port())
            }
            Sockets::Unix(_) => None,
        }
    }

    /// How often accepting failed since the start, for a metric.
    pub fn accept_errors(&self) -> u64 {
        self.accept_errors.load(Ordering::Relaxed)
    }

    /// A connection that waits already, accepted with the reserve.
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

/// What an error of `accept(2)` means for the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    /// That connection is gone, the next may be there.
    Connection,
    /// The process or the machine lacks something: soon again.
    Scarcity,
    /// The listening socket itself is unusable.
    Final,
}

impl Severity {
    /// The errors are those of accept(2), "Error handling" and "ERRORS".
    fn of(error: &io::Error) -> Self {
        use rustix::io::Errno as E;

        match E::from_io_error(error) {
            // No errno: the runtime itself is shutting down.
            None | Some(E::BADF | E::FAULT | E::INVAL | E::NOTSOCK) => Self::Final,
            Some(E::CONNABORTED | E::INTR | E::PERM | E::PROTO | E::TIMEDOUT) => Self::Connection,
            Some(_) => Self::Scarcity,
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
