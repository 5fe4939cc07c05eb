//! A login in two halves: what the server asks the user for, which anybody may know, and what it says to a token.

use std::fmt;

use bytes::BytesMut;
use irsa_chain::Cause;
use irsa_identity::RdsToken;
use irsa_pgwire::backend::{self, Authentication, ParameterStatus};
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frontend;
use irsa_pgwire::startup::{Startup, Version};
use tokio::time::timeout;

use super::refusal::{self, Refused};
use super::wire::{Message, Wire};
use crate::pod::endpoint::probe::Secured;
use crate::pod::fault::Fault;
use crate::pod::https::PATIENCE;

/// A connection on which the server waits for a token; the connection is taken to send one.
pub(in crate::pod) type Asked = Option<Wire>;

/// What is known of a session.
#[derive(Debug, Default)]
pub(in crate::pod) struct Admitted {
    version: String,
    is_standby: bool,
    is_read_only: bool,
}

/// Says who wants to log in, and hears what that takes.
pub(in crate::pod) async fn ask(
    secured: Secured,
    user: &str,
    database: Option<&str>,
) -> Result<Asked, Fault> {
    let mut wire = Wire::new(secured);
    let startup = Startup::new(Version::V3_0)
        .with("user", user)
        .with("database", database.unwrap_or(user))
        .with("application_name", "irsa-doctor");
    let mut packet = BytesMut::new();
    startup.encode(&mut packet);
    let asking = async {
        wire.send(&packet).await?;
        question(&mut wire, user).await
    };
    timeout(PATIENCE, asking).await.map_err(|_| silent())??;
    Ok(Some(wire))
}

async fn question(wire: &mut Wire, user: &str) -> Result<(), Fault> {
    loop {
        let message = wire.message().await?;
        match message.tag {
            backend::AUTHENTICATION => {
                let asked = Authentication::parse(&message.body).map_err(Fault::unclear)?;
                return match asked {
                    Authentication::CleartextPassword => Ok(()),
                    Authentication::Md5 { .. } => Err(no_member(user, "MD5")),
                    Authentication::Sasl { .. } => Err(no_member(user, "SCRAM")),
                    _ => Err(Fault::unclear(
                        "the server asks for nothing that RDS asks for",
                    )),
                };
            }
            backend::NEGOTIATE_PROTOCOL_VERSION | backend::NOTICE_RESPONSE => {}
            _ => return Err(before_token(&message)),
        }
    }
}

fn no_member(user: &str, method: &str) -> Fault {
    let said = format!("`{user}` is asked for a password by {method}: no member of rds_iam is");
    let quoted = user.replace('"', "\"\"");
    Fault::new(Cause::RdsIamNotGranted, said).remedy(format!(
        "run `GRANT rds_iam TO \"{quoted}\";` as the master user; if there is no such user, `CREATE USER \"{quoted}\";` \
         before it: PostgreSQL asks an unknown user just the same"
    ))
}

fn before_token(message: &Message) -> Fault {
    match error(message) {
        Err(fault) => fault,
        Ok(response) => refusal::before_token(&response),
    }
}

/// Sends the token, and hears whether there is a session.
pub(in crate::pod) async fn log_in(mut wire: Wire, token: &RdsToken) -> Result<Admitted, Refused> {
    let login = async {
        let mut answer = BytesMut::new();
        frontend::password(token.expose().as_bytes(), &mut answer);
        wire.send(&answer).await.map_err(Refused::Token)?;
        let admitted = admission(&mut wire, token).await?;
        let mut farewell = BytesMut::new();
        frontend::terminate(&mut farewell);
        // It is admitted whether it can say good-bye or not.
        _ = wire.send(&farewell).await;
        Ok(admitted)
    };
    timeout(PATIENCE, login)
        .await
        .unwrap_or_else(|_| Err(Refused::Token(silent())))
}

async fn admission(wire: &mut Wire, token: &RdsToken) -> Result<Admitted, Refused> {
    let mut admitted = Admitted::default();
    let mut is_accepted = false;
    loop {
        let message = wire.message().await.map_err(Refused::Token)?;
        match message.tag {
            backend::READY_FOR_QUERY => return Ok(admitted),
            backend::PARAMETER_STATUS => admitted.learn(&message),
            backend::AUTHENTICATION => {
                let said = Authentication::parse(&message.body);
                is_accepted |= matches!(said, Ok(Authentication::Ok));
            }
            backend::BACKEND_KEY_DATA | backend::NOTICE_RESPONSE => {}
            _ => return Err(after_token(&message, token, is_accepted)),
        }
    }
}

fn after_token(message: &Message, token: &RdsToken, is_accepted: bool) -> Refused {
    match error(message) {
        Err(fault) => Refused::Token(fault),
        Ok(mut response) => {
            response.message = irsa_identity::redact(&response.message, &[token.expose()]);
            refusal::after_token(&response, is_accepted)
        }
    }
}

fn error(message: &Message) -> Result<ErrorResponse, Fault> {
    if message.tag == backend::ERROR_RESPONSE {
        ErrorResponse::parse(&message.body).map_err(Fault::unclear)
    } else {
        Err(Fault::unclear("a message came that no login has"))
    }
}

fn silent() -> Fault {
    let said = format!("the server said nothing for {} s", PATIENCE.as_secs());
    Fault::new(Cause::EndpointTimeout, said)
}

impl Admitted {
    fn learn(&mut self, message: &Message) {
        let Ok(status) = ParameterStatus::parse(&message.body) else {
            return;
        };
        let is_on = status.value == b"on".as_slice();
        match status.name {
            b"server_version" => self.version = String::from_utf8_lossy(status.value).into_owned(),
            b"in_hot_standby" => self.is_standby = is_on,
            b"default_transaction_read_only" => self.is_read_only = is_on,
            _ => {}
        }
    }
}

impl fmt::Display for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL {}", crate::pod::text::clean(&self.version))?;
        if self.is_standby || self.is_read_only {
            write!(f, ", a reader: writes fail there with SQLSTATE 25006")?;
        }
        Ok(())
    }
}
