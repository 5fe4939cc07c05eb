//! The queue between the threads that log and standard error.
//!
//! Logging never waits for the reader of standard error: a separate thread writes, and lines that do not fit into the
//! queue are dropped and counted. Unlike that of `tracing-appender`, the queue is limited in bytes instead of lines,
//! because a line may contain a long message from outside and the memory of a sidecar is limited.

use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::STOP;

/// The size of the queue in bytes.
pub(super) const LIMIT: usize = 1024 * 1024;

/// The part of the queue that is reserved for errors and the record of the stop.
pub(super) const RESERVE: usize = 64 * 1024;

/// The number of bytes that are written to a pipe atomically (`PIPE_BUF`, pipe(7)), so that other writers cannot split
/// a line.
const PIECE: usize = 4096;

/// The capacity that an empty buffer may keep, in bytes.
const KEPT: usize = 64 * 1024;

/// The pause before the next attempt to write to a full non-blocking descriptor.
const BUSY: Duration = Duration::from_millis(10);

/// The queued lines. Clones share the queue.
#[derive(Clone, Debug, Default)]
pub(super) struct LogQueue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Notified when lines are added.
    filled: Condvar,
    /// Notified when all lines have been written.
    written: Condvar,
    dropped: Counter,
}

#[derive(Debug, Default)]
struct State {
    /// Complete lines.
    waiting: Vec<u8>,
    /// The number of bytes that the writer has taken but not written yet.
    in_flight: usize,
    /// The number of dropped lines that have not been reported yet.
    unreported: u64,
}

/// Writes one line to a queue.
#[derive(Debug)]
pub(super) struct LineWriter<'a> {
    queue: &'a LogQueue,
    is_kept: bool,
}

// === impl LogQueue ===

impl LogQueue {
    /// Starts the thread that writes the lines to `out`. It calls `report` with the number of dropped lines when the
    /// reader has caught up.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn start(
        &self,
        mut out: impl Write + Send + 'static,
        report: impl Fn(u64) + Send + 'static,
    ) -> io::Result<()> {
        let queue = self.clone();
        let writer = thread::Builder::new().name("irsa-log".to_owned());
        writer.spawn(move || queue.write_to(&mut out, report))?;
        Ok(())
    }

    /// Adds a line, or drops it if the queue is full. A line with `is_kept` may use the reserve.
    pub(super) fn push(&self, line: &[u8], is_kept: bool) {
        let limit = if is_kept { LIMIT } else { LIMIT - RESERVE };
        let mut state = self.state();
        if state.waiting.len() + state.in_flight + line.len() > limit {
            state.unreported += 1;
            self.0.dropped.inc();
        } else {
            state.waiting.extend_from_slice(line);
        }
        drop(state);
        self.0.filled.notify_one();
    }

    /// Waits up to `limit` until all lines have been written, and returns whether they were.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let (state, _) = self
            .0
            .written
            .wait_timeout_while(self.state(), limit, |state| !state.is_written())
            .unwrap_or_else(PoisonError::into_inner);
        state.is_written()
    }

    /// Returns the number of dropped lines.
    pub(super) fn dropped(&self) -> &Counter {
        &self.0.dropped
    }

    fn write_to(&self, out: &mut impl Write, report: impl Fn(u64)) {
        let mut batch = Vec::new();
        loop {
            self.take(&mut batch);
            self.write(out, &batch);
            batch.clear();
            batch.shrink_to(KEPT);
            let dropped = self.to_report();
            if dropped > 0 {
                report(dropped);
                self.state().unreported -= dropped;
            }
            if self.state().is_written() {
                self.0.written.notify_all();
            }
        }
    }

    /// Waits for lines or for something to report, and moves the lines into `batch`, which is empty.
    fn take(&self, batch: &mut Vec<u8>) {
        let waited = self
            .0
            .filled
            .wait_while(self.state(), |state| state.is_written());
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut state.waiting, batch);
        state.in_flight = batch.len();
    }

    fn write(&self, out: &mut impl Write, batch: &[u8]) {
        let mut rest = batch;
        while !rest.is_empty() {
            match out.write(piece(rest)) {
                Ok(length) if length > 0 => {
                    rest = rest.get(length..).unwrap_or_default();
                    self.state().in_flight = rest.len();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(BUSY),
                Ok(_) | Err(_) => {
                    self.0.dropped.inc_by(lines(rest));
                    self.state().in_flight = 0;
                    return;
                }
            }
        }
    }

    /// Returns the number of dropped lines to report. It is not reported after every line while the queue stays full.
    fn to_report(&self) -> u64 {
        let state = self.state();
        if state.waiting.len() <= LIMIT / 2 {
            state.unreported
        } else {
            0
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> MakeWriter<'a> for LogQueue {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        LineWriter {
            queue: self,
            is_kept: false,
        }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Self::Writer {
        LineWriter {
            queue: self,
            is_kept: *event.level() == Level::ERROR || event.target() == STOP,
        }
    }
}

// === impl State ===

impl State {
    fn is_written(&self) -> bool {
        self.waiting.is_empty() && self.in_flight == 0 && self.unreported == 0
    }
}

// === impl LineWriter ===

impl Write for LineWriter<'_> {
    /// Writes `line`, which is one complete line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.queue.push(line, self.is_kept);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the part of `lines` to write in one call: as many lines as fit into an atomic write, or one line.
/// or one line.
fn piece(lines: &[u8]) -> &[u8] {
    let Some(beginning) = lines.get(..PIECE) else {
        return lines;
    };
    let is_end = |byte: &u8| *byte == b'\n';
    let last = beginning.iter().rposition(is_end);
    let end = last.or_else(|| lines.iter().position(is_end));
    end.and_then(|end| lines.get(..=end)).unwrap_or(lines)
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

#[cfg(test)]
mod tests;
