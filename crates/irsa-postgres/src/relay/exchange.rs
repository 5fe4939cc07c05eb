//! Both directions of a session as far as their headers tell.

use crate::frame_tracker::FrameTracker;
use crate::request_tracker::RequestTracker;

/// Where both streams stand, and what is unanswered between them.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    client: FrameTracker,
    server: FrameTracker,
    requests: RequestTracker,
}

/// What a session has to wait for before it can be closed with its outcome known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outstanding {
    /// Nothing: closing the connection makes the server roll back whatever is not committed.
    Nothing,
    /// The server's answer.
    Answer,
    /// The server waits for COPY data, and can be told that the COPY has failed.
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

    /// Returns whether everything that the client asked for is answered and no COPY is under way. The beginning of a
    /// message asks for nothing yet.
    pub(super) fn is_answered(&self) -> bool {
        self.requests.is_answered() && !self.client.is_lost() && self.server.is_between_messages()
    }

    /// Returns whether, besides, the server has had reason to read all that it was sent.
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
            // A message that was cut in half is never executed, and a COPY without its end is rolled back.
            Outstanding::Nothing
        }
    }

    /// Returns whether a message to the client could be added without breaking one of the server's.
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
