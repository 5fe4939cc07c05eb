//! RDS tokens: compared with those of botocore, with every cause of a refusal, and with every byte changed.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use irsa_chain::{AccountId, Cause, DbResourceId, Region};
use irsa_policy::{Policy, PolicyKind};
use proptest::prelude::*;

use super::{RdsLogin, Refusal, verify_and_authorize};
use crate::secret::Secret;
use crate::sessions::{Credentials, Origin, SessionSpec, Sessions};
use crate::vectors::{TokenVector, Vectors};
use crate::world::World;

const KEYCLOAK: &str = "arn:aws:iam::111122223333:role/camunda/keycloak-role";
const WEBMODELER: &str = "arn:aws:iam::111122223333:role/camunda/webmodeler-role";
const OPENSEARCH: &str = "arn:aws:iam::111122223333:role/opensearch-role";
const PARTNER: &str = "arn:aws:iam::444455556666:role/partner-role";

/// A server that accepts the vector's token; each part can be changed.
struct Server {
    endpoints: Vec<(String, u16)>,
    region: Region,
    account: AccountId,
    resource_id: DbResourceId,
    user: String,
    sessions: Sessions,
    now: SystemTime,
}

impl Server {
    fn for_vector(vector: &TokenVector) -> Self {
        let vectors = Vectors::read();
        let world = World::camunda_8_3();
        let cluster = world.cluster("aurora").unwrap();
        Self {
            endpoints: vec![
                ("reader.example".to_owned(), 5432),
                (vector.host.clone(), vector.port),
            ],
            region: vector.region.parse().unwrap(),
            account: cluster.account.clone(),
            resource_id: cluster.resource_id.clone(),
            user: vector.user.clone(),
            sessions: vectors.sessions(KEYCLOAK),
            now: vectors.signed_at(),
        }
    }

    fn login_to(&self, world: &World, token: &str) -> Result<String, Refusal> {
        let login = RdsLogin {
            endpoints: &self.endpoints,
            region: &self.region,
            account: &self.account,
            resource_id: &self.resource_id,
            user: &self.user,
        };
        verify_and_authorize(token, &login, self.now, &self.sessions, world)
            .map(|principal| principal.session.to_string())
    }

    fn login(&self, token: &str) -> Result<String, Refusal> {
        self.login_to(&World::camunda_8_3(), token)
    }

    fn cause(&self, token: &str) -> Cause {
        self.login(token).unwrap_err().cause
    }
}

fn token(name: &str) -> TokenVector {
    Vectors::read().token(name).clone()
}

#[test]
fn accepts_tokens_signed_by_botocore() {
    let vector = token("writer");
    let session = Server::for_vector(&vector).login(&vector.token).unwrap();
    assert_eq!(
        session,
        "arn:aws:sts::111122223333:assumed-role/keycloak-role/pod-1"
    );
}

#[test]
fn accepts_every_spelling_of_user_host_and_region_that_botocore_signs() {
    for name in ["odd user", "other port", "China", "life of a minute"] {
        let vector = token(name);
        let server = Server::for_vector(&vector);
        let login = RdsLogin {
            endpoints: &server.endpoints,
            region: &server.region,
            account: &server.account,
            resource_id: &server.resource_id,
            user: &server.user,
        };
        let verified = super::verify(&vector.token, &login, server.now, &server.sessions);
        assert!(verified.is_ok(), "{name}: {verified:?}");
    }
}

#[test]
fn rejects_malformed_tokens() {
    let vector = token("writer");
    let server = Server::for_vector(&vector);
    let good = vector.token.as_str();
    for (name, text) in [
        ("empty", String::new()),
        ("a password", "hunter2".to_owned()),
        ("with a scheme", format!("https://{good}")),
        ("without a port", good.replace(":5432", "")),
        ("cut", good.chars().take(good.len() - 80).collect()),
        ("encoded twice", good.replace('%', "%25")),
        ("decoded", good.replace("%2F", "/")),
        ("user twice", format!("{good}&DBUser=postgres")),
        ("not a date", good.replace("T210800Z", "T250800Z")),
        (
            "a different algorithm",
            good.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        ),
    ] {
        assert_eq!(server.cause(&text), Cause::RdsTokenMalformed, "{name}");
    }
    for name in ["another service", "another action"] {
        assert_eq!(
            server.cause(&token(name).token),
            Cause::RdsTokenMalformed,
            "{name}"
        );
    }
}

