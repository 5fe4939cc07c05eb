//! Tracking of requests that the server has not answered yet.
//!
//! The rules are those of PostgreSQL's documentation, "Message Flow". The tracker only reads message tags, so it needs
//! a few words of memory regardless of the number of outstanding requests.

use irsa_pgwire::backend::{COMMAND_COMPLETE, ERROR_RESPONSE, READY_FOR_QUERY};
use irsa_pgwire::frontend::{COPY_FAIL, QUERY};

/// Tags of client messages.
const FUNCTION_CALL: u8 = b'F';
const SYNC: u8 = b'S';
const COPY_DONE: u8 = b'c';

/// Tags of server messages.
const COPY_IN_RESPONSE: u8 = b'G';
const COPY_BOTH_RESPONSE: u8 = b'W';

/// Tracks requests and responses by their tags.
#[derive(Debug, Default)]
pub(crate) struct RequestTracker {
    /// The number of Query, FunctionCall and Sync messages whose ReadyForQuery is outstanding.
    round_trips: u32,
    /// The kinds of the last 64 round trips, the latest in the lowest bit: 1 for Sync.
    syncs: u64,
    /// The number of extended-query messages since the last round trip whose response is outstanding.
    unsynced: u32,
    /// True after an error in the extended query protocol: the server discards messages until the next Sync.
    discards_to_sync: bool,
    copy: CopyMode,
    /// The number of round trips since a CopyDone or CopyFail outside of copy-in mode, which a client may send before
    /// it receives CopyInResponse.
    since_early_copy_end: Option<u32>,
}

/// The COPY modes in which the client sends data.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum CopyMode {
    #[default]
    Off,
    /// COPY FROM STDIN while the server waits for data.
    In,
    /// COPY FROM STDIN after CopyDone or CopyFail.
    InEnded,
    /// Streaming replication.
    Both,
}

// === impl RequestTracker ===

impl RequestTracker {
    /// Records a complete client message.
    pub(crate) fn client_sent(&mut self, tag: u8) {
        match tag {
            QUERY | FUNCTION_CALL if self.discards_to_sync => {}
            QUERY | FUNCTION_CALL => self.begin_round_trip(false),
            // The server ignores Sync in copy-in mode, because clients send it right after Execute.
            SYNC if self.copy == CopyMode::In => {}
            SYNC => {
                self.discards_to_sync = false;
                self.begin_round_trip(true);
            }
            // Parse, Bind, Describe, Execute and Close.
            b'P' | b'B' | b'D' | b'E' | b'C' if !self.discards_to_sync => {
                self.unsynced = self.unsynced.saturating_add(1);
            }
            COPY_DONE | COPY_FAIL => self.end_copy_data(),
            _ => {}
        }
    }

    /// Records a complete server message.
    pub(crate) fn server_sent(&mut self, tag: u8) {
        match tag {
            READY_FOR_QUERY => {
                self.round_trips = self.round_trips.saturating_sub(1);
                self.discards_to_sync = false;
                self.copy = CopyMode::Off;
            }
            ERROR_RESPONSE => self.fail(),
            COPY_IN_RESPONSE => self.begin_copy_in(),
            COPY_BOTH_RESPONSE => self.copy = CopyMode::Both,
            COMMAND_COMPLETE => {
                if self.copy != CopyMode::Both {
                    self.copy = CopyMode::Off;
                }
                self.reply();
            }
            // ParseComplete, BindComplete, CloseComplete, EmptyQueryResponse, PortalSuspended, and the second message
            // of the response to Describe: RowDescription or NoData.
            b'1' | b'2' | b'3' | b'I' | b's' | b'T' | b'n' => self.reply(),
            _ => {}
        }
    }

    /// Returns whether the server has answered all complete client messages and no COPY is in progress.
    pub(crate) fn is_answered(&self) -> bool {
        self.round_trips == 0 && self.unsynced == 0 && self.copy == CopyMode::Off
    }

    /// Returns whether the server waits for COPY data from the client.
    pub(crate) fn is_copying_in(&self) -> bool {
        self.copy == CopyMode::In
    }

    /// Returns whether a COPY BOTH stream (streaming replication) is in progress.
    pub(crate) fn is_streaming(&self) -> bool {
        self.copy == CopyMode::Both
    }

    fn begin_round_trip(&mut self, is_sync: bool) {
        self.round_trips = self.round_trips.saturating_add(1);
        self.syncs = self.syncs << 1 | u64::from(is_sync);
        self.unsynced = 0;
        if let Some(since) = &mut self.since_early_copy_end {
            *since = since.saturating_add(1);
        }
    }

    fn end_copy_data(&mut self) {
        match self.copy {
            CopyMode::In => self.copy = CopyMode::InEnded,
            CopyMode::Off => self.since_early_copy_end = Some(0),
            CopyMode::InEnded | CopyMode::Both => {}
        }
    }

    /// Records a response. It counts only after all previous round trips are complete, because it may belong to one of
    /// them.
    fn reply(&mut self) {
        if self.round_trips == 0 {
            self.unsynced = self.unsynced.saturating_sub(1);
        }
    }

    fn fail(&mut self) {
        let had_work = self.unsynced > 0 || self.copy != CopyMode::Off;
        self.copy = CopyMode::Off;
        if self.round_trips == 0 && had_work {
            self.unsynced = 0;
            self.discards_to_sync = true;
        }
    }

    /// Enters copy-in mode, in which the server ignores the Sync messages before the end of the data.
    fn begin_copy_in(&mut self) {
        let queries = u32::from(self.round_trips > 0 && !self.oldest_is_sync());
        let early_end = self.since_early_copy_end.take();
        // A CopyDone or CopyFail from before this COPY belongs to an earlier COPY that failed.
        let early_end = early_end.filter(|since| since.saturating_add(queries) <= self.round_trips);
        let after_end = early_end.unwrap_or(0);
        self.syncs &= 1_u64.checked_shl(after_end).map_or(u64::MAX, |bit| bit - 1);
        self.round_trips = after_end + queries;
        self.copy = match early_end {
            Some(_) => CopyMode::InEnded,
            None => CopyMode::In,
        };
    }

    /// Returns whether the oldest round trip is a Sync. With more than 64 round trips, Sync is assumed: pipelines use
    /// the extended query protocol.
    fn oldest_is_sync(&self) -> bool {
        let oldest = self.round_trips.saturating_sub(1);
        self.syncs
            .checked_shr(oldest)
            .is_none_or(|kinds| kinds & 1 == 1)
    }
}

#[cfg(test)]
mod tests;
