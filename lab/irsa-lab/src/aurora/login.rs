//! Authentication: IAM for members of `rds_iam`, a password for all other users.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use irsa_chain::Cause;
use irsa_pgwire::backend::Authentication;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frontend;
use irsa_pgwire::startup::{Negotiation, Startup, StartupError};
use tokio::time::timeout;

use super::answers::{self, Encryption};
use super::front::Front;
use super::opening::Client;
use super::server::{self, Admission, Server};
use super::setup::SUPERUSER;
use crate::clock::pause;
use crate::deps::FrontDeps;
use crate::faults::AuroraFault;
use crate::rds_token::{self, Principal, RdsLogin, Refusal, log};

/// PostgreSQL's `authentication_timeout`.
pub(super) const AUTHENTICATION_TIMEOUT: Duration = Duration::from_mins(1);

/// The reason why a client gets no session.
#[derive(Debug)]
pub(super) enum Denial {
    /// The login is rejected; the ledger records the true cause.
    Refused {
        response: ErrorResponse,
        refusal: Refusal,
    },
    /// The login fails because a fault is on.
    Fault(ErrorResponse),
    /// The client has an error response, and nothing is recorded: a packet is malformed, or the lab failed.
    Answered(ErrorResponse),
    /// The client has disconnected.
    Gone(io::Error),
}

/// How a session was authenticated; also the ledger's operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Iam,
    Password,
}

/// Authenticates the client or returns why not. On success the real server has taken over, and its response to the
/// start-up packet is on its way to the client.
pub(super) async fn log_in(
    front: &Front,
    client: &mut Client,
    startup: &Startup,
    host: &str,
) -> Result<(Server, Method), Denial> {
    let negotiation = Negotiation::up_to(front.newest_protocol, startup).map_err(answered)?;
    let user = startup
        .user()
        .ok_or_else(|| answered(StartupError::NoUser))?;
    if front.network.current().too_many_clients {
        return Err(Denial::Fault(answers::too_many_clients()));
    }
    if user == SUPERUSER {
        return Err(superuser_rejected(startup, host));
    }
    let uses_iam = front.directory.uses_iam(user).await.map_err(|error| {
        tracing::error!(%error, "cannot query the roles of the real server");
        answered(answers::out_of_order())
    })?;
    if uses_iam {
        by_iam(front, client, (startup, &negotiation), user)
            .await
            .map(|server| (server, Method::Iam))
    } else {
        by_password(front, client, startup)
            .await
            .map(|server| (server, Method::Password))
    }
}

async fn by_iam(
    front: &Front,
    client: &mut Client,
    (startup, negotiation): (&Startup, &Negotiation),
    user: &str,
) -> Result<Server, Denial> {
    negotiate(client, negotiation).await?;
    let token = ask_token(client).await?;
    let fault = front.deps.faults.aurora();
    pause(Duration::from_millis(fault.login_delay_ms)).await;
    let principal = authorize(front, &fault, user, &token).map_err(|refusal| Denial::Refused {
        response: answers::pam_failed(user),
        refusal,
    })?;
    tracing::info!(cluster = front.cluster.name, user, principal = %principal.session, "IAM login");
    let mut server =
        server::connect(&front.socket, &startup.for_server(negotiation.version)).await?;
    if server::introduce(client, &mut server, Admission::Trusted).await? {
        return Ok(server);
    }
    let server_log_text = format!("role \"{user}\" is no longer a member of rds_iam");
    let refusal = Refusal {
        cause: Cause::RdsIamNotGranted,
        server_log_text,
    };
    Err(Denial::Refused {
        response: answers::pam_failed(user),
        refusal,
    })
}

/// Relays the real server's exchange unchanged, so that the client sees its SCRAM request.
async fn by_password(
    front: &Front,
    client: &mut Client,
    startup: &Startup,
) -> Result<Server, Denial> {
    let mut server = server::connect(&front.socket, startup).await?;
    if server::introduce(client, &mut server, Admission::AsksPassword).await? {
        return Ok(server);
    }
    tracing::warn!("the real server accepted a login without authentication; rejected");
    Err(answered(answers::out_of_order()))
}

fn superuser_rejected(startup: &Startup, host: &str) -> Denial {
    let response = answers::host_rejected(host, SUPERUSER, database(startup), Encryption::Tls);
    let server_log_text = format!("role \"{SUPERUSER}\" is reserved");
    Denial::Refused {
        response,
        refusal: Refusal {
            cause: Cause::DatabaseAccessDenied,
            server_log_text,
        },
    }
}

/// Returns the requested database; `None` for physical replication, which has no database.
pub(super) fn database(startup: &Startup) -> Option<&str> {
    let logical = startup.parameter("replication") == Some(b"database");
    if startup.is_replication() && !logical {
        None
    } else {
        startup.database()
    }
}

/// Sends the protocol version and options that the real server supports, before authentication, as PostgreSQL does.
async fn negotiate(client: &mut Client, negotiation: &Negotiation) -> io::Result<()> {
    let Some(answer) = negotiation.answer(negotiation.version) else {
        return Ok(());
    };
    let mut message = BytesMut::new();
    answer.encode(&mut message);
    client.send(&message).await
}

async fn ask_token(client: &mut Client) -> Result<String, Denial> {
    let mut question = BytesMut::new();
    Authentication::CleartextPassword.encode(&mut question);
    client.send(&question).await?;
    let answer = timeout(AUTHENTICATION_TIMEOUT, client.message())
        .await
        .map_err(|_| answered(answers::authentication_timed_out()))??
        .ok_or_else(|| Denial::Gone(io::ErrorKind::UnexpectedEof.into()))?;
    if answer.tag != frontend::PASSWORD_MESSAGE {
        let text = format!(
            "expected password response, got message type {}",
            answer.tag
        );
        return Err(answered(answers::protocol_violation(text)));
    }
    let token = frontend::parse_password(&answer.body)
        .map_err(|error| answered(answers::protocol_violation(error.to_string())))?;
    if token.is_empty() {
        return Err(answered(answers::empty_password()));
    }
    Ok(String::from_utf8_lossy(token).into_owned())
}

/// Applies the faults that are on, then verifies the token.
fn authorize(
    front: &Front,
    fault: &AuroraFault,
    user: &str,
    token: &str,
) -> Result<Principal, Refusal> {
    if fault.throttled {
        return Err(Refusal {
            cause: Cause::EndpointOverloaded,
            server_log_text: log::throttled(user),
        });
    }
    if fault.iam_unavailable {
        return Err(Refusal {
            cause: Cause::IamLoginRefused,
            server_log_text: log::internal(user),
        });
    }
    if front.deps.faults.take_refused_login() {
        return Err(Refusal {
            cause: Cause::RdsTokenExpired,
            server_log_text: log::expired(user),
        });
    }
    let login = RdsLogin {
        endpoints: &front.endpoints,
        region: &front.cluster.region,
        account: &front.cluster.account,
        resource_id: &front.cluster.resource_id,
        user,
    };
    let FrontDeps {
        clock,
        sessions,
        world,
        ..
    } = &front.deps;
    rds_token::verify_and_authorize(token, &login, clock.now(), sessions, world)
}

fn answered(response: impl Into<ErrorResponse>) -> Denial {
    Denial::Answered(response.into())
}

impl From<io::Error> for Denial {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}