/// A change of the server, so that it does not match the token.
type Change = fn(&mut Server);

#[test]
fn rejects_each_mismatch_with_its_cause() {
    let changes: [(Cause, Change); 11] = [
        (Cause::SignedForAnotherHost, |server| {
            server.endpoints.truncate(1);
        }),
        (Cause::SignedForAnotherHost, |server| {
            server.endpoints[1].1 = 6432;
        }),
        (Cause::SignedForAnotherRegion, |server| {
            server.region = "eu-west-1".parse().unwrap();
        }),
        (Cause::SignedForAnotherUser, |server| {
            server.user = "webmodeler".to_owned();
        }),
        (Cause::SignedForAnotherUser, |server| {
            server.user = "Keycloak".to_owned();
        }),
        (Cause::RdsTokenExpired, |server| {
            server.now += Duration::from_secs(901);
        }),
        (Cause::ClockSkew, |server| {
            server.now -= Duration::from_secs(301);
        }),
        (Cause::CredentialsUnknown, |server| {
            server.sessions = Sessions::default();
        }),
        (Cause::CredentialsUnknown, |server| {
            server.sessions = altered(|one| one.session_token = Secret::new("other"));
        }),
        (Cause::SignatureMismatch, |server| {
            server.sessions = altered(|one| one.secret_access_key = Secret::new("x"));
        }),
        (Cause::SessionExpired, |server| {
            server.sessions = short_lived();
            server.now += Duration::from_mins(1);
        }),
    ];
    let vector = token("writer");
    for (cause, change) in changes {
        let mut server = Server::for_vector(&vector);
        change(&mut server);
        assert_eq!(server.cause(&vector.token), cause);
    }
}

/// Returns the vectors' session with changed credentials.
fn altered(change: fn(&mut Credentials)) -> Sessions {
    let vectors = Vectors::read();
    let mut credentials = vectors.credentials();
    change(&mut credentials);
    vectors.sessions_with(KEYCLOAK, credentials, Duration::from_hours(1))
}

/// Returns a session that expires a minute after the token was signed.
fn short_lived() -> Sessions {
    let vectors = Vectors::read();
    vectors.sessions_with(KEYCLOAK, vectors.credentials(), Duration::from_mins(1))
}

#[test]
fn a_token_is_valid_for_15_minutes_and_no_longer_than_it_says() {
    let vector = token("writer");
    let mut server = Server::for_vector(&vector);
    server.now += Duration::from_mins(15);
    assert!(server.login(&vector.token).is_ok());

    let vector = token("life of a minute");
    let mut server = Server::for_vector(&vector);
    server.now += Duration::from_secs(61);
    assert_eq!(server.cause(&vector.token), Cause::RdsTokenExpired);

    let vector = token("life of an hour");
    assert_eq!(
        Server::for_vector(&vector).cause(&vector.token),
        Cause::RdsTokenLifetimeTooLong
    );
}

#[test]
fn rejects_a_token_without_its_session_token() {
    let vector = token("without session token");
    assert_eq!(
        Server::for_vector(&vector).cause(&vector.token),
        Cause::CredentialsUnknown
    );
}

#[test]
fn rejects_roles_without_permission() {
    let vector = token("writer");
    for (role, cause) in [
        (WEBMODELER, Cause::DbUserMismatch),
        (OPENSEARCH, Cause::ConnectNotAllowed),
        (PARTNER, Cause::ConnectNotAllowed),
        ("arn:aws:iam::111122223333:role/deleted", Cause::RoleUnknown),
    ] {
        let mut server = Server::for_vector(&vector);
        server.sessions = Vectors::read().sessions(role);
        assert_eq!(server.cause(&vector.token), cause, "{role}");
    }
}

#[test]
fn distinguishes_wrong_resource_ids_denials_and_missing_permissions() {
    let yaml = include_str!("../../../../crates/irsa-world/src/camunda-8.3.yaml");
    let wrong_id = yaml.replace(
        "dbuser:cluster-2K7XQ4MZJ6T5W3YHCNBVRDAEFU/keycloak",
        "dbuser:aurora/keycloak",
    );
    let deny = yaml.replace(
        "\"Effect\": \"Allow\",\n              \"Action\": \"rds-db:connect\"",
        "\"Effect\": \"Deny\",\n              \"Action\": \"rds-db:connect\"",
    );
    let vector = token("writer");
    for (yaml, cause) in [
        (wrong_id, Cause::ResourceIdMismatch),
        (deny, Cause::ConnectDenied),
    ] {
        let world = World::from_yaml(&yaml).unwrap();
        assert_eq!(
            Server::for_vector(&vector)
                .login_to(&world, &vector.token)
                .unwrap_err()
                .cause,
            cause
        );
    }
}

