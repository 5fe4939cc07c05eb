//! A login to a database in two halves, the second of which needs credentials.

use std::time::SystemTime;

use irsa_identity::{RdsTarget, SessionCredentials, sign_rds_token};
use irsa_net::tls::Roots;

use super::login;
pub(in crate::pod) use super::login::{Admitted, Asked};
pub(in crate::pod) use super::refusal::Refused;
use super::wire::Wire;
use crate::pod::endpoint::probe::{Connectivity, Protocol, probe};
use crate::pod::fault::Fault;
use crate::pod::options::DatabaseTarget;

/// What anyone can see of a database.
#[derive(Debug)]
pub(in crate::pod) struct DatabaseFacts {
    pub(in crate::pod) connectivity: Connectivity,
    /// What the server asks the user for. `None` if an earlier step failed or no user is known.
    pub(in crate::pod) asked: Option<Result<Asked, Fault>>,
}

/// Connects, and asks as the user.
pub(in crate::pod) async fn ask(
    target: DatabaseTarget,
    roots: Result<Roots, String>,
) -> DatabaseFacts {
    let (connectivity, secured) = probe(&target.route, &roots, Protocol::Postgres).await;
    let asked = match (secured, &target.user) {
        (Some(secured), Some(user)) => {
            Some(login::ask(secured, user, target.name.as_deref()).await)
        }
        _ => None,
    };
    DatabaseFacts {
        connectivity,
        asked,
    }
}

/// Logs in on a connection whose server waits for a token, with one signed at `now`.
pub(in crate::pod) async fn log_in(
    wire: Wire,
    target: RdsTarget,
    credentials: SessionCredentials,
    now: SystemTime,
) -> Result<Admitted, Refused> {
    match sign_rds_token(&target, &credentials, now) {
        Ok(token) => login::log_in(wire, &token).await,
        Err(error) => Err(Refused::Token(Fault::unclear(error))),
    }
}
