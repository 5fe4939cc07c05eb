//! How bad an error is.

use std::fmt;

/// PostgreSQL's levels of messages, in its own English words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The whole server restarts.
    Panic,
    /// The session ends.
    Fatal,
    /// The statement ends.
    Error,
    /// Something may be wrong.
    Warning,
    /// Worth knowing.
    Notice,
    /// For whoever debugs.
    Debug,
    /// Asked for by the client.
    Info,
    /// For the server's log.
    Log,
}

// === impl Severity ===

impl Severity {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Panic,
        Self::Fatal,
        Self::Error,
        Self::Warning,
        Self::Notice,
        Self::Debug,
        Self::Info,
        Self::Log,
    ];

    /// As on the wire, such as `FATAL`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Panic => "PANIC",
            Self::Fatal => "FATAL",
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
            Self::Notice => "NOTICE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Log => "LOG",
        }
    }

    pub(super) fn from_bytes(word: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str().as_bytes() == word)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
