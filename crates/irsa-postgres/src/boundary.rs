//! Where in a stream of messages the relay stands.

use irsa_pgwire::frame::Scanner;

/// The tag of ErrorResponse, from the server.
const ERROR_RESPONSE: u8 = b'E';
/// The tag of Terminate, from the client.
const TERMINATE: u8 = b'X';

/// Follows the headers of the messages that pass.
#[derive(Debug, Default)]
pub(crate) struct Boundary {
    scanner: Scanner,
    last_tag: Option<u8>,
    lost: bool,
}

// === impl Boundary ===

impl Boundary {
    pub(crate) fn observe(&mut self, bytes: &[u8]) {
        if self.lost {
            return;
        }
        let last_tag = &mut self.last_tag;
        // A stream that can't be followed is still relayed; only no message is added to it.
        self.lost = self
            .scanner
            .feed(bytes, |header| *last_tag = Some(header.tag))
            .is_err();
    }

    /// Whether a message could be added here without breaking another one.
    pub(crate) fn is_between_messages(&self) -> bool {
        !self.lost && self.scanner.is_at_boundary()
    }

    /// Whether the server's last message was an error: if it then closes, it has said why.
    pub(crate) fn ends_with_error(&self) -> bool {
        self.last_tag == Some(ERROR_RESPONSE)
    }

    /// Whether the client's last message was its goodbye: it will read no more.
    pub(crate) fn ends_with_terminate(&self) -> bool {
        self.last_tag == Some(TERMINATE)
    }
}
