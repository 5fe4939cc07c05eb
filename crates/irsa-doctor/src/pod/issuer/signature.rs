//! Verifies the signature of a token with a published key.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};

use super::probe::Key;
use crate::pod::jwt::Jwt;

/// The result of verifying a token with the key that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signature {
    Valid,
    Invalid,
    /// Key and algorithm do not match, or are not supported.
    NotVerifiable,
}

/// Verifies the token with the key that its `kid` names.
pub(super) fn verify(token: &Jwt, keys: &[Key]) -> Signature {
    let kid = token.header.kid.as_deref();
    let key = keys.iter().find(|key| key.kid() == kid);
    match key.and_then(|key| verifies(token, key)) {
        Some(true) => Signature::Valid,
        Some(false) => Signature::Invalid,
        None => Signature::NotVerifiable,
    }
}

/// `None` if key and algorithm do not match, or are not supported.
fn verifies(token: &Jwt, key: &Key) -> Option<bool> {
    if token.header.alg.eq_ignore_ascii_case("none") {
        return Some(false);
    }
    let key: Jwk = serde_json::from_value(key.0.clone()).ok()?;
    let algorithm: Algorithm = token.header.alg.parse().ok()?;
    if !fits(&key, algorithm) {
        return None;
    }
    let (message, signature) = token.signed()?;
    let key = DecodingKey::from_jwk(&key).ok()?;
    let verified = crypto::verify(signature, message.as_bytes(), &key, algorithm);
    Some(verified.unwrap_or(false))
}

/// Returns whether the key can be used with the algorithm. A shared secret never can: it would not be a public key.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    use Algorithm::{ES256, ES384, PS256, PS384, PS512, RS256, RS384, RS512};
    match &key.algorithm {
        AlgorithmParameters::RSA(_) => {
            matches!(algorithm, RS256 | RS384 | RS512 | PS256 | PS384 | PS512)
        }
        AlgorithmParameters::EllipticCurve(_) => matches!(algorithm, ES256 | ES384),
        _ => false,
    }
}
