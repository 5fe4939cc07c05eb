//! Compares all addresses to listen on before any is bound, so that a conflict within this process is reported as a
//! mistake in its settings and not as another process on the same port.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use irsa_net::listen::ListenAddress;

use super::{AdminSettings, Mistakes, PrivateFolder};
use crate::upstream::{Store, UpstreamSpec};

/// An address, and what listens on it.
struct Offered {
    address: ListenAddress,
    what: String,
}

/// The number of the first Unix socket, which PostgreSQL clients call its port.
const FIRST_SOCKET: u16 = 5432;

/// Chooses listeners for upstreams without `listen=`. PostgreSQL gets a Unix socket in `folder`, which no other user of
/// the machine can open. OpenSearch, whose clients support only TCP, gets a free port on loopback, and so does
/// PostgreSQL if there is no folder.
pub(super) fn for_one_command(
    upstreams: &mut [UpstreamSpec],
    mut folder: Option<&mut PrivateFolder>,
    mistakes: &mut Mistakes,
) {
    let unplaced = upstreams
        .iter_mut()
        .filter(|spec| !spec.has_explicit_listen);
    for (spec, number) in unplaced.zip(FIRST_SOCKET..) {
        spec.listen = vec![ListenAddress::Loopback { port: 0 }];
        if let (Store::Postgres(_), Some(folder)) = (&spec.store, folder.as_deref_mut()) {
            let path = folder.path().map_err(|problem| {
                format!(
                    "cannot create a socket for {}: {problem}; set TMPDIR to a writable directory, or add \
                     `listen=0` to the upstream for a TCP port (any local user can connect to it)",
                    spec.store.name()
                )
            });
            if let Some(path) = mistakes.collect(path) {
                let socket = ListenAddress::Unix(path.to_owned());
                spec.listen = vec![socket.for_postgres(number)];
            }
        }
    }
}

/// Reports addresses that are used twice. Port 0 never conflicts: the system picks a free port for each listener.
pub(super) fn check(upstreams: &[UpstreamSpec], admin: &AdminSettings, mistakes: &mut Mistakes) {
    let listeners_of = |spec: &UpstreamSpec| {
        let what = format!("`{}`", spec.store.name());
        let offered = |address| Offered {
            address,
            what: what.clone(),
        };
        spec.addresses().map(offered).collect::<Vec<_>>()
    };
    let listener_of_flag = |flag: &str, address: &Option<ListenAddress>| {
        let what = flag.to_owned();
        address.clone().map(|address| Offered { address, what })
    };
    let mut all: Vec<Offered> = upstreams.iter().flat_map(listeners_of).collect();
    all.extend(listener_of_flag("--admin-address", &admin.public));
    all.extend(listener_of_flag("--status-address", &admin.private));
    for (index, one) in all.iter().enumerate() {
        let earlier = all.iter().take(index);
        if let Some(other) = earlier.into_iter().find(|other| clash(one, other)) {
            mistakes.add(format!(
                "`{}` is used by both {} and {}; change one of them (`listen=`, \
                 --admin-address, --status-address)",
                one.address, other.what, one.what
            ));
        }
    }
}

fn clash(one: &Offered, other: &Offered) -> bool {
    match (&one.address, &other.address) {
        (ListenAddress::Unix(one), ListenAddress::Unix(other)) => one == other,
        (one, other) => sockets(one)
            .into_iter()
            .any(|one| sockets(other).into_iter().any(|other| meet(one, other))),
    }
}

/// Returns the socket addresses that are bound for an address.
fn sockets(address: &ListenAddress) -> Vec<SocketAddr> {
    match address {
        ListenAddress::Loopback { port } => {
            let both = [
                IpAddr::from(Ipv4Addr::LOCALHOST),
                Ipv6Addr::LOCALHOST.into(),
            ];
            both.map(|ip| SocketAddr::new(ip, *port)).to_vec()
        }
        ListenAddress::Tcp(address) => vec![*address],
        ListenAddress::Unix(_) => Vec::new(),
    }
}

/// Returns whether the kernel refuses the second of two addresses. The unspecified address of a family conflicts with
/// every address of that family, and `[::]` with those of both families.
fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    let is_for_all = one.ip().is_unspecified() || other.ip().is_unspecified();
    let is_one_family = one.is_ipv4() == other.is_ipv4();
    let is_for_both = |address: SocketAddr| address.is_ipv6() && address.ip().is_unspecified();
    let takes_in = is_for_both(one) || is_for_both(other) || is_for_all && is_one_family;
    one.port() != 0 && one.port() == other.port() && (one.ip() == other.ip() || takes_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clashes(one: &str, other: &str) -> bool {
        let offered = |text: &str| Offered {
            address: text.parse().unwrap(),
            what: String::new(),
        };
        clash(&offered(one), &offered(other))
    }

    #[test]
    fn equivalent_addresses_conflict() {
        for (one, other) in [
            ("7", "localhost:7"),
            ("7", "127.0.0.1:7"),
            ("[::1]:7", "7"),
            ("0.0.0.0:7", "7"),
            ("10.1.2.3:7", "0.0.0.0:7"),
            ("[::]:7", "[::1]:7"),
            ("*:7", "127.0.0.1:7"),
            ("*:7", "0.0.0.0:7"),
            ("unix:/run/a", "unix:/run/a"),
        ] {
            assert!(clashes(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn different_addresses_and_free_ports_do_not_conflict() {
        for (one, other) in [
            ("7", "8"),
            ("0", "0"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("127.0.0.1:7", "[::1]:7"),
            ("127.0.0.1:7", "10.1.2.3:7"),
            ("unix:/run/a", "unix:/run/b"),
            ("unix:/run/a", "7"),
        ] {
            assert!(!clashes(one, other), "{one} and {other}");
        }
    }
}
