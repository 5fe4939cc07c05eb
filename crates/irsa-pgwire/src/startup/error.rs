//! Errors of startup packets, with PostgreSQL's messages.

use crate::error_response::ErrorResponse;
use crate::sqlstate::SqlState;

/// The reason why PostgreSQL rejects a startup packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StartupError {
    /// The packet is too short or longer than [`MAX_STARTUP`](super::MAX_STARTUP).
    #[error("invalid length of startup packet")]
    InvalidLength,
    /// The secret of a CancelRequest is not 4 to 256 bytes long.
    #[error("invalid length of cancel request packet")]
    InvalidCancelLength,
    /// The parameters are not pairs of strings followed by a zero byte.
    #[error("invalid startup packet layout: expected terminator as last byte")]
    InvalidLayout,
    /// The user is missing or empty.
    #[error("no PostgreSQL user name specified in startup packet")]
    NoUser,
    /// More than one user is named. Proxy and server might pick different ones.
    #[error("more than one PostgreSQL user name specified in startup packet")]
    DuplicateUser,
}

// === impl StartupError ===

impl StartupError {
    /// Returns the SQLSTATE of PostgreSQL's error.
    pub fn sqlstate(self) -> SqlState {
        match self {
            Self::NoUser | Self::DuplicateUser => SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            _ => SqlState::PROTOCOL_VIOLATION,
        }
    }

    /// Returns whether PostgreSQL sends the error to the client. If the length is invalid, the peer is probably not a
    /// PostgreSQL client, and PostgreSQL closes the connection without an error (`ProcessStartupPacket`).
    pub fn is_sent_to_client(self) -> bool {
        match self {
            Self::InvalidLength | Self::InvalidCancelLength => false,
            Self::InvalidLayout | Self::NoUser | Self::DuplicateUser => true,
        }
    }
}

impl From<StartupError> for ErrorResponse {
    fn from(error: StartupError) -> Self {
        Self::fatal(error.sqlstate(), error.to_string())
    }
}
