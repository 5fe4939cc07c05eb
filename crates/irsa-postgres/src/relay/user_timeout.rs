//! Control of `TCP_USER_TIMEOUT` on the connection to the server.
//!
//! A query to an instance that has disappeared fails after half a minute, because the kernel closes a connection whose
//! data stays unacknowledged for that long. However, Linux also closes the connection if the server acknowledges data
//! but does not read it, for example during a COPY that waits for the lock of a different transaction. irsa therefore
//! lifts the timeout while more data is unanswered than the server's buffers are certain to hold.

use irsa_net::connect::ConnectOptions;

use crate::transport::Transport;

/// Half of Linux's initial receive window of 64 KiB (tcp(7), `tcp_rmem`): enough for queries, with reserve for the
/// overhead of TLS.
const CERTAINLY_BUFFERED: usize = 32 * 1024;

/// The state of the timeout.
#[derive(Debug, Default)]
pub(super) struct UserTimeout {
    /// The number of bytes sent since the server's last message.
    unanswered: usize,
    is_lifted: bool,
}

// === impl UserTimeout ===

impl UserTimeout {
    pub(super) fn sent(&mut self, bytes: usize) {
        self.unanswered = self.unanswered.saturating_add(bytes);
    }

    pub(super) fn received(&mut self) {
        self.unanswered = 0;
    }

    /// Lifts the timeout if too much data is unanswered.
    pub(super) fn lift(&mut self, server: &Transport) {
        if !self.is_lifted && self.unanswered > CERTAINLY_BUFFERED {
            self.is_lifted = true;
            server.set_user_timeout(None);
        }
    }

    /// Restores a lifted timeout once `is_answered` returns that the server has read all data.
    pub(super) fn restore(&mut self, server: &Transport, is_answered: impl FnOnce() -> bool) {
        if self.is_lifted && is_answered() {
            self.is_lifted = false;
            server.set_user_timeout(ConnectOptions::default().user_timeout);
        }
    }
}

#[cfg(test)]
mod tests;
