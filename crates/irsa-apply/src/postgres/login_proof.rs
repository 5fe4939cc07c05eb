//! The proof that the administrator can still log in after a user was given `rds_iam`.
//!
//! How a server counts memberships in `rds_iam` is known for RDS only by observation. A login shows it.

use std::slice;
use std::time::Duration;

use irsa_chain::untrusted::quoted;
use irsa_net::retry::Backoff;
use irsa_stack::sql::UserObject;
use tokio::time::{sleep, timeout};

use super::ADMIN_DATABASE;
use super::admin::Admin;
use super::session::Session;
use super::state::check_server;
use crate::ApplyError;

/// Attempts to log in where the server cannot be asked, for example because all connections are in use.
const ATTEMPTS: u32 = 3;
/// Time limit for all attempts.
const LIMIT: Duration = Duration::from_mins(1);
/// Time between two attempts.
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(1), 2, Duration::from_secs(4));

/// Logs in as the administrator again. If that fails, takes the grant back over `session`, which is still open.
pub(super) async fn prove(
    admin: &Admin,
    session: &Session,
    user: &UserObject,
) -> Result<(), ApplyError> {
    let Err(reason) = log_in_within(admin).await else {
        return Ok(());
    };
    let revoke = user.revoke_iam();
    let (admin_name, name) = (quoted(admin.user()), quoted(&user.name));
    if let Err(error) = session.run_all(slice::from_ref(&revoke)).await {
        return Err(ApplyError::new(format!(
            "after {name} was given rds_iam, administrator {admin_name} cannot log in ({reason}), and `{revoke}` \
             failed: {error}"
        ))
        .with_remedy(format!(
            "log in as the administrator by IAM, with `rds-db:connect` for its user, and run `{revoke}`"
        )));
    }
    let now = match log_in(admin).await {
        Ok(()) => "the grant was taken back, and the administrator can log in again".to_owned(),
        Err(reason) => {
            format!(
                "the grant was taken back, but the administrator still cannot log in ({reason})"
            )
        }
    };
    Err(ApplyError::new(format!(
        "with rds_iam for {name}, administrator {admin_name} could no longer log in ({reason}); {now}"
    ))
    .with_remedy(
        "this server counts the membership that CREATE ROLE gave the administrator: let the administrator log in by \
         IAM (--admin iam), or let another administrator create the user",
    ))
}

/// The guard takes the grant back after twice this limit.
async fn log_in_within(admin: &Admin) -> Result<(), String> {
    let proof = timeout(LIMIT, log_in(admin)).await;
    proof.unwrap_or_else(|_| Err(format!("no login within {} s", LIMIT.as_secs())))
}

/// Returns why not, if the administrator cannot log in.
async fn log_in(admin: &Admin) -> Result<(), String> {
    for attempt in 1.. {
        let (is_refused, reason) = match Session::open(admin, ADMIN_DATABASE).await {
            // Behind some endpoints are several servers, and a replica may not have the grant yet.
            Ok(session) => match check_server(&session).await {
                Ok(()) => return Ok(()),
                Err(error) => (false, error.message),
            },
            Err(error) => (error.is_refused, error.reason().to_owned()),
        };
        if is_refused || attempt == ATTEMPTS {
            return Err(reason);
        }
        sleep(BACKOFF.after(attempt)).await;
    }
    Ok(())
}
