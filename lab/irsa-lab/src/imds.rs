//! The instance metadata service, version 2, as a pod sees it if nothing keeps the pod from the node's role.
//!
//! Rules: EC2 User Guide, "Use the Instance Metadata Service". It counts every request, so that tests can prove that
//! there were none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use irsa_chain::{Cause, SessionName};
use irsa_net::drain::DrainWatch;
use serde_json::json;

use crate::clock::{LabClock, rfc3339};
use crate::faults::Faults;
use crate::ledger::{Ledger, Outcome, RefusalEntry, Service};
use crate::random;
use crate::reply;
use crate::sessions::{Origin, Session, SessionSpec, Sessions};
use crate::world::World;

const TOKEN_HEADER: &str = "x-aws-ec2-metadata-token";
const TTL_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
/// The token lifetimes in seconds that may be requested.
const TTL: std::ops::RangeInclusive<u64> = 1..=21_600;
/// Maximum number of tokens; a caller that requests more invalidates all earlier ones.
const KEPT_TOKENS: usize = 10_000;
/// The lifetime of the node role's credentials.
const CREDENTIALS_LIFE: Duration = Duration::from_hours(6);
/// Credentials with less remaining time are replaced.
const CREDENTIALS_LEFT: Duration = Duration::from_hours(1);

