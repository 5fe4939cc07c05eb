//! Bodies: whole and bounded for requests, streamed and possibly cut for responses.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::timeout;

/// Time limit for a body without progress.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Number of bytes beyond the limit that are read and dropped, so that the caller gets to read the response.
const DROPPED_BYTES: usize = 128 * 1024 * 1024;

/// The body of a response.
pub(super) type AnswerBody = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// The reason why a request's body is unavailable.
#[derive(Debug)]
pub(super) enum BodyFault {
    TooLarge,
    /// The caller disconnected, or made no progress.
    Broken,
}

/// Reads a body of at most `limit` bytes. A larger one is not read at all if the caller waits for `100 Continue`.
pub(super) async fn whole<B: Body<Data = Bytes> + Unpin>(
    mut body: B,
    limit: usize,
    sender_waits: bool,
) -> Result<Bytes, BodyFault> {
    let stated = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if stated > limit && sender_waits {
        return Err(BodyFault::TooLarge);
    }
    let mut kept = BytesMut::with_capacity(if stated > limit { 0 } else { stated });
    let mut length = 0_usize;
    loop {
        let frame = timeout(IDLE_TIMEOUT, body.frame()).await;
        let Some(frame) = frame.map_err(|_| BodyFault::Broken)? else {
            break;
        };
        let Ok(data) = frame.map_err(|_| BodyFault::Broken)?.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length.max(stated) <= limit {
            kept.extend_from_slice(&data);
        } else if length > limit.saturating_add(DROPPED_BYTES) {
            break;
        }
    }
    if length > limit {
        return Err(BodyFault::TooLarge);
    }
    Ok(kept.freeze())
}

/// Returns a body with these bytes.
pub(super) fn full(bytes: Bytes) -> AnswerBody {
    Full::new(bytes).map_err(Into::into).boxed_unsync()
}

/// Returns the body up to the middle of its first frame; then the connection is cut.
pub(super) fn cut(body: AnswerBody) -> AnswerBody {
    CutBody {
        body,
        stage: Stage::Whole,
    }
    .boxed_unsync()
}

struct CutBody {
    body: AnswerBody,
    stage: Stage,
}

enum Stage {
    Whole,
    /// Half a frame has been written, but perhaps not sent.
    Written,
    Sent,
}

impl Body for CutBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.stage {
            Stage::Whole => {
                let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
                self.stage = Stage::Written;
                let data = frame.and_then(|frame| frame.ok()?.into_data().ok());
                let data = data.unwrap_or_default();
                let half = data.slice(..data.len() / 2);
                Poll::Ready(Some(Ok(Frame::data(half))))
            }
            Stage::Written => {
                self.stage = Stage::Sent;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Stage::Sent => {
                let error = io::Error::other("a fault cuts the connection");
                Poll::Ready(Some(Err(error.into())))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
