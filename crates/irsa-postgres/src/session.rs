//! One client from its first byte to its last.

mod cancel_request;
mod refusals;
mod shutdown;
mod termination;

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use irsa_identity::IdentityState;
use irsa_net::drain::DrainWatch;
use irsa_net::limit::{Permit, Unauthenticated};
use irsa_net::listen::{Accepted, Peer};
use irsa_ops::session_log::{SessionEnd, SessionRecord};
use irsa_pgwire::backend;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::startup::{Negotiation, Startup};
use tokio::time::{sleep, timeout, timeout_at};

use self::cancel_request::answer_cancel_request;
use self::refusals::{
    authentication_timed_out, client_left, not_let_in, part, refusal, refuse_start,
    refuse_unauthenticated, too_many_connections,
};
use self::shutdown::shut_down;
use self::termination::{farewell, shutting_down};
use crate::cancel::{CancelRegistration, CancelTarget};
use crate::client::{ClientFault, Wish, greet};
use crate::client_auth::authenticate;
use crate::database::Database;
use crate::login::{LoggedIn, LoginError, login};
use crate::panic::caught;
use crate::recent_refusals::LoginRequest;
use crate::relay::{End, Relay, RelayCounters};
use crate::transport::{Receipt, Transport};

/// How long the end waits for a client whose start-up is under way: long enough for one that has
/// begun, or has a query to cancel.
const LAST_CALL: Duration = Duration::from_secs(1);

/// The most that is kept of what a client sends before its login is over: a pipeline's beginning.
const MOST_AHEAD: usize = 64 * 1024;

/// The time in which the last notice must reach the client.
const NOTICE_TIME: Duration = Duration::from_secs(2);

/// A session that is ready to relay.
struct Session {
    relay: Relay,
    held: Held,
}

/// What lives as long as a session.
struct Held {
    _permit: Permit,
    cancelable: Option<CancelRegistration>,
    /// Whether the server runs a WAL sender, which is not canceled.
    is_replication: bool,
    record: Option<Box<SessionRecord>>,
}

/// What a client has until it has authenticated.
struct Probation {
    deadline: tokio::time::Instant,
    /// Its place among those who have not authenticated.
    place: Option<Unauthenticated>,
}

/// Serves one client.
///
/// Everything up to the relay is boxed: a task is as large as the largest of its states, and most
/// of a session's life is the relay.
pub(crate) async fn serve(
    database: Arc<Database>,
    accepted: Accepted,
    drain: DrainWatch,
    cut: DrainWatch,
) {
    let Accepted { stream, peer } = accepted;
    let client = Transport::new(stream);
    let unauthenticated = match database.unauthenticated_limit.try_acquire(&peer) {
        Ok(unauthenticated) => unauthenticated,
        Err(error) => {
            return Box::pin(refuse_unauthenticated(&database, client, &peer, error)).await;
        }
    };
    let mut probation = Probation {
        deadline: tokio::time::Instant::now() + database.limits.startup_timeout,
        place: Some(unauthenticated),
    };
    let establishing = establish(&database, client, &peer, &mut probation, drain, cut);
    let establishing = Box::pin(establishing);
    if let Some(mut session) = establishing.await {
        let end = caught(&database.metrics.panics, &mut session.relay).await;
        Box::pin(finish(&database, session, end)).await;
    }
}

/// Tells the client why its session ends, and closes both sides.
async fn finish(database: &Database, mut session: Session, end: Result<End, ErrorResponse>) {
    let (notice, time) = match end {
        Ok(End::Cut) => {
            let target = session.held.cancel_target();
            let notice = shut_down(database, &mut session.relay, target).await;
            (notice, database.limits.termination_time / 6)
        }
        Ok(ref end) => (farewell(database, end), NOTICE_TIME),
        Err(ref internal_error) => (Some(internal_error.clone()), NOTICE_TIME),
    };
    tracing::debug!(upstream = %database.upstream, ?end, "relay ended");
    if let Some(record) = session.held.record.take() {
        let (bytes_to_server, bytes_to_client) = session.relay.bytes();
        record.end(
            &database.upstream.to_string(),
            &SessionEnd {
                reason: end
                    .as_ref()
                    .map_or("defect", |end| session.relay.reason(end)),
                sqlstate: notice.as_ref().map(|notice| notice.code.to_string()),
                bytes_to_server,
                bytes_to_client,
            },
        );
    }
    session.relay.finish(notice, time).await;
}

