//! Where in a stream of messages the relay stands.

use irsa_pgwire::backend::{ERROR_RESPONSE, READY_FOR_QUERY};
use irsa_pgwire::frame::Scanner;

/// The tag of Terminate, from the client.
const TERMINATE: u8 = b'X';
/// The client's messages that the server ends with ReadyForQuery: Query, Sync and FunctionCall.
const ROUND_TRIPS: &[u8] = b"QSF";

/// Follows the headers of the messages that pass.
#[derive(Debug)]
pub(crate) struct Boundary {
    scanner: Scanner,
    last_tag: Option<u8>,
    /// The tags that are counted.
    counted: &'static [u8],
    count: u64,
    lost: bool,
}

// === impl Boundary ===

impl Boundary {
    /// For what the client sends; counts what it wants a ReadyForQuery for.
    pub(crate) fn of_client() -> Self {
        Self::counting(ROUND_TRIPS)
    }

    /// For what the server sends; counts each ReadyForQuery.
    pub(crate) fn of_server() -> Self {
        Self::counting(&[READY_FOR_QUERY])
    }

    fn counting(counted: &'static [u8]) -> Self {
        Self {
            scanner: Scanner::default(),
            last_tag: None,
            counted,
            count: 0,
            lost: false,
        }
    }

    pub(crate) fn observe(&mut self, bytes: &[u8]) {
        if self.lost {
            return;
        }
        let (last_tag, count, counted) = (&mut self.last_tag, &mut self.count, self.counted);
        let followed = self.scanner.feed(bytes, |header| {
            *last_tag = Some(header.tag);
            *count += u64::from(counted.contains(&header.tag));
        });
        // A stream that can't be followed is still relayed; only no message is added to it.
        self.lost = followed.is_err();
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

    /// Whether `server` has answered all that this client has sent, to the last byte. Where that
    /// can't be told, as within a COPY, it has not.
    pub(crate) fn is_answered_by(&self, server: &Self) -> bool {
        let ends_a_round_trip = self.last_tag.is_some_and(|tag| self.counted.contains(&tag));
        ends_a_round_trip
            && self.count == server.count
            && self.is_between_messages()
            && server.is_between_messages()
    }
}
