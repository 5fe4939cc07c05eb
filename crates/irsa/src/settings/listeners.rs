//! All addresses to listen on, compared before any is bound: what clashes within one process is a mistake of its
//! settings, and nobody else's listener.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use irsa_net::listen::ListenAddress;

use super::{AdminSettings, Mistakes, PrivateFolder};
use crate::upstream::{Store, UpstreamSpec};

/// An address, and what is offered there.
struct Offered {
    address: ListenAddress,
    what: String,
}

/// The number in the name of the first socket: clients of PostgreSQL call it a port.
const FIRST_SOCKET: u16 = 5432;

/// Chooses listeners for upstreams that name none: for PostgreSQL a Unix socket in `folder`, which
/// no other user of the machine can open; without a folder, and for OpenSearch, whose clients take
/// nothing else, a free port of loopback.
pub(super) fn for_one_command(
    upstreams: &mut [UpstreamSpec],
    mut folder: Option<&mut PrivateFolder>,
    mistakes: &mut Mistakes,
) {
    let unplaced = upstreams.iter_mut().filter(|spec| !spec.listens_where_told);
    for (spec, number) in unplaced.zip(FIRST_SOCKET..) {
        spec.listen = vec![ListenAddress::Loopback { port: 0 }];
        if let (Store::Postgres(_), Some(folder)) = (&spec.store, folder.as_deref_mut()) {
            let path = folder.path().map_err(|problem| {
                format!(
                    "no socket for {}: {problem}; set TMPDIR to a folder that this user can write to, or add \
                     `listen=0` to the upstream for a TCP port, which any local user can connect to",
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

/// No two of them can have one address, except that the system picks a free port for each.
pub(super) fn check(upstreams: &[UpstreamSpec], admin: &AdminSettings, mistakes: &mut Mistakes) {
    let of_upstream = |spec: &UpstreamSpec| {
        let what = format!("`{}`", spec.store.name());
        let offered = |address| Offered {
            address,
            what: what.clone(),
        };
        spec.addresses().map(offered).collect::<Vec<_>>()
    };
    let of_flag = |flag: &str, address: &Option<ListenAddress>| {
        let what = flag.to_owned();
        address.clone().map(|address| Offered { address, what })
    };
    let mut all: Vec<Offered> = upstreams.iter().flat_map(of_upstream).collect();
    all.extend(of_flag("--admin-address", &admin.public));
    all.extend(of_flag("--status-address", &admin.private));
    for (index, one) in all.iter().enumerate() {
        let earlier = all.iter().take(index);
        if let Some(other) = earlier.into_iter().find(|other| clash(one, other)) {
            mistakes.add(format!(
                "`{}` is listened on twice, for {} and for {}; give one of them an address of its own (`listen=`, \
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

/// What is bound of an address.
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

/// Returns whether the kernel lets only one of them be listened on. An address for all of its family takes in each of
/// them, and `[::]` those of both families.
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
    fn two_ways_to_write_one_address_clash() {
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
    fn others_and_free_ports_do_not() {
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
