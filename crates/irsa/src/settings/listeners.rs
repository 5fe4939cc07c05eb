//! All addresses to listen on, compared before any is bound: what clashes within one process is a mistake of its
//! settings, and nobody else's listener.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use irsa_net::listen::ListenAddress;

use super::{AdminSettings, Mistakes};
use crate::upstream::UpstreamSpec;

/// An address, and what is offered there.
struct Offered {
    address: ListenAddress,
    what: String,
}

/// Takes whatever port is free, unless it was told where to listen.
pub(super) fn on_a_free_port(spec: &mut UpstreamSpec) {
    if !spec.listens_where_told {
        spec.listen = vec![ListenAddress::Loopback { port: 0 }];
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

/// Whether the kernel lets only one of them be listened on. An address for all of its family takes in each of them.
fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    let is_for_all = one.ip().is_unspecified() || other.ip().is_unspecified();
    let is_one_family = one.is_ipv4() == other.is_ipv4();
    one.port() != 0
        && one.port() == other.port()
        && (one.ip() == other.ip() || is_for_all && is_one_family)
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
