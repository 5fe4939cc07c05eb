//! Tracking of message boundaries in one direction of a session.

use irsa_pgwire::backend::ERROR_RESPONSE;
use irsa_pgwire::frame::Scanner;
use irsa_pgwire::frontend::TERMINATE;

/// Tracks the message headers in one direction of a session.
#[derive(Debug, Default)]
pub(crate) struct FrameTracker {
    scanner: Scanner,
    /// The tag of the message whose body is incomplete.
    incomplete: Option<u8>,
    /// The tag of the last complete message.
    last_tag: Option<u8>,
    /// True after an invalid header: the stream is still relayed, but cannot be tracked.
    lost: bool,
}

// === impl FrameTracker ===

impl FrameTracker {
    /// Follows the stream through `bytes` and calls `on_message` with the tag of each message that `bytes` complete.
    pub(crate) fn observe(&mut self, bytes: &[u8], mut on_message: impl FnMut(u8)) {
        if self.lost {
            return;
        }
        let (incomplete, last_tag) = (&mut self.incomplete, &mut self.last_tag);
        let mut complete = |tag| {
            *last_tag = Some(tag);
            on_message(tag);
        };
        let followed = self.scanner.feed(bytes, |header| {
            if let Some(tag) = incomplete.replace(header.tag) {
                complete(tag);
            }
        });
        if self.scanner.body_left() == 0
            && let Some(tag) = incomplete.take()
        {
            complete(tag);
        }
        self.lost = followed.is_err();
    }

    /// Returns whether a message can be inserted here without corrupting the stream.
    pub(crate) fn is_between_messages(&self) -> bool {
        !self.lost && self.scanner.is_at_boundary()
    }

    /// Returns whether the stream can no longer be tracked.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost
    }

    /// Returns whether the last message was an ErrorResponse, which explains why a server then closes the connection.
    pub(crate) fn ends_with_error(&self) -> bool {
        self.last_tag == Some(ERROR_RESPONSE)
    }

    /// Returns whether the last message was Terminate, after which a client reads no more.
    pub(crate) fn ends_with_terminate(&self) -> bool {
        self.last_tag == Some(TERMINATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tracker: &mut FrameTracker, bytes: &[u8]) -> String {
        let mut tags = String::new();
        tracker.observe(bytes, |tag| tags.push(tag.into()));
        tags
    }

    #[test]
    fn reports_a_message_once_it_is_complete() {
        let mut tracker = FrameTracker::default();
        assert_eq!(tags(&mut tracker, b"Q\0\0\0\x06a"), "");
        assert_eq!(tags(&mut tracker, b"\0"), "Q");
        assert_eq!(tags(&mut tracker, b""), "");
    }

    #[test]
    fn reports_a_message_before_an_incomplete_header() {
        let mut tracker = FrameTracker::default();
        assert_eq!(tags(&mut tracker, b"S\0\0\0\x04Q\0"), "S");
        assert!(!tracker.is_between_messages());
        assert_eq!(tags(&mut tracker, b"\0\0\x05\0S\0\0\0\x04"), "QS");
        assert!(tracker.is_between_messages());
    }

    #[test]
    fn remembers_the_last_complete_message() {
        let mut tracker = FrameTracker::default();
        tags(&mut tracker, b"E\0\0\0\x05\0Z\0\0\0\x05");
        assert!(tracker.ends_with_error());
        tags(&mut tracker, b"I");
        assert!(!tracker.ends_with_error());
    }

    #[test]
    fn loses_track_of_a_stream_with_an_invalid_length() {
        let mut tracker = FrameTracker::default();
        assert_eq!(tags(&mut tracker, b"S\0\0\0\x04Q\0\0\0\0"), "S");
        assert!(tracker.is_lost());
        assert!(!tracker.is_between_messages());
    }
}
