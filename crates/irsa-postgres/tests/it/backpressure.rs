//! A reader that stops reading stops the writer at the other end, not the proxy's memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::client::{Linked, linked};
use crate::wire::{Wire, message, within};

/// More than the sockets between two ends can hold.
const TOTAL: usize = 256 * 1024 * 1024;
/// Bytes of a message's body; with its header it divides the total.
const PIECE: usize = 64 * 1024 - 5;
/// How long a writer must have written nothing to count as stalled.
const QUIET: Duration = Duration::from_millis(500);

/// A writer of [`TOTAL`] bytes and how far it has come.
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

    /// Waits until nothing is written any more.
    async fn stall(&mut self) {
        loop {
            let before = self.written();
            let quiet = timeout(QUIET, &mut self.task).await.is_err();
            assert!(quiet, "all {TOTAL} bytes went somewhere unread");
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

/// Writes at `from` while `to` is not read, then reads it all.
async fn assert_stalls_and_resumes(from: Wire, to: Wire, tag: u8) {
    let ((ear, _mouth), (_ear, mouth)) = (to.split(), from.split());
    let mut writer = Writer::start(mouth, tag);
    writer.stall().await;
    let held = writer.written();
    assert!(held > 0 && held < TOTAL / 2, "{held} bytes are under way");
    drain(ear).await;
    within("the writer's end", writer.task).await.unwrap();
}

#[tokio::test]
async fn a_client_that_stops_reading_stalls_the_server_until_it_reads_on() {
    let Linked {
        client,
        upstream,
        proxy: _proxy,
    } = linked().await;
    assert_stalls_and_resumes(upstream, client, b'D').await;
}

#[tokio::test]
async fn a_server_that_stops_reading_stalls_the_client_until_it_reads_on() {
    let Linked {
        client,
        upstream,
        proxy: _proxy,
    } = linked().await;
    assert_stalls_and_resumes(client, upstream, b'd').await;
}

#[tokio::test]
async fn a_client_that_does_not_read_can_still_be_read() {
    let Linked {
        mut upstream,
        client,
        proxy: _proxy,
    } = linked().await;
    let (_client_ear, mut client_mouth) = client.split();
    upstream.send(message(b'D', &vec![7; PIECE])).await;
    let (mut server_ear, server_mouth) = upstream.split();
    let mut writer = Writer::start(server_mouth, b'D');
    writer.stall().await;
    let sync = message(b'S', b"");
    client_mouth.write_all(&sync).await.unwrap();
    let mut heard = vec![0; sync.len()];
    within("the client's word", server_ear.read_exact(&mut heard))
        .await
        .unwrap();
    assert_eq!(heard, sync);
    writer.task.abort();
}
