//! A session after its login: bytes both ways until either side ends it.
//!
//! One task drives both directions. Messages are followed by their headers alone, so that the
//! relay knows where a message of its own could stand without breaking the stream.

mod exchange;
mod patience;

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
use self::patience::Patience;
use crate::transport::{Receipt, Scratch, Transport, with_scratch};

/// The reason in the CopyFail that irsa sends in place of the client's data.
const COPY_FAIL_REASON: &str = "irsa is shutting down";

/// How many reads of one direction are passed on before other sessions get their turn.
const READS_A_TURN: usize = 16;

/// Why a relay came to its end.
#[derive(Debug)]
pub(crate) enum End {
    /// The client said goodbye, or is gone.
    Client,
    /// The server closed the connection, after telling the client why.
    Server,
    /// The server vanished without a word.
    ServerLost(Option<io::Error>),
    /// irsa shuts down, and the time for sessions to end by themselves is over.
    Cut,
    /// The session was idle for the configured time.
    Idle,
}

/// Both sides of a session.
pub(crate) struct Relay {
    client: Transport,
    server: Transport,
    exchange: Exchange,
    client_ended: bool,
    to_server: ToServer,
    patience: Patience,
    /// Bytes passed on, to the server and to the client.
    moved: (u64, u64),
    cut: Pin<Box<dyn Future<Output = ()> + Send>>,
    idle: Option<IdleTimer>,
    bytes_to_server: Counter,
    bytes_to_client: Counter,
}

/// The direction that can end before the session does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ToServer {
    Flowing,
    /// The client will send no more: the server is to be told, what it still says is to be heard.
    Closing,
    /// The server has been told, or takes no more.
    Over,
}

struct IdleTimer {
    period: Duration,
    sleep: Pin<Box<Sleep>>,
    active: bool,
}

/// What one direction came to.
enum Direction {
    /// The source has ended, and all it sent is passed on.
    Ended,
    /// The socket that is read failed.
    SourceFailed(io::Error),
    /// The socket that is written failed.
    SinkFailed,
}

/// The counters of bytes passed on.
pub(crate) struct RelayCounters {
    pub(crate) to_server: Counter,
    pub(crate) to_client: Counter,
}

// === impl Relay ===

impl Relay {
    /// Relays between a client and a server that have both seen the login's ReadyForQuery.
    pub(crate) fn new(
        client: Transport,
        server: Transport,
        counters: RelayCounters,
        cut: impl Future<Output = ()> + Send + 'static,
        idle_timeout: Option<Duration>,
    ) -> Self {
        Self {
            client,
            server,
            exchange: Exchange::default(),
            client_ended: false,
            to_server: ToServer::Flowing,
            patience: Patience::default(),
            moved: (0, 0),
            cut: Box::pin(cut),
            idle: idle_timeout.map(IdleTimer::new),
            bytes_to_server: counters.to_server,
            bytes_to_client: counters.to_client,
        }
    }

    /// Who or what ended the session, for the log. A server that the client took leave of ends the connection first.
    pub(crate) fn reason(&self, end: &End) -> &'static str {
        match end {
            End::Server if !self.client_is_gone() => "server",
            End::Client | End::Server => "client",
            End::ServerLost(_) => "server-lost",
            End::Cut => "shutdown",
            End::Idle => "idle-timeout",
        }
    }

    /// The bytes passed on, to the server and to the client.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        self.moved
    }

    /// Passes on what either side had sent before the relay began, as far as the sockets take it;
    /// the relay sends the rest, under its own time limits.
    ///
    /// # Errors
    /// A socket's failure.
    pub(crate) async fn pass_on_early_bytes(&mut self) -> io::Result<()> {
        // Taken whole: from here on neither side needs an inbox.
        let early = mem::take(self.server.inbox());
        self.exchange.server_sent(&early);
        self.client.begin_to_send(&early).await?;
        let early = mem::take(self.client.inbox());
        self.exchange.client_sent(&early);
        self.patience.sent(early.len());
        self.server.begin_to_send(&early).await
    }

    /// Passes on what the server still says, and reads nothing more from the client, until closing the session leaves
    /// no outcome unknown. Returns `Some` where the session ended first.
    ///
    /// What was sent to the server in part is never executed, and what irsa has not read never reaches it.
    pub(crate) fn poll_answered(&mut self, cx: &mut Context<'_>) -> Poll<Option<End>> {
        loop {
            if self.awaits_copy_data() && self.fail_copy(cx).is_err() {
                return Poll::Ready(Some(End::ServerLost(None)));
            }
            // A failure shows when the server is read.
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

    /// Says `notice` to the client where the stream allows a message, and closes both sides within `time`.
    pub(crate) async fn finish(mut self, notice: Option<ErrorResponse>, time: Duration) {
        let closing = async {
            if let Some(notice) = notice.filter(|_| self.may_speak_to_client()) {
                let mut message = BytesMut::new();
                notice.encode(&mut message);
                let _ = self.client.begin_to_send(&message).await;
            }
            // Neither waits for the other: a client that does not read must not keep the server.
            let _ = tokio::join!(self.client.close(), self.server.close());
        };
        let _ = tokio::time::timeout(time, closing).await;
    }

    fn may_speak_to_client(&self) -> bool {
        self.exchange.server_is_between_messages() && !self.client_is_gone()
    }

    fn awaits_copy_data(&self) -> bool {
        self.to_server == ToServer::Flowing && self.exchange.outstanding() == Outstanding::CopyData
    }

    /// Ends the COPY in the client's place, so that the server says what becomes of it.
    fn fail_copy(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut message = BytesMut::new();
        copy_fail(COPY_FAIL_REASON, &mut message);
        self.exchange.client_sent(&message);
        self.server.send(cx, &message)
    }

    fn poll_to_client(&mut self, cx: &mut Context<'_>, scratch: &mut Scratch) -> Poll<End> {
        let direction = poll_direction(&mut self.server, &mut self.client, cx, scratch, |bytes| {
            self.exchange.server_sent(bytes);
            self.patience.heard();
            self.moved.1 += bytes.len() as u64;
            self.bytes_to_client.inc_by(bytes.len() as u64);
        });
        self.patience.put_back(&self.server, || {
            self.exchange.is_answered_to_the_last_byte()
        });
        direction.map(|direction| match direction {
            // A server that is not asked any more may as well reset the connection.
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
                    self.patience.sent(bytes.len());
                    self.moved.0 += bytes.len() as u64;
                    self.bytes_to_server.inc_by(bytes.len() as u64);
                });
            self.patience.lift(&self.server);
            match ready!(direction) {
                // Perhaps only the sending half: what the client asked for still comes.
                Direction::Ended => self.to_server = ToServer::Closing,
                Direction::SourceFailed(_) => return Poll::Ready(End::Client),
                Direction::SinkFailed => self.to_server = ToServer::Over,
            }
        }
        if self.to_server == ToServer::Closing {
            // A server that is gone shows when it is read.
            let _ = ready!(self.server.poll_close(cx));
            self.client_ended = true;
            self.to_server = ToServer::Over;
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
        if self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(End::Cut);
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

/// Moves bytes from `source` to `sink` until one of them would block or its turn is over.
fn poll_direction(
    source: &mut Transport,
    sink: &mut Transport,
    cx: &mut Context<'_>,
    scratch: &mut Scratch,
    mut observe: impl FnMut(&[u8]),
) -> Poll<Direction> {
    for _ in 0..READS_A_TURN {
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

    /// Ready after a whole period without traffic at whose end nothing is unanswered. The clock is read once a period,
    /// not at each message, so a session ends between one and two periods after its last byte.
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
