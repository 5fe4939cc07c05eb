//! What can be wrong with a signed request.

use std::time::SystemTime;

use irsa_chain::Cause;

/// Why a signature is not accepted. Services have their own texts for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureFault {
    /// The request is not signed.
    Missing,
    /// What the request says of its signature lacks something or can't be read.
    Incomplete(&'static str),
    /// The access key was never issued, or the session token does not belong to it.
    UnknownCredentials,
    /// The credentials were good, but are dead.
    ExpiredCredentials,
    /// The scope does not fit the service that was asked.
    WrongScope {
        /// The region is another.
        region: bool,
        /// The service is another.
        service: bool,
    },
    /// Signed too long ago, by the server's clock.
    TooOld {
        /// The stamp of the request.
        signed_at: SystemTime,
    },
    /// Signed in the future, by the server's clock.
    TooNew {
        /// The stamp of the request.
        signed_at: SystemTime,
    },
    /// The signature does not cover the host.
    HostUnsigned,
    /// The signature is not the one that secret and request give.
    Mismatch,
}

impl SignatureFault {
    /// The cause in the chain's table.
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
