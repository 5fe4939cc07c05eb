//! Who signed the request, or the answer that Amazon OpenSearch Service gives instead.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderValue};
use irsa_chain::Cause;

use super::refusal::Refusal;
use crate::sessions::{Session, Sessions};
use crate::sigv4::{self, SignatureFault, SignedRequest, Target, amz_date, missing_parts};
use crate::world::Domain;

/// The service in credential scopes.
const SERVICE: &str = "es";
/// Signed requests may be this old.
const AGE: Duration = Duration::from_mins(15);
/// Signed requests may be this far ahead.
const AHEAD: Duration = Duration::from_mins(5);
const MISMATCH: &str = "The request signature we calculated does not match the signature you \
                        provided. Check your AWS Secret Access Key and signing method. Consult the \
                        service documentation for details.";

const CREDENTIAL: &str = "Credential must have exactly 5 slash-delimited elements, e.g. \
                          keyid/date/region/service/term, got '{}'";
const DATE: &str = "Date must be in ISO-8601 'basic format'. Got '{}'. See \
                    http://en.wikipedia.org/wiki/ISO_8601";

/// The session that signed; `None` for a request that nobody signed.
pub(super) fn authenticate(
    request: &SignedRequest<'_>,
    domain: &Domain,
    now: SystemTime,
    sessions: &Sessions,
) -> Result<Option<Arc<Session>>, Refusal> {
    check_host(request.headers, domain)?;
    let target = Target {
        region: &domain.region,
        service: SERVICE,
        tolerance_ahead: AHEAD,
        takes_unsigned_payload: true,
    };
    match sigv4::verify(request, &target, now, sessions) {
        Ok(session) => Ok(Some(session)),
        Err(SignatureFault::Missing) if !request.headers.contains_key(AUTHORIZATION) => Ok(None),
        Err(fault) => Err(refusal(&fault, request, &target, now)),
    }
}

/// The domain answers to its own name and, in the lab, to this machine's.
fn check_host(headers: &HeaderMap, domain: &Domain) -> Result<(), Refusal> {
    let host = text(headers, HOST.as_str()).and_then(|host| host.parse().ok());
    let is_own = |host: http::uri::Authority| {
        let host = host.host().to_ascii_lowercase();
        host == domain.endpoint || ["localhost", "127.0.0.1"].contains(&host.as_str())
    };
    if host.is_some_and(is_own) {
        return Ok(());
    }
    let refusal = Refusal::unauthentic("Invalid Host Header", Cause::SignedForAnotherHost);
    Err(refusal.because(text(headers, HOST.as_str()).map(|host| format!("`{host}`"))))
}

fn refusal(
    fault: &SignatureFault,
    request: &SignedRequest<'_>,
    target: &Target<'_>,
    now: SystemTime,
) -> Refusal {
    let refused = |text: &str, cause| Refusal::unauthentic(text, cause);
    match fault {
        SignatureFault::Missing | SignatureFault::Incomplete(_) => {
            incomplete(fault, request.headers)
        }
        SignatureFault::UnknownCredentials => refused(
            "The security token included in the request is invalid.",
            Cause::CredentialsUnknown,
        ),
        SignatureFault::ExpiredCredentials => refused(
            "The security token included in the request is expired",
            Cause::SessionExpired,
        ),
        SignatureFault::WrongScope { region, .. } => {
            let cause = if *region {
                Cause::SignedForAnotherRegion
            } else {
                Cause::SignedForAnotherService
            };
            refused(&wrong_scope(fault, request.headers), cause)
        }
        SignatureFault::TooOld { signed_at } => {
            refused(&too_old(*signed_at, now), Cause::ClockSkew)
        }
        SignatureFault::TooNew { signed_at } => {
            refused(&too_new(*signed_at, now), Cause::ClockSkew)
        }
        SignatureFault::Mismatch => mismatch(request, target),
    }
}

/// What can't be read of the signature, or what is missing: then the header is repeated, but not to
/// the ledger.
fn incomplete(fault: &SignatureFault, headers: &HeaderMap) -> Refusal {
    let missing: Vec<String> = missing_parts(headers).into_iter().map(requires).collect();
    let cause = Cause::AuthorizationMalformed;
    if !missing.is_empty() {
        let sentences = missing.join(" ");
        let given = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let given = String::from_utf8_lossy(given.unwrap_or_default());
        let text = format!("{sentences} Authorization={given}");
        return Refusal::unauthentic(&text, cause).logged_as(sentences);
    }
    let (text, was) = match fault {
        SignatureFault::Incomplete("Credential") => (CREDENTIAL, sigv4::credential(headers)),
        _ => (DATE, text(headers, "x-amz-date")),
    };
    let told = text.replace("{}", was.unwrap_or_default());
    Refusal::unauthentic(&told, cause).logged_as(text.replace("'{}'", "something else"))
}

fn requires(part: &str) -> String {
    match part {
        "X-Amz-Date" => "Authorization header requires existence of either a 'X-Amz-Date' or a \
                         'Date' header."
            .to_owned(),
        _ => format!("Authorization header requires '{part}' parameter."),
    }
}

fn wrong_scope(fault: &SignatureFault, headers: &HeaderMap) -> String {
    let SignatureFault::WrongScope { region, service } = fault else {
        return String::new();
    };
    let was = sigv4::credential(headers).and_then(|credential| credential.split('/').nth(2));
    let was = was.unwrap_or_default();
    let region =
        region.then(|| format!("Credential should be scoped to a valid region, not '{was}'. "));
    let service =
        service.then(|| format!("Credential should be scoped to correct service: '{SERVICE}'. "));
    region.unwrap_or_default() + &service.unwrap_or_default()
}

fn too_old(signed_at: SystemTime, now: SystemTime) -> String {
    let limit = now.checked_sub(AGE).unwrap_or(now);
    let (signed_at, limit, now) = (amz_date(signed_at), amz_date(limit), amz_date(now));
    format!("Signature expired: {signed_at} is now earlier than {limit} ({now} - 15 min.)")
}

fn too_new(signed_at: SystemTime, now: SystemTime) -> String {
    let limit = now.checked_add(AHEAD).unwrap_or(now);
    let (signed_at, limit, now) = (amz_date(signed_at), amz_date(limit), amz_date(now));
    format!("Signature not yet current: {signed_at} is still later than {limit} ({now} + 5 min.)")
}

/// Tells the caller what should have been signed. Other signed headers may be secrets: the ledger
/// gets the first sentence.
fn mismatch(request: &SignedRequest<'_>, target: &Target<'_>) -> Refusal {
    let hint = sigv4::expected(request, target).map_or_else(String::new, |expected| {
        format!(
            "\n\nThe Canonical String for this request should have been\n'{}'\n\n\
             The String-to-Sign should have been\n'{}'\n",
            expected.canonical, expected.string_to_sign
        )
    });
    Refusal::unauthentic(&format!("{MISMATCH}{hint}"), Cause::SignatureMismatch).logged_as(MISMATCH)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
