//! HTTP requests signed for Amazon OpenSearch: Signature Version 4 in the `Authorization` header.
//!
//! The canonical form is this crate's own, since a proxy signs the bytes that its client chose:
//! `docs/reference/canonical-form.md` holds each choice against AWS's documentation, botocore and
//! the `aws-sigv4` crate. Deriving the key and the signature is `aws-sigv4`'s.

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

/// What is signed of a request, as it goes out.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest<'a> {
    /// The method, in upper and lower case as it is sent.
    pub method: &'a str,
    /// The request target in origin form, byte for byte.
    pub path_and_query: &'a str,
    /// The value of the `Host` header, or of `:authority`.
    pub host: &'a str,
    /// The value of the `Content-Type` header, if the request has one. It is signed if it is
    /// printable ASCII: implementations don't agree on how to read anything else.
    pub content_type: Option<&'a [u8]>,
    /// What is said of the body.
    pub payload: PayloadHash<'a>,
}

/// What a signature says of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadHash<'a> {
    /// The SHA-256 of the body's bytes as they go out.
    Sha256(&'a [u8; 32]),
    /// Nothing: `UNSIGNED-PAYLOAD`.
    Unsigned,
}

/// The headers that carry a signature. `Debug` shows neither the signature nor the session token.
#[derive(Debug, Clone)]
pub struct HttpSignature {
    authorization: HeaderValue,
    x_amz_content_sha256: HeaderValue,
    x_amz_date: HeaderValue,
    x_amz_security_token: Option<HeaderValue>,
}

impl HttpSignature {
    /// Puts the headers into `headers`, in the place of any of the same names.
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

/// Signs `request` for `scope` as of `at`, in whole seconds.
///
/// Signed are `host`, `x-amz-content-sha256` and `x-amz-date`, and where there is one
/// `content-type` and `x-amz-security-token`: nothing that a hop on the way may change.
///
/// # Errors
/// When the credentials hold characters that no header can carry.
pub fn sign_http(
    request: &HttpRequest<'_>,
    scope: &SigningScope,
    credentials: &SessionCredentials,
    at: SystemTime,
) -> Result<HttpSignature, IdentityError> {
    let stamp = Stamp::new(at);
    let payload = hex::of_payload(request.payload);
    let canonical = CanonicalRequest::new(request, &payload, &stamp, credentials);
    let scope_text = scope.of_day(stamp.day());
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

/// `text` as a header's value. The error doesn't repeat it.
fn header(noun: &str, text: &str) -> Result<HeaderValue, IdentityError> {
    HeaderValue::from_str(text).map_err(|_| {
        let text = format!("the {noun} holds characters that no HTTP header can carry");
        IdentityError::at(Link::Signature, text)
            .with_remedy("look for a line break or other stray character in the credentials")
    })
}

fn secret(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}
