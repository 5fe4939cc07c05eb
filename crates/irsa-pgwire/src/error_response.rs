//! ErrorResponse and NoticeResponse, which have the same fields (PostgreSQL docs, "Error and Notice Message Fields").

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
    /// The severity.
    pub severity: Severity,
    /// The SQLSTATE, which drivers evaluate.
    pub code: SqlState,
    /// The primary message, one line.
    pub message: String,
    /// The secondary message with details.
    pub detail: Option<String>,
    /// A suggestion what to do.
    pub hint: Option<String>,
    /// All other fields by their letter, such as `P` for the position in the query.
    pub others: Vec<(u8, String)>,
}

// === impl ErrorResponse ===

impl ErrorResponse {
    /// Creates an error that ends the session.
    pub fn fatal(code: SqlState, message: impl Into<String>) -> Self {
        Self::new(Severity::Fatal, code, message)
    }

    /// Creates an error that ends the statement and fails the transaction, if one is open.
    pub fn error(code: SqlState, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// Creates a warning for [`encode_notice`](Self::encode_notice).
    pub fn warning(code: SqlState, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// Creates a notice for [`encode_notice`](Self::encode_notice).
    pub fn notice(code: SqlState, message: impl Into<String>) -> Self {
        Self::new(Severity::Notice, code, message)
    }

    /// Creates a response of any severity.
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

    /// Sets the detail.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Sets the hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
