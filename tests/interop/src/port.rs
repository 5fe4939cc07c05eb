//! Ports that a program can reuse after a restart.

use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::net::TcpListener;
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Error;

/// Lower ports may be used by services of the machine.
const LOWEST: u16 = 10_000;
/// The start of Linux's ephemeral ports, unless configured otherwise (ip-sysctl, `ip_local_port_range`).
const LINUX: u16 = 32_768;
const RANGE_FILE: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// Returns a free port of 127.0.0.1 for a program that ends and starts again. No other program gets it by chance in
/// between, because it is outside of the range from which the system assigns ports.
///
/// # Errors
/// No such port is free.
pub fn to_return_to() -> Result<u16, Error> {
    static NEXT: LazyLock<AtomicUsize> = LazyLock::new(|| {
        // Tests of other clones may run on this machine.
        let random = RandomState::new().hash_one(0);
        AtomicUsize::new(usize::try_from(random % 65_536).unwrap_or_default())
    });
    let ports = kept_back(&fs::read_to_string(RANGE_FILE).unwrap_or_default());
    let count = ports.len();
    let next = |_| {
        ports
            .clone()
            .nth(NEXT.fetch_add(1, Ordering::Relaxed) % count)
    };
    first_free((0..count).filter_map(next))
        .ok_or_else(|| "no port below the system's ephemeral range is free".into())
}

fn first_free(mut ports: impl Iterator<Item = u16>) -> Option<u16> {
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
}

/// Returns the ports below the system's ephemeral range.
fn kept_back(range: &str) -> Range<u16> {
    let first = range.split_whitespace().next();
    LOWEST..first.and_then(|port| port.parse().ok()).unwrap_or(LINUX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ephemeral_range_is_avoided() {
        assert_eq!(kept_back("20000\t60999\n"), LOWEST..20_000);
        assert_eq!(kept_back(""), LOWEST..LINUX);
    }

    #[test]
    fn two_ports_always_differ() {
        assert_ne!(to_return_to().unwrap(), to_return_to().unwrap());
    }

    #[test]
    fn a_port_in_use_is_skipped() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = listener.local_addr().unwrap().port();
        let other = to_return_to().unwrap();
        assert_eq!(first_free([taken, other].into_iter()), Some(other));
        assert_eq!(first_free([taken].into_iter()), None);
    }
}
