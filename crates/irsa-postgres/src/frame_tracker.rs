//! Where in one direction's stream of messages the relay stands.

use irsa_pgwire::backend::ERROR_RESPONSE;
use irsa_pgwire::frame::Scanner;
use irsa_pgwire::frontend::TERMINATE;

/// Follows the headers of the messages that pass in one direction.
#[derive(Debug, Default)]
pub(crate) struct FrameTracker {
    scanner: Scanner,
    /// The tag of the message whose body has not passed completely yet.
    under_way: Option<u8>,
    /// The tag of the last complete message.
    last_tag: Option<u8>,
    lost: bool,
}

// === impl FrameTracker ===

impl FrameTracker {
    /// Follows the stream through `bytes` and calls `on_message` with the tag of each message that they complete.
    pub(crate) fn observe(&mut self, bytes: &[u8], mut on_message: impl FnMut(u8)) {
        if self.lost {
            return;
        }
        let (under_way, last_tag) = (&mut self.under_way, &mut self.last_tag);
        let mut complete = |tag| {
            *last_tag = Some(tag);
            on_message(tag);
        };
        let followed = self.scanner.feed(bytes, |header| {
            if let Some(tag) = under_way.replace(header.tag) {
                complete(tag);
            }
        });
        if self.scanner.body_left() == 0
            && let Some(tag) = under_way.take()
        {
            complete(tag);
        }
        // A stream that can't be followed is still relayed; only no message is added to it.
        self.lost = followed.is_err();
    }

    /// Returns whether a message could be added here without breaking another one.
    pub(crate) fn is_between_messages(&self) -> bool {
        !self.lost && self.scanner.is_at_boundary()
    }

    /// Returns whether the stream became impossible to follow.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost
    }

    /// Returns whether the last message was an ErrorResponse: a server that then closes has said why.
    pub(crate) fn ends_with_error(&self) -> bool {
        self.last_tag == Some(ERROR_RESPONSE)
    }

    /// Returns whether the last message was Terminate: a client that sent it reads no more.
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
    fn reports_a_message_although_the_next_header_is_incomplete() {
        let mut tracker = FrameTracker::default();
        assert_eq!(tags(&mut tracker, b"S\0\0\0\x04Q\0"), "S");
        assert!(!tracker.is_between_messages());
        assert_eq!(tags(&mut tracker, b"\0\0\x05\0S\0\0\0\x04"), "QS");
        assert!(tracker.is_between_messages());
    }

    #[test]
    fn knows_the_last_complete_message() {
        let mut tracker = FrameTracker::default();
        tags(&mut tracker, b"E\0\0\0\x05\0Z\0\0\0\x05");
        assert!(tracker.ends_with_error());
        tags(&mut tracker, b"I");
        assert!(!tracker.ends_with_error());
    }

    #[test]
    fn loses_a_stream_with_an_impossible_length() {
        let mut tracker = FrameTracker::default();
        assert_eq!(tags(&mut tracker, b"S\0\0\0\x04Q\0\0\0\0"), "S");
        assert!(tracker.is_lost());
        assert!(!tracker.is_between_messages());
    }
}
