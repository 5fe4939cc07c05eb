//! Requests signed by an `Authorization` header.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method};
use irsa_chain::Region;

use super::canonical::{Canonical, canonical_headers, canonical_query, string_to_sign};
use super::fault::SignatureFault;
use super::key::{sha256_hex, signature_is};
use super::scope::{CredentialScope, parse_amz_date};
use crate::sessions::{Session, Sessions};

/// Signed requests are good for this long.
const WINDOW: Duration = Duration::from_mins(15);
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TOKEN: &str = "x-amz-security-token";
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

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
    /// How far ahead of the server's clock a stamp may be.
    pub tolerance_ahead: Duration,
    /// Whether `x-amz-content-sha256: UNSIGNED-PAYLOAD` may stand in for the body's hash.
    pub takes_unsigned_payload: bool,
}

/// What should have been signed, word for word, as some services tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The canonical request, without the value of the session token.
    pub canonical: String,
    /// The string to sign.
    pub string_to_sign: String,
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
    let token = text_header(request.headers, TOKEN).unwrap_or("");
    let session = sessions
        .find_with_token(claims.access_key_id, token)
        .ok_or(SignatureFault::UnknownCredentials)?;
    if session.is_expired(now) {
        return Err(SignatureFault::ExpiredCredentials);
    }
    check_scope(&claims.scope, target)?;
    check_time(claims.signed_at, now, target)?;
    if !claims.cover(request.headers) {
        return Err(SignatureFault::Mismatch);
    }
    let payload = payload_hash(request, target).ok_or(SignatureFault::Mismatch)?;
    let canonical = claims
        .canonical(request, &payload)
        .ok_or(SignatureFault::Mismatch)?;
    let string_to_sign = claims.string_to_sign(&canonical);
    let secret = &session.credentials.secret_access_key;
    if !signature_is(claims.signature, secret, &claims.scope, &string_to_sign) {
        return Err(SignatureFault::Mismatch);
    }
    Ok(session)
}

/// What a request whose signature is wrong should have signed; `None` if it claims too little.
pub fn expected(request: &SignedRequest<'_>, target: &Target<'_>) -> Option<Expected> {
    let claims = Claims::parse(request.headers).ok()?;
    let payload = payload_hash(request, target).unwrap_or_else(|| sha256_hex(request.body));
    let canonical = claims.canonical(request, &payload)?;
    let string_to_sign = claims.string_to_sign(&canonical);
    let token = text_header(request.headers, TOKEN).unwrap_or_default();
    let secret = format!("{TOKEN}:{token}\n");
    Some(Expected {
        canonical: canonical.replace(&secret, &format!("{TOKEN}:[not shown]\n")),
        string_to_sign,
    })
}

/// What the headers of a signed request must have and these have not: names of parts of
/// `Authorization`, and `X-Amz-Date`.
pub fn missing_parts(headers: &HeaderMap) -> Vec<&'static str> {
    let fields = text_header(headers, "authorization")
        .and_then(|authorization| authorization.strip_prefix(ALGORITHM))
        .unwrap_or_default();
    let in_header = ["Credential", "Signature", "SignedHeaders"]
        .into_iter()
        .filter(|name| field(fields, name).is_none());
    let date = (!headers.contains_key("x-amz-date")).then_some("X-Amz-Date");
    in_header.chain(date).collect()
}

/// The region that a request claims to be signed for.
pub fn scope_region(headers: &HeaderMap) -> Option<&str> {
    Claims::parse(headers)
        .ok()
        .map(|claims| claims.scope.region)
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
            .strip_prefix(ALGORITHM)
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

    /// Whether all is signed that must be, and the list of signed headers is as it should be.
    fn cover(&self, headers: &HeaderMap) -> bool {
        let signed: Vec<&str> = self.signed_headers.split(';').collect();
        let must_be_signed = |name: &&str| *name == "host" || headers.contains_key(*name);
        let covered = ["host", "x-amz-date", TOKEN]
            .iter()
            .filter(|name| must_be_signed(name))
            .all(|name| signed.contains(name));
        let is_lower = |name: &&str| !name.bytes().any(|byte| byte.is_ascii_uppercase());
        covered && signed.is_sorted() && signed.iter().all(is_lower)
    }

    /// The canonical request; `None` if a signed header is not text.
    fn canonical(&self, request: &SignedRequest<'_>, payload_hash: &str) -> Option<String> {
        let signed: Vec<&str> = self.signed_headers.split(';').collect();
        let canonical = Canonical {
            method: request.method.as_str(),
            path: request.path,
            query: &canonical_query(request.query, None),
            headers: &canonical_headers(request.headers, &signed)?,
            signed_headers: self.signed_headers,
            payload_hash,
        };
        Some(canonical.text())
    }

    fn string_to_sign(&self, canonical: &str) -> String {
        string_to_sign(canonical, self.amz_date, &self.scope)
    }
}

/// The body's hash, or the word that stands in for it; `None` if the request states another hash.
fn payload_hash(request: &SignedRequest<'_>, target: &Target<'_>) -> Option<String> {
    let stated = text_header(request.headers, "x-amz-content-sha256").unwrap_or_default();
    if target.takes_unsigned_payload && stated == UNSIGNED_PAYLOAD {
        return Some(stated.to_owned());
    }
    let hash = sha256_hex(request.body);
    let states_another = stated.len() == hash.len() && stated != hash;
    (!states_another).then_some(hash)
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

fn check_time(
    signed_at: SystemTime,
    now: SystemTime,
    target: &Target<'_>,
) -> Result<(), SignatureFault> {
    if now.duration_since(signed_at).is_ok_and(|age| age > WINDOW) {
        return Err(SignatureFault::TooOld { signed_at });
    }
    if signed_at
        .duration_since(now)
        .is_ok_and(|ahead| ahead > target.tolerance_ahead)
    {
        return Err(SignatureFault::TooNew { signed_at });
    }
    Ok(())
}

fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
