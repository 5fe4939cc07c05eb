//! Backpressure: if a reader stops reading, the writer at the other end stalls and the proxy's memory does not grow.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::client::{Linked, linked};
use crate::wire::{Wire, message, within};

/// More bytes than the sockets between two ends can buffer.
const TOTAL: usize = 256 * 1024 * 1024;
/// The size of a message's body. Together with the header it divides the total.
const PIECE: usize = 64 * 1024 - 5;
/// The time without a write after which a writer counts as stalled.
const QUIET: Duration = Duration::from_millis(500);

/// A writer of [`TOTAL`] bytes, and the number of bytes written.
struct Writer {
    written: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

// === impl Writer ===

impl Writer {
    fn start(mut to: impl AsyncWrite + Send + Unpin + 'static, tag: u8) -> Self {
        let written = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&written);
        let task = tokio::spawn(async move {
            let piece = message(tag, &vec![7; PIECE]);
            while count.load(Ordering::Relaxed) < TOTAL {
                to.write_all(&piece).await.unwrap();
                count.fetch_add(piece.len(), Ordering::Relaxed);
            }
            to.flush().await.unwrap();
        });
        Self { written, task }
    }

    fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    /// Waits until the writer stalls.
    async fn stall(&mut self) {
        loop {
            let before = self.written();
            let quiet = timeout(QUIET, &mut self.task).await.is_err();
            assert!(
                quiet,
                "all {TOTAL} bytes were written although no one reads"
            );
            if self.written() == before {
                return;
            }
        }
    }
}

async fn drain(mut from: impl AsyncRead + Unpin) {
    let mut buffer = vec![0; 256 * 1024];
    let mut left = TOTAL;
    while left > 0 {
        let reading = from.read(&mut buffer);
        left -= within("more bytes", reading).await.unwrap();
    }
}

/// Writes at `from` without reading at `to` until the writer stalls, then reads everything.
async fn assert_stalls_and_resumes(from: Wire, to: Wire, tag: u8) {
    let ((reader, _writer), (_reader, writer)) = (to.split(), from.split());
    let mut writer = Writer::start(writer, tag);
    writer.stall().await;
    let held = writer.written();
    assert!(held > 0 && held < TOTAL / 2, "{held} bytes are in transit");
    drain(reader).await;
    within("the end of the writer", writer.task).await.unwrap();
}

#[tokio::test]
async fn a_client_that_stops_reading_stalls_the_server() {
    let Linked {
        client,
        upstream,
        proxy: _proxy,
    } = linked().await;
    assert_stalls_and_resumes(upstream, client, b'D').await;
}

#[tokio::test]
async fn a_server_that_stops_reading_stalls_the_client() {
    let Linked {
        client,
        upstream,
        proxy: _proxy,
    } = linked().await;
    assert_stalls_and_resumes(client, upstream, b'd').await;
}

#[tokio::test]
async fn a_client_that_does_not_read_can_still_send() {
    let Linked {
        mut upstream,
        client,
        proxy: _proxy,
    } = linked().await;
    let (_client_reader, mut client_writer) = client.split();
    upstream.send(message(b'D', &vec![7; PIECE])).await;
    let (mut server_reader, server_writer) = upstream.split();
    let mut writer = Writer::start(server_writer, b'D');
    writer.stall().await;
    let sync = message(b'S', b"");
    client_writer.write_all(&sync).await.unwrap();
    let mut received = vec![0; sync.len()];
    within(
        "the client's message",
        server_reader.read_exact(&mut received),
    )
    .await
    .unwrap();
    assert_eq!(received, sync);
    writer.task.abort();
}