/// The metadata service of a node.
#[derive(Debug)]
pub struct Imds {
    world: Arc<World>,
    sessions: Arc<Sessions>,
    ledger: Arc<Ledger>,
    faults: Arc<Faults>,
    clock: Arc<dyn LabClock>,
    instance_id: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tokens: HashMap<String, SystemTime>,
    credentials: Option<Arc<Session>>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl Imds {
    /// Returns the service of a node with the world's node role.
    pub fn new(
        world: Arc<World>,
        sessions: Arc<Sessions>,
        ledger: Arc<Ledger>,
        faults: Arc<Faults>,
        clock: Arc<dyn LabClock>,
    ) -> Self {
        let instance_id = random::instance_id();
        Self {
            world,
            sessions,
            ledger,
            faults,
            clock,
            instance_id,
            state: Mutex::default(),
        }
    }

    /// Responds to a request. With a hop limit of 1, a pod's request for a token is never answered: `drain` ends it.
    pub async fn handle(&self, request: &Request<Bytes>, drain: &DrainWatch) -> Response<Bytes> {
        let fault = self.faults.current().imds;
        let operation = operation(request);
        if fault.disabled {
            self.ledger.count(Service::Imds, operation, Outcome::Fault);
            return page(StatusCode::FORBIDDEN);
        }
        if operation == "token" {
            if fault.hop_limit_one {
                self.ledger.count(Service::Imds, operation, Outcome::Fault);
                drain.signaled().await;
            }
            return self.issue_token(request);
        }
        self.metadata(request, operation)
    }

    fn issue_token(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if request.headers().contains_key("x-forwarded-for") {
            return self.refuse(
                "token",
                StatusCode::FORBIDDEN,
                "the request came through a proxy",
            );
        }
        let ttl = request
            .headers()
            .get(TTL_HEADER)
            .and_then(|ttl| ttl.to_str().ok()?.parse::<u64>().ok());
        let Some(ttl) = ttl.filter(|ttl| TTL.contains(ttl)) else {
            return self.refuse(
                "token",
                StatusCode::BAD_REQUEST,
                "the life of the token is not 1 to 21600 seconds",
            );
        };
        let token = random::aws_id("AQAEA", 51);
        let expires_at = self.clock.now().checked_add(Duration::from_secs(ttl));
        let mut state = self.state();
        if state.tokens.len() >= KEPT_TOKENS {
            state.tokens.clear();
        }
        state
            .tokens
            .extend(expires_at.map(|expires_at| (token.clone(), expires_at)));
        self.ledger.count(Service::Imds, "token", Outcome::Served);
        let mut response = reply::text(StatusCode::OK, token);
        response
            .headers_mut()
            .insert(TTL_HEADER, HeaderValue::from(ttl));
        response
    }

    fn metadata(&self, request: &Request<Bytes>, operation: &'static str) -> Response<Bytes> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return self.refuse(
                operation,
                StatusCode::METHOD_NOT_ALLOWED,
                "only GET is for metadata",
            );
        }
        let token = request
            .headers()
            .get(TOKEN_HEADER)
            .and_then(|token| token.to_str().ok())
            .unwrap_or("");
        let now = self.clock.now();
        if self
            .state()
            .tokens
            .get(token)
            .is_none_or(|expires_at| now >= *expires_at)
        {
            return self.refuse(
                operation,
                StatusCode::UNAUTHORIZED,
                "there is no token, or it is expired",
            );
        }
        let Some(document) = self.document(request.uri().path(), now) else {
            self.ledger
                .count(Service::Imds, operation, Outcome::Refused);
            return page(StatusCode::NOT_FOUND);
        };
        self.ledger.count(Service::Imds, operation, Outcome::Served);
        reply::text(StatusCode::OK, document)
    }

    fn document(&self, path: &str, now: SystemTime) -> Option<String> {
        let role = self.world.node_role().arn.name();
        let region = self.world.region().as_str();
        let below = path.strip_prefix("/latest/")?.trim_end_matches('/');
        match below {
            "meta-data/iam/security-credentials" => Some(role.to_owned()),
            "meta-data/instance-id" => Some(self.instance_id.clone()),
            "meta-data/placement/region" => Some(region.to_owned()),
            "meta-data/placement/availability-zone" => Some(format!("{region}a")),
            "dynamic/instance-identity/document" => Some(self.identity_document()),
            _ => (below.strip_prefix("meta-data/iam/security-credentials/") == Some(role))
                .then(|| self.credentials(now)),
        }
    }

    fn identity_document(&self) -> String {
        let account = self.world.node_role().arn.account().as_str();
        let region = self.world.region().as_str();
        json!({
            "accountId": account,
            "region": region,
            "instanceId": self.instance_id,
            "version": "2017-09-30",
        })
        .to_string()
    }

    fn credentials(&self, now: SystemTime) -> String {
        let session = self.node_session(now);
        json!({
            "Code": "Success",
            "LastUpdated": rfc3339(now),
            "Type": "AWS-HMAC",
            "AccessKeyId": session.credentials.access_key_id,
            "SecretAccessKey": session.credentials.secret_access_key,
            "Token": session.credentials.session_token,
            "Expiration": rfc3339(session.expires_at),
        })
        .to_string()
    }

    /// Returns the node role's session, replaced in time.
    fn node_session(&self, now: SystemTime) -> Arc<Session> {
        let mut state = self.state();
        let lives = |session: &&Arc<Session>| !session.is_expired(now + CREDENTIALS_LEFT);
        if let Some(session) = state.credentials.as_ref().filter(lives) {
            return Arc::clone(session);
        }
        let name = SessionName::from_pod_name(&self.instance_id);
        let role = self.world.node_role().arn.clone();
        let session = self.sessions.issue(
            SessionSpec::new(role, name, CREDENTIALS_LIFE, Origin::InstanceProfile),
            now,
        );
        state.credentials = Some(Arc::clone(&session));
        session
    }

    fn refuse(&self, operation: &'static str, status: StatusCode, why: &str) -> Response<Bytes> {
        self.ledger.refuse(RefusalEntry {
            service: Service::Imds,
            operation: operation.to_owned(),
            cause: Cause::ImdsRefused,
            code: status.as_str().to_owned(),
            message: why.to_owned(),
        });
        page(status)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns an error page, which the service sends in place of metadata.
fn page(status: StatusCode) -> Response<Bytes> {
    let title = status.to_string().replacen(' ', " - ", 1);
    let page = format!(
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n\
         <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n <head>\n  \
         <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
    );
    reply::with_type("text/html", status, page)
}

/// Returns the operation's name in the ledger. There are only a few, so that callers cannot fill the ledger.
fn operation(request: &Request<Bytes>) -> &'static str {
    let path = request.uri().path();
    if request.method() == Method::PUT && path == "/latest/api/token" {
        "token"
    } else if path.starts_with("/latest/meta-data/iam/security-credentials") {
        "credentials"
    } else {
        "metadata"
    }
}