async fn establish(
    database: &Arc<Database>,
    mut client: Transport,
    peer: &Peer,
    probation: &mut Probation,
    drain: DrainWatch,
    cut: DrainWatch,
) -> Option<Session> {
    let startup = match wish_of(database, &mut client, probation.deadline, drain).await {
        Ok(Wish::Session(startup)) => startup,
        Ok(Wish::Cancel(key)) => {
            Box::pin(answer_cancel_request(database, client, peer, &key)).await;
            return None;
        }
        Err(fault) => {
            refuse_start(database, client, peer, &fault).await;
            return None;
        }
    };
    // Boxed, as cancelling is, so that a client which says nothing costs no room for it.
    let opened = tokio::select! {
        opened = caught(
            &database.metrics.panics,
            Box::pin(open(database, &mut client, peer, probation, &startup)),
        ) => {
            opened.unwrap_or_else(Err)
        }
        () = cut.signaled() => Err(shutting_down()),
    };
    match opened {
        Ok((server, held)) => {
            let counters = RelayCounters {
                to_server: database.metrics.bytes_to_server.clone(),
                to_client: database.metrics.bytes_to_client.clone(),
            };
            let cut = async move { cut.signaled().await };
            let mut relay = Relay::new(client, server, counters, cut, database.limits.idle_timeout);
            relay.pass_on_early_bytes().await.ok()?;
            Some(Session { relay, held })
        }
        Err(response) => {
            part(&mut client, Some(&response)).await;
            None
        }
    }
}

/// What the client wants, if it says so in time.
async fn wish_of(
    database: &Database,
    client: &mut Transport,
    deadline: tokio::time::Instant,
    drain: DrainWatch,
) -> Result<Wish, ClientFault> {
    let limit = database.limits.startup_timeout;
    tokio::select! {
        greeted = timeout_at(deadline, greet(client, database.client_tls.as_ref())) => {
            greeted.unwrap_or(Err(ClientFault::Slow(limit)))
        }
        () = last_call(drain) => Err(ClientFault::ShuttingDown),
    }
}

/// Returns when a client that has not said what it wants keeps the end waiting.
async fn last_call(drain: DrainWatch) {
    drain.signaled().await;
    sleep(LAST_CALL).await;
}

/// Authenticates the client, logs in to the server, and tells the client that it may go on.
///
/// Only a client that has authenticated counts towards the limit of connections: one that has not must not keep others
/// out, and a cancel request frees a place rather than taking one.
async fn open(
    database: &Arc<Database>,
    client: &mut Transport,
    peer: &Peer,
    probation: &mut Probation,
    startup: &Startup,
) -> Result<(Transport, Held), ErrorResponse> {
    let begun = Instant::now();
    let negotiation = Negotiation::for_startup(startup)?;
    let user = startup.user().unwrap_or_default();
    let authenticating = authenticate(&database.client_auth, client, peer, startup);
    timeout_at(probation.deadline, authenticating)
        .await
        .unwrap_or_else(|_| Err(authentication_timed_out()))
        .inspect_err(|response| not_let_in(database, user, peer, response))?;
    probation.place = None;
    let permit = database
        .connection_limit
        .try_acquire()
        .ok_or_else(|| too_many_connections(database))?;
    let logged_in = log_in(database, client, peer, startup, &negotiation).await?;
    let (server, cancelable) = welcome(database, client, &negotiation, logged_in)
        .await
        .map_err(|error| client_left(&error.to_string()))?;
    database.metrics.logged_in(begun.elapsed());
    database.last_use.held(database.clock.now());
    let held = Held {
        _permit: permit,
        cancelable,
        is_replication: startup.is_replication(),
        record: record(database, startup, peer),
    };
    Ok((server, held))
}

