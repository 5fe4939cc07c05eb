//! Projected tokens, checked in AWS's order: claims first, signature later. Each check is separate, because callers can
//! see which check fails first.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_chain::Cause;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use crate::clock::unix_seconds;

/// Maximum time by which a token may be issued in the future.
const MAX_AHEAD: Duration = Duration::from_mins(5);

/// A parsed, unverified JSON Web Token. `Debug` shows claims, never the token.
#[derive(Debug)]
pub(crate) struct Jwt<'a> {
    pub(crate) claims: Claims,
    header: Header,
    signed: Signed<'a>,
}

/// The claims that AWS evaluates.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    #[serde(default, deserialize_with = "one_or_many")]
    pub(crate) aud: Vec<String>,
    pub(crate) exp: u64,
    #[serde(default)]
    nbf: u64,
    /// Kubernetes' claim with the objects that the token is bound to.
    #[serde(default, rename = "kubernetes.io")]
    pub(crate) kubernetes: Option<Bound>,
}

/// The objects that a token is bound to.
#[derive(Debug, Deserialize)]
pub(crate) struct Bound {
    pub(crate) pod: Option<NamedObject>,
}

/// An object's name and UID.
#[derive(Debug, Deserialize)]
pub(crate) struct NamedObject {
    pub(crate) name: String,
    pub(crate) uid: String,
}

/// The reason why a token cannot be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParseFault {
    /// It does not have three parts.
    Segments,
    /// A part is not unpadded base64; the position is that of the first invalid byte.
    Header {
        /// The position in the header.
        at: usize,
    },
    /// The parts are not those of a service account token.
    Content,
}

/// The reason why a signature is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyFault {
    /// The key set has no key with that ID.
    NoKey,
    /// The signature was not made with the key.
    Signature,
}

/// The reason why a token is not valid at this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeFault {
    /// `exp` has passed.
    Expired,
    /// `nbf` is in the future.
    NotYet,
}

impl TimeFault {
    pub(crate) fn cause(self) -> Cause {
        match self {
            Self::Expired => Cause::TokenExpired,
            Self::NotYet => Cause::ClockSkew,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

struct Signed<'a> {
    message: &'a str,
    signature: &'a str,
}

impl std::fmt::Debug for Signed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signed")
    }
}

impl<'a> Jwt<'a> {
    /// Parses a token with RS256. Other algorithms, above all `none` and HMACs, are not valid for service accounts.
    pub(crate) fn parse(token: &'a str) -> Result<Self, ParseFault> {
        let (message, signature) = token.rsplit_once('.').ok_or(ParseFault::Segments)?;
        let (header, claims) = message.split_once('.').ok_or(ParseFault::Segments)?;
        if claims.contains('.') {
            return Err(ParseFault::Segments);
        }
        if let Some(at) = header.bytes().position(|byte| !is_base64url(byte)) {
            return Err(ParseFault::Header { at });
        }
        let header: Header = decode(header).ok_or(ParseFault::Content)?;
        let claims = decode(claims)
            .filter(|_| header.alg == "RS256")
            .ok_or(ParseFault::Content)?;
        Ok(Self {
            claims,
            header,
            signed: Signed { message, signature },
        })
    }

    /// Verifies the signature with a published key set (RFC 7517).
    pub(crate) fn check_signature(&self, jwks: &str) -> Result<(), KeyFault> {
        let keys: JwkSet = serde_json::from_str(jwks).map_err(|_| KeyFault::NoKey)?;
        let key = self
            .header
            .kid
            .as_deref()
            .and_then(|kid| keys.find(kid))
            .ok_or(KeyFault::NoKey)?;
        let key = DecodingKey::from_jwk(key).map_err(|_| KeyFault::NoKey)?;
        let Signed { message, signature } = self.signed;
        match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS256) {
            Ok(true) => Ok(()),
            _ => Err(KeyFault::Signature),
        }
    }

    /// Compares `exp` and `nbf` with the time.
    pub(crate) fn check_time(&self, now: SystemTime) -> Result<(), TimeFault> {
        let now = unix_seconds(now);
        if now >= self.claims.exp {
            return Err(TimeFault::Expired);
        }
        if self.claims.nbf > now.saturating_add(MAX_AHEAD.as_secs()) {
            return Err(TimeFault::NotYet);
        }
        Ok(())
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// Deserializes `aud`, which is a string or a list of strings.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(one) => Ok(vec![one]),
        other => serde_json::from_value(other).map_err(D::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        format!(
            "{}.{}.c2ln",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        )
    }

    const CLAIMS: &str = r#"{"iss": "https://i", "sub": "s", "aud": "a", "exp": 10}"#;

    #[test]
    fn parses_an_audience_as_a_string_or_a_list() {
        let text = token(r#"{"alg": "RS256"}"#, CLAIMS);
        assert_eq!(Jwt::parse(&text).unwrap().claims.aud, ["a"]);
        let text = token(
            r#"{"alg": "RS256"}"#,
            &CLAIMS.replace("\"a\"", "[\"a\", \"b\"]"),
        );
        assert_eq!(Jwt::parse(&text).unwrap().claims.aud, ["a", "b"]);
    }

    #[test]
    fn rejects_other_tokens_than_those_of_service_accounts() {
        for (text, fault) in [
            (String::new(), ParseFault::Segments),
            ("a.b".to_owned(), ParseFault::Segments),
            ("a.b.c.d".to_owned(), ParseFault::Segments),
            ("Bearer a.b.c".to_owned(), ParseFault::Header { at: 6 }),
            ("a.b.c".to_owned(), ParseFault::Content),
            (token(r#"{"alg": "none"}"#, CLAIMS), ParseFault::Content),
            (token(r#"{"alg": "HS256"}"#, CLAIMS), ParseFault::Content),
            (token(r#"{"alg": "RS256"}"#, "{}"), ParseFault::Content),
        ] {
            assert_eq!(Jwt::parse(&text).unwrap_err(), fault, "{text}");
        }
    }

    #[test]
    fn debug_does_not_show_the_token() {
        let text = token(r#"{"alg": "RS256"}"#, CLAIMS);
        assert!(!format!("{:?}", Jwt::parse(&text).unwrap()).contains("c2ln"));
    }
}