#[test]
fn the_server_log_has_the_lines_of_rds_and_no_secret() {
    let vector = token("writer");
    let mut server = Server::for_vector(&vector);
    server.sessions = Vectors::read().sessions(WEBMODELER);
    let refusal = server.login(&vector.token).unwrap_err();
    assert_eq!(
        refusal.server_log_text,
        "Failed to authorize the connection request for user 'keycloak' because the IAM policy \
         assumed by the caller 'arn:aws:sts::111122223333:assumed-role/webmodeler-role/pod-1' is \
         not authorized to perform `rds-db:connect` on the DB instance. (Status Code: 403, Error \
         Code: NotAuthorized)"
    );
    let refusal = server.login("hunter2").unwrap_err();
    assert!(
        refusal
            .server_log_text
            .ends_with("(Status Code: 400, Error Code: InvalidToken)")
    );
    assert!(!refusal.server_log_text.contains("hunter2"));
}

#[test]
fn every_byte_of_a_token_matters() {
    let vector = token("writer");
    let server = Server::for_vector(&vector);
    let world = World::camunda_8_3();
    for at in 0..vector.token.len() {
        let original = vector.token.as_bytes()[at];
        for other in [original ^ 1, original ^ 0x20, b'%', b'&', b'A'] {
            if other != original && other.is_ascii() {
                let altered = with_byte(&vector.token, at, other);
                assert!(
                    server.login_to(&world, &altered).is_err(),
                    "byte {at}: `{}`",
                    char::from(other)
                );
            }
        }
    }
}

fn with_byte(token: &str, at: usize, byte: u8) -> String {
    let mut bytes = token.as_bytes().to_vec();
    bytes[at] = byte;
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #[test]
    fn changing_any_byte_is_rejected(at in any::<prop::sample::Index>(), byte in 0_u8..128) {
        let vector = token("odd user");
        let server = Server::for_vector(&vector);
        let at = at.index(vector.token.len());
        prop_assume!(vector.token.as_bytes()[at] != byte);
        prop_assert!(server.login(&with_byte(&vector.token, at, byte)).is_err());
    }

    #[test]
    fn no_text_causes_a_panic(text in ".{0,200}") {
        let server = Server::for_vector(&token("writer"));
        prop_assert!(server.login(&text).is_err());
    }
}

/// A token of AWS's SDK for Go, which does not contain the signed path.
#[test]
fn accepts_a_token_without_its_path() {
    let vector = token("writer");
    let short = vector.token.replacen("/?", "?", 1);
    assert_ne!(short, vector.token);
    Server::for_vector(&vector).login(&short).unwrap();
    let long = vector.token.replacen("/?", "//?", 1);
    assert_eq!(
        Server::for_vector(&vector).cause(&long),
        Cause::RdsTokenMalformed
    );
}

#[test]
fn a_session_policy_restricts_the_role() {
    let vector = token("writer");
    let vectors = Vectors::read();
    let mut server = Server::for_vector(&vector);
    for (user, cause) in [("keycloak", None), ("other", Some(Cause::DbUserMismatch))] {
        let resource = format!(
            "arn:aws:rds-db:eu-central-1:111122223333:dbuser:{}/{user}",
            server.resource_id
        );
        let json = format!(
            r#"{{"Version": "2012-10-17", "Statement":
                {{"Effect": "Allow", "Action": "rds-db:*", "Resource": "{resource}"}}}}"#
        );
        let policy = Policy::parse(PolicyKind::Session, &json).unwrap();
        let (role, name) = (KEYCLOAK.parse().unwrap(), "pod-1".parse().unwrap());
        let spec = SessionSpec {
            policies: vec![Arc::new(policy)],
            ..SessionSpec::new(role, name, Duration::from_hours(1), Origin::WebIdentity)
        };
        server.sessions = Sessions::default();
        let (credentials, now) = (vectors.credentials(), vectors.signed_at());
        server.sessions.adopt(credentials, spec, now);
        let refused = server.login(&vector.token).err();
        assert_eq!(refused.map(|refusal| refusal.cause), cause, "{user}");
    }
}
