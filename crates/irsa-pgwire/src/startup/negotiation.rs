//! Negotiation of a session's protocol version.

use bytes::Bytes;

use super::{Startup, Version};
use crate::backend::NegotiateProtocolVersion;
use crate::error_response::ErrorResponse;
use crate::sqlstate::SqlState;

/// 3.1 was never released: old proxies used it by mistake (PostgreSQL docs, "Protocol Versions"). A client that
/// requests it gets 3.0.
const RESERVED: Version = Version { major: 3, minor: 1 };

/// The protocol version that client and proxy agreed on, before the proxy connects to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiation {
    /// The newest version that both client and proxy support.
    pub version: Version,
    requested: Version,
    unrecognized: Vec<Bytes>,
}

/// The error for a major version that is not supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unsupported frontend protocol {requested}: server supports 3.0 to {newest}")]
pub struct UnsupportedVersion {
    requested: Version,
    newest: Version,
}

// === impl Negotiation ===

impl Negotiation {
    /// Negotiates for a proxy that supports versions up to 3.2 and no `_pq_.` options.
    ///
    /// # Errors
    /// Fails if the client's major version is not 3.
    pub fn for_startup(startup: &Startup) -> Result<Self, UnsupportedVersion> {
        Self::up_to(Version::V3_2, startup)
    }

    /// Negotiates for a server that supports versions up to `newest`, whose major version is 3, and no `_pq_.` options.
    ///
    /// # Errors
    /// Fails if the client's major version is not 3.
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

    /// Returns the message for the client once the server has accepted the version `reached`. Returns `None` if the
    /// client gets what it requested, because libpq treats a negotiation that changes nothing as an error.
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
    /// Returns the error for an encryption request that is not allowed at this point. PostgreSQL treats its `code` as a
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
        Negotiation::for_startup(&Startup::new(version(minor))).unwrap()
    }

    fn negotiated(minor: u16, reached: u16) -> Option<u16> {
        let answer = negotiation(minor).answer(version(reached));
        answer.map(|answer| answer.newest.minor)
    }

    #[test]
    fn sends_nothing_if_the_client_gets_the_requested_version() {
        assert_eq!(negotiated(0, 0), None);
        assert_eq!(negotiated(2, 2), None);
    }

    #[test]
    fn reduces_a_grease_version_to_the_newest_supported_one() {
        assert_eq!(negotiation(9999).version, Version::V3_2);
        assert_eq!(negotiated(9999, 2), Some(2));
        assert_eq!(negotiated(3, 2), Some(2));
    }

    #[test]
    fn reduces_the_version_to_that_of_the_server() {
        assert_eq!(negotiated(9999, 0), Some(0));
        assert_eq!(negotiated(2, 0), Some(0));
    }

    #[test]
    fn never_exceeds_the_version_that_the_client_requested() {
        assert_eq!(negotiated(0, 2), None);
    }

    #[test]
    fn uses_3_0_for_the_reserved_3_1() {
        assert_eq!(negotiation(1).version, Version::V3_0);
        assert_eq!(negotiated(1, 0), Some(0));
    }

    #[test]
    fn lists_all_unrecognized_options() {
        let startup = Startup::new(Version::V3_0)
            .with("user", "alice")
            .with("_pq_.test_protocol_negotiation", "")
            .with("_pq_.other", "1");
        let answer = Negotiation::for_startup(&startup)
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
    fn treats_a_second_encryption_request_as_a_version() {
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
    fn rejects_other_major_versions_with_postgresqls_message() {
        for major in [0, 1, 2, 4, 1234] {
            let requested = Version { major, minor: 0 };
            let error = Negotiation::for_startup(&Startup::new(requested)).unwrap_err();
            let response = ErrorResponse::from(error);
            assert_eq!(response.code, SqlState::FEATURE_NOT_SUPPORTED);
            assert_eq!(
                response.message,
                format!("unsupported frontend protocol {major}.0: server supports 3.0 to 3.2")
            );
        }
    }
}
