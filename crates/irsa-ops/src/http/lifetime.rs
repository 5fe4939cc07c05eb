//! The deadlines of a connection.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use irsa_net::listen::Peer;
use tokio::time::{Instant, Sleep, sleep_until};

use super::connection_state::{ConnectionState, Ending, Phase};
use super::options::StreamingOptions;

/// The deadlines of a connection, and requests to end it.
///
/// A single timer serves all deadlines. It is only reset for an earlier deadline or when it fires too early, so that a
/// connection in use does not touch it.
pub(super) struct Lifetime {
    state: Arc<ConnectionState>,
    header: Duration,
    idle: Duration,
    total: Option<Duration>,
    timer: Option<(Instant, Pin<Box<Sleep>>)>,
    closing: Option<Instant>,
}

/// The way in which a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    /// It was idle for too long, or a new connection needs its slot. The current request completes.
    Close,
    /// It exceeded a time limit, or is closed immediately for a new connection.
    Cut,
}

/// The time that a connection has to end after it was asked to.
const CLOSING_TIME: Duration = Duration::from_secs(5);

// === impl Lifetime ===

impl Lifetime {
    pub(super) fn new(
        state: Arc<ConnectionState>,
        options: &StreamingOptions,
        peer: &Peer,
    ) -> Self {
        Self {
            state,
            header: options.header_timeout,
            idle: options.idle_timeout.for_peer(peer),
            total: options.total_timeout,
            timer: None,
            closing: None,
        }
    }

    /// Waits for a step before the first request. Returns `None` if the connection ends first.
    pub(super) async fn limit<F: Future>(&mut self, step: F) -> Option<F::Output> {
        let mut step = pin!(step);
        poll_fn(|cx| {
            if let Poll::Ready(output) = step.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            self.poll(cx).map(|_| None)
        })
        .await
    }

    /// Completes when the connection must end. Returns [`Expiry::Close`] at most once.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Expiry> {
        self.state.register(cx);
        match self.state.ending() {
            Ending::Cut => return Poll::Ready(Expiry::Cut),
            Ending::Graceful if self.closing.is_none() => return Poll::Ready(self.close()),
            _ => {}
        }
        loop {
            let Some((deadline, over)) = self.deadline() else {
                return Poll::Pending;
            };
            ready!(self.poll_timer(deadline, cx));
            if Instant::now() >= deadline {
                return Poll::Ready(match over {
                    Expiry::Close => self.close(),
                    Expiry::Cut => Expiry::Cut,
                });
            }
        }
    }

    fn close(&mut self) -> Expiry {
        self.closing = Some(Instant::now());
        Expiry::Close
    }

    /// Returns the next deadline in the current state.
    fn deadline(&self) -> Option<(Instant, Expiry)> {
        let state = &self.state;
        let (phase, opened) = (state.phase(), state.opened());
        let step = match phase {
            Phase::Idle if self.closing.is_none() && !state.is_blocked() => {
                Some((state.since() + self.idle, Expiry::Close))
            }
            Phase::Header => Some((state.since() + self.header, Expiry::Cut)),
            Phase::Idle | Phase::Busy => None,
        };
        let closing = self.closing.filter(|_| phase != Phase::Busy);
        let cuts = [
            closing.map(|since| since + CLOSING_TIME),
            (!state.is_served()).then(|| opened + self.header),
            self.total.map(|total| opened + total),
        ];
        let cuts = cuts.into_iter().flatten().map(|at| (at, Expiry::Cut));
        cuts.chain(step).min_by_key(|(at, _)| *at)
    }

    /// Completes when the timer fires, which may be before the deadline but not after it.
    fn poll_timer(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let (at, sleep) = self
            .timer
            .get_or_insert_with(|| (deadline, Box::pin(sleep_until(deadline))));
        if deadline < *at || sleep.is_elapsed() {
            sleep.as_mut().reset(deadline);
            *at = deadline;
        }
        sleep.as_mut().poll(cx)
    }
}
