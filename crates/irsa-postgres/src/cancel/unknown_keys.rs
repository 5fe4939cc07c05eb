//! A rate limit against guessing cancel keys: a secret of protocol 3.0 has only 4 bytes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use irsa_net::listen::Peer;

/// The number of unknown keys that a client address can send before it is limited.
const BURST: u32 = 100;
/// The time after which it can send one more. At this rate, trying all 4-byte secrets takes 13 years.
const REFILL: Duration = Duration::from_millis(100);
/// The maximum number of addresses that are tracked.
const MOST_ADDRESSES: usize = 4_096;

/// Counts of unknown keys by client address.
#[derive(Debug, Default)]
pub(crate) struct UnknownKeys(Mutex<HashMap<ClientAddress, Guesses>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ClientAddress {
    Ip(IpAddr),
    UnixUser(u32),
}

/// The state of one address.
#[derive(Debug, Clone, Copy)]
struct Guesses {
    /// The time at which the full burst is available again.
    forgiven: Instant,
}

// === impl UnknownKeys ===

impl UnknownKeys {
    /// Returns whether a key from `peer` is accepted at `now`.
    pub(crate) fn allow(&self, peer: &Peer, now: Instant) -> bool {
        let known = self.lock().get(&peer.into()).copied();
        known.is_none_or(|guesses| guesses.forgiven <= now + REFILL * (BURST - 1))
    }

    /// Counts an unknown key from `peer` at `now`.
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
    fn limits_an_address_after_its_burst_regardless_of_the_port() {
        let keys = UnknownKeys::default();
        let now = Instant::now();
        for port in 1..=100 {
            assert!(keys.allow(&peer(1, port), now), "{port}");
            keys.count(&peer(1, port), now);
        }
        assert!(!keys.allow(&peer(1, 101), now));
        assert!(
            keys.allow(&peer(2, 1), now),
            "other addresses are not limited"
        );
        assert!(keys.allow(&Peer::Unix { uid: 0, pid: None }, now));
        let later = now + REFILL;
        assert!(keys.allow(&peer(1, 101), later));
        keys.count(&peer(1, 101), later);
        assert!(!keys.allow(&peer(1, 102), later));
    }

    #[test]
    fn tracks_a_bounded_number_of_addresses() {
        let keys = UnknownKeys::default();
        let now = Instant::now();
        for number in 0..10_000_u32 {
            let address = SocketAddr::from((number.to_be_bytes(), 1));
            keys.count(&Peer::Tcp(address), now);
        }
        assert!(keys.lock().len() <= MOST_ADDRESSES);
    }
}
