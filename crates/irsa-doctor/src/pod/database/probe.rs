//! A login to a database in two halves, the second of which needs credentials. Both are the proxy's own.

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
use crate::pod::https::PATIENCE;
use crate::pod::options::{DatabaseTarget, Route};
use crate::pod::text::clean;

/// The facts about a database that need no credentials.
#[derive(Debug)]
pub(in crate::pod) struct DatabaseFacts {
    pub(in crate::pod) connectivity: Connectivity,
    /// The server's request for a token, or what it asks for instead. `None` if an earlier step failed or no user is known.
    pub(in crate::pod) asked: Option<Result<Asked, Fault>>,
}

/// A connection on which the server waits for a token; the connection is taken to send one.
pub(in crate::pod) type Asked = Option<LoginProbe>;

/// The parameters of a session.
#[derive(Debug)]
pub(in crate::pod) struct Admitted(SessionParameters);

/// The point at which a login ended after it had sent its token.
#[derive(Debug)]
pub(in crate::pod) enum Refused {
    /// The token was not accepted, or it is not known that it was.
    Token(Fault),
    /// The token was accepted, and yet there is no session.
    Session(Fault),
}

/// Connects, and asks as the user.
pub(in crate::pod) async fn ask(
    target: DatabaseTarget,
    roots: Result<Roots, String>,
) -> DatabaseFacts {
    let (mut connectivity, stream) = connect(&target.route).await;
    let mut login = None;
    if let Some(stream) = stream {
        let handshake = start_tls(&target.route, &roots, stream);
        login = secure(&target.route, &mut connectivity, handshake).await;
    }
    let asked = match (login, &target.user) {
        (Some(login), Some(user)) => Some(ask_as(login, user, target.name.as_deref()).await),
        _ => None,
    };
    DatabaseFacts {
        connectivity,
        asked,
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

/// A server that answers the TLS request with something else than PostgreSQL does has no TLS either.
fn without_tls(route: &Route, roots: &Roots, failure: &LoginFailure) -> Fault {
    let cause = failure.cause().unwrap_or(Cause::TlsRefusedByServer);
    let fault = Fault::new(cause, failure);
    let is_rds = route.sign_host.contains(".rds.");
    if cause != Cause::TlsCertificateInvalid || !is_rds || roots.covers(&route.region) {
        return fault;
    }
    let region = &route.region;
    fault.remedy(format!(
        "the RDS CAs of `{region}` are not built in: download {} and name the file with `--ca-file`",
        bundle_url(region)
    ))
}

/// The CAs of RDS in a region ("Certificate bundles by AWS Region" in the Amazon RDS user guide, for each partition).
fn bundle_url(region: &Region) -> String {
    let folder = match region.partition() {
        Partition::AwsCn => "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn",
        Partition::AwsUsGov => "https://truststore.pki.us-gov-west-1.rds.amazonaws.com",
        _ => "https://truststore.pki.rds.amazonaws.com",
    };
    format!("{folder}/{region}/{region}-bundle.pem")
}

async fn ask_as(mut login: LoginProbe, user: &str, database: Option<&str>) -> Result<Asked, Fault> {
    let asking = login.ask(user, database.unwrap_or(user), "irsa-doctor");
    let asked = timeout(PATIENCE, asking).await.map_err(|_| silent())?;
    asked.map_err(|failure| not_asked(&failure, user))?;
    Ok(Some(login))
}

fn not_asked(failure: &LoginFailure, user: &str) -> Fault {
    let fault = fault(failure);
    if fault.cause != Some(Cause::RdsIamNotGranted) {
        return fault;
    }
    let quoted = user.replace('"', "\"\"");
    fault.remedy(format!(
        "run `GRANT rds_iam TO \"{quoted}\";` as the master user; if there is no such user, `CREATE USER \"{quoted}\";` \
         before it: PostgreSQL asks an unknown user just the same"
    ))
}

/// Logs in on a connection whose server waits for a token, with one signed at `now`.
pub(in crate::pod) async fn log_in(
    login: LoginProbe,
    target: RdsTarget,
    credentials: SessionCredentials,
    now: SystemTime,
) -> Result<Admitted, Refused> {
    let token = sign_rds_token(&target, &credentials, now);
    let token = token.map_err(|error| Refused::Token(Fault::unclear(error)))?;
    match timeout(PATIENCE, login.log_in(token)).await {
        Ok(Ok(parameters)) => Ok(Admitted(parameters)),
        Ok(Err(failure)) if failure.is_after_acceptance() => Err(Refused::Session(fault(&failure))),
        Ok(Err(failure)) => Err(Refused::Token(fault(&failure))),
        Err(_) => Err(Refused::Token(silent())),
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
    let said = format!("the server said nothing for {} s", PATIENCE.as_secs());
    Fault::new(Cause::EndpointTimeout, said)
}

impl fmt::Display for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(parameters) = self;
        let version = parameters.get("server_version").unwrap_or_default();
        write!(f, "PostgreSQL {}", clean(version))?;
        let is_on = |name| parameters.get(name) == Some("on");
        if is_on("in_hot_standby") || is_on("default_transaction_read_only") {
            write!(f, ", a reader: writes fail there with SQLSTATE 25006")?;
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
