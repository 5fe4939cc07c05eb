//! A database login in two halves: only the second one needs credentials. Both use the proxy's own code.

use std::fmt;
use std::time::SystemTime;

use irsa_chain::{Cause, Partition, Region};
use irsa_identity::{RdsTarget, SessionCredentials, sign_rds_token};
use irsa_net::tls::{Roots, client_config};
use irsa_postgres::{LoginFailure, LoginProbe, SessionParameters};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::pod::endpoint::probe::{Connectivity, Secured, connect, secure};
use crate::pod::fault::Fault;
use crate::pod::https::TIMEOUT;
use crate::pod::options::{DatabaseTarget, Route};
use crate::pod::text::clean;

/// The facts about a database that need no credentials.
#[derive(Debug)]
pub(in crate::pod) struct DatabaseFacts {
    pub(in crate::pod) connectivity: Connectivity,
    /// The response to the startup message. `None` if an earlier step failed or no user is known.
    pub(in crate::pod) startup: Option<Result<AwaitingToken, Fault>>,
}

/// A connection on which the server waits for a token. The option is emptied when a token is sent.
pub(in crate::pod) type AwaitingToken = Option<LoginProbe>;

/// The parameters of a session.
#[derive(Debug)]
pub(in crate::pod) struct Session(SessionParameters);

/// The point at which a login failed after the token was sent.
#[derive(Debug)]
pub(in crate::pod) enum LoginError {
    /// The token was rejected, or it is unknown whether it was accepted.
    Token(Fault),
    /// The token was accepted, but the server refused the session.
    Session(Fault),
}

/// Connects and sends the startup message with the user's name.
pub(in crate::pod) async fn start(
    target: DatabaseTarget,
    roots: Result<Roots, String>,
) -> DatabaseFacts {
    let (mut connectivity, stream) = connect(&target.route).await;
    let mut login = None;
    if let Some(stream) = stream {
        let handshake = start_tls(&target.route, &roots, stream);
        login = secure(&target.route, &mut connectivity, handshake).await;
    }
    let startup = match (login, &target.user) {
        (Some(login), Some(user)) => Some(start_up(login, user, target.name.as_deref()).await),
        _ => None,
    };
    DatabaseFacts {
        connectivity,
        startup,
    }
}

async fn start_tls(
    route: &Route,
    roots: &Result<Roots, String>,
    stream: TcpStream,
) -> Result<Secured<LoginProbe>, Fault> {
    let invalid = |why: String| Fault::new(Cause::TlsCertificateInvalid, why);
    let roots = roots.as_ref().map_err(|why| invalid(why.clone()))?;
    let tls = client_config(roots, &[b"postgresql"]).map_err(|error| invalid(error.to_string()))?;
    let login = LoginProbe::start_tls(stream, &tls, route.tls_name.clone()).await;
    let connection = login.map_err(|failure| without_tls(route, roots, &failure))?;
    Ok(Secured {
        version: connection.tls_version(),
        connection,
    })
}

/// The fault of a failed TLS handshake. A response to the TLS request that is not PostgreSQL's means no TLS, too.
fn without_tls(route: &Route, roots: &Roots, failure: &LoginFailure) -> Fault {
    let cause = failure.cause().unwrap_or(Cause::TlsRefusedByServer);
    let fault = Fault::new(cause, failure);
    let is_rds = route.sign_host.contains(".rds.");
    if cause != Cause::TlsCertificateInvalid || !is_rds || roots.covers(&route.region) {
        return fault;
    }
    let region = &route.region;
    fault.remedy(format!(
        "the RDS CAs of `{region}` are not built in: download {} and pass the file with `--ca-file`",
        bundle_url(region)
    ))
}

/// The URL of the RDS CA bundle of a region ("Certificate bundles by AWS Region" in the Amazon RDS user guide, for each
/// partition).
fn bundle_url(region: &Region) -> String {
    let folder = match region.partition() {
        Partition::AwsCn => "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn",
        Partition::AwsUsGov => "https://truststore.pki.us-gov-west-1.rds.amazonaws.com",
        _ => "https://truststore.pki.rds.amazonaws.com",
    };
    format!("{folder}/{region}/{region}-bundle.pem")
}

async fn start_up(
    mut login: LoginProbe,
    user: &str,
    database: Option<&str>,
) -> Result<AwaitingToken, Fault> {
    let asking = login.ask(user, database.unwrap_or(user), "irsa-doctor");
    let asked = timeout(TIMEOUT, asking).await.map_err(|_| silent())?;
    asked.map_err(|failure| no_token_requested(&failure, user))?;
    Ok(Some(login))
}

fn no_token_requested(failure: &LoginFailure, user: &str) -> Fault {
    let fault = fault(failure);
    if fault.cause != Some(Cause::RdsIamNotGranted) {
        return fault;
    }
    let quoted = user.replace('"', "\"\"");
    fault.remedy(format!(
        "run `GRANT rds_iam TO \"{quoted}\";` as the master user; if the user does not exist, run `CREATE USER \
         \"{quoted}\";` first: PostgreSQL asks unknown users for a password too"
    ))
}

/// Logs in with a token signed at `now`, on a connection whose server waits for it.
pub(in crate::pod) async fn log_in(
    login: LoginProbe,
    target: RdsTarget,
    credentials: SessionCredentials,
    now: SystemTime,
) -> Result<Session, LoginError> {
    let token = sign_rds_token(&target, &credentials, now);
    let token = token.map_err(|error| LoginError::Token(Fault::unclear(error)))?;
    match timeout(TIMEOUT, login.log_in(token)).await {
        Ok(Ok(parameters)) => Ok(Session(parameters)),
        Ok(Err(failure)) if failure.is_after_acceptance() => {
            Err(LoginError::Session(fault(&failure)))
        }
        Ok(Err(failure)) => Err(LoginError::Token(fault(&failure))),
        Err(_) => Err(LoginError::Token(silent())),
    }
}

fn fault(failure: &LoginFailure) -> Fault {
    let fault = match failure.cause() {
        Some(cause) => Fault::new(cause, failure),
        None => Fault::unclear(failure),
    };
    match failure.remedy() {
        Some(remedy) => fault.remedy(remedy),
        None => fault,
    }
}

fn silent() -> Fault {
    let said = format!("the server did not respond within {} s", TIMEOUT.as_secs());
    Fault::new(Cause::EndpointTimeout, said)
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(parameters) = self;
        let version = parameters.get("server_version").unwrap_or_default();
        write!(f, "PostgreSQL {}", clean(version))?;
        let is_on = |name| parameters.get(name) == Some("on");
        if is_on("in_hot_standby") || is_on("default_transaction_read_only") {
            write!(f, ", read-only: writes fail with SQLSTATE 25006")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_own_store_of_certificates() {
        for (region, host) in [
            ("eu-west-1", "truststore.pki.rds.amazonaws.com"),
            (
                "us-gov-east-1",
                "truststore.pki.us-gov-west-1.rds.amazonaws.com",
            ),
            (
                "cn-northwest-1",
                "rds-truststore.s3.cn-north-1.amazonaws.com.cn",
            ),
        ] {
            let url = bundle_url(&region.parse().unwrap());
            assert_eq!(url, format!("https://{host}/{region}/{region}-bundle.pem"));
        }
    }
}
