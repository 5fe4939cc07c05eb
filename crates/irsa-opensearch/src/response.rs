//! Bodies of responses: streamed as they come, at the client's pace.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use irsa_ops::log_limit::LogLimit;
use tokio::time::timeout;

use crate::metrics::RequestMeter;

/// How much of a refusal is looked at, in bytes: AWS's are a few hundred, OpenSearch's may list all
/// roles of a user.
const GLANCE: usize = 16 * 1024;
/// How long a refusal's body is waited for before it goes on unread.
const GLANCE_TIME: Duration = Duration::from_secs(2);

/// What the client gets. Its request is over when this is dropped.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    content: Content,
    meter: RequestMeter,
}

#[derive(Debug)]
enum Content {
    Own(Full<Bytes>),
    Domain(Relayed, Arc<LogLimit>),
}

/// A body of the domain, of which the beginning may have been read already.
#[derive(Debug)]
pub(crate) struct Relayed {
    begun: VecDeque<Frame<Bytes>>,
    failed: Option<hyper::Error>,
    rest: Incoming,
}

// === impl ResponseBody ===

impl ResponseBody {
    /// One that was made here.
    pub(crate) fn own(body: Bytes, meter: RequestMeter) -> Self {
        let content = Content::Own(Full::new(body));
        Self { content, meter }
    }

    /// One of the domain; `log_limit` is the domain's.
    pub(crate) fn domain(body: Relayed, meter: RequestMeter, log_limit: Arc<LogLimit>) -> Self {
        let content = Content::Domain(body, log_limit);
        Self { content, meter }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { content, meter } = self.get_mut();
        let frame = ready!(match content {
            Content::Own(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Content::Domain(body, _) => body.poll_frame(cx),
        });
        match (&frame, content) {
            (Some(Ok(frame)), _) => meter.sent(frame.data_ref().map_or(0, Bytes::len)),
            (Some(Err(error)), Content::Domain(_, log_limit)) => {
                warn_of_end(log_limit, meter, error);
            }
            _ => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Own(body) => body.is_end_stream(),
            Content::Domain(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Own(body) => body.size_hint(),
            Content::Domain(body, _) => body.size_hint(),
        }
    }
}

fn warn_of_end(log_limit: &LogLimit, meter: &RequestMeter, error: &hyper::Error) {
    if let Some(unlogged) = log_limit.may_log("answer-broken-off") {
        let upstream = meter.upstream();
        tracing::warn!(
            upstream,
            %error,
            unlogged,
            "the domain ended an answer too early: irsa closes the client's connection"
        );
    }
}

// === impl Relayed ===

impl Relayed {
    pub(crate) fn new(body: Incoming) -> Self {
        Self {
            begun: VecDeque::new(),
            failed: None,
            rest: body,
        }
    }

    /// Looks at the beginning, all of which is still passed on.
    pub(crate) async fn glance(&mut self) -> Vec<u8> {
        let _ = timeout(GLANCE_TIME, self.read_beginning()).await;
        let data = self.begun.iter().filter_map(Frame::data_ref);
        data.flatten().copied().collect()
    }

    async fn read_beginning(&mut self) {
        let mut size = 0;
        while size < GLANCE {
            match self.rest.frame().await {
                Some(Ok(frame)) => {
                    size += frame.data_ref().map_or(0, Bytes::len);
                    self.begun.push_back(frame);
                }
                Some(Err(error)) => {
                    self.failed = Some(error);
                    return;
                }
                None => return,
            }
        }
    }

    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some(frame) = self.begun.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        Pin::new(&mut self.rest).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.begun.is_empty() && self.failed.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let data = self.begun.iter().filter_map(Frame::data_ref);
        let begun: u64 = data.map(|data| data.len() as u64).sum();
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + begun);
        }
        hint.set_lower(rest.lower() + begun);
        hint
    }
}
