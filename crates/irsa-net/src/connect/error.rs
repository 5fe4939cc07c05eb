//! Why no connection was made.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use irsa_chain::Cause;

/// No connection could be made.
#[derive(Debug)]
pub struct ConnectError {
    host: String,
    port: u16,
    kind: ConnectErrorKind,
}

/// What kept the connection from being made.
#[derive(Debug)]
pub enum ConnectErrorKind {
    /// The name has no address.
    Unresolvable(io::Error),
    /// Every address refused, with what it said.
    Unreachable(Vec<(SocketAddr, io::Error)>),
    /// Nothing answered in this time; what refused until then.
    TimedOut(Duration, Vec<(SocketAddr, io::Error)>),
}

impl ConnectError {
    pub(super) fn new(host: &str, port: u16, kind: ConnectErrorKind) -> Self {
        Self {
            host: host.to_owned(),
            port,
            kind,
        }
    }

    /// The same in the words of the chain.
    pub fn cause(&self) -> Cause {
        match self.kind {
            ConnectErrorKind::Unresolvable(_) => Cause::EndpointUnresolvable,
            ConnectErrorKind::Unreachable(_) => Cause::EndpointUnreachable,
            ConnectErrorKind::TimedOut(..) => Cause::EndpointTimeout,
        }
    }

    /// What happened.
    pub fn kind(&self) -> &ConnectErrorKind {
        &self.kind
    }
}

impl Display for ConnectError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { host, port, kind } = self;
        match kind {
            ConnectErrorKind::Unresolvable(error) => {
                write!(f, "the name `{host}` cannot be resolved: {error}")
            }
            ConnectErrorKind::Unreachable(refusals) => {
                write!(f, "no connection to `{host}` on port {port}")?;
                list(f, refusals)
            }
            ConnectErrorKind::TimedOut(after, refusals) => {
                write!(f, "no answer from `{host}` on port {port} in {after:?}")?;
                list(f, refusals)
            }
        }
    }
}

impl Error for ConnectError {}

fn list(f: &mut Formatter<'_>, refusals: &[(SocketAddr, io::Error)]) -> fmt::Result {
    for (index, (address, error)) in refusals.iter().enumerate() {
        let separator = if index == 0 { ": " } else { "; " };
        write!(f, "{separator}{address} said: {error}")?;
    }
    Ok(())
}
