//! What can be wrong with the body of a message.

/// A message whose body can't be read. Its text never holds bytes of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed {message}: {fault}")]
pub struct MessageError {
    message: &'static str,
    fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("it ends too early")]
    Truncated,
    #[error("a string has no end")]
    Unterminated,
    #[error("a string is not UTF-8")]
    NotUtf8,
    #[error("bytes follow its last field")]
    TrailingBytes,
    #[error("{0}")]
    Value(&'static str),
}

// === impl MessageError ===

impl MessageError {
    pub(crate) fn new(message: &'static str, fault: Fault) -> Self {
        Self { message, fault }
    }

    /// The message's name in PostgreSQL's documentation, such as `BackendKeyData`.
    pub fn message(&self) -> &'static str {
        self.message
    }
}