/// Records the start of a session. A database that is not named has the user's name (PostgreSQL docs, "Message Formats",
/// StartupMessage).
fn record(database: &Database, startup: &Startup, peer: &Peer) -> Option<Box<SessionRecord>> {
    let user = startup.user().unwrap_or_default();
    let name = startup.database().unwrap_or(user);
    let upstream = database.upstream.to_string();
    SessionRecord::start(database.limits.log_sessions, &upstream, user, name, *peer).map(Box::new)
}

/// Logs in to the server, unless the client leaves or the server has just refused the same request.
async fn log_in(
    database: &Database,
    client: &mut Transport,
    peer: &Peer,
    startup: &Startup,
    negotiation: &Negotiation,
) -> Result<LoggedIn, ErrorResponse> {
    let request = LoginRequest::new(peer, startup);
    if let Some(response) = repeated_refusal(database, client, request.as_ref()) {
        return Err(response);
    }
    let logging_in = login(database, startup, negotiation.version);
    let logged_in = tokio::select! {
        outcome = timeout(database.limits.login_timeout, logging_in) => {
            outcome.unwrap_or_else(|_| Err(timed_out(database)))
        }
        () = hung_up(client) => return Err(client_left("it hung up")),
    };
    logged_in.map_err(|error| {
        let response = refusal(database, startup.user().unwrap_or_default(), &error);
        if let Some(request) = request.filter(|_| client.is_tls() && error.is_by_server()) {
            let refusals = &database.recent_refusals;
            refusals.remember(request, &response, Instant::now());
        }
        response
    })
}

/// Returns what the server said a moment ago to the same request over TLS: this is libpq's second attempt.
fn repeated_refusal(
    database: &Database,
    client: &Transport,
    request: Option<&LoginRequest>,
) -> Option<ErrorResponse> {
    let request = request.filter(|_| !client.is_tls())?;
    let response = database.recent_refusals.take(request, Instant::now())?;
    database.metrics.refusals_repeated.inc();
    tracing::debug!(upstream = %database.upstream, "repeated the server's refusal in clear text");
    Some(response)
}

/// Returns when the client is gone: it must not hold a place, nor a login that nobody waits for.
///
/// What it sends ahead of its turn is kept for the server; once there is more of it than a client
/// has reason to send, its end is found out after the login.
async fn hung_up(client: &mut Transport) {
    while client.inbox().len() < MOST_AHEAD {
        match client.fill().await {
            Ok(Receipt::Data) => {}
            // It has asked for something already: perhaps only its sending half has ended.
            Ok(Receipt::End) if !client.inbox().is_empty() => break,
            Ok(Receipt::End) | Err(_) => return,
        }
    }
    pending::<()>().await;
}

/// Without credentials a login waits for those, not for the server.
fn timed_out(database: &Database) -> LoginError {
    match database.identity.state() {
        IdentityState::Broken { error } => LoginError::Identity(error),
        _ => LoginError::TimedOut(database.limits.login_timeout),
    }
}

/// Sends what the server greeted with, under a cancel key of our own.
async fn welcome(
    database: &Arc<Database>,
    client: &mut Transport,
    negotiation: &Negotiation,
    logged_in: LoggedIn,
) -> std::io::Result<(Transport, Option<CancelRegistration>)> {
    let mut message = BytesMut::new();
    if let Some(negotiated) = negotiation.answer(logged_in.version) {
        negotiated.encode(&mut message);
    }
    backend::Authentication::Ok.encode(&mut message);
    message.extend_from_slice(&logged_in.greeting);
    let registration = logged_in.key.map(|key| {
        let target = CancelTarget {
            address: logged_in.address,
            key,
        };
        let (own_key, registration) = database.cancel_keys.register(logged_in.version, target);
        backend::backend_key_data(&own_key, &mut message);
        registration
    });
    message.extend_from_slice(&logged_in.ready);
    // The relay sees to what a client does not take at once.
    client.begin_to_send(&message).await?;
    Ok((logged_in.server, registration))
}

// === impl Held ===

impl Held {
    fn cancel_target(&self) -> Option<CancelTarget> {
        let registration = self.cancelable.as_ref()?;
        (!self.is_replication).then(|| registration.target())?
    }
}
