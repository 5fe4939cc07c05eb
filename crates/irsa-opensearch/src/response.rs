//! Response bodies, which are streamed at the pace of the client.

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

/// The maximum size of a rejection that is read for classification, in bytes: those of AWS are a few hundred bytes
/// long, and those of OpenSearch may list all roles of a user.
const GLANCE: usize = 16 * 1024;
/// The maximum time to wait for the body of a rejection before it is forwarded without classification.
const GLANCE_TIME: Duration = Duration::from_secs(2);

/// The response body as sent to the client. The request ends when it is dropped.
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

/// A response body from the domain, whose beginning may have been read already.
#[derive(Debug)]
pub(crate) struct Relayed {
    begun: VecDeque<Frame<Bytes>>,
    failed: Option<hyper::Error>,
    rest: Incoming,
}

// === impl ResponseBody ===

impl ResponseBody {
    /// Creates a response body of irsa itself.
    pub(crate) fn own(body: Bytes, meter: RequestMeter) -> Self {
        let content = Content::Own(Full::new(body));
        Self { content, meter }
    }

    /// Creates a response body from the domain. `log_limit` is that of the domain.
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
            "the domain closed the connection before the end of a response; irsa closes the client's connection"
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

    /// Reads the beginning of the body, which is still forwarded.
    pub(crate) async fn peek(&mut self) -> Vec<u8> {
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

    pub(crate) fn poll_frame(
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
