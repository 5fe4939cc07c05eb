//! RSA keys: the newest one signs; all keys that are not retired are published.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rsa::PrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::LabError;

/// The size that EKS uses.
const KEY_BITS: usize = 2048;

/// An RSA key with its ID. `Debug` shows only the ID.
pub(super) struct SigningKey {
    id: String,
    modulus: String,
    exponent: String,
    private: EncodingKey,
}

impl SigningKey {
    pub(super) fn generate() -> Result<Self, LabError> {
        let key = PrivateKey::new(&mut rand::rng(), KEY_BITS)
            .map_err(|error| failed(error.to_string()))?;
        let der = key
            .to_pkcs1_der()
            .map_err(|error| failed(error.to_string()))?;
        let modulus = key.n_bytes();
        Ok(Self {
            id: key_id(&modulus),
            modulus: URL_SAFE_NO_PAD.encode(&modulus),
            exponent: URL_SAFE_NO_PAD.encode(key.e_bytes()),
            private: EncodingKey::from_rsa_der(der.as_bytes()),
        })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Signs with RS256 and puts `id` into the header.
    pub(super) fn sign(&self, claims: &Value, id: &str) -> Result<String, LabError> {
        let header = Header {
            kid: Some(id.to_owned()),
            typ: None,
            ..Header::new(Algorithm::RS256)
        };
        jsonwebtoken::encode(&header, claims, &self.private)
            .map_err(|error| failed(error.to_string()))
    }

    /// Returns the public key as a JSON Web Key.
    pub(super) fn jwk(&self) -> Value {
        json!({
            "use": "sig",
            "kty": "RSA",
            "kid": self.id,
            "alg": "RS256",
            "n": self.modulus,
            "e": self.exponent,
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The published keys, oldest first; never empty.
#[derive(Debug)]
pub(super) struct KeyRing {
    older: Vec<SigningKey>,
    newest: SigningKey,
}

impl KeyRing {
    pub(super) fn new(key: SigningKey) -> Self {
        Self {
            older: Vec::new(),
            newest: key,
        }
    }

    pub(super) fn add(&mut self, key: SigningKey) {
        self.older.push(std::mem::replace(&mut self.newest, key));
    }

    pub(super) fn retire_old(&mut self) {
        self.older.clear();
    }

    pub(super) fn newest(&self) -> &SigningKey {
        &self.newest
    }

    pub(super) fn oldest(&self) -> &SigningKey {
        self.older.first().unwrap_or(&self.newest)
    }

    pub(super) fn published(&self) -> impl Iterator<Item = &SigningKey> {
        self.older.iter().chain(std::iter::once(&self.newest))
    }
}

/// Returns 40 hex digits, like EKS's key IDs.
fn key_id(modulus: &[u8]) -> String {
    Sha256::digest(modulus)
        .iter()
        .take(20)
        .fold(String::new(), |mut id, byte| {
            // Writing to a `String` cannot fail.
            let _ = write!(id, "{byte:02x}");
            id
        })
}

fn failed(reason: String) -> LabError {
    LabError::part("OIDC issuer", reason)
}
