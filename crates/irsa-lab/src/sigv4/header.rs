//! Requests signed by an `Authorization` header.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method};
use irsa_chain::Region;

use super::canonical::{Canonical, canonical_headers, canonical_query};
use super::fault::SignatureFault;
use super::key::{sha256_hex, signature_is};
use super::scope::{CredentialScope, parse_amz_date};
use crate::sessions::{Session, Sessions};

/// Signed requests are good for this long around their stamp.
const WINDOW: Duration = Duration::from_mins(15);

/// The request as it came over the wire.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// `POST`
    pub method: &'a Method,
    /// Path, still encoded.
    pub path: &'a str,
    /// Query without the question mark, still encoded; empty if there is none.
    pub query: &'a str,
    /// All headers, `host` included.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

/// The service that was asked.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Where it is.
    pub region: &'a Region,
    /// Its name in credential scopes: `sts`.
    pub service: &'a str,
}

/// Verifies everything about a header-signed request: credentials, scope, time, signature, in AWS's
/// order.
pub fn verify(
    request: &SignedRequest<'_>,
    target: &Target<'_>,
    now: SystemTime,
    sessions: &Sessions,
) -> Result<Arc<Session>, SignatureFault> {
    let claims = Claims::parse(request.headers)?;
    let token = text_header(request.headers, "x-amz-security-token").unwrap_or("");
    let session = sessions
        .find_with_token(claims.access_key_id, token)
        .ok_or(SignatureFault::UnknownCredentials)?;
    if session.is_expired(now) {
        return Err(SignatureFault::ExpiredCredentials);
    }
    check_scope(&claims.scope, target)?;
    check_time(claims.signed_at, now)?;
    let string_to_sign = claims
        .string_to_sign(request)
        .ok_or(SignatureFault::Mismatch)?;
    let secret = &session.credentials.secret_access_key;
    if !signature_is(claims.signature, secret, &claims.scope, &string_to_sign) {
        return Err(SignatureFault::Mismatch);
    }
    Ok(session)
}

/// What the `Authorization` header and the date say.
struct Claims<'a> {
    access_key_id: &'a str,
    scope: CredentialScope<'a>,
    signed_headers: &'a str,
    signature: &'a str,
    amz_date: &'a str,
    signed_at: SystemTime,
}

impl<'a> Claims<'a> {
    fn parse(headers: &'a HeaderMap) -> Result<Self, SignatureFault> {
        let authorization = text_header(headers, "authorization").ok_or(SignatureFault::Missing)?;
        let fields = authorization
            .strip_prefix("AWS4-HMAC-SHA256")
            .ok_or(SignatureFault::Incomplete("algorithm"))?;
        let field = |name| field(fields, name).ok_or(SignatureFault::Incomplete(name));
        let (access_key_id, scope) = CredentialScope::parse_credential(field("Credential")?)
            .ok_or(SignatureFault::Incomplete("Credential"))?;
        let amz_date =
            text_header(headers, "x-amz-date").ok_or(SignatureFault::Incomplete("X-Amz-Date"))?;
        let signed_at = parse_amz_date(amz_date).ok_or(SignatureFault::Incomplete("X-Amz-Date"))?;
        if !amz_date.starts_with(scope.date) {
            return Err(SignatureFault::Mismatch);
        }
        let (signed_headers, signature) = (field("SignedHeaders")?, field("Signature")?);
        Ok(Self {
            access_key_id,
            scope,
            signed_headers,
            signature,
            amz_date,
            signed_at,
        })
    }

    /// `None` if a header that must be signed is not, or the query is not text.
    fn string_to_sign(&self, request: &SignedRequest<'_>) -> Option<String> {
        let signed: Vec<&str> = self.signed_headers.split(';').collect();
        let must_be_signed = |name: &&str| *name == "host" || request.headers.contains_key(*name);
        let covered = ["host", "x-amz-date", "x-amz-security-token"]
            .iter()
            .filter(|name| must_be_signed(name))
            .all(|name| signed.contains(name));
        let sorted = signed.is_sorted()
            && signed
                .iter()
                .all(|name| !name.bytes().any(|byte| byte.is_ascii_uppercase()));
        if !covered || !sorted {
            return None;
        }
        let canonical = Canonical {
            method: request.method.as_str(),
            path: request.path,
            query: &canonical_query(request.query, None)?,
            headers: &canonical_headers(request.headers, &signed)?,
            signed_headers: self.signed_headers,
            payload_hash: &sha256_hex(request.body),
        };
        Some(canonical.string_to_sign(self.amz_date, &self.scope))
    }
}

/// `Name=value` among fields separated by commas or spaces.
fn field<'a>(fields: &'a str, name: &str) -> Option<&'a str> {
    fields
        .split([',', ' '])
        .filter_map(|field| field.split_once('='))
        .find(|(field, _)| *field == name)
        .map(|(_, value)| value)
        .filter(|value| !value.is_empty())
}

fn check_scope(scope: &CredentialScope<'_>, target: &Target<'_>) -> Result<(), SignatureFault> {
    let region = scope.region != target.region.as_str();
    let service = scope.service != target.service;
    if region || service {
        Err(SignatureFault::WrongScope { region, service })
    } else {
        Ok(())
    }
}

fn check_time(signed_at: SystemTime, now: SystemTime) -> Result<(), SignatureFault> {
    if now.duration_since(signed_at).is_ok_and(|age| age > WINDOW) {
        return Err(SignatureFault::TooOld { signed_at });
    }
    if signed_at
        .duration_since(now)
        .is_ok_and(|ahead| ahead > WINDOW)
    {
        return Err(SignatureFault::TooNew { signed_at });
    }
    Ok(())
}

fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
