//! RDS tokens as the database sees them: a password that anybody can send.

use irsa_lab::rds_token::{Principal, RdsLogin, Refusal, verify_and_authorize};
use irsa_lab::sigv4::Presigned;
use irsa_lab::world::Cluster;

use super::stage::{STAGE, now};
use crate::word::assert_explains;

const USER: &str = "keycloak";

/// A token for one user of one cluster: a refusal is explained without the token, and a token that
/// is accepted is not accepted with any byte changed or missing.
pub fn rds_token(data: &[u8]) {
    let token = &*String::from_utf8_lossy(data);
    assert_shows_the_endpoint_only(token);
    match login(token) {
        Ok(principal) => {
            assert_eq!(principal.user, USER);
            assert_every_byte_counts(token);
        }
        Err(refusal) => {
            assert_explains(&refusal.server_log_text);
            let secrets = token.split(['=', '&']).filter(|part| part.len() >= 64);
            for secret in secrets {
                assert!(!refusal.server_log_text.contains(secret));
            }
        }
    }
}

fn login(token: &str) -> Result<Principal, Refusal> {
    let stage = &*STAGE;
    let Some(cluster) = stage.world.clusters().first() else {
        unreachable!("the world has a cluster");
    };
    let endpoints = cluster.signing_endpoints();
    let login = login_of(cluster, &endpoints);
    verify_and_authorize(token, &login, now(), &stage.sessions, &stage.world)
}

fn login_of<'a>(cluster: &'a Cluster, endpoints: &'a [(String, u16)]) -> RdsLogin<'a> {
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
        // The path may be left out, as AWS's SDK for Go does.
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

    /// Else nothing behind the signature would be reached.
    #[test]
    fn the_seed_is_accepted() {
        let principal = login(SIGNED).unwrap();
        assert_eq!(principal.session.session().as_str(), "keycloak-0");
    }
}
