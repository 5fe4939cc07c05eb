//! What a signed request says of its signature.

use std::time::SystemTime;

use http::HeaderMap;

use super::SignedRequest;
use crate::sigv4::canonical::{Canonical, canonical_headers, canonical_query, string_to_sign};
use crate::sigv4::fault::SignatureFault;
use crate::sigv4::scope::{CredentialScope, parse_amz_date};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// Goes with temporary credentials.
pub(super) const TOKEN: &str = "x-amz-security-token";

/// What the `Authorization` header and the date say.
pub(super) struct Claims<'a> {
    pub(super) access_key_id: &'a str,
    pub(super) scope: CredentialScope<'a>,
    signed_headers: &'a str,
    pub(super) signature: &'a str,
    amz_date: &'a str,
    pub(super) signed_at: SystemTime,
}

impl<'a> Claims<'a> {
    pub(super) fn parse(headers: &'a HeaderMap) -> Result<Self, SignatureFault> {
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
    pub(super) fn cover(&self, headers: &HeaderMap) -> bool {
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
    pub(super) fn canonical(
        &self,
        request: &SignedRequest<'_>,
        payload_hash: &str,
    ) -> Option<String> {
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

    pub(super) fn string_to_sign(&self, canonical: &str) -> String {
        string_to_sign(canonical, self.amz_date, &self.scope)
    }
}

/// What the headers of a signed request must have and these have not: names of parts of
/// `Authorization`, and `X-Amz-Date`.
pub fn missing_parts(headers: &HeaderMap) -> Vec<&'static str> {
    let fields = fields(headers).unwrap_or_default();
    let in_header = ["Credential", "Signature", "SignedHeaders"]
        .into_iter()
        .filter(|name| field(fields, name).is_none());
    let date = (!headers.contains_key("x-amz-date")).then_some("X-Amz-Date");
    in_header.chain(date).collect()
}

/// The `Credential` of `Authorization`, as it came: access key and scope.
pub fn credential(headers: &HeaderMap) -> Option<&str> {
    field(fields(headers)?, "Credential")
}

/// What stands behind the algorithm in `Authorization`.
fn fields(headers: &HeaderMap) -> Option<&str> {
    text_header(headers, "authorization")?.strip_prefix(ALGORITHM)
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

pub(super) fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
