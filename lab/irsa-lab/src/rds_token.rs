//! RDS authentication tokens, verified as Aurora and the IAM service do.
//!
//! Rules: Aurora User Guide, "IAM database authentication" and "Troubleshooting for IAM DB authentication". The client
//! receives the same text for all refusals; the causes are in the server's `iam-db-auth-error` log.

mod authorize;
pub mod log;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use irsa_chain::{AccountId, AssumedRoleArn, Cause, DbResourceId, Region, RoleArn};

use crate::sessions::{Session, Sessions};
use crate::sigv4::{CredentialScope, Presigned, PresignedError};
use crate::world::World;

/// The lifetime of tokens.
const MAX_LIFE: Duration = Duration::from_mins(15);
/// Maximum time by which a token may be signed in the future.
const MAX_AHEAD: Duration = Duration::from_mins(5);

/// The login that a token is for, as the server knows it.
#[derive(Debug, Clone, Copy)]
pub struct RdsLogin<'a> {
    /// The host names and ports that tokens for this server may be signed for.
    pub endpoints: &'a [(String, u16)],
    /// The cluster's region.
    pub region: &'a Region,
    /// The cluster's account.
    pub account: &'a AccountId,
    /// The cluster's resource ID in policies.
    pub resource_id: &'a DbResourceId,
    /// The user in the start-up packet.
    pub user: &'a str,
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The role session that signed.
    pub session: AssumedRoleArn,
    /// The role of that session.
    pub role: RoleArn,
    /// The database user.
    pub user: String,
}

/// The reason why a login is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The true cause. The client always receives SQLSTATE 28000 instead.
    pub cause: Cause,
    /// The line of the `iam-db-auth-error` log.
    pub server_log_text: String,
}

/// Verifies `token` for `login` at `now`, then evaluates the role's policies for `rds-db:connect`.
pub fn verify_and_authorize(
    token: &str,
    login: &RdsLogin<'_>,
    now: SystemTime,
    sessions: &Sessions,
    world: &World,
) -> Result<Principal, Refusal> {
    let session = verify(token, login, now, sessions)?;
    authorize::authorize(&session, login, now, world)
}

/// Verifies only the token: form, credentials, signature, then endpoint, region, user, age and the expiry of the
/// credentials.
pub fn verify(
    token: &str,
    login: &RdsLogin<'_>,
    now: SystemTime,
    sessions: &Sessions,
) -> Result<Arc<Session>, Refusal> {
    verified(token, login, now, sessions).map_err(|cause| Refusal {
        cause,
        server_log_text: match cause {
            Cause::RdsTokenExpired | Cause::SessionExpired => log::expired(login.user),
            _ => log::invalid(login.user),
        },
    })
}

fn verified(
    token: &str,
    login: &RdsLogin<'_>,
    now: SystemTime,
    sessions: &Sessions,
) -> Result<Arc<Session>, Cause> {
    let malformed = |_: PresignedError| Cause::RdsTokenMalformed;
    let token = Presigned::parse(token).map_err(malformed)?;
    let claims = token.claims().map_err(malformed)?;
    token.require("Action", "connect").map_err(malformed)?;
    let session_token = token.optional("X-Amz-Security-Token").unwrap_or("");
    let session = sessions
        .find_with_token(claims.access_key_id, session_token)
        .ok_or(Cause::CredentialsUnknown)?;
    if !token.is_signed_with(&session.credentials.secret_access_key, &claims.scope) {
        return Err(Cause::SignatureMismatch);
    }
    login.check(&token, &claims.scope)?;
    check_time(claims.signed_at, claims.life, now)?;
    if session.is_expired(now) {
        return Err(Cause::SessionExpired);
    }
    Ok(session)
}

fn check_time(signed_at: SystemTime, life: Duration, now: SystemTime) -> Result<(), Cause> {
    if life > MAX_LIFE {
        return Err(Cause::RdsTokenLifetimeTooLong);
    }
    match now.duration_since(signed_at) {
        Ok(age) if age > life => Err(Cause::RdsTokenExpired),
        Err(ahead) if ahead.duration() > MAX_AHEAD => Err(Cause::ClockSkew),
        _ => Ok(()),
    }
}

impl RdsLogin<'_> {
    /// Returns whether the token is for this service, server, region and user.
    fn check(&self, token: &Presigned<'_>, scope: &CredentialScope<'_>) -> Result<(), Cause> {
        if scope.service != "rds-db" {
            return Err(Cause::RdsTokenMalformed);
        }
        if !self.accepts(token.host(), token.port()) {
            return Err(Cause::SignedForAnotherHost);
        }
        if scope.region != self.region.as_str() {
            return Err(Cause::SignedForAnotherRegion);
        }
        match token.parameter("DBUser") {
            Ok(user) if user == self.user => Ok(()),
            Ok(_) => Err(Cause::SignedForAnotherUser),
            Err(_) => Err(Cause::RdsTokenMalformed),
        }
    }

    fn accepts(&self, host: &str, port: u16) -> bool {
        self.endpoints
            .iter()
            .any(|(name, its_port)| name.eq_ignore_ascii_case(host) && *its_port == port)
    }
}

#[cfg(test)]
mod tests;
