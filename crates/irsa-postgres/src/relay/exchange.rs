//! The state of both directions of a session, as far as message headers show it.

use crate::frame_tracker::FrameTracker;
use crate::request_tracker::RequestTracker;

/// The message boundaries of both streams, and the unanswered requests.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    client: FrameTracker,
    server: FrameTracker,
    requests: RequestTracker,
}

/// What a session must wait for before it can be closed with a known outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outstanding {
    /// Nothing: when the connection closes, the server rolls back the open transaction.
    Nothing,
    /// The server's response.
    Answer,
    /// The server waits for COPY data. irsa can end the COPY with CopyFail.
    CopyData,
}

// === impl Exchange ===

impl Exchange {
    pub(super) fn client_sent(&mut self, bytes: &[u8]) {
        let requests = &mut self.requests;
        self.client.observe(bytes, |tag| requests.client_sent(tag));
    }

    pub(super) fn server_sent(&mut self, bytes: &[u8]) {
        let requests = &mut self.requests;
        self.server.observe(bytes, |tag| requests.server_sent(tag));
    }

    /// Returns whether all requests of the client are answered and no COPY is in progress. An incomplete message is not
    /// a request.
    pub(super) fn is_answered(&self) -> bool {
        self.requests.is_answered() && !self.client.is_lost() && self.server.is_between_messages()
    }

    /// Returns whether all requests are answered and no incomplete message was sent, so that the server must have read
    /// everything.
    pub(super) fn is_answered_to_the_last_byte(&self) -> bool {
        self.is_answered() && self.client.is_between_messages()
    }

    pub(super) fn outstanding(&self) -> Outstanding {
        if self.is_answered() || self.requests.is_streaming() {
            Outstanding::Nothing
        } else if !self.requests.is_copying_in() {
            Outstanding::Answer
        } else if self.client.is_between_messages() {
            Outstanding::CopyData
        } else {
            // The server never executes an incomplete message, and it rolls back a COPY without an end.
            Outstanding::Nothing
        }
    }

    /// Returns whether a message to the client can be inserted without corrupting the server's stream.
    pub(super) fn server_is_between_messages(&self) -> bool {
        self.server.is_between_messages()
    }

    pub(super) fn server_ended_with_error(&self) -> bool {
        self.server.ends_with_error()
    }

    pub(super) fn client_ended_with_terminate(&self) -> bool {
        self.client.ends_with_terminate()
    }
}
