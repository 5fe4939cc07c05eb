//! Why an address cannot be listened on.

use std::io;

use super::ListenAddress;

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on `{address}`: {kind}")]
pub struct BindError {
    address: ListenAddress,
    kind: BindErrorKind,
}

/// What is in the way.
#[derive(Debug, thiserror::Error)]
pub enum BindErrorKind {
    /// Another process listens there.
    #[error("another process listens there")]
    InUse,
    /// The path of a Unix socket is something else.
    #[error("the path exists and is not a socket")]
    NotASocket,
    /// The path of a Unix socket does not fit into the 108 bytes of `sockaddr_un`.
    #[error("the path is {0} bytes long, a socket's path can have 107")]
    PathTooLong(usize),
    /// The system's own words.
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

    /// The address.
    pub fn address(&self) -> &ListenAddress {
        &self.address
    }

    /// What is in the way.
    pub fn kind(&self) -> &BindErrorKind {
        &self.kind
    }

    /// What to do.
    pub fn remedy(&self) -> String {
        let is_unix = matches!(self.address, ListenAddress::Unix(_));
        match &self.kind {
            BindErrorKind::InUse if is_unix => {
                "stop the process that listens on this socket, or choose another path".to_owned()
            }
            BindErrorKind::InUse => {
                "stop the process that listens there (`ss -ltnp` names it), or choose another port"
                    .to_owned()
            }
            BindErrorKind::NotASocket => {
                "name a path where nothing is yet: not the socket's folder, nor another file"
                    .to_owned()
            }
            BindErrorKind::PathTooLong(_) => "choose a shorter path".to_owned(),
            BindErrorKind::Io(error) => of_io(error.kind(), is_unix),
        }
    }
}

fn of_io(kind: io::ErrorKind, is_unix: bool) -> String {
    match (kind, is_unix) {
        (io::ErrorKind::PermissionDenied, true) => {
            "let this user write to the socket's folder, or choose another path"
        }
        (io::ErrorKind::PermissionDenied, false) => {
            "choose a port of 1024 or more: lower ones need `CAP_NET_BIND_SERVICE`"
        }
        (io::ErrorKind::NotFound, true) => "create the socket's folder",
        (io::ErrorKind::AddrNotAvailable, _) => {
            "choose an address of this machine (`ip address` lists them)"
        }
        _ => "choose another address",
    }
    .to_owned()
}
