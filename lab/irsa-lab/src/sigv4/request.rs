//! Signed requests: by an `Authorization` header, or in the query.

mod claims;
mod fields;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method};
use irsa_chain::Region;

use self::claims::{Claims, TOKEN};
pub(super) use self::fields::Fields;
use self::fields::text;
use super::fault::SignatureFault;
use super::key::{sha256_hex, signature_is};
use super::scope::CredentialScope;
use crate::sessions::{Session, Sessions};

/// Signed requests are good for this long, whatever `X-Amz-Expires` says: only S3 goes by that.
pub(super) const WINDOW: Duration = Duration::from_mins(15);
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

/// Verifies everything about a signed request: credentials, scope, time, signature, in AWS's order.
pub fn verify(
    request: &SignedRequest<'_>,
    target: &Target<'_>,
    now: SystemTime,
    sessions: &Sessions,
) -> Result<Arc<Session>, SignatureFault> {
    let claims = Claims::parse(request)?;
    let (access_key_id, scope) = claims.credential()?;
    let session = sessions
        .find_with_token(access_key_id, &claims.token)
        .ok_or(SignatureFault::UnknownCredentials)?;
    if session.is_expired(now) {
        return Err(SignatureFault::ExpiredCredentials);
    }
    check_scope(&scope, target)?;
    check_time(claims.signed_at, now, target)?;
    if !claims.cover_the_host() {
        return Err(SignatureFault::HostUnsigned);
    }
    if !claims.cover(request) {
        return Err(SignatureFault::Mismatch);
    }
    let payload = payload_hash(request, target).ok_or(SignatureFault::Mismatch)?;
    let canonical = claims
        .canonical(request, &payload)
        .ok_or(SignatureFault::Mismatch)?;
    let string_to_sign = claims.string_to_sign(&canonical, &scope);
    let secret = &session.credentials.secret_access_key;
    if !signature_is(&claims.signature, secret, &scope, &string_to_sign) {
        return Err(SignatureFault::Mismatch);
    }
    Ok(session)
}

/// What a request whose signature is wrong should have signed; `None` if it claims too little.
pub fn expected(request: &SignedRequest<'_>, target: &Target<'_>) -> Option<Expected> {
    let claims = Claims::parse(request).ok()?;
    let (_, scope) = claims.credential().ok()?;
    let payload = payload_hash(request, target).unwrap_or_else(|| sha256_hex(request.body));
    let canonical = claims.canonical(request, &payload)?;
    let string_to_sign = claims.string_to_sign(&canonical, &scope);
    Some(Expected {
        canonical: without_token(&canonical),
        string_to_sign,
    })
}

/// The canonical request, in which the session token has a line or a parameter of its own.
fn without_token(canonical: &str) -> String {
    let header = format!("{TOKEN}:");
    let shown = |line: &str| match line.strip_prefix(&header) {
        Some(_) => format!("{header}[not shown]"),
        None => line
            .split('&')
            .map(|part| match part.split_once('=') {
                Some((name, _)) if name.eq_ignore_ascii_case(TOKEN) => {
                    format!("{name}=[not shown]")
                }
                _ => part.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("&"),
    };
    canonical
        .split('\n')
        .map(shown)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The body's hash, or the word that stands in for it; `None` if the request states another hash.
fn payload_hash(request: &SignedRequest<'_>, target: &Target<'_>) -> Option<String> {
    let stated = text(request.headers, "x-amz-content-sha256").unwrap_or_default();
    if target.takes_unsigned_payload && stated == UNSIGNED_PAYLOAD {
        return Some(stated.to_owned());
    }
    let hash = sha256_hex(request.body);
    let states_another = stated.len() == hash.len() && stated != hash;
    (!states_another).then_some(hash)
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
