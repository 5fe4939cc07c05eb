//! Domains, sessions, and requests to sign.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, Method, Request};

use super::signing::{Key, ToSign, sha256};
use crate::clock::LabClock;
use crate::sessions::{Origin, Session, SessionSpec, Sessions};
use crate::world::{Domain, World};

pub(super) use super::signing::stamp;

pub(super) const ZEEBE: &str = "arn:aws:iam::111122223333:role/camunda/zeebe-role";
pub(super) const HOST: &str = "test-domain.eu-central-1.es.amazonaws.com";

/// The constant time of the front's clock.
pub(super) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

#[derive(Debug)]
pub(super) struct StandingClock;

impl LabClock for StandingClock {
    fn now(&self) -> SystemTime {
        now()
    }
}

/// Returns the built-in world with a changed text.
pub(super) fn world_with(from: &str, to: &str) -> Arc<World> {
    let text = include_str!("../../../../../crates/irsa-world/src/camunda-8.3.yaml");
    assert!(text.contains(from), "`{from}` is not in the world");
    Arc::new(World::from_yaml(&text.replace(from, to)).unwrap())
}

/// Returns the built-in world with additional lines in its domain.
pub(super) fn world_with_domain(lines: &str) -> Arc<World> {
    let start = "    master_role: arn:aws:iam::111122223333:role/opensearch-role\n";
    world_with(start, &format!("{start}{lines}"))
}

/// Returns the built-in world with this access policy of its domain.
pub(super) fn world_with_policy(statement: &str) -> Arc<World> {
    let policy = format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#);
    world_with_domain(&format!("    access_policy: '{policy}'\n"))
}

pub(super) fn domain(world: &World) -> Arc<Domain> {
    Arc::clone(&world.domains()[0])
}

/// Returns a session of `role` that expires in an hour.
pub(super) fn session(sessions: &Sessions, role: &str) -> Arc<Session> {
    let role = role.parse().unwrap();
    let name = "pod-1".parse().unwrap();
    let life = Duration::from_hours(1);
    sessions.issue(
        SessionSpec::new(role, name, life, Origin::WebIdentity),
        now(),
    )
}

/// A request to sign; each part can be made invalid.
#[derive(Debug, Clone)]
pub(super) struct Unsigned {
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) headers: Vec<(&'static str, String)>,
    /// Headers that are sent, but not signed.
    pub(super) beside: Vec<(&'static str, String)>,
    pub(super) body: String,
    pub(super) at: SystemTime,
    pub(super) region: &'static str,
    pub(super) service: &'static str,
    /// The payload hash, if it is not the body's.
    pub(super) payload: Option<&'static str>,
    /// A header that is signed, but not sent.
    pub(super) absent: Option<&'static str>,
    /// Canonical path and query, if they are not derived from the target.
    pub(super) canonical: Option<(String, String)>,
}

impl Unsigned {
    pub(super) fn new(method: Method, target: &str, body: &str) -> Self {
        Self {
            method,
            target: target.to_owned(),
            headers: vec![("host", HOST.to_owned())],
            beside: Vec::new(),
            body: body.to_owned(),
            at: now(),
            region: "eu-central-1",
            service: "es",
            payload: None,
            absent: None,
            canonical: None,
        }
    }

    pub(super) fn get(target: &str) -> Self {
        Self::new(Method::GET, target, "")
    }

    /// Returns the unsigned request.
    pub(super) fn plain(&self) -> Request<String> {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target.parse().unwrap();
        *request.headers_mut() = headers(self.headers.iter().chain(&self.beside));
        request
    }

    pub(super) fn sign(&self, session: &Session) -> Request<String> {
        let (stamp, hash) = (stamp(self.at), sha256(self.body.as_bytes()));
        let payload = self.payload.unwrap_or(&hash).to_owned();
        let token = session.credentials.session_token.expose().to_owned();
        let mut unsigned = self.clone();
        unsigned.headers.extend([
            ("x-amz-content-sha256", payload.clone()),
            ("x-amz-date", stamp.clone()),
            ("x-amz-security-token", token),
        ]);
        let (path, query) = self.canonical.clone().unwrap_or_else(|| self.canonical());
        let sent = unsigned.headers.iter();
        let signed = sent.map(|(name, value)| (*name, value.as_str()));
        let to_sign = ToSign {
            method: self.method.as_str(),
            path: &path,
            query: &query,
            headers: signed.chain(self.absent.map(|name| (name, ""))).collect(),
            payload: &payload,
        };
        let authorization = to_sign.authorization(&self.key(session, &stamp));
        unsigned.headers.push(("authorization", authorization));
        unsigned.plain()
    }

    /// Signs in the query, with only the request's own headers.
    pub(super) fn presign(&self, session: &Session) -> Request<String> {
        let stamp = stamp(self.at);
        let key = self.key(session, &stamp);
        let headers = self.headers.iter();
        let mut to_sign = ToSign {
            method: self.method.as_str(),
            path: "",
            query: "",
            headers: headers
                .map(|(name, value)| (*name, value.as_str()))
                .collect(),
            payload: &sha256(self.body.as_bytes()),
        };
        let mark = if self.target.contains('?') { '&' } else { '?' };
        let target = format!(
            "{}{mark}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date={stamp}&\
             X-Amz-Expires=900&X-Amz-Security-Token={}&X-Amz-SignedHeaders={}",
            self.target,
            encoded(&format!("{}/{}", key.id, key.scope())).replace('/', "%2F"),
            encoded(session.credentials.session_token.expose()).replace('/', "%2F"),
            to_sign.names().replace(';', "%3B")
        );
        let unsigned = Self {
            target,
            ..self.clone()
        };
        let (path, query) = unsigned.canonical();
        (to_sign.path, to_sign.query) = (&path, &query);
        let signature = to_sign.signature(&key);
        let target = format!("{}&X-Amz-Signature={signature}", unsigned.target);
        Self { target, ..unsigned }.plain()
    }

    fn key<'a>(&'a self, session: &'a Session, stamp: &'a str) -> Key<'a> {
        Key {
            id: &session.credentials.access_key_id,
            secret: session.credentials.secret_access_key.expose(),
            region: self.region,
            service: self.service,
            stamp,
        }
    }

    /// Returns the canonical form of targets whose query needs only sorting.
    fn canonical(&self) -> (String, String) {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let mut pairs: Vec<&str> = query.split('&').collect();
        pairs.sort_unstable();
        (encoded(path), pairs.join("&"))
    }
}

fn headers<'a>(pairs: impl Iterator<Item = &'a (&'static str, String)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::from_static(name), value.parse().unwrap());
    }
    headers
}

/// Encodes the path once more.
fn encoded(path: &str) -> String {
    path.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
