//! A client's session from the first byte to the last.

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
use irsa_net::limit::{Permit, Unauthenticated as UnauthenticatedPermit};
use irsa_net::listen::{Accepted, Peer};
use irsa_ops::session_log::{SessionEnd, SessionRecord};
use irsa_pgwire::backend;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::startup::{Negotiation, Startup};
use tokio::time::{sleep, timeout, timeout_at};

use self::cancel_request::answer_cancel_request;
use self::refusals::{
    authentication_timed_out, client_left, close, log_client_refusal, login_refusal,
    refuse_startup, refuse_unauthenticated, too_many_connections,
};
use self::shutdown::shut_down;
use self::termination::{shutting_down, termination_notice};
use crate::cancel::{CancelRegistration, CancelTarget};
use crate::client::{ClientFault, ClientRequest, receive_request};
use crate::client_auth::authenticate;
use crate::database::Database;
use crate::login::{LoggedIn, LoginError, login};
use crate::panic::caught;
use crate::recent_refusals::LoginRequest;
use crate::relay::{End, Relay, RelayCounters};
use crate::traces;
use crate::transport::{Receipt, Transport};

/// The time that a drain waits for clients in the startup phase: enough for a client that has just connected or sends a
/// cancel request.
const DRAIN_GRACE: Duration = Duration::from_secs(1);

/// The maximum number of bytes that are buffered from a client before its login is complete, such as the start of a
/// pipeline.
const MAX_EARLY_BYTES: usize = 64 * 1024;

/// The timeout for sending the last notice to the client.
const NOTICE_TIMEOUT: Duration = Duration::from_secs(2);

/// A session that is ready to relay.
struct Session {
    relay: Relay,
    guards: SessionGuards,
}

/// The values that live as long as a session.
struct SessionGuards {
    _permit: Permit,
    cancelable: Option<CancelRegistration>,
    /// True if the server runs a WAL sender, which is not canceled.
    is_replication: bool,
    record: Option<Box<SessionRecord>>,
}

/// The limits of a client until it has authenticated.
struct Unauthenticated {
    deadline: tokio::time::Instant,
    permit: Option<UnauthenticatedPermit>,
}

/// Serves one client.
///
/// All futures except the relay are boxed: a task is as large as the largest of its states, and a session spends most
/// of its life in the relay.
pub(crate) async fn serve(
    database: Arc<Database>,
    accepted: Accepted,
    drain: DrainWatch,
    terminate: DrainWatch,
) {
    let Accepted { stream, peer } = accepted;
    let client = Transport::new(stream);
    let permit = match database.unauthenticated_limit.try_acquire(&peer) {
        Ok(permit) => permit,
        Err(error) => {
            return Box::pin(refuse_unauthenticated(&database, client, &peer, error)).await;
        }
    };
    let mut unauthenticated = Unauthenticated {
        deadline: tokio::time::Instant::now() + database.limits.startup_timeout,
        permit: Some(permit),
    };
    let establishing = establish(
        &database,
        client,
        &peer,
        &mut unauthenticated,
        drain,
        terminate,
    );
    let establishing = Box::pin(establishing);
    if let Some(mut session) = establishing.await {
        let end = caught(&database.metrics.panics, &mut session.relay).await;
        Box::pin(finish(&database, session, end)).await;
    }
}

