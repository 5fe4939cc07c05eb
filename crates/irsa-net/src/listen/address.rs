//! Listen addresses in the syntax of the settings.

use std::fmt::{self, Display, Formatter};
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// An address to listen on.
///
/// | syntax | meaning |
/// |---|---|
/// | `5432`, `localhost:5432` | 127.0.0.1 and ::1 |
/// | `127.0.0.1:5432`, `[::1]:5432`, `0.0.0.0:5432`, `[::]:5432` | this address |
/// | `*:5432` | all IPv4 and IPv6 addresses, like `[::]:5432` |
/// | `unix:/run/irsa/pg` | a Unix socket, or its directory: see [`ListenAddress::for_postgres`] |
///
/// Names other than `localhost` are rejected: if the address that a name resolves to changed, so would the clients that
/// can connect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ListenAddress {
    /// Both loopback addresses, 127.0.0.1 and ::1.
    Loopback {
        /// The port; 0 means any free port.
        port: u16,
    },
    /// One address.
    Tcp(SocketAddr),
    /// A Unix socket at this path.
    Unix(PathBuf),
}

/// The error for a text that is not a valid [`ListenAddress`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{input}` is not a valid listen address: {problem}")]
pub struct ParseListenAddressError {
    input: String,
    problem: &'static str,
}

impl ListenAddress {
    /// Returns whether only processes of this machine (in Kubernetes: of this pod) can connect.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Loopback { .. } | Self::Unix(_) => true,
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
        }
    }

    /// Replaces the path of a Unix socket directory by that of the socket in it, where PostgreSQL clients look for it:
    /// `.s.PGSQL.PORT` (PostgreSQL documentation, `unix_socket_directories`).
    ///
    /// A path whose file name starts with `.s.PGSQL.` is a socket and stays unchanged.
    #[must_use]
    pub fn for_postgres(self, port: u16) -> Self {
        match self {
            Self::Unix(path) if !is_postgres_socket(&path) => {
                Self::Unix(path.join(format!("{POSTGRES_SOCKET}{port}")))
            }
            other => other,
        }
    }
}

impl FromStr for ListenAddress {
    type Err = ParseListenAddressError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        let fail = |problem| ParseListenAddressError {
            input: input.to_owned(),
            problem,
        };
        if let Some(path) = input.strip_prefix("unix:") {
            return unix(path).map_err(fail);
        }
        if let Ok(address) = input.parse() {
            return Ok(Self::Tcp(address));
        }
        match input.rsplit_once(':') {
            None => port(input).map_err(fail),
            Some(("localhost", number)) => port(number).map_err(fail),
            Some(("*", number)) => port_number(number)
                .map(|port| Self::Tcp((Ipv6Addr::UNSPECIFIED, port).into()))
                .map_err(fail),
            Some(_) => Err(fail(EXPECTED)),
        }
    }
}

impl Display for ListenAddress {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback { port } => write!(f, "localhost:{port}"),
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

fn unix(path: &str) -> Result<ListenAddress, &'static str> {
    if path.contains('\0') {
        return Err("a path cannot contain a NUL character");
    }
    if !path.starts_with('/') {
        return Err("the path of a Unix socket must be absolute, such as `unix:/run/irsa`");
    }
    Ok(ListenAddress::Unix(path.into()))
}

fn port(number: &str) -> Result<ListenAddress, &'static str> {
    port_number(number).map(|port| ListenAddress::Loopback { port })
}

fn port_number(text: &str) -> Result<u16, &'static str> {
    // `parse` would accept a sign.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EXPECTED);
    }
    text.parse().map_err(|_| "the highest port is 65535")
}

fn is_postgres_socket(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with(POSTGRES_SOCKET))
}

const POSTGRES_SOCKET: &str = ".s.PGSQL.";
const EXPECTED: &str =
    "expected a port, `localhost:PORT`, an IP address with a port, `*:PORT`, or `unix:/PATH`";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(input: &str) -> ListenAddress {
        input.parse().unwrap()
    }

    #[test]
    fn parses_and_prints_each_form() {
        let cases = [
            (
                "5432",
                ListenAddress::Loopback { port: 5432 },
                "localhost:5432",
            ),
            (
                "localhost:0",
                ListenAddress::Loopback { port: 0 },
                "localhost:0",
            ),
            (
                "0.0.0.0:5432",
                ListenAddress::Tcp(([0, 0, 0, 0], 5432).into()),
                "0.0.0.0:5432",
            ),
            (
                "[::1]:5432",
                ListenAddress::Tcp(([0, 0, 0, 0, 0, 0, 0, 1], 5432).into()),
                "[::1]:5432",
            ),
            (
                "*:5432",
                ListenAddress::Tcp((Ipv6Addr::UNSPECIFIED, 5432).into()),
                "[::]:5432",
            ),
            (
                "unix:/run/irsa",
                ListenAddress::Unix("/run/irsa".into()),
                "unix:/run/irsa",
            ),
        ];
        for (input, address, printed) in cases {
            assert_eq!(parse(input), address);
            assert_eq!(address.to_string(), printed);
            assert_eq!(parse(printed), address);
        }
    }

    #[test]
    fn rejects_ambiguous_and_invalid_addresses() {
        for input in [
            "",
            ":",
            "+5432",
            "65536",
            "db:5432",
            "127.0.0.1",
            "::1:5432",
            "unix:",
            "unix:run",
            "unix:/a\0b",
            "localhost:",
            "localhost",
            "*",
            "*:",
            "*:x",
            "http://localhost:1",
        ] {
            let error = input.parse::<ListenAddress>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{input}` is not")), "{error}");
        }
    }

    #[test]
    fn only_loopback_addresses_are_local() {
        for local in [
            "1",
            "localhost:1",
            "127.0.0.9:1",
            "[::1]:1",
            "unix:/s",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert!(parse(local).is_loopback(), "{local}");
        }
        for open in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1"] {
            assert!(!parse(open).is_loopback(), "{open}");
        }
    }

    #[test]
    fn finds_the_socket_path_of_libpq() {
        let socket = ListenAddress::Unix("/run/irsa/.s.PGSQL.6432".into());
        assert_eq!(parse("unix:/run/irsa").for_postgres(6432), socket);
        assert_eq!(socket.clone().for_postgres(5432), socket);
        assert_eq!(parse("5432").for_postgres(6432), parse("5432"));
    }
}
