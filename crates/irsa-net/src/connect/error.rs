//! Errors of connection attempts.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use irsa_chain::Cause;

use super::HttpProxy;

/// The error of a connection attempt.
#[derive(Debug)]
pub struct ConnectError {
    host: String,
    port: u16,
    kind: ConnectErrorKind,
}

/// The reason why a connection attempt failed.
#[derive(Debug)]
pub enum ConnectErrorKind {
    /// The name cannot be resolved.
    Unresolvable(io::Error),
    /// All addresses failed, with the error of each.
    Unreachable(Vec<(SocketAddr, io::Error)>),
    /// The timeout expired, with the addresses that failed before.
    TimedOut(Duration, Vec<(SocketAddr, io::Error)>),
    /// The HTTP proxy could not be reached, or did not open the connection.
    HttpProxy(HttpProxy, io::Error),
}

impl ConnectError {
    pub(super) fn new(host: &str, port: u16, kind: ConnectErrorKind) -> Self {
        Self {
            host: host.to_owned(),
            port,
            kind,
        }
    }

    /// Returns the cause in the identity chain.
    pub fn cause(&self) -> Cause {
        match self.kind {
            ConnectErrorKind::Unresolvable(_) => Cause::EndpointUnresolvable,
            ConnectErrorKind::Unreachable(_) => Cause::EndpointUnreachable,
            ConnectErrorKind::TimedOut(..) => Cause::EndpointTimeout,
            ConnectErrorKind::HttpProxy(..) => Cause::HttpProxyFailed,
        }
    }

    /// Returns the reason.
    pub fn kind(&self) -> &ConnectErrorKind {
        &self.kind
    }
}

impl Display for ConnectError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { host, port, kind } = self;
        match kind {
            ConnectErrorKind::Unresolvable(error) => {
                write!(f, "cannot resolve `{host}`: {error}")
            }
            ConnectErrorKind::Unreachable(failures) => {
                write!(f, "cannot connect to `{host}` on port {port}")?;
                list(f, failures)
            }
            ConnectErrorKind::TimedOut(after, failures) => {
                write!(
                    f,
                    "no connection to `{host}` on port {port} within {after:?}"
                )?;
                list(f, failures)
            }
            ConnectErrorKind::HttpProxy(proxy, error) => write!(
                f,
                "the HTTP proxy `{proxy}` did not open a connection to `{host}` on port {port}: {error}"
            ),
        }
    }
}

impl Error for ConnectError {}

fn list(f: &mut Formatter<'_>, failures: &[(SocketAddr, io::Error)]) -> fmt::Result {
    for (index, (address, error)) in failures.iter().enumerate() {
        let separator = if index == 0 { ": " } else { "; " };
        write!(f, "{separator}{address}: {error}")?;
    }
    Ok(())
}
