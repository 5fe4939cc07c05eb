//! Signature Version 4 for HTTP requests to Amazon OpenSearch, in the `Authorization` header.
//!
//! This crate creates the canonical form itself, because a proxy must sign the exact bytes of its client:
//! `docs/reference/canonical-form.md` compares it with AWS's documentation, botocore and the `aws-sigv4` crate.
//! `aws-sigv4` derives the key and computes the signature.

use std::time::SystemTime;

use aws_sigv4::sign::v4::calculate_signature;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use irsa_chain::Link;
use secrecy::ExposeSecret;

use crate::{IdentityError, SessionCredentials};

mod canonical;
mod hex;
mod keys;
mod scope;
mod stamp;
mod target;

pub(crate) use keys::SigningKeys;
pub use scope::{SigningScope, SigningService, UnknownSigningService};
pub use target::CanonicalTarget;

use canonical::CanonicalRequest;
use stamp::Stamp;

const X_AMZ_CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const X_AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const X_AMZ_SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// The signed parts of a request, as it will be sent.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest<'a> {
    /// The method, in its original case.
    pub method: &'a str,
    /// The request target in origin form, byte for byte.
    pub path_and_query: &'a str,
    /// The value of the `Host` header, or of `:authority`.
    pub host: &'a str,
    /// The value of the `Content-Type` header, if there is one. It is signed if it is printable ASCII, because
    /// implementations differ in how they treat other values.
    pub content_type: Option<&'a [u8]>,
    /// The hash of the body.
    pub payload: PayloadHash<'a>,
}

/// The hash of the body in a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadHash<'a> {
    /// The SHA-256 of the body.
    Sha256(&'a [u8; 32]),
    /// The body is not signed: `UNSIGNED-PAYLOAD`.
    Unsigned,
}

/// The headers of a signature. `Debug` shows neither the signature nor the session token.
#[derive(Debug, Clone)]
pub struct HttpSignature {
    authorization: HeaderValue,
    x_amz_content_sha256: HeaderValue,
    x_amz_date: HeaderValue,
    x_amz_security_token: Option<HeaderValue>,
}

impl HttpSignature {
    /// Adds the headers to `headers`, replacing headers with the same names.
    pub fn apply(&self, headers: &mut HeaderMap) {
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(X_AMZ_CONTENT_SHA256, self.x_amz_content_sha256.clone());
        headers.insert(X_AMZ_DATE, self.x_amz_date.clone());
        match &self.x_amz_security_token {
            Some(token) => headers.insert(X_AMZ_SECURITY_TOKEN, token.clone()),
            None => headers.remove(X_AMZ_SECURITY_TOKEN),
        };
    }
}

/// Signs `request` for `scope` at the time `at`, in whole seconds.
///
/// The signed headers are `host`, `x-amz-content-sha256` and `x-amz-date`, and if present `content-type` and
/// `x-amz-security-token`: headers that no intermediary may change.
///
/// # Errors
/// The credentials contain characters that are not allowed in headers.
pub fn sign_http(
    request: &HttpRequest<'_>,
    scope: &SigningScope,
    credentials: &SessionCredentials,
    at: SystemTime,
) -> Result<HttpSignature, IdentityError> {
    let stamp = Stamp::new(at);
    let payload = hex::payload_hash(request.payload);
    let canonical = CanonicalRequest::new(request, &payload, &stamp, credentials);
    let scope_text = scope.for_day(stamp.day());
    let to_sign = canonical.string_to_sign(stamp.second(), &scope_text);
    let key = credentials.signing_keys().key(&scope_text, || {
        keys::derive(credentials.secret_access_key(), scope, stamp.time())
    });
    let signature = calculate_signature(key.expose_secret(), to_sign.as_bytes());
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope_text}, SignedHeaders={}, Signature={signature}",
        credentials.access_key_id(),
        canonical.signed_headers(),
    );
    let token = credentials.session_token();
    Ok(HttpSignature {
        authorization: secret(header("access key id", &authorization)?),
        x_amz_content_sha256: header("hash", &payload)?,
        x_amz_date: header("date", stamp.second())?,
        x_amz_security_token: token
            .map(|token| header("session token", token.expose_secret()).map(secret))
            .transpose()?,
    })
}

/// Creates a header value. The error does not include it.
fn header(noun: &str, text: &str) -> Result<HeaderValue, IdentityError> {
    HeaderValue::from_str(text).map_err(|_| {
        let text = format!("the {noun} contains characters that are not allowed in HTTP headers");
        IdentityError::at(Link::Signature, text)
            .with_remedy("remove line breaks and other stray characters from the credentials")
    })
}

fn secret(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}
