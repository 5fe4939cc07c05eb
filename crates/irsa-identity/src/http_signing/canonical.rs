//! The canonical request and its hash.

use std::borrow::Cow;

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::stamp::Stamp;
use super::target::CanonicalTarget;
use super::{HttpRequest, hex};
use crate::SessionCredentials;

/// A request in canonical form. It contains the session token, so it is hashed in pieces and never assembled in memory.
pub(super) struct CanonicalRequest<'a> {
    method: &'a str,
    target: CanonicalTarget,
    /// Names and values, sorted by name.
    headers: Vec<(&'static str, Cow<'a, str>)>,
    signed_headers: String,
    payload: &'a str,
}

impl<'a> CanonicalRequest<'a> {
    /// Creates the canonical form of `request` with the payload hash `payload`.
    pub(super) fn new(
        request: &HttpRequest<'a>,
        payload: &'a str,
        stamp: &'a Stamp,
        credentials: &'a SessionCredentials,
    ) -> Self {
        let token = credentials.session_token();
        let content_type = request.content_type.and_then(printable);
        let headers = [
            ("content-type", content_type),
            ("host", Some(request.host)),
            ("x-amz-content-sha256", Some(payload)),
            ("x-amz-date", Some(stamp.second())),
            (
                "x-amz-security-token",
                token.map(ExposeSecret::expose_secret),
            ),
        ];
        let headers = headers.into_iter();
        let headers: Vec<_> = headers
            .filter_map(|(name, value)| Some((name, trim_all(value?))))
            .collect();
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        Self {
            method: request.method,
            target: CanonicalTarget::new(request.path_and_query),
            signed_headers: names.join(";"),
            headers,
            payload,
        }
    }

    /// Returns the names of the signed headers: `host;x-amz-date`.
    pub(super) fn signed_headers(&self) -> &str {
        &self.signed_headers
    }

    /// Returns the string to sign: the hash of the request, its time and its credential scope.
    pub(super) fn string_to_sign(&self, second: &str, scope: &str) -> String {
        format!("AWS4-HMAC-SHA256\n{second}\n{scope}\n{}", self.hash())
    }

    fn hash(&self) -> String {
        let (path, query) = (self.target.path(), self.target.query());
        let headers = self.headers.iter();
        let headers = headers.flat_map(|(name, value)| [name, ":", value, "\n"]);
        let pieces = [self.method, "\n", path, "\n", query, "\n"]
            .into_iter()
            .chain(headers)
            .chain(["\n", &self.signed_headers, "\n", self.payload]);
        let mut hash = Sha256::new();
        for piece in pieces {
            hash.update(piece);
        }
        hex::hex(&hash.finalize())
    }
}

/// Returns a header value if it is printable ASCII. A tab is not, because implementations treat it differently.
fn printable(value: &[u8]) -> Option<&str> {
    let printable = value.iter().all(|byte| matches!(byte, b' '..=b'~'));
    str::from_utf8(value).ok().filter(|_| printable)
}

/// Removes leading and trailing spaces, and replaces multiple spaces with one: `Trimall` in the documentation.
fn trim_all(value: &str) -> Cow<'_, str> {
    let trimmed = value.trim_matches([' ', '\t']);
    if !trimmed.contains("  ") {
        return trimmed.into();
    }
    let words: Vec<_> = trimmed.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ").into()
}
