//! ErrorResponse and NoticeResponse: what went wrong, or what is worth knowing.
//!
//! Both have the same fields (PostgreSQL docs, "Error and Notice Message Fields").

mod encode;
mod parse;
mod severity;

pub use severity::Severity;

use crate::sqlstate::SqlState;

/// The tag of ErrorResponse.
pub const ERROR_RESPONSE: u8 = b'E';
/// The tag of NoticeResponse.
pub const NOTICE_RESPONSE: u8 = b'N';

/// An error or a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorResponse {
    /// How bad it is.
    pub severity: Severity,
    /// What drivers act on.
    pub code: SqlState,
    /// One line for people.
    pub message: String,
    /// More about it.
    pub detail: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// All other fields by their letter, as `P` for the position in the query.
    pub others: Vec<(u8, String)>,
}

// === impl ErrorResponse ===

impl ErrorResponse {
    /// An error that ends the session.
    pub fn fatal(code: SqlState, message: impl Into<String>) -> Self {
        Self::new(Severity::Fatal, code, message)
    }

    /// An error that ends the statement, and the transaction if there is one.
    pub fn error(code: SqlState, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A notice that something may be wrong; for [`encode_notice`](Self::encode_notice).
    pub fn warning(code: SqlState, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// A notice of something worth knowing; for [`encode_notice`](Self::encode_notice).
    pub fn notice(code: SqlState, message: impl Into<String>) -> Self {
        Self::new(Severity::Notice, code, message)
    }

    /// Any severity.
    pub fn new(severity: Severity, code: SqlState, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            detail: None,
            hint: None,
            others: Vec::new(),
        }
    }

    /// Adds more about it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
