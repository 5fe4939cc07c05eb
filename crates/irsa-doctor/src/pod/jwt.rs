//! A projected token, decoded. Its claims are compared, not trusted.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_identity::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A token with its claims. `Debug` shows no part of the signature.
#[derive(Debug)]
pub(super) struct Jwt {
    raw: SecretString,
    pub(super) header: Header,
    pub(super) claims: Claims,
}

/// The header (RFC 7515, section 4.1).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Header {
    pub(super) alg: String,
    pub(super) kid: Option<String>,
}

/// The claims that STS and the agent evaluate (RFC 7519, section 4.1; Kubernetes, "Bound service account tokens").
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: Audience,
    pub(super) exp: Option<u64>,
    pub(super) nbf: Option<u64>,
    pub(super) iat: Option<u64>,
    #[serde(rename = "kubernetes.io")]
    pub(super) kubernetes: Kubernetes,
}

/// The objects that the token is bound to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Kubernetes {
    pub(super) pod: Option<Named>,
    pub(super) node: Option<Named>,
}

/// The name of an object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    pub(super) name: String,
}

/// One audience or several; any other value counts as no audience.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
    None(IgnoredAny),
}

impl Jwt {
    /// Decodes a token.
    ///
    /// # Errors
    /// The end of a sentence that starts with the token.
    pub(super) fn parse(raw: SecretString) -> Result<Self, &'static str> {
        let mut parts = raw.expose_secret().split('.');
        let header = part(parts.next()).ok_or("has a header that is not a JSON object")?;
        let claims =
            part(parts.next()).ok_or("has a payload that is not a JSON object of JWT claims")?;
        Ok(Self {
            raw,
            header,
            claims,
        })
    }

    /// The signed text, and the signature.
    pub(super) fn signed(&self) -> Option<(&str, &str)> {
        self.raw.expose_secret().rsplit_once('.')
    }
}

/// Decodes a part as a JSON object. Serde would also accept an array of the values.
fn part<T: for<'de> Deserialize<'de>>(text: Option<&str>) -> Option<T> {
    let json = URL_SAFE_NO_PAD.decode(text?).ok()?;
    let is_object = json.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(&json).ok())?
}

impl Claims {
    pub(super) fn audiences(&self) -> &[String] {
        match &self.aud {
            Audience::One(audience) => std::slice::from_ref(audience),
            Audience::Several(audiences) => audiences,
            Audience::None(_) => &[],
        }
    }

    /// The lifetime in seconds, if the token has both times.
    pub(super) fn lifetime(&self) -> Option<u64> {
        self.exp?.checked_sub(self.iat.or(self.nbf)?)
    }
}

impl Default for Audience {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &str) -> Result<Jwt, &'static str> {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"k"}"#);
        let claims = URL_SAFE_NO_PAD.encode(claims);
        Jwt::parse(format!("{header}.{claims}.c2ln").into())
    }

    #[test]
    fn reads_one_audience_or_several() {
        let claims = |json: &str| jwt(json).unwrap().claims;
        assert_eq!(claims(r#"{"aud":"a"}"#).audiences(), ["a"]);
        assert_eq!(claims(r#"{"aud":["a","b"]}"#).audiences(), ["a", "b"]);
        assert!(claims("{}").audiences().is_empty());
        assert!(claims(r#"{"aud":{"a":1}}"#).audiences().is_empty());
    }

    #[test]
    fn hostile_claims_are_an_error_and_no_panic() {
        for json in ["", "[]", r#"{"exp":-1}"#, r#"{"exp":1e99}"#, "{\"iss\":1}"] {
            assert!(jwt(json).is_err(), "{json}");
        }
        assert_eq!(jwt(r#"{"exp":1,"iat":2}"#).unwrap().claims.lifetime(), None);
        assert!(jwt(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn debug_shows_no_signature() {
        assert!(!format!("{:?}", jwt("{}").unwrap()).contains("c2ln"));
    }
}