/// Sends the reason for the end of the session to the client and closes both sides.
async fn finish(database: &Database, mut session: Session, end: Result<End, ErrorResponse>) {
    let (notice, time) = match end {
        Ok(End::Terminated) => {
            let target = session.guards.cancel_target();
            let notice = shut_down(database, &mut session.relay, target).await;
            (notice, database.limits.termination_time / 6)
        }
        Ok(ref end) => (termination_notice(database, end), NOTICE_TIMEOUT),
        Err(ref internal_error) => (Some(internal_error.clone()), NOTICE_TIMEOUT),
    };
    tracing::debug!(upstream = %database.upstream, ?end, "relay ended");
    if let Some(record) = session.guards.record.take() {
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
    unauthenticated: &mut Unauthenticated,
    drain: DrainWatch,
    terminate: DrainWatch,
) -> Option<Session> {
    let deadline = unauthenticated.deadline;
    let startup = match await_request(database, &mut client, deadline, drain).await {
        Ok(ClientRequest::Session(startup)) => startup,
        Ok(ClientRequest::Cancel(key)) => {
            Box::pin(answer_cancel_request(database, client, peer, &key)).await;
            return None;
        }
        Err(fault) => {
            refuse_startup(database, client, peer, &fault).await;
            return None;
        }
    };
    // Boxed like the cancel request above, so that clients that send nothing need no memory for it.
    let opened = tokio::select! {
        opened = caught(
            &database.metrics.panics,
            Box::pin(open(database, &mut client, peer, unauthenticated, &startup)),
        ) => {
            opened.unwrap_or_else(Err)
        }
        () = terminate.signaled() => Err(shutting_down()),
    };
    match opened {
        Ok((server, guards)) => {
            let counters = RelayCounters {
                to_server: database.metrics.bytes_to_server.clone(),
                to_client: database.metrics.bytes_to_client.clone(),
            };
            let terminate = async move { terminate.signaled().await };
            let idle_timeout = database.limits.idle_timeout;
            let mut relay = Relay::new(client, server, counters, terminate, idle_timeout);
            relay.forward_early_bytes().await.ok()?;
            Some(Session { relay, guards })
        }
        Err(response) => {
            close(&mut client, Some(&response)).await;
            None
        }
    }
}

/// Waits for the client's request until `deadline`.
async fn await_request(
    database: &Database,
    client: &mut Transport,
    deadline: tokio::time::Instant,
    drain: DrainWatch,
) -> Result<ClientRequest, ClientFault> {
    let limit = database.limits.startup_timeout;
    tokio::select! {
        received = timeout_at(deadline, receive_request(client, database.client_tls.as_ref())) => {
            received.unwrap_or(Err(ClientFault::TimedOut(limit)))
        }
        () = drain_grace(drain) => Err(ClientFault::ShuttingDown),
    }
}

/// Waits for the drain and then for [`DRAIN_GRACE`].
async fn drain_grace(drain: DrainWatch) {
    drain.signaled().await;
    sleep(DRAIN_GRACE).await;
}

/// Authenticates the client, logs in to the server, and sends AuthenticationOk to the client.
///
/// Only authenticated clients count toward the connection limit: unauthenticated clients must not lock out others, and
/// cancel requests free connections.
async fn open(
    database: &Arc<Database>,
    client: &mut Transport,
    peer: &Peer,
    unauthenticated: &mut Unauthenticated,
    startup: &Startup,
) -> Result<(Transport, SessionGuards), ErrorResponse> {
    let begun = Instant::now();
    let negotiation = Negotiation::for_startup(startup)?;
    let user = startup.user().unwrap_or_default();
    let authenticating = authenticate(&database.client_auth, client, peer, startup);
    timeout_at(unauthenticated.deadline, authenticating)
        .await
        .unwrap_or_else(|_| Err(authentication_timed_out()))
        .inspect_err(|response| log_client_refusal(database, user, peer, response))?;
    unauthenticated.permit = None;
    let permit = database
        .connection_limit
        .try_acquire()
        .ok_or_else(|| too_many_connections(database))?;
    let logged_in = log_in(database, client, peer, startup, &negotiation).await?;
    let (server, cancelable) = send_auth_ok(database, client, &negotiation, logged_in)
        .await
        .map_err(|error| client_left(&error.to_string()))?;
    database.metrics.logged_in(begun.elapsed());
    database.last_use.held(database.clock.now());
    let guards = SessionGuards {
        _permit: permit,
        cancelable,
        is_replication: startup.is_replication(),
        record: record(database, startup, peer),
    };
    Ok((server, guards))
}

/// Records the start of a session. The database defaults to the user's name (PostgreSQL docs, "Message Formats",
/// StartupMessage).
fn record(database: &Database, startup: &Startup, peer: &Peer) -> Option<Box<SessionRecord>> {
    let user = startup.user().unwrap_or_default();
    let name = startup.database().unwrap_or(user);
    let upstream = database.upstream.to_string();
    SessionRecord::start(database.limits.log_sessions, &upstream, user, name, *peer).map(Box::new)
}

/// Logs in to the server. Stops if the client disconnects, and does not try if the server has just refused the same
/// request.
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
    let span = traces::login(database, startup);
    let logging_in = login(database, startup, negotiation.version, span.as_ref());
    let logged_in = tokio::select! {
        outcome = timeout(database.limits.login_timeout, logging_in) => {
            outcome.unwrap_or_else(|_| Err(timed_out(database)))
        }
        () = client_disconnected(client) => return Err(client_left("it disconnected")),
    };
    if let Some(span) = span {
        traces::end_login(span, &logged_in);
    }
    logged_in.map_err(|error| {
        let response = login_refusal(database, startup.user().unwrap_or_default(), &error);
        if let Some(request) = request.filter(|_| client.is_tls() && error.is_from_server()) {
            let refusals = &database.recent_refusals;
            refusals.remember(request, &response, Instant::now());
        }
        response
    })
}

/// Returns the server's refusal of the same request over TLS a moment ago: this is libpq's second attempt.
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

/// Waits until the client disconnects, so that it does not occupy a connection or a login any longer.
///
/// Bytes that the client sends early are buffered for the server. After [`MAX_EARLY_BYTES`], the end of the client is
/// detected only after the login.
async fn client_disconnected(client: &mut Transport) {
    while client.inbox().len() < MAX_EARLY_BYTES {
        match client.fill().await {
            Ok(Receipt::Data) => {}
            // The client has sent requests and may have closed only its sending half.
            Ok(Receipt::End) if !client.inbox().is_empty() => break,
            Ok(Receipt::End) | Err(_) => return,
        }
    }
    pending::<()>().await;
}

/// Returns the error of a login that timed out. If the identity has no credentials, the login waited for them and not
/// for the server.
fn timed_out(database: &Database) -> LoginError {
    match database.identity.state() {
        IdentityState::Broken { error } => LoginError::Identity(error),
        _ => LoginError::TimedOut(database.limits.login_timeout),
    }
}

/// Sends AuthenticationOk and the server's greeting to the client, with a cancel key of irsa.
async fn send_auth_ok(
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
        let (client_key, registration) = database.cancel_keys.register(logged_in.version, target);
        backend::backend_key_data(&client_key, &mut message);
        registration
    });
    message.extend_from_slice(&logged_in.ready);
    // The relay sends the rest that the socket does not accept immediately.
    client.begin_to_send(&message).await?;
    Ok((logged_in.server, registration))
}

// === impl SessionGuards ===

impl SessionGuards {
    fn cancel_target(&self) -> Option<CancelTarget> {
        let registration = self.cancelable.as_ref()?;
        (!self.is_replication).then(|| registration.target())?
    }
}
