//! Which version of the protocol a session gets.

use bytes::Bytes;

use super::{Startup, Version};
use crate::backend::NegotiateProtocolVersion;
use crate::error_response::ErrorResponse;
use crate::sqlstate::SqlState;

/// 3.1 was never released: proxies of old claimed it by mistake (PostgreSQL docs, "Protocol
/// Versions"). A client that asks for it gets 3.0.
const RESERVED: Version = Version { major: 3, minor: 1 };

/// What was agreed upon with a client, before a server is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiation {
    /// The newest version that client and proxy both speak.
    pub version: Version,
    requested: Version,
    unrecognized: Vec<Bytes>,
}

/// A client that speaks another major version, which can't be negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unsupported frontend protocol {requested}: server supports 3.0 to {newest}")]
pub struct UnsupportedVersion {
    requested: Version,
    newest: Version,
}

// === impl Negotiation ===

impl Negotiation {
    /// Negotiates with a proxy that speaks up to 3.2 and knows no `_pq_.` option.
    ///
    /// # Errors
    /// A major version other than 3.
    pub fn of(startup: &Startup) -> Result<Self, UnsupportedVersion> {
        Self::up_to(Version::V3_2, startup)
    }

    /// Negotiates with a server that speaks up to `newest`, a version 3, and knows no `_pq_.`
    /// option.
    ///
    /// # Errors
    /// A major version other than 3.
    pub fn up_to(newest: Version, startup: &Startup) -> Result<Self, UnsupportedVersion> {
        let requested = startup.version;
        if requested.major != Version::V3_0.major {
            return Err(UnsupportedVersion { requested, newest });
        }
        let version = match requested.min(newest) {
            RESERVED => Version::V3_0,
            version => version,
        };
        let options = startup.protocol_options();
        Ok(Self {
            version,
            requested,
            unrecognized: options.map(|(name, _)| name.clone()).collect(),
        })
    }

    /// What to tell the client once the session has come out at `reached`; `None` if that is what
    /// it asked for, since libpq takes a negotiation that changes nothing for an error.
    pub fn answer(&self, reached: Version) -> Option<NegotiateProtocolVersion> {
        let newest = reached.min(self.version);
        (newest != self.requested || !self.unrecognized.is_empty()).then(|| {
            NegotiateProtocolVersion {
                newest,
                unrecognized: self.unrecognized.clone(),
            }
        })
    }
}

impl UnsupportedVersion {
    /// The error for an encryption request that is not allowed at this point: PostgreSQL then takes its `code` for a
    /// protocol version.
    pub fn for_encryption_request(code: u32) -> Self {
        Self {
            requested: code.into(),
            newest: Version::V3_2,
        }
    }
}

impl From<UnsupportedVersion> for ErrorResponse {
    fn from(error: UnsupportedVersion) -> Self {
        Self::fatal(SqlState::FEATURE_NOT_SUPPORTED, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(minor: u16) -> Version {
        Version { major: 3, minor }
    }

    fn negotiation(minor: u16) -> Negotiation {
        Negotiation::of(&Startup::new(version(minor))).unwrap()
    }

    fn told(minor: u16, reached: u16) -> Option<u16> {
        let answer = negotiation(minor).answer(version(reached));
        answer.map(|answer| answer.newest.minor)
    }

    #[test]
    fn says_nothing_where_the_client_gets_what_it_asked_for() {
        assert_eq!(told(0, 0), None);
        assert_eq!(told(2, 2), None);
    }

    #[test]
    fn comes_down_from_grease_to_what_it_speaks() {
        assert_eq!(negotiation(9999).version, Version::V3_2);
        assert_eq!(told(9999, 2), Some(2));
        assert_eq!(told(3, 2), Some(2));
    }

    #[test]
    fn comes_down_to_the_version_of_the_server() {
        assert_eq!(told(9999, 0), Some(0));
        assert_eq!(told(2, 0), Some(0));
    }

    #[test]
    fn never_goes_above_what_the_client_asked_for() {
        assert_eq!(told(0, 2), None);
    }

    #[test]
    fn gives_3_0_for_the_reserved_3_1() {
        assert_eq!(negotiation(1).version, Version::V3_0);
        assert_eq!(told(1, 0), Some(0));
    }

    #[test]
    fn names_every_option_that_it_does_not_know() {
        let startup = Startup::new(Version::V3_0)
            .with("user", "alice")
            .with("_pq_.test_protocol_negotiation", "")
            .with("_pq_.other", "1");
        let answer = Negotiation::of(&startup)
            .unwrap()
            .answer(Version::V3_0)
            .unwrap();
        assert_eq!(answer.newest, Version::V3_0);
        assert_eq!(
            answer.unrecognized,
            ["_pq_.test_protocol_negotiation", "_pq_.other"]
        );
    }

    #[test]
    fn takes_a_second_encryption_request_for_a_version() {
        let response = ErrorResponse::from(UnsupportedVersion::for_encryption_request(
            crate::startup::SSL_REQUEST,
        ));
        assert_eq!(response.code, SqlState::FEATURE_NOT_SUPPORTED);
        assert_eq!(
            response.message,
            "unsupported frontend protocol 1234.5679: server supports 3.0 to 3.2"
        );
    }

    #[test]
    fn refuses_other_major_versions_in_postgresql_words() {
        for major in [0, 1, 2, 4, 1234] {
            let requested = Version { major, minor: 0 };
            let error = Negotiation::of(&Startup::new(requested)).unwrap_err();
            let response = ErrorResponse::from(error);
            assert_eq!(response.code, SqlState::FEATURE_NOT_SUPPORTED);
            assert_eq!(
                response.message,
                format!("unsupported frontend protocol {major}.0: server supports 3.0 to 3.2")
            );
        }
    }
}
