//! How long a server that takes nothing is believed to be alive.
//!
//! A query to an instance that is gone fails within half a minute, since the kernel gives up a
//! connection whose data stays unacknowledged for that long (`TCP_USER_TIMEOUT`). But Linux reckons
//! a server that acknowledges and reads no further among the lost ones, and such a server is only
//! busy: a COPY may wait for another transaction's lock for as long as that transaction takes. So
//! the time limit is lifted while more is unanswered than a server's buffers hold for certain.

use irsa_net::connect::ConnectOptions;

use crate::transport::Transport;

/// Linux begins with a receive window of 64 KiB (tcp(7), `tcp_rmem`); half of that is enough for
/// queries and leaves room for what TLS adds.
const HELD_FOR_CERTAIN: usize = 32 * 1024;

/// Whether the time limit is in force.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// Bytes sent since the server's last word.
    unanswered: usize,
    is_lifted: bool,
}

// === impl Patience ===

impl Patience {
    pub(super) fn sent(&mut self, bytes: usize) {
        self.unanswered = self.unanswered.saturating_add(bytes);
    }

    pub(super) fn heard(&mut self) {
        self.unanswered = 0;
    }

    /// Lifts the limit where too much is unanswered.
    pub(super) fn lift(&mut self, server: &Transport) {
        if !self.is_lifted && self.unanswered > HELD_FOR_CERTAIN {
            self.is_lifted = true;
            server.set_user_timeout(None);
        }
    }

    /// Puts the limit back in force where it was lifted and `is_answered` says that the server has
    /// read all that it was sent.
    pub(super) fn put_back(&mut self, server: &Transport, is_answered: impl FnOnce() -> bool) {
        if self.is_lifted && is_answered() {
            self.is_lifted = false;
            server.set_user_timeout(ConnectOptions::default().user_timeout);
        }
    }
}

#[cfg(test)]
mod tests;
