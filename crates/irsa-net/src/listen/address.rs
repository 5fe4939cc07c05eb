//! Where to listen, as users write it.

use std::fmt::{self, Display, Formatter};
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where to listen.
///
/// | written | meaning |
/// |---|---|
/// | `5432`, `localhost:5432` | 127.0.0.1 and ::1 |
/// | `127.0.0.1:5432`, `[::1]:5432`, `0.0.0.0:5432`, `[::]:5432` | that address |
/// | `*:5432` | all addresses of both families, like `[::]:5432` |
/// | `unix:/run/irsa/pg` | a Unix socket, or the folder of one: see [`ListenAddress::for_postgres`] |
///
/// Names other than `localhost` are refused: what they resolve to may change, and with it who can
/// reach us.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ListenAddress {
    /// Both loopback addresses, 127.0.0.1 and ::1.
    Loopback {
        /// The port; 0 for a free one.
        port: u16,
    },
    /// One address.
    Tcp(SocketAddr),
    /// A Unix socket at this path.
    Unix(PathBuf),
}

/// A text that is no [`ListenAddress`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{input}` is not an address to listen on: {problem}")]
pub struct ParseListenAddressError {
    input: String,
    problem: &'static str,
}

impl ListenAddress {
    /// Whether only this machine (for a pod: this pod) can connect.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Loopback { .. } | Self::Unix(_) => true,
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
        }
    }

    /// The same, but for a Unix address that is a folder, the socket that PostgreSQL's clients look
    /// for in it: `.s.PGSQL.PORT` (PostgreSQL documentation, `unix_socket_directories`).
    ///
    /// A path whose last part starts with `.s.PGSQL.` is a socket already.
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
            Some(("*", number)) => number_of(number)
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
        return Err("a path cannot hold a NUL character");
    }
    if !path.starts_with('/') {
        return Err("a Unix socket needs an absolute path, as in `unix:/run/irsa`");
    }
    Ok(ListenAddress::Unix(path.into()))
}

fn port(number: &str) -> Result<ListenAddress, &'static str> {
    number_of(number).map(|port| ListenAddress::Loopback { port })
}

fn number_of(number: &str) -> Result<u16, &'static str> {
    // `parse` would take a sign.
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EXPECTED);
    }
    number.parse().map_err(|_| "a port is at most 65535")
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
    fn reads_each_form_and_prints_it_back() {
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
    fn refuses_what_it_cannot_be_sure_of() {
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
    fn knows_who_can_connect() {
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
    fn names_the_socket_that_libpq_looks_for() {
        let socket = ListenAddress::Unix("/run/irsa/.s.PGSQL.6432".into());
        assert_eq!(parse("unix:/run/irsa").for_postgres(6432), socket);
        assert_eq!(socket.clone().for_postgres(5432), socket);
        assert_eq!(parse("5432").for_postgres(6432), parse("5432"));
    }
}
