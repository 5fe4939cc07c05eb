//! Sends request bodies to the domain.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use prometheus_client::metrics::counter::Counter;
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep, sleep};

use super::spill::ended;
use super::{BodyError, Content, StoredBody};

/// The number of bytes that are read from a file at a time.
const READ: u64 = 64 * 1024;

/// A request body that is sent to the domain.
#[derive(Debug)]
pub(crate) struct Outgoing {
    source: Source,
    sent: Counter,
}

#[derive(Debug)]
enum Source {
    Stored(Cursor),
    Streaming(Streaming),
}

/// The position in a stored body.
#[derive(Debug)]
struct Cursor {
    body: Arc<StoredBody>,
    next_block: usize,
    left: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

/// A body that is forwarded while it is received.
#[derive(Debug)]
struct Streaming {
    body: Incoming,
    idle: Duration,
    deadline: Pin<Box<Sleep>>,
}

// === impl Outgoing ===

impl Outgoing {
    /// Sends a stored body from its beginning. `sent` counts the bytes.
    pub(crate) fn stored(body: &Arc<StoredBody>, sent: Counter) -> Self {
        let cursor = Cursor {
            left: body.length,
            body: Arc::clone(body),
            next_block: 0,
            reading: None,
        };
        Self {
            source: Source::Stored(cursor),
            sent,
        }
    }

    /// Forwards a body while it is received. Each piece must arrive within `idle`.
    pub(crate) fn streaming(body: Incoming, idle: Duration, sent: Counter) -> Self {
        let streaming = Streaming {
            body,
            idle,
            deadline: Box::pin(sleep(idle)),
        };
        Self {
            source: Source::Streaming(streaming),
            sent,
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Self { source, sent } = self.get_mut();
        let next = ready!(match source {
            Source::Stored(cursor) => cursor.poll_next(cx),
            Source::Streaming(streaming) => streaming.poll_next(cx),
        });
        if let Some(Ok(block)) = &next {
            sent.inc_by(block.len() as u64);
        }
        Poll::Ready(next.map(|next| next.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Stored(cursor) => cursor.left == 0,
            Source::Streaming(streaming) => streaming.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Stored(cursor) => SizeHint::with_exact(cursor.left),
            Source::Streaming(streaming) => streaming.body.size_hint(),
        }
    }
}

// === impl Cursor ===

impl Cursor {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let block = match &self.body.content {
            Content::Memory { blocks, .. } => {
                let block = blocks.get(self.next_block).cloned();
                self.next_block += 1;
                block
            }
            Content::File { .. } if self.left == 0 => None,
            Content::File { file, .. } => {
                let offset = self.body.length - self.left;
                let length = usize::try_from(self.left.min(READ)).unwrap_or(usize::MAX);
                let reading = self
                    .reading
                    .get_or_insert_with(|| file.read(offset, length));
                let read = ended(ready!(Pin::new(reading).poll(cx)));
                self.reading = None;
                match read {
                    Ok(block) => Some(block),
                    Err(error) => return Poll::Ready(Some(Err(error.into()))),
                }
            }
        };
        self.left -= block.as_ref().map_or(0, |block| block.len() as u64);
        Poll::Ready(block.map(Ok))
    }
}

// === impl Streaming ===

impl Streaming {
    /// Returns the next piece. Trailers are dropped.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        while let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.deadline.as_mut().reset(Instant::now() + self.idle);
            match frame {
                None => return Poll::Ready(None),
                Some(Err(error)) => {
                    let error = BodyError::Broken(error.into());
                    return Poll::Ready(Some(Err(error)));
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
        ready!(self.deadline.as_mut().poll(cx));
        Poll::Ready(Some(Err(BodyError::Slow(self.idle))))
    }
}
