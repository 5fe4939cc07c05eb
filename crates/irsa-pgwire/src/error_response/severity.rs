//! The severity of an error or a notice.

use std::fmt;

/// PostgreSQL's message severity levels, by their names before localization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// All server sessions end.
    Panic,
    /// The session ends.
    Fatal,
    /// The statement ends.
    Error,
    /// Something may be wrong.
    Warning,
    /// Information that may help the user.
    Notice,
    /// Information for debugging.
    Debug,
    /// Information that the client requested.
    Info,
    /// Information for the server log.
    Log,
}

// === impl Severity ===

impl Severity {
    /// All severity levels.
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

    /// Returns the name on the wire, such as `FATAL`.
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
