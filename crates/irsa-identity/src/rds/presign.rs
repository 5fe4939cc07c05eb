//! The text of a token: a presigned URL without its scheme.
//!
//! The format is that of `generate-db-auth-token` ("Connecting to your DB cluster using IAM authentication" in the
//! Aurora User Guide): SigV4 with the signature in the query.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningError, SigningParams, SigningSettings,
    sign as sign_request,
};
use aws_sigv4::sign::v4;
use irsa_chain::Link;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use tracing::subscriber::{NoSubscriber, with_default};

use super::RdsTarget;
use super::token::{LIFE, RdsToken};
use crate::sts::sdk_credentials;
use crate::{IdentityError, SessionCredentials};

const SCHEME: &str = "https://";

/// The characters that SigV4 encodes: all except RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Signs a token for `target`. Its time is that before signing, in whole seconds like the date in the token.
///
/// # Errors
/// The host is not a host name, or the user is empty.
pub(crate) fn sign(
    target: &RdsTarget,
    credentials: &SessionCredentials,
    now: SystemTime,
) -> Result<RdsToken, IdentityError> {
    check(target)?;
    let signed_at = whole_seconds(now);
    // At trace level, the signer logs the signed text, including the session token.
    let text = with_default(NoSubscriber::new(), || {
        presign(target, credentials, signed_at)
    });
    let text = text.map_err(|error| {
        IdentityError::at(Link::Signature, format!("cannot sign the token: {error}"))
    })?;
    Ok(RdsToken::new(text, signed_at, credentials.expires_at()))
}

fn presign(
    target: &RdsTarget,
    credentials: &SessionCredentials,
    signed_at: SystemTime,
) -> Result<SecretString, Box<dyn std::error::Error>> {
    let RdsTarget {
        sign_host, port, ..
    } = target;
    let user = utf8_percent_encode(&target.user, RESERVED);
    let url = format!("{SCHEME}{sign_host}:{port}/?Action=connect&DBUser={user}");
    let identity = sdk_credentials(credentials).into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(LIFE);
    let params: SigningParams<'_> = v4::SigningParams::builder()
        .identity(&identity)
        .region(target.region.as_str())
        .name("rds-db")
        .time(signed_at)
        .settings(settings)
        .build()?
        .into();
    Ok(SecretString::from(signed(&url, &params)?))
}

/// Returns the URL without its scheme, followed by the signing parameters with the signature last.
fn signed(url: &str, params: &SigningParams<'_>) -> Result<String, SigningError> {
    let no_headers = std::iter::empty();
    let request = SignableRequest::new("GET", url, no_headers, SignableBody::Bytes(&[]))?;
    let (instructions, _) = sign_request(request, params)?.into_parts();
    let (_, mut query) = instructions.into_parts();
    query.sort_by_key(|(name, _)| *name == "X-Amz-Signature");
    let mut token = url.trim_start_matches(SCHEME).to_owned();
    for (name, value) in query {
        let value = utf8_percent_encode(&value, RESERVED);
        token.extend(["&", name, "="]);
        token.extend(value);
    }
    Ok(token)
}

/// Validates the target, because the host becomes part of the token unchanged.
fn check(target: &RdsTarget) -> Result<(), IdentityError> {
    let host = &target.sign_host;
    let is_host_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if host.is_empty() || !host.chars().all(is_host_char) {
        let text = format!("`{host}` is not a host name that a token can be signed for");
        return Err(IdentityError::at(Link::Signature, text)
            .with_remedy("use the name of the RDS endpoint, or add `sign-host=ENDPOINT`"));
    }
    if target.user.is_empty() {
        let text = "a token cannot be signed without a database user";
        return Err(
            IdentityError::at(Link::Signature, text).with_remedy("set the user in the client")
        );
    }
    Ok(())
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + std::time::Duration::from_secs(since_epoch.as_secs())
}
