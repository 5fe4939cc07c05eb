//! The limit of connections that have not authenticated yet.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::listen::Peer;

/// Limits how many clients of other machines may be connected before they have authenticated.
///
/// Such a client costs memory (a TLS handshake, an unread answer) and gives nothing in return, so
/// its connection counts here and not toward the connections of the clients that are served. One
/// address gets at most half of the places: a single machine can't keep all others out. Clients on
/// loopback addresses and Unix sockets are not counted. Clones share the count.
#[derive(Clone, Debug)]
pub struct UnauthenticatedLimit {
    counts: Arc<Mutex<Counts>>,
    max: usize,
}

/// One connection that has not authenticated. Drop it when the client has authenticated, or with
/// the connection.
#[derive(Debug)]
#[must_use = "a place that is dropped immediately limits nothing"]
pub struct Unauthenticated {
    counted: Option<(Arc<Mutex<Counts>>, Network)>,
}

/// A client is refused because too many have not authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooManyUnauthenticated {
    /// All places are taken.
    #[error("{0} connections have not authenticated yet, which is the limit")]
    Total(usize),
    /// The client's address has half of the places.
    #[error("{1} connections from {0} have not authenticated yet, which is the limit")]
    FromAddress(IpAddr, usize),
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    by_network: HashMap<Network, usize>,
}

/// An IPv4 address, or the /64 that an IPv6 address is in: a machine can have all addresses of one.
type Network = IpAddr;

impl UnauthenticatedLimit {
    /// The default limit: more than the pools of a few applications open at a time.
    pub const DEFAULT: usize = 512;

    /// A limit of `max` connections, half of it for one address.
    pub fn new(max: usize) -> Self {
        Self {
            counts: Arc::default(),
            max,
        }
    }

    /// Counts a new connection. Never waits.
    ///
    /// # Errors
    /// The limit is reached, for all clients or for this one's address.
    pub fn try_acquire(&self, peer: &Peer) -> Result<Unauthenticated, TooManyUnauthenticated> {
        let Some(address) = peer.remote_address() else {
            return Ok(Unauthenticated { counted: None });
        };
        let network = network(address);
        let mut counts = lock(&self.counts);
        if counts.total >= self.max {
            return Err(TooManyUnauthenticated::Total(self.max));
        }
        let most = self.max.div_ceil(2);
        match counts.by_network.entry(network) {
            Entry::Occupied(count) if *count.get() >= most => {
                return Err(TooManyUnauthenticated::FromAddress(address, most));
            }
            entry => *entry.or_default() += 1,
        }
        counts.total += 1;
        Ok(Unauthenticated {
            counted: Some((Arc::clone(&self.counts), network)),
        })
    }

    /// The number of connections that have not authenticated, without those of this machine.
    pub fn in_use(&self) -> usize {
        lock(&self.counts).total
    }
}

impl Default for UnauthenticatedLimit {
    fn default() -> Self {
        Self::new(Self::DEFAULT)
    }
}

impl Drop for Unauthenticated {
    fn drop(&mut self) {
        let Some((counts, network)) = self.counted.take() else {
            return;
        };
        let mut counts = lock(&counts);
        counts.total -= 1;
        if let Entry::Occupied(mut count) = counts.by_network.entry(network) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

fn network(address: IpAddr) -> Network {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let prefix = address.to_bits() & (u128::MAX << 64);
            Ipv6Addr::from_bits(prefix).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(address: &str) -> Peer {
        Peer::Tcp((address.parse::<IpAddr>().unwrap(), 40_000).into())
    }

    #[test]
    fn refuses_one_more_than_the_limit_and_counts_back() {
        let limit = UnauthenticatedLimit::new(2);
        let first = limit.clone().try_acquire(&tcp("10.0.0.1")).unwrap();
        let _second = limit.try_acquire(&tcp("10.0.0.2")).unwrap();
        let third = tcp("10.0.0.3");
        assert_eq!(
            limit.try_acquire(&third).unwrap_err(),
            TooManyUnauthenticated::Total(2)
        );
        assert_eq!(limit.in_use(), 2);

        drop(first);

        assert_eq!(limit.in_use(), 1);
        let _third = limit.try_acquire(&third).unwrap();
    }

    #[test]
    fn leaves_half_of_the_places_to_other_addresses() {
        let limit = UnauthenticatedLimit::new(4);
        let _held: Vec<_> = ["fd00::1", "fd00::2"]
            .map(|address| limit.try_acquire(&tcp(address)).unwrap())
            .into();
        let refused = limit.try_acquire(&tcp("fd00::3")).unwrap_err();
        let address = "fd00::3".parse().unwrap();
        assert_eq!(refused, TooManyUnauthenticated::FromAddress(address, 2));
        let _other = limit.try_acquire(&tcp("fd00:0:0:1::1")).unwrap();
    }

    #[test]
    fn forgets_addresses_that_have_left() {
        let limit = UnauthenticatedLimit::new(4);
        drop(limit.try_acquire(&tcp("10.0.0.1")).unwrap());
        assert!(lock(&limit.counts).by_network.is_empty());
    }

    #[test]
    fn does_not_count_clients_of_this_machine() {
        let limit = UnauthenticatedLimit::new(0);
        let unix = Peer::Unix { uid: 0, pid: None };
        for local in [tcp("127.0.0.9"), tcp("::1"), tcp("::ffff:127.0.0.1"), unix] {
            let _permit = limit.try_acquire(&local).unwrap();
        }
        limit.try_acquire(&tcp("::ffff:10.0.0.1")).unwrap_err();
    }
}
