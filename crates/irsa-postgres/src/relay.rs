//! The relay of a session after the login: copies bytes in both directions until one side ends the session.
//!
//! One task drives both directions. The relay tracks message headers only, to know where it can insert its own messages
//! without corrupting the stream.

mod exchange;
mod user_timeout;

use std::future::Future;
use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frontend::copy_fail;
use prometheus_client::metrics::counter::Counter;
use tokio::time::{Sleep, sleep};

use self::exchange::{Exchange, Outstanding};
use self::user_timeout::UserTimeout;
use crate::transport::{Receipt, Scratch, Transport, with_scratch};

/// The reason in the CopyFail that irsa sends instead of more COPY data.
const COPY_FAIL_REASON: &str = "irsa is shutting down";

/// The maximum number of reads in one direction before other sessions get their turn.
const READS_PER_TURN: usize = 16;

/// The reason why a relay ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The client ended the session or disconnected.
    Client,
    /// The server closed the connection after it sent an error to the client.
    Server,
    /// The connection to the server was lost without an error message.
    ServerLost(Option<io::Error>),
    /// irsa is shutting down, and the drain timeout has expired.
    Terminated,
    /// The idle timeout of the session expired.
    Idle,
}

/// The relay between the two sides of a session.
pub(crate) struct Relay {
    client: Transport,
    server: Transport,
    exchange: Exchange,
    client_ended: bool,
    to_server: ToServer,
    user_timeout: UserTimeout,
    /// The number of bytes relayed to the server and to the client.
    moved: (u64, u64),
    terminate: Pin<Box<dyn Future<Output = ()> + Send>>,
    idle: Option<IdleTimer>,
    bytes_to_server: Counter,
    bytes_to_client: Counter,
}

/// The state of the direction to the server, which can end before the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ToServer {
    Flowing,
    /// The client has closed its sending half: irsa closes the connection to the server, but still relays the server's
    /// messages.
    Closing,
    /// The connection to the server is closed for sending.
    Closed,
}

struct IdleTimer {
    period: Duration,
    sleep: Pin<Box<Sleep>>,
    active: bool,
}

/// The end of one direction.
enum Direction {
    /// The source has ended, and all its bytes are relayed.
    Ended,
    /// Reading from the source failed.
    SourceFailed(io::Error),
    /// Writing to the sink failed.
    SinkFailed,
}

/// The counters of relayed bytes.
pub(crate) struct RelayCounters {
    pub(crate) to_server: Counter,
    pub(crate) to_client: Counter,
}

// === impl Relay ===

impl Relay {
    /// Creates a relay between a client and a server after the first ReadyForQuery. `terminate` completes when irsa
    /// must end the session.
    pub(crate) fn new(
        client: Transport,
        server: Transport,
        counters: RelayCounters,
        terminate: impl Future<Output = ()> + Send + 'static,
        idle_timeout: Option<Duration>,
    ) -> Self {
        Self {
            client,
            server,
            exchange: Exchange::default(),
            client_ended: false,
            to_server: ToServer::Flowing,
            user_timeout: UserTimeout::default(),
            moved: (0, 0),
            terminate: Box::pin(terminate),
            idle: idle_timeout.map(IdleTimer::new),
            bytes_to_server: counters.to_server,
            bytes_to_client: counters.to_client,
        }
    }

