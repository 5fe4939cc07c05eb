//! Verifies the signature of a token with a published key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, EcdsaVerificationAlgorithm,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

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

/// A key that can be public (RFC 7518, section 6). A shared secret cannot.
#[derive(Deserialize)]
#[serde(tag = "kty")]
enum PublicKey {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    EllipticCurve { crv: String, x: String, y: String },
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
    let algorithm = &token.header.alg;
    if algorithm.eq_ignore_ascii_case("none") {
        return Some(false);
    }
    let key: PublicKey = serde_json::from_value(key.0.clone()).ok()?;
    let (message, signature) = token.signed()?;
    key.verifies(algorithm, message, signature)
}

// === impl PublicKey ===

impl PublicKey {
    fn verifies(&self, algorithm: &str, message: &str, signature: &str) -> Option<bool> {
        // One that is not valid Base64 is empty here, and no empty signature is valid.
        let signature = decoded(signature).unwrap_or_default();
        let verified = match self {
            Self::Rsa { n, e } => {
                let parameters = rsa_parameters(algorithm)?;
                let (n, e) = (decoded(n)?, decoded(e)?);
                let key = RsaPublicKeyComponents { n, e };
                key.verify(parameters, message.as_bytes(), &signature)
            }
            Self::EllipticCurve { crv, x, y } => {
                let parameters = ecdsa_parameters(algorithm, crv)?;
                // An uncompressed point (SEC 1, section 2.3.3).
                let point = [vec![4], decoded(x)?, decoded(y)?].concat();
                let key = UnparsedPublicKey::new(parameters, point);
                key.verify(message.as_bytes(), &signature)
            }
        };
        Some(verified.is_ok())
    }
}

/// Returns the parameters of an RSA algorithm (RFC 7518, sections 3.3 and 3.5).
fn rsa_parameters(algorithm: &str) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        "PS384" => &RSA_PSS_2048_8192_SHA384,
        "PS512" => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

/// Returns the parameters of an ECDSA algorithm and its curve (RFC 7518, section 3.4).
fn ecdsa_parameters(algorithm: &str, curve: &str) -> Option<&'static EcdsaVerificationAlgorithm> {
    match (algorithm, curve) {
        ("ES256", "P-256") => Some(&ECDSA_P256_SHA256_FIXED),
        ("ES384", "P-384") => Some(&ECDSA_P384_SHA384_FIXED),
        _ => None,
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::{Value, json};

    use super::*;

    fn verified(key: &Value, algorithm: &str, message: &str, signature: &[u8]) -> Option<bool> {
        let key: PublicKey = serde_json::from_value(key.clone()).ok()?;
        key.verifies(algorithm, message, &URL_SAFE_NO_PAD.encode(signature))
    }

    /// Signs a message, and returns the signature with the key as a JSON Web Key.
    fn signed(message: &str) -> (Vec<u8>, Value) {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &random).unwrap();
        let signature = pair.sign(&random, message.as_bytes()).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|part| URL_SAFE_NO_PAD.encode(part));
        let key = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "k", "use": "sig"});
        (signature.as_ref().to_owned(), key)
    }

    #[test]
    fn a_signature_belongs_to_its_message_and_key() {
        let ((signature, key), (other, _)) = (signed("header.claims"), signed("header.claims"));
        let verified = |message, signature| verified(&key, "ES256", message, signature);
        assert_eq!(verified("header.claims", &signature), Some(true));
        assert_eq!(verified("header.others", &signature), Some(false));
        assert_eq!(verified("header.claims", &other), Some(false));
        assert_eq!(verified("header.claims", b""), Some(false));
    }

    #[test]
    fn a_key_of_a_different_kind_does_not_verify() {
        let (signature, key) = signed("a.b");
        for algorithm in ["ES384", "RS256", "HS256", "es256"] {
            let verified = verified(&key, algorithm, "a.b", &signature);
            assert_eq!(verified, None, "{algorithm}");
        }
        for key in [
            json!({"kty": "oct", "k": "c2VjcmV0"}),
            json!({"kty": "RSA", "n": "%", "e": "AQAB"}),
            json!({"kty": "RSA"}),
            json!({}),
        ] {
            assert_eq!(verified(&key, "RS256", "a.b", &signature), None, "{key}");
        }
        // An RSA key of 16 bits.
        let short = json!({"kty": "RSA", "n": "xQE", "e": "AQAB"});
        assert_eq!(verified(&short, "RS256", "a.b", &signature), Some(false));
    }
}
