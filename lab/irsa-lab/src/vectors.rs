//! Requests and RDS tokens signed by botocore; `tests/data/botocore_vectors.py` generates them.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use crate::secret::Secret;
use crate::sessions::{Credentials, Origin, SessionSpec, Sessions};
use crate::sigv4::parse_amz_date;

/// The whole file.
#[derive(Debug, Deserialize)]
pub(crate) struct Vectors {
    signed_at: String,
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Secret,
    pub(crate) requests: Vec<RequestVector>,
    rds_tokens: Vec<TokenVector>,
}

/// A request signed by header.
#[derive(Debug, Deserialize)]
pub(crate) struct RequestVector {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

/// An RDS token, with the values that it was signed for.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TokenVector {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) region: String,
    pub(crate) token: String,
}

impl Vectors {
    pub(crate) fn read() -> Self {
        serde_json::from_str(include_str!("../tests/data/botocore_vectors.json")).unwrap()
    }

    /// The time of all signatures.
    pub(crate) fn signed_at(&self) -> SystemTime {
        parse_amz_date(&self.signed_at).unwrap()
    }

    pub(crate) fn token(&self, name: &str) -> &TokenVector {
        self.rds_tokens
            .iter()
            .find(|token| token.name == name)
            .unwrap()
    }

    pub(crate) fn credentials(&self) -> Credentials {
        Credentials {
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.clone(),
            session_token: self.session_token.clone(),
        }
    }

    /// Returns a register in which the credentials are a session of `role` that is valid for an hour.
    pub(crate) fn sessions(&self, role: &str) -> Sessions {
        self.sessions_with(role, self.credentials(), Duration::from_hours(1))
    }

    pub(crate) fn sessions_with(
        &self,
        role: &str,
        credentials: Credentials,
        life: Duration,
    ) -> Sessions {
        let sessions = Sessions::default();
        let name = "pod-1".parse().unwrap();
        let spec = SessionSpec::new(role.parse().unwrap(), name, life, Origin::WebIdentity);
        sessions.adopt(credentials, spec, self.signed_at());
        sessions
    }
}