    /// Returns the reason for the log. After the client's Terminate, the server closes the connection first, but the
    /// client is the reason.
    pub(crate) fn reason(&self, end: &End) -> &'static str {
        match end {
            End::Server if !self.client_is_gone() => "server",
            End::Client | End::Server => "client",
            End::ServerLost(_) => "server-lost",
            End::Terminated => "shutdown",
            End::Idle => "idle-timeout",
        }
    }

    /// Returns the number of bytes relayed to the server and to the client.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        self.moved
    }

    /// Forwards the bytes that both sides sent before the relay started, as far as the sockets accept them. The relay
    /// sends the rest within its own timeouts.
    ///
    /// # Errors
    /// Fails if a socket fails.
    pub(crate) async fn forward_early_bytes(&mut self) -> io::Result<()> {
        // The relay does not use the inboxes after this.
        let early = mem::take(self.server.inbox());
        self.exchange.server_sent(&early);
        self.client.begin_to_send(&early).await?;
        let early = mem::take(self.client.inbox());
        self.exchange.client_sent(&early);
        self.user_timeout.sent(early.len());
        self.server.begin_to_send(&early).await
    }

    /// Relays the server's messages, without reading from the client, until the session can be closed without an
    /// unknown outcome. Returns `Some` if the session ended before that.
    ///
    /// The server never executes an incomplete message, and messages that irsa has not read never reach it.
    pub(crate) fn poll_until_answered(&mut self, cx: &mut Context<'_>) -> Poll<Option<End>> {
        loop {
            if self.awaits_copy_data() && self.fail_copy(cx).is_err() {
                return Poll::Ready(Some(End::ServerLost(None)));
            }
            // If this fails, so does the next read.
            let _ = self.server.poll_flush(cx);
            let relayed = with_scratch(|scratch| self.poll_to_client(cx, scratch));
            if let Poll::Ready(end) = relayed {
                return Poll::Ready(Some(end));
            }
            if self.exchange.outstanding() == Outstanding::Nothing {
                return Poll::Ready(None);
            }
            if !self.awaits_copy_data() {
                return Poll::Pending;
            }
        }
    }

    /// Sends `notice` to the client, if a message can be inserted, and closes both sides within `time`.
    pub(crate) async fn finish(mut self, notice: Option<ErrorResponse>, time: Duration) {
        let closing = async {
            if let Some(notice) = notice.filter(|_| self.can_send_notice()) {
                let mut message = BytesMut::new();
                notice.encode(&mut message);
                let _ = self.client.begin_to_send(&message).await;
            }
            // Close both at the same time: a client that does not read must not delay the server.
            let _ = tokio::join!(self.client.close(), self.server.close());
        };
        let _ = tokio::time::timeout(time, closing).await;
    }

    fn can_send_notice(&self) -> bool {
        self.exchange.server_is_between_messages() && !self.client_is_gone()
    }

    fn awaits_copy_data(&self) -> bool {
        self.to_server == ToServer::Flowing && self.exchange.outstanding() == Outstanding::CopyData
    }

    /// Ends the COPY on behalf of the client, so that the server reports its result.
    fn fail_copy(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut message = BytesMut::new();
        copy_fail(COPY_FAIL_REASON, &mut message);
        self.exchange.client_sent(&message);
        self.server.send(cx, &message)
    }

    fn poll_to_client(&mut self, cx: &mut Context<'_>, scratch: &mut Scratch) -> Poll<End> {
        let direction = poll_direction(&mut self.server, &mut self.client, cx, scratch, |bytes| {
            self.exchange.server_sent(bytes);
            self.user_timeout.received();
            self.moved.1 += bytes.len() as u64;
            self.bytes_to_client.inc_by(bytes.len() as u64);
        });
        self.user_timeout.restore(&self.server, || {
            self.exchange.is_answered_to_the_last_byte()
        });
        direction.map(|direction| match direction {
            // After the last request, a reset by the server is also a normal end.
            Direction::Ended | Direction::SourceFailed(_) if self.is_server_end_expected() => {
                End::Server
            }
            Direction::Ended => End::ServerLost(None),
            Direction::SourceFailed(error) => End::ServerLost(Some(error)),
            Direction::SinkFailed => End::Client,
        })
    }

    fn poll_to_server(&mut self, cx: &mut Context<'_>, scratch: &mut Scratch) -> Poll<End> {
        if self.to_server == ToServer::Flowing {
            let direction =
                poll_direction(&mut self.client, &mut self.server, cx, scratch, |bytes| {
                    self.exchange.client_sent(bytes);
                    self.user_timeout.sent(bytes.len());
                    self.moved.0 += bytes.len() as u64;
                    self.bytes_to_server.inc_by(bytes.len() as u64);
                });
            self.user_timeout.lift(&self.server);
            match ready!(direction) {
                // The client may have closed only its sending half and still wait for responses.
                Direction::Ended => self.to_server = ToServer::Closing,
                Direction::SourceFailed(_) => return Poll::Ready(End::Client),
                Direction::SinkFailed => self.to_server = ToServer::Closed,
            }
        }
        if self.to_server == ToServer::Closing {
            // If this fails, so does the next read.
            let _ = ready!(self.server.poll_close(cx));
            self.client_ended = true;
            self.to_server = ToServer::Closed;
        }
        Poll::Pending
    }

    fn client_is_gone(&self) -> bool {
        self.client_ended || self.exchange.client_ended_with_terminate()
    }

    fn is_server_end_expected(&self) -> bool {
        self.client_is_gone() || self.exchange.server_ended_with_error()
    }
}

impl Future for Relay {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        if self.terminate.as_mut().poll(cx).is_ready() {
            return Poll::Ready(End::Terminated);
        }
        let moved = self.moved;
        let relayed = with_scratch(|scratch| match self.poll_to_client(cx, scratch) {
            Poll::Ready(end) => Poll::Ready(end),
            Poll::Pending => self.poll_to_server(cx, scratch),
        });
        if relayed.is_ready() {
            return relayed;
        }
        let active = self.moved != moved;
        let Self { idle, exchange, .. } = &mut *self;
        match idle {
            Some(idle) => idle.poll_idle(cx, active, exchange).map(|()| End::Idle),
            None => Poll::Pending,
        }
    }
}

/// Moves bytes from `source` to `sink` until one of them would block or [`READS_PER_TURN`] is reached.
fn poll_direction(
    source: &mut Transport,
    sink: &mut Transport,
    cx: &mut Context<'_>,
    scratch: &mut Scratch,
    mut observe: impl FnMut(&[u8]),
) -> Poll<Direction> {
    for _ in 0..READS_PER_TURN {
        if ready!(sink.poll_flush(cx)).is_err() {
            return Poll::Ready(Direction::SinkFailed);
        }
        match ready!(source.poll_receive(cx, scratch)) {
            Ok(Receipt::Data) => {
                observe(scratch.received());
                if sink.forward(cx, scratch).is_err() {
                    return Poll::Ready(Direction::SinkFailed);
                }
            }
            Ok(Receipt::End) => return Poll::Ready(Direction::Ended),
            Err(error) => return Poll::Ready(Direction::SourceFailed(error)),
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

// === impl IdleTimer ===

impl IdleTimer {
    fn new(period: Duration) -> Self {
        Self {
            period,
            sleep: Box::pin(sleep(period)),
            active: false,
        }
    }

    /// Completes after a full period without traffic if all requests are answered at its end. The clock is read once
    /// per period and not for each message, so a session ends between one and two periods after its last byte.
    fn poll_idle(&mut self, cx: &mut Context<'_>, active: bool, exchange: &Exchange) -> Poll<()> {
        self.active |= active;
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            if !self.active && exchange.is_answered() {
                return Poll::Ready(());
            }
            self.active = false;
            let next = self.sleep.deadline() + self.period;
            self.sleep.as_mut().reset(next);
        }
    }
}
