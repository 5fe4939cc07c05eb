//! Observers of the activity on a connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, SizeHint};
use irsa_net::observed::Observer;

use super::connection_state::ConnectionState;

/// Observes the stream of a connection and updates its state.
pub(super) struct ActivityObserver(pub(super) Arc<ConnectionState>);

/// A response body. The response ends when hyper drops it.
#[derive(Debug)]
pub(super) struct WatchedBody<B> {
    body: B,
    state: Arc<ConnectionState>,
}

// === impl ActivityObserver ===

impl ActivityObserver {
    fn write_ended(&self, cx: &Context<'_>, is_blocked: bool) {
        self.0.set_blocked(is_blocked);
        if self.0.release_body() {
            cx.waker().wake_by_ref();
        }
    }
}

impl Observer for ActivityObserver {
    fn read(&mut self, bytes: usize) -> io::Result<()> {
        if bytes > 0 {
            self.0.received();
        }
        Ok(())
    }

    fn wrote(&mut self, cx: &Context<'_>, is_blocked: bool) {
        self.write_ended(cx, is_blocked);
    }

    fn flushed(&mut self, cx: &Context<'_>, is_blocked: bool) {
        self.write_ended(cx, is_blocked);
    }
}

// === impl WatchedBody ===

impl<B> WatchedBody<B> {
    pub(super) fn new(body: B, state: Arc<ConnectionState>) -> Self {
        Self { body, state }
    }
}

impl<B> Drop for WatchedBody<B> {
    fn drop(&mut self) {
        self.state.became_idle();
    }
}

impl<B: Body + Unpin> Body for WatchedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.get_mut();
        // hyper would buffer more of the body. The blocked write wakes the task, and thereby the body.
        if this.state.holds_body() {
            return Poll::Pending;
        }
        Pin::new(&mut this.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
