//! The token's signature.

use irsa_chain::Cause;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};

use super::fetch::Key;
use crate::Seen;
use crate::pod::jwt::Jwt;
use crate::pod::text::quoted;

/// What the key that the token names says of its signature.
///
/// # Errors
/// Why it can't be verified here.
pub(super) fn seen(token: &Jwt, keys: &[Key]) -> Result<Seen, String> {
    let kid = token.header.kid.as_deref();
    let key = keys.iter().find(|key| key.kid() == kid);
    let shown = quoted(&token.header.alg);
    match key.and_then(|key| verifies(token, key)) {
        Some(true) => Ok(Seen::holds(format!("it verifies by {shown}"))),
        Some(false) => Ok(Seen::broken(
            Cause::TokenSignatureInvalid,
            format!(
                "it does not verify by {shown} with the key {}",
                quoted(kid.unwrap_or_default())
            ),
        )),
        None => Err(format!(
            "its key can't be used for {shown}; STS takes RS256, RS384, RS512, ES256, ES384 and ES512"
        )),
    }
}

/// `None` where key and algorithm don't fit, or are not known here.
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

/// A shared secret is never a public key, whatever the token's header says.
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
