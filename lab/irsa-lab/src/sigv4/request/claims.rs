//! The parsed fields of a signature in a request.

use std::borrow::Cow;
use std::time::SystemTime;

use super::SignedRequest;
use super::fields::Fields;
use crate::sigv4::canonical::{Canonical, canonical_headers, canonical_query, string_to_sign};
use crate::sigv4::fault::SignatureFault;
use crate::sigv4::scope::{CredentialScope, parse_amz_date};

/// The session token of temporary credentials.
pub(super) const TOKEN: &str = "x-amz-security-token";

/// The parts of a signature.
pub(super) struct Claims<'a> {
    credential: Cow<'a, str>,
    pub(super) token: Cow<'a, str>,
    signed_headers: Cow<'a, str>,
    pub(super) signature: Cow<'a, str>,
    amz_date: Cow<'a, str>,
    pub(super) signed_at: SystemTime,
    is_in_query: bool,
}

impl<'a> Claims<'a> {
    pub(super) fn parse(request: &SignedRequest<'a>) -> Result<Self, SignatureFault> {
        let fields = Fields::from_request(request).ok_or(SignatureFault::Missing)?;
        if !fields.algorithm_is_known() {
            return Err(SignatureFault::Incomplete("algorithm"));
        }
        let get = |name| fields.get(name).ok_or(SignatureFault::Incomplete(name));
        let credential = get("Credential")?;
        let (_, scope) = CredentialScope::parse_credential(&credential)
            .ok_or(SignatureFault::Incomplete("Credential"))?;
        let no_date = SignatureFault::Incomplete("X-Amz-Date");
        let amz_date = fields.date().ok_or(no_date.clone())?;
        let signed_at = parse_amz_date(&amz_date).ok_or(no_date)?;
        if !amz_date.starts_with(scope.date) {
            return Err(SignatureFault::Mismatch);
        }
        Ok(Self {
            token: fields.token(),
            signed_headers: get("SignedHeaders")?,
            signature: get("Signature")?,
            credential,
            amz_date,
            signed_at,
            is_in_query: fields.is_in_query(),
        })
    }

    /// Returns the access key ID and the scope.
    pub(super) fn credential(&self) -> Result<(&str, CredentialScope<'_>), SignatureFault> {
        CredentialScope::parse_credential(&self.credential)
            .ok_or(SignatureFault::Incomplete("Credential"))
    }

    pub(super) fn cover_the_host(&self) -> bool {
        self.signed().any(|name| name == "host")
    }

    /// Returns whether the signature covers everything that it must, and the list of signed headers is valid.
    pub(super) fn cover(&self, request: &SignedRequest<'_>) -> bool {
        let must_be_signed = |name: &&str| !self.is_in_query && request.headers.contains_key(*name);
        let covered = ["x-amz-date", TOKEN]
            .iter()
            .filter(|name| must_be_signed(name))
            .all(|name| self.signed().any(|signed| signed == *name));
        let is_lower = |name: &str| !name.bytes().any(|byte| byte.is_ascii_uppercase());
        covered && self.signed().is_sorted() && self.signed().all(is_lower)
    }

    /// Returns the canonical request; `None` if a signed header is not text.
    pub(super) fn canonical(
        &self,
        request: &SignedRequest<'_>,
        payload_hash: &str,
    ) -> Option<String> {
        let signed: Vec<&str> = self.signed().collect();
        let not_signed = self.is_in_query.then_some("X-Amz-Signature");
        let canonical = Canonical {
            method: request.method.as_str(),
            path: request.path,
            query: &canonical_query(request.query, not_signed),
            headers: &canonical_headers(request.headers, &signed)?,
            signed_headers: &self.signed_headers,
            payload_hash,
        };
        Some(canonical.text())
    }

    pub(super) fn string_to_sign(&self, canonical: &str, scope: &CredentialScope<'_>) -> String {
        string_to_sign(canonical, &self.amz_date, scope)
    }

    fn signed(&self) -> impl Iterator<Item = &str> {
        self.signed_headers.split(';')
    }
}
