//! How long a connection may take for what it is doing.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use irsa_net::listen::Peer;
use tokio::time::{Instant, Sleep, sleep_until};

use super::member::{Ending, Member, Phase};
use super::streaming::StreamingOptions;

/// The deadlines of a connection, and the wish of others that it end.
///
/// One timer serves all deadlines. It is set again only for an earlier deadline or when it fires
/// too early, so that a connection in use does not touch it.
pub(super) struct Lifetime {
    member: Arc<Member>,
    header: Duration,
    idle: Duration,
    total: Option<Duration>,
    timer: Option<(Instant, Pin<Box<Sleep>>)>,
    closing: Option<Instant>,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// It has been idle for too long, or another one needs the place: the request that is under way
    /// is answered.
    Close,
    /// It took too long, or is cut for another one.
    Cut,
}

/// How long a connection may take to end when it should.
const CLOSING_TIME: Duration = Duration::from_secs(5);

// === impl Lifetime ===

impl Lifetime {
    pub(super) fn new(member: Arc<Member>, options: &StreamingOptions, peer: &Peer) -> Self {
        Self {
            member,
            header: options.header_timeout,
            idle: options.idle_timeout.for_peer(peer),
            total: options.total_timeout,
            timer: None,
            closing: None,
        }
    }

    /// Waits for a step before the first request; `None` where the connection ends first.
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

    /// Ready when the connection is to end; [`Over::Close`] once at most.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Over> {
        self.member.register(cx);
        match self.member.ending() {
            Ending::Cut => return Poll::Ready(Over::Cut),
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
                    Over::Close => self.close(),
                    Over::Cut => Over::Cut,
                });
            }
        }
    }

    fn close(&mut self) -> Over {
        self.closing = Some(Instant::now());
        Over::Close
    }

    /// The next deadline in the present state.
    fn deadline(&self) -> Option<(Instant, Over)> {
        let member = &self.member;
        let (phase, opened) = (member.phase(), member.opened());
        let step = match phase {
            Phase::Idle if self.closing.is_none() && !member.is_blocked() => {
                Some((member.since() + self.idle, Over::Close))
            }
            Phase::Header => Some((member.since() + self.header, Over::Cut)),
            Phase::Idle | Phase::Busy => None,
        };
        let closing = self.closing.filter(|_| phase != Phase::Busy);
        let cuts = [
            closing.map(|since| since + CLOSING_TIME),
            (!member.is_served()).then(|| opened + self.header),
            self.total.map(|total| opened + total),
        ];
        let cuts = cuts.into_iter().flatten().map(|at| (at, Over::Cut));
        cuts.chain(step).min_by_key(|(at, _)| *at)
    }

    /// Ready when the timer fires, which may be before the deadline but not after it.
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
