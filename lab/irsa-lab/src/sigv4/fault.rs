//! Faults of a signed request.

use std::time::SystemTime;

use irsa_chain::Cause;

/// The reason why a signature is rejected. Services have different texts for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureFault {
    /// The request is not signed.
    Missing,
    /// The signature's fields are incomplete or malformed.
    Incomplete(&'static str),
    /// The access key was never issued, or the session token does not belong to it.
    UnknownCredentials,
    /// The credentials have expired.
    ExpiredCredentials,
    /// The scope does not match the service.
    WrongScope {
        /// The region differs.
        region: bool,
        /// The service differs.
        service: bool,
    },
    /// Signed too long ago by the server's clock.
    TooOld {
        /// The request's timestamp.
        signed_at: SystemTime,
    },
    /// Signed in the future by the server's clock.
    TooNew {
        /// The request's timestamp.
        signed_at: SystemTime,
    },
    /// The signature does not cover the host.
    HostUnsigned,
    /// The signature does not match the request.
    Mismatch,
}

impl SignatureFault {
    /// Returns the cause in the chain's table.
    pub fn cause(&self) -> Cause {
        match self {
            Self::Missing => Cause::RequestUnsigned,
            Self::Incomplete(_) | Self::HostUnsigned => Cause::AuthorizationMalformed,
            Self::Mismatch => Cause::SignatureMismatch,
            Self::UnknownCredentials => Cause::CredentialsUnknown,
            Self::ExpiredCredentials => Cause::SessionExpired,
            Self::WrongScope { region: true, .. } => Cause::SignedForAnotherRegion,
            Self::WrongScope { .. } => Cause::SignedForAnotherService,
            Self::TooOld { .. } | Self::TooNew { .. } => Cause::ClockSkew,
        }
    }
}
