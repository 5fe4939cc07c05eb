//! Accepted connections.

use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::net::{RecvFlags, recv};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use tokio::net::{TcpStream, UnixStream};

/// An accepted connection and its peer.
#[derive(Debug)]
pub struct Accepted {
    /// The connection. `TCP_NODELAY` is set on TCP.
    pub stream: Stream,
    /// The client.
    pub peer: Peer,
}

/// The client of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// The address of a TCP client.
    Tcp(SocketAddr),
    /// The credentials of a Unix socket client at `connect(2)`, from the kernel (`SO_PEERCRED`).
    Unix {
        /// The effective user ID.
        uid: u32,
        /// The process ID, if the system reports it.
        pid: Option<i32>,
    },
}

impl Peer {
    /// Returns whether the peer is on this machine: a loopback address or a Unix socket. Its clear text does not cross
    /// a network.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
            Self::Unix { .. } => true,
        }
    }
}

/// A TCP or Unix connection with a common interface.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Tcp(TcpStream),
    /// A Unix socket.
    Unix(UnixStream),
}

impl Peer {
    /// Returns the address of a client on another machine; `None` for a loopback address or a Unix socket.
    pub fn remote_address(&self) -> Option<IpAddr> {
        match self {
            Self::Tcp(address) => {
                let address = address.ip().to_canonical();
                (!address.is_loopback()).then_some(address)
            }
            Self::Unix { .. } => None,
        }
    }
}

macro_rules! either {
    ($stream:expr, $inner:ident => $call:expr) => {
        match $stream {
            Stream::Tcp($inner) => $call,
            Stream::Unix($inner) => $call,
        }
    };
}

impl Stream {
    /// Waits until the stream is readable.
    pub async fn readable(&self) -> io::Result<()> {
        either!(self, inner => inner.readable().await)
    }

    /// Waits until the stream is writable.
    pub async fn writable(&self) -> io::Result<()> {
        either!(self, inner => inner.writable().await)
    }

    /// Waits until the stream is ready as `interest` requests.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        either!(self, inner => inner.ready(interest).await)
    }

    /// Polls for readability. Only the task of the last call is woken.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, inner => inner.poll_read_ready(cx))
    }

    /// Polls for writability. Only the task of the last call is woken.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, inner => inner.poll_write_ready(cx))
    }

    /// Reads available bytes, or fails with `WouldBlock`.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        either!(self, inner => inner.try_read(buf))
    }

    /// Writes as many bytes as the socket accepts, or fails with `WouldBlock`.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        either!(self, inner => inner.try_write(buf))
    }

    /// Writes several buffers in one call, or fails with `WouldBlock`.
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(self, inner => inner.try_write_vectored(bufs))
    }

    /// Discards unread bytes that have arrived, up to 1 MiB. Closing a TCP connection with unread bytes resets it, and
    /// the peer can receive the reset before the last bytes that were sent.
    pub fn discard_unread(&self) {
        let mut bytes = [0; 16 * 1024];
        for _ in 0..64 {
            // Read the socket directly: tokio may not know yet that bytes have arrived.
            match recv(self, &mut bytes, RecvFlags::DONTWAIT) {
                Ok((read, _)) if read > 0 => {}
                _ => return,
            }
        }
    }

    /// Sets the time that sent data may stay unacknowledged, or unread by a peer with full buffers, before the kernel
    /// closes the connection (`TCP_USER_TIMEOUT`). Has no effect on a Unix socket.
    ///
    /// # Errors
    /// The error of `setsockopt(2)`.
    pub fn set_user_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(inner) => SockRef::from(inner).set_tcp_user_timeout(timeout),
            Self::Unix(_) => Ok(()),
        }
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self::Tcp(stream)
    }
}

impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Self {
        Self::Unix(stream)
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        either!(self, inner => inner.as_fd())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self.get_mut(), inner => Pin::new(inner).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), inner => Pin::new(inner).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), inner => Pin::new(inner).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), inner => Pin::new(inner).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), inner => Pin::new(inner).poll_shutdown(cx))
    }
}

impl Accepted {
    pub(super) fn tcp((stream, address): (TcpStream, SocketAddr)) -> Self {
        // Fails only if the connection is already closed, which the reader notices.
        let _ = stream.set_nodelay(true);
        Self {
            stream: Stream::Tcp(stream),
            peer: Peer::Tcp(address),
        }
    }

    /// Fails if the credentials are unavailable, because access decisions depend on them.
    pub(super) fn unix(stream: UnixStream) -> io::Result<Self> {
        let credentials = stream
            .peer_cred()
            .map_err(|_| io::Error::from(rustix::io::Errno::CONNABORTED))?;
        Ok(Self {
            stream: Stream::Unix(stream),
            peer: Peer::Unix {
                uid: credentials.uid(),
                pid: credentials.pid(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_and_unix_sockets_are_local() {
        for (address, is_local) in [
            ("127.0.0.9:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("10.0.0.1:1", false),
            ("[::ffff:10.0.0.1]:1", false),
            ("[fe80::1]:1", false),
        ] {
            let peer = Peer::Tcp(address.parse().unwrap());
            assert_eq!(peer.is_local(), is_local, "{address}");
        }
        assert!(Peer::Unix { uid: 7, pid: None }.is_local());
    }
}
