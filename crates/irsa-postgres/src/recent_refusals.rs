//! Refused logins that libpq is about to retry.
//!
//! With its default `sslmode=prefer`, libpq retries every refused login over TLS in clear text, with the same startup
//! packet. The server would refuse it again, so irsa repeats the refusal instead. This halves the number of failed
//! logins at the server, where they are counted, logged and throttled.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use irsa_net::listen::Peer;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::Startup;

/// The time that a refusal is remembered. libpq retries within milliseconds.
const LIFETIME: Duration = Duration::from_secs(1);
/// The maximum number of refusals that are remembered.
const MAX_ENTRIES: usize = 256;
/// The maximum size of a remembered startup packet and of a remembered error, in bytes.
const MAX_SIZE: usize = 2 * 1024;

/// The server's refusals of the last second.
#[derive(Debug, Default)]
pub(crate) struct RecentRefusals(Mutex<VecDeque<Entry>>);

/// A client's login request: its address and its startup packet with user, database and parameters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LoginRequest {
    address: IpAddr,
    packet: BytesMut,
}

#[derive(Debug)]
struct Entry {
    request: LoginRequest,
    refused: Instant,
    response: ErrorResponse,
}

// === impl LoginRequest ===

impl LoginRequest {
    /// Returns the request if libpq may retry it. Over Unix sockets, libpq does not use TLS and does not retry.
    pub(crate) fn new(peer: &Peer, startup: &Startup) -> Option<Self> {
        let Peer::Tcp(address) = peer else {
            return None;
        };
        let mut packet = BytesMut::new();
        startup.encode(&mut packet);
        (packet.len() <= MAX_SIZE).then(|| Self {
            address: address.ip().to_canonical(),
            packet,
        })
    }
}

// === impl RecentRefusals ===

impl RecentRefusals {
    /// Remembers the server's error for a request over TLS.
    pub(crate) fn remember(&self, request: LoginRequest, response: &ErrorResponse, now: Instant) {
        if !is_refused_identity(response.code) || encoded_size(response) > MAX_SIZE {
            return;
        }
        let mut entries = self.current(now);
        if entries.len() == MAX_ENTRIES {
            entries.pop_front();
        }
        entries.push_back(Entry {
            request,
            refused: now,
            response: response.clone(),
        });
    }

    /// Removes and returns the refusal of the same request over TLS in the last second.
    pub(crate) fn take(&self, request: &LoginRequest, now: Instant) -> Option<ErrorResponse> {
        let mut entries = self.current(now);
        let index = entries.iter().position(|entry| entry.request == *request)?;
        entries.remove(index).map(|entry| entry.response)
    }

    /// Removes expired entries and returns the others, oldest first.
    fn current(&self, now: Instant) -> MutexGuard<'_, VecDeque<Entry>> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(oldest) = entries.front()
            && now.saturating_duration_since(oldest.refused) >= LIFETIME
        {
            entries.pop_front();
        }
        entries
    }
}

fn is_refused_identity(code: SqlState) -> bool {
    matches!(
        code,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION | SqlState::INVALID_PASSWORD
    )
}

fn encoded_size(response: &ErrorResponse) -> usize {
    let mut message = BytesMut::new();
    response.encode(&mut message);
    message.len()
}

#[cfg(test)]
mod tests {
    use irsa_pgwire::startup::Version;

    use super::*;

    const REFUSED: SqlState = SqlState::INVALID_AUTHORIZATION_SPECIFICATION;

    fn startup() -> Startup {
        Startup::new(Version::V3_0)
            .with("user", "app")
            .with("database", "orders")
    }

    fn request_from(last: u8, startup: &Startup) -> LoginRequest {
        let peer = Peer::Tcp(([127, 0, 0, last], 4711).into());
        LoginRequest::new(&peer, startup).unwrap()
    }

    fn request() -> LoginRequest {
        request_from(1, &startup())
    }

    fn error(code: SqlState) -> ErrorResponse {
        ErrorResponse::fatal(code, "no")
    }

    #[test]
    fn repeats_a_refusal_once() {
        let (refusals, now) = (RecentRefusals::default(), Instant::now());
        for code in [REFUSED, SqlState::INVALID_PASSWORD] {
            refusals.remember(request(), &error(code), now);
            assert_eq!(refusals.take(&request(), now), Some(error(code)));
            assert_eq!(refusals.take(&request(), now), None);
        }
    }

    #[test]
    fn forgets_a_refusal_after_a_second() {
        let (refusals, now) = (RecentRefusals::default(), Instant::now());
        refusals.remember(request(), &error(REFUSED), now);
        assert_eq!(refusals.take(&request(), now + LIFETIME), None);
    }

    #[test]
    fn distinguishes_requests_by_address_and_by_every_parameter() {
        let (refusals, now) = (RecentRefusals::default(), Instant::now());
        refusals.remember(request(), &error(REFUSED), now);
        let mut other_database = startup();
        other_database.parameters[1].1 = "invoices".into();
        let others = [
            request_from(2, &startup()),
            request_from(1, &other_database),
            request_from(1, &startup().with("application_name", "psql")),
        ];
        for other in others {
            assert_eq!(refusals.take(&other, now), None, "{other:?}");
        }
        assert!(refusals.take(&request(), now).is_some());
    }

    #[test]
    fn remembers_a_bounded_number_of_authentication_errors() {
        let (refusals, now) = (RecentRefusals::default(), Instant::now());
        for code in [SqlState::TOO_MANY_CONNECTIONS, SqlState::CANNOT_CONNECT_NOW] {
            refusals.remember(request(), &error(code), now);
        }
        let long = error(REFUSED).detail("x".repeat(MAX_SIZE));
        refusals.remember(request(), &long, now);
        assert_eq!(refusals.take(&request(), now), None);

        refusals.remember(request_from(2, &startup()), &error(REFUSED), now);
        for _ in 0..MAX_ENTRIES {
            refusals.remember(request(), &error(REFUSED), now);
        }
        assert_eq!(refusals.take(&request_from(2, &startup()), now), None);
        assert_eq!(refusals.current(now).len(), MAX_ENTRIES);
    }

    #[test]
    fn ignores_requests_that_libpq_does_not_retry() {
        let socket = Peer::Unix { uid: 0, pid: None };
        assert_eq!(LoginRequest::new(&socket, &startup()), None);
        let peer = Peer::Tcp(([127, 0, 0, 1], 4711).into());
        let long = startup().with("options", "x".repeat(MAX_SIZE));
        assert_eq!(LoginRequest::new(&peer, &long), None);
    }
}
