//! A limit on guessing cancel keys: a secret of protocol 3.0 has only 4 bytes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use irsa_net::listen::Peer;

/// Unknown keys that a client address may show before it is slowed down.
const BURST: u32 = 100;
/// The time after which it may show one more. At this rate, 4 bytes take 13 years to try.
const REFILL: Duration = Duration::from_millis(100);
/// The most addresses that are remembered.
const MOST_ADDRESSES: usize = 4_096;

/// Unknown keys by the client address that showed them.
#[derive(Debug, Default)]
pub(crate) struct UnknownKeys(Mutex<HashMap<ClientAddress, Guesses>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ClientAddress {
    Ip(IpAddr),
    UnixUser(u32),
}

/// The time at which an address has its whole burst again.
#[derive(Debug, Clone, Copy)]
struct Guesses {
    forgiven: Instant,
}

// === impl UnknownKeys ===

impl UnknownKeys {
    /// Returns whether `peer` may show a key at `now`, right or wrong.
    pub(crate) fn allow(&self, peer: &Peer, now: Instant) -> bool {
        let known = self.lock().get(&peer.into()).copied();
        known.is_none_or(|guesses| guesses.forgiven <= now + REFILL * (BURST - 1))
    }

    /// Counts a key of `peer` that was unknown at `now`.
    pub(crate) fn count(&self, peer: &Peer, now: Instant) {
        let mut guesses = self.lock();
        if guesses.len() >= MOST_ADDRESSES {
            guesses.retain(|_, guesses| guesses.forgiven > now);
        }
        if guesses.len() >= MOST_ADDRESSES {
            guesses.clear();
        }
        let entry = guesses.entry(peer.into());
        let entry = entry.or_insert(Guesses { forgiven: now });
        entry.forgiven = entry.forgiven.max(now) + REFILL;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ClientAddress, Guesses>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl ClientAddress ===

impl From<&Peer> for ClientAddress {
    fn from(peer: &Peer) -> Self {
        match peer {
            Peer::Tcp(address) => Self::Ip(address.ip().to_canonical()),
            Peer::Unix { uid, .. } => Self::UnixUser(*uid),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn peer(last: u8, port: u16) -> Peer {
        Peer::Tcp(SocketAddr::from(([10, 0, 0, last], port)))
    }

    #[test]
    fn slows_an_address_down_after_its_burst_whatever_its_port() {
        let keys = UnknownKeys::default();
        let now = Instant::now();
        for port in 1..=100 {
            assert!(keys.allow(&peer(1, port), now), "{port}");
            keys.count(&peer(1, port), now);
        }
        assert!(!keys.allow(&peer(1, 101), now));
        assert!(keys.allow(&peer(2, 1), now), "others are not held up");
        assert!(keys.allow(&Peer::Unix { uid: 0, pid: None }, now));
        let later = now + REFILL;
        assert!(keys.allow(&peer(1, 101), later));
        keys.count(&peer(1, 101), later);
        assert!(!keys.allow(&peer(1, 102), later));
    }

    #[test]
    fn remembers_a_bounded_number_of_addresses() {
        let keys = UnknownKeys::default();
        let now = Instant::now();
        for number in 0..10_000_u32 {
            let address = SocketAddr::from((number.to_be_bytes(), 1));
            keys.count(&Peer::Tcp(address), now);
        }
        assert!(keys.lock().len() <= MOST_ADDRESSES);
    }
}
