//! RDS tokens: presigned URLs without a scheme, `HOST:PORT/?Action=connect&DBUser=…&X-Amz-Signature=…`.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use thiserror::Error;

use super::canonical::{Canonical, canonical_query};
use super::encode::{decode_query, encode, split_pair};
use super::key::{sha256_hex, signature_is};
use super::scope::{CredentialScope, parse_amz_date};
use crate::secret::Secret;

/// The reason why a text is not a presigned request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PresignedError {
    /// It does not start with `HOST:PORT/?` or `HOST:PORT?`.
    #[error("the token does not start with `HOST:PORT/?`")]
    NoEndpoint,
    /// The query is not encoded as signers encode it; it may be encoded twice, or decoded.
    #[error("the token's query is not percent-encoded")]
    Encoding,
    /// A parameter is missing, perhaps because the token was truncated.
    #[error("the token lacks `{0}`")]
    Absent(&'static str),
    /// A parameter occurs twice.
    #[error("the token has a parameter twice")]
    Twice,
    /// A parameter is malformed, or has an unexpected value.
    #[error("the token's `{0}` is invalid")]
    Invalid(&'static str),
}

/// A parsed, unverified presigned request. `Debug` does not show it.
pub struct Presigned<'a> {
    host: &'a str,
    port: u16,
    host_header: &'a str,
    query: &'a str,
    parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl std::fmt::Debug for Presigned<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presigned")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// The parameters of a presigned request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PresignedClaims<'a> {
    pub(crate) access_key_id: &'a str,
    pub(crate) scope: CredentialScope<'a>,
    pub(crate) signed_at: SystemTime,
    pub(crate) life: Duration,
}

impl<'a> Presigned<'a> {
    /// Parses a token. Every byte matters: a token with a different spelling is a different token, and is rejected.
    pub fn parse(token: &'a str) -> Result<Self, PresignedError> {
        let (endpoint, query) = token.split_once('?').ok_or(PresignedError::NoEndpoint)?;
        // AWS's SDK for Go omits the path.
        let host_header = endpoint.strip_suffix('/').unwrap_or(endpoint);
        let (host, port) = host_header
            .split_once(':')
            .ok_or(PresignedError::NoEndpoint)?;
        let port_is_plain = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port
            .parse()
            .ok()
            .filter(|_| port_is_plain)
            .ok_or(PresignedError::NoEndpoint)?;
        if host.is_empty() || host.contains('/') {
            return Err(PresignedError::NoEndpoint);
        }
        let parameters = decode_query(query)
            .filter(|_| is_canonical(query))
            .ok_or(PresignedError::Encoding)?;
        let mut names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_ref()).collect();
        names.sort_unstable();
        if names
            .windows(2)
            .any(|pair| matches!(pair, [one, other] if one == other))
        {
            return Err(PresignedError::Twice);
        }
        Ok(Self {
            host,
            port,
            host_header,
            query,
            parameters,
        })
    }

    /// The host that it was signed for.
    pub fn host(&self) -> &str {
        self.host
    }

    /// The port that it was signed for.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns a decoded parameter.
    pub fn parameter(&self, name: &'static str) -> Result<&str, PresignedError> {
        self.optional(name).ok_or(PresignedError::Absent(name))
    }

    /// Returns a decoded parameter, if present.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(one, _)| one == name)
            .map(|(_, value)| value.as_ref())
    }

    /// Parses the parameters.
    pub(crate) fn claims(&self) -> Result<PresignedClaims<'_>, PresignedError> {
        self.require("X-Amz-Algorithm", "AWS4-HMAC-SHA256")?;
        self.require("X-Amz-SignedHeaders", "host")?;
        self.parameter("X-Amz-Signature")?;
        let (access_key_id, scope) =
            CredentialScope::parse_credential(self.parameter("X-Amz-Credential")?)
                .ok_or(PresignedError::Invalid("X-Amz-Credential"))?;
        let amz_date = self.parameter("X-Amz-Date")?;
        let signed_at = parse_amz_date(amz_date)
            .filter(|_| amz_date.starts_with(scope.date))
            .ok_or(PresignedError::Invalid("X-Amz-Date"))?;
        let life = self
            .parameter("X-Amz-Expires")?
            .parse()
            .map_err(|_| PresignedError::Invalid("X-Amz-Expires"))?;
        Ok(PresignedClaims {
            access_key_id,
            scope,
            signed_at,
            life: Duration::from_secs(life),
        })
    }

    /// Rejects a parameter whose value is not exactly `value`.
    pub(crate) fn require(&self, name: &'static str, value: &str) -> Result<(), PresignedError> {
        if self.parameter(name)? == value {
            Ok(())
        } else {
            Err(PresignedError::Invalid(name))
        }
    }

    /// Returns whether the signature is that of `secret` for this host and these parameters.
    pub(crate) fn is_signed_with(&self, secret: &Secret, scope: &CredentialScope<'_>) -> bool {
        let (Ok(signature), Ok(amz_date)) = (
            self.parameter("X-Amz-Signature"),
            self.parameter("X-Amz-Date"),
        ) else {
            return false;
        };
        let query = canonical_query(self.query, Some("X-Amz-Signature"));
        let canonical = Canonical {
            method: "GET",
            path: "/",
            query: &query,
            headers: &format!("host:{}\n", self.host_header),
            signed_headers: "host",
            payload_hash: &sha256_hex(b""),
        };
        signature_is(
            signature,
            secret,
            scope,
            &canonical.string_to_sign(amz_date, scope),
        )
    }
}

/// Returns whether each name and value is encoded as signers encode it.
fn is_canonical(query: &str) -> bool {
    let spelled =
        |text: &str| super::encode::decode(text).is_some_and(|plain| encode(&plain) == text);
    query.split('&').all(|pair| {
        let (name, value) = split_pair(pair);
        pair.contains('=') && !name.is_empty() && spelled(name) && spelled(value)
    })
}
