//! The limit of unauthenticated connections.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::listen::Peer;

/// A limit of connections from other machines that have not authenticated yet.
///
/// Unauthenticated clients need memory (for a TLS handshake or an unread response), so they have a limit that is
/// separate from the limit of authenticated clients. Each address gets at most half of the permits, so that a single
/// machine cannot lock out all others. Clients on loopback addresses and Unix sockets are not counted. Clones share the
/// count.
#[derive(Clone, Debug)]
pub struct UnauthenticatedLimit {
    counts: Arc<Mutex<Counts>>,
    max: usize,
}

/// A permit for an unauthenticated connection. Drop it when the client has authenticated or disconnected.
#[derive(Debug)]
#[must_use = "a permit that is dropped immediately limits nothing"]
pub struct Unauthenticated {
    counted: Option<(Arc<Mutex<Counts>>, Network)>,
}

/// The error for a client that exceeds the limit of unauthenticated connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooManyUnauthenticated {
    /// The limit for all clients is reached.
    #[error("the limit of {0} unauthenticated connections is reached")]
    Total(usize),
    /// The limit for the client's address is reached.
    #[error("the limit of {1} unauthenticated connections from {0} is reached")]
    FromAddress(IpAddr, usize),
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    by_network: HashMap<Network, usize>,
}

/// An IPv4 address, or the /64 network of an IPv6 address: one machine can own all addresses of a /64.
type Network = IpAddr;

impl UnauthenticatedLimit {
    /// The default limit, which is more than the connection pools of a few applications open at the same time.
    pub const DEFAULT: usize = 512;

    /// Creates a limit of `max` connections, of which half are available to one address.
    pub fn new(max: usize) -> Self {
        Self {
            counts: Arc::default(),
            max,
        }
    }

    /// Counts a new connection. Never waits.
    ///
    /// # Errors
    /// Fails if the limit for all clients or for this client's address is reached.
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

    /// Returns the number of unauthenticated connections from other machines.
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
    fn refuses_connections_above_the_limit() {
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
    fn leaves_half_of_the_permits_to_other_addresses() {
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
    fn forgets_addresses_without_connections() {
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
