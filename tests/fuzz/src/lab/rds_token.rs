//! RDS tokens from the view of the database: passwords that any client can send.

use irsa_lab::rds_token::{Principal, RdsLogin, Refusal, verify_and_authorize};
use irsa_lab::sigv4::Presigned;
use irsa_lab::world::Cluster;

use super::fixture::{FIXTURE, now};
use crate::round_trip::assert_is_one_line;

const USER: &str = "keycloak";

/// Verifies a token for one user of one cluster. Errors do not contain the token, and an accepted token is rejected if
/// any byte is changed or missing.
pub fn rds_token(data: &[u8]) {
    let token = &*String::from_utf8_lossy(data);
    assert_shows_the_endpoint_only(token);
    match login(token) {
        Ok(principal) => {
            assert_eq!(principal.user, USER);
            assert_every_byte_counts(token);
        }
        Err(refusal) => {
            assert_is_one_line(&refusal.server_log_text);
            let secrets = token.split(['=', '&']).filter(|part| part.len() >= 64);
            for secret in secrets {
                assert!(!refusal.server_log_text.contains(secret));
            }
        }
    }
}

fn login(token: &str) -> Result<Principal, Refusal> {
    let fixture = &*FIXTURE;
    let Some(cluster) = fixture.world.clusters().first() else {
        unreachable!("the world has a cluster");
    };
    let endpoints = cluster.signing_endpoints();
    let login = login_at(cluster, &endpoints);
    verify_and_authorize(token, &login, now(), &fixture.sessions, &fixture.world)
}

fn login_at<'a>(cluster: &'a Cluster, endpoints: &'a [(String, u16)]) -> RdsLogin<'a> {
    RdsLogin {
        endpoints,
        region: &cluster.region,
        account: &cluster.account,
        resource_id: &cluster.resource_id,
        user: USER,
    }
}

fn assert_shows_the_endpoint_only(token: &str) {
    if let Ok(presigned) = Presigned::parse(token) {
        let (host, port) = (presigned.host(), presigned.port());
        assert!(token.starts_with(&format!("{host}:")));
        let shown = format!("Presigned {{ host: {host:?}, port: {port}, .. }}");
        assert_eq!(format!("{presigned:?}"), shown);
    }
}

fn assert_every_byte_counts(token: &str) {
    for (at, char) in token.char_indices() {
        let (before, rest) = token.split_at(at);
        let after = rest.strip_prefix(char).unwrap_or_default();
        let other = if char == '0' { '1' } else { '0' };
        // The path is optional: the AWS SDK for Go omits it.
        let is_the_path = char == '/' && after.starts_with('?');
        assert!(
            is_the_path || login(&format!("{before}{after}")).is_err(),
            "without byte {at}"
        );
        assert!(
            login(&format!("{before}{other}{after}")).is_err(),
            "byte {at} changed"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: &str = include_str!("../../corpus/rds_token/signed");

    /// Otherwise the code after the signature check would not be reached.
    #[test]
    fn the_seed_is_accepted() {
        let principal = login(SIGNED).unwrap();
        assert_eq!(principal.session.session().as_str(), "keycloak-0");
    }
}
