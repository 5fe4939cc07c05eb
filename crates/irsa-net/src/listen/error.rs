//! Errors of listeners.

use std::io;

use super::ListenAddress;

/// The error of a listener that could not be created.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on `{address}`: {kind}")]
pub struct BindError {
    address: ListenAddress,
    kind: BindErrorKind,
}

/// The reason why a listener could not be created.
#[derive(Debug, thiserror::Error)]
pub enum BindErrorKind {
    /// The address is in use.
    #[error("a different process already listens there")]
    InUse,
    /// The path of a Unix socket is a file of a different type.
    #[error("the path exists and is not a socket")]
    NotASocket,
    /// The path of a Unix socket does not fit into the 108 bytes of `sockaddr_un`.
    #[error("the path is {0} bytes long; the maximum for a Unix socket is 107")]
    PathTooLong(usize),
    /// An error of the operating system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl BindError {
    pub(super) fn new(address: ListenAddress, kind: BindErrorKind) -> Self {
        let kind = match kind {
            BindErrorKind::Io(error) if error.kind() == io::ErrorKind::AddrInUse => {
                BindErrorKind::InUse
            }
            other => other,
        };
        Self { address, kind }
    }

    /// Returns the address.
    pub fn address(&self) -> &ListenAddress {
        &self.address
    }

    /// Returns the reason.
    pub fn kind(&self) -> &BindErrorKind {
        &self.kind
    }

    /// Returns what to do.
    pub fn remedy(&self) -> String {
        let is_unix = matches!(self.address, ListenAddress::Unix(_));
        match &self.kind {
            BindErrorKind::InUse if is_unix => {
                "stop the process that listens on this socket, or choose a different path".to_owned()
            }
            BindErrorKind::InUse => {
                "stop the process that uses the port (`ss -ltnp` shows it), or choose a different port"
                    .to_owned()
            }
            BindErrorKind::NotASocket => {
                "choose a path that does not exist yet, not the directory of the socket"
                    .to_owned()
            }
            BindErrorKind::PathTooLong(_) => "choose a shorter path".to_owned(),
            BindErrorKind::Io(error) => io_remedy(error.kind(), is_unix),
        }
    }
}

fn io_remedy(kind: io::ErrorKind, is_unix: bool) -> String {
    match (kind, is_unix) {
        (io::ErrorKind::PermissionDenied, true) => {
            "give this user write permission for the directory, or choose a different path"
        }
        (io::ErrorKind::PermissionDenied, false) => {
            "choose a port of 1024 or above: lower ports need `CAP_NET_BIND_SERVICE`"
        }
        (io::ErrorKind::NotFound, true) => "create the directory of the socket",
        (io::ErrorKind::AddrNotAvailable, _) => {
            "choose an address of this machine (`ip address` lists its addresses)"
        }
        _ => "choose a different address",
    }
    .to_owned()
}
