//! Signed requests: with an `Authorization` header, or with the signature in the query.

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

/// The lifetime of signed requests, whatever `X-Amz-Expires` says: only S3 evaluates it.
pub(super) const WINDOW: Duration = Duration::from_mins(15);
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The request as received.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The method: `POST`.
    pub method: &'a Method,
    /// Path, still encoded.
    pub path: &'a str,
    /// Query without the question mark, still encoded; empty if the request has no query.
    pub query: &'a str,
    /// All headers, including `host`.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

/// The service that received the request.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Its region.
    pub region: &'a Region,
    /// Its name in credential scopes: `sts`.
    pub service: &'a str,
    /// Maximum time by which a timestamp may be ahead of the server's clock.
    pub tolerance_ahead: Duration,
    /// Whether `x-amz-content-sha256: UNSIGNED-PAYLOAD` is accepted in place of the body's hash.
    pub takes_unsigned_payload: bool,
}

/// The expected text, as some services show it in errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The canonical request, without the value of the session token.
    pub canonical: String,
    /// The string to sign.
    pub string_to_sign: String,
}

/// Verifies a signed request completely, in AWS's order: credentials, scope, time, signature.
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

/// Returns the text that a request with a wrong signature should have signed; `None` if its fields are incomplete.
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

/// Returns the canonical request without the value of the session token, which is a line or a parameter.
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

/// Returns the body's hash, or its replacement; `None` if the request states a different hash.
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
