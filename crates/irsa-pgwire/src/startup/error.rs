//! Why a start-up packet is refused, in PostgreSQL's own words.

use crate::error_response::ErrorResponse;
use crate::sqlstate::SqlState;

/// A start-up packet that PostgreSQL would refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StartupError {
    /// Too short for a packet, or longer than [`MAX_STARTUP`](super::MAX_STARTUP).
    #[error("invalid length of startup packet")]
    InvalidLength,
    /// A CancelRequest whose secret has not 4 to 256 bytes.
    #[error("invalid length of cancel request packet")]
    InvalidCancelLength,
    /// Names and values that are not pairs of strings with one zero byte after the last.
    #[error("invalid startup packet layout: expected terminator as last byte")]
    InvalidLayout,
    /// No user, or an empty one.
    #[error("no PostgreSQL user name specified in startup packet")]
    NoUser,
    /// More than one user: which one counts would depend on who reads the packet.
    #[error("more than one PostgreSQL user name specified in startup packet")]
    DuplicateUser,
}

// === impl StartupError ===

impl StartupError {
    /// The SQLSTATE that PostgreSQL answers with.
    pub fn sqlstate(self) -> SqlState {
        match self {
            Self::NoUser | Self::DuplicateUser => SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            _ => SqlState::PROTOCOL_VIOLATION,
        }
    }

    /// Returns whether PostgreSQL sends the error to the client. It closes the connection without a word on a length
    /// that no packet has, since its peer is then hardly a client of PostgreSQL (`ProcessStartupPacket`).
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
