//! TCP listeners.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket};

use super::{BindErrorKind, ListenOptions, Sockets};
use crate::keepalive;

/// The number of attempts to find a port that is free for both IPv4 and IPv6.
const TRIES: usize = 20;

/// Binds an address. `[::]` accepts IPv4 and IPv6 clients regardless of the system's default (`net.ipv6.bindv6only`),
/// and is the same as `0.0.0.0` on a machine without IPv6.
pub(super) fn bind_address(
    address: SocketAddr,
    options: &ListenOptions,
) -> Result<TcpListener, BindErrorKind> {
    let is_all_v6 = address.is_ipv6() && address.ip().is_unspecified();
    match unless_missing(bind(address, options))? {
        Some(listener) => Ok(listener),
        None if is_all_v6 => bind((Ipv4Addr::UNSPECIFIED, address.port()).into(), options),
        None => Err(BindErrorKind::Io(rustix::io::Errno::ADDRNOTAVAIL.into())),
    }
}

fn bind(address: SocketAddr, options: &ListenOptions) -> Result<TcpListener, BindErrorKind> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // Without it, a restart would have to wait for connections in TIME_WAIT.
    socket.set_reuseaddr(true)?;
    if let Some(idle) = options.keepalive.filter(|_| !address.ip().is_loopback()) {
        // Accepted connections inherit it.
        SockRef::from(&socket).set_tcp_keepalive(&keepalive::probes(idle))?;
    }
    if address.is_ipv6() && address.ip().is_unspecified() {
        SockRef::from(&socket).set_only_v6(false)?;
    }
    socket.bind(address)?;
    Ok(socket.listen(options.backlog)?)
}

pub(super) fn bind_loopback(port: u16, options: &ListenOptions) -> Result<Sockets, BindErrorKind> {
    let tries = if port == 0 { TRIES } else { 1 };
    let mut taken = None;
    for _ in 0..tries {
        match bind_both(port, options) {
            Err(error) if is_in_use(&error) => taken = Some(error),
            done => return done,
        }
    }
    Err(taken.unwrap_or(BindErrorKind::InUse))
}

fn bind_both(port: u16, options: &ListenOptions) -> Result<Sockets, BindErrorKind> {
    let Some(v4) = unless_missing(bind((Ipv4Addr::LOCALHOST, port).into(), options))? else {
        return bind((Ipv6Addr::LOCALHOST, port).into(), options).map(Sockets::One);
    };
    let port = v4.local_addr()?.port();
    Ok(
        match unless_missing(bind((Ipv6Addr::LOCALHOST, port).into(), options))? {
            Some(v6) => Sockets::Both(v4, v6),
            None => Sockets::One(v4),
        },
    )
}

/// Returns `None` if this machine does not support the address family or has it disabled.
fn unless_missing(
    bound: Result<TcpListener, BindErrorKind>,
) -> Result<Option<TcpListener>, BindErrorKind> {
    match bound {
        Err(BindErrorKind::Io(error)) if is_missing(&error) => Ok(None),
        other => other.map(Some),
    }
}

fn is_missing(error: &io::Error) -> bool {
    use rustix::io::Errno;

    matches!(
        Errno::from_io_error(error),
        Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT)
    )
}

fn is_in_use(error: &BindErrorKind) -> bool {
    matches!(error, BindErrorKind::Io(error) if error.kind() == io::ErrorKind::AddrInUse)
}
