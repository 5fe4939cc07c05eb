//! The token's text: a presigned URL without its scheme.
//!
//! The rules are those of `generate-db-auth-token` ("Connecting to your DB cluster using IAM
//! authentication" in the Aurora user guide), SigV4 with the signature in the query.

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

/// What SigV4 encodes: all but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Signs a token for `target`, dated before the signing begins and in whole seconds, as the date in
/// it is.
///
/// # Errors
/// When the host is no host name or the user is empty.
pub(crate) fn sign(
    target: &RdsTarget,
    credentials: &SessionCredentials,
    now: SystemTime,
) -> Result<RdsToken, IdentityError> {
    check(target)?;
    let signed_at = whole_seconds(now);
    // At trace level the signer logs what it signs, the session token included.
    let text = with_default(NoSubscriber::new(), || {
        presign(target, credentials, signed_at)
    });
    let text = text.map_err(|error| {
        IdentityError::at(
            Link::Signature,
            format!("the token could not be signed: {error}"),
        )
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

/// The URL with the signing parameters behind it, the signature last, and without its scheme.
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

/// The host is taken over into the token as it stands.
fn check(target: &RdsTarget) -> Result<(), IdentityError> {
    let host = &target.sign_host;
    let is_host_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if host.is_empty() || !host.chars().all(is_host_char) {
        let text = format!("`{host}` is no host name to sign a token for");
        return Err(IdentityError::at(Link::Signature, text)
            .with_remedy("give the endpoint's own name, or `sign-host=ENDPOINT`"));
    }
    if target.user.is_empty() {
        let text = "a token is signed for a database user, and none was given";
        return Err(
            IdentityError::at(Link::Signature, text).with_remedy("let the client name its user")
        );
    }
    Ok(())
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + std::time::Duration::from_secs(since_epoch.as_secs())
}
