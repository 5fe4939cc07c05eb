//! Authentication of a request, with the errors of Amazon OpenSearch Service.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::HOST;
use irsa_chain::Cause;

use super::refusal::Refusal;
use crate::sessions::{Session, Sessions};
use crate::sigv4::sentences::{self, MISMATCH, Messages};
use crate::sigv4::{self, SignatureFault, SignedRequest, Target};
use crate::world::Domain;

/// The service in credential scopes.
const SERVICE: &str = "es";
/// Maximum time by which a request may be signed in the future.
const AHEAD: Duration = Duration::from_mins(5);

/// Returns the session that signed; `None` for an unsigned request.
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
        Err(SignatureFault::Missing) => Ok(None),
        Err(fault) => Err(refusal(&fault, request, &target, now)),
    }
}

/// Checks the host. The domain accepts its own name and, in the lab, this machine's.
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
    let refused = |text: &str| Refusal::unauthentic(text, fault.cause());
    match fault {
        SignatureFault::Missing | SignatureFault::Incomplete(_) => {
            let Messages { caller, log } = sentences::incomplete(fault, request);
            refused(&caller).logged_as(log)
        }
        SignatureFault::UnknownCredentials => refused(sentences::INVALID),
        SignatureFault::ExpiredCredentials => refused(sentences::EXPIRED),
        SignatureFault::WrongScope { region, service } => {
            refused(&wrong_scope(*region, *service, request))
        }
        SignatureFault::TooOld { signed_at } => refused(&sentences::too_old(*signed_at, now)),
        SignatureFault::TooNew { signed_at } => {
            refused(&sentences::too_new(*signed_at, now, AHEAD))
        }
        SignatureFault::HostUnsigned => refused(sentences::HOST_UNSIGNED),
        SignatureFault::Mismatch => mismatch(request, target),
    }
}

fn wrong_scope(region: bool, service: bool, request: &SignedRequest<'_>) -> String {
    let was = sentences::signed_region(request);
    let region =
        region.then(|| format!("Credential should be scoped to a valid region, not '{was}'. "));
    let service =
        service.then(|| format!("Credential should be scoped to correct service: '{SERVICE}'. "));
    region.unwrap_or_default() + &service.unwrap_or_default()
}

/// Returns the error with the expected canonical request. Other signed headers may be secrets, so the ledger gets only
/// the first sentence.
fn mismatch(request: &SignedRequest<'_>, target: &Target<'_>) -> Refusal {
    let hint = sigv4::expected(request, target).map_or_else(String::new, |expected| {
        format!(
            "\n\nThe Canonical String for this request should have been\n'{}'\n\n\
             The String-to-Sign should have been\n'{}'\n",
            expected.canonical, expected.string_to_sign
        )
    });
    let text = format!("{MISMATCH}{hint}");
    Refusal::unauthentic(&text, Cause::SignatureMismatch).logged_as(MISMATCH)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
