//! Errors in the body of a message.

/// The error for a message whose body cannot be parsed. Its text never contains bytes of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed {message}: {fault}")]
pub struct MessageError {
    message: &'static str,
    fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("it is truncated")]
    Truncated,
    #[error("a string has no terminating zero byte")]
    Unterminated,
    #[error("a string is not valid UTF-8")]
    NotUtf8,
    #[error("there are extra bytes after its last field")]
    TrailingBytes,
    #[error("{0}")]
    Value(&'static str),
}

// === impl MessageError ===

impl MessageError {
    pub(crate) fn new(message: &'static str, fault: Fault) -> Self {
        Self { message, fault }
    }

    /// Returns the message's name in PostgreSQL's documentation, such as `BackendKeyData`.
    pub fn message(&self) -> &'static str {
        self.message
    }
}
