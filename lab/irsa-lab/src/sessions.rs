//! The register of all temporary credentials that the lab has issued.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use irsa_chain::{AssumedRoleArn, RoleArn, SessionName};
use irsa_policy::Policy;
use rand::Rng as _;

use crate::random;
use crate::secret::Secret;

/// Maximum number of sessions, including expired ones, which are kept to distinguish "expired" from "never issued".
const KEPT_SESSIONS: usize = 10_000;
/// Number of random bytes in a session token: about 900 characters of base64, as with AWS.
const TOKEN_BYTES: usize = 672;

/// How a session was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `AssumeRoleWithWebIdentity`.
    WebIdentity,
    /// `AssumeRole` with the credentials of a different session.
    Chained,
    /// Instance metadata: the node's role.
    InstanceProfile,
    /// The EKS Pod Identity agent.
    PodIdentity,
}

/// The properties of a session.
#[derive(Debug, Clone)]
pub struct SessionSpec {
    /// The assumed role.
    pub role: RoleArn,
    /// The name of the session.
    pub name: SessionName,
    /// The lifetime.
    pub life: Duration,
    /// How it was created.
    pub origin: Origin,
    /// Session tags (`kubernetes-namespace` and the like).
    pub tags: BTreeMap<String, String>,
    /// The keys of transitive tags, which sessions inherit along a role chain.
    pub transitive_tags: BTreeSet<String>,
    /// The source identity, which is kept along a role chain.
    pub source_identity: Option<String>,
    /// Session policies, which limit the session's permissions.
    pub policies: Vec<Arc<Policy>>,
}

impl SessionSpec {
    /// Returns a session without tags and session policies.
    pub fn new(role: RoleArn, name: SessionName, life: Duration, origin: Origin) -> Self {
        Self {
            role,
            name,
            life,
            origin,
            tags: BTreeMap::new(),
            transitive_tags: BTreeSet::new(),
            source_identity: None,
            policies: Vec::new(),
        }
    }
}

/// An access key with its secret and session token.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The access key ID: `ASIA…`.
    pub access_key_id: String,
    /// The key that signs.
    pub secret_access_key: Secret,
    /// The token in every signed request.
    pub session_token: Secret,
}

impl Credentials {
    /// Generates random credentials.
    pub fn generate() -> Self {
        let mut secret = [0_u8; 30];
        let mut token = [0_u8; TOKEN_BYTES];
        let mut rng = rand::rng();
        rng.fill_bytes(&mut secret);
        rng.fill_bytes(&mut token);
        Self {
            access_key_id: random::aws_id("ASIA", 16),
            secret_access_key: Secret::new(STANDARD.encode(secret)),
            session_token: Secret::new(STANDARD.encode(token)),
        }
    }
}

/// A role session with its credentials.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its properties.
    pub spec: SessionSpec,
    /// Its credentials.
    pub credentials: Credentials,
    /// The time at which the credentials expire.
    pub expires_at: SystemTime,
}

impl Session {
    /// Returns `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`, the session's principal in policies and messages.
    pub fn principal(&self) -> AssumedRoleArn {
        self.spec.role.assumed(&self.spec.name)
    }

    /// Returns whether the credentials have expired at `now`.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        now >= self.expires_at
    }
}

/// All sessions, shared by the parts that issue and those that verify.
#[derive(Debug, Default)]
pub struct Sessions {
    register: Mutex<Register>,
}

#[derive(Debug, Default)]
struct Register {
    by_access_key: HashMap<String, Arc<Session>>,
    oldest_first: VecDeque<String>,
}

impl Sessions {
    /// Issues credentials that expire `spec.life` after `now`.
    pub fn issue(&self, spec: SessionSpec, now: SystemTime) -> Arc<Session> {
        self.adopt(Credentials::generate(), spec, now)
    }

    /// Registers existing credentials, such as those of published test vectors.
    pub fn adopt(
        &self,
        credentials: Credentials,
        spec: SessionSpec,
        now: SystemTime,
    ) -> Arc<Session> {
        let expires_at = now.checked_add(spec.life).unwrap_or(now);
        let session = Arc::new(Session {
            spec,
            credentials,
            expires_at,
        });
        self.register().insert(Arc::clone(&session));
        session
    }

    /// Returns the session of an access key, expired or not.
    pub fn find(&self, access_key_id: &str) -> Option<Arc<Session>> {
        self.register().by_access_key.get(access_key_id).cloned()
    }

    /// Returns the session of an access key, if `session_token` was issued with it.
    pub fn find_with_token(
        &self,
        access_key_id: &str,
        session_token: &str,
    ) -> Option<Arc<Session>> {
        self.find(access_key_id)
            .filter(|session| session.credentials.session_token.matches(session_token))
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Register {
    fn insert(&mut self, session: Arc<Session>) {
        if self.oldest_first.len() >= KEPT_SESSIONS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_access_key.remove(&oldest);
        }
        let key = session.credentials.access_key_id.clone();
        self.oldest_first.push_back(key.clone());
        self.by_access_key.insert(key, session);
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn spec() -> SessionSpec {
        let role = "arn:aws:iam::111122223333:role/team/aurora-role"
            .parse()
            .unwrap();
        SessionSpec::new(
            role,
            "pod-1".parse().unwrap(),
            Duration::from_mins(15),
            Origin::WebIdentity,
        )
    }

    #[test]
    fn an_issued_session_is_found_by_its_key_and_expires_on_time() {
        let sessions = Sessions::default();
        let issued = sessions.issue(spec(), UNIX_EPOCH);
        let found = sessions.find(&issued.credentials.access_key_id).unwrap();
        assert!(!found.is_expired(UNIX_EPOCH + Duration::from_secs(899)));
        assert!(found.is_expired(UNIX_EPOCH + Duration::from_mins(15)));
    }

    #[test]
    fn the_principal_drops_the_path_of_the_role() {
        let session = Sessions::default().issue(spec(), UNIX_EPOCH);
        assert_eq!(
            session.principal().to_string(),
            "arn:aws:sts::111122223333:assumed-role/aurora-role/pod-1"
        );
    }

    #[test]
    fn credentials_have_the_format_of_aws() {
        let credentials = Credentials::generate();
        assert!(credentials.access_key_id.starts_with("ASIA"));
        assert_eq!(credentials.access_key_id.len(), 20);
        assert_eq!(credentials.secret_access_key.expose().len(), 40);
        assert!(credentials.session_token.expose().len() > 800);
    }

    #[test]
    fn the_oldest_session_is_dropped_first() {
        let sessions = Sessions::default();
        let first = sessions.issue(spec(), UNIX_EPOCH);
        for _ in 0..KEPT_SESSIONS {
            sessions.issue(spec(), UNIX_EPOCH);
        }
        assert!(sessions.find(&first.credentials.access_key_id).is_none());
    }
}
